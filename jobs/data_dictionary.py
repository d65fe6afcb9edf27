"""`python -m jobs.data_dictionary`: write docs/data-dictionary.md from the comments of the migrations."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from jobs.migrate import migrations

DOCUMENT = Path(__file__).resolve().parent.parent / "docs" / "data-dictionary.md"
_HEAD = """\
# Data dictionary

The tables of the database `setten`, for whoever reads them with a BI tool. Generated from the comments in
`infra/sql/migrations` by `python -m jobs.data_dictionary`; do not edit. ClickHouse has the same comments:
`SELECT table, name, type, comment FROM system.columns WHERE database = 'setten'`.

Read every table with `FINAL`: they are of the kind `ReplacingMergeTree`, and without it rows that were superseded or
withdrawn are seen as well. Views are read without; one with a parameter like a function, `name(parameter = value)`.
`migrations` and `store_facts` are Setten's own books and not listed.
"""
_TABLE = re.compile(r"CREATE (?:TABLE|(?:OR REPLACE )?VIEW) (\w+)\n\(\n(.*?)\n\)\n(.*)", re.DOTALL)
_ADD = re.compile(
    r"ALTER TABLE (\w+) ADD COLUMN IF NOT EXISTS (\w+) (.+?)\s+COMMENT '((?:[^']|'')*)'(?: CODEC\(\w+\))? AFTER (\w+)$",
    re.DOTALL,
)
_DERIVED = re.compile(r"\s+(?:DEFAULT|MATERIALIZED)\s")
_COMMENT_COLUMN = re.compile(r"ALTER TABLE (\w+) COMMENT COLUMN (\w+)\s+'((?:[^']|'')*)'$")
# What a table is stored with says nothing of what is in it.
_SETTING = re.compile(
    r"^ALTER TABLE \w+ (?:MODIFY SETTING|MATERIALIZE COLUMN|MODIFY COLUMN \w+ DEFAULT|ADD INDEX) ", re.MULTILINE
)
_COLUMN = re.compile(r"^    (\w+)\s+(.+?) COMMENT '((?:[^']|'')*)'(?: CODEC\(.+\))?,?$")
_GRAIN = re.compile(r"^-- grain: (.+)$", re.MULTILINE)
_COMMENT = re.compile(r"^COMMENT '((?:[^']|'')*)'$", re.MULTILINE)
_PARAMETER = re.compile(r"\{(\w+):")
_CLAUSE = re.compile(r"^(ENGINE =|PARTITION BY|ORDER BY) ?(.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Table:
    """One table as its migration declares it. columns: (name, type, comment) in their order. engine: '' of a view.

    parameters: of a view that is read like a function. The engine knows no columns of such a view.
    """

    name: str
    comment: str
    grain: str
    engine: str
    sort_key: str
    partition: str
    columns: tuple[tuple[str, str, str], ...]
    parameters: tuple[str, ...] = ()


def tables() -> list[Table]:
    """Every table of the migrations. Raises ValueError for a statement that this module cannot read."""
    found: dict[str, Table] = {}
    for name, statements in migrations():
        for statement in statements:
            if not _SETTING.search(statement):
                table = _altered(found, statement) or _table(name, statement)
                found[table.name] = table
    return list(found.values())


def document() -> str:
    """The whole data dictionary, in Markdown."""
    return "\n".join([_HEAD, *(_section(table) for table in tables())])


def _altered(found: Mapping[str, Table], statement: str) -> Table | None:
    """The table as an ALTER leaves it; None for other statements."""
    if added := _ADD.search(statement):
        name, column, kind, comment, after = added.groups()
        columns = list(found[name].columns)
        at = [one for one, *_ in columns].index(after) + 1
        columns.insert(at, (column, _DERIVED.split(kind)[0], _unquoted(comment)))
        return replace(found[name], columns=tuple(columns))
    if commented := _COMMENT_COLUMN.search(statement):
        name, column, comment = commented.groups()
        told = ((one, kind, _unquoted(comment) if one == column else old) for one, kind, old in found[name].columns)
        return replace(found[name], columns=tuple(told))
    return None


def _table(migration: str, statement: str) -> Table:
    found = _TABLE.search(statement)
    if not found:
        raise ValueError(
            f"migration {migration}: not a CREATE or ALTER TABLE that the data dictionary can read: {statement}"
        )
    name, body, tail = found.groups()
    columns = []
    for line in body.split("\n"):
        column = _COLUMN.match(line)
        if not column:
            raise ValueError(f"migration {migration}, table {name}: a column without a comment: {line.strip()}")
        columns.append((column[1], _DERIVED.split(column[2])[0], _unquoted(column[3])))
    clauses = {clause: value.strip() for clause, value in _CLAUSE.findall(tail)}
    grain, comment = _GRAIN.search(statement), _COMMENT.search(tail)
    if grain is None or comment is None:
        raise ValueError(f"migration {migration}, table {name}: it needs a line `-- grain: …` and a COMMENT")
    return Table(
        name,
        _unquoted(comment[1]),
        grain[1],
        clauses.get("ENGINE =", ""),
        clauses.get("ORDER BY", "").strip("()"),
        clauses.get("PARTITION BY", ""),
        tuple(columns),
        tuple(dict.fromkeys(_PARAMETER.findall(tail))),
    )


def _unquoted(text: str) -> str:
    return text.replace("''", "'")


def _section(table: Table) -> str:
    stored = f"Engine: `{table.engine}`. Sort key: `{table.sort_key}`."
    facts = [f"Grain: {table.grain}", stored if table.engine else _reading(table)]
    if table.partition:
        facts.append(f"Partition: `{table.partition}`.")
    rows = "\n".join(
        f"| `{name}` | `{kind}` | {comment.replace('|', chr(92) + '|')} |" for name, kind, comment in table.columns
    )
    return (
        f"## {table.name}\n\n{table.comment}.\n\n{facts[0]}\n\n{' '.join(facts[1:])}\n\n"
        f"| column | type | meaning |\n|---|---|---|\n{rows}\n"
    )


def _reading(table: Table) -> str:
    if not table.parameters:
        return "A view: read it without `FINAL`."
    told = ", ".join(f"{name} = …" for name in table.parameters)
    return f"A view with a parameter: read `{table.name}({told})`."


if __name__ == "__main__":
    DOCUMENT.write_text(document(), "utf-8")
