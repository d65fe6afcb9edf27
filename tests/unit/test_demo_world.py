"""The demo world holds what its stories promise, by a reading of it that shares no code with the product's rules."""

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from statistics import median
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from jobs.demo.cast import COMPANIES
from jobs.demo.profiles import PROFILES
from jobs.demo.timeline import is_closed
from jobs.demo.world import World, build
from models.account_profile import AccountProfiled
from models.directory import Binding, Directory
from models.events import Signal
from models.folding import fold
from models.outcomes import Reason
from models.plan.checks import doubts
from models.plan.document import PLACES, as_document
from models.plan.facts import PlanFact, PlanItemDropped, PlanItemStated
from models.plan.fold import fold_plan, history
from models.plan.reading import read_plan
from models.plan.yaml_text import write_yaml
from models.sources.canonical import decode
from models.touches import Touch, read_signal, too_early

TOKYO = ZoneInfo("Asia/Tokyo")
DOCUMENT = Path(__file__).parents[2] / "docs" / "demo-world.md"
FIRST = (1, date(2026, 11, 21))
# The last days of a fiscal year, of the New Year holidays, of Golden Week and of Obon are the hardest to stay calm on.
WORLDS = [
    FIRST,
    pytest.param(2, date(2026, 3, 31), marks=pytest.mark.slow),
    pytest.param(3, date(2026, 1, 5), marks=pytest.mark.slow),
    pytest.param(4, date(2026, 5, 8), marks=pytest.mark.slow),
    pytest.param(5, date(2026, 8, 20), marks=pytest.mark.slow),
]


@dataclass
class Engagement:
    """What the rules may look at of one account: human inbound and mutual touches. Days as ordinals."""

    first_known: dict[int, int] = field(default_factory=dict)  # day in touch -> day on which we first heard of it
    managers: dict[int, set[str]] = field(default_factory=lambda: defaultdict(set))  # by quarter
    mail_contacts: dict[int, set[str]] = field(default_factory=lambda: defaultdict(set))  # by quarter


@dataclass
class Reading:
    """A world as decoded."""

    world: World
    directory: Directory
    touches: list[Touch]
    signals: int
    duplicates: int
    late: int
    dead_letters: Counter[Reason]
    engagement: dict[str, Engagement]


def day_of(moment: datetime) -> date:
    return moment.astimezone(TOKYO).date()


def binding(directory: Directory, touch: Touch) -> Binding:
    return directory.bind(touch.contact_key, touch.affiliation, day_of(touch.occurred_at))


def quarter_of(day: date) -> int:
    return day.year * 4 + (day.month - 1) // 3


@cache
def world_of(seed: int, until: date) -> World:
    return build(seed, until)


@cache
def read(seed: int, until: date) -> Reading:
    world = world_of(seed, until)
    directory = fold(world.facts)
    seen: dict[UUID, bytes] = {}
    dead_letters: Counter[Reason] = Counter()
    duplicates = late = 0
    touches: list[Touch] = []
    for record in world.records():
        for index, outcome in enumerate(decode(record.body, record.origin)):
            if isinstance(outcome, Signal):
                outcome = too_early(outcome, record.origin, index, b"") or outcome
            if not isinstance(outcome, Signal):
                dead_letters[outcome.reason] += 1
                continue
            event_id, digest, found = read_signal(outcome, record.origin)
            if event_id in seen:
                if seen[event_id] == digest:
                    duplicates += 1
                else:
                    dead_letters[Reason.CONFLICTING_DUPLICATE] += 1
            else:
                seen[event_id] = digest
                late += record.origin.received_at - outcome.time > timedelta(days=1)
                touches += found
    return Reading(world, directory, touches, len(seen), duplicates, late, dead_letters, engage(directory, touches))


def engage(directory: Directory, touches: Iterable[Touch]) -> dict[str, Engagement]:
    found: dict[str, Engagement] = defaultdict(Engagement)
    for touch in touches:
        account_id = binding(directory, touch).account_id
        if not account_id or touch.machine or touch.direction not in ("inbound", "mutual"):
            continue
        engagement, day = found[account_id], day_of(touch.occurred_at)
        heard = day_of(touch.received_at).toordinal()
        engagement.first_known[day.toordinal()] = min(heard, engagement.first_known.get(day.toordinal(), heard))
        if touch.contact_key.startswith("mail:"):
            engagement.mail_contacts[quarter_of(day)].add(touch.contact_key)
        contact = directory.contacts.get(touch.contact_key)
        if contact and contact.seniority in ("executive", "management"):
            engagement.managers[quarter_of(day)].add(touch.contact_key)
    return found


def is_quiet(days: list[int], as_of: date) -> bool:
    """Rule 1 over sorted days in touch: the last 1 to 9 windows all far under the median of the six before."""

    def in_window(back: int) -> int:
        end = as_of.toordinal() - 30 * back
        return bisect_right(days, end) - bisect_left(days, end - 29)

    if not days:
        return False
    for run in range(9, 0, -1):
        if days[0] > as_of.toordinal() - 30 * (run + 6) + 1:
            continue
        habit = median(in_window(back) for back in range(run, run + 6))
        if habit >= 2 and all(in_window(back) < 0.34 * habit for back in range(run)):
            return True
    return False


def replacement_verdict(reading: Reading, account_id: str, as_of: date) -> str:
    """Rule 2: 'risk', 'growing', 'insufficient' or 'not asked'."""
    account, directory = reading.directory.accounts[account_id], reading.directory
    if account.tier != "strategic" or account.kind != "customer":
        return "not asked"
    engagement, current = reading.engagement[account_id], quarter_of(as_of)
    recent, before = range(current - 4, current), range(current - 8, current - 4)
    revenue = dict.fromkeys((*before, *recent), 0.0)
    months = Counter[int]()
    for (owner, month, _), record in directory.revenue.items():
        if owner == account_id and quarter_of(month) in revenue:
            revenue[quarter_of(month)] += record.amount
            months[quarter_of(month)] += 1
    if any(months[quarter] < 3 for quarter in revenue):
        return "insufficient"
    managers = []
    for period in (before, recent):
        people = set().union(*(engagement.mail_contacts[quarter] for quarter in period))
        ranks = [directory.contacts[key].seniority if key in directory.contacts else "unknown" for key in people]
        if ranks.count("unknown") * 2 > len(ranks) or (period is before and not people):
            return "insufficient"
        managers.append(len(set().union(*(engagement.managers[quarter] for quarter in period))))
    more_revenue = sum(revenue[q] for q in recent) > 1.03 * sum(revenue[q] for q in before)
    return "growing" if managers[1] > managers[0] or more_revenue else "risk"


def weekly(until: date) -> list[date]:
    return [until - timedelta(weeks=back) for back in range(52, -1, -1)]


def lives(as_ofs: list[date], holds: Callable[[date], bool]) -> list[tuple[date, date | None]]:
    """When an alert opened and was resolved, for each time it did."""
    found: list[tuple[date, date | None]] = []
    is_open = False
    for as_of in as_ofs:
        if holds(as_of) and not is_open:
            found.append((as_of, None))
        elif not holds(as_of) and is_open:
            found[-1] = (found[-1][0], as_of)
        is_open = holds(as_of)
    return found


def assert_stories_hold(reading: Reading, as_ofs: list[date], *, as_known_then: bool = False) -> None:
    for story in reading.world.stories:
        known = reading.engagement[story.account_id].first_known

        def quiet(as_of: date, known: dict[int, int] = known) -> bool:
            return is_quiet(sorted(d for d in known if not as_known_then or known[d] <= as_of.toordinal()), as_of)

        def replaced(as_of: date, account_id: str = story.account_id) -> bool:
            return replacement_verdict(reading, account_id, as_of) == "risk"

        for rule, holds in (("gone_quiet", quiet), ("replacement_risk", replaced)):
            expected = [alert for alert in story.expected if alert.rule == rule]
            alerts = lives(as_ofs, holds)
            about = f"{story.account_id} ({story.name}), {rule}: expected {expected}, got {alerts}"
            assert len(alerts) == len(expected), about
            for alert, (opened, resolved) in zip(expected, alerts, strict=True):
                assert alert.open_from <= opened <= alert.open_by, about
                assert (resolved is None) == (alert.resolved_by is None), about
                assert resolved is None or resolved <= alert.resolved_by, about


@pytest.mark.parametrize(("seed", "until"), WORLDS)
def test_every_story_raises_its_alerts_and_no_others_in_the_last_year(seed: int, until: date) -> None:
    assert_stories_hold(read(seed, until), weekly(until))


@pytest.mark.parametrize(("seed", "until"), WORLDS)
def test_the_planted_numbers_are_what_decoding_finds(seed: int, until: date) -> None:
    reading = read(seed, until)
    planted = reading.world.planted
    assert reading.dead_letters == planted.dead_letters
    assert (reading.signals, reading.duplicates, reading.late) == (planted.signals, planted.duplicates, planted.late)
    assert 36_000 < planted.signals < 48_000
    assert 0.015 < planted.duplicates / planted.signals < 0.025
    assert planted.late > 100
    assert len(planted.dead_letters) == 11


def test_late_events_change_no_alert() -> None:
    reading = read(*FIRST)
    assert_stories_hold(reading, weekly(reading.world.until), as_known_then=True)


def test_the_same_seed_and_day_give_the_same_bytes_and_another_seed_gives_others() -> None:
    world, again, other = world_of(*FIRST), build(*FIRST), build(FIRST[0] + 1, FIRST[1])
    assert list(world.records()) == list(again.records())
    assert (world.facts, world.stories, world.planted) == (again.facts, again.stories, again.planted)
    assert list(world.records()) != list(other.records())
    assert world.stories == other.stories  # the plot belongs to the day, its details to the seed


def test_records_come_in_the_order_of_receipt_and_none_after_the_last_day() -> None:
    world = world_of(*FIRST)
    received = [record.origin.received_at for record in world.records()]
    assert received == sorted(received)
    assert day_of(received[-1]) == world.until
    assert max(day_of(fact.recorded_at) for fact in world.facts) <= world.until


def test_signals_of_all_four_kinds_go_back_three_years() -> None:
    reading = read(*FIRST)
    assert {touch.kind for touch in reading.touches} == {"web", "email", "event", "meeting"}
    assert {touch.direction for touch in reading.touches} == {"inbound", "outbound", "mutual"}
    first = min(day_of(touch.occurred_at) for touch in reading.touches)
    assert timedelta(days=3 * 365) < reading.world.until - first < timedelta(days=3 * 365 + 93)


def test_the_cast_is_forty_accounts_with_four_to_twenty_five_people_each() -> None:
    accounts = read(*FIRST).directory.accounts
    assert set(accounts) == {company.account_id for company in COMPANIES}
    assert len(accounts) == 40
    assert sum(account.tier == "strategic" for account in accounts.values()) == 13
    assert sum(account.kind == "partner" for account in accounts.values()) == 5
    assert sum(account.parent_account_id is not None for account in accounts.values()) == 4
    assert all(4 <= company.executives + company.managers + company.staff <= 25 for company in COMPANIES)


def test_some_accounts_are_profiled_and_none_that_is_not_there() -> None:
    profiles = [fact for fact in world_of(*FIRST).facts if isinstance(fact, AccountProfiled)]
    assert {fact.account_id for fact in profiles} == set(PROFILES) < {company.account_id for company in COMPANIES}
    assert len(profiles) == len(PROFILES) == 15
    assert any(fact.employees is None for fact in profiles), "there is something unknown to show"
    assert any(fact.annual_revenue is None and fact.currency is None for fact in profiles)


def test_touches_are_bound_in_every_way_the_directory_knows() -> None:
    reading = read(*FIRST)
    ways = Counter(binding(reading.directory, touch).bound_by for touch in reading.touches)
    assert min(ways[way] for way in ("contact", "domain", "organization", "own", "free_mail", "unbound")) > 20


def test_japanese_accounts_are_in_touch_in_office_hours_and_never_in_the_long_holidays() -> None:
    reading = read(*FIRST)
    japanese = {company.account_id for company in COMPANIES if company.region == "japan"}
    moments = [
        touch.occurred_at.astimezone(TOKYO)
        for touch in reading.touches
        if binding(reading.directory, touch).account_id in japanese
        and touch.direction != "outbound"
        and not touch.machine
    ]
    assert moments
    assert not [moment for moment in moments if moment.weekday() >= 5 or not 8 <= moment.hour < 19]
    assert not [moment for moment in moments if is_closed(moment.date(), "japan")]


def test_the_single_threaded_account_is_only_ever_one_person() -> None:
    engagement = read(*FIRST).engagement["veldmark"]
    assert len(set().union(*engagement.mail_contacts.values())) == 1


def test_the_champion_is_half_of_all_contact_until_gone() -> None:
    reading = read(*FIRST)
    touches = [
        touch
        for touch in reading.touches
        if touch.direction != "outbound" and binding(reading.directory, touch) == ("suiran", "contact")
    ]
    (champion, _), *_ = Counter(touch.contact_key for touch in touches).most_common()
    assert reading.directory.contacts[champion].seniority == "executive"
    leaving = reading.world.until - timedelta(days=75)
    before = [touch.contact_key for touch in touches if day_of(touch.occurred_at) < leaving]
    after = [touch.contact_key for touch in touches if day_of(touch.occurred_at) >= leaving]
    assert before.count(champion) > 0.35 * len(before)
    assert after
    assert champion not in after


def test_the_renamed_company_is_one_account_under_two_domains() -> None:
    reading = read(*FIRST)
    on = reading.world.until - timedelta(days=150)
    bound = [t for t in reading.touches if binding(reading.directory, t).account_id == "reimei"]
    old = [day_of(t.occurred_at) for t in bound if t.affiliation.endswith("reimei.example")]
    new = [day_of(t.occurred_at) for t in bound if t.affiliation.endswith("reimex.example")]
    assert max(old) < on <= min(new)
    assert reading.directory.accounts["reimei"].name == "レイメックス"


def test_crawlers_go_on_where_the_people_stopped() -> None:
    reading = read(*FIRST)
    last = reading.world.until - timedelta(days=30)
    recent = [
        touch.machine
        for touch in reading.touches
        if binding(reading.directory, touch).account_id == "yukishiro"
        and touch.direction == "inbound"
        and day_of(touch.occurred_at) > last
    ]
    assert len(recent) > 20
    assert set(recent) == {"crawler"}


def test_missing_data_is_told_from_flat() -> None:
    reading = read(*FIRST)
    verdicts = {a: replacement_verdict(reading, a, reading.world.until) for a in reading.directory.accounts}
    insufficient = {account_id for account_id, verdict in verdicts.items() if verdict == "insufficient"}
    assert insufficient == {"shirasuna", "calloway-finch"}
    assert verdicts["oriel-pike"] == "not asked"


def test_the_document_tells_every_account_and_every_story() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    for company in COMPANIES:
        row = next((line for line in text.splitlines() if line.startswith(f"| `{company.account_id}` |")), "")
        for cell in (company.name, company.reading, company.story):
            assert cell in row, f"{company.account_id}: {cell!r} is missing in {row!r}"


def test_two_accounts_have_plans_that_are_stated_once_and_changed_once() -> None:
    world = world_of(*FIRST)
    steps: dict[str, dict[date, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    for account in ("hoshikawa", "watahashi"):
        for step in history(fact for fact in plan_facts(world) if fact.account_id == account):
            steps[account][day_of(step.recorded_at)][step.change] += 1
    stated, changed = (world.until - timedelta(days=days) for days in (200, 60))
    assert all(list(days) == [stated, changed] for days in steps.values())
    assert {fact.account_id for fact in plan_facts(world)} == {"hoshikawa", "watahashi"}
    assert all(set(days[stated]) == {"stated"} for days in steps.values())
    assert steps["hoshikawa"][changed] == {"stated": 1, "changed": 3, "dropped": 1}
    assert steps["watahashi"][changed] == {"changed": 2, "dropped": 1}


def test_the_plans_are_good_ones() -> None:
    world = world_of(*FIRST)
    parts: set[str] = set()
    for account in ("hoshikawa", "watahashi"):
        items = fold_plan(fact for fact in plan_facts(world) if fact.account_id == account)
        parts |= {part for part, _ in items}
        plan = read_plan(write_yaml(as_document(account, items)).encode()).plan
        assert plan is not None
        assert list(doubts(plan, world.until)) == []
    assert parts == set(PLACES)


def plan_facts(world: World) -> list[PlanFact]:
    return [fact for fact in world.facts if isinstance(fact, PlanItemStated | PlanItemDropped)]
