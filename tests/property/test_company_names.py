"""Laws of company names: width, case, blanks and order do not matter, and nothing is raised, whatever is written."""

import unicodedata

from hypothesis import example, given
from hypothesis import strategies as st

from models.identity.company_likeness import compare, likeness
from models.identity.company_names import company_key, names_nobody, plain_key, words_of
from models.identity.kana_reading import reading_of_kana

# What names are made of, so that it meets; and anything at all.
pieces = st.sampled_from(
    [
        *(
            "株式会社",
            "(株)",
            "㈱",
            "有限会社",
            "日本",
            "青空",
            "重工業",
            "ソニー",
            "グループ",
            "ジャパン",
            "ヶ",
            "々",
            "ゞ",
        ),
        *("Acme", "Foods", "Tools", "Inc.", "Co.", "Ltd", "GmbH", "&", "and", "the", "Holdings", "Japan", "S.A."),
        *(" ", "  ", "\u3000", ".", ",", "-", "・", "/", "(", ")", "'", "é", "ß", "İ", "7", "uni"),
        *("ジャパン", "ホールディングス", "\u200b", "\u3099", "\ud800"),
    ]
)
names = st.one_of(st.lists(pieces, max_size=8).map("".join), st.text(max_size=40))
words = st.lists(
    st.sampled_from(
        ["acme", "blue", "sky", "foods", "inc", "co", "ltd", "japan", "青空", "ソニー", "株式会社", "重工業"]
    ),
    min_size=1,
    max_size=5,
)


@given(names)
@example("")
@example("\ud800")
@example("ﷺ" * 300)
def test_nothing_that_is_written_raises(name: str) -> None:
    assert isinstance(company_key(name), str)
    assert isinstance(plain_key(name), str)
    assert (company_key(name) == "") == (names_nobody(name) or not words_of(name))
    assert isinstance(reading_of_kana(name), str)


@given(names, names)
def test_comparing_is_symmetric_and_strong_exactly_where_the_keys_are_the_same(one: str, other: str) -> None:
    assert likeness(one, other) == likeness(other, one)
    assert (compare(one, other) == "strong") == (company_key(one) == company_key(other) != "")


@given(names)
def test_a_name_is_itself_unless_it_names_nobody(name: str) -> None:
    assert compare(name, name) == ("strong" if company_key(name) else "none")


@given(words, st.sampled_from([" ", "  ", "\u3000", "\t", " \u00a0"]))
def test_width_case_and_blanks_do_not_matter(told: list[str], blank: str) -> None:
    name = " ".join(told)
    wide = "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in name)
    for other in (
        name.upper(),
        name.title(),
        wide,
        unicodedata.normalize("NFD", name),
        blank.join(told),
        f"{blank}{name}",
    ):
        assert company_key(other) == company_key(name)


@given(words, st.sampled_from(["株式会社", "(株)", "㈱", "（株）", "有限会社", "合同会社"]))
def test_a_japanese_legal_form_says_nothing_before_or_behind(told: list[str], form: str) -> None:
    name = " ".join(told)
    for other in (f"{form}{name}", f"{name}{form}", f"{form} {name}", f"{name}　{form}"):
        assert words_of(other) == words_of(name)
