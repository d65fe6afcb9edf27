"""What a broken dependency does: no 2xx without the broker, and patience with ClickHouse instead of loss."""

import json
import os
import signal
from typing import Any

import pytest

from infra.clickhouse import ClickHouseUnavailable
from tests.stack import Stack, post, wait_for


def signal_named(number: int) -> bytes:
    event: dict[str, Any] = {
        "id": f"f{number}",
        "type": "web.page_viewed",
        "time": "2026-05-01T09:00:00+09:00",
        "data": {"contacts": [{"email": "hana@aozora.example"}]},
    }
    return json.dumps(event).encode()


def stored(stack: Stack) -> list[int]:
    found = stack.ask("SELECT uniqExact(event_id) FROM events")
    return [int(found)]


def answers(stack: Stack) -> bool:
    """Whether ClickHouse answers; its process is there before its port."""
    try:
        return stack.ask("SELECT 1") == "1"
    except ClickHouseUnavailable:
        return False


@pytest.mark.slow
def test_without_the_broker_there_is_no_2xx(stack: Stack) -> None:
    broker = stack.process_id("broker")
    assert broker is not None
    assert post(stack, signal_named(1))[0] == 202
    os.kill(broker, signal.SIGSTOP)
    try:
        status, answer = post(stack, signal_named(2))
    finally:
        os.kill(broker, signal.SIGCONT)
    assert (status, answer["error"]["code"]) == (503, "broker_unavailable")
    wait_for(lambda: post(stack, signal_named(2))[0] == 202, "the collector to be taken by the broker again")
    wait_for(lambda: stored(stack) == [2], "both events, once each")


@pytest.mark.slow
def test_a_killed_clickhouse_is_waited_for_and_nothing_is_lost(stack: Stack) -> None:
    before = stored(stack)[0]
    worker, clickhouse = stack.process_id("worker"), stack.process_id("clickhouse")
    assert clickhouse is not None
    os.kill(clickhouse, signal.SIGKILL)
    for number in range(100, 110):
        assert post(stack, signal_named(number))[0] == 202
    wait_for(lambda: stack.process_id("clickhouse") not in (clickhouse, None), "ClickHouse to be restarted")
    wait_for(lambda: answers(stack) and stored(stack)[0] == before + 10, "the worker to store what waited")
    assert stack.process_id("worker") == worker, "the worker was to wait, not to die"
