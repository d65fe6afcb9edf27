"""Titles against the golden files: each kind of error is counted, printed, and bounded."""

import hashlib
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, get_args

import pytest

from models.facts import Seniority
from models.people import function_words, rank_words, titles
from models.people.function_words import Function
from models.people.titles import read_title
from models.people.words import Words

GOLDEN = Path(__file__).parents[1] / "golden/titles"
LANGUAGES = ("japanese", "english")
# Of all titles in the golden files. The table was made with most of them: those of others have more (docs/titles.md).
MOST_WRONG_RANKS = 0.01
MOST_WRONG_FUNCTIONS = 0.03


class Judged(NamedTuple):
    """A title as somebody wrote it, and what a person says of it."""

    mark: str
    seniority: str
    function: str
    title: str
    department: str


def judged(language: str) -> Iterator[Judged]:
    for line in (GOLDEN / f"{language}.txt").read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            mark, seniority, function, title, *department = (part.strip() for part in line.split("|"))
            yield Judged(mark, seniority, function, title, *(department or [""]))


ALL = [one for language in LANGUAGES for one in judged(language)]


def test_the_golden_files_hold_titles_of_both_languages_and_some_that_were_held_out() -> None:
    assert all(len(list(judged(language))) >= 150 for language in LANGUAGES)
    assert sum(one.mark == "held" for one in ALL) >= 60
    assert {one.mark for one in ALL} == {"held", "tuned"}
    assert {one.seniority for one in ALL} == set(get_args(Seniority))
    assert {one.function for one in ALL} == set(get_args(Function))
    assert len({one[3:] for one in ALL}) == len(ALL)


@pytest.mark.parametrize("language", LANGUAGES)
def test_titles_are_read_as_a_person_reads_them_but_for_few(language: str, capsys: pytest.CaptureFixture[str]) -> None:
    ranks, functions, wrong = Counter[tuple[str, str]](), Counter[tuple[str, str]](), []
    some = list(judged(language))
    for one in some:
        read = read_title(one.title, one.department)
        ranks[one.seniority, read.seniority] += 1
        functions[one.function, read.function] += 1
        if read != (one.seniority, one.function):
            wrong.append(f"{one.title}: {read.seniority}, {read.function}")
    with capsys.disabled():
        print(f"\n{language}: {len(some)} titles, {len(wrong)} of them read wrongly")
        print("\n".join((*_told("rank", ranks), *_told("function", functions))))
    assert _wrong(ranks) <= MOST_WRONG_RANKS, wrong
    assert _wrong(functions) <= MOST_WRONG_FUNCTIONS, wrong
    up = [pair for pair in ranks if pair[1] == "executive" and pair[0] != "executive"]
    assert not up, "nobody is made an executive who is none"


def _told(name: str, found: Counter[tuple[str, str]]) -> Iterator[str]:
    """Each kind of error, and how many of those it can happen to it happens to."""
    for (right, answer), number in sorted(found.items()):
        if right != answer:
            alike = sum(number for pair, number in found.items() if pair[0] == right)
            yield f"  {name}: {right} taken for {answer}: {number} of {alike} ({number / alike:.1%})"


def _wrong(found: Counter[tuple[str, str]]) -> float:
    return sum(number for (right, answer), number in found.items() if right != answer) / found.total()


@pytest.mark.parametrize(
    ("title", "seniority"),
    [
        ("前工程課長", "management"),  # the front end of a line, and nobody's past
        ("前製造課長", "unknown"),
        ("営業統括部 主任", "staff"),
        ("経理事務", "staff"),  # no 理事
        ("エンジニアリング部", "unknown"),
        ("社長秘書室長", "management"),
        ("取締役退任", "unknown"),
        ("CEO秘書", "staff"),
        ("カスタマーサクセス マネージャー", "staff"),
        ("Assistant Project Manager", "staff"),
        ("VP's Assistant", "staff"),
        ("Sales Manager Trainee", "staff"),
        ("Head Office", "unknown"),
        ("VP of Engineering and Assistant to the CEO", "executive"),
    ],
)
def test_words_that_look_like_ranks_are_none(title: str, seniority: str) -> None:
    assert read_title(title).seniority == seniority


def test_the_department_says_more_of_the_function_than_the_title() -> None:
    assert read_title("営業部長", "情報システム部").function == "it"
    assert read_title("Manager", "IT Department").function == "it"
    assert read_title("営業部長", "本社").function == "sales"
    assert read_title("", "取締役").seniority == "unknown", "a department is no rank"


def test_whatever_is_long_is_read_up_to_a_bound() -> None:
    for piece in ("chief a b c ", "最高", "元 ", "部　", "マネ", "a.", " - ", "\u0301\u0323", "﷽", "assistant to the "):
        long = "CEO " + piece * 200_000
        assert read_title(long) == read_title(long[: titles._LONGEST])
        began = time.process_time()
        read_title.__wrapped__(long, long)
        assert time.process_time() - began < 0.5, piece


def test_a_word_that_stands_for_two_things_is_refused() -> None:
    with pytest.raises(ValueError, match="'head of' stands for 'management' and for 'staff'"):
        Words([("management", "head,  head of"), ("staff", "head of")])


def test_who_changes_the_table_raises_its_version() -> None:
    """Stored contacts are shown anew by the version: without a new one they go on as the old table read them."""
    tables = [
        sorted((name, value) for name, value in vars(module).items() if name.isupper())
        for module in (rank_words, function_words)
    ]
    digest = hashlib.sha256(repr(tables).encode()).hexdigest()[:16]
    assert (titles.VERSION, digest) == (1, "bd2aa8d79417f93c"), (
        "raise VERSION in models/people/titles.py; note both here"
    )
