"""The benchmark's load comes to what its check expects: otherwise the check could not tell a lost row."""

import pytest

from models.decode import outcomes_of
from models.events import Signal
from models.records import Origin
from models.touches import read_signal
from tests.benchmarks.load import RECEIVED_AT, Expected, bodies, expected

ORIGIN = Origin("bench", "canonical", RECEIVED_AT)


@pytest.mark.parametrize("records", [400, 999, 1000, 1501, 5250])
def test_the_load_has_as_many_distinct_events_and_refused_bodies_as_expected(records: int) -> None:
    told = [outcomes_of(body, ORIGIN)[0] for body in bodies(records)]
    accepted = {read_signal(outcome, ORIGIN).event_id for outcome in told if isinstance(outcome, Signal)}
    refused = [outcome for outcome in told if not isinstance(outcome, Signal)]
    assert len(told) == records
    assert Expected(len(accepted), len(refused)) == expected(records)


def test_the_load_repeats_whole_records_and_no_id_has_two_contents() -> None:
    readings = [
        read_signal(outcome, ORIGIN)
        for body in bodies(5000)
        for outcome in outcomes_of(body, ORIGIN)
        if isinstance(outcome, Signal)
    ]
    assert len({reading.event_id for reading in readings}) < len(readings)
    assert len({reading.event_id for reading in readings}) == len({(r.event_id, r.content) for r in readings})
