"""The company that a database of IP addresses names for one: which fields of its record say so, and when none is meant.

Vendors name their fields differently; a field is a path with dots, as `company.domain`.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from ipaddress import IPv6Address, ip_address
from typing import Any, Literal, NamedTuple

from models.domains import ancestors, anybodys, is_public_suffix, normalise_domain
from models.facts import ContactAffiliated

DOMAIN_FIELDS = ("domain", "company.domain", "traits.domain", "as_domain")
ORGANIZATION_FIELDS = (
    *("organization", "company.name", "traits.organization", "as_organization", "as_name"),
    *("autonomous_system_organization", "traits.autonomous_system_organization", "name"),
)
_TYPE_FIELDS = ("type", "company.type", "as_type", "asn.type", "usage_type", "user_type", "traits.user_type")
# What vendors call the networks of which anybody has an address.
_ANYBODYS_TYPES = frozenset(
    [
        *("cafe", "cdn", "cellular", "consumer_privacy_network", "content_delivery_network", "dialup", "dynamic"),
        *("hosting", "isp", "mobile", "proxy", "residential", "search_engine_spider", "tor", "traveler", "vpn"),
    ]
)
_FLAG = re.compile(r"(?:is_)?(?:anonymous|anycast|cdn|hosting|hosting_provider|isp|mobile|proxy|satellite|tor|vpn)")
_LONGEST_NAME = 256  # as ContactAffiliated takes it

Nothing = Literal["not_in_file", "no_company", "hosting_or_isp", "anybodys_domain"]


class Company(NamedTuple):
    """What a record names; one of the two may be ''."""

    domain: str
    organization: str


class Fields(NamedTuple):
    """Where records name a company; of each the first field that a record has counts."""

    domain: Sequence[str] = DOMAIN_FIELDS
    organization: Sequence[str] = ORGANIZATION_FIELDS


def company_of(record: object, fields: Fields) -> Company | Nothing:
    """The company that a record names, or why it names none.

    no_company: none of the fields is there. hosting_or_isp, anybodys_domain: the address, or the domain, is one that
    anybody can have, so that it says nothing of a visitor's company.
    """
    if record is None:
        return "not_in_file"
    if not isinstance(record, Mapping):
        return "no_company"
    domain = normalise_domain(_first(record, fields.domain))
    organization = _first(record, fields.organization)
    if not domain and not organization:
        return "no_company"
    if _is_anybodys_network(record):
        return "hosting_or_isp"
    if domain and (is_public_suffix(domain) or any(map(anybodys, ancestors(domain)))):
        return "anybodys_domain"
    usable = domain if ancestors(domain) else ""
    name = organization if len(organization) <= _LONGEST_NAME else ""
    return Company(usable, name) if usable or name else "no_company"


def statement(contact_key: str, company: Company | None, at: datetime) -> ContactAffiliated:
    """The fact that an address is this company's, or nobody's known."""
    told = company or Company("", "")
    return ContactAffiliated(
        recorded_at=at, contact_key=contact_key, domain=told.domain, organization=told.organization
    )


def address_of(contact_key: str) -> str | None:
    """The IP address in a contact key, without the form of IPv4 in IPv6; None where it is none."""
    try:
        address = ip_address(contact_key.removeprefix("ip:"))
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        if address.scope_id is not None:
            return None
        return str(address.ipv4_mapped or address)
    return str(address)


def _first(record: Mapping[str, Any], fields: Sequence[str]) -> str:
    for field in fields:
        found = _at(record, field)
        if isinstance(found, str) and found.strip():
            return found.strip()
    return ""


def _at(record: Mapping[str, Any], field: str) -> Any:
    """What is at a path; a name with dots in it is one name where the record has it."""
    if field in record:
        return record[field]
    head, _, rest = field.partition(".")
    inner = record.get(head)
    return _at(inner, rest) if rest and isinstance(inner, Mapping) else None


def _is_anybodys_network(record: Mapping[str, Any]) -> bool:
    told = (_at(record, field) for field in _TYPE_FIELDS)
    if any(isinstance(one, str) and one.strip().lower().replace(" ", "_") in _ANYBODYS_TYPES for one in told):
        return True
    inner = [record, *(record[name] for name in ("traits", "privacy") if isinstance(record.get(name), Mapping))]
    return any(_FLAG.fullmatch(name) and _is_true(told) for one in inner for name, told in one.items())


def _is_true(told: object) -> bool:
    return told is True or told == 1 or (isinstance(told, str) and told.strip().lower() in ("true", "1", "yes"))
