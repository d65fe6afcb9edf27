"""Mail addresses in text of any kind, however they are spelled: plain, escaped as in JSON or a URL, encoded as in mail.

Two sides of one thing: `addresses_in` finds every address in a text, `search_pattern` finds one address in a store.
What the second finds, the first decides: it knows where an address begins and ends.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

# What no address has unquoted; see models.events.Contact.
_HARD = frozenset(' \t\r\n\f\v@<>,;:"()[]\u00a0\u3000')
_STOP = _HARD | {"\\"}
# Within a word they belong to an address; before its first and behind its last letter they do not.
_JOINERS = "._+-'"
_MOST_WINDOW = 1500
_MOST_ADDRESS = 320
_MOST_BOUNDS = 24

# Of nearly all addresses: told from what surrounds them without looking closer.
_PLAIN = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._+-"
_EDGES = frozenset('\t\r\n <>,;:"')
_AT = re.compile(r"@|\\+u0040|\\+x40|%40|=40|&#0*64;|&#x0*40;")
_ESCAPES = re.compile(
    r"\\+u([0-9a-fA-F]{4})|\\+x([0-9a-fA-F]{2})|%([0-9a-fA-F]{2})|&#x([0-9a-fA-F]{1,4});|&#(\d{1,4});|\\+([bfnrt])|\\+/"
)
_QUOTED_PRINTABLE = re.compile(r"=([0-9A-Fa-f]{2})|=\r?\n")
# Japanese mail of old goes back to ASCII with one of these; its last character is no letter of an address.
_TO_ASCII = "\x1b("


class Found(NamedTuple):
    """Where something that reads as an address stands, and the address in lower case."""

    start: int
    end: int
    address: str


class _Unit(NamedTuple):
    """One character as it is meant, and where it is spelled in the text."""

    char: str
    start: int
    end: int


def addresses_in(text: str, wanted: Callable[[str], bool]) -> list[Found]:
    """Every wanted address in the text, in its order and without overlaps.

    wanted: told each address that may be meant, in lower case. In `see sato@example.co.jp/x` several may be; in
    `taro.sato@example.co.jp` the address `sato@example.co.jp` is not among them.
    """
    found: list[Found] = []
    for start, end in _at_signs(text):
        if (plain := _plainly(text, start)) is None:
            one = _around(text, start, end, wanted)
        else:
            one = plain if wanted(plain.address) else None
        if one is not None:
            found.append(one)
    result: list[Found] = []
    for one in sorted(found, key=lambda one: (one.start, -one.end)):
        if not result or one.start >= result[-1].end:
            result.append(one)
    return result


def _at_signs(text: str) -> Iterator[tuple[int, int]]:
    """Where each at sign stands, spelled in whatever way."""
    if "40" in text or "&#" in text:
        yield from (match.span() for match in _AT.finditer(text))
        return
    at = text.find("@")
    while at >= 0:
        yield at, at + 1
        at = text.find("@", at + 1)


def _plainly(text: str, at: int) -> Found | None:
    """The address around an at sign where only one can be meant; None where it takes a closer look."""
    left, right = text[max(0, at - 70) : at], text[at + 1 : at + 260]
    start, end = len(left.rstrip(_PLAIN)), len(right) - len(right.lstrip(_PLAIN))
    local, domain = left[start:], right[:end]
    before = left[start - 1] if start else "" if at <= 70 else "?"
    behind = right[end] if end < len(right) else "" if at + 260 > len(text) else "?"
    usual = local[:1].isalnum() and domain[-1:].isalnum() and text[at] == "@"
    if not usual or (before and before not in _EDGES) or (behind and behind not in _EDGES):
        return None
    return Found(at - len(local), at + 1 + end, f"{local}@{domain}".lower())


def _around(text: str, at: int, after: int, wanted: Callable[[str], bool]) -> Found | None:
    """The longest wanted address around an at sign, in any of the ways to read what stands there."""
    low, high = _reach(text, at, after)
    for read in (_as_it_stands, _unescaped, _unquoted):
        left, right = read(text, low, at), read(text, after, high)
        if left is None and right is None:
            continue
        before = left or _as_it_stands(text, low, at)
        behind = right or _as_it_stands(text, after, high)
        starts, ends = list(_starts(before)), list(_ends(behind))
        for start in reversed(starts):
            local = "".join(unit.char for unit in before[start:])
            for end in reversed(ends):
                address = f"{local}@{''.join(unit.char for unit in behind[:end])}".lower()
                if len(address) <= _MOST_ADDRESS and wanted(address):
                    return Found(before[start].start, behind[end - 1].end, address)
    return None


def _reach(text: str, at: int, after: int) -> tuple[int, int]:
    """How far what may belong to an address reaches to both sides of the at sign."""
    low, high = at, after
    while low > max(0, at - _MOST_WINDOW) and (text[low - 1] not in _HARD or _soft_break(text, low - 1)):
        low -= 1
    while high < min(len(text), after + _MOST_WINDOW) and (text[high] not in _HARD or _soft_break(text, high)):
        high += 1
    if text[max(0, low - 2) : low] == _TO_ASCII and low < at:
        low += 1
    return low, high


def _soft_break(text: str, place: int) -> bool:
    """Whether a line ends here only because quoted-printable lines may not be long."""
    return text[place] in "\r\n" and text[max(0, place - 2) : place].rstrip("\r")[-1:] == "="


def _as_it_stands(text: str, low: int, high: int) -> list[_Unit]:
    return [_Unit(text[place], place, place + 1) for place in range(low, high)]


def _unescaped(text: str, low: int, high: int) -> list[_Unit] | None:
    """With the escapes of JSON, URLs, HTML and Apache's logs undone; None where there are none."""

    def meant(match: re.Match[str]) -> str:
        for digits in (match[1], match[2], match[3], match[4]):
            if digits:
                return chr(int(digits, 16))
        return chr(int(match[5])) if match[5] else " " if match[6] else "/"

    return _spelled(text, low, high, _ESCAPES, meant)


def _unquoted(text: str, low: int, high: int) -> list[_Unit] | None:
    """With quoted-printable undone; None where there is none."""
    return _spelled(text, low, high, _QUOTED_PRINTABLE, lambda match: chr(int(match[1], 16)) if match[1] else "")


def _spelled(
    text: str, low: int, high: int, escapes: re.Pattern[str], meant: Callable[[re.Match[str]], str]
) -> list[_Unit] | None:
    units: list[_Unit] = []
    place = low
    for match in escapes.finditer(text, low, high):
        units += _as_it_stands(text, place, match.start())
        if char := meant(match):
            units.append(_Unit(char, match.start(), match.end()))
        place = match.end()
    return [*units, *_as_it_stands(text, place, high)] if place > low else None


def _letter(char: str) -> bool:
    # Latin letters. Japanese has no blanks between words: an address begins where its letters begin.
    return (char.isascii() and char.isalnum()) or "\u00c0" <= char <= "\u024f"


def _starts(units: list[_Unit]) -> Iterator[int]:
    """Where the local part may begin: nearest to the at sign first."""
    told = 0
    for start in range(len(units) - 1, -1, -1):
        if units[start].char in _STOP or told >= _MOST_BOUNDS:
            return
        before = start
        while before and units[before - 1].char in _JOINERS:
            before -= 1
        if not before or not _letter(units[before - 1].char):
            told += 1
            yield start


def _ends(units: list[_Unit]) -> Iterator[int]:
    """Where the domain may end: nearest to the at sign first."""
    told = 0
    for end in range(1, len(units) + 1):
        if units[end - 1].char in _STOP or told >= _MOST_BOUNDS:
            return
        behind = end
        while behind < len(units) and units[behind].char in _JOINERS:
            behind += 1
        if units[end - 1].char not in _JOINERS and (behind == len(units) or not _letter(units[behind].char)):
            told += 1
            yield end


def search_pattern(addresses: Iterable[str]) -> str:
    """A regular expression (RE2) that finds the addresses in any case and spelling; other addresses' ends as well."""
    return "(?i)" + "|".join("(?:=\\r?\\n)?".join(map(_any_spelling, address.lower())) for address in addresses)


def _any_spelling(char: str) -> str:
    codes = sorted({ord(one) for one in (char.lower(), char.upper()) if len(one) == 1})
    ways = [re.escape(char) if char.isascii() else char]
    if not char.isascii() and char.upper() != char:
        ways.append(char.upper())
    for code in codes:
        ways.append(rf"\\+u{code:04x}")
        if code < 0x80:
            ways += [rf"\\+x{code:02x}", f"%{code:02x}", f"={code:02x}", f"&#0*{code};", f"&#x0*{code:x};"]
    return f"(?:{'|'.join(ways)})"
