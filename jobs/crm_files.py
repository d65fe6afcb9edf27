"""The files of a CRM export: which of them the map reads, and their rows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from importlib import resources
from itertools import islice
from pathlib import Path

from jobs.crm_sheets import SUFFIXES, sheet_lines
from jobs.files import FileUnreadable, Lines
from models.crm.fields import ORDER
from models.crm.mapping import CrmMap, Reading, read_map, reading_of
from models.crm.tables import Layout, Row, encoding_of, layout_of, rows_of

PRESETS = ("hubspot", "salesforce", "maven")
_HEAD_LINES = 100


class CrmUnreadable(Exception):
    """A map or files that nothing can be imported with. told: all that is wrong, a line each."""

    def __init__(self, told: Sequence[str]) -> None:
        super().__init__("; ".join(told))
        self.told = told


def preset(name: str) -> str:
    """The text of a map that comes with Setten. Raises CrmUnreadable."""
    if name not in PRESETS:
        raise CrmUnreadable([f"there is no map {name!r}: use one of {', '.join(PRESETS)}, or --map with a file"])
    return (resources.files("jobs") / "crm_maps" / f"{name}.toml").read_text("utf-8")


def load_map(path: Path | None, name: str | None) -> CrmMap:
    """The map of a file, or one that comes with Setten. Raises CrmUnreadable, FileUnreadable."""
    told = str(path) if path is not None else f"{name}.toml"
    try:
        text = preset(name or "") if path is None else path.read_text("utf-8-sig")
    except OSError as error:
        raise FileUnreadable(Path(told), (error.strerror or str(error)).lower()) from error
    except UnicodeDecodeError as error:
        raise FileUnreadable(Path(told), f"byte {error.start} is not UTF-8: save the map as UTF-8") from error
    found = read_map(text)
    if isinstance(found, list):
        raise CrmUnreadable([f"{told}:{wrong}" for wrong in found])
    return found


@dataclass
class CrmFile:
    """One file, as the map reads it. bytes_read: of its size, as rows are asked for. sheet: its lines, if it is one."""

    path: Path
    reading: Reading
    layout: Layout
    size: int
    bytes_read: int = 0
    sheet: list[bytes] | None = None

    def rows(self) -> Iterator[Row]:
        """Its rows in their order. Raises FileUnreadable, after them, where its end is damaged."""
        if self.sheet is not None:
            yield from rows_of(self.sheet, self.reading.file, self.layout)
            self.bytes_read = self.size
            return
        with self.path.open("rb") as file:
            lines = Lines(file)
            for row in rows_of(lines, self.reading.file, self.layout):
                self.bytes_read = file.tell()
                yield row
        self.bytes_read = self.size
        if lines.damage:
            raise FileUnreadable(self.path, f"is damaged behind line {row.line:,}: {lines.damage}") from lines.damage


def open_files(paths: Sequence[Path], whole: CrmMap) -> tuple[list[CrmFile], list[Path]]:
    """The files that the map reads, in the order in which they are to be read, and those of folders that it does not.

    Raises CrmUnreadable with all that is wrong with any of them.
    """
    wrong: list[str] = []
    opened: dict[tuple[Path, str | None], CrmFile] = {}
    others: list[Path] = []
    for path, named in _listed(paths, wrong):
        entries = [one for one in whole.files if fnmatchcase(path.name.casefold(), one.match.casefold())]
        if not entries and named:
            patterns = ", ".join(one.match for one in whole.files)
            wrong.append(f"{path}: the map has no entry for it: rename it, or add one to `files` (it has {patterns})")
        elif not entries:
            others.append(path)
        # Of a workbook every entry may read another sheet.
        for entry in entries if _is_workbook(path) else entries[:1]:
            place = (path.resolve(), entry.sheet if _is_workbook(path) else None)
            if place in opened:
                continue
            if isinstance(found := _opened(path, reading_of(whole, entry)), CrmFile):
                opened[place] = found
            else:
                wrong += [f"{path}:1: {one}" for one in found]
    if not opened and not wrong:
        patterns = ", ".join(one.match for one in whole.files)
        wrong.append(f"{', '.join(map(str, paths))}: there is no file that the map reads; it reads {patterns}")
    if wrong:
        raise CrmUnreadable(wrong)
    return sorted(opened.values(), key=lambda one: (ORDER.index(one.reading.file.entity), one.path.name)), others


def _listed(paths: Sequence[Path], wrong: list[str]) -> Iterator[tuple[Path, bool]]:
    """Every file, and whether it was named itself."""
    for path in paths:
        try:
            if path.is_dir():
                yield from ((one, False) for one in sorted(path.iterdir()) if one.is_file())
            elif path.is_file():
                yield path, True
            elif path.exists():
                wrong.append(f"{path}: is not a regular file; save its content to one first")
            else:
                wrong.append(f"{path}: does not exist")
        except OSError as error:
            wrong.append(f"{path}: cannot be opened: {(error.strerror or str(error)).lower()}")


def _is_workbook(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES


def _workbook(path: Path, reading: Reading) -> CrmFile | list[str]:
    lines = sheet_lines(path, reading)
    if isinstance(lines, str):
        return [lines]
    if not any(line.strip(b',\n" ') for line in lines):
        return ["the sheet is empty"]
    found = layout_of(lines, reading.file, "utf-8", ",")
    return found if isinstance(found, list) else CrmFile(path, reading, found, path.stat().st_size, sheet=lines)


def _opened(path: Path, reading: Reading) -> CrmFile | list[str]:
    if _is_workbook(path):
        return _workbook(path, reading)
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            encoding = encoding_of(_from_header(file_lines := Lines(file)), reading.encoding)
            if file_lines.damage:
                return [f"is damaged: {file_lines.damage}"]
        with path.open("rb") as file:
            head = list(islice(Lines(file), _HEAD_LINES))
    except OSError as error:
        return [f"cannot be opened: {(error.strerror or str(error)).lower()}"]
    if not any(line.strip() for line in head):
        return ["is empty"]
    found = layout_of(head, reading.file, encoding, reading.delimiter)
    return found if isinstance(found, list) else CrmFile(path, reading, found, size)


def _from_header(lines: Lines) -> Iterator[bytes]:
    begun = False
    for line in lines:
        begun = begun or bool(line.strip())
        if begun:
            yield line
