"""Alerts live: a silence found by the sweep, told on Kafka and to a webhook, resolved by a touch."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from infra.kafka import FACTS, SIGNAL_TOPICS, producer
from models.facts import AccountDeclared
from models.records import Origin
from tests.stack import Stack, wait_for


class Endpoint:
    """A real HTTP endpoint that keeps what it was sent; answers the given statuses first, then 204."""

    def __init__(self, *statuses: int) -> None:
        self.received: list[dict[str, Any]] = []
        self.deliveries: list[str] = []
        waiting = list(statuses)
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = waiting.pop(0) if waiting else 204
                endpoint.deliveries.append(self.headers["Setten-Delivery"])
                if status == 204:
                    endpoint.received.append(json.loads(body))
                self.send_response(status)
                self.end_headers()

            def log_message(self, *arguments: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/alerts"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()


@pytest.fixture(scope="module")
def endpoint() -> Iterator[Endpoint]:
    running = Endpoint(500)
    yield running
    running.close()


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory, endpoint: Endpoint) -> Iterator[Stack]:
    """A stack that sweeps every two seconds and tells the endpoint."""
    environment = {"SETTEN_SWEEP_EVERY_S": "2", "SETTEN_WEBHOOK_URL": endpoint.url}
    running = Stack(tmp_path_factory.mktemp("alerts"), environment)
    yield running
    running.down()


def send(stack: Stack, days: list[date], prefix: str) -> None:
    kafka = producer(stack.settings)
    now = datetime.now(UTC)
    account = AccountDeclared(
        recorded_at=now,
        account_id="aozora",
        name="青空テック",
        domains=("aozora.example",),
        tier="strategic",
        kind="partner",
    )
    kafka.send(FACTS, account.model_dump_json().encode(), headers=Origin("crm", "facts", now).to_headers())
    events = [
        {
            "id": f"{prefix}{day}",
            "type": "meeting.held",
            "time": f"{day}T10:00:00+09:00",
            "data": {"contacts": [{"email": "hana@aozora.example"}]},
        }
        for day in days
    ]
    kafka.send(SIGNAL_TOPICS[3], json.dumps(events).encode(), headers=Origin("calendar", "canonical", now).to_headers())
    kafka.flush()
    kafka.close()


def alerts(stack: Stack, state: str = "open") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = stack.json("alerts", "list", "--state", state)
    return found


@pytest.mark.slow
def test_a_silence_opens_one_alert_that_a_touch_resolves(stack: Stack, endpoint: Endpoint) -> None:
    today = datetime.now(stack.settings.zone).date()
    habit = [today - timedelta(days=back) for back in range(33, 300, 3)]
    send(stack, habit, "habit-")
    wait_for(lambda: len(alerts(stack)) == 1, "the sweep to find the silence", patience_s=90)
    [alert] = alerts(stack)
    assert (alert["account_id"], alert["rule"], alert["opened_on"]) == ("aozora", "gone_quiet", str(today))
    assert alert["evidence"]["observed"]["days_in_touch"][0] == 0
    # The endpoint refused the first attempt with 500 and was told again.
    wait_for(lambda: len(endpoint.received) == 1, "the webhook to be told")
    assert endpoint.received[0]["change"] == "opened"
    assert endpoint.received[0]["alert_id"] == alert["alert_id"]
    assert len(set(endpoint.deliveries)) == 1

    sweeps = stack.ask("SELECT max(assessed_at) FROM assessments")
    wait_for(lambda: stack.ask("SELECT max(assessed_at) FROM assessments") > sweeps, "one more sweep")
    assert len(alerts(stack)) == 1
    assert stack.ask("SELECT uniqExact(alert_id) FROM alerts") == "1"

    # Four days in the last month are over a third of ten: no longer quiet.
    send(stack, [today - timedelta(days=back) for back in range(4)], "back-")
    wait_for(lambda: not alerts(stack), "the alert to be resolved", patience_s=90)
    [resolved] = alerts(stack, "resolved")
    assert (resolved["alert_id"], resolved["resolved_on"]) == (alert["alert_id"], str(today))
    wait_for(lambda: [r["change"] for r in endpoint.received] == ["opened", "resolved"], "the webhook to be told")

    told = stack.metrics("worker")
    assert [told[f"setten_alert_changes_total{{{change}}}"] for change in ("opened", "resolved")] == [1, 1]
    assert told["setten_deliveries_total{delivered}"] == 2
    assert told["setten_deliveries_total{failed}"] == told["setten_assessment_failures_total{sweep}"] == 0
    assert told["setten_assessment_seconds_count{sweep}"] >= 2

    shown = stack.run("alerts", "show", alert["alert_id"][:8], "--lang", "ja")
    assert shown.returncode == 0
    assert "青空テック" in shown.stdout


@pytest.mark.slow
def test_a_touch_changes_the_stage_of_its_account(stack: Stack) -> None:
    now = datetime.now(UTC)
    today = now.astimezone(stack.settings.zone).date()
    kita = AccountDeclared(recorded_at=now, account_id="kita", name="北", domains=("kita.example",))
    met = {"id": "kita", "type": "meeting.held", "time": now.isoformat()}
    event = {**met, "data": {"contacts": [{"email": "taro@kita.example"}]}}
    kafka = producer(stack.settings)
    kafka.send(FACTS, kita.model_dump_json().encode(), headers=Origin("crm", "facts", now).to_headers())
    headers = Origin("calendar", "canonical", now).to_headers()
    kafka.send(SIGNAL_TOPICS[3], json.dumps([event]).encode(), headers=headers)
    kafka.flush()
    kafka.close()
    told = "SELECT concat(to_stage, ' ', toString(day)) FROM stage_transitions FINAL WHERE account_id = 'kita'"
    wait_for(lambda: stack.ask(told) == f"aware {today}", "the worker to tell the stage", patience_s=60)
    [listed] = stack.json("score", "kita")["accounts"]
    assert (listed["stage"], listed["score"], listed["before"]) == ("aware", pytest.approx(20.0), 0.0)


@pytest.mark.slow
def test_the_worker_records_the_ranking_of_the_day(stack: Stack) -> None:
    now = datetime.now(UTC)
    today = now.astimezone(stack.settings.zone).date()
    kita = AccountDeclared(recorded_at=now, account_id="kita", name="北", domains=("kita.example",))
    kafka = producer(stack.settings)
    kafka.send(FACTS, kita.model_dump_json().encode(), headers=Origin("crm", "facts", now).to_headers())
    kafka.flush()
    kafka.close()
    told = f"SELECT toString(max(as_of)) FROM {stack.settings.bi_name}.priority"
    wait_for(lambda: stack.ask(told) == today.isoformat(), "the worker to record the ranking", patience_s=60)
