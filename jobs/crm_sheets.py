"""A sheet of a workbook as the lines of a CSV file, so that one way leads from a row to its facts."""

import csv
import io
import zipfile
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path

from python_calamine import CalamineError, CalamineWorkbook

from models.crm.mapping import Reading
from models.crm.values import written_number

SUFFIXES = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")
# A workbook is read as a whole. Packed, a gigabyte of nothing has a megabyte.
_MOST_BYTES = 512 << 20


def sheet_lines(path: Path, reading: Reading) -> list[bytes] | str:
    """The rows of the sheet that the map names, each as a line of CSV in UTF-8; a line has the number of its row.

    Numbers and days come in the forms of the map, as if they had been exported so. An error, for a person, where the
    file is no workbook, is locked, or lacks the sheet.
    """
    try:
        if _unpacked(path) > _MOST_BYTES:
            return f"is a workbook of more than {_MOST_BYTES >> 20} MiB unpacked: save its sheets as CSV UTF-8"
        with CalamineWorkbook.from_path(str(path)) as book:
            names, wanted = book.sheet_names, reading.file.sheet
            if not names or (wanted is not None and wanted not in names):
                there = ", ".join(map(repr, names)) or "none"
                return f"has no sheet {wanted!r}: it has {there}; correct `sheet` of the map"
            sheet = book.get_sheet_by_name(names[0] if wanted is None else wanted)
            return [_line(row, reading) for row in sheet.to_python(skip_empty_area=False)]
    except (CalamineError, OSError, ValueError) as error:
        return f"is no workbook that can be read ({error}): save its sheets as CSV UTF-8"


def _unpacked(path: Path) -> int:
    try:
        with zipfile.ZipFile(path) as packed:
            return sum(one.file_size for one in packed.infolist())
    except zipfile.BadZipFile:
        return path.stat().st_size  # .xls is not packed


def _line(row: Sequence[object], reading: Reading) -> bytes:
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow([_cell(value, reading) for value in row])
    return line.getvalue().encode("utf-8", "backslashreplace")


def _cell(value: object, reading: Reading) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return written_number(value, reading.numbers)
    if isinstance(value, date | datetime):
        return value.strftime(reading.dates[0]) if reading.dates else value.isoformat()
    return " ".join(str(value).splitlines())
