"""Signals as sources really send them, and an oracle in plain Python of what the tables must say of them."""

import json
import random
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import clickhouse_connect

from infra.settings import Settings
from models.records import Origin, record_id
from models.touches import event_digest

SOURCE = "tracker"
ACCOUNTS = 6  # company0.example and so on; as many again belong to nobody
START = datetime(2026, 6, 1, 0, 0, tzinfo=UTC)
_JAPAN = timedelta(hours=9)


class Body(NamedTuple):
    """A body as sent. events: what is in it, by position; None for what is no event. received: our clock."""

    raw: bytes
    events: tuple[dict[str, Any] | None, ...]
    received: datetime
    adapter: str = "canonical"

    @property
    def record_id(self) -> str:
        return record_id(SOURCE, self.adapter, self.raw)

    def headers(self) -> list[tuple[str, bytes]]:
        return Origin(SOURCE, self.adapter, self.received).to_headers()


@dataclass
class Tables:
    """What the tables hold, as counters of rows, so that a lost row and a doubled one both show.

    touches: (contact, day, kind.action, event's id). contact_day: (account, day, contact, kind.action, touches, first,
    last). dead: (reason, record, position).
    """

    touches: Counter[tuple[Any, ...]] = field(default_factory=Counter)
    contact_day: Counter[tuple[Any, ...]] = field(default_factory=Counter)
    dead: Counter[tuple[Any, ...]] = field(default_factory=Counter)


# What the facts below say in the end: the account of each domain, who the visitors are, and who changed company when.
OWNER = {f"company{n}.example": f"account{n}" for n in range(1, ACCOUNTS)}
OWNER |= {"company0.example": "account1", "company5.example": "account2"}
KNOWN_AS = {"anon:v0": "mail:p0@company2.example", "anon:v1": "mail:p0@company2.example"}
CHANGED_COMPANY = {"mail:p1@company3.example": (str((START - timedelta(days=1)).date()), "account4")}


@dataclass
class World:
    """bodies: in the order of sending, those that state facts last. facts: bodies for the facts topic, in the order in
    which they are stated. stating: how many bodies state facts.
    """

    bodies: list[Body]
    facts: list[bytes]
    stating: int

    @property
    def events(self) -> int:
        return sum(len(body.events) for body in self.bodies)


def make(seed: int, events: int, *, poison: float = 0.01, conflicts: float = 0.01, duplicates: float = 0.05) -> World:
    """A world of about so many events. Shares: of what is no event, of ids used again, of events repeated."""
    rng = random.Random(seed)
    sent: list[dict[str, Any]] = []
    groups: list[list[dict[str, Any] | None]] = []
    count = 0
    while count < events:
        group: list[dict[str, Any] | None] = []
        for _ in range(rng.choice((1, 1, 1, 2, 5))):
            chance = rng.random()
            if chance < poison:
                group.append(None)
            elif sent and chance < poison + duplicates:
                group.append(rng.choice(sent))
            elif sent and chance < poison + duplicates + conflicts:
                group.append({**_event(rng, 0), "id": rng.choice(sent)["id"]})
            else:
                sent.append(_event(rng, len(sent)))
                group.append(sent[-1])
        groups.append(group)
        count += len(group)
    # Receipt is not the order of sending: partitions are read at their own pace, clocks of collectors differ.
    ticks = list(range(len(groups)))
    rng.shuffle(ticks)
    bodies = [
        _body(rng, group, START + timedelta(milliseconds=tick)) for group, tick in zip(groups, ticks, strict=True)
    ]
    # Few bodies: between facts there has to be time for a worker to fall behind without hearing of it.
    facts = [
        [_account(n, n, day=1) for n in range(ACCOUNTS)],
        [_account(0, None, day=2)],
        [_account(1, 0, day=3), _account(1, 1, 0, day=4)],  # company0 moves to account1
        [
            _fact("account_merged", 1, account_id="account5", into="account3"),
        ],
        [
            _fact("account_merged", 2, account_id="account5", into="account2"),
            _fact("visitor_identified", 1, visitor_key="anon:v1", contact_key="mail:p2@company1.example"),
        ],
        [
            _fact("contact_declared", 1, contact_key=contact, account_id=account, since=since)
            for contact, (since, account) in CHANGED_COMPANY.items()
        ],
    ]
    # Two visitors are one person, one of them over an id, the other after two mistakes; a third one stays unknown.
    calls = [
        [_identify(1, anonymousId="v0", userId="u0"), _page("v0", 0)],
        [_identify(2, userId="u0", traits={"email": "p0@company2.example"})],
        [_page("v1", 1), _identify(2, anonymousId="v1", traits={"email": "p1@company4.example"}), _page("v1", 2)],
        [_identify(3, anonymousId="v1", traits={"email": "p0@company2.example"})],
    ]
    stating = [_calls(group, START + timedelta(seconds=1, milliseconds=tick)) for tick, group in enumerate(calls)]
    return World([*bodies, *stating], [json.dumps(body).encode() for body in facts], len(stating))


def _event(rng: random.Random, number: int) -> dict[str, Any]:
    contacts = [
        {"email": f"p{rng.randrange(3)}@{rng.choice(('', 'jp.'))}company{rng.randrange(2 * ACCOUNTS)}.example"}
        for _ in range(rng.choice((1, 1, 1, 3)))
    ]
    if rng.random() < 0.2:
        contacts[0] = {"anonymous_id": f"v{rng.randrange(3)}"}
    # Most of a few days, so that contact-days are of several touches; some up to 400 days old; a few clocks run an hour
    # or a day ahead.
    time = START - timedelta(seconds=rng.randrange(rng.choice((2, 2, 2, 400)) * 86400))
    if rng.random() < 0.02:
        time = START + timedelta(hours=rng.choice((1, 24)))
    return {
        "id": f"e{number}",
        "type": rng.choice(("web.page_viewed", "email.sent", "event.attended", "meeting.held")),
        "time": time.isoformat(),
        "data": {"contacts": contacts, "subject": f"/{rng.randrange(1 << 30)}", "campaign": rng.choice(("", "春"))},
    }


def _body(rng: random.Random, group: list[dict[str, Any] | None], received: datetime) -> Body:
    bad = {"type": "fax.sent", "n": rng.randrange(1 << 40)}
    told = [bad if event is None else event for event in group]
    raw = json.dumps(told[0] if len(told) == 1 else told, ensure_ascii=rng.random() < 0.5).encode()
    return Body(raw, tuple(group), received)


def _identify(day: int, **values: Any) -> dict[str, Any]:
    return {"type": "identify", "timestamp": datetime(2026, 1, day, tzinfo=UTC).isoformat(), **values}


def _page(visitor: str, number: int) -> dict[str, Any]:
    time = START - timedelta(hours=number)
    return {"type": "page", "messageId": f"page{number}", "anonymousId": visitor, "timestamp": time.isoformat()}


def _calls(calls: list[dict[str, Any]], received: datetime) -> Body:
    """A body of a tracker: pages, and facts that are no events."""
    events = [
        {
            "id": call["messageId"],
            "type": "web.page_viewed",
            "time": call["timestamp"],
            "data": {"contacts": [{"anonymous_id": call["anonymousId"]}]},
        }
        for call in calls
        if call["type"] == "page"
    ]
    return Body(json.dumps({"batch": calls}).encode(), tuple(events), received, "segment")


def _account(number: int, *companies: int | None, day: int) -> dict[str, Any]:
    domains = [f"company{n}.example" for n in companies if n is not None]
    return _fact("account_declared", day, account_id=f"account{number}", name=f"Account {number}", domains=domains)


def _fact(kind: str, day: int, **values: Any) -> dict[str, Any]:
    return {"type": kind, "recorded_at": datetime(2026, 1, day, tzinfo=UTC).isoformat(), **values}


def _key(contact: dict[str, str]) -> str:
    return f"mail:{contact['email']}" if "email" in contact else f"anon:{contact['anonymous_id']}"


def _account_on(contact: str, day: str) -> str:
    """The account of a known contact."""
    since, account = CHANGED_COMPANY.get(contact, ("9999", ""))
    return account if day >= since else OWNER.get(contact.partition("@")[2].removeprefix("jp."), "")


def expected(bodies: Iterable[Body]) -> Tables:
    """The oracle: what the tables say once these bodies, in whatever order and however often, have gone in."""
    arrivals: dict[str, list[tuple[datetime, int, str, Body]]] = defaultdict(list)
    tables = Tables()
    dead: set[tuple[str, str, int]] = set()
    for body in bodies:
        for position, event in enumerate(body.events):
            if event is None:
                dead.add(("unknown_kind", body.record_id, position))
            else:
                arrivals[event["id"]].append((body.received, position, json.dumps(event, sort_keys=True), body))
    days: dict[tuple[str, ...], list[datetime]] = defaultdict(list)
    for event_id, came in arrivals.items():
        # A body is received once, however often it is sent again: the first receipt counts.
        standing = min(came, key=lambda arrival: arrival[:2])[2]
        dead |= {("conflicting_duplicate", body.record_id, at) for _, at, told, body in came if told != standing}
        event = json.loads(standing)
        time = datetime.fromisoformat(event["time"])
        for contact in {_key(contact) for contact in event["data"]["contacts"]}:
            day, what = str((time + _JAPAN).date()), event["type"]
            tables.touches[contact, day, what, event_id] += 1
            person = KNOWN_AS.get(contact, contact)
            days[_account_on(person, day), day, person, what].append(time)
    for key, times in days.items():
        tables.contact_day[(*key, len(times), min(times).isoformat(), max(times).isoformat())] += 1
    tables.dead = Counter(dead)
    return tables


def found(settings: Settings, ids: dict[str, str]) -> Tables:
    """The same from the store. ids: event_id (hex) -> the id that the source gave it."""
    tables = Tables()
    with clickhouse_connect.get_client(
        dsn=settings.clickhouse_url,
        username=settings.clickhouse_user,
        password=settings.clickhouse_password.get_secret_value(),
        database=settings.clickhouse_database,
    ) as client:
        for key, day, kind, action, event_id in client.query(
            "SELECT contact_key, toString(day), kind, action, lower(hex(event_id)) FROM touches FINAL"
        ).result_rows:
            tables.touches[key, day, f"{kind}.{action}", ids.get(event_id, event_id)] += 1
        for account, day, contact, kind, action, touches, first, last in client.query(
            "SELECT account_id, toString(day), contact_key, kind, action, touches,"
            " toUnixTimestamp64Milli(first_at), toUnixTimestamp64Milli(last_at) FROM contact_day FINAL"
        ).result_rows:
            times = (datetime.fromtimestamp(ms / 1000, UTC).isoformat() for ms in (first, last))
            tables.contact_day[(account, day, contact, f"{kind}.{action}", touches, *times)] += 1
        for reason, record, position in client.query(
            "SELECT reason, lower(hex(record_id)), position FROM dead_letters FINAL"
        ).result_rows:
            tables.dead[reason, record, position] += 1
    return tables


def hold(settings: Settings, world: World) -> None:
    """The store's tables are the oracle's."""
    ids = {event_digest(SOURCE, event["id"], ""): event["id"] for b in world.bodies for event in b.events if event}
    check(found(settings, ids), expected(world.bodies))


class TablesDiffer(AssertionError):
    """The tables are not the oracle's."""


def check(tables: Tables, wanted: Tables) -> None:
    """Nothing lost, nothing doubled, nothing else. Raises TablesDiffer, which says what was."""
    for name in ("touches", "contact_day", "dead"):
        has, wants = getattr(tables, name), getattr(wanted, name)
        lost, extra = wants - has, has - wants
        if lost or extra:
            raise TablesDiffer(
                f"{name}: {lost.total():,} of {wants.total():,} rows are missing, {extra.total():,} are too many;"
                f" missing {sorted(lost)[:3]}, too many {sorted(extra)[:3]}"
            )
