"""How alike two company names are: one company for certain, worth a person's look, or neither."""

import re
import unicodedata
from functools import lru_cache
from typing import Literal, NamedTuple

from rapidfuzz.distance import OSA

from models.identity.company_names import company_key, folded, words_of
from models.identity.kana_reading import one_reading, reading_of_kana
from models.identity.legal_forms import IN_CJK

Match = Literal["strong", "weak", "none"]
Reason = Literal[
    "same_name",
    "same_letters",
    "same_words",
    "country_or_group",
    "more_words",
    "one_of_several",
    "initials",
    "reading",
    "spelling",
    "several_accounts",
    "different",
]
DIFFERENT: Reason = "different"

# Of the same company in another country, above it or below it: never enough to act on, always worth a look.
_AROUND = frozenset(
    {
        *("japan", "nippon", "nihon", "usa", "us", "america", "americas", "asia", "apac", "emea", "europe", "china"),
        *("korea", "india", "uk", "germany", "deutschland", "france", "singapore", "australia", "global", "worldwide"),
        *("group", "holding", "holdings", "hldgs", "hd", "international", "the", "ab", "com", "net", "org", "io"),
        *(
            folded(word)
            for word in ("日本", "ジャパン", "グループ", "ホールディングス", "ホールディング", "グローバル")
        ),
        *(folded(word) for word in ("アジア", "インターナショナル", "本社")),
    }
)
_BEHIND = re.compile(rf"(?<=..)(?:{'|'.join(word for word in sorted(_AROUND) if not word.isascii())})\Z")
_BEFORE = re.compile(r"\A日本(?=[a-z\u30a1-\u30fe]{3})")
# What a kanji name may be shortened by, and what stands for a part of a company behind its name.
_TRADE = re.compile(
    r"(?:製作所|製作|商事|物産|自動車|電機|電気|電器|工業|重工業|重工|産業|化学|化学工業|製薬|薬品|銀行|証券|生命|生命保険|保険|火災"
    r"|不動産|建設|製鉄|製鋼|製紙|食品|飲料|酒造|海運|航空|鉄道|電鉄|運輸|通運|通商|電工|電線|倉庫|印刷|出版|新聞|新聞社|百貨店"
    r"|.{0,12}(?:支店|支社|本店|工場|営業所|事業所|事業部|事業本部|研究所|研究センタ|開発センタ|オフイス|総研))\Z"
)
# A name that is nothing but these is no shorter form of another.
_GENERAL = frozenset(
    {
        *("american", "national", "international", "general", "united", "first", "global", "new", "royal", "standard"),
        *("university", "bank", "institute", "college", "school", "foundation", "japan", "nippon", "nihon", "tokyo"),
        *("open", "digital", "data", "media", "network", "networks", "systems", "solutions", "services", "group"),
        *("electric", "electronics", "motors", "motor", "foods", "insurance", "industries", "technologies", "energy"),
        *("express", "airlines", "capital", "software", "consulting", "holdings", "company", "north", "south", "west"),
        *(
            "日本",
            "東京",
            "大阪",
            "関西",
            "関東",
            "九州",
            "中部",
            "中央",
            "国際",
            "全国",
            "第一",
            "三井",
            "住友",
            "新日本",
        ),
    }
)
_SMALL_WORDS = frozenset({"of", "the", "and", "for", "de", "at", "in"})
_BETWEEN = re.compile(r"[/,;、，|()\[\]{}（）［］【】]|\s-\s|\s–\s|\s—\s|[-–—:](?=\s)")
# Where script changes a word begins: いすゞ|自動車, NTT|データ.
_RUNS = re.compile(r"[\u30a1-\u30fe]+|[\u3400-\u9fff々]+|[^\W\u30a1-\u30fe\u3400-\u9fff々]+")
_NOT_SPELLING = re.compile(r"[\d\u3400-\u9fff々\uac00-\ud7a3]+")
_OLD_FORMS = str.maketrans(
    "國學澤廣濱邊齋齊斎櫻應總醫實會惠壽榮條龍瀧鐵寶圓萬當榘", "国学沢広浜辺斉斉斉桜応総医実会恵寿栄条竜滝鉄宝円万当矩"
)
_MOST_WORDS_MORE, _MOST_PARTS = 3, 8
# In short names one letter makes another company: Nissan and Nissin.
_ONE_SLIP, _TWO_SLIPS = 7, 12
_SHORTEST_READ = 4
_LONGEST_COMPARED = 120


class Likeness(NamedTuple):
    """match: strong, weak or none. reason: why, in one word; `different` for none."""

    match: Match
    reason: Reason


class _Reading(NamedTuple):
    """A name taken apart once.

    loose: its key without blanks, long-vowel marks and old forms of kanji. content: its words, sorted, without small
    ones. core: its words without country and group. parts: keys of the names that it may be made of. kana, latin: how
    it reads, where it is in kana or in Latin letters.
    """

    key: str
    loose: str
    words: tuple[str, ...]
    content: tuple[str, ...]
    core: tuple[str, ...]
    parts: frozenset[str]
    initials: frozenset[str]
    kana: str
    latin: str


def compare(one: str, other: str) -> Match:
    """Whether two names, as written, are one company (strong), may be (weak) or are not (none).

    Symmetric. The time grows with the length of the names, not with its square: of longer ones than anybody has only
    the beginning is looked at. Names that say nothing are like none, themselves included. Never raises.
    """
    return likeness(one, other).match


def likeness(one: str, other: str) -> Likeness:
    """As compare, with the reason."""
    key, other_key = company_key(one), company_key(other)
    if not key or not other_key:
        return Likeness("none", DIFFERENT)
    if key == other_key:
        return Likeness("strong", "same_name")
    reason = _weak(*sorted((_read(one), _read(other)), key=lambda reading: (len(reading.key), reading.key)))
    return Likeness("weak" if reason else "none", reason or DIFFERENT)


def _weak(short: _Reading, long: _Reading) -> Reason | None:
    """Why two names that are not the same may be of one company. short: the one with the shorter key."""
    if short.loose == long.loose:
        return "same_letters"
    if short.content == long.content:
        return "same_words"
    if short.core == long.core:
        return "country_or_group"
    if _goes_on(short, long):
        return "more_words"
    if short.key in long.parts or long.key in short.parts:
        return "one_of_several"
    if _initials(short, long) or _initials(long, short):
        return "initials"
    if _reads(short, long) or _reads(long, short):
        return "reading"
    return "spelling" if _misspelt(short.loose, long.loose) else None


def _goes_on(short: _Reading, long: _Reading) -> bool:
    """Whether a name is the other with something behind it, or its last word alone."""
    few, many = short.core, long.core
    if len(short.key) < 2 or all(word in _GENERAL for word in few):
        return False
    if 0 < len(many) - len(few) <= _MOST_WORDS_MORE and (
        many[: len(few)] == few or (many[-1:] == few and len(few[0]) >= 5)
    ):
        return True
    # Within a run of kanji nothing tells where a word ends.
    if many[: len(few) - 1] != few[:-1] or len(few) > len(many) or few[-1] in _GENERAL:
        return False
    behind = many[len(few) - 1].removeprefix(few[-1]) + "".join(many[len(few) :])
    return many[len(few) - 1].startswith(few[-1]) and len(few[-1]) > 1 and bool(_TRADE.match(behind))


def _initials(short: _Reading, long: _Reading) -> bool:
    """Whether one is the other's first letters: IBM, P&G."""
    letters = "".join(word for word in short.words if word != "and")
    return len(letters) > 1 and letters in long.initials and all(len(word) < 6 for word in short.words)


def _reads(kana: _Reading, latin: _Reading) -> bool:
    """Whether one is in kana what the other is in Latin letters: トヨタ and Toyota."""
    return len(kana.kana) >= _SHORTEST_READ and kana.kana == latin.latin


def _misspelt(one: str, other: str) -> bool:
    """Whether letters or kana were mistyped. A digit or a kanji is never a slip: 日本電気 and 日本電産 are two."""
    length = max(len(one), len(other))
    if length < _ONE_SLIP or _NOT_SPELLING.findall(one) != _NOT_SPELLING.findall(other):
        return False
    most = 2 if length >= _TWO_SLIPS else 1
    return OSA.distance(one, other, score_cutoff=most) <= most


@lru_cache(maxsize=1 << 13)
def _read(name: str) -> _Reading:
    name = name[: 4 * _LONGEST_COMPARED]
    key = company_key(name)
    words = words_of(name) if key else []
    full = folded(name).replace(".", "").split()
    runs = [run for word in words for run in _RUNS.findall(word)]
    content = tuple(sorted("university" if word == "uni" else word for word in runs if word not in _SMALL_WORDS))
    core = _core(runs)
    return _Reading(
        key[:_LONGEST_COMPARED],
        _loose(words)[:_LONGEST_COMPARED],
        tuple(words),
        content or tuple(runs),
        core,
        frozenset(filter(None, map(company_key, _BETWEEN.split(name, maxsplit=_MOST_PARTS)))) - {key},
        frozenset(_first_letters(some) for some in (words, full) if len(some) > 1),
        reading_of_kana(IN_CJK.sub("", unicodedata.normalize("NFKC", name))),
        one_reading("".join(core)) if all(map(str.isascii, core)) else "",
    )


def _loose(words: list[str]) -> str:
    text = "".join(word for word in words if word != "and").translate(_OLD_FORMS).replace("ー", "")
    # Umlauts are written with an e, or without.
    return re.sub("(?<=[aou])e", "", text)


def _first_letters(words: list[str]) -> str:
    return "".join(word[0] for word in words if word not in _SMALL_WORDS and word[0].isalnum())


def _core(runs: list[str]) -> tuple[str, ...]:
    """The words without what only tells a country or a place in a group; something is always left."""
    left = list(runs)
    while len(left) > 1 and left[-1] in _AROUND:
        left.pop()
    while len(left) > 1 and left[0] in _AROUND:
        del left[0]
    if left:
        left[-1] = _BEHIND.sub("", left[-1])
        left[0] = _BEFORE.sub("", left[0])
    # Bank of America without its country is any bank.
    return tuple(runs if all(word in _GENERAL or word in _SMALL_WORDS for word in left) else left)
