"""What a title says of somebody's rank, and of what she works on. Rules and error rates: docs/titles.md."""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from models.facts import Seniority
from models.people.function_words import COMPANY_WORDS, FUNCTION_WORDS, Function
from models.people.rank_words import (
    ENDED_JA,
    FORMER,
    FORMER_JA,
    NOT_FORMER_JA,
    NOT_THE_RANK_ITSELF,
    ONE_BELOW,
    RANK_WORDS,
    STAFF_OF_THE_RANK,
    STAFF_ONE_BELOW,
)
from models.people.words import Found, Words

# Raised with every change of what read_title answers: contacts that are stored are then read again.
VERSION = 1
# Longer ones are no titles. The bound keeps what a hostile one costs small.
_LONGEST = 512

_RANKS: tuple[Seniority, ...] = ("unknown", "staff", "management", "executive")
_RANK_WORDS = Words(RANK_WORDS)
_FUNCTION_WORDS = Words(FUNCTION_WORDS)
_COMPANY_WORDS = Words(COMPANY_WORDS)

_CJK = r"[\u3040-\u30ff\u3400-\u9fff]"
_DOTTED = re.compile(r"(?<=\b\w)\.(?=\w?\b)")
_HYPHEN = re.compile(r"(?<=[a-z])[-\u2010\u2011](?=[a-z])")
_SINGLE = re.compile(rf"(?<={_CJK})\s+(?={_CJK}(?!\w))")  # 部　長
_KATAKANA_DOT = re.compile(r"(?<=[\u30a0-\u30ff])・(?=[\u30a0-\u30ff])")
_MANAGER = re.compile(r"マネー?ジャー?")
_BEFORE_MANAGER = re.compile(r"(?<=[\u30a0-\u30ff])\s+(?=マネージャー)")
# What parts titles of one person from each other; what parts posts is softer.
_PARTS = re.compile(r"[,;:|()\[\]{}<>、。•·\n]|\s[-\u2010-\u2015~]+\s|[\u2013-\u2015]")
_POSTS = re.compile(r"[/+]|兼")
# Behind the name of a unit comes one that is part of it.
_UNITS = re.compile(r"(?<=[部課室局所])|(?<=センター)|(?<=グループ)|\s+")


class TitleRead(NamedTuple):
    """What a title says; `unknown` where it says nothing."""

    seniority: Seniority
    function: Function


@lru_cache(maxsize=1 << 14)
def read_title(title: str, department: str = "") -> TitleRead:
    """Read a title as written, with the department if one is told.

    The rank comes of the title alone, the highest where there are several. The function comes of the department, else
    of the title. Any text has an answer, and the time for it is bounded.
    """
    parts = list(_parts(title))
    ranks: list[Seniority] = [rank for part in parts for rank in _ranks(part)]
    seniority = max(ranks, key=_RANKS.index, default=_RANKS[0])
    told = _function(_parts(department), _FUNCTION_WORDS), _function(parts, _FUNCTION_WORDS)
    function = next((one for one in told if one != "unknown"), None) or _function(parts, _COMPANY_WORDS)
    return TitleRead(seniority, function)


def _parts(text: str) -> Iterator[str]:
    """The parts of a title as the tables write them, without what was and is not."""
    for part in _PARTS.split(_plain(text)):
        if left := part[: _former(part)].strip():
            yield left


def _former(part: str) -> int | None:
    """Where a part begins to tell what was; None where it does not."""
    if said := _FORMER.search(part):
        return said.start()
    for said in _FORMER_JA.finditer(part):
        # 元部長 was one, 元町店長 is one: only before a word of a title it says that.
        if _RANK_WORDS.at(part, said.end()) or _FUNCTION_WORDS.at(part, said.end()):
            return said.start()
    return None


def _plain(text: str) -> str:
    """A text without its width, its case, and the signs in which the same words differ."""
    text = unicodedata.normalize("NFKC", text[:_LONGEST]).casefold()[:_LONGEST]
    text = text.replace("\u2019", "'")
    text = _HYPHEN.sub(" ", _DOTTED.sub("", text))
    text = _SINGLE.sub("", _KATAKANA_DOT.sub("", text))
    text = _BEFORE_MANAGER.sub("", _MANAGER.sub("マネージャー", text))
    return re.sub(r"[^\S\n]+", " ", text)


def _ranks(part: str) -> Iterator[Seniority]:
    at = 0
    while (found := _RANK_WORDS.find(part, at)) is not None:
        rank, at = _with_what_follows(found, part)
        yield rank


def _with_what_follows(found: Found[Seniority], part: str) -> tuple[Seniority, int]:
    """The rank that a word stands for with what is behind it, and where to go on."""
    behind = part[found.end :]
    if _ROOM.match(behind):
        return "unknown", found.end
    if follows := _OF_SOMEBODY.match(behind):
        return "staff", found.end + follows.end()
    if follows := _STANDS_IN.match(behind):
        below: Seniority = "staff" if found.word in STAFF_ONE_BELOW or found.meaning == "staff" else "management"
        return below, found.end + follows.end()
    return found.meaning, found.end


def _function(parts: Iterator[str] | list[str], words: Words[Function]) -> Function:
    """What the first post that says it is about.

    Of Japanese units, which go from the large to the small, the last one that says it counts.
    """
    for part in parts:
        for post in _POSTS.split(part):
            units = _UNITS.split(post) if not post.isascii() else [post]
            for unit in reversed(units):
                at = 0
                while (found := words.find(unit, at)) is not None:
                    if found.meaning != "unknown":
                        return found.meaning
                    at = found.end
    return "unknown"


def _any_of(words: tuple[str, ...]) -> str:
    return "|".join(re.escape(word.removesuffix("$")) + ("$" if word.endswith("$") else "") for word in words)


_ROOM = re.compile(_any_of(NOT_THE_RANK_ITSELF))
_OF_SOMEBODY = re.compile(_any_of(STAFF_OF_THE_RANK))
_STANDS_IN = re.compile(_any_of(ONE_BELOW))
_FORMER = re.compile(rf"\b(?:{_any_of(FORMER)})\b|^.*(?:{_any_of(ENDED_JA)})")
_FORMER_JA = re.compile(rf"(?:^|(?<=[\s・兼]))(?!{_any_of(NOT_FORMER_JA)})(?:{_any_of(FORMER_JA)})[\s・]*")
