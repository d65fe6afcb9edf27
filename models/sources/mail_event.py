"""What the providers of e-mail tell alike: one thing that happened to one of our mails, as a value for `Signal`."""

import json
import re
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import NamedTuple

from models.outcomes import Reason
from models.sources.webhook_json import Refused, Told, shown

# Who unsubscribes or complains turns away: an account must not look in touch for it.
_OUTBOUND = ("sent", "delivered", "deferred", "bounced", "dropped", "unsubscribed", "complained")
_DIRECTIONS = dict.fromkeys(_OUTBOUND, "outbound") | dict.fromkeys(("opened", "clicked"), "inbound")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_YEAR_10000 = 253_402_300_800
_MOST_SUBJECT = 512
_PAGE = re.compile(r"https?://[^/?#]*([^?#]*)", re.IGNORECASE)
# They fetch the pictures of a mail for whoever the mailbox belongs to, seen or not.
_IMAGE_PROXIES = ("GoogleImageProxy", "YahooMailProxy")


class MailEvent(NamedTuple):
    """One event of a mail that we sent. What has the wrong type is left as it is, for the contract to refuse.

    action: what follows `email.` in the type. time: RFC 3339. recipients: mail addresses, never ours. subject: see
    short() and page(). machine: why it was no person, '' where the provider does not say that it was none.
    """

    action: str
    id: str
    time: object
    recipients: list[object]
    campaign: object = ""
    subject: object = ""
    user_agent: object = ""
    machine: str = ""

    def value(self) -> Told:
        """As attributes of a signal."""
        agent = "" if self.user_agent is None else self.user_agent
        proxied = isinstance(agent, str) and any(proxy in agent for proxy in _IMAGE_PROXIES)
        return {
            "id": self.id,
            "type": f"email.{self.action}",
            "time": self.time,
            "data": {
                "contacts": [{"email": recipient} for recipient in self.recipients],
                "direction": _DIRECTIONS[self.action],
                "campaign": self.campaign,
                "subject": self.subject,
                "user_agent": agent,
                "machine": self.machine or ("prefetch" if proxied else ""),
            },
        }


def made_id(*parts: object) -> str:
    """An id from what makes an event what it is, for providers that give none: 32 hex digits, as links are long."""
    return blake2b(json.dumps(parts).encode(), digest_size=16).hexdigest()


def moment(told: object, per_second: int = 1) -> object:
    """Seconds since 1970 as RFC 3339 in UTC, to the microsecond; what is no number stays as it is. Raises Refused.

    per_second: 1,000 for milliseconds.
    """
    if isinstance(told, bool) or not isinstance(told, int | float):
        return told
    if not 0 <= told < _YEAR_10000 * per_second:
        unit = "seconds" if per_second == 1 else "milliseconds"
        detail = f"time: must be {unit} since 1970, before the year 10000; got {shown(told)}"
        raise Refused(Reason.TIME_OUT_OF_RANGE, detail)
    return (_EPOCH + timedelta(seconds=told / per_second)).isoformat()


def first(*told: object) -> object:
    """The first of several that is given, of a list its first element; '' where none is."""
    for one in told:
        value = one[0] if isinstance(one, list) and one else one
        if value not in (None, "", []):
            return value
    return ""


def short(subject: object) -> object:
    """A mail's subject line, '' where there is none or it is longer than a subject may be."""
    return "" if subject is None or (isinstance(subject, str) and len(subject) > _MOST_SUBJECT) else subject


def page(url: object) -> object:
    """The path of a page that was clicked: a query string may hold personal data, and so may what is no page."""
    if not isinstance(url, str):
        return short(url)
    found = _PAGE.match(url.strip())
    return short(found[1] or "/") if found else ""
