"""The JSON Schema of plan files, made from the models; descriptions are in English and Japanese."""

from functools import cache
from typing import Any, cast

from models.plan.document import PlanFile

_TITLE = "Account plan of Setten / Setten のアカウントプラン"


@cache
def plan_schema() -> dict[str, Any]:
    """The schema, draft 2020-12. What an item is says its place in the file, so `part` is in none."""
    told = _plain(PlanFile.model_json_schema())
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": _TITLE, **told}


def _plain(told: Any) -> Any:
    """Without what the models say to programmers: titles made of names, docstrings, `part`, null for nothing."""
    if isinstance(told, list):
        return [_plain(one) for one in told]
    if not isinstance(told, dict):
        return told
    left = {name: value for name, value in told.items() if name not in ("title", "default")}
    if "properties" in left:
        left.pop("description", None)
        left["properties"] = {name: _plain(one) for name, one in left["properties"].items() if name != "part"}
        return {name: one if name == "properties" else _plain(one) for name, one in left.items()}
    if "$defs" in left:
        left["$defs"] = {name: _plain(one) for name, one in left["$defs"].items()}
    if {"type": "null"} in (options := left.get("anyOf", [])):
        [only] = [one for one in options if one != {"type": "null"}]
        del left["anyOf"]
        left = {**only, **left}
    if "patternProperties" in left:
        left["additionalProperties"] = False
    return {name: _plain(one) for name, one in left.items()}


def inside(schema: dict[str, Any], name: str | int) -> dict[str, Any]:
    """The schema of a field, entry or item of a value with this schema; {} where there is none."""
    told = resolved(schema)
    if isinstance(name, int):
        return cast(dict[str, Any], told.get("items", {}))
    if name in (fields := told.get("properties", {})):
        return cast(dict[str, Any], fields[name])
    return cast(dict[str, Any], next(iter(told.get("patternProperties", {}).values()), {}))


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema that a reference leads to, with what stands beside the reference."""
    if "$ref" not in schema:
        return schema
    beside = {name: value for name, value in schema.items() if name != "$ref"}
    return {**plan_schema()["$defs"][schema["$ref"].rpartition("/")[2]], **beside}


def described(schema: dict[str, Any]) -> str:
    """What a field means, in English; '' where the schema does not say."""
    return str(schema.get("description", "")).partition(" / ")[0]
