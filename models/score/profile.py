"""The score profile: a TOML file that says what actions are worth, how fast that fades, and what stages ask for."""

import json
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from hashlib import sha256
from typing import Annotated, Any, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from models.crm.lines import line_of, lines_of

# Older rows are left out of a score: of their points less than a thousandth is left.
HALF_LIVES = 10
# Where an account begins, and where it ends when nothing holds it in a stage.
UNAWARE, UNAWARE_JA = "unaware", "未認知"

_PLACE = tuple[str | int, ...]
_Action = Annotated[str, Field(pattern=r"^(web|email|event|meeting)\.([a-z][a-z0-9_]{0,63}|\*)$")]
_Weight = Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)]
_Count = Annotated[int, Field(ge=0, le=10_000)]


class _Strict(BaseModel):
    # strict: `true` is no 1.
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Worth(_Strict):
    """What one touch is worth, and of how many on one day that counts."""

    points: Annotated[float, Field(ge=0, le=10_000, allow_inf_nan=False)]
    cap: Annotated[int, Field(ge=1, le=10_000, description="touches that count, of a contact, action and day")] = 1


class Weights(_Strict):
    """By what the points of a contact are multiplied."""

    executive: _Weight
    management: _Weight
    staff: _Weight
    unknown: _Weight

    def of(self, seniority: str) -> float:
        """The weight of a seniority as contacts have it; whatever else stands there is unknown."""
        return float(getattr(self, seniority if seniority in Weights.model_fields else "unknown"))


class Stage(_Strict):
    """A stage. It is entered where score, people and managers are all reached, and left below `leave_below`."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")]
    ja: Annotated[str, Field(min_length=1, max_length=32)]
    score: Annotated[float, Field(gt=0, le=1_000_000, allow_inf_nan=False)]
    leave_below: Annotated[float, Field(ge=0, le=1_000_000, allow_inf_nan=False)]
    people: _Count = 0
    managers: _Count = 0


class ScoreProfile(_Strict):
    """How engagement is scored. stages: the lowest first. Days are business days of the calendar, weekends included."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,31}$")]
    half_life_days: Annotated[int, Field(ge=1, le=365, description="after so many days half of the points are left")]
    people_days: Annotated[int, Field(ge=1, le=3650, description="who engaged within so many days counts as engaged")]
    keep_days: Annotated[
        int, Field(ge=0, le=3650, description="for so long a stage is kept whose entry is not reached any more")
    ]
    mql: Annotated[str, Field(description="the stage in which an account is an MQL")]
    points: Annotated[dict[_Action, Worth], Field(min_length=1)]
    seniority: Weights
    stages: Annotated[list[Stage], Field(min_length=1, max_length=20)]

    @cached_property
    def version(self) -> str:
        """Name and a digest of all that the profile says: comments do not matter, a changed number does."""
        told = json.dumps(self.model_dump(), sort_keys=True, ensure_ascii=False)
        return f"{self.name}-{sha256(told.encode()).hexdigest()[:12]}"

    @property
    def horizon_days(self) -> int:
        """The oldest a row may be to count in a score."""
        return HALF_LIVES * self.half_life_days

    @cached_property
    def mql_rank(self) -> int:
        """Place of the stage `mql`, as Standing.rank has it."""
        return 1 + [stage.name for stage in self.stages].index(self.mql)

    def worth(self, kind: str, action: str) -> Worth | None:
        """What the action is worth; None where the profile gives nothing for it."""
        return self.points.get(f"{kind}.{action}") or self.points.get(f"{kind}.*")

    def stage_name(self, rank: int) -> str:
        """Name of the stage of this rank; 0: of none."""
        return self.stages[rank - 1].name if rank else UNAWARE

    def stage_ja(self, rank: int) -> str:
        """As stage_name, in Japanese."""
        return self.stages[rank - 1].ja if rank else UNAWARE_JA


class ProfileError(NamedTuple):
    """What is wrong with a profile. line: 1-based. key: dotted. value: as written, empty where it is missing."""

    line: int
    key: str
    value: str
    remedy: str

    def __str__(self) -> str:
        return ": ".join(filter(None, (str(self.line), self.key, self.value, self.remedy)))


def read_profile(text: str) -> ScoreProfile | list[ProfileError]:
    """Read a profile; all that is wrong with it, in the order of its lines, where something is."""
    try:
        told = tomllib.loads(text.removeprefix("\ufeff"))
    except tomllib.TOMLDecodeError as error:
        return [ProfileError(line_of(str(error)), "TOML", "", f"{error}: see docs/score.md for an example")]
    except RecursionError:
        return [ProfileError(1, "TOML", "", "nested too deeply: see docs/score.md for an example")]
    lines = lines_of(text)
    errors: list[ProfileError] = []
    found: ScoreProfile | None = None
    try:
        found = ScoreProfile.model_validate(told)
    except ValidationError as error:
        errors += (_error(lines, one["loc"], _shown(one), _remedy(one)) for one in error.errors(include_url=False))
    errors += (_error(lines, path, value, say) for path, value, say in _together(told))
    if errors or found is None:
        return sorted(dict.fromkeys(errors), key=lambda one: (one.line, one.key))
    return found


def _together(told: Mapping[str, Any]) -> Iterator[tuple[_PLACE, str, str]]:
    """What stages and spans say to each other; what is no number was told already."""
    half_life, people_days = _number(told.get("half_life_days")), _number(told.get("people_days"))
    if half_life is not None and people_days is not None and people_days > HALF_LIVES * half_life:
        yield ("people_days",), str(people_days), f"at most {HALF_LIVES} half-lives, {HALF_LIVES * half_life}"
    listed = told.get("stages")
    stages: Sequence[Any] = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    names = [one.get("name") for one in stages]
    if isinstance(told.get("mql"), str) and told["mql"] not in names:
        yield ("mql",), repr(told["mql"]), f"no such stage: use one of {', '.join(map(str, names))}"
    for at, stage in enumerate(stages):
        name = stage.get("name")
        if name == UNAWARE or name in names[:at]:
            yield ("stages", at, "name"), repr(name), "there is one already: use another name"
        score, leave = _number(stage.get("score")), _number(stage.get("leave_below"))
        if score is not None and leave is not None and leave > score:
            yield ("stages", at, "leave_below"), str(leave), f"at most its score, {score}, or it would be left at once"
        if not at:
            continue
        for key in ("score", "leave_below", "people", "managers"):
            default = 0 if key in ("people", "managers") else None
            before, now = _number(stages[at - 1].get(key, default)), _number(stage.get(key, default))
            if before is not None and now is not None and (now < before or (key == "score" and now == before)):
                least = "more than" if key == "score" else "at least"
                yield ("stages", at, key), str(now), f"{least} the {before} of the stage before it"


def _number(value: Any) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _error(lines: Mapping[_PLACE, int], path: _PLACE, value: str, say: str) -> ProfileError:
    path = tuple(part for part in path if part != "[key]")
    # The nearest line above that tells of it: what is missing has none of its own.
    line = next((lines[path[:end]] for end in range(len(path), 0, -1) if path[:end] in lines), 1)
    key = "".join(f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")
    return ProfileError(line, key, value, say)


def _shown(error: Any) -> str:
    value = error["input"]
    hidden = error["type"] in ("missing", "extra_forbidden") or isinstance(value, dict | list)
    return "" if hidden else repr(value)[:120]


def _remedy(error: Any) -> str:
    match error["type"]:
        case "extra_forbidden":
            return "no such key: take it out; docs/score.md names those there are"
        case "missing":
            return "missing: add it"
        case "string_pattern_mismatch" if "[key]" in error["loc"]:
            return "not an action: write kind.action, such as web.page_viewed, or web.* for all others of a kind"
    return str(error["msg"])
