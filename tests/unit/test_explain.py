"""Explanations by example: what a person reads about a binding, in both languages."""

import json
import string
import subprocess
from datetime import UTC, date, datetime, timedelta

import pytest

from models.facts import (
    AccountDeclared,
    AccountMerged,
    AnyFact,
    ContactAffiliated,
    ContactDeclared,
    OwnDomainDeclared,
    VisitorIdentified,
)
from models.folding import fold
from models.identity.asked import Asked, asked
from models.identity.explain import Explanation, explain
from models.identity.explanation_json import as_json
from models.identity.explanation_text import headline, membership_lines, person_line, remedy_lines, step_lines
from models.identity.explanation_words import WORDS
from models.identity.remedies import remedies

DAY = date(2012, 12, 31)
HANA = "mail:hana@aozora.example"


def at(day: int) -> datetime:
    return datetime(2026, 5, 1, tzinfo=UTC) + timedelta(days=day)


MONTAVISTA = AccountDeclared(recorded_at=at(0), account_id="montavista", name="MontaVista", domains=("mvista.com",))
AOZORA = AccountDeclared(recorded_at=at(0), account_id="aozora", name="青空", domains=("aozora.example",))
KITA = AccountDeclared(recorded_at=at(0), account_id="kita", name="Kita", domains=("kita.example",))


def told(facts: list[AnyFact], key: str, evidence: str | None = None, day: date = DAY) -> Explanation:
    own = {fact.domain: fact for fact in facts if isinstance(fact, OwnDomainDeclared)}
    return explain(fold(facts), key, key.rpartition("@")[2] if evidence is None else evidence, day, own)


# --- what is asked ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "key", "affiliation"),
    [
        ("sato@example.co.jp", "mail:sato@example.co.jp", "example.co.jp"),
        ("  SATO@Example.co.jp ", "mail:sato@example.co.jp", "example.co.jp"),
        ('"Sato, Taro" <Sato@example.co.jp>', "mail:sato@example.co.jp", "example.co.jp"),
        ("佐藤 太郎 <sato@example.co.jp>", "mail:sato@example.co.jp", "example.co.jp"),
        ("sato@example.co.jp (Taro Sato)", "mail:sato@example.co.jp", "example.co.jp"),
        ("ｓａｔｏ＠ｅｘａｍｐｌｅ．ｃｏ．ｊｐ", "mail:sato@example.co.jp", "example.co.jp"),
        ("mailto:sato@example.co.jp", "mail:sato@example.co.jp", "example.co.jp"),
        ("mail:Sato@Example.co.jp", "mail:sato@example.co.jp", "example.co.jp"),
        ("anon:7F3a", "anon:7F3a", ""),
        ("id:site:u 1", "id:site:u 1", ""),
        ("host:PC.Isp.Example.", "host:pc.isp.example", "pc.isp.example"),
    ],
)
def test_a_contact_is_asked_about_in_any_form(text: str, key: str, affiliation: str) -> None:
    assert asked(text) == Asked("contact", key, affiliation)


@pytest.mark.parametrize(
    ("text", "affiliation"),
    [
        ("RU.mvista.com", "ru.mvista.com"),
        ("MontaVista Software", "org:MontaVista Software"),
        ("株式会社青空", "org:株式会社青空"),
        ("Booking.com", "booking.com"),
        ("org:Booking.com", "org:Booking.com"),
        ("A. B. Inc.", "org:A. B. Inc."),
        ("corp:T7010-0010-08844", "corp:7010001008844"),
        ("https://www.acme.com/x", "org:https://www.acme.com/x"),
    ],
)
def test_a_domain_and_a_company_name_are_evidence(text: str, affiliation: str) -> None:
    assert asked(text) == Asked("evidence", affiliation=affiliation)


def test_an_event_is_asked_about_by_its_id_with_or_without_dashes() -> None:
    ids = ("0A0b0c0d0e0f00112233445566778899", "0a0b0c0d-0e0f-0011-2233-445566778899")
    assert {asked(one) for one in ids} == {Asked("event", event_id="0a0b0c0d0e0f00112233445566778899")}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("  ", "nothing is asked"),
        ("mail:", "names nobody"),
        ("sato@", "not a mail address"),
        ("a@b.example, c@d.example", "2 addresses"),
        ("x@erased.invalid", "nobody's"),
    ],
)
def test_what_cannot_be_asked_says_why(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        asked(text)


# --- what is answered -------------------------------------------------------------------------------------------------


def test_a_subdomain_is_told_with_the_domain_that_it_belongs_to_and_who_declared_that() -> None:
    one = told([MONTAVISTA], "mail:a@ru.mvista.com")
    assert headline(one, "en") == (
        "mail:a@ru.mvista.com counts for MontaVista (montavista) on 2012-12-31, by a domain."
    )
    assert step_lines(one, "en") == [
        "No account is declared for the contact",
        "Host, ru.mvista.com: nobody declares ru.mvista.com; mvista.com is declared by account MontaVista (montavista)",
    ]
    assert headline(one, "ja") == (
        "2012-12-31 の mail:a@ru.mvista.com は MontaVista (montavista) に計上されます(ドメインによる)。"
    )
    assert one.facts == (MONTAVISTA,)
    assert remedies(one) == ()


@pytest.mark.parametrize(
    ("domain", "english", "japanese"),
    [
        ("gmail.com", "gmail.com is free mail: no company", "gmail.com はフリーメールで、会社ではありません"),
        (
            "mailinator.com",
            "mailinator.com is a disposable-mail domain: no company",
            "mailinator.com は使い捨てメールのドメインで、会社ではありません",
        ),
    ],
)
def test_addresses_that_anybody_can_have_are_told_apart_and_are_free_mail_to_the_tables(
    domain: str, english: str, japanese: str
) -> None:
    one = told([AOZORA], f"mail:x@{domain}")
    assert (one.account_id, one.bound_by) == ("", "free_mail")
    assert step_lines(one, "en")[-1] == f"Host, {domain}: {english}"
    assert step_lines(one, "ja")[-1] == f"ホスト {domain}:{japanese}"


def test_a_membership_is_told_with_its_dates_and_its_account_after_a_merge() -> None:
    moved = ContactDeclared(recorded_at=at(1), contact_key=HANA, account_id="kita", since=date(2012, 4, 1))
    left = ContactDeclared(recorded_at=at(2), contact_key=HANA, account_id=None, since=date(2013, 1, 1))
    merged = AccountMerged(recorded_at=at(3), account_id="kita", into="montavista")
    facts: list[AnyFact] = [AOZORA, KITA, MONTAVISTA, moved, left, merged]
    during = told(facts, HANA)
    assert (during.account_id, during.bound_by) == ("montavista", "contact")
    assert step_lines(during, "en") == [
        "The contact is declared for account kita (2012-04-01 to 2012-12-31), "
        "which has become part of MontaVista (montavista)"
    ]
    assert during.facts == (moved, merged)
    assert membership_lines(during, "en") == [
        "2012-04-01 to 2012-12-31: kita (on this day)",
        "from 2013-01-01: no account, the domain decides",
    ]
    after = told(facts, HANA, day=date(2013, 1, 1))
    assert (after.account_id, after.bound_by) == ("aozora", "domain")
    assert step_lines(after, "en")[0] == "The contact has declared accounts, but none on this day"
    assert told(facts, HANA, day=date(2012, 3, 31)).account_id == "aozora"


def test_a_merger_with_a_date_is_told_with_its_day_from_that_day_on() -> None:
    merged = AccountMerged(recorded_at=at(1), account_id="kita", into="aozora", since=date(2012, 4, 1))
    onward = AccountMerged(recorded_at=at(1), account_id="aozora", into="montavista", since=date(2012, 10, 1))
    facts: list[AnyFact] = [AOZORA, KITA, MONTAVISTA, merged, onward]
    key = "mail:a@kita.example"
    own, then, now = (told(facts, key, day=day) for day in (date(2012, 3, 31), date(2012, 4, 1), DAY))
    said = "Host, kita.example: kita.example is declared by account"
    assert [step_lines(one, "en")[-1] for one in (own, then, now)] == [
        f"{said} Kita (kita)",
        f"{said} kita, which has been part of 青空 (aozora) since 2012-04-01",
        f"{said} kita, which has been part of MontaVista (montavista) since 2012-10-01",
    ]
    assert step_lines(then, "ja")[-1].endswith("(このアカウントは 2012-04-01 から 青空 (aozora) に統合されています)")
    assert [one.facts for one in (own, then, now)] == [(KITA,), (KITA, merged), (KITA, merged, onward)]
    plain = [as_json(one)["looked_at"][-1]["merged_since"] for one in (own, then, now)]
    assert plain == [None, "2012-04-01", "2012-10-01"]


def test_a_visitor_is_explained_by_whom_she_turned_out_to_be() -> None:
    links = [
        VisitorIdentified(recorded_at=at(1), visitor_key="anon:1", contact_key="id:9"),
        VisitorIdentified(recorded_at=at(2), visitor_key="id:9", contact_key=HANA),
    ]
    one = told([AOZORA, *links], "anon:1", "pc7.isp.example")
    assert (one.account_id, one.bound_by, one.known_as) == ("aozora", "domain", HANA)
    assert step_lines(one, "en")[-1] == (
        "Host of the person's address, aozora.example: aozora.example is declared by account 青空 (aozora)"
    )
    assert person_line(one, "en") == f"The same person, known as {HANA}: id:9, {HANA}"
    assert set(one.facts) == {AOZORA, *links}


def test_a_company_that_a_source_named_is_told_with_the_free_mail_that_was_ruled_out_before_it() -> None:
    named = ContactAffiliated(recorded_at=at(1), contact_key="mail:y@gmail.com", domain="ru.kita.example")
    one = told([KITA, named], "mail:y@gmail.com")
    assert [(step.about, step.verdict) for step in one.steps] == [
        ("membership", "undeclared"),
        ("address", "free_mail"),
        ("company", "domain"),
    ]
    assert one.facts == (named, KITA)


def test_our_own_side_needs_no_remedy() -> None:
    ours = OwnDomainDeclared(recorded_at=at(0), domain="ours.example")
    one = told([ours], "mail:me@tokyo.ours.example")
    assert headline(one, "en") == (
        "mail:me@tokyo.ours.example counts for no account on 2012-12-31: it is our own side."
    )
    assert one.facts == (ours,)
    assert remedies(one) == ()


def test_what_to_state_is_told_as_a_command_that_a_shell_understands() -> None:
    one = told([], "mail:o'neil@mx.minami.example")
    lines = remedy_lines(one, "en")
    assert [what.split(",")[0] for what, _ in lines] == [
        "Declare the contact for an account",
        "Declare minami.example for an account",
    ]
    said = subprocess.run(["sh", "-c", lines[0][1].replace("| setten import facts -", "")], capture_output=True)
    assert json.loads(said.stdout) == {
        "type": "contact_declared",
        "contact_key": "mail:o'neil@mx.minami.example",
        "account_id": "ACCOUNT",
    }
    assert json.loads(lines[1][1].split("'")[1])["domains"] == ["minami.example"]


def test_below_a_public_suffix_the_name_to_declare_is_the_one_that_may_be() -> None:
    [_, domain] = remedies(told([], "mail:a@pc.hana.github.io"))
    assert domain.fact["domains"] == ["hana.github.io"]


def test_evidence_alone_is_explained_without_a_contact() -> None:
    by_name = told([KITA], "", "org:KITA")
    assert (by_name.account_id, by_name.bound_by) == ("kita", "organization")
    assert step_lines(by_name, "en") == ['Company name, "KITA": it is the name of account Kita (kita)']
    nobody = told([KITA], "", "org:Minami")
    assert headline(nobody, "en") == "Minami counts for no account on 2012-12-31: no account has this name."
    assert remedies(nobody)[0].fact["name"] == "Minami"


def test_for_machines_every_fact_has_its_id_and_who_states_it() -> None:
    plain = as_json(told([MONTAVISTA], "mail:a@ru.mvista.com"), lambda _: [{"record_id": "00"}])
    assert plain["facts"][0]["fact_id"] == MONTAVISTA.fact_id.hex
    assert plain["facts"][0]["stated_by"] == [{"record_id": "00"}]
    assert plain["looked_at"][-1]["passed"] == ["ru.mvista.com"]
    assert json.loads(json.dumps(plain)) == plain


def test_both_languages_have_the_same_words_with_the_same_places_to_fill() -> None:
    def places(text: str) -> set[str]:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name}

    assert WORDS["en"].keys() == WORDS["ja"].keys()
    for name, english in WORDS["en"].items():
        assert places(english) == places(WORDS["ja"][name]), name
