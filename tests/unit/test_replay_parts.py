"""The parts of a replay that need no server: which tables it rebuilds, slices of bounded size, where sums differ."""

import re

from infra.archive import MOST_BODIES, _bounded
from infra.compare import COMPARED, Sum, apart
from infra.rollups import ROLLUPS
from infra.shadow import DERIVED, FORGOTTEN, SOURCES
from jobs.migrate import migrations
from models.facts import stored_fact
from streams.replay import _fact_batches

# Neither rebuilt nor read: what people did with dead letters, and what was found and told at its time.
STAY = {"dead_letter_successors", "assessments", "alerts", "priorities"}
# Computed after the exchange, from what was exchanged.
FOLLOW = {"stage_transitions", "rollup_refreshes", *(f"rollup_{one.name}" for one in ROLLUPS)}


def test_every_table_is_rebuilt_read_or_known_to_stay() -> None:
    made = {
        found[1]
        for _, statements in migrations()
        for statement in statements
        if (found := re.search(r"^CREATE TABLE (\w+)", statement, re.MULTILINE))
    }
    assert made == {*DERIVED, *SOURCES, *FORGOTTEN, *STAY, *FOLLOW}


def test_every_rebuilt_table_is_compared() -> None:
    assert set(DERIVED) - set(COMPARED) == {"bound_epochs"}, "bound_epochs says when, and has no content"


def test_slices_are_bounded_by_bytes_and_by_number_and_leave_nothing_out() -> None:
    mib = 1 << 20
    assert list(_bounded([("a", 5 * mib), ("b", 3 * mib), ("c", 1), ("d", 16 * mib), ("e", 1)])) == [
        ["a", "b"],
        ["c"],
        ["d"],
        ["e"],
    ]
    assert [len(some) for some in _bounded((n, 1) for n in range(2 * MOST_BODIES + 1))] == [MOST_BODIES, MOST_BODIES, 1]
    assert list(_bounded([])) == []


def test_parts_differ_by_their_rows_or_by_what_these_say() -> None:
    before = {"2026-04": Sum(2, 7), "2026-05": Sum(2, 8), "2026-06": Sum(1, 9)}
    after = {"2026-04": Sum(2, 7), "2026-05": Sum(2, 9), "2026-07": Sum(3, 1)}
    assert apart(before, after) == {"2026-05": (2, 2), "2026-06": (1, 0), "2026-07": (0, 3)}


def test_a_fact_that_is_stored_is_replayed_whatever_would_be_refused_today() -> None:
    told = '{"type": "contact_declared", "recorded_at": "2026-01-01T00:00:00Z", "contact_key": "mail:sato"}'
    facts = [stored_fact(told)] * (MOST_BODIES + 1)
    batches = list(_fact_batches(facts))
    assert [batch.records for batch in batches] == [MOST_BODIES, 1]
    assert [stated.fact for batch in batches for stated in batch.facts] == facts
