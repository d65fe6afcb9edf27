"""Timelines: invented histories of an account, and what a rule is to say of them: docs/rules.md."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from models.account_history import (
    AccountHistory,
    Answer,
    Case,
    ContactHistory,
    Day,
    Days,
    Deal,
    OwnPerson,
    PlanHistory,
)
from models.business_days import BusinessCalendar
from models.facts import Seniority
from models.findings import Severity
from models.plan.facts import ITEM
from models.plan.fold import Step
from models.rules.rule import AsOf, Finding, Rule

_ROW = re.compile(r"(\d{4}-\d\d-\d\d)\.\.(\d{4}-\d\d-\d\d)/(\d+)")


def _readable(told: list[date | str]) -> list[date | str]:
    for one in told:
        if isinstance(one, str) and not _ROW.fullmatch(one):
            raise ValueError(f"{one!r} is no day: write 2026-04-01, or 2026-04-01..2026-06-30/7 for every seventh")
    return told


# Single days, and rows of them: FIRST..LAST/STEP, FIRST included.
_Days = Annotated[list[date | str], AfterValidator(_readable)]


class _Told(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ToldContact(_Told):
    """A contact. moves: account by the first day there; named: the day facts first told of her."""

    key: str
    name: str = ""
    title: str = ""
    seniority: Seniority = "unknown"
    function: str = "unknown"
    inbound: _Days = []
    outbound: _Days = []
    mutual: _Days = []
    bounced: _Days = []
    moves: dict[date, str] = {}
    named: date | None = None


class ToldDeal(_Told):
    id: str
    name: str = ""
    product: str = ""
    stage: str = ""
    outcome: Literal["open", "won", "lost"] = "open"
    amount: float | None = None
    currency: str | None = "JPY"
    opened: date | None = None
    expected: date | None = None
    closed: date | None = None
    told: date = date(1970, 1, 1)


class ToldCase(_Told):
    id: str
    severity: str = ""
    opened: date
    closed: date | None = None


class ToldAnswer(_Told):
    score: int
    on: date
    contact: str = ""


class ToldOwn(_Told):
    key: str
    name: str = ""
    function: str = "unknown"
    days: _Days


class ToldItem(_Told):
    """An item of the plan stated on a day; without item it was dropped."""

    on: date
    part: str
    key: str
    item: dict[str, Any] | None = None


class Expected(_Told):
    """What a finding must say. says: parts of the English or Japanese sentence; observed, expected: some of the
    evidence."""

    severity: Severity | None = None
    says: list[str] = []
    observed: dict[str, Any] = {}
    expected: dict[str, Any] = {}
    contacts: list[str] | None = None


class Timeline(_Told):
    """One story. visitors: engaged days of people whom nobody knows. channels: engaged days by kind of signal; where
    it is left out, those in which people came are email's, those on which we met meeting's. revenue: by month,
    2026-04."""

    story: str
    as_of: date
    account: str = "a"
    name: str = "A"
    tier: str = "strategic"
    kind: str = "customer"
    contacts: list[ToldContact] = []
    visitors: _Days = []
    channels: dict[str, _Days] = {}
    revenue: dict[Annotated[str, Field(pattern=r"^\d{4}-(0[1-9]|1[0-2])$")], float] = {}
    currency: str = "JPY"
    deals: list[ToldDeal] = []
    cases: list[ToldCase] = []
    answers: list[ToldAnswer] = []
    own: list[ToldOwn] | None = None
    plan: list[ToldItem] = []
    known_since: date | None = date(1970, 1, 1)
    closed: _Days = []
    silent_since: dict[str, date] = {}
    fiscal_year_start_month: int = 4
    thresholds: dict[str, Any] = {}
    expect: Literal["silence", "insufficient_data"] | Expected


def tell(timeline: Timeline, rule: Rule[Any]) -> Finding | None:
    """What the rule says of the story."""
    thresholds = rule.thresholds.model_validate(timeline.thresholds)
    silent = {channel: day.toordinal() for channel, day in timeline.silent_since.items()}
    as_of = AsOf(
        timeline.as_of.toordinal(),
        BusinessCalendar(_days(timeline.closed)),
        timeline.fiscal_year_start_month,
        silent,
    )
    found: Finding | None = rule.judge(history_of(timeline), as_of, thresholds)
    return found


def differences(found: Finding | None, expected: Literal["silence", "insufficient_data"] | Expected) -> list[str]:
    """How what was found is not what was expected; empty where it is."""
    if isinstance(expected, str):
        status = "silence" if found is None else found.status
        return [] if status == expected else [f"expected {expected}, found {_shown(found)}"]
    if found is None or found.status != "finding":
        return [f"expected a finding, found {_shown(found)}"]
    wrong = []
    if expected.severity not in (None, found.severity):
        wrong.append(f"severity: expected {expected.severity}, found {found.severity}")
    said = (found.sentence_en, found.sentence_ja)
    wrong += [f"says: {text!r} is not in {said}" for text in expected.says if not any(text in one for one in said)]
    for name, told in (("observed", found.evidence.observed), ("expected", found.evidence.expected)):
        wanted: dict[str, Any] = getattr(expected, name)
        wrong += [
            f"{name}.{key}: expected {value!r}, found {told.get(key)!r}"
            for key, value in wanted.items()
            if told.get(key) != value
        ]
    if expected.contacts is not None and list(found.evidence.contacts) != expected.contacts:
        wrong.append(f"contacts: expected {expected.contacts}, found {list(found.evidence.contacts)}")
    return wrong


def history_of(timeline: Timeline) -> AccountHistory:
    """The story as the rules look at it."""
    contacts = tuple(map(_contact, timeline.contacts))
    came = _union([*(one.inbound for one in contacts), _days(timeline.visitors)])
    met = _union(one.mutual for one in contacts)
    channels: Mapping[str, Days] = {kind: _days(told) for kind, told in timeline.channels.items()} or {
        kind: days for kind, days in (("email", came), ("meeting", met)) if days
    }
    return AccountHistory(
        account_id=timeline.account,
        name=timeline.name,
        tier=timeline.tier,
        kind=timeline.kind,
        contacts=contacts,
        engaged=_union([came, met]),
        sent=_union(one.outbound for one in contacts),
        met=met,
        channels=channels,
        revenue={int(month[:4]) * 12 + int(month[5:]) - 1: amount for month, amount in timeline.revenue.items()},
        currency=timeline.currency,
        deals=tuple(map(_deal, timeline.deals)),
        cases=tuple(Case(one.id, one.severity, one.opened.toordinal(), _day(one.closed)) for one in timeline.cases),
        answers=tuple(Answer(one.score, one.on.toordinal(), one.contact) for one in timeline.answers),
        plan=_plan(timeline.plan),
        own=None
        if timeline.own is None
        else tuple(OwnPerson(one.key, one.name, one.function, _days(one.days)) for one in timeline.own),
        known_since=_day(timeline.known_since),
    )


def _contact(told: ToldContact) -> ContactHistory:
    inbound, mutual = _days(told.inbound), _days(told.mutual)
    return ContactHistory(
        told.key,
        told.name,
        told.title,
        told.seniority,
        told.function,
        inbound,
        _days(told.outbound),
        mutual,
        _union([inbound, mutual]),
        _days(told.bounced),
        tuple(sorted((since.toordinal(), account) for since, account in told.moves.items())),
        _day(told.named),
    )


def _deal(told: ToldDeal) -> Deal:
    return Deal(
        told.id,
        told.name,
        told.product,
        told.stage,
        told.outcome,
        told.amount,
        told.currency if told.amount is not None else None,
        _day(told.opened),
        _day(told.expected),
        _day(told.closed),
        told.told.toordinal(),
    )


def _plan(told: Sequence[ToldItem]) -> PlanHistory:
    steps = []
    standing: dict[tuple[str, str], Any] = {}
    ordered = sorted(told, key=lambda one: one.on)
    for one in ordered:
        about = (one.part, one.key)
        after = ITEM.validate_json(json.dumps({"part": one.part, **one.item}, default=str)) if one.item else None
        moment = datetime.combine(one.on, datetime.min.time(), UTC)
        steps.append(Step(moment, about, standing.get(about), after))
        standing[about] = after
    return PlanHistory(tuple(one.on.toordinal() for one in ordered), tuple(steps))


def _days(told: Sequence[date | str]) -> Days:
    found: set[Day] = set()
    for one in told:
        if isinstance(one, date):
            found.add(one.toordinal())
        elif row := _ROW.fullmatch(one):
            first, last = (date.fromisoformat(row[at]).toordinal() for at in (1, 2))
            found.update(range(first, last + 1, int(row[3])))
    return sorted(found)


def _day(told: date | None) -> Day | None:
    return None if told is None else told.toordinal()


def _union(days: Iterable[Days]) -> Days:
    return sorted({day for some in days for day in some})


def _shown(found: Finding | None) -> str:
    return "silence" if found is None else f"{found.status} ({found.sentence_en})"
