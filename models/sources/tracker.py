"""What web trackers tell alike: who somebody is, when it was by a clock that may be wrong, on which page, and facts.

Keys of people: an address is `mail:`; a tracker's own id of a person is `id:` and the source's name before it, as two
sources count from 1; a cookie or device is `anon:`.
"""

import re
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

from pydantic import ValidationError

from models.domains import domain_error, normalise_domain
from models.events import Contact
from models.facts import FACT, AnyFact
from models.outcomes import Reason
from models.sources.webhook_json import Refused, Told, shown
from models.touches import FUTURE_TOLERANCE

# A clock is corrected by whole steps. Sent again, an event has taken another time on its way; corrected to the
# millisecond it would be another event under the same id.
CLOCK_STEP = timedelta(minutes=5)

# What sites send where they know nobody. As ids they would make one person of all visitors.
_NOBODYS = frozenset(
    ("", "0", "-1", "-", "anonymous", "false", "guest", "n/a", "nan", "nil", "none", "null", "true", "undefined")
) | {"unknown", "[object object]", "{}", "[]"}
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_NOT_NAME = re.compile(r"[^a-z0-9]+")
_MOST_ACTION, _MOST_NAME, _MOST_SUBJECT, _MOST_AGENT = 64, 256, 512, 2048


class Who(NamedTuple):
    """Whom a call names; '' for what it does not. source: of the tracker. user: its own id of the person."""

    source: str
    user: str = ""
    anonymous: str = ""
    email: str = ""

    @property
    def user_key(self) -> str:
        """The key of the id alone."""
        return f"id:{self.source}:{self.user}" if self.user else ""

    @property
    def anonymous_key(self) -> str:
        """The key of the cookie or device alone."""
        return f"anon:{self.anonymous}" if self.anonymous else ""

    @property
    def key(self) -> str:
        """The key of the strongest of what is told; '' where nobody is named."""
        return f"mail:{self.email}" if self.email else self.user_key or self.anonymous_key

    def contacts(self) -> list[Told]:
        """As contacts of a signal: one, or none where nobody is named."""
        if self.email:
            return [{"email": self.email}]
        if self.user:
            return [{"id": f"{self.source}:{self.user}"}]
        return [{"anonymous_id": self.anonymous}] if self.anonymous else []

    def identifications(self, at: datetime) -> list[AnyFact]:
        """That all the call names are one person: the cookie is the id's, the id the address's."""
        keys = [key for key in (self.anonymous_key, self.user_key, self.email and self.key) if key]
        return [
            fact("visitor_identified", at, visitor_key=visitor, contact_key=known) for visitor, known in pairwise(keys)
        ]


def fact(kind: str, at: datetime, **values: object) -> AnyFact:
    """A fact of these values. Raises Refused."""
    try:
        return FACT.validate_python({"type": kind, "recorded_at": at, **values})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"][1:])
        detail = f"{kind}.{where}: {first['msg']}; got {shown(first.get('input'))}"
        raise Refused(Reason.FIELD_INVALID, detail) from error


def identity(told: object) -> str:
    """An id of a person or device as told, '' where it is none: empty, or what sites send where they know nobody."""
    if isinstance(told, bool) or not isinstance(told, str | int):
        return ""
    text = str(told).strip()
    return "" if text.lower() in _NOBODYS else text


def address(told: object) -> str:
    """A mail address in lower case, '' for what is none."""
    if not isinstance(told, str) or "@" not in told:
        return ""
    try:
        return Contact(email=told).email or ""
    except ValidationError:
        return ""


def happened_at(told: object, sent: object, received: datetime) -> datetime:
    """When it was by our clock: received - (sent - told), to CLOCK_STEP. Raises Refused.

    told, sent: by the sender's clock, RFC 3339; either may be missing. Where no time is told it is that of receipt. A
    correction of more than FUTURE_TOLERANCE is not made.
    """
    if told is None:
        return received
    return set_right(moment(told), None if sent is None else moment(sent), received)


def set_right(at: datetime, sent: datetime | None, received: datetime) -> datetime:
    """The same for times that are read already.

    A correction beyond FUTURE_TOLERANCE is no wrong clock but a call out of an archive, which has its sentAt of then.
    """
    if sent is None:
        return at
    correction = round((received - sent) / CLOCK_STEP) * CLOCK_STEP
    if abs(correction) > FUTURE_TOLERANCE:
        return at
    try:
        return at + correction
    except OverflowError as error:
        raise Refused(Reason.TIME_OUT_OF_RANGE, f"time: {at.isoformat()} is out of range") from error


def moment(told: object) -> datetime:
    """A time told in RFC 3339, in UTC. Raises Refused."""
    if isinstance(told, str):
        try:
            found = datetime.fromisoformat(told.strip())
            if found.tzinfo is not None and len(told) > 10:
                return found.astimezone(UTC)
        except (ValueError, OverflowError):
            pass
    raise Refused(Reason.TIME_INVALID, f"time: must be text in RFC 3339 with its zone; got {shown(told)}")


def action(name: str, instead: str) -> str:
    """A name that somebody gave an event as a signal's action; `instead` where it has no letters that one can have."""
    spelled = _NOT_NAME.sub("_", _CAMEL.sub("_", name).lower()).strip("_")
    return spelled[:_MOST_ACTION].rstrip("_") if spelled and spelled[0].isalpha() else instead


def subject(told: object) -> str:
    """A text as a subject; '' where there is none or it is longer than a subject may be."""
    return told if isinstance(told, str) and len(told) <= _MOST_SUBJECT else ""


def path_of(url: object) -> str:
    """The path of a page, without its query: it may hold what is nobody's business."""
    try:
        parts = urlsplit(url if isinstance(url, str) else "")
    except ValueError:
        return ""
    return subject(parts.path or "/") if parts.scheme in ("http", "https") else ""


def campaign_of(url: object) -> str:
    """`utm_campaign` of a page's address, '' where it has none."""
    try:
        query = urlsplit(url if isinstance(url, str) else "").query
        return parse_qs(query, max_num_fields=200).get("utm_campaign", [""])[0][:_MOST_NAME]
    except ValueError:
        return ""


def agent(told: object) -> str:
    """A user agent, cut to what a signal may hold."""
    return told[:_MOST_AGENT] if isinstance(told, str) else ""


def name(told: object) -> str:
    """A name as told, cut to what a fact may hold; '' for what is no text."""
    return told.strip()[:_MOST_NAME] if isinstance(told, str) else ""


def domain(told: object) -> str:
    """The domain of a company from a domain or a page's address; '' for free mail and what nobody registered."""
    if not isinstance(told, str) or not told.strip():
        return ""
    try:
        host = urlsplit(told if "//" in told else f"//{told.strip()}").hostname or ""
    except ValueError:
        return ""
    found = normalise_domain(host).removeprefix("www.")
    return "" if not found or domain_error(found) else found
