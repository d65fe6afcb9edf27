"""`setten migrate`: create the topics, bring the tables to this version. Running it again changes nothing."""

import re
from importlib import resources

from infra.bi import BiViewsRefused, create_views
from infra.clickhouse import ClickHouse, QueryFailed
from infra.kafka import ensure_topics
from infra.retention import apply_retention
from infra.settings import Settings

OLDEST_CLICKHOUSE = (24, 8)
_CREATE = re.compile(r"^CREATE (TABLE|VIEW) ", re.MULTILINE)


class MigrationError(Exception):
    """The store cannot be brought to this version; the message says why and what to do."""


def migrations() -> list[tuple[str, list[str]]]:
    """Every migration by name in its order, with its statements."""
    folder = resources.files("infra.sql") / "migrations"
    found = []
    for entry in sorted(folder.iterdir(), key=lambda e: e.name):
        if entry.name.endswith(".sql"):
            statements = [part.strip() for part in entry.read_text("utf-8").split(";\n")]
            found.append((entry.name.removesuffix(".sql"), [s for s in statements if _has_sql(s)]))
    return found


def _has_sql(text: str) -> bool:
    return any(line.strip() and not line.lstrip().startswith("--") for line in text.splitlines())


def migrate(settings: Settings) -> list[str]:
    """Create what is missing; answers what was done, a line each.

    Raises KafkaUnavailable, ClickHouseUnavailable or MigrationError. A migration that failed half way is run again
    from its start the next time: its tables are created only where they do not exist.
    """
    done = [f"topic {name}" for name in ensure_topics(settings)]
    return done + migrate_tables(settings)


def migrate_tables(settings: Settings) -> list[str]:
    """Only the tables; see migrate."""
    database = settings.clickhouse_database
    server = ClickHouse(settings, database="")
    try:
        version = str(server.statement("SELECT version()"))
        if tuple(int(part) for part in version.split(".")[:2]) < OLDEST_CLICKHOUSE:
            raise MigrationError(f"ClickHouse {version} is too old: Setten needs 24.8 or newer")
        server.statement(f"CREATE DATABASE IF NOT EXISTS {database}")  # the setting's pattern allows a name only
    finally:
        server.close()
    clickhouse = ClickHouse(settings)
    try:
        clickhouse.statement(
            "CREATE TABLE IF NOT EXISTS migrations (name String, applied_at DateTime64(3, 'UTC') DEFAULT now64(3))"
            " ENGINE = ReplacingMergeTree(applied_at) ORDER BY name COMMENT 'Migrations that were applied'"
        )
        clickhouse.statement(
            "CREATE TABLE IF NOT EXISTS store_facts (name String, value String) ENGINE = ReplacingMergeTree"
            " ORDER BY name COMMENT 'What this store was made with, and what was done to it'"
        )
        _check_zone(clickhouse, settings.business_timezone)
        applied = set(str(clickhouse.statement("SELECT groupArray(name) FROM migrations FINAL FORMAT TSV")).split("'"))
        done = []
        for name, statements in migrations():
            if name in applied:
                continue
            for statement in statements:
                clickhouse.statement(_CREATE.sub(r"CREATE \1 IF NOT EXISTS ", statement, count=1))
            clickhouse.insert_rows("migrations", ("name",), [(name,)])
            done.append(f"migration {name}")
        return done + apply_retention(clickhouse, settings) + create_views(clickhouse, settings)
    except BiViewsRefused as error:
        raise MigrationError(str(error)) from error
    except QueryFailed as error:
        raise MigrationError(f"a migration failed: {error}") from error
    finally:
        clickhouse.close()


def _check_zone(clickhouse: ClickHouse, zone: str) -> None:
    """A touch's day is part of its key, so a store keeps the business time zone it was made with."""
    made_with = str(clickhouse.statement("SELECT max(value) FROM store_facts FINAL WHERE name = 'business_timezone'"))
    if not made_with.strip():
        clickhouse.insert_rows("store_facts", ("name", "value"), [("business_timezone", zone)])
    elif made_with.strip() != zone:
        raise MigrationError(
            f"this store was made with business_timezone {made_with.strip()!r}, the setting says {zone!r}: "
            "set it back, or use a new database and import again"
        )
