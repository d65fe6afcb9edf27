"""The segment adapter: calls of Segment's HTTP API, as Segment's and RudderStack's libraries send them.

A body is one call, or `batch` with many. Of a single call the adapter's name may say which it is: `segment-track` is
what came to /v1/track. `page`, `screen` and `track` are signals; `identify`, `group` and `alias` state facts.
- Who: `email` in the traits, else `userId` (`id:SOURCE:userId`, or `mail:` where it is an address), else `anonymousId`.
- Identity: `messageId`. Time: `timestamp`, set right by `sentAt` (tracker.happened_at).

Source: https://segment.com/docs/connections/spec/
"""

from collections.abc import Callable, Sequence
from datetime import datetime

from models.events import Signal
from models.facts import AnyFact
from models.outcomes import DeadLetter, Nothing, Reason
from models.records import Origin
from models.sources import tracker
from models.sources.canonical import MAX_EVENTS, elements_of, signal_or_dead_letter
from models.sources.tracker import Who
from models.sources.webhook_json import Refused, Told, parse, shown

NAMES = ("segment", *(f"segment-{call}" for call in ("track", "page", "screen", "identify", "group", "alias")))

Answer = Signal | AnyFact | DeadLetter | Nothing


def decode(body: bytes, origin: Origin) -> Sequence[Answer]:
    """Answer every call of a body, in order, by a signal, facts, nothing or one dead letter."""
    named = origin.adapter.partition("-")[2]
    try:
        value = parse(body)
        calls = _calls(value)
    except Refused as refused:
        return [DeadLetter(0, refused.reason, refused.detail, body)]
    answers: list[Answer] = []
    # Where each begins and ends in the body is needed for what is refused only.
    raws: list[bytes] | None = None
    for at, call in enumerate(calls):
        try:
            answers += _answers(len(answers), call, _Sent(value, named, origin))
        except Refused as refused:
            if raws is None:
                raws = elements_of(body, "batch", len(calls))
            answers.append(DeadLetter(len(answers), refused.reason, refused.detail, raws[at]))
    return answers


class _Sent:
    """What holds for all calls of a body. named: the call that the adapter's name says, '' for none."""

    def __init__(self, body: object, named: str, origin: Origin) -> None:
        shared = body if isinstance(body, dict) and "batch" in body else {}
        self.at = shared.get("sentAt")
        self.context = shared.get("context")
        self.named = named
        self.origin = origin


def _calls(body: object) -> list[object]:
    if not isinstance(body, dict) or "batch" not in body:
        return [body]
    batch = body["batch"]
    if not isinstance(batch, list):
        raise Refused(Reason.FIELD_INVALID, f"batch: must be an array; got {shown(batch)}")
    if not batch:
        raise Refused(Reason.EMPTY_BODY, "batch: holds no call")
    if len(batch) > MAX_EVENTS:
        raise Refused(Reason.TOO_LARGE, f"{len(batch):,} calls in one body; the limit is {MAX_EVENTS:,}")
    return batch


def _answers(index: int, call: object, sent: _Sent) -> Sequence[Answer]:
    if not isinstance(call, dict):
        raise Refused(Reason.NOT_AN_EVENT, f"a JSON {type(call).__name__}, not an object")
    kind = _kind(call, sent)
    context = _object(sent.context) | _object(call.get("context"))
    traits = _object(context.get("traits")) | _object(call.get("traits"))
    who = _who(call, traits, sent.origin.source)
    if not who.key:
        raise Refused(Reason.CONTACT_MISSING, "userId, anonymousId: neither names anybody")
    told = call.get("originalTimestamp") or call.get("timestamp")
    at = tracker.happened_at(told or None, call.get("sentAt") or sent.at or None, sent.origin.received_at)
    if kind in _FACTS:
        return _FACTS[kind](call, who, traits, at) or [Nothing(index)]
    what, data = _engagement(kind, call, context)
    data |= {"contacts": who.contacts(), "user_agent": tracker.agent(context.get("userAgent"))}
    value = {"id": call.get("messageId") or None, "type": what, "time": at.isoformat(), "data": data}
    answer = signal_or_dead_letter(index, value, b"")
    if isinstance(answer, DeadLetter):
        raise Refused(answer.reason, answer.detail)
    return [answer]


def _kind(call: Told, sent: _Sent) -> str:
    kind = call.get("type") or sent.named
    if sent.named and kind != sent.named:
        raise Refused(Reason.NOT_AN_EVENT, f"type: {shown(kind)} was sent to /v1/{sent.named}")
    if not isinstance(kind, str) or f"segment-{kind}" not in NAMES:
        calls = ", ".join(name.partition("-")[2] for name in NAMES[1:])
        raise Refused(Reason.UNKNOWN_KIND, f"type: {shown(kind)} is no call; these are: {calls}")
    return kind


def _who(call: Told, traits: Told, source: str) -> Who:
    user, anonymous = tracker.identity(call.get("userId")), tracker.identity(call.get("anonymousId"))
    by_id = tracker.address(user)
    return Who(source, "" if by_id else user, anonymous, by_id or tracker.address(traits.get("email")))


def _engagement(kind: str, call: Told, context: Told) -> tuple[str, Told]:
    """The type of a signal, and its campaign and subject."""
    properties, page = _object(call.get("properties")), _object(context.get("page"))
    url = page.get("url") or properties.get("url")
    path = tracker.subject(page.get("path") or properties.get("path")) or tracker.path_of(url)
    name = call.get("event" if kind == "track" else "name")
    campaign = tracker.name(_object(context.get("campaign")).get("name")) or tracker.campaign_of(url)
    told: Told = {"campaign": campaign, "subject": path}
    if kind == "page":
        return "web.page_viewed", {**told, "subject": path or tracker.subject(name)}
    if kind == "screen":
        return "web.screen_viewed", {**told, "subject": tracker.subject(name)}
    if not isinstance(name, str) or not name.strip():
        raise Refused(Reason.FIELD_INVALID, f"event: must be the name of what happened; got {shown(name)}")
    action = tracker.action(name, "tracked")
    # A name that no action can have is the subject instead: nothing else says what it was.
    return f"web.{action}", {**told, "subject": tracker.subject(name) if action == "tracked" else path}


def _identify(call: Told, who: Who, traits: Told, at: datetime) -> list[AnyFact]:
    full = " ".join(filter(None, (tracker.name(traits.get("firstName")), tracker.name(traits.get("lastName")))))
    described = {
        "name": tracker.name(traits.get("name")) or tracker.name(full),
        "title": tracker.name(traits.get("title")),
        "department": tracker.name(traits.get("department")),
    }
    facts = who.identifications(at)
    if any(described.values()):
        facts.append(tracker.fact("contact_described", at, contact_key=who.key, **described))
    company = traits.get("company")
    named = _object(company) or {"name": company}
    return facts + _affiliated(who, at, named.get("name"), named.get("domain") or named.get("website"))


def _group(call: Told, who: Who, traits: Told, at: datetime) -> list[AnyFact]:
    group = _object(call.get("traits"))
    # Many sites name a group by its domain; any other id of theirs says nothing to us.
    site = group.get("domain") or group.get("website") or call.get("groupId")
    return _affiliated(who, at, group.get("name"), site)


def _affiliated(who: Who, at: datetime, name: object, site: object) -> list[AnyFact]:
    told = {"organization": tracker.name(name), "domain": tracker.domain(site)}
    return [tracker.fact("contact_affiliated", at, contact_key=who.key, **told)] if any(told.values()) else []


def _alias(call: Told, who: Who, traits: Told, at: datetime) -> list[AnyFact]:
    previous, known = tracker.identity(call.get("previousId")), who._replace(anonymous="").key
    if not previous or not known:
        raise Refused(Reason.CONTACT_MISSING, "previousId, userId: an alias names both")
    if mail := tracker.address(previous):
        # An address stays what a person is known by.
        return (
            []
            if known.startswith("mail:")
            else [tracker.fact("visitor_identified", at, visitor_key=known, contact_key=f"mail:{mail}")]
        )
    # Whether it was a cookie or an id nobody says; the one that it was not stands for nobody.
    before = Who(who.source, previous, previous)
    return [
        tracker.fact("visitor_identified", at, visitor_key=key, contact_key=known)
        for key in (before.anonymous_key, before.user_key)
        if key != known
    ]


_FACTS: dict[str, Callable[[Told, Who, Told, datetime], list[AnyFact]]] = {
    "identify": _identify,
    "group": _group,
    "alias": _alias,
}


def _object(told: object) -> Told:
    """What should be an object; libraries send null and worse where they have nothing to say."""
    return told if isinstance(told, dict) else {}
