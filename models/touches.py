"""From a signal to its touches: one row a contact, with nothing in it that a later fact could change."""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import lru_cache
from hashlib import blake2b
from itertools import chain
from typing import NamedTuple

import crawleruseragents

from models.events import Signal
from models.facts import AnyFact
from models.outcomes import DeadLetter, Reason
from models.records import Origin

# A clock an hour off or a zone mistaken is no reason to lose an event; a date of another year is.
FUTURE_TOLERANCE = timedelta(hours=26)


class Touch(NamedTuple):
    """One signal seen from one contact. `machine` is '' for a person, else why it counts for nothing.

    answers: the event_id of the signal that it answers, whether or not that ever arrived; None where it names none.
    """

    contact_key: str
    event_id: str
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
    answers: str | None = None


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
    return _too_early(signal.time, origin, index, raw)


def stated_too_early(fact: AnyFact, origin: Origin, index: int, raw: bytes) -> DeadLetter | None:
    """The same for a fact that a source states."""
    return _too_early(fact.recorded_at, origin, index, raw)


def _too_early(time: datetime, origin: Origin, index: int, raw: bytes) -> DeadLetter | None:
    if time <= origin.received_at + FUTURE_TOLERANCE:
        return None
    detail = f"time: {time.isoformat()} lies after its receipt at {origin.received_at.isoformat()}"
    return DeadLetter(index, Reason.TIME_IN_FUTURE, detail, raw)


class Reading(NamedTuple):
    """A signal as it will be stored: who it is, what it says, and its touches, one for each distinct contact.

    event_id: 32 hex digits; from the source and the source's own id, else from the content; never from arrival.
    content: 32 hex digits over all that is stored, so that a repeated id with other content is noticed.
    """

    event_id: str
    content: str
    touches: tuple[Touch, ...]


def read_signal(signal: Signal, origin: Origin) -> Reading:
    """Read a signal for storing. origin.source stands in for signals that name no source themselves."""
    data = signal.data
    source = signal.source or origin.source
    kind, _, action = signal.type.partition(".")
    direction = signal.direction
    people = sorted({contact.key: contact.affiliation for contact in data.contacts}.items())
    said = (signal.type, signal.time.isoformat(), direction, data.campaign, data.subject, data.user_agent)
    # Signals whose source says nothing of machines keep the digests that they had before it could.
    told = (f"machine={data.machine}",) if data.machine else ()
    content = content_digest((*said, *chain.from_iterable(people), *told))
    event_id = event_digest(source, signal.id, content)
    machine = data.machine or machine_reason(data.user_agent)
    # Not in the digest: mails that were read before it was looked for are the same mails.
    answers = event_digest(source, data.in_reply_to, "") if data.in_reply_to else None
    return Reading(
        event_id,
        content,
        tuple(
            Touch(
                key,
                event_id,
                signal.time,
                origin.received_at,
                kind,
                action,
                direction,
                affiliation,
                machine,
                data.campaign,
                data.subject,
                source,
                answers,
            )
            for key, affiliation in people
        ),
    )


def content_digest(said: Iterable[str]) -> str:
    """The digest of all that is stored of an event.

    said: type, time in UTC (ISO 8601), direction, campaign, subject, user agent, then the key and the affiliation of
    each contact, sorted; then what the source says of a machine, if it does.
    """
    return _digest("\x1f".join(said))


def event_digest(source: str, id_there: str | None, content: str) -> str:
    """The identity of an event: its source and the id it has there, else its source and its content."""
    return _digest(f"{source}\x1f{id_there}" if id_there is not None else f"{source}\x1f\x00{content}")


_NEW_DIGEST = blake2b(digest_size=16)


def _digest(text: str) -> str:
    digest = _NEW_DIGEST.copy()  # cheaper than a new one with its parameters
    try:
        digest.update(text.encode())
    except UnicodeEncodeError:
        # A lone surrogate in a string is odd but no reason to fail.
        digest.update(text.encode("utf-8", "surrogatepass"))
    return digest.hexdigest()
