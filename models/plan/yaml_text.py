"""YAML that says plainly what it says, with the place of every value; and plain values as YAML.

PyYAML's composer gives nodes with their marks and builds no objects. What plain scalars mean is decided here as YAML
1.2 has it: `no` and `12:30` are texts. Anchors, aliases, tags and a second document are refused: a plan needs none, and
they are how a small file becomes a huge one.
"""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

import yaml

from models.free_text import readable

MOST_BYTES = 256 * 1024
_MOST_DEPTH = 20
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,17})")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,17})\.[0-9]{1,20}(?:[eE][-+][0-9]{1,3})?")
# Half of a character (a surrogate) is none, and cannot be written down anywhere.
_HALF = re.compile("[\ud800-\udfff]")
_HALF_TOLD = "it holds half of a character (\\ud800 to \\udfff): write the character itself"
_PLAIN = {"": None, "~": None, "null": None, "true": True, "false": False}

Path = tuple[str | int, ...]


class Spot(NamedTuple):
    """A place in a text, from 1."""

    line: int
    column: int


class YamlProblem(NamedTuple):
    """What makes a text no YAML that is read."""

    at: Spot
    path: Path
    message: str


class YamlText(NamedTuple):
    """The value of a text; where each key of a mapping and each value stands. value None: nothing to go by."""

    value: Any
    keys: Mapping[Path, Spot]
    values: Mapping[Path, Spot]
    problems: list[YamlProblem]

    def spot(self, path: Path) -> Spot:
        """The place of a value; of the nearest that there is around it, where there is none."""
        while path:
            if found := self.values.get(path) or self.keys.get(path):
                return found
            path = path[:-1]
        return self.values.get((), Spot(1, 1))


class _Refused(yaml.MarkedYAMLError):
    """Something that YAML has and a plan may not have."""


class _Composer(yaml.SafeLoader):
    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise _Refused(
                problem="anchors and aliases (& and *) are not read: write the value out", problem_mark=event.start_mark
            )
        if getattr(event, "tag", None):
            told = f"the tag {readable(event.tag)} is not read: leave it out"
            raise _Refused(problem=told, problem_mark=event.start_mark)
        self.depth += 1
        if self.depth > _MOST_DEPTH:
            raise _Refused(problem=f"nested deeper than {_MOST_DEPTH} levels", problem_mark=event.start_mark)
        found = super().compose_node(parent, index)
        self.depth -= 1
        return found


class _Dumper(yaml.SafeDumper):
    """Says everything where it stands, and days without quotes: they are texts to us."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


_Dumper.yaml_implicit_resolvers = {
    first: [one for one in resolvers if one[0] != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeDumper.yaml_implicit_resolvers.items()
}


def read_yaml(body: bytes) -> YamlText:
    """Read one document. Never raises: what is wrong is in `problems`, and then `value` is None."""
    if len(body) > MOST_BYTES:
        return _nothing(Spot(1, 1), f"it is too large: a plan has at most {MOST_BYTES:,} bytes; is it the right file?")
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return _nothing(_spot_at(body[: error.start]), "it is not in UTF-8: save it in UTF-8")
    try:
        node = yaml.compose(text, _Composer)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        spot = Spot(mark.line + 1, mark.column + 1) if mark else Spot(1, 1)
        return _nothing(spot, _told(error))
    except yaml.YAMLError as error:
        place = getattr(error, "position", 0)
        return _nothing(_spot_at(text[:place].encode("utf-8", "replace")), "a character that YAML does not allow")
    if node is None:
        return _nothing(Spot(1, 1), "the file is empty: `setten plan init ACCOUNT` writes one to start from")
    reading = _Reading()
    value = reading.value(node, ())
    return YamlText(None if reading.problems else value, reading.keys, reading.values, reading.problems)


def write_yaml(told: Mapping[str, Any]) -> str:
    """Plain values as YAML that read_yaml reads back unchanged."""
    return str(yaml.dump(dict(told), Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=110))


class _Reading:
    def __init__(self) -> None:
        self.keys: dict[Path, Spot] = {}
        self.values: dict[Path, Spot] = {}
        self.problems: list[YamlProblem] = []

    def value(self, node: yaml.Node, path: Path) -> Any:
        self.values[path] = _spot(node)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(one, (*path, at)) for at, one in enumerate(node.value)]
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if _HALF.search(str(node.value)):
            self.problems.append(YamlProblem(_spot(node), path, _HALF_TOLD))
        return _scalar(node)

    def _mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                self.problems.append(YamlProblem(_spot(key), path, "a key is a list or a mapping: use a word"))
                continue
            name = str(key.value)
            if _HALF.search(name):
                self.problems.append(YamlProblem(_spot(key), path, _HALF_TOLD))
                continue
            inside = (*path, name)
            if name in found:
                line = self.keys[inside].line
                told = f"{name!r} is there twice, first on line {line}: keep one, or give one another key"
                self.problems.append(YamlProblem(_spot(key), inside, told))
                continue
            self.keys[inside] = _spot(key)
            found[name] = self.value(value, inside)
            if isinstance(value, yaml.CollectionNode) and not value.flow_style:
                self.values[inside] = self.keys[inside]  # what is written below its key begins with that
        return found


def _scalar(node: yaml.Node) -> Any:
    text = str(node.value)
    if getattr(node, "style", None) is not None:
        return text
    if text in _PLAIN:
        return _PLAIN[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _NUMBER.fullmatch(text) else text


def _spot(node: yaml.Node) -> Spot:
    return Spot(node.start_mark.line + 1, node.start_mark.column + 1)


def _spot_at(before: bytes) -> Spot:
    line = before.count(b"\n") + 1
    return Spot(line, len(before.rpartition(b"\n")[2].decode("utf-8", "replace")) + 1)


def _nothing(spot: Spot, message: str) -> YamlText:
    return YamlText(None, {}, {}, [YamlProblem(spot, (), message)])


def _told(error: yaml.MarkedYAMLError) -> str:
    if isinstance(error, _Refused):
        return str(error.problem)
    problem = str(error.problem)
    if "another document" in problem:
        return "a second document (---) begins here: write one file for each account"
    if "cannot start any token" in problem:
        return f"it is no YAML: {problem}; indent with blanks, and put texts with signs in quotes"
    return f"it is no YAML: {problem}; look at indentation and quotes"
