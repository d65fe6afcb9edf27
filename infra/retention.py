"""How long tables keep their rows: settings in days, as ClickHouse's own TTLs."""

import re
from collections.abc import Mapping
from typing import NamedTuple

from infra.clickhouse import ClickHouse
from infra.settings import Settings


class _Rule(NamedTuple):
    """setting: the field that says how many days. moment: SQL for the time from which they count."""

    setting: str
    moment: str


# A contact-day goes with its touches, or the aggregate were no longer what they say; both count from the same day, so
# a day goes as a whole. An arrival has its time of receipt in its precedence, see models.touch_table.
_RULES: Mapping[str, _Rule] = {
    "archive": _Rule("retention_archive_days", "toDateTime(received_at)"),
    "dead_letters": _Rule("retention_dead_letters_days", "toDateTime(received_at)"),
    "dead_letter_successors": _Rule("retention_dead_letters_days", "toDateTime(sent_at)"),
    "touches": _Rule("retention_touches_days", "day"),
    "contact_day": _Rule("retention_touches_days", "day"),
    "assessments": _Rule("retention_assessments_days", "as_of"),
    "alerts": _Rule("retention_alerts_days", "ifNull(resolved_on, seen_on)"),
}
_DAYS = re.compile(r"\bTTL .+? \+ toIntervalDay\((\d+)\)")


def apply_retention(clickhouse: ClickHouse, settings: Settings) -> list[str]:
    """Give every table the retention of the settings, or take it away; answers what was changed, a line each.

    What is too old goes when ClickHouse merges its files, within about a day.
    """
    done = []
    for table, now in _engines(clickhouse).items():
        rule = _RULES[table]
        days = getattr(settings, rule.setting)
        found = _DAYS.search(now)
        if days == (int(found[1]) if found else 0):
            continue
        if days:
            clickhouse.statement(f"ALTER TABLE {table} MODIFY TTL {rule.moment} + INTERVAL {days} DAY")
            done.append(f"retention {table}: {days} days")
        else:
            clickhouse.statement(f"ALTER TABLE {table} REMOVE TTL")
            done.append(f"retention {table}: for ever")
    return done


def _engines(clickhouse: ClickHouse) -> dict[str, str]:
    rows = clickhouse.rows("engines")
    return {row["name"]: row["engine_full"] for row in rows if row["name"] in _RULES}
