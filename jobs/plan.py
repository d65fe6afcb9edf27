"""Account plans between files and the store: read files, compare with what stands, state what changes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from infra.clickhouse import ClickHouse
from infra.plans import PlannedAccount, Plans
from infra.settings import Settings
from infra.suppressions import Suppressions
from jobs.files import FileUnreadable
from jobs.import_ import Importer, ImportFailed
from models.erasure import Suppressed
from models.plan.changes import changes, drops_much, facts_of
from models.plan.checks import doubts, overloaded
from models.plan.direction import Selection
from models.plan.document import PLACES, PlanFile, items_of
from models.plan.fold import Items, Step, about, fold_plan
from models.plan.problems import Problem
from models.plan.reading import PlanText, read_plan
from models.plan.yaml_text import MOST_BYTES
from models.sources.fact_records import without_forgotten
from models.touches import FUTURE_TOLERANCE


class PlanNotWanted(Exception):
    """A plan that cannot be imported as asked; the message says which, and what to do."""


class Found(NamedTuple):
    """Something about a file."""

    file: Path
    problem: Problem


@dataclass
class Files:
    """Plan files as read. found: errors and warnings of all of them, in their order."""

    texts: dict[Path, PlanText]
    found: list[Found]

    @property
    def errors(self) -> int:
        return sum(one.problem.severity == "error" for one in self.found)

    @property
    def plans(self) -> dict[Path, PlanFile]:
        return {path: text.plan for path, text in self.texts.items() if text.plan is not None}


@dataclass
class Imported:
    """What the file of one account changes. forgotten: stakeholders left out, as they asked to be forgotten."""

    account_id: str
    name: str
    file: Path
    standing: Items
    steps: list[Step]
    forgotten: int = 0
    drops_much: bool = field(init=False)

    def __post_init__(self) -> None:
        self.drops_much = drops_much(self.standing, self.steps)

    @property
    def parts_gone(self) -> list[str]:
        """Parts of which nothing is left, in the order of the parts."""
        gone = {step.about for step in self.steps if step.after is None}
        left = {part for part, key in self.standing if (part, key) not in gone}
        left |= {step.about[0] for step in self.steps if step.after is not None}
        return [part for part in PLACES if part not in left and any(one == part for one, _ in gone)]


def read_files(
    paths: Sequence[Path], limit: int, today: date, others: Callable[[], dict[str, Selection]] = dict
) -> Files:
    """Read plan files and look at each and at all of them together.

    limit: strategic accounts an owner may have. today: the business day. others: the selections of plans
    beside these files.
    Raises FileUnreadable.
    """
    texts = {path: read_plan(_bytes_of(path)) for path in dict.fromkeys(paths)}
    files = Files(texts, [Found(path, problem) for path, text in texts.items() for problem in text.problems])
    first: dict[str, Path] = {}
    for path, plan in files.plans.items():
        if (other := first.setdefault(plan.account, path)) != path:
            told = f"{other} is the plan of this account: keep one file for each"
            at = texts[path].text.spot(("account",))
            files.found.append(Found(path, Problem("error", at, ("account",), repr(plan.account), told)))
        files.found += [Found(path, texts[path].warn(one.path, one.message, one.value)) for one in doubts(plan, today)]
    if files.errors:
        return files
    selections = {**others(), **{one.account: one.selection for one in files.plans.values() if one.selection}}
    crowded = overloaded(selections, limit)
    for path, plan in files.plans.items():
        if plan.selection and plan.account in crowded:
            place, value = ("selection", "owner"), repr(plan.selection.owner)
            files.found.append(Found(path, texts[path].warn(place, crowded[plan.account], value)))
    return files


def compare(clickhouse: ClickHouse, files: Files, now: datetime, zone: ZoneInfo) -> list[Imported]:
    """What each file changes of the plan that stands. zone: of business days. Raises PlanNotWanted, ImportFailed.

    An account that becomes part of another on a later day still has a plan of its own.
    """
    plans, suppressed = Plans(clickhouse), Suppressions(clickhouse).load()
    today = now.astimezone(zone).date()
    return [
        _compared(plans, _planned(plans, path, plan.account, today), path, plan, suppressed, now)
        for path, plan in files.plans.items()
    ]


def _planned(plans: Plans, path: Path, account_id: str, today: date) -> PlannedAccount:
    account = plans.account(account_id, today)
    if account is None:
        raise PlanNotWanted(
            f"{path}: account {account_id!r} is not known: correct `account`, or declare it first (docs/facts.md)"
        )
    if account.merged_into:
        raise PlanNotWanted(
            f"{path}: account {account_id!r} has become part of {account.merged_into!r}: write the plan of that one"
        )
    return account


def _compared(
    plans: Plans, account: PlannedAccount, path: Path, plan: PlanFile, suppressed: Suppressed, now: datetime
) -> Imported:
    statements = plans.statements(plan.account)
    # What another machine stated stands though its clock is ahead; what lies further ahead no clock can mean.
    standing = fold_plan(one for one in statements if one.recorded_at <= now + FUTURE_TOLERANCE)
    steps = changes(standing, items_of(plan), now)
    facts = facts_of(plan.account, steps)
    kept = [step for step, fact in zip(steps, facts, strict=True) if without_forgotten(fact, suppressed) is fact]
    touched = {step.about for step in kept}
    if ahead := [one for one in statements if one.recorded_at > now and about(one) in touched]:
        latest = max(ahead, key=lambda one: one.recorded_at)
        raise ImportFailed(
            f"{' '.join(about(latest))} of the plan of {plan.account} was stated at"
            f" {latest.recorded_at:%Y-%m-%d %H:%M:%S} UTC, which is ahead of this machine's clock: what is stated of it"
            " now would not hold; correct the clock, wait, or leave it in the file as it stands"
        )
    return Imported(plan.account, account.name, path, standing, kept, len(steps) - len(kept))


def same_changes(seen: Sequence[Imported], now: Sequence[Imported]) -> bool:
    """Whether two comparisons of the same files find the same changes, whenever they are stated."""
    before, after = ([[step[1:] for step in one.steps] for one in each] for each in (seen, now))
    return before == after


class Sent(NamedTuple):
    """missing: facts that are not stored, a bug when not 0. otherwise: accounts whose plan is not that of the file."""

    missing: int
    otherwise: list[str]


def send(settings: Settings, files: Files, imports: Sequence[Imported]) -> Sent:
    """State what changes, wait until it is stored, and look whether it stands.

    Somebody else may have compared and stated at the same time: of two, the later to look finds what is neither file.
    Raises PlanNotWanted, ImportFailed, IngestStandsStill, KafkaUnavailable, ClickHouseUnavailable.
    """
    missing = _state(settings, imports)
    clickhouse = ClickHouse(settings)
    found = compare(clickhouse, files, datetime.now(UTC), settings.zone)
    clickhouse.close()
    return Sent(missing, [one.account_id for one in found if one.steps])


def _state(settings: Settings, imports: Sequence[Imported]) -> int:
    facts = [fact for one in imports for fact in facts_of(one.account_id, one.steps)]
    if not facts:
        return 0
    importer = Importer(settings)
    try:
        importer.send_news(facts)
        importer.wait()
        return len(importer.facts_missing(fact.fact_id.hex for fact in facts))
    finally:
        importer.close()


def _bytes_of(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MOST_BYTES + 1)
    except OSError as error:
        raise FileUnreadable(path, (error.strerror or str(error)).lower()) from error
