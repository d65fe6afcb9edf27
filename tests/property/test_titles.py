"""What holds of every title: signs that say nothing change nothing, and any text has an answer."""

import unicodedata
from typing import get_args

from hypothesis import example, given
from hypothesis import strategies as st

from models.facts import Seniority
from models.people.function_words import Function
from models.people.titles import read_title
from tests.unit.test_titles import ALL

titles = st.sampled_from([one.title for one in ALL])
parts = st.lists(titles | st.sampled_from(["&", "兼", ",", "/", "元", "former", "室", "to the"]), max_size=6)


def wide(text: str) -> str:
    return "".join(
        chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else "\u3000" if char == " " else char for char in text
    )


@given(st.text() | parts.map(" ".join), st.text())
def test_any_text_has_an_answer(title: str, department: str) -> None:
    read = read_title(title, department)
    assert read.seniority in get_args(Seniority)
    assert read.function in get_args(Function)


@given(parts.map(" ".join))
def test_width_and_case_do_not_matter(title: str) -> None:
    read = read_title(title)
    for same in (title.upper(), title.lower(), title.title(), wide(title), unicodedata.normalize("NFD", title)):
        assert read_title(same) == read, same


@given(titles, st.sampled_from([" ", "  ", "\u3000", "\t", "\u00a0"]))
def test_how_blank_a_blank_is_does_not_matter(title: str, blank: str) -> None:
    assert read_title(blank + title.replace(" ", blank) + blank) == read_title(title)


@given(titles, titles)
@example("取 締 役", "情報システム部 部長")
def test_of_two_titles_the_higher_rank_counts(one: str, other: str) -> None:
    order = ("unknown", "staff", "management", "executive")
    ranks = [read_title(title).seniority for title in (one, other)]
    assert read_title(f"{one}; {other}").seniority == max(ranks, key=order.index)
