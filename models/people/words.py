"""Words of titles as the tables have them, and the longest of them that stands at a place.

`chief … officer`: one to five words between. `最高*責任者`: one to eight characters between. `assistant to…`: and all
that follows. `partner$`: only at the end of a part, or before `&`, `/` or `兼`.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Generic, NamedTuple, TypeVar

Meaning = TypeVar("Meaning")

_END = r"(?=\s*(?:[&/+]|and\b|兼|$))"
# Words are looked up by so many of their first characters.
_INDEXED = 2


class Found(NamedTuple, Generic[Meaning]):
    """A word of a table in a text. start, end: of what it covers."""

    meaning: Meaning
    word: str
    start: int
    end: int


class Words(Generic[Meaning]):
    """A table's words, ready to be looked for."""

    def __init__(self, table: Iterable[tuple[Meaning, str]]) -> None:
        """table: meanings with their words, separated by commas. Raises ValueError for a word with two meanings."""
        self.meanings: Mapping[str, Meaning] = _meanings(table)
        alike: dict[str, list[str]] = defaultdict(list)
        # The longest first: a pattern takes the first of its alternatives that fits.
        for word in sorted(self.meanings, key=len, reverse=True):
            alike[word[:_INDEXED]].append(word)
        self._alike = {
            start: (words, re.compile("|".join(f"({_pattern(word)})" for word in words)))
            for start, words in alike.items()
        }

    def find(self, text: str, start: int = 0) -> Found[Meaning] | None:
        """The first word at or after a place of a plain text (models.people.titles)."""
        for place in range(start, len(text) - 1):
            if (found := self.at(text, place)) is not None:
                return found
        return None

    def at(self, text: str, place: int) -> Found[Meaning] | None:
        """The longest word that begins at a place."""
        alike = self._alike.get(text[place : place + _INDEXED])
        match = alike and alike[1].match(text, place)
        if not alike or not match or match.lastindex is None:
            return None
        word = alike[0][match.lastindex - 1]
        return Found(self.meanings[word], word, match.start(), match.end())


def _meanings(table: Iterable[tuple[Meaning, str]]) -> dict[str, Meaning]:
    found: dict[str, Meaning] = {}
    for meaning, words in table:
        for word in filter(None, (" ".join(word.split()) for word in words.split(","))):
            if found.setdefault(word, meaning) != meaning:
                raise ValueError(f"{word!r} stands for {found[word]!r} and for {meaning!r}: keep one of them")
    return found


def _pattern(word: str) -> str:
    core = word.removesuffix("$").removesuffix("…")
    pattern = re.escape(core).replace(r"\*", ".{1,8}?").replace(r"\ …\ ", r"(?:\ [a-z&']+){1,5}?\ ")
    # Latin words are words; Japanese ones stand in a row without anything between.
    before = r"(?<![a-z0-9])" if core[0].isascii() else ""
    after = r"(?![a-z0-9])" if core[-1].isascii() else ""
    return before + pattern + after + (_END if word.endswith("$") else ".*" if word.endswith("…") else "")
