"""The views for BI tools: `infra/sql/bi/*.sql` and, where they show persons, `infra/sql/bi_personal/*.sql`.

Each is in the database of its folder's name, reads with the rights of who made it, and can be made again at any time.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from importlib import resources
from typing import Literal

from infra.clickhouse import ClickHouse, QueryFailed
from infra.settings import Settings

Folder = Literal["bi", "bi_personal"]
FOLDERS: tuple[Folder, ...] = ("bi", "bi_personal")
_ACCESS_DENIED = 497
_HEAD = re.compile(r"^CREATE VIEW (\w+)$", re.MULTILINE)
_COLUMNS_END = re.compile(r"^\)$", re.MULTILINE)
_SETTINGS = re.compile(r"^SETTINGS (.+)$", re.MULTILINE)
_COMMENT = re.compile(r"^(COMMENT '(?:[^']|'')*')\Z", re.MULTILINE)
# A reader may send it along, as some drivers do, and the columns would be of other types than the view has.
_NO_NULLS = "SETTINGS join_use_nulls = 0"
# Who may read a view need not be able to read what it is made of: that is what keeps persons out of sight.
_AS_MAKER = ")\nDEFINER = CURRENT_USER SQL SECURITY DEFINER"


class BiViewsRefused(Exception):
    """The views cannot be made; the message says why and what to do."""


@dataclass(frozen=True)
class View:
    """A view as its file has it. statement: its CREATE VIEW without a database, with the header comment."""

    folder: Folder
    name: str
    statement: str

    def create(self, database: str, settings: Settings) -> str:
        """The statement that makes it anew in a database, over the tables of the current one.

        Values are written in, as ClickHouse would take a parameter of a view for one that the reader has to give:
        a number and the name of a time zone, both of which the settings have checked.
        """
        text = _HEAD.sub(rf"CREATE OR REPLACE VIEW {database}.\1", self.statement, count=1)
        text = _COLUMNS_END.sub(_AS_MAKER, text, count=1)
        text, told = _SETTINGS.subn(rf"{_NO_NULLS}, \1", text)
        text = text if told else _COMMENT.sub(rf"{_NO_NULLS}\n\1", text)
        text = text.replace("{fiscal_year_start_month:UInt8}", str(settings.fiscal_year_start_month))
        return text.replace("{business_timezone:String}", f"'{settings.business_timezone}'")


def views() -> list[View]:
    """All views, by folder and name."""
    return [view for folder in FOLDERS for view in _of(folder)]


def _of(folder: Folder) -> Iterator[View]:
    files = (resources.files("infra.sql") / folder).iterdir()
    for file in sorted((file for file in files if file.name.endswith(".sql")), key=lambda file: file.name):
        yield View(folder, file.name.removesuffix(".sql"), file.read_text("utf-8").rstrip())


def databases(settings: Settings) -> dict[Folder, str]:
    """The database of each folder."""
    return {"bi": settings.bi_name, "bi_personal": f"{settings.bi_name}_personal"}


def readable(settings: Settings) -> list[str]:
    """The databases that the setting `bi_reads` opens to the user `bi`."""
    names = databases(settings)
    match settings.bi_reads:
        case "views":
            return [names["bi"]]
        case "personal":
            return [*names.values()]
        case "tables":
            return [*names.values(), settings.clickhouse_database]


def create_views(clickhouse: ClickHouse, settings: Settings) -> list[str]:
    """Make the databases hold exactly the views of this version; answers what was done, a line each.

    clickhouse: connected to the database of the tables. Raises BiViewsRefused, also where somebody else's database has
    the name; QueryFailed where ClickHouse refuses a view.
    """
    names = databases(settings)
    wanted = {(view.folder, view.name): view.create(names[view.folder], settings) for view in views()}
    digest = sha256("\n".join([settings.clickhouse_user, *wanted.values()]).encode()).hexdigest()
    try:
        for database in names.values():
            _claim(clickhouse, database, settings.clickhouse_database)
        there = {folder: _present(clickhouse, database) for folder, database in names.items()}
        stray = [(folder, name) for folder in FOLDERS for name in there[folder] if (folder, name) not in wanted]
        for folder, name in stray:
            # Also where a view has moved: one that shows persons now must not stay where everybody reads.
            clickhouse.statement(
                "DROP VIEW {database:Identifier}.{view:Identifier}", {"database": names[folder], "view": name}
            )
        made = [(folder, name) for folder in FOLDERS for name in there[folder]]
        if _made_before(clickhouse) == digest and set(wanted) <= set(made):
            return []
        for statement in wanted.values():
            clickhouse.statement(statement)
    except QueryFailed as error:
        if error.code == _ACCESS_DENIED:
            raise BiViewsRefused(
                f"the ClickHouse user {settings.clickhouse_user!r} may not make views in {names['bi']} and"
                f" {names['bi_personal']}: give it the rights that docs/operations.md lists ({str(error)[:200]})"
            ) from error
        raise
    clickhouse.insert_rows("store_facts", ("name", "value"), [("bi_views", digest)])
    return [f"{len(wanted)} views in {' and '.join(names.values())}"]


def _claim(clickhouse: ClickHouse, database: str, store: str) -> None:
    """Make a database, or see that it is one that we made for this store. Raises BiViewsRefused."""
    ours = f"Views of Setten over {store}"
    clickhouse.statement(f"CREATE DATABASE IF NOT EXISTS {database} COMMENT '{ours}'")
    comment = clickhouse.query_text(
        "SELECT comment FROM system.databases WHERE name = {name:String}", {"name": database}
    ).to_pylist()
    if [row["comment"] for row in comment] != [ours]:
        raise BiViewsRefused(
            f"the database {database} is there and not made for the views of {store}: "
            "give them another with SETTEN_BI_DATABASE, or rename or drop that one"
        )


def _present(clickhouse: ClickHouse, database: str) -> list[str]:
    rows = clickhouse.query_text(
        "SELECT name, engine FROM system.tables WHERE database = {name:String} ORDER BY name", {"name": database}
    ).to_pylist()
    if others := [str(row["name"]) for row in rows if row["engine"] != "View"]:
        raise BiViewsRefused(
            f"{database}.{others[0]} is no view: the database is for the views of Setten alone; move it elsewhere"
        )
    return [str(row["name"]) for row in rows]


def _made_before(clickhouse: ClickHouse) -> str:
    return str(clickhouse.statement("SELECT max(value) FROM store_facts FINAL WHERE name = 'bi_views'")).strip()
