"""Companies of IP addresses by example: what records of databases say, in the fields of several vendors."""

from datetime import UTC, datetime
from typing import Any

import pytest

from models.identity.address_company import Company, Fields, address_of, company_of, statement


@pytest.mark.parametrize(
    ("record", "company"),
    [
        ({"domain": "aozora.example", "name": "Aozora KK"}, Company("aozora.example", "Aozora KK")),
        ({"company": {"domain": "Aozora.EXAMPLE.", "name": "Aozora"}}, Company("aozora.example", "Aozora")),
        ({"company.domain": "aozora.example"}, Company("aozora.example", "")),
        ({"as_domain": "aozora.example", "as_name": "Aozora", "asn": "AS1"}, Company("aozora.example", "Aozora")),
        ({"autonomous_system_organization": " Aozora "}, Company("", "Aozora")),
        ({"traits": {"organization": "Aozora", "user_type": "business"}}, Company("", "Aozora")),
        ({"domain": "", "organization": "Aozora", "is_hosting": False}, Company("", "Aozora")),
        ({"domain": "N/A", "organization": "Aozora"}, Company("", "Aozora")),
        ({"domain": "bücher.example"}, Company("xn--bcher-kva.example", "")),
        ({"domain": "aozora.example", "name": "x" * 300}, Company("aozora.example", "")),
    ],
)
def test_a_company_is_read_from_the_fields_that_vendors_have(record: Any, company: Company) -> None:
    assert company_of(record, Fields()) == company


@pytest.mark.parametrize(
    ("record", "why"),
    [
        (None, "not_in_file"),
        ("JP", "no_company"),
        ([{"domain": "aozora.example"}], "no_company"),
        ({"country": {"iso_code": "JP"}, "domain": None, "organization": 7}, "no_company"),
        ({"domain": "N/A"}, "no_company"),
        ({"name": "x" * 300}, "no_company"),
        ({"name": "Net", "type": "ISP"}, "hosting_or_isp"),
        ({"name": "Net", "company": {"type": "hosting"}}, "hosting_or_isp"),
        ({"name": "Net", "is_hosting": True}, "hosting_or_isp"),
        ({"name": "Net", "privacy": {"vpn": "true"}}, "hosting_or_isp"),
        ({"traits": {"organization": "Net", "is_hosting_provider": True}}, "hosting_or_isp"),
        ({"traits": {"organization": "Net", "user_type": "Content Delivery Network"}}, "hosting_or_isp"),
        ({"domain": "gmail.com", "name": "Mail"}, "anybodys_domain"),
        ({"domain": "co.jp", "name": "Net"}, "anybodys_domain"),
        ({"domain": "mail.mailinator.com"}, "anybodys_domain"),
    ],
)
def test_where_no_company_is_meant_it_says_why(record: Any, why: str) -> None:
    assert company_of(record, Fields()) == why


def test_of_several_fields_the_first_that_a_record_has_counts() -> None:
    record = {"owner": {"site": "aozora.example"}, "domain": "other.example", "holder": "Aozora"}
    assert company_of(record, Fields(("owner.site", "domain"), ("holder",))) == Company("aozora.example", "Aozora")


@pytest.mark.parametrize(
    ("key", "address"),
    [
        ("ip:203.0.113.7", "203.0.113.7"),
        ("ip:2001:DB8::7", "2001:db8::7"),
        ("ip:::ffff:203.0.113.7", "203.0.113.7"),
        ("ip:fe80::1%eth0", None),
        ("ip:203.0.113", None),
        ("ip:unknown", None),
    ],
)
def test_an_address_is_read_out_of_a_contact_key(key: str, address: str | None) -> None:
    assert address_of(key) == address


def test_a_company_is_stated_as_evidence_the_domain_first() -> None:
    now = datetime(2026, 5, 1, tzinfo=UTC)
    assert statement("ip:203.0.113.7", Company("aozora.example", "Aozora"), now).evidence == (
        "aozora.example",
        "org:Aozora",
    )
    assert statement("ip:203.0.113.7", None, now).evidence == ()
