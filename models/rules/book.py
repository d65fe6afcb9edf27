"""The rule book: rules.toml read. Business days, and thresholds of every rule, of tiers and of accounts;
docs/rules.md."""

import json
import tomllib
from collections.abc import Mapping, Sequence
from datetime import date
from functools import cached_property
from hashlib import sha256
from typing import Annotated, Any, NamedTuple

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from models.crm.lines import line_of, lines_of
from models.rules.rule import Rule, Thresholds

_NAME = "default"
_OTHERS = ("name", "calendar", "tier", "account")
_LEAP_YEAR = 2000


def _in_every_year(told: str) -> str:
    for day in told.split(".."):
        try:
            date.fromisoformat(f"{_LEAP_YEAR}-{day}")
        except ValueError as error:
            raise ValueError(f"no day of a year: {day}; write 08-13, or 12-29..01-03 for some in a row") from error
    return told


class Calendar(BaseModel):
    """Which weekdays are no business days. holidays: of countries, ISO 3166 (JP); closed: our own, every year."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    holidays: Annotated[list[Annotated[str, Field(pattern=r"^[A-Z]{2}$")]], Field(max_length=20)] = []
    closed: Annotated[
        list[Annotated[str, Field(pattern=r"^\d\d-\d\d(\.\.\d\d-\d\d)?$"), AfterValidator(_in_every_year)]],
        Field(max_length=100),
    ] = []

    def closures(self, first_year: int, last_year: int) -> set[int]:
        """Days (ordinals) on which we are closed, of all years from first to last. Those in a row may go on in
        January."""
        found: set[int] = set()
        for told in self.closed:
            begin, _, end = told.partition("..")
            for year in range(first_year - 1, last_year + 1):
                first = _day(year, begin)
                last = _day(year + (end < begin), end) if end else first
                found.update(range(first, last + 1))
        return found


def _day(year: int, month_and_day: str) -> int:
    """Where a year has no 29 February, the day before."""
    try:
        return date.fromisoformat(f"{year}-{month_and_day}").toordinal()
    except ValueError:
        return date(year, 2, 28).toordinal()


class RuleError(NamedTuple):
    """What is wrong with a rule book. line: 1-based. key: dotted. value: as written, '' where there is none."""

    line: int
    key: str
    value: str
    remedy: str

    def __str__(self) -> str:
        return ": ".join(filter(None, (str(self.line), self.key, self.value, self.remedy)))


class RuleBook:
    """Thresholds by rule; tiers and accounts change single ones of them, an account after its tier."""

    def __init__(self, rules: Sequence[Rule[Any]], told: Mapping[str, Any]) -> None:
        """told: rules.toml as read, valid: see read_rules."""
        self._rules = {rule.name: rule for rule in rules}
        self._told = told
        self._tiers: Mapping[str, Mapping[str, Any]] = told.get("tier", {})
        self._accounts: Mapping[str, Mapping[str, Any]] = told.get("account", {})
        self._known: dict[tuple[str, str, str], Thresholds] = {}
        self.calendar = Calendar.model_validate(told.get("calendar", {}))

    @cached_property
    def version(self) -> str:
        """Name and a digest of all that the book says: comments do not matter, a changed number does."""
        text = json.dumps(self._told, sort_keys=True, ensure_ascii=False, default=str)
        return f"{self._told.get('name', _NAME)}-{sha256(text.encode()).hexdigest()[:8]}"

    def version_of(self, rule: Rule[Any]) -> str:
        """The version a finding names: of the rule's code, and of the book."""
        return f"{rule.version}+{self.version}"

    def thresholds(self, rule: str, tier: str, account_id: str) -> Thresholds:
        """Those that hold for an account."""
        key = (rule, tier, account_id if account_id in self._accounts else "")
        if (found := self._known.get(key)) is None:
            places = (self._told, self._tiers.get(tier, {}), self._accounts.get(account_id, {}))
            told = {name: value for place in places for name, value in place.get(rule, {}).items()}
            found = self._known[key] = self._rules[rule].thresholds.model_validate(told)
        return found


def read_rules(text: str, rules: Sequence[Rule[Any]]) -> RuleBook | list[RuleError]:
    """Read a rule book; all that is wrong with it, in the order of its lines, where something is."""
    try:
        told = tomllib.loads(text.removeprefix("\ufeff"))
    except tomllib.TOMLDecodeError as error:
        return [RuleError(line_of(str(error)), "TOML", "", f"{error}: see docs/rules.md for an example")]
    except RecursionError:
        return [RuleError(1, "TOML", "", "nested too deeply: see docs/rules.md for an example")]
    lines = lines_of(text)
    found = [_error(lines, path, problem) for path, problem in _problems(told, {rule.name: rule for rule in rules})]
    return sorted(dict.fromkeys(found), key=lambda one: (one.line, one.key)) or RuleBook(rules, told)


class _Problem(NamedTuple):
    value: str
    remedy: str


def _problems(told: dict[str, Any], rules: Mapping[str, Rule[Any]]) -> list[tuple[tuple[str, ...], _Problem]]:
    found: list[tuple[tuple[str, ...], _Problem]] = []
    if not isinstance(told.get("name", _NAME), str):
        found.append((("name",), _Problem(repr(told["name"])[:120], "is a text")))
    found += _of_model(("calendar",), told.get("calendar", {}), Calendar)
    found += _of_rules((), {key: value for key, value in told.items() if key not in _OTHERS}, rules)
    for place in ("tier", "account"):
        held = told.get(place, {})
        if not isinstance(held, dict):
            found.append(((place,), _Problem(repr(held)[:120], f"is a table: [{place}.NAME.RULE]")))
            continue
        for name, changes in held.items():
            if isinstance(changes, dict):
                found += _of_rules((place, name), changes, rules)
            else:
                found.append(((place, name), _Problem(repr(changes)[:120], f"is a table: [{place}.NAME.RULE]")))
    return found


def _of_rules(
    path: tuple[str, ...], told: Mapping[str, Any], rules: Mapping[str, Rule[Any]]
) -> list[tuple[tuple[str, ...], _Problem]]:
    found: list[tuple[tuple[str, ...], _Problem]] = []
    for name, values in told.items():
        if name not in rules:
            found.append(((*path, name), _Problem("", f"no such rule: use one of {', '.join(sorted(rules))}")))
        else:
            found += _of_model((*path, name), values, rules[name].thresholds)
    return found


def _of_model(path: tuple[str, ...], told: Any, model: type[BaseModel]) -> list[tuple[tuple[str, ...], _Problem]]:
    if not isinstance(told, dict):
        return [(path, _Problem(repr(told)[:120], f"is a table: [{'.'.join(path)}]"))]
    try:
        model.model_validate(told)
    except ValidationError as error:
        return [((*path, *map(str, one["loc"])), _problem(model, one)) for one in error.errors(include_url=False)]
    return []


def _problem(model: type[BaseModel], error: Any) -> _Problem:
    if error["type"] == "extra_forbidden":
        return _Problem("", f"no such key: use one of {', '.join(sorted(model.model_fields))}")
    shown = "" if isinstance(error["input"], dict | list | tuple) else repr(error["input"])[:120]
    return _Problem(shown, str(error["msg"]).removeprefix("Value error, "))


def _error(lines: dict[tuple[str | int, ...], int], path: tuple[str, ...], problem: _Problem) -> RuleError:
    line = next((lines[path[:end]] for end in range(len(path), 0, -1) if path[:end] in lines), 1)
    return RuleError(line, ".".join(path) or "rules", problem.value, problem.remedy)
