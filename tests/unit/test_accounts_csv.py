"""Account lists as CSV."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from models.account_profile import AccountProfiled
from models.accounts_csv import parse
from models.facts import AccountMerged

REAL = Path(__file__).parents[3] / "shared/data/email/accounts.csv"
NOW = datetime(2026, 1, 5, tzinfo=UTC)
HEADER = "account_id,name,domains,tier,kind,parent_account_id\n"


def errors(rows: str, header: str = HEADER) -> list[tuple[int, str]]:
    return [(error.line, error.message) for error in parse(header + rows, NOW)[1]]


def test_a_row_declares_an_account() -> None:
    [account], wrong = parse(HEADER + 'acme,"Acme, Inc.",Acme.COM | acme.co.jp.,Strategic,Partner,holding\n', NOW)
    assert wrong == []
    assert (account.account_id, account.name, account.domains) == ("acme", "Acme, Inc.", ("acme.com", "acme.co.jp"))
    assert (account.tier, account.kind, account.parent_account_id) == ("strategic", "partner", "holding")
    assert account.recorded_at == NOW


def test_order_further_columns_a_byte_order_mark_and_blank_rows_do_not_matter() -> None:
    [account], wrong = parse("\ufeffNotes, Name ,ACCOUNT_ID\r\n\r\nx,\u682a\u5f0f\u4f1a\u793e\u2028A,a\r\n,,\r\n", NOW)
    assert wrong == []
    assert (account.account_id, account.name, account.domains) == ("a", "\u682a\u5f0f\u4f1a\u793e\u2028A", ())
    assert (account.tier, account.kind, account.parent_account_id) == ("target", "customer", None)


def test_a_column_of_merges_says_of_each_account_what_it_is_part_of() -> None:
    told, wrong = parse("account_id,name,merged_into\na,A,b\nb,B,\n", NOW)
    assert wrong == []
    assert [(one.account_id, one.into) for one in told if isinstance(one, AccountMerged)] == [("a", "b"), ("b", None)]
    assert not [one for one in parse(HEADER + "a,A,,,,\n", NOW)[0] if isinstance(one, AccountMerged)]


PROFILE = "account_id,name,industry,country,region,employees,annual_revenue,currency,founded_year,labels\n"


def test_a_row_says_what_the_company_is_and_an_empty_one_nothing() -> None:
    told, wrong = parse(PROFILE + "a,A,機械,JP,兵庫県,1200,1.5e9,JPY,1962,listed|uses_kafka\nb,B,,,,,,,,\n", NOW)
    assert wrong == []
    assert [one for one in told if isinstance(one, AccountProfiled)] == [
        AccountProfiled(
            recorded_at=NOW, account_id="a", industry="機械", country="JP", region="兵庫県", employees=1200,
            annual_revenue=1.5e9, currency="JPY", founded_year=1962, labels=("listed", "uses_kafka"),
        )
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ("a,A,,Japan,,,,,,", "country"),
        ("a,A,,,,many,,,,", "employees"),
        ("a,A,,,,,much,JPY,,", "annual_revenue"),
        ("a,A,,,,,5,,,", "currency"),
        ("a,A,,,,,,JPY,,", "annual_revenue"),
        ("a,A,,,,,,,62,", "founded_year"),
        ("a,A,,,,,,,," + "x" * 65, "labels"),
    ],
)
def test_what_cannot_be_read_of_a_company_stops_the_row(row: str, field: str) -> None:
    [(line, message)] = errors(row + "\n", PROFILE)
    assert (line, message.partition(":")[0]) == (2, field)


def test_an_account_that_is_part_of_itself_is_refused() -> None:
    [(line, message)] = errors("a,A,b\nc,C,c\nd,D,x y\n", "account_id,name,merged_into\n")[:1]
    assert line == 3
    assert message.startswith("merged_into: 'c': account 'c' cannot become part of itself")
    assert [one[0] for one in errors("d,D,x y\n", "account_id,name,merged_into\n")] == [2]


@pytest.mark.parametrize(
    ("row", "field", "value", "remedy"),
    [
        ("a b,A,,,,", "account_id", "a b", "1 to 64 letters"),
        (",A,,,,", "account_id", "''", "1 to 64 letters"),
        ("a,,,,,", "name", "''", "give a name"),
        ("a,A,a.com|gmail.com,,,", "domains", "gmail.com", "the company's own domains"),
        ("a,A,co.jp,,,", "domains", "co.jp", "the company's own domains"),
        ("a,A,,top tier,,", "tier", "top tier", "lower-case"),
        ("a,A,,,!,", "kind", "!", "lower-case"),
        ("a,A,,,,b c", "parent_account_id", "b c", "another account's account_id"),
        ("a", "name", "''", "give a name"),
        ("a,A,,,,,,more", "row", "8 fields", "quote fields with commas"),
        ('a,"A"B,,,,', "row", "not CSV", "close every quote"),
        ('a,"A,,,,\n', "row", "not CSV", "close every quote"),
    ],
)
def test_a_bad_row_names_the_field_the_value_and_the_remedy(row: str, field: str, value: str, remedy: str) -> None:
    [(line, message)] = errors(row)
    assert line == 2
    assert message.startswith(f"{field}: ")
    assert value in message
    assert remedy in message


def test_lines_are_counted_as_in_the_file_and_good_rows_stand() -> None:
    accounts, wrong = parse(HEADER + '"a","two\nlines",,,,\n\n!,B,,,,\nc,C,,,,\n', NOW)
    assert [account.account_id for account in accounts] == ["a", "c"]
    assert [error.line for error in wrong] == [5]


def test_an_account_declared_twice_is_refused_the_second_time() -> None:
    accounts, wrong = parse(HEADER + "a,First,,,,\na,Second,,,,\n", NOW)
    assert [account.name for account in accounts] == ["First"]
    assert [(error.line, error.message.split(";")[0]) for error in wrong] == [(3, "account_id: 'a' is declared twice")]


def test_a_domain_claimed_twice_is_refused_the_second_time_but_a_subdomain_may_be_anothers() -> None:
    accounts, wrong = parse(HEADER + "a,A,a.com,,,\nb,B,b.com|A.com,,,\nc,C,c.a.com|b.com,,,\n", NOW)
    assert [account.account_id for account in accounts] == ["a", "c"]
    assert [error.line for error in wrong] == [3]
    assert "'a.com' already belongs to account 'a'" in wrong[0].message


@pytest.mark.parametrize("header", ["", "name,domains\n", "account_id,name,name\n", 'account_id,"name\n'])
def test_a_header_line_that_does_not_serve_is_one_error(header: str) -> None:
    [(line, message)] = errors("a,A\n", header) if header else errors("", header)
    assert line == 1
    assert "header line" in message or "not CSV" in message


def test_a_merger_may_have_a_first_day() -> None:
    told, wrong = parse("account_id,name,merged_into,merged_since\na,A,b,2026-04-01\nb,B,,\nc,C,b,\n", NOW)
    assert wrong == []
    merges = {one.account_id: (one.into, one.since) for one in told if isinstance(one, AccountMerged)}
    assert merges == {"a": ("b", date(2026, 4, 1)), "b": (None, None), "c": ("b", None)}


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("a,A,b,1 April", "merged_since: '1 April': "),
        ("a,A,,2026-04-01", "merged_since: '2026-04-01': `since` 2026-04-01 needs `into`"),
        ("a,A,b,1066-10-14", "merged_since: '1066-10-14': year 1066 is out of range"),
        ("a,A,a,2026-04-01", "merged_into: 'a': account 'a' cannot become part of itself"),
    ],
)
def test_a_first_day_that_cannot_be_is_told_by_its_column(row: str, message: str) -> None:
    told, [wrong] = parse(f"account_id,name,merged_into,merged_since\n{row}\n", NOW)
    assert wrong.message.startswith(message)
    assert told == []


def test_a_naive_time_is_the_callers_mistake() -> None:
    with pytest.raises(ValueError, match="recorded_at"):
        parse(HEADER + "a,A,,,,\n", NOW.replace(tzinfo=None))


def test_the_real_account_list_has_35_accounts() -> None:
    if not REAL.exists():
        pytest.skip(f"the account list is not at {REAL}")
    accounts, wrong = parse(REAL.read_text(), NOW)
    assert wrong == []
    assert len(accounts) == 35
    assert {a.account_id: a.parent_account_id for a in accounts}["windriver"] == "intel"
