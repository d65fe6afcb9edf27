"""From a signal to its touches: one row a contact, with nothing in it that a later fact could change."""

import re
from datetime import datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from uuid import UUID

import crawleruseragents

from models.events import Signal
from models.outcomes import DeadLetter, Reason
from models.records import Origin

# A clock an hour off or a zone mistaken is no reason to lose an event; a date of another year is.
FUTURE_TOLERANCE = timedelta(hours=26)


class Touch(NamedTuple):
    """One signal seen from one contact. `machine` is '' for a person, else why it counts for nothing."""

    contact_key: str
    event_id: UUID
    occurred_at: datetime
    received_at: datetime
    kind: str
    action: str
    direction: str
    affiliation: str
    machine: str
    campaign: str
    subject: str
    source: str


# What the maintained list leaves out: feed readers and programs, by their names or the address they leave.
# Agents that merely lack "Mozilla" are people: text browsers and old phones.
_PROGRAM = re.compile(
    r"bot\b|spider|crawl|feed|fetch|\brss\b|aggregat|validator|\+https?://|[\w.]+@[\w.]+\.\w"
    r"|^(ruby|php|java|python|perl|go-http|chef client|http_request|libwww|curl|wget)\b",
    re.IGNORECASE,
)
NO_USER_AGENT = "-"


@lru_cache(maxsize=65536)
def machine_reason(user_agent: str) -> str:
    """Why a user agent is no person: 'crawler', 'program' or 'no_user_agent'; '' for a person and where none is told.

    user_agent: as sent; '-' where the source tells agents but this request had none, '' where it tells none.
    """
    if not user_agent:
        return ""
    if user_agent == NO_USER_AGENT:
        return "no_user_agent"
    if crawleruseragents.is_crawler(user_agent):
        return "crawler"
    return "program" if _PROGRAM.search(user_agent) else ""


def too_early(signal: Signal, origin: Origin, index: int, raw: bytes) -> DeadLetter | None:
    """A dead letter for what claims to have happened well after it was received, else None."""
    if signal.time <= origin.received_at + FUTURE_TOLERANCE:
        return None
    detail = f"time: {signal.time.isoformat()} lies after its receipt at {origin.received_at.isoformat()}"
    return DeadLetter(index, Reason.TIME_IN_FUTURE, detail, raw)


def touches_of(signal: Signal, origin: Origin) -> list[Touch]:
    """One touch for each distinct contact of the signal."""
    event_id = signal.event_id(origin.source)
    machine = machine_reason(signal.data.user_agent)
    direction, source = signal.direction, signal.source or origin.source
    kind, action = signal.kind, signal.action
    contacts = {contact.key: contact for contact in signal.data.contacts}
    return [
        Touch(
            key,
            event_id,
            signal.time,
            origin.received_at,
            kind,
            action,
            direction,
            contact.affiliation,
            machine,
            signal.data.campaign,
            signal.data.subject,
            source,
        )
        for key, contact in contacts.items()
    ]
