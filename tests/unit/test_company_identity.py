"""Whose a company name or a corporate number is: accounts, decisions of people, and what waits for one."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from models.accounts_csv import parse
from models.directory import Directory
from models.facts import (
    FACT,
    AccountDeclared,
    AccountMerged,
    AnyFact,
    ContactAffiliated,
    OrganizationMatched,
)
from models.folding import fold
from models.identity.corporate_number import check_digit, normalise_number, number_error
from models.identity.review import candidates, waiting
from models.novelty import news_of
from models.rebinding import change

# Public numbers of Hitachi, Toyota Motor and Sony Group.
HITACHI, TOYOTA, SONY = "7010001008844", "1180301018771", "5010401067252"


def at(day: int) -> datetime:
    return datetime(2026, 5, 1, tzinfo=UTC) + timedelta(days=day)


def account(account_id: str, name: str, number: str | None = None, *domains: str) -> AnyFact:
    return AccountDeclared(
        recorded_at=at(0), account_id=account_id, name=name, domains=domains, corporate_number=number
    )


def decided(name: str, account_id: str | None, day: int = 1) -> AnyFact:
    return OrganizationMatched(recorded_at=at(day), organization=name, account_id=account_id)


def owner(directory: Directory, name: str) -> str:
    return directory.bind_affiliation(f"org:{name}").account_id


ACME, KITA = account("acme", "Acme, Inc."), account("kita", "株式会社北工業")


def test_a_name_binds_with_and_without_its_legal_form() -> None:
    known = fold([ACME, KITA])
    assert [owner(known, name) for name in ("ACME", "Acme K.K.", "（株）北工業", "北工業")] == ["acme"] * 2 + [
        "kita"
    ] * 2
    assert [owner(known, name) for name in ("Acme Japan", "北工業ホールディングス", "", "-")] == [""] * 4


def test_what_two_accounts_are_called_binds_nobody_unless_it_is_written_as_one_of_them_is() -> None:
    known = fold([ACME, account("acme-de", "Acme GmbH")])
    assert [owner(known, name) for name in ("Acme", "acme gmbh", "ACME, INC.")] == ["", "acme-de", "acme"]
    assert list(waiting(["Acme", "Acme GmbH"], known)) == ["acme"]
    assert {(one.account_id, one.reason) for one in candidates("Acme", known)} == {
        ("acme", "several_accounts"),
        ("acme-de", "several_accounts"),
    }
    together = fold([ACME, account("acme-de", "Acme GmbH"), merged("acme-de", "acme")])
    assert owner(together, "Acme") == "acme"


def merged(account_id: str, into: str) -> AnyFact:
    return AccountMerged(recorded_at=at(1), account_id=account_id, into=into)


def test_a_decision_goes_before_what_accounts_are_called_and_holds_for_all_spellings() -> None:
    known = fold([ACME, KITA, decided("Acme Japan", "acme"), decided("北工業", None)])
    assert [owner(known, name) for name in ("ACME JAPAN Ltd.", "株式会社北工業", "Acme")] == ["acme", "kita", "acme"]
    assert [owner(known, name) for name in ("北工業", "(株)北工業")] == ["", ""], "only its own full name is left"
    assert waiting(["北工業", "Acme Japan", "Kita"], known) == {"kita": ["Kita"]}


def test_the_later_decision_holds_and_one_of_a_spelling_of_its_own_goes_before() -> None:
    facts = [
        ACME,
        KITA,
        decided("Acme Asia", "kita", 1),
        decided("acme asia", "acme", 2),
        decided("Acme Asia Ltd", None),
    ]
    for told in (facts, facts[::-1]):
        known = fold(told)
        assert [owner(known, name) for name in ("ACME ASIA", "Acme Asia Ltd", "Acme Asia GmbH")] == ["acme", "", ""]
        assert waiting(["Acme Asia GmbH", "ACME ASIA"], known) == {"acme asia": ["Acme Asia GmbH"]}


def test_a_decision_for_an_account_that_became_part_of_another_counts_for_that() -> None:
    assert owner(fold([ACME, KITA, decided("Acme Asia", "acme"), merged("acme", "kita")]), "Acme Asia") == "kita"


def test_a_decision_changes_the_names_that_it_decides_and_nothing_else() -> None:
    before = fold([ACME, KITA])
    after = fold([ACME, KITA, decided("Acme Asia", "acme")])
    assert change(before, after).names == {"acme asia"}
    assert news_of(decided("ACME  asia", "acme", 9), after, {}) == "changed", "it is written in another way"
    assert news_of(decided("Acme Asia", "acme", 9), after, {}) == "unchanged"


def test_spellings_wait_together_with_the_accounts_they_may_stand_for() -> None:
    known = fold([ACME, KITA])
    assert waiting(["Acme Japan", "ACME JAPAN K.K.", "n/a", "Other", "Acme"], known) == {
        "acme japan": ["Acme Japan", "ACME JAPAN K.K."],
        "other": ["Other"],
    }
    [found] = candidates("Acme Japan", known)
    assert (found.account_id, found.match, found.reason) == ("acme", "weak", "country_or_group")
    assert candidates("Other", known) == []


# --- corporate numbers ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [HITACHI, TOYOTA, SONY])
def test_numbers_of_companies_have_the_check_digit_of_the_formula(number: str) -> None:
    assert number_error(number) is None
    assert check_digit(number[1:]) == int(number[0])
    for place in range(13):
        wrong = number[:place] + str((int(number[place]) + 1) % 10) + number[place + 1 :]
        # 9 and 0 weigh the same in a remainder by 9: the formula cannot tell them apart.
        assert number_error(wrong) or {number[place], wrong[place]} == {"9", "0"}


@pytest.mark.parametrize("written", [f"T{HITACHI}", "７０１０００１００８８４４", "7-0100-0100-8844", f" {HITACHI} "])
def test_a_number_is_read_as_people_write_it(written: str) -> None:
    assert normalise_number(written) == HITACHI


@pytest.mark.parametrize("wrong", ["7010001008845", "701000100884", "x", "٧٠١٠٠٠١٠٠٨٨٤٤"])
def test_a_wrong_number_is_refused_and_says_why(wrong: str) -> None:
    with pytest.raises(ValidationError, match="is not a corporate number"):
        account("a", "A", wrong)


def test_a_fact_without_a_number_is_the_one_it_was_before_there_were_any() -> None:
    told: dict[str, Any] = {
        "type": "account_declared",
        "recorded_at": "2026-01-05T00:00:00Z",
        "account_id": "a",
        "name": "A",
    }
    plain, empty = FACT.validate_python(told), FACT.validate_python({**told, "corporate_number": ""})
    assert plain.fact_id == empty.fact_id
    assert b"corporate_number" not in plain.model_dump_json().encode()
    assert FACT.validate_python({**told, "corporate_number": HITACHI}).fact_id != plain.fact_id


def test_a_number_binds_before_domain_and_name_and_two_accounts_of_one_number_bind_nobody() -> None:
    facts = [
        account("hitachi", "日立製作所", HITACHI),
        account("other", "Other", None, "other.example"),
        ContactAffiliated(
            recorded_at=at(0),
            contact_key="id:1",
            corporate_number=HITACHI,
            domain="other.example",
            organization="Other",
        ),
    ]
    known = fold(facts)
    assert known.bind("id:1", "", date(2026, 5, 2)) == ("hitachi", "corporate_number")
    assert known.bind_affiliation(f"corp:{HITACHI}").account_id == "hitachi"
    assert known.bind_affiliation(f"corp:{SONY}").bound_by == "unbound"
    again = fold([*facts, account("branch", "Branch", HITACHI)])
    assert again.bind("id:1", "", date(2026, 5, 2)) == ("other", "domain")
    assert f"corp:{HITACHI}" in change(known, again).names


def test_an_account_list_has_a_column_for_numbers() -> None:
    head = "account_id,name,corporate_number\n"
    [one, other], wrong = parse(f"{head}h,日立製作所,T{HITACHI}\na,A,\n", at(0))
    assert wrong == []
    assert [told.corporate_number for told in (one, other) if isinstance(told, AccountDeclared)] == [HITACHI, None]
    [error] = parse(f"{head}h,日立製作所,7010001008845\n", at(0))[1]
    assert error.message.startswith("corporate_number: '7010001008845'")


@pytest.mark.parametrize(
    "name", ["sato@aozora.example", "佐藤＠ａｏｚｏｒａ．ｅｘａｍｐｌｅ", "Sato <sato@aozora.example>"]
)
def test_a_decision_is_about_a_company_and_names_no_person(name: str) -> None:
    with pytest.raises(ValidationError, match="holds a mail address"):
        decided(name, "acme")


@pytest.mark.parametrize("name", ["カブドットコム＠東京", "@cosme", "@type 株式会社"])
def test_a_company_may_have_an_at_sign_in_its_name(name: str) -> None:
    assert owner(fold([ACME, decided(name, "acme")]), name) == "acme"
