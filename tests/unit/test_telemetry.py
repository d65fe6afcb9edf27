"""The metrics that are declared are the ones that are documented, under names that follow Prometheus."""

import re
import socket

import pytest
import yaml
from prometheus_client import CollectorRegistry

from infra.telemetry import CollectorMetrics, MetricsUnavailable, WorkerMetrics, serve
from tests.stack import ROOT

OPERATIONS = (ROOT / "docs/operations.md").read_text("utf-8")


def declared() -> dict[str, tuple[str, tuple[str, ...], str]]:
    """Kind, labels and meaning by name."""
    found = {}
    for registry in (WorkerMetrics().registry, CollectorMetrics().registry):
        for collector in registry._collector_to_names:
            for family in collector.describe() if hasattr(collector, "_labelnames") else ():
                name = f"{family.name}_total" if family.type == "counter" else family.name
                found[name] = (family.type, tuple(collector._labelnames), family.documentation)
    return found


def test_every_metric_has_its_row_in_operations_and_no_other_has_one() -> None:
    rows = re.findall(r"^\| `(setten_\w+)` \| (\w+) \| ([^|]*) \| ([^|]*) \|$", OPERATIONS, re.MULTILINE)
    told = {name: (kind, tuple(re.findall(r"`(\w+)`", labels)), meaning) for name, kind, labels, meaning in rows}
    assert told == declared()
    assert len(told) == len(rows) > 20


@pytest.mark.parametrize("name", declared())
def test_a_name_says_its_part_and_its_unit(name: str) -> None:
    assert re.fullmatch(r"setten_(ingest|assessment|alert|deliveries|collector)(_[a-z]+)*", name)
    kind = declared()[name][0]
    assert name.endswith("_total") == (kind == "counter")
    if kind != "counter":
        assert name.endswith(("_seconds", "_records", "_events"))


def test_the_alerts_that_are_suggested_ask_for_metrics_that_exist() -> None:
    blocks = [yaml.safe_load(text) for text in re.findall(r"```yaml\n(.*?)```", OPERATIONS, re.DOTALL)]
    [groups] = [block["groups"] for block in blocks if "groups" in block]
    asked = {name for rule in groups[0]["rules"] for name in re.findall(r"setten_\w+", rule["expr"])}
    assert len(asked) > 5
    assert {re.sub(r"_(bucket|sum|count)$", "", name) for name in asked} <= declared().keys()


def test_every_count_by_reason_is_there_before_the_first() -> None:
    registry = WorkerMetrics().registry
    assert registry.get_sample_value("setten_ingest_dead_letters_total", {"reason": "not_json"}) == 0
    assert registry.get_sample_value("setten_ingest_lag_records", {"topic": "facts"}) is None, "it is not known yet"


def test_a_taken_port_names_the_setting() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(MetricsUnavailable, match=rf"127.0.0.1:{port} .*in use.*: set SETTEN_METRICS_PORT to"):
            serve(CollectorRegistry(), "127.0.0.1", port, "SETTEN_METRICS_PORT")
