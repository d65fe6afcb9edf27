"""The form of an attendee list: which row is the header, its delimiter, its encoding, and the zone of its times."""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from zoneinfo import ZoneInfo

from models.sources.attendance import csv_rows
from models.sources.attendee_columns import Column, column_of, folded
from models.sources.local_times import zone_named

_ENCODINGS = ("utf-8", "cp932")
_DELIMITERS = (",", ";", "\t")
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_MOST_TITLE_ROWS = 5
_HEAD_LINES = 120  # enough for the title rows and the header, each with as many line breaks as csv_rows joins
# Full-width letters, digits and signs, one for one: a Japanese keyboard writes ＠ as easily as @.
_NARROW = {wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F)}


@dataclass(frozen=True, slots=True)
class ListForm:
    """How the rows below a header are to be read.

    encoding: of the rows; ascii where the body is in none that we know. columns: what each position holds.
    wrong: why no row can be read, else ''.
    """

    delimiter: str
    encoding: str
    columns: list[Column | None]
    zone: ZoneInfo | None
    wrong: str = ""

    @property
    def width(self) -> int:
        """Up to where a row must reach to tell all that the header promises."""
        return max((at for at, column in enumerate(self.columns, 1) if column), default=0)


def listed_rows(lines: Iterable[bytes]) -> Iterator[bytes]:
    """The rows of a list from its header on, without empty lines; up to five rows of title above it are left out.

    Where no row is recognised as a header the first one stands in its place, and read_form() says so.
    """
    # Splitting by bytes is safe in CP932 too: the second byte of a character is 0x40 to 0x7E or 0x80 to 0xFC, so never
    # a quote, a delimiter or a line break. It may be a backslash, which means nothing to CSV.
    rest = iter(lines)
    head = list(islice(rest, _HEAD_LINES))
    head[:1] = [line.removeprefix(_BYTE_ORDER_MARK) for line in head[:1]]
    title_rows, delimiter = _form(head)
    rows = (row for row in csv_rows(chain(head, rest), delimiter) if row.strip())
    return islice(rows, title_rows, None)


def read_form(header: bytes, body: bytes, content_type: str) -> ListForm:
    """How to read the rows of a list. header: its header row. content_type: its parameter `tz` may name a zone."""
    delimiter = _form([header])[1]
    names = _names(header, delimiter)
    zone = zone_named("Asia/Tokyo") if _is_japanese(names) else None
    wrong = ""
    if not _is_header(names):
        wrong = (
            f"no header line in the first {_MOST_TITLE_ROWS + 1} rows: it must name an e-mail column, such as"
            " メールアドレス or Email, or two other columns of docs/sources/attendees.md"
        )
    elif told := _parameter(content_type, "tz"):
        zone = zone_named(told)
        if zone is None:
            wrong = f"tz: {told[:120]!r} in the content type is not a time zone such as Asia/Tokyo"
    return ListForm(delimiter, _encoding(body, header), [column_of(name) for name in names], zone, wrong)


def encoding_of(body: bytes) -> str:
    """The encoding of a list: utf-8 or cp932; ascii where it is neither, so that only rows in ASCII can be read."""
    return _encoding(body, next(listed_rows(body.splitlines(keepends=True)), b""))


def _encoding(body: bytes, header: bytes) -> str:
    # Every record of a file repeats its header, so where the header can tell, all of them agree, and a broken byte in
    # one row does not turn its neighbours into other letters. A header in ASCII leaves it to the whole body.
    for told in (header, body):
        if not told.isascii():
            for encoding in _ENCODINGS:
                if decoded(told, encoding) is not None:
                    return encoding
    return "utf-8" if body.isascii() else "ascii"


def zone_missing(record: bytes) -> bool:
    """Whether the header of a list is recognised, and is not Japanese, which would say in which zone its times are."""
    header = next(listed_rows(record.splitlines(keepends=True)), b"")
    names = _names(header, _form([header])[1])
    return _is_header(names) and not _is_japanese(names)


def narrow(text: str) -> str:
    """The text with full-width letters, digits and signs as ASCII, character for character."""
    return text.translate(_NARROW)


def _form(lines: list[bytes]) -> tuple[int, str]:
    """How many rows stand above the header, and the delimiter: the one that gives the header the most known columns."""
    found = []
    for order, delimiter in enumerate(_DELIMITERS):
        rows = islice((row for row in csv_rows(lines, delimiter) if row.strip()), _MOST_TITLE_ROWS + 1)
        for above, row in enumerate(rows):
            if _is_header(names := _names(row, delimiter)):
                found.append((above, -sum(column_of(name) is not None for name in names), order))
                break
    above, _, order = min(found, default=(0, 0, 0))
    return above, _DELIMITERS[order]


def _is_header(names: list[str]) -> bool:
    # One known name alone may be a word of a title.
    known = {column for name in names if (column := column_of(name))}
    return "email" in known or len(known) > 1


def _is_japanese(names: list[str]) -> bool:
    return any(not folded(name).isascii() for name in names if column_of(name))


def _names(header: bytes, delimiter: str) -> list[str]:
    """The names in a header line; none where it cannot be read."""
    text = next((text for encoding in _ENCODINGS if (text := decoded(header, encoding)) is not None), "")
    try:
        names = next(csv.reader([text], delimiter=delimiter), [])
    except csv.Error:
        return []
    while names and not names[-1].strip():
        names.pop()  # spreadsheets export columns that were used once
    return names


def _parameter(content_type: str, name: str) -> str:
    parameters = (part.partition("=") for part in content_type.split(";")[1:])
    return next((value.strip().strip('"') for told, _, value in parameters if told.strip().lower() == name), "")


def decoded(raw: bytes, encoding: str) -> str | None:
    """The text of some bytes, None where they are in another encoding."""
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError:
        return None
