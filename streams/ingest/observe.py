"""What a stored batch tells the metrics."""

from infra.telemetry import WorkerMetrics
from models.outcomes import Reason
from streams.ingest.reports import CycleReport, Settlement


def observe(metrics: WorkerMetrics, report: CycleReport) -> None:
    """Count one batch."""
    metrics.records.inc(report.records)
    metrics.events.inc(report.events)
    metrics.touches.inc(report.touches)
    metrics.facts.inc(report.facts)
    for reason, count in report.dead.items():
        metrics.dead_letters.labels(reason).inc(count)
    metrics.batch_records.observe(report.records)
    metrics.batch_events.observe(report.events)
    for step, seconds in report.seconds.items():
        metrics.step.labels(step).observe(seconds)


def observe_settlement(metrics: WorkerMetrics, settlement: Settlement, cycle_s: float | None) -> None:
    """Count what the events of some batches turned out to be, and what it took to settle and to commit them.

    cycle_s: from the reading of the first of them to the commit; None where nothing was to be committed.
    """
    if cycle_s is not None:
        metrics.cycle.observe(cycle_s)
    metrics.duplicates.inc(settlement.duplicates)
    metrics.dead_letters.labels(Reason.CONFLICTING_DUPLICATE).inc(settlement.conflicts)
    for step, seconds in settlement.seconds.items():
        metrics.step.labels(step).observe(seconds)
    if settlement.ages_s is not None:
        newest_s, oldest_s = settlement.ages_s
        metrics.freshness.labels("newest").observe(newest_s)
        metrics.freshness.labels("oldest").observe(oldest_s)
