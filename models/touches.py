"""From a signal to its touches: one row a contact, with nothing in it that a later fact could change."""

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


@lru_cache(maxsize=65536)
def machine_reason(user_agent: str) -> str:
    """'crawler' where the maintained list of crawler user agents knows the agent, else ''."""
    return "crawler" if user_agent and crawleruseragents.is_crawler(user_agent) else ""


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
