"""Names, numbers and days of CRM exports."""

from datetime import date
from zoneinfo import ZoneInfo

import pytest

from models.crm.accounts import account_id_of, host_of
from models.crm.names import nearest, nearest_company
from models.crm.values import NumberForm, read_day, read_month, read_number, read_year
from models.identity.company_names import company_key

TOKYO = ZoneInfo("Asia/Tokyo")


@pytest.mark.parametrize(
    "names",
    [
        (
            "株式会社青空重工業",
            "青空重工業株式会社",
            "（株）青空重工業",
            "㈱ 青空重工業",
            "青空重工業(株)",
            "青空 重工業",
        ),
        ("ACME Inc.", "Acme, Inc", "ａｃｍｅ", "acme co., ltd.", "Acme K.K.", "Acme  GmbH"),
        ("Blue Sky Ltd.", "BLUE SKY", "Blue-Sky LLC"),
        ("A.B.C. Corp", "ABC"),
        ("サンプルソフト有限会社", "ｻﾝﾌﾟﾙｿﾌﾄ"),
    ],
)
def test_a_company_is_the_same_with_or_without_its_legal_form_width_and_case(names: tuple[str, ...]) -> None:
    assert len({company_key(name) for name in names}) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [("GTX Pro", "GTXPro"), ("Blue Sky", "Bluesky"), ("Acme Group", "Acme"), ("青空重工業", "青空重工"), ("Inc", "Co")],
)
def test_what_is_spelled_differently_is_another_company(one: str, other: str) -> None:
    assert company_key(one) != company_key(other)


def test_a_name_of_nothing_but_a_legal_form_is_no_name() -> None:
    assert company_key("株式会社") == ""


def test_the_nearest_name_is_suggested_and_nothing_far_away() -> None:
    assert nearest("GTXPro", ["GTX Basic", "GTX Pro", "GTX Plus Pro"]) == "GTX Pro"
    assert nearest("technolgy", ["technology", "retail"]) == "technology"
    assert nearest("北の川精機", ["青空重工業", "北ノ川精機"]) == "北ノ川精機"
    assert nearest("Acme", ["Apex", "Umbrella"]) is None
    assert nearest("", ["Apex"]) is None
    assert nearest_company("(株)北の川精機", ["青空重工業", "北ノ川精機"]) == "北ノ川精機"
    assert nearest_company("株式会社", ["青空重工業"]) is None


def test_a_key_made_of_a_name_depends_on_nothing_else() -> None:
    assert account_id_of("Acme  Corporation") == account_id_of("ＡＣＭＥ corporation") == "acme-corporation"
    assert account_id_of("青空重工業") == account_id_of(" 青空重工業 ")
    assert account_id_of("青空重工業") != account_id_of("北ノ川精機")
    assert account_id_of("青空A") != account_id_of("北A"), "what ASCII is left of them is the same"
    assert len(account_id_of("x" * 300)) <= 64
    assert account_id_of("x" * 300) != account_id_of("x" * 299)


@pytest.mark.parametrize(
    ("written", "host"),
    [
        ("https://www.aozora.example/ja/?a=1", "aozora.example"),
        ("AOZORA.example", "aozora.example"),
        ("http://user:secret@aozora.example:8080", "aozora.example"),
        ("sato@aozora.example", "aozora.example"),
    ],
)
def test_a_web_address_counts_as_its_host(written: str, host: str) -> None:
    assert host_of(written) == host


@pytest.mark.parametrize(
    ("written", "form", "currency", "value"),
    [
        ("1,234.50", "1,234.50", None, 1234.5),
        ("¥1,234", "1,234.50", "JPY", 1234),
        ("￥１，２３４", "1,234.50", "JPY", 1234),
        ("\\1,234", "1,234.50", "JPY", 1234),
        ("1,234円", "1,234.50", "JPY", 1234),
        ("△1,234", "1,234.50", None, -1234),
        ("(1,234)", "1,234.50", None, -1234),
        ("¥-5", "1,234.50", "JPY", -5),
        ("1.234,50", "1.234,50", None, 1234.5),
        ("1.234,50 €", "1.234,50", "EUR", 1234.5),
        ("1.234", "1.234,50", None, 1234),
        ("1\u202f234,50", "1 234,50", None, 1234.5),
        ("1’234.50", "1'234.50", None, 1234.5),
        ("USD 12", "1,234.50", "USD", 12),
        ("0", "1,234.50", None, 0),
    ],
)
def test_numbers_are_read_in_the_form_of_the_map(
    written: str, form: NumberForm, currency: str | None, value: float
) -> None:
    assert read_number(written, form, currency) == value


@pytest.mark.parametrize(
    ("written", "form", "currency", "said"),
    [
        ("1.234,50", "1,234.50", None, "numbers"),
        ("1,23", "1,234.50", None, "numbers"),
        ("$5", "1,234.50", "JPY", "the currency is JPY"),
        ("€5", "1,234.50", "USD", "the currency is USD"),
        ("1e5", "1,234.50", None, "not a number"),
        ("nan", "1,234.50", None, "not a number"),
        ("inf", "1,234.50", None, "not a number"),
        ("--5", "1,234.50", None, "not a number"),
        ("¥¥", "1,234.50", "JPY", "not a number"),
        ("9" * 400, "1,234.50", None, "more than"),
        ("٣", "1,234.50", None, "not a number"),
    ],
)
def test_a_number_of_another_form_is_told_and_not_guessed(
    written: str, form: NumberForm, currency: str | None, said: str
) -> None:
    found = read_number(written, form, currency)
    assert isinstance(found, str)
    assert said in found


@pytest.mark.parametrize(
    ("written", "formats", "day"),
    [
        ("2026/3/31", (), date(2026, 3, 31)),
        ("2026年3月31日", (), date(2026, 3, 31)),
        ("2026-03-31T20:00:00Z", (), date(2026, 4, 1)),
        ("2026-03-31 23:59", (), date(2026, 3, 31)),
        ("03/04/2026", ("%m/%d/%Y",), date(2026, 3, 4)),
        ("03/04/2026", ("%d/%m/%Y",), date(2026, 4, 3)),
        ("31.03.2026", ("%Y-%m-%d", "%d.%m.%Y"), date(2026, 3, 31)),
    ],
)
def test_days_are_read_in_the_forms_of_the_map(written: str, formats: tuple[str, ...], day: date) -> None:
    assert read_day(written, formats, TOKYO) == day


@pytest.mark.parametrize(
    ("written", "formats"), [("03/04/2026", ()), ("2026-02-30", ()), ("2026-03-31", ("%d/%m/%Y",)), ("soon", ())]
)
def test_a_day_that_may_be_another_is_refused(written: str, formats: tuple[str, ...]) -> None:
    assert isinstance(read_day(written, formats, TOKYO), str)


def test_months_and_years_are_read_as_they_are_written() -> None:
    for written in ("2026-04", "2026/4", "2026年4月", "2026-04-15", "２０２６年４月"):
        assert read_month(written, (), TOKYO) == date(2026, 4, 1)
    assert [read_year(written) for written in ("2025", "FY2025", "2025年度")] == [2025] * 3
    assert all(isinstance(found, str) for found in (read_month("2026-13", (), TOKYO), read_month("0000-01", (), TOKYO)))
    assert isinstance(read_year("25"), str)
