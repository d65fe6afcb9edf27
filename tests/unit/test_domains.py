"""Which part of a host name is a company's, by example, and of the companies of the mail archive."""

import csv
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from models.directory import FREE_MAIL, OWN, UNBOUND, Binding, Directory
from models.domains import ancestors, anybodys, domain_error, registrable_domain
from models.facts import FACT, AccountDeclared, AnyFact, ContactAffiliated, OwnDomainDeclared, stored_fact
from models.folding import fold

AT = datetime(2026, 5, 1, tzinfo=UTC)
DAY = date(2026, 5, 1)


def account(account_id: str, *domains: str) -> AnyFact:
    return AccountDeclared(recorded_at=AT, account_id=account_id, name=account_id.title(), domains=domains)


def bound(known: Directory, host: str) -> Binding:
    return known.bind(f"mail:x@{host}", host, DAY)


@pytest.mark.parametrize(
    ("host", "domain"),
    [
        ("ru.mvista.com", "mvista.com"),
        ("www.aozora.co.jp", "aozora.co.jp"),
        ("cs.kyoto-u.ac.jp", "kyoto-u.ac.jp"),
        ("city.kawasaki.jp", "city.kawasaki.jp"),  # an exception to *.kawasaki.jp
        ("web.example.kawasaki.jp", "web.example.kawasaki.jp"),
        ("hana.github.io", "github.io"),  # for binding it is a domain like others: see the test of splits
        ("localhost", ""),
        ("co.jp", ""),
        ("192.0.2.1", ""),
    ],
)
def test_the_registrable_domain_follows_the_public_suffix_list(host: str, domain: str) -> None:
    assert registrable_domain(host) == domain
    assert (ancestors(host) or [""])[-1] == domain


@pytest.mark.parametrize(
    "told",
    [
        "a.co.jp/x",
        "a.co.jp:443",
        "https://www.a.co.jp/x",
        "x@a.co.jp",
        "a.co.jp?x",
        "a.co.jp#x",
        "a.co.jp x",
        "[::1]",
        ".",
    ],
)
def test_what_is_more_than_a_host_name_is_nobodys_and_ends(told: str) -> None:
    assert ancestors(told) == []
    assert bound(fold([account("a", "a.co.jp")]), told) == UNBOUND
    with pytest.raises(ValidationError):
        account("a", told)


@settings(max_examples=500)
@given(st.text(st.sampled_from("ab.:/@?# jpco。．-\\[]%1"), max_size=24) | st.text(max_size=12))
def test_the_names_above_any_text_are_its_ends(told: str) -> None:
    names = ancestors(told)
    assert all(told.endswith(name) for name in names)
    assert len(names) <= told.count(".") + 1


@pytest.mark.parametrize("suffix", ["jp", "co.jp", "ac.jp", "tokyo.jp", "github.io", "uk.com", "sakura.ne.jp"])
def test_a_public_suffix_is_refused_as_anybodys_and_an_example_is_given(suffix: str) -> None:
    for told in (
        {"type": "account_declared", "account_id": "a", "name": "A", "domains": ["aozora.example", suffix]},
        {"type": "own_domain_declared", "domain": f"{suffix.upper()}."},
        {"type": "contact_affiliated", "contact_key": "id:1", "domain": suffix},
    ):
        with pytest.raises(ValidationError, match=f"'{suffix}' is not a domain of one company.*example.{suffix}"):
            FACT.validate_python({"recorded_at": AT, **told})


def test_what_is_below_a_public_suffix_is_somebodys() -> None:
    for domain in ("aozora.co.jp", "kyoto-u.ac.jp", "hana.github.io", "aozora.example"):
        assert domain_error(domain) is None
    known = fold([account("hana", "hana.github.io")])
    assert bound(known, "pc.hana.github.io") == Binding("hana", "domain")
    assert bound(known, "taro.github.io") == UNBOUND


def test_a_domain_that_was_stored_before_it_was_refused_can_still_be_read_and_binds() -> None:
    """A list that grows must not stop the workers of a store that has one of its names."""
    stored = b'{"recorded_at":"2026-01-05T00:00:00Z","type":"%s"}'
    old = [
        stored % b'account_declared","account_id":"pages","name":"Pages","domains":["github.io"],"tier":"target',
        stored % b'own_domain_declared","domain":"uk.com',
        stored % b'contact_affiliated","contact_key":"id:1","domain":"gmail.com',
    ]
    facts = [stored_fact(body) for body in old]
    for fact in facts:
        with pytest.raises(ValidationError):
            FACT.validate_json(fact.model_dump_json())
        assert stored_fact(fact.model_dump_json()) == fact
    known = fold(facts)
    assert bound(known, "x.github.io") == Binding("pages", "domain")
    assert bound(known, "x.uk.com") == OWN


def test_a_subdomain_belongs_to_its_parent_domain_unless_another_account_declares_it() -> None:
    known = fold([account("aozora", "aozora.example"), account("cloud", "cloud.aozora.example", "kita.example")])
    assert bound(known, "tokyo.aozora.example").account_id == "aozora"
    assert bound(known, "cloud.aozora.example").account_id == "cloud"
    assert bound(known, "eu.cloud.aozora.example").account_id == "cloud"
    assert bound(known, "notaozora.example") == UNBOUND
    ours = fold([account("aozora", "aozora.example"), OwnDomainDeclared(recorded_at=AT, domain="us.aozora.example")])
    assert bound(ours, "pc.us.aozora.example") == OWN


@pytest.mark.parametrize(
    ("domain", "why"), [("gmail.com", "free_mail"), ("mailinator.com", "disposable"), ("hotpop.com", "disposable")]
)
def test_where_anybody_has_an_address_nobody_is_bound_below_it_either(domain: str, why: str) -> None:
    assert anybodys(domain) == why
    assert bound(Directory(), domain) == bound(Directory(), f"mx.{domain}") == FREE_MAIL


def test_a_free_mail_domain_cannot_be_declared_and_a_disposable_one_can_against_the_list() -> None:
    """The list of disposable domains has people's own in it: rfc822.org wrote 474 mails of the archive."""
    with pytest.raises(ValidationError, match="free-mail"):
        account("a", "gmail.com")
    assert bound(Directory(), "rfc822.org") == FREE_MAIL
    assert bound(fold([account("rfc822", "rfc822.org")]), "pc.rfc822.org") == Binding("rfc822", "domain")


def test_evidence_at_a_disposable_domain_names_no_company() -> None:
    told = ContactAffiliated(recorded_at=AT, contact_key="id:1", domain="mailinator.com", organization="Kita")
    known = fold([account("kita", "kita.example"), told])
    assert known.bind("id:1", "", DAY) == Binding("kita", "organization")


def test_every_account_of_the_archive_can_be_declared(real_data: Path) -> None:
    with (real_data / "email" / "accounts.csv").open() as file:
        domains = [domain for row in csv.DictReader(file) for domain in row["domains"].split("|")]
    assert len(domains) > 35
    assert [error for domain in domains if (error := domain_error(domain))] == []
    assert [domain for domain in domains if anybodys(domain)] == []
