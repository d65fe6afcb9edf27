"""What a stored batch tells the metrics."""

from datetime import UTC, datetime

from infra.telemetry import WorkerMetrics
from streams.ingest.cycle import CycleReport


def observe(metrics: WorkerMetrics, report: CycleReport, cycle_s: float, committed_at: datetime) -> None:
    """Count one cycle. cycle_s: from read to committed; committed_at: our clock."""
    metrics.records.inc(report.records)
    metrics.events.inc(report.events)
    metrics.duplicates.inc(report.duplicates)
    metrics.touches.inc(report.touches)
    metrics.facts.inc(report.facts)
    for reason, count in report.dead.items():
        metrics.dead_letters.labels(reason).inc(count)
    metrics.batch_records.observe(report.records)
    metrics.batch_events.observe(report.events)
    metrics.cycle.observe(cycle_s)
    for step, seconds in report.seconds.items():
        metrics.step.labels(step).observe(seconds)
    if report.ages_s is not None:
        newest_s, oldest_s = report.ages_s
        metrics.freshness.labels("newest").observe(newest_s)
        metrics.freshness.labels("oldest").observe(oldest_s)
    metrics.last_commit.set(committed_at.astimezone(UTC).timestamp())
