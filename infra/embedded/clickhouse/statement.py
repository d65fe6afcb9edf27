"""Reading SQL: where an INSERT's data begins, and what a statement in the engine's own canonical form consists of.

Text from a client is never judged by a lexer of ours: the engine formats it (comments gone, strings in one form, names
back-quoted) and the canonical text, which takes a few lines to read, is judged. The one exception is to find the
end of an INSERT's head, and there the canonical form has to agree with what was found.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

Kind = Literal["word", "name", "string", "parameter", "mark"]

_RAW = re.compile(
    rb"""(?P<skip>\s+|--[^\n]*(?:\n|$)|\#[!\s][^\n]*(?:\n|$)|/\*.*?\*/)
    |(?P<quoted>'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*"|`(?:[^`\\]|\\.|``)*`)
    |(?P<word>[A-Za-z_$][\w$]*)
    |(?P<mark>.)""",
    re.DOTALL | re.VERBOSE,
)
_CANONICAL = re.compile(
    r"""\s+
    |(?P<string>'(?:[^'\\]|\\.|'')*')
    |(?P<name>`(?:[^`\\]|\\.|``)*`|"(?:[^"\\]|\\.|"")*")
    |\{(?P<parameter>\w+):(?P<type>[^{}]*)\}
    |(?P<word>[^\W\d]\w*)
    |(?P<mark>\d[\w.]*|.)""",
    re.DOTALL | re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Token:
    """`text` of a name is without its quotes; of a parameter it is the bound name when its type is Identifier."""

    kind: Kind
    text: str


@dataclass(frozen=True)
class Insert:
    """An INSERT that brings data. `head` has neither FORMAT nor VALUES; data begins at byte `data_at` of the text."""

    head: str
    format: str
    data_at: int


@dataclass(frozen=True)
class Canonical:
    """A statement as the engine writes it."""

    text: str

    def tokens(self, parameters: Mapping[str, str]) -> Iterator[Token]:
        """The tokens, with Identifier parameters replaced by the names they are bound to. An open quote is a mark."""
        for found in _CANONICAL.finditer(self.text):
            kind = found.lastgroup
            if kind == "type":
                bound = parameters.get(found["parameter"], "")
                if found["type"].strip() != "Identifier":
                    yield Token("parameter", found["parameter"])
                    continue
                for position, part in enumerate(bound.split(".")):
                    if position:
                        yield Token("mark", ".")
                    yield Token("name", part)
            elif kind == "name":
                yield Token("name", found["name"][1:-1])
            elif kind in ("string", "word", "mark"):
                yield Token(kind, found[kind])  # type: ignore[arg-type]

    @cached_property
    def words(self) -> tuple[str, ...]:
        """The first three words in capitals, brackets skipped: enough to tell the kind of statement."""
        return tuple(word.upper() for word in re.findall(r"\w+", self.text[:200])[:3])

    @property
    def returns_rows(self) -> bool:
        """Whether it is a query of rows, the only kind the engine can stream."""
        return self.words[:1] in (("SELECT",), ("WITH",))

    @property
    def is_insert(self) -> bool:
        return self.words[:1] == ("INSERT",)

    @cached_property
    def format(self) -> str:
        """The name after the last FORMAT clause, '' when there is none."""
        tokens = list(self.tokens({}))
        for at in range(len(tokens) - 2, -1, -1):
            # The name is quoted when it is a keyword as well: FORMAT `Values`.
            if tokens[at] == Token("word", "FORMAT") and tokens[at + 1].kind in ("word", "name"):
                after = tokens[at + 2] if at + 2 < len(tokens) else None
                if after is None or after == Token("word", "SETTINGS"):
                    return tokens[at + 1].text
        return ""


def find_insert(text: bytes, *, complete: bool) -> Insert | None:
    """Find the head of an INSERT that brings data at the start of `text`; None for every other statement.

    `complete` says that no more text will come; without it a head that reaches the end is not trusted (None).
    `INSERT ... SELECT` is another statement: its data, if any, is read by input().
    """
    depth = format_at = 0
    first = previous = b""
    for found in _RAW.finditer(text):
        if found.lastgroup == "skip":
            continue
        value = found[0]
        word = value.upper() if found.lastgroup == "word" else b""
        first = first or word or b"?"
        if first != b"INSERT":
            return None
        if previous == b"FORMAT" and word:
            return _insert(text, format_at, value.decode(), _after_format(text, found.end()), complete=complete)
        depth += (value in (b"(", b"[")) - (value in (b")", b"]"))
        # Right after INTO, TABLE or a dot any word is a name, were it `format` or `values`.
        if depth or (previous in (b"INTO", b"TABLE", b".") and word != b"TABLE"):
            previous = word if word == b"FUNCTION" else b""
            previous = b"." if value == b"." else previous
            continue
        if word in (b"SELECT", b"WITH", b"WATCH", b"INFILE"):
            return None
        if word == b"VALUES":
            return _insert(text, found.start(), "Values", found.end(), complete=complete)
        if word == b"FORMAT":
            format_at = found.start()
        previous = word or value
    if complete and first == b"INSERT":
        return _insert(text, len(text), "", len(text), complete=True)
    return None


def _insert(text: bytes, head_end: int, name: str, data_at: int, *, complete: bool) -> Insert | None:
    if not complete and data_at >= len(text):
        return None
    return Insert(text[:head_end].decode(), name, data_at)


def _after_format(text: bytes, at: int) -> int:
    """Data begins after the rest of the line when that is blank, as the engine's parser has it."""
    found = re.compile(rb"[ \t\f]*(?:;[ \t\f]*)?(?:\r?\n)?").match(text, at)
    return found.end() if found else at
