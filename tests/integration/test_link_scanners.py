"""Software that follows all links of a mail calls itself a browser: only several clicks together tell."""

import json
import random
import re
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pytest

from infra.clickhouse import load_sql
from infra.store import Store
from models.contact_days import MOST_CLICKS, SCANNED_LINKS, SCANNED_WITHIN_S
from models.records import Origin
from streams.ingest.batch import Record
from streams.ingest.cycle import Cycle

SQL = Path(__file__).parents[2] / "infra/sql/queries"
MORNING = datetime(2026, 6, 1, 1, tzinfo=UTC)


class Click(NamedTuple):
    """A click of a contact on a page, so many seconds after the morning began."""

    contact: str
    at_s: float
    page: str
    machine: str = ""


def _signal(number: int, click: Click) -> dict[str, Any]:
    return {
        "id": str(number),
        "type": "email.clicked",
        "time": (MORNING + timedelta(seconds=click.at_s)).isoformat(),
        "data": {
            "contacts": [{"email": f"{click.contact}@aozora.example"}],
            "subject": click.page,
            "machine": click.machine,
            "user_agent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Firefox/140.0",
        },
    }


def _ingest(cycle: Cycle, signals: list[dict[str, Any]]) -> None:
    headers = tuple(Origin("mail", "canonical", MORNING).to_headers())
    cycle.run([Record("signals.email", 0, 0, 0, headers, json.dumps(signals).encode())])


@pytest.fixture
def counted(new_store: Callable[..., Store]) -> Callable[..., dict[str, tuple[int, int]]]:
    """Ingests batches of clicks; answers the touches by people and by machines of each contact."""

    def count(*batches: list[Click]) -> dict[str, tuple[int, int]]:
        store, number = new_store(), 0
        cycle = Cycle(store, "facts", lambda touched: None)
        for batch in batches:
            _ingest(cycle, [_signal(number + place, click) for place, click in enumerate(batch)])
            number += len(batch)
        rows = store.clickhouse.query_text(
            "SELECT contact_key, sum(touches) AS touches, sum(machine_touches) AS machine_touches"
            " FROM contact_day FINAL GROUP BY contact_key"
        ).to_pylist()
        return {
            row["contact_key"].removeprefix("mail:").partition("@")[0]: (row["touches"], row["machine_touches"])
            for row in rows
        }

    return count


def test_three_links_within_five_seconds_are_a_scanner(counted: Callable[..., Any]) -> None:
    found = counted(
        [
            *(Click("scanner", second, page) for second, page in ((0, "/a"), (2, "/b"), (5, "/c"))),
            *(Click("slow", second, page) for second, page in ((0, "/a"), (2, "/b"), (5.001, "/c"))),
            *(Click("impatient", second, page) for second, page in ((0, "/a"), (1, "/a"), (2, "/b"), (3, "/a"))),
        ]
    )
    assert found == {"scanner": (0, 3), "slow": (3, 0), "impatient": (4, 0)}


def test_what_a_person_clicks_later_counts(counted: Callable[..., Any]) -> None:
    scanned = [Click("hana", second, f"/{second}") for second in range(4)]
    assert counted([*scanned, Click("hana", 3600, "/0"), Click("hana", 9, "/0")]) == {"hana": (1 + 1, 4)}


def test_a_click_that_comes_in_later_makes_the_earlier_ones_a_scanners(counted: Callable[..., Any]) -> None:
    assert counted([Click("hana", 0, "/a"), Click("hana", 1, "/b")], [Click("hana", 2, "/c")]) == {"hana": (0, 3)}


def test_clicks_that_are_marked_already_stay_so_and_tell_nothing_of_the_others(counted: Callable[..., Any]) -> None:
    marked = [Click("hana", second, f"/{second}", "prefetch") for second in range(3)]
    assert counted([*marked, Click("hana", 1, "/x")]) == {"hana": (1, 3)}


def test_nobody_clicks_more_than_some_hundred_times_a_day(counted: Callable[..., Any]) -> None:
    def steady(contact: str, clicks: int) -> list[Click]:
        return [Click(contact, 60 * place, "/a") for place in range(clicks)]

    found = counted([*steady("keen", MOST_CLICKS), *steady("robot", MOST_CLICKS + 1)])
    assert found == {"keen": (MOST_CLICKS, 0), "robot": (0, MOST_CLICKS + 1)}


def _scanned(clicks: list[Click]) -> int:
    """How many of one contact's clicks lie in some stretch of time with too many links."""
    stretches = [
        [other for other in clicks if begun.at_s <= other.at_s <= begun.at_s + SCANNED_WITHIN_S] for begun in clicks
    ]
    caught = [stretch for stretch in stretches if len({click.page for click in stretch}) >= SCANNED_LINKS]
    return sum(any(click in stretch for stretch in caught) for click in clicks)


def test_any_clicks_in_any_order_are_counted_as_one_by_one(counted: Callable[..., Any]) -> None:
    rng = random.Random(20261124)
    clicks = [
        Click(f"p{contact}", rng.randrange(0, 40_000) / 1000, f"/{rng.randrange(5)}")
        for contact in range(40)
        for _ in range(rng.randrange(1, 14))
    ]
    rng.shuffle(clicks)
    totals = Counter(click.contact for click in clicks)
    scanned = {name: _scanned([click for click in clicks if click.contact == name]) for name in totals}
    assert 0 < sum(scanned.values()) < len(clicks)
    middle = len(clicks) // 2
    found = counted(clicks[:middle], clicks[middle:])
    assert found == {name: (total - scanned[name], scanned[name]) for name, total in totals.items()}


def test_many_clicks_cost_no_more_than_their_rows(new_store: Callable[..., Store]) -> None:
    store = new_store()
    # Three hundred contacts with as many clicks within four seconds as a day may have, and one with far more in one.
    store.clickhouse.statement(
        "INSERT INTO touches SELECT if(number < 90000, concat('mail:p', toString(number % 300)), 'mail:robot'),"
        " toDate('2026-06-01'), reinterpretAsUUID(sipHash128(number)),"
        " toDateTime64('2026-06-01 01:00:00', 3, 'UTC') + if(number < 90000, number % 4, 0), now(), 'email', 'clicked',"
        " 'inbound', '', '', '', concat(repeat('x', 500), toString(number)), 'mail',"
        " toUUID('00000000-0000-0000-0000-000000000000'), generateUUIDv4(), number, 0 FROM numbers(120000)"
    )
    keys = pa.table({"contact_key": [*(f"mail:p{n}" for n in range(300)), "mail:robot"]})
    keys = keys.append_column("day", pa.repeat(pa.scalar(date(2026, 6, 1)), keys.num_rows))
    limits = {"links": SCANNED_LINKS, "within_ms": SCANNED_WITHIN_S * 1000, "most": MOST_CLICKS}
    sql = f"{load_sql('clicked_groups')} SETTINGS max_memory_usage = {1 << 30}, max_execution_time = 60"
    found = store.clickhouse.query_text(sql, limits, dirty=keys).to_pylist()
    assert len(found) == 301
    assert {(row["touches"], row["machine_touches"]) for row in found} == {(0, 300), (0, 30_000)}
    assert sum(row["machine_touches"] for row in store.recompute(keys).to_pylist()) == 120_000


def test_what_is_read_before_versions_are_merged_is_chosen_by_the_sort_key_alone() -> None:
    """All versions of a row have its sort key; by anything else PREWHERE would leave out the one that stands."""
    found = 0
    for file in sorted(SQL.glob("*.sql")):
        for condition in re.findall(r"FINAL\s+PREWHERE\s+(.*)", file.read_text("utf-8")):
            names = re.fullmatch(r"\(?([\w, .]+?)\)? (?:IN|=|BETWEEN) .*", condition)
            assert names is not None, f"{file.name}: {condition}"
            assert set(re.findall(r"\w+", names[1])) <= {"day", "contact_key", "event_id"}, file.name
            found += 1
    assert found >= 2
