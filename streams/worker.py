"""`setten worker`: run ingest, assessment and delivery until told to stop."""

import argparse
import gc
import logging
import sys
from pathlib import Path

import pyarrow as pa

from infra.clickhouse import ClickHouse, ClickHouseUnavailable
from infra.kafka import KafkaUnavailable
from infra.settings import SettingsError, load_settings
from infra.telemetry import MetricsUnavailable, WorkerMetrics, serve
from streams.app import create_app


def main() -> int:
    """Exit code 0 after a clean stop, 1 when it could not start or had to give up."""
    parser = argparse.ArgumentParser(prog="setten worker", description=__doc__)
    parser.add_argument("--config", type=Path, help="settings file instead of ./setten.toml")
    parser.add_argument("--ready-file", type=Path, help="created once the worker consumes")
    parser.add_argument("--log-level", default="info", choices=["debug", "info", "warning", "error"])
    args = parser.parse_args()
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s %(message)s", level=args.log_level.upper())
    for noisy in ("kafka", "aiokafka", "faust", "mode"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    try:
        settings = load_settings(args.config)
        ClickHouse(settings).close()  # say at once, and in one line, what cannot be reached

        def ready() -> None:
            logging.getLogger("setten.worker").info("setten worker ready")
            if args.ready_file is not None:
                args.ready_file.touch()

        metrics = WorkerMetrics()
        serve(metrics.registry, settings.metrics_host, settings.metrics_port, "SETTEN_METRICS_PORT")
        app = create_app(settings, metrics, on_ready=ready)
    except (SettingsError, KafkaUnavailable, ClickHouseUnavailable, MetricsUnavailable) as error:
        print(f"setten worker: {error}", file=sys.stderr)
        return 1
    # Arrow's own allocator keeps what it once had; a batch's tables are gone after it.
    pa.set_memory_pool(pa.system_memory_pool())
    # Batches are tens of thousands of objects without cycles; looking for some in between costs a third of the time.
    # The app collects on a timer instead.
    gc.freeze()
    gc.disable()
    # A thread that ClickHouse has answered should not wait as long as usual for the one that decodes.
    sys.setswitchinterval(0.0005)
    worker = app.Worker(loglevel=args.log_level, redirect_stdouts=False, override_logging=False)
    worker.execute_from_commandline()
    return 1 if app.should_stop and app.crash_reason else 0


if __name__ == "__main__":
    sys.exit(main())
