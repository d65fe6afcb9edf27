"""How a name in kana reads in Latin letters, so far that the two can be held against each other.

Only for names that are kana throughout. How a name of kanji reads nobody can tell from its letters, and foreign names
come back another than they went: アクセンチュア is read akusenchua.
"""

import re
import unicodedata

_ROWS = {
    "": "アイウエオ", "k": "カキクケコ", "s": "サ スセソ", "t": "タ  テト", "n": "ナニヌネノ", "h": "ハヒ ヘホ",
    "m": "マミムメモ", "y": "ヤ ユ ヨ", "r": "ラリルレロ", "w": "ワ    ", "g": "ガギグゲゴ", "z": "ザ ズゼゾ",
    "d": "ダ  デド", "b": "バビブベボ", "p": "パピプペポ", "v": "  ヴ  ",
}  # fmt: skip
_READ = {kana: row + vowel for row, all_five in _ROWS.items() for kana, vowel in zip(all_five, "aiueo", strict=True)}
_READ |= {"シ": "shi", "チ": "chi", "ツ": "tsu", "フ": "fu", "ジ": "ji", "ヂ": "ji", "ヅ": "zu", "ヲ": "o", "ン": "n"}
_READ.pop(" ", None)
_GLIDES = {"ャ": "a", "ュ": "u", "ョ": "o", "ァ": "a", "ィ": "i", "ゥ": "u", "ェ": "e", "ォ": "o"}
_HIRAGANA = {code: code + 0x60 for code in range(0x3041, 0x3097)}
_AS_SPOKEN = (("ph", "f"), ("l", "r"), ("v", "b"), ("ou", "o"), ("mb", "nb"), ("mp", "np"), ("mm", "nm"))
_FINAL_Y = re.compile(r"y(?![aeiou])")
_HARD_C = re.compile(r"c(?!h)")
_DOUBLED = re.compile(r"(.)\1+")


def reading_of_kana(text: str) -> str:
    """Hepburn, as one_reading has it, of a text in kana; '' if it holds anything but kana, blanks and middle dots."""
    kana = unicodedata.normalize("NFKC", text).translate(_HIRAGANA)
    found = ""
    for char in kana:
        if char in _GLIDES:
            glide = "y" if char in "ャュョ" and found[-2:] not in ("hi", "ji") else ""
            found = found[:-1] + glide + _GLIDES[char]
        elif char not in "ーッ・ ":  # long vowels and double consonants count once
            if char not in _READ:
                return ""
            found += _READ[char]
    return one_reading(found)


def one_reading(latin: str) -> str:
    """Latin letters without what is written or left out at pleasure: blanks, long vowels, doubled letters."""
    text = "".join(char for char in latin.lower() if char.isascii() and char.isalpha())
    for written, spoken in _AS_SPOKEN:
        text = text.replace(written, spoken)
    return _DOUBLED.sub(r"\1", _HARD_C.sub("k", _FINAL_Y.sub("i", text)))
