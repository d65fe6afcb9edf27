"""Reads a priority model: all that is wrong with one is told at once, each with its line."""

import tomllib
from typing import Any, NamedTuple

from pydantic import ValidationError

from models.crm.lines import line_of, lines_of
from models.priority.model import PriorityModel

_KINDS_OF_CRITERIA = ("industry", "country", "region", "labels", "employees", "founded_year", "annual_revenue")


class ModelError(NamedTuple):
    """What is wrong with a model. line: 1-based. key: dotted. value: as written, '' where there is none."""

    line: int
    key: str
    value: str
    remedy: str

    def __str__(self) -> str:
        return ": ".join(filter(None, (str(self.line), self.key, self.value, self.remedy)))


def read_model(text: str) -> PriorityModel | list[ModelError]:
    """Read a model; all that is wrong with it, in the order of its lines, where something is."""
    try:
        told = tomllib.loads(text.removeprefix("\ufeff"))
    except tomllib.TOMLDecodeError as error:
        return [ModelError(line_of(str(error)), "TOML", "", f"{error}: see docs/priority.md for an example")]
    except RecursionError:
        return [ModelError(1, "TOML", "", "nested too deeply: see docs/priority.md for an example")]
    try:
        return PriorityModel.model_validate(told)
    except ValidationError as error:
        lines = lines_of(text)
        found = [_error(lines, one) for one in error.errors(include_url=False)]
        return sorted(dict.fromkeys(found), key=lambda one: (one.line, one.key))


def _error(lines: dict[tuple[str | int, ...], int], error: Any) -> ModelError:
    path = _written(error["loc"])
    line = next((lines[path[:end]] for end in range(len(path), 0, -1) if path[:end] in lines), 1)
    key = "".join(f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")
    shown = error["type"] not in ("missing", "extra_forbidden") and not isinstance(error["input"], dict | list | tuple)
    return ModelError(line, key or "model", repr(error["input"])[:120] if shown else "", _remedy(error))


def _written(path: tuple[str | int, ...]) -> tuple[str | int, ...]:
    """The path as it is in the file: pydantic puts the kind of a criterion into it."""
    if path[:2] == ("icp_fit", "criteria") and len(path) > 3 and path[3] in _KINDS_OF_CRITERIA:
        return path[:3] + path[4:]
    return tuple(part for part in path if part != "[key]")


def _remedy(error: Any) -> str:
    match error["type"]:
        case "extra_forbidden":
            return "no such key: take it out; `setten prioritise --print-model` shows what there is"
        case "missing":
            return "missing: add it"
        case "union_tag_invalid" | "union_tag_not_found":
            return f"field: use one of {', '.join(_KINDS_OF_CRITERIA)}"
    return str(error["msg"]).removeprefix("Value error, ")
