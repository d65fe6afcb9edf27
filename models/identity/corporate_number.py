"""The corporate number (法人番号), which the National Tax Agency gives to every company in Japan for good."""

import re
import unicodedata

_DIGITS = re.compile(r"[0-9]{13}")
_BETWEEN = re.compile(r"[\s-]+")


def normalise_number(text: str) -> str:
    """The digits of a number as people write it: in any width, in groups, behind the T of an invoice."""
    return _BETWEEN.sub("", unicodedata.normalize("NFKC", text)).upper().removeprefix("T")


def number_error(number: str) -> str | None:
    """Why this, normalised, is no corporate number, with what to do; None if it is one."""
    if not _DIGITS.fullmatch(number):
        return f"{number!r} is not a corporate number: give its 13 digits"
    if int(number[0]) != check_digit(number[1:]):
        return f"{number!r} is not a corporate number, as its check digit does not fit: look for a digit mistyped"
    return None


def check_digit(twelve: str) -> int:
    """The digit that stands before these twelve: 9 less the remainder by 9 of their sum, every other one twice.

    The last one counts once. Source: https://www.houjin-bangou.nta.go.jp/documents/checkdigit.pdf.
    """
    weighted = sum(int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(twelve)))
    return 9 - weighted % 9
