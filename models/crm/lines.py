"""On which line of a TOML document each key stands: the standard library reads values only, errors must name lines."""

import re

Path = tuple[str | int, ...]

_KEY = r"(?:\"(?:[^\"\\]|\\.)*\"|'[^']*'|[\w-]+)"
_DOTTED = rf"{_KEY}(?:\s*\.\s*{_KEY})*"
_TABLE = re.compile(rf"\s*(\[\[?)\s*({_DOTTED})\s*\]\]?")
_ASSIGNED = re.compile(rf"\s*({_DOTTED})\s*=")
_PART = re.compile(_KEY)
_AT_LINE = re.compile(r"at line (\d+)")


def lines_of(text: str) -> dict[Path, int]:
    """The 1-based line of each table, entry of a list of tables, and key that begins a line; keys in one line with
    their table have its line."""
    found: dict[Path, int] = {}
    counts: dict[Path, int] = {}
    table: Path = ()
    for number, line in enumerate(text.splitlines(), 1):
        if header := _TABLE.match(line):
            table = _entered(_parts(header[2]), counts)
            if header[1] == "[[":
                counts[table] = counts.get(table, -1) + 1
                table = (*table, counts[table])
            found.setdefault(table, number)
        elif assigned := _ASSIGNED.match(line):
            found.setdefault((*table, *_parts(assigned[1])), number)
    return found


def line_of(message: str) -> int:
    """The line that an error of the TOML reader names, 1 where it names none."""
    found = _AT_LINE.search(message)
    return int(found[1]) if found else 1


def _parts(dotted: str) -> Path:
    return tuple(part[1:-1] if part[0] in "\"'" else part for part in _PART.findall(dotted))


def _entered(path: Path, counts: dict[Path, int]) -> Path:
    """The path with the number of the entry that a list of tables stands at: `files.columns` is of its last entry."""
    inside: Path = ()
    for at, part in enumerate(path):
        inside = (*inside, part)
        if at < len(path) - 1 and inside in counts:
            inside = (*inside, counts[inside])
    return inside
