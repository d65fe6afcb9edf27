"""A plan file read strictly: the plan, or all that is wrong with it, each with its place, field, value and remedy."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from models.crm.names import nearest
from models.plan.checks import contradictions
from models.plan.document import PlanFile
from models.plan.problems import Problem, shown
from models.plan.schema import described, inside, plan_schema, resolved
from models.plan.yaml_text import Path, YamlText, read_yaml

_KEY_REMEDY = "use lower-case letters, digits, . _ and -, at most 64, beginning with a letter or digit"
_TYPES = {
    "string_type": "it must be text: put it in quotes",
    "tuple_type": "it must be a list: begin each line with `- `, or write [a, b]",
    "dict_type": "it must be a mapping of keys to items: `key: ...`, further lines indented",
    "model_type": "it must be a mapping: `field: value`, one a line, indented",
    "int_from_float": "it must be a whole number",
    "int_type": "it must be a whole number",
    "float_type": "it must be a number",
    "bool_type": "it must be true or false",
}


class PlanText(NamedTuple):
    """What a file says. plan: None where anything is wrong. text: where things stand, for later checks."""

    plan: PlanFile | None
    text: YamlText
    problems: Sequence[Problem]

    def warn(self, path: Path, message: str, value: str = "") -> Problem:
        """A warning about a place of this file."""
        return Problem("warning", self.text.spot(path), path, value, message)


def read_plan(body: bytes) -> PlanText:
    """Read a plan file. Never raises for what is in it."""
    text = read_yaml(body)
    if text.problems:
        return PlanText(None, text, [Problem("error", one.at, one.path, "", one.message) for one in text.problems])
    unknown: list[Problem] = []
    told = _known(text, plan_schema(), text.value, (), unknown)
    problems = unknown
    plan: PlanFile | None = None
    try:
        plan = PlanFile.model_validate(told)
    except ValidationError as error:
        problems = [*unknown, *(_problem(text, one) for one in error.errors(include_url=False))]
    if plan is not None:
        problems = [
            *unknown,
            *(
                Problem("error", text.spot(one.path), one.path, shown(one.value) if one.value else "", one.message)
                for one in contradictions(plan)
            ),
        ]
    problems.sort(key=lambda one: (one.at, one.path))
    return PlanText(None if problems else plan, text, problems)


def _known(text: YamlText, schema: dict[str, Any], value: Any, path: Path, problems: list[Problem]) -> Any:
    """The value without fields that nobody knows, noted, and without those that are empty: they say nothing."""
    if isinstance(value, list):
        return [_known(text, inside(schema, at), one, (*path, at), problems) for at, one in enumerate(value)]
    if not isinstance(value, dict):
        return value
    fields = resolved(schema).get("properties")
    left = {}
    for name, one in value.items():
        here = (*path, name)
        if fields is not None and name not in fields:
            problems.append(Problem("error", text.keys[here], here, "", _unknown_field(name, fields)))
        elif one is not None:
            left[name] = _known(text, inside(schema, name), one, here, problems)
        elif fields is None:
            told = "nothing is said of it: write its fields below it, or take the key out"
            problems.append(Problem("error", text.keys[here], here, "", told))
    return left


def _unknown_field(name: str, fields: dict[str, Any]) -> str:
    if close := nearest(name, fields):
        return f"there is no such field: did you mean {close!r}?"
    return f"there is no such field: use one of {', '.join(fields)}"


def _problem(text: YamlText, error: ErrorDetails) -> Problem:
    path, is_key = tuple(error["loc"]), False
    if path and path[-1] == "[key]":
        path, is_key = path[:-1], True
    spot = text.keys[path] if is_key else text.spot(path)
    value = "" if error["type"] == "missing" else shown(error["input"])
    return Problem("error", spot, path, value, _KEY_REMEDY if is_key else _message(path, error))


def _message(path: Path, error: ErrorDetails) -> str:
    schema = plan_schema()
    for name in path:
        schema = inside(schema, name)
    meaning = described(schema)
    limits = error.get("ctx", {})
    match error["type"]:
        case "missing":
            return f"it is missing: add it ({meaning})" if meaning else "it is missing: add it"
        case "literal_error":
            return _one_of(error["input"], [str(one) for one in _choices(schema)])
        case "value_error":
            return str(limits["error"])
        case "string_pattern_mismatch":
            return f"it cannot be read ({meaning})" if ":" in meaning else f"it must look like {limits['pattern']}"
        case "string_too_short":
            return "it is empty: write something, or take the field out"
        case "string_too_long":
            return f"it is too long: at most {limits['max_length']:,} characters"
        case "too_long":
            return f"there are too many: at most {limits['max_length']:,}"
        case known if known in _TYPES:
            return _TYPES[known]
    return f"{error['msg'][:1].lower()}{error['msg'][1:]}" + (f" ({meaning})" if meaning else "")


def _choices(schema: dict[str, Any]) -> Iterator[Any]:
    told = resolved(schema)
    yield from told.get("enum", [told["const"]] if "const" in told else [])


def _one_of(value: Any, choices: list[str]) -> str:
    close = nearest(str(value), choices)
    return f"use one of {', '.join(choices)}" + (f"; did you mean {close!r}?" if close else "")
