"""Company names as people write them, and what of them tells one company from another."""

import re
import unicodedata
from functools import lru_cache

from models.identity.legal_forms import DOTTED_SPA, IN_CJK, without_legal_form

# Shown by nobody, or drawn beside a name: they say nothing. Before NFKC, which writes out the trade mark.
_UNSEEN = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060\ufe00-\ufe0f\ufeff©®™℠]")
_APOSTROPHES = re.compile("['`´\u02bc\u2018\u2019]")
_DOTTED = re.compile(r"(?<=\b\w)\.(?=\w?\b)")
_SIGNS = re.compile(r"[^\w\s]|_")
_MARKED = re.compile("([a-z])[\u0300-\u036f]+")
_REPEATED = re.compile("([\u30a1-\u30fa])([\u30fd\u30fe])")
_LATIN_GAP = re.compile(r"(?<=[\x21-\u024f])\s+(?=[\x21-\u024f])")

_LARGE = dict(zip("ァィゥェォッャュョヮヵヶヰヱヲ", "アイウエオツヤユヨワカケイエオ", strict=True))
# Drawn in another way, the same in every register; old forms such as 學 may be another company's, see company_likeness.
_DRAWN = dict(zip("髙﨑𠮷德靑淸", "高崎吉徳青清", strict=True))
_LETTERS = {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"}
_AS_KATAKANA = {chr(code): chr(code + 0x60) for code in [*range(0x3041, 0x3097), 0x309D, 0x309E]}
_ALIKE = str.maketrans(
    {
        **{hiragana: _LARGE.get(katakana, katakana) for hiragana, katakana in _AS_KATAKANA.items()},
        **_LARGE,
        **_DRAWN,
        **_LETTERS,
        "&": " and ",
    }
)
# Always short for the same word.
_WRITTEN_OUT = {"univ": "university", "intl": "international", "mfg": "manufacturing", "bros": "brothers"}

# What people write who name no company, without blanks and signs.
_NOBODY = frozenset(
    {
        *("na", "none", "nil", "null", "nothing", "tbd", "unknown", "self", "selfemployed", "individual", "personal"),
        *("independent", "freelance", "freelancer", "private", "privateperson", "student", "retired", "unemployed"),
        *(
            "個人",
            "個人事業主",
            "無所属",
            "所属無シ",
            "所属ナシ",
            "無シ",
            "無",
            "ナシ",
            "特ニナシ",
            "未定",
            "不明",
            "学生",
        ),
        *("自営", "自営業", "フリー", "フリーランス", "フリーランサー", "ソノ他", "無職"),
    }
)


@lru_cache(maxsize=1 << 14)
def plain_key(name: str) -> str:
    """A name without what says nothing: its width, its case, and how many blanks there are between words."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def folded(text: str) -> str:
    """Text in one width, one case, one kana and without accents; its signs, but for apostrophes and &, as they were."""
    text = unicodedata.normalize("NFKC", _UNSEEN.sub("", text)).casefold()
    text = _MARKED.sub(r"\1", unicodedata.normalize("NFD", _APOSTROPHES.sub("", text)))
    text = unicodedata.normalize("NFC", text).translate(_ALIKE)
    return _REPEATED.sub(_written_twice, text)


def _written_twice(found: re.Match[str]) -> str:
    """いすゞ as いすず."""
    kana, mark = found.groups()
    return kana + (unicodedata.normalize("NFC", kana + "\u3099") if mark == "\u30fe" else kana)


def words_of(name: str) -> list[str]:
    """The words of a name without its legal form, its width, its kana, its case, its signs; [] if nothing is left."""
    # Hyphens, dots and the like part words or do not, as people please; a legal form is written with dots or without.
    text = _DOTTED.sub("", DOTTED_SPA.sub(" ", IN_CJK.sub(" ", folded(name))))
    words = _SIGNS.sub(" ", text).split()
    return [_WRITTEN_OUT.get(word, word) for word in without_legal_form(words)] if words else []


@lru_cache(maxsize=1 << 16)
def company_key(name: str) -> str:
    """What is left of a company's name by words_of; '' if nothing is, or if it names nobody, such as `n/a`.

    Names of one key are one company for certain enough to act on. Blanks count between Latin words only:
    株式会社 青空 is 青空, and Blue Sky is not Bluesky.
    """
    return "" if names_nobody(name) else joined(words_of(name))


def joined(words: list[str]) -> str:
    """Words with the blanks between Latin ones."""
    return "".join(_LATIN_GAP.sub("\x00", " ".join(words)).split()).replace("\x00", " ")


def names_nobody(name: str) -> bool:
    """Whether somebody wrote that there is no company, or nothing that could be one's name."""
    told = "".join(_SIGNS.sub(" ", folded(name)).split())
    return not told or told in _NOBODY
