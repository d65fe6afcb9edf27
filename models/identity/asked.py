"""What somebody asks about, as it is typed: an address in any form, a contact key, an event id, a domain, a name."""

import re
from typing import Literal, NamedTuple
from uuid import UUID

from models.domains import ancestors, normalise_domain
from models.erasure import normalise
from models.events import Contact
from models.identity.corporate_number import normalise_number
from models.sources.attendee_lists import narrow
from models.sources.mbox import addresses

_KEY = re.compile(r"(mail|id|anon|host|ip|org|corp):(.*)", re.DOTALL)
_EVENT = re.compile(r"[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


class Asked(NamedTuple):
    """contact: contact_key, and the affiliation where the key itself tells it; evidence: affiliation alone; event:
    event_id, 32 hex digits. The others are ''."""

    what: Literal["contact", "evidence", "event"]
    contact_key: str = ""
    affiliation: str = ""
    event_id: str = ""


def asked(text: str) -> Asked:
    """Read what is asked about. Raises ValueError, with what is wrong, for what is none of it.

    A name with a dot in it that could be a domain is one; write `org:` before a company name of that form.
    """
    told = text.strip()
    if not told:
        raise ValueError("nothing is asked: give an address, an event id, a contact key, a domain or a company name")
    if _EVENT.fullmatch(told):
        return Asked("event", event_id=UUID(told).hex)
    if key := _KEY.fullmatch(told):
        return _of_key(key[1], key[2].strip())
    if "@" in (ascii_told := narrow(told)):
        return _of_address(ascii_told.removeprefix("mailto:"))
    domain = normalise_domain(ascii_told)
    if not any(letter.isspace() for letter in domain) and "." in domain and ancestors(domain):
        return Asked("evidence", affiliation=domain)
    return Asked("evidence", affiliation=f"org:{told}")


def _of_key(kind: str, value: str) -> Asked:
    if not value:
        raise ValueError(f"{kind + ':'!r} names nobody: write the key behind it")
    if kind == "mail":
        return _of_address(narrow(value))
    if kind == "org":
        return Asked("evidence", affiliation=f"org:{value}")
    if kind == "corp":
        return Asked("evidence", affiliation=f"corp:{normalise_number(value)}")
    if kind == "host":
        host = Contact(host=value)
        return Asked("contact", host.key, host.affiliation)
    return Asked("contact", f"{kind}:{value}")


def _of_address(text: str) -> Asked:
    found = list(dict.fromkeys(addresses(text)))
    if len(found) > 1:
        raise ValueError(f"{', '.join(found[:3])}: these are {len(found)} addresses; ask about one at a time")
    contact = Contact(email=normalise(found[0] if found else text))
    return Asked("contact", contact.key, contact.affiliation)
