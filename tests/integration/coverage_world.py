"""A small world for the coverage, told in plain words, with what follows from it counted in plain Python.

Nothing here is taken from models or SQL: where somebody is on a day, what counts and what is wanted is said anew.
"""

import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple

FIRST, LAST = date(2025, 1, 6), date(2026, 6, 10)
ACCOUNTS = {one: f"{one}.example" for one in ("aozora", "kita", "minami", "nishi", "higashi")}
MERGED = {"minami": ("kita", date.min), "higashi": ("nishi", date(2026, 3, 1))}  # into which one, since when
SPLIT_OFF = {"lab.aozora.example": "nishi"}  # a subdomain that another account declares
OWN = {"ono": "営業部", "abe": "サポート部", "ito": ""}
DEPARTMENTS = {"経理部": "finance", "情報システム部": "it", "営業部": "sales", "サポート部": "support", "": "unknown"}
LOST = ("bounced", "deferred", "dropped")


def part_of(account: str, day: date) -> str:
    """The account that one counts for on a day."""
    into, since = MERGED.get(account, (account, date.min))
    return into if since <= day else account


class Stay(NamedTuple):
    """Where facts say that somebody is from a day on; account None: they say nothing of it from then on."""

    since: date
    account: str | None


@dataclass
class Somebody:
    """A person by the key she is known by. stays: by facts. place: where her touches count where no stay says it."""

    key: str
    place: str | None
    stays: list[Stay] = field(default_factory=list)
    is_told: bool = False  # whether any fact names her
    seniority: str = "unknown"
    department: str = ""
    visits_as: str | None = None

    def stay(self, day: date) -> Stay:
        told = [stay for stay in self.stays if stay.since <= day]
        return told[-1] if told else Stay(date.min, None)

    def bound(self, day: date) -> str | None:
        """The account that her touches of a day count for."""
        account = self.stay(day).account or self.place
        return part_of(account, day) if account else None

    def here(self, account: str, day: date, touched: list[date]) -> bool:
        """Whether she is at the account on a day, with the days of the touches that she had with it."""
        stay = self.stay(day)
        placed = stay.account or (self.place if self.is_told and self.key.startswith("mail:") else None)
        if placed is not None:
            return part_of(placed, day) == account
        return any(day - timedelta(days=364) <= one <= day and one >= stay.since for one in touched)


class Happened(NamedTuple):
    """One signal: what, when, who was seen in it, by which keys, and whether a machine did it."""

    number: int
    kind: str
    action: str
    direction: str
    day: date
    who: tuple[str, ...]
    machine: bool

    def signal(self) -> dict[str, Any]:
        contacts = [_contact(key) for key in self.who]
        data = {"contacts": contacts, "direction": self.direction, "machine": "prefetch" if self.machine else ""}
        when = f"{self.day}T12:00:00+09:00"
        return {"id": f"e{self.number}", "type": f"{self.kind}.{self.action}", "time": when, "data": data}


def _contact(key: str) -> dict[str, str]:
    namespace, _, value = key.partition(":")
    if namespace == "mail":
        return {"email": value}
    if namespace == "anon":
        return {"anonymous_id": value, "organization": "Aozora"}
    return {"id": value, "organization": "Aozora"}


def people() -> list[Somebody]:
    """Many alike, and one of each kind that is easily counted wrongly."""
    rng = random.Random(5)
    made = []
    for account, domain in ACCOUNTS.items():
        for number in range(14):
            one = Somebody(f"mail:p{number}@{domain}", account)
            if number % 2:
                one.is_told, one.stays = True, [Stay(date.min, account)]
                one.seniority = rng.choice(["executive", "management", "staff"])
                one.department = rng.choice(["経理部", "情報システム部", ""])
            made.append(one)
    anywhere = "elsewhere.example"
    made += [
        # Changed company; her address says nothing.
        Somebody(
            f"mail:mover@{anywhere}",
            None,
            [Stay(date.min, "aozora"), Stay(date(2026, 3, 1), "kita")],
            True,
            "executive",
        ),
        # Left, and nobody knows where to.
        Somebody(
            f"mail:leaver@{anywhere}",
            None,
            [Stay(date.min, "aozora"), Stay(date(2026, 5, 1), None)],
            True,
            "management",
        ),
        # Lent to Aozora for a while; her domain says Kita.
        Somebody(
            "mail:lent@kita.example",
            "kita",
            [Stay(date(2026, 2, 1), "aozora"), Stay(date(2026, 6, 1), None)],
            True,
            "staff",
            "経理部",
        ),
        # Went and came back: twice there.
        Somebody(
            f"mail:back@{anywhere}",
            None,
            [Stay(date.min, "aozora"), Stay(date(2025, 12, 1), "nishi"), Stay(date(2026, 4, 1), "aozora")],
            True,
            "management",
        ),
        # Declared for what has become part of Kita.
        Somebody(f"mail:part@{anywhere}", None, [Stay(date(2025, 6, 1), "minami")], True, "executive", "経理部"),
        # Declared for what becomes part of Nishi, and one who left before it did.
        Somebody(f"mail:joins@{anywhere}", None, [Stay(date(2025, 6, 1), "higashi")], True, "management", "経理部"),
        Somebody(
            f"mail:left@{anywhere}",
            None,
            [Stay(date(2025, 6, 1), "higashi"), Stay(date(2026, 2, 1), "kita")],
            True,
            "staff",
        ),
        # Named by a source only, and never touched; the nearest domain decides.
        Somebody("mail:told@eu.nishi.example", "nishi", [], True),
        Somebody("mail:told@lab.aozora.example", "nishi", [], True),
        Somebody("mail:tell@eu.aozora.example", "aozora", [], True, "unknown", "情報システム部"),
        # Known by the id of a source, with a company's name as evidence.
        Somebody("id:77", "aozora"),
        # A visitor who turned out to be somebody, and one who did not.
        Somebody("mail:visits@aozora.example", "aozora", [], True, visits_as="anon:v1"),
        Somebody("mail:signs@aozora.example", "aozora", [], True, visits_as="id:88"),
        Somebody("anon:v2", "aozora"),
    ]
    return made


def happened(everybody: list[Somebody]) -> list[Happened]:
    """A year and a half: some are busy, some fell silent, some are only written to, some of it machines did."""
    rng = random.Random(11)
    made: list[Happened] = []
    kinds = [
        *[("email", "received", "inbound"), ("email", "sent", "outbound"), ("email", "clicked", "inbound")],
        *[("meeting", "held", "mutual"), ("web", "page_viewed", "inbound"), ("email", "bounced", "outbound")],
    ]
    touched = [one for one in everybody if not one.key.startswith(("mail:told@", "mail:tell@"))]
    for number, one in enumerate(touched):
        style = number % 7
        begin = FIRST + timedelta(days=rng.randrange(200))
        end = LAST if style < 4 else begin + timedelta(days=rng.randrange(20, 260))
        for _ in range(rng.choice([3, 8, 25])):
            day = min(end, LAST) - timedelta(days=rng.randrange(max(1, (min(end, LAST) - begin).days)))
            kind, action, direction = rng.choice(kinds)
            if style == 3:
                kind, action, direction = "email", rng.choice(["sent", "sent", "bounced"]), "outbound"
            if style == 6 and rng.random() < 0.7:
                kind, action, direction = "email", "bounced", "outbound"
            key = one.visits_as if one.visits_as and (kind == "web" or rng.random() < 0.5) else one.key
            who = [key]
            if direction == "mutual" and rng.random() < 0.6:
                who += [rng.choice(["mail:{}@ours.example", "id:{}"]).format(own) for own in rng.sample(sorted(OWN), 2)]
                who.append(rng.choice(touched).key)
            machine = kind == "web" and rng.random() < 0.3
            made.append(Happened(len(made), kind, action, direction, day, tuple(dict.fromkeys(who)), machine))
    # Met under the key of a visitor, with nobody else of the account in it.
    for one in filter(lambda one: one.visits_as, everybody):
        who = (str(one.visits_as), "id:ito")
        made.append(Happened(len(made), "meeting", "held", "mutual", LAST - timedelta(days=9), who, False))
    # Among ourselves, on days on which others were met too.
    for day in sorted({one.day for one in made})[::5]:
        ours = tuple(f"mail:{own}@ours.example" for own in OWN)
        made.append(Happened(len(made), "meeting", "held", "internal", day, ours, False))
    return made


PLANS: list[tuple[date, str, str, str, dict[str, Any] | None]] = [
    # recorded on, account, part, key, what it says (None: dropped)
    (date(2026, 1, 10), "aozora", "target", "finance.management", {"wanted": 4}),
    (date(2026, 1, 10), "aozora", "target", "it.staff", {"wanted": 1}),
    (date(2026, 1, 10), "aozora", "target", "legal.executive", {"wanted": 2}),
    (date(2026, 5, 1), "aozora", "target", "finance.management", {"wanted": 7}),
    (date(2026, 6, 1), "aozora", "target", "legal.executive", None),
    (date(2026, 3, 1), "kita", "target", "finance.executive", {"wanted": 3}),
    (date(2026, 1, 10), "higashi", "target", "finance.management", {"wanted": 2}),
    (date(2026, 3, 1), "minami", "target", "sales.staff", {"wanted": 9}),  # no plan of its own any more
    (date(2026, 1, 10), "aozora", "stakeholder", "cfo", {"title": "CFO", "name": "鈴木", "relationship": "needs_work"}),
    (
        *(date(2026, 1, 10), "aozora", "stakeholder", "mover"),
        {"contact_key": "mail:mover@elsewhere.example", "decision_role": "decides", "approval_step": 2},
    ),
    (date(2026, 5, 1), "aozora", "stakeholder", "visitor", {"contact_key": "id:88"}),
    (date(2026, 6, 5), "aozora", "stakeholder", "cfo", None),
]
REVENUE = {date(2025, month, 1): float(month * 100) for month in (1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12)}


def facts(everybody: list[Somebody]) -> Iterator[dict[str, Any]]:
    """All that is stated, in the form of the topic."""
    early = "2025-01-01T00:00:00+09:00"
    for account, domain in ACCOUNTS.items():
        named = {
            "account_id": account,
            "name": account.title(),
            "domains": [domain, *(d for d, owner in SPLIT_OFF.items() if owner == account)],
        }
        yield {"type": "account_declared", "recorded_at": early, **named}
    for account, (into, since) in MERGED.items():
        when = {} if since == date.min else {"since": since.isoformat()}
        yield {"type": "account_merged", "recorded_at": early, "account_id": account, "into": into, **when}
    yield {"type": "own_domain_declared", "recorded_at": early, "domain": "ours.example"}
    for own, department in OWN.items():
        described = {"contact_key": f"mail:{own}@ours.example", "name": own.title(), "department": department}
        yield {"type": "contact_described", "recorded_at": early, **described}
        known = {"visitor_key": f"id:{own}", "contact_key": f"mail:{own}@ours.example"}
        yield {"type": "visitor_identified", "recorded_at": early, **known}
    for one in everybody:
        said = {"contact_key": one.key, "department": one.department}
        for stay in one.stays:
            since = {} if stay.since == date.min else {"since": stay.since.isoformat()}
            told = {**said, "seniority": one.seniority, "account_id": stay.account, **since}
            yield {"type": "contact_declared", "recorded_at": early, **told}
        if one.is_told and not one.stays:
            yield {"type": "contact_described", "recorded_at": early, **said}
        if one.visits_as:
            known = {"visitor_key": one.visits_as, "contact_key": one.key}
            yield {"type": "visitor_identified", "recorded_at": early, **known}
    for day, account, part, key, item in PLANS:
        recorded = datetime.combine(day, time(3), UTC).isoformat()
        if item is None:
            yield {
                "type": "plan_item_dropped",
                "recorded_at": recorded,
                "account_id": account,
                "part": part,
                "key": key,
            }
            continue
        place = dict(zip(("function", "seniority"), key.split("."), strict=True)) if part == "target" else {}
        stated = {"account_id": account, "key": key, "item": {"part": part, **place, **item}}
        yield {"type": "plan_item_stated", "recorded_at": recorded, **stated}
    for month, amount in REVENUE.items():
        told = {"account_id": "aozora", "month": month.isoformat(), "amount": amount}
        yield {"type": "revenue_recorded", "recorded_at": early, **told}


class Day(NamedTuple):
    """A day on which somebody was touched, for an account."""

    account: str
    day: date
    kind: str
    direction: str
    event: int


class Count:
    """What follows from the world, counted one by one."""

    def __init__(self, everybody: list[Somebody], events: list[Happened]) -> None:
        self.people = {one.key: one for one in everybody}
        visitors = {one.visits_as: one.key for one in everybody if one.visits_as}
        self.days: dict[str, list[Day]] = defaultdict(list)
        self.ours: dict[int, list[str]] = {}
        for event in events:
            self.ours[event.number] = [
                f"mail:{own}@ours.example" for own in OWN if {f"mail:{own}@ours.example", f"id:{own}"} & {*event.who}
            ]
            for key in {visitors.get(key, key) for key in event.who} & self.people.keys():
                account = self.people[key].bound(event.day)
                if account and not event.machine:
                    lost = event.action in LOST
                    direction = "lost" if lost else event.direction
                    self.days[key].append(Day(account, event.day, event.kind, direction, event.number))

    def of(self, key: str, account: str, as_of: date, *ways: str) -> set[date]:
        """Days on which somebody was touched for an account in one of these ways."""
        return {d.day for d in self.days[key] if d.account == account and d.day <= as_of and d.direction in ways}

    def engaged(self, key: str, account: str, as_of: date, days: int = 10_000) -> set[date]:
        first = as_of - timedelta(days=days - 1)
        return {day for day in self.of(key, account, as_of, "inbound", "mutual") if day >= first}

    def here(self, account: str, as_of: date) -> set[str]:
        """Who is at the account on a day: people only."""
        return {
            key
            for key, one in self.people.items()
            if not key.startswith("anon:")
            and one.here(account, as_of, sorted(self.of(key, account, as_of, "inbound", "mutual", "outbound")))
        }

    def gone(self, account: str, as_of: date) -> int:
        touched = {k for k in self.people if self.of(k, account, as_of, "inbound", "mutual", "outbound")}
        return len({key for key in touched if not key.startswith("anon:")} - self.here(account, as_of))

    def place(self, key: str) -> tuple[str, str]:
        return DEPARTMENTS[self.people[key].department], self.people[key].seniority

    def wanted(self, account: str, as_of: date) -> dict[tuple[str, str], int]:
        found: dict[tuple[str, str], int] = {}
        for day, whose, part, key, item in PLANS:
            if whose == account and part == "target" and day <= as_of:
                function, seniority = key.split(".")
                found.pop((function, seniority), None)
                if item is not None:
                    found[function, seniority] = item["wanted"]
        return found

    def cells(self, account: str, as_of: date) -> dict[tuple[str, str], tuple[int, int, int | None, int | None]]:
        """known, engaged, wanted, missing by function and seniority."""
        here, wanted = self.here(account, as_of), self.wanted(account, as_of)
        found = {}
        for place in {*map(self.place, here), *wanted}:
            known = [key for key in here if self.place(key) == place]
            engaged = sum(bool(self.engaged(key, account, as_of, 90)) for key in known)
            lack = max(0, wanted[place] - engaged) if place in wanted else None
            found[place] = len(known), engaged, wanted.get(place), lack
        return found

    def two_way(self, key: str, account: str, as_of: date) -> date | None:
        """The last day with a meeting, or with one way of mail and the other on it or in the 30 days before it."""
        came, went = self.of(key, account, as_of, "inbound"), self.of(key, account, as_of, "outbound")
        found = list(self.of(key, account, as_of, "mutual"))
        for some, others in ((came, went), (went, came)):
            found += [day for day in some if any(timedelta(0) <= day - o <= timedelta(days=30) for o in others)]
        return max(found, default=None)

    def status(self, key: str, account: str, as_of: date) -> str:
        if self.engaged(key, account, as_of, 90):
            last = self.two_way(key, account, as_of)
            return "two_way" if last and last > as_of - timedelta(days=90) else "one_way"
        if self.engaged(key, account, as_of):
            return "lapsed"
        return "outbound_only" if self.of(key, account, as_of, "outbound") else "never"

    def channels(self, key: str, account: str, as_of: date) -> tuple[str, ...]:
        first = as_of - timedelta(days=89)
        came = [d for d in self.days[key] if d.account == account and d.direction in ("inbound", "mutual")]
        return tuple(sorted({d.kind for d in came if first <= d.day <= as_of}))

    def contact_days(self, account: str, as_of: date) -> dict[str, int]:
        """Engaged days of 180 of who is at the account."""
        days = {key: len(self.engaged(key, account, as_of, 180)) for key in self.here(account, as_of)}
        return {key: count for key, count in days.items() if count}

    def own_side(self, account: str, as_of: date, days: int) -> dict[str, int]:
        """Signals that people of ours share with anybody of the account, by their keys."""
        first = as_of - timedelta(days=days - 1)
        shared: dict[str, set[int]] = defaultdict(set)
        for theirs in self.days.values():
            for one in theirs:
                if one.account == account and first <= one.day <= as_of:
                    for own in self.ours[one.event]:
                        shared[own].add(one.event)
        return {own: len(events) for own, events in shared.items()}

    def management(self, account: str, first: date, last: date) -> tuple[int, int, int, int]:
        """Executives, managers, staff and others engaged in a stretch of days, wherever they are now."""
        ranks = defaultdict(int)
        for key, one in self.people.items():
            if not key.startswith("anon:") and any(
                first <= day <= last for day in self.of(key, account, last, "inbound", "mutual")
            ):
                ranks[one.seniority] += 1
        return ranks["executive"], ranks["management"], ranks["staff"], ranks["unknown"]
