"""An exported file as rows of fields: its encoding, delimiter, header line, and which column each field is in."""

import csv
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from models.crm.fields import FIELDS
from models.crm.mapping import Delimiter, Encoding, FileMap
from models.crm.names import nearest
from models.crm.problems import Problem, Wrong
from models.crm.values import EMPTY
from models.sources.attendance import csv_rows
from models.sources.attendee_columns import folded

_DELIMITERS = (",", ";", "\t")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_MOST_CHARACTERS = 2000
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


class Layout(NamedTuple):
    """How to read the rows of one file. at: the position of each field's column. columns: as the header line has them.

    missing: fields of the map for which the file has no column.
    """

    encoding: str
    delimiter: str
    columns: list[str]
    at: dict[str, int]
    known: dict[str, int]
    missing: tuple[str, ...] = ()


class Row(NamedTuple):
    """One row. line: of the file, from 1. fields: of the entity, '' where it has none. cells: by column, as written."""

    line: int
    fields: dict[str, str]
    cells: dict[str, str]
    problems: tuple[Problem, ...] = ()


def encoding_of(lines: Iterable[bytes], told: Encoding) -> str:
    """What a file is in: the header line decides where it is not ASCII, else what more lines can be read as."""
    if told != "auto":
        return told
    votes = {"utf-8": 0, "cp932": 0}
    for number, line in enumerate(lines):
        if line.isascii():
            continue
        for encoding in votes:
            try:
                line.decode(encoding)
            except UnicodeDecodeError:
                continue
            votes[encoding] += 1
            if number == 0:
                return encoding
            break  # what can be UTF-8 is: other bytes hardly ever look like it
    return max(votes, key=lambda encoding: votes[encoding])


def layout_of(head: Iterable[bytes], file: FileMap, encoding: str, delimiter: Delimiter) -> Layout | list[str]:
    """Read the header line: the first that is not blank. Errors, for a person, where it lacks what it must have."""
    first = next((row for row in csv_rows(head, "," if delimiter == "auto" else delimiter) if not _is_blank(row)), b"")
    if first.startswith(_UTF_16):
        return ["the file is UTF-16: save it as CSV UTF-8"]
    try:
        text = first.decode(encoding)
    except UnicodeDecodeError as error:
        return [
            f"the header line is not {encoding.upper()} (byte {error.start}): set `encoding` of the map, or save it so"
        ]
    found = [(one, _cells(text, one)) for one in (_DELIMITERS if delimiter == "auto" else (delimiter,))]
    wanted = {folded(name) for names in file.columns.values() for name in names}
    used, names = max(found, key=lambda one: (sum(folded(name) in wanted for name in one[1]), len(one[1])))
    return _located(file, encoding, used, [name.strip() for name in names])


def _is_blank(row: bytes) -> bool:
    return not row.strip(b'",;\t\r\n ')


def _cells(text: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([text], delimiter=delimiter), [])
    except csv.Error:
        return []


def _located(file: FileMap, encoding: str, delimiter: str, names: list[str]) -> Layout | list[str]:
    places: dict[str, list[int]] = {}
    for place, name in enumerate(names):
        places.setdefault(folded(name), []).append(place)
    required = {field.name for field in FIELDS[file.entity] if field.required and field.name not in file.constants}
    at: dict[str, int] = {}
    missing, errors = [], []
    for field, candidates in file.columns.items():
        there = [name for name in candidates if folded(name) in places]
        if there and len(places[folded(there[0])]) > 1:
            errors.append(f"{field}: the header line names the column {there[0]!r} twice; rename one of them")
        elif there:
            at[field] = places[folded(there[0])][0]
        elif field in required:
            told = " or ".join(map(repr, candidates))
            close = nearest(candidates[0], names)
            hint = f"did you mean {close!r}? " if close else ""
            errors.append(f"{field}: there is no column {told}: {hint}The file has {', '.join(names)[:400] or 'none'}")
        else:
            missing.append(field)
    known = {}
    for column in file.known:
        if folded(column) in places:
            known[column] = places[folded(column)][0]
        else:
            errors.append(f"known: there is no column {column!r}; the file has {', '.join(names)[:400] or 'none'}")
    return errors or Layout(encoding, delimiter, names, at, known, tuple(missing))


def rows_of(lines: Iterable[bytes], file: FileMap, layout: Layout) -> Iterator[Row]:
    """The rows below the header line that are not blank, each with what is wrong with its form."""
    line, header = 1, True
    for raw in csv_rows(lines, layout.delimiter):
        start, line = line, line + max(1, raw.count(b"\n"))
        if _is_blank(raw):
            continue
        if header:
            header = False
            continue
        row = _row(start, raw, file, layout)
        if row.problems or any(value.strip() for value in row.cells.values()):
            yield row


def _row(line: int, raw: bytes, file: FileMap, layout: Layout) -> Row:
    try:
        text = raw.decode(layout.encoding)
    except UnicodeDecodeError as error:
        shown = raw.decode(layout.encoding, "backslashreplace").strip()
        what = f"byte {error.start} of the row is not {layout.encoding.upper()}: save the file in one encoding"
        return Row(line, {}, {"row": shown[:1000]}, (Problem(Wrong.ENCODING_INVALID, "", "", what),))
    try:
        cells = next(csv.reader(text.splitlines(keepends=True), delimiter=layout.delimiter, strict=True), [])
    except csv.Error as error:
        what = f"not CSV ({error}): close every quote and double those inside a field"
        return Row(line, {}, {"row": text.strip()[:1000]}, (Problem(Wrong.ROW_MALFORMED, "", "", what),))
    by_column = dict(zip(layout.columns, cells, strict=False))
    if any(cell.strip() for cell in cells[len(layout.columns) :]):
        what = (
            f"{len(cells)} fields where the header line names {len(layout.columns)} columns: quote fields that hold one"
        )
        return Row(line, {}, {"row": text.strip()[:1000]}, (Problem(Wrong.ROW_MALFORMED, "", "", what),))
    if found := _CONTROL.search(text):
        what = f"the row holds the control character {found[0]!r}: take it out"
        return Row(line, {}, by_column, (Problem(Wrong.ROW_MALFORMED, "", "", what),))
    cells += [""] * (len(layout.columns) - len(cells))
    fields = {field: _told(cells[place]) for field, place in layout.at.items()}
    if long := next((field for field, value in fields.items() if len(value) > _MOST_CHARACTERS), ""):
        what = f"{len(fields[long]):,} characters; the limit is {_MOST_CHARACTERS:,}"
        return Row(line, {}, by_column, (Problem(Wrong.ROW_MALFORMED, long, fields[long][:100], what),))
    for field, constant in file.constants.items():
        fields[field] = fields.get(field) or constant
    problems = tuple(
        _unlisted(column, cells[place].strip(), file.known[column])
        for column, place in layout.known.items()
        if _told(cells[place]) and cells[place].strip() not in file.known[column]
    )
    return Row(line, fields, by_column, problems)


def _told(cell: str) -> str:
    text = cell.strip()
    return "" if text.casefold() in EMPTY else text


def _unlisted(column: str, value: str, listed: list[str]) -> Problem:
    close = nearest(value, listed)
    what = f"not among the values that the map lists for {column!r}; it is not kept anywhere"
    return Problem(Wrong.VALUE_UNLISTED, column, value, what, close or "")
