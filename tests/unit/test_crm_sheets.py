"""Workbooks of CRM exports: each sheet that the map names is read as if it had been exported as CSV."""

import zipfile
from datetime import date, datetime
from pathlib import Path

import pytest

from jobs.crm_files import CrmUnreadable, open_files
from jobs.crm_sheets import _MOST_BYTES
from models.crm.mapping import CrmMap, read_map

MAP = """version = 1
currency = "EUR"
numbers = "1.234,50"
dates = ["%d.%m.%Y"]
[[files]]
match = "*.xlsx"
sheet = "取引先"
entity = "accounts"
columns = { id = "Id", name = "会社名" }
[[files]]
match = "*.xlsx"
sheet = "商談"
entity = "opportunities"
columns = { id = "Id", stage = "Stage", amount = "Amount", closed_on = "Closed" }
values = { outcome = { "*" = "won" } }
"""
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"


def whole() -> CrmMap:
    found = read_map(MAP)
    assert isinstance(found, CrmMap), found
    return found


def cell(value: object) -> str:
    """A cell as a spreadsheet writes it; a day is the number of days since 1899 in a style that says so."""
    if isinstance(value, datetime):
        return f'<c s="1"><v>{(value - datetime(1899, 12, 30)).total_seconds() / 86400}</v></c>'  # noqa: DTZ001
    if isinstance(value, str):
        return f'<c t="inlineStr"><is><t xml:space="preserve">{value}</t></is></c>'
    return f"<c><v>{value}</v></c>" if value is not None else "<c/>"


def workbook(path: Path, sheets: dict[str, list[list[object]]]) -> Path:
    """Write a workbook with the least that one has."""
    listed = "".join(f'<sheet name="{name}" sheetId="{n}" r:id="r{n}"/>' for n, name in enumerate(sheets, 1))
    related = "".join(
        f'<Relationship Id="r{n}" Type="{_RELATIONS}/worksheet" Target="worksheets/sheet{n}.xml"/>'
        for n in range(1, len(sheets) + 1)
    )
    style = f'<Relationship Id="s" Type="{_RELATIONS}/styles" Target="styles.xml"/>'
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types"/>',
        "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="w"'
        f' Type="{_RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_RELATIONS}"><sheets>{listed}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">{related}{style}'
        "</Relationships>",
        "xl/styles.xml": f'<styleSheet xmlns="{_MAIN}"><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs>'
        "</styleSheet>",
    }
    for n, rows in enumerate(sheets.values(), 1):
        body = "".join(f'<row r="{r}">{"".join(map(cell, row))}</row>' for r, row in enumerate(rows, 1) if row)
        parts[f"xl/worksheets/sheet{n}.xml"] = f'<worksheet xmlns="{_MAIN}"><sheetData>{body}</sheetData></worksheet>'
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, text in parts.items():
            packed.writestr(name, _HEAD + text)
    return path


DAY = datetime(2026, 3, 31, 18)  # noqa: DTZ001 - spreadsheets have no zones
DEALS: list[list[object]] = [
    ["Id", "Stage", "Amount", "Closed"],
    [9001, "受注", 1234.5, DAY],
    [],
    [9002, "受注", None, None],
]


def test_every_sheet_that_the_map_names_is_read_with_its_numbers_and_days(tmp_path: Path) -> None:
    book = workbook(tmp_path / "crm.xlsx", {"メモ": [["x"]], "商談": DEALS, "取引先": [["Id", "会社名"], [7, "青空"]]})
    files, _ = open_files([book], whole())
    assert [one.reading.file.entity for one in files] == ["accounts", "opportunities"]
    accounts, deals = (list(one.rows()) for one in files)
    assert [row.fields for row in accounts] == [{"id": "7", "name": "青空"}]
    assert [(row.line, row.fields) for row in deals] == [
        (2, {"id": "9001", "stage": "受注", "amount": "1234,5", "closed_on": "31.03.2026"}),
        (4, {"id": "9002", "stage": "受注", "amount": "", "closed_on": ""}),
    ]
    assert date(2026, 3, 31) == DAY.date()


def test_a_sheet_that_is_not_there_is_told_with_those_that_are(tmp_path: Path) -> None:
    book = workbook(tmp_path / "crm.xlsx", {"商談 ": DEALS})
    with pytest.raises(CrmUnreadable, match="has no sheet '商談': it has '商談 '"):
        open_files([book], whole())


def test_a_workbook_that_is_none_is_told(tmp_path: Path) -> None:
    for content in (b"", b"PK\x03\x04 broken", b"Id,Name\n"):
        (tmp_path / "crm.xlsx").write_bytes(content)
        with pytest.raises(CrmUnreadable, match="is no workbook that can be read"):
            open_files([tmp_path / "crm.xlsx"], whole())


def test_an_empty_sheet_is_told(tmp_path: Path) -> None:
    book = workbook(tmp_path / "crm.xlsx", {"商談": [], "取引先": [["", None]]})
    with pytest.raises(CrmUnreadable, match="the sheet is empty"):
        open_files([book], whole())


def test_a_workbook_that_would_fill_the_memory_is_refused_unread(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "crm.xlsx", "w", zipfile.ZIP_DEFLATED) as packed, packed.open("xl/a", "w") as part:
        for _ in range((_MOST_BYTES >> 20) + 1):
            part.write(bytes(1 << 20))
    with pytest.raises(CrmUnreadable, match="of more than 512 MiB unpacked"):
        open_files([tmp_path / "crm.xlsx"], whole())
