"""Metrics for Prometheus: all that Setten exports, declared in one place, and the endpoint that shows them.

Closed: what is not declared here is not exported, and docs/operations.md has a row for each. Names follow Prometheus:
`setten_<part>_<what>_<unit>`, counters end in `_total`. Values of labels come from closed sets, so that their number is
bounded, and all counters are there from the start, so that the first increase is one. What is not known is absent and
not 0. No metric names a person or an account.
"""

from typing import Literal, get_args

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    start_http_server,
)

from models.alerts import Change
from models.outcomes import Reason
from models.signatures import Refusal

# What a cycle's time goes to, in their order: docs/architecture.md, "A cycle".
Step = Literal["decode", "archive", "wait", "insert", "settle", "directory", "roll_up", "publish", "commit"]
Trigger = Literal["touched", "sweep"]
Outcome = Literal["delivered", "failed", "unreadable"]
Protocol = Literal["signals", "segment", "snowplow", "cloudevents", "webhook"]
Closed = Literal["slow", "too_many", "long_head", "overlong"]

_ANSWERS: dict[Protocol, int] = {"signals": 202, "segment": 200, "snowplow": 200, "cloudevents": 202, "webhook": 200}

_STEP_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
_AGE_S = (0.1, 0.25, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0, 86400.0)
_COUNT = (1, 10, 100, 500, 1000, 2500, 5000, 10_000, 20_000, 50_000, 100_000)

# They would be a second series for each counter, that nobody asked for.
disable_created_metrics()  # type: ignore[no-untyped-call]


class WorkerMetrics:
    """What a worker tells. It costs a few microseconds a batch; nothing is counted by event."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        # Resident memory, processor time and open files, under the names that Prometheus' own clients use; on Linux.
        ProcessCollector(registry=self.registry)

        # --- ingest: how far behind ---------------------------------------------------------------------------------
        self.lag = self._gauge(
            "setten_ingest_lag_records",
            "Records in Kafka that are not committed, of the partitions that this worker has; sum them over workers",
            "topic",
        )
        self.last_commit = self._gauge(
            "setten_ingest_last_commit_timestamp_seconds",
            "Unix time of the last commit; 0 before the first. It stands still where nothing comes in",
        )
        self.freshness = self._histogram(
            "setten_ingest_freshness_seconds",
            "From receipt to when it can be queried: of the oldest and of the newest event of each batch",
            _AGE_S,
            "edge",
        )
        # --- ingest: what came in -----------------------------------------------------------------------------------
        self.records = self._counter("setten_ingest_records_total", "Records of Kafka that were stored")
        self.events = self._counter(
            "setten_ingest_events_total", "Valid events that were stored, those that had arrived before among them"
        )
        self.duplicates = self._counter("setten_ingest_duplicates_total", "Events that had arrived before")
        self.dead_letters = self._counter(
            "setten_ingest_dead_letters_total",
            "Events that were refused; docs/dead-letters.md has the reasons",
            "reason",
        )
        self.touches = self._counter(
            "setten_ingest_touches_total", "Touches that were stored: an event seen from a contact"
        )
        self.facts = self._counter("setten_ingest_facts_total", "Facts that were stored")
        # --- ingest: how it works -----------------------------------------------------------------------------------
        self.batch_records = self._histogram("setten_ingest_batch_records", "Records of a batch", _COUNT)
        self.batch_events = self._histogram("setten_ingest_batch_events", "Valid events of a batch", _COUNT)
        self.cycle = self._histogram(
            "setten_ingest_cycle_seconds", "From a batch's being read to its commit, retries included", _STEP_S
        )
        self.step = self._histogram(
            "setten_ingest_step_seconds",
            "A step of a cycle; decode and archive go on while the batch before is stored, wait: until it is",
            _STEP_S,
            "step",
        )
        self.retries = self._counter(
            "setten_ingest_retries_total", "Tries to store a batch again, because ClickHouse or Kafka did not answer"
        )
        # --- assessment and delivery --------------------------------------------------------------------------------
        self.assessment = self._histogram(
            "setten_assessment_seconds", "An assessment: of accounts that were touched, or of all", _STEP_S, "trigger"
        )
        self.assessment_failures = self._counter(
            "setten_assessment_failures_total", "Assessments that failed; they are done again", "trigger"
        )
        self.alert_changes = self._counter("setten_alert_changes_total", "Changes of alerts that were told", "change")
        self.deliveries = self._counter(
            "setten_deliveries_total",
            "Alert changes by what became of telling the webhook, its retries included",
            "outcome",
        )

        for edge in ("oldest", "newest"):
            self.freshness.labels(edge)
        for reason in Reason:
            self.dead_letters.labels(reason)
        for step in get_args(Step):
            self.step.labels(step)
        for trigger in get_args(Trigger):
            self.assessment.labels(trigger)
            self.assessment_failures.labels(trigger)
        for change in get_args(Change):
            self.alert_changes.labels(change)
        for outcome in get_args(Outcome):
            self.deliveries.labels(outcome)

    def _counter(self, name: str, meaning: str, *labels: str) -> Counter:
        return Counter(name, meaning, labels, registry=self.registry)

    def _gauge(self, name: str, meaning: str, *labels: str) -> Gauge:
        return Gauge(name, meaning, labels, registry=self.registry)

    def _histogram(self, name: str, meaning: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
        return Histogram(name, meaning, labels, registry=self.registry, buckets=buckets)


class CollectorMetrics:
    """What a collector tells."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.requests = Counter(
            "setten_collector_requests_total",
            "Requests that were answered, by protocol and status; "
            "200 and 202: the broker has it, or there was nothing to store",
            ["protocol", "status"],
            registry=self.registry,
        )
        self.bytes = Counter(
            "setten_collector_accepted_bytes_total", "Bytes of the bodies that the broker has", registry=self.registry
        )
        self.seconds = Histogram(
            "setten_collector_request_seconds",
            "From the first byte of a request to its answer",
            buckets=_STEP_S,
            registry=self.registry,
        )
        self.closed = Counter(
            "setten_collector_connections_closed_total",
            "Connections that were closed on their sender: slow, too many at once, a head too long, no end of a body",
            ["reason"],
            registry=self.registry,
        )
        self.signatures = Counter(
            "setten_collector_signatures_refused_total",
            "Webhooks whose signature was refused; docs/sources/webhook-signatures.md has the reasons",
            ["reason"],
            registry=self.registry,
        )
        for protocol, good in _ANSWERS.items():
            for status in (good, 400, 401, 413, 429, 503):
                self.requests.labels(protocol, str(status))
        for reason in get_args(Closed):
            self.closed.labels(reason)
        for refusal in Refusal:
            self.signatures.labels(refusal)


class MetricsUnavailable(Exception):
    """The endpoint cannot listen; the message names the address and the remedy."""


def serve(registry: CollectorRegistry, host: str, port: int, setting: str) -> None:
    """Show the metrics on http://host:port/metrics from a thread, until the process ends. port 0: do not.

    setting: which one names the port. Raises MetricsUnavailable.
    """
    if not port:
        return
    try:
        start_http_server(port, host, registry)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise MetricsUnavailable(
            f"metrics cannot be shown on {host}:{port} ({reason}): set {setting} to a free port, or to 0 for none"
        ) from error
