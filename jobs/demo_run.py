"""Load the demo world through Kafka, record the alerts of its last year, show them. `--smoke`: all of it, checked."""

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from infra.clickhouse import ClickHouse
from infra.score_profile import load_profile
from infra.scores import Scores
from infra.settings import DEFAULT_DATA_DIR, Settings, load_settings
from jobs.assess import record_history
from jobs.cli_alerts import print_alerts, read_alerts
from jobs.console import EXPECTED_ERRORS, err, out, progress
from jobs.data_dir import DataDir, UpError
from jobs.demo.script import Story
from jobs.demo.world import World, build
from jobs.import_ import Body, Importer, ImportReport
from jobs.rollups import refresh_all
from jobs.stages import update_all
from jobs.up import down, up

HISTORY_WEEKS = 52


def demo_until(settings: Settings) -> date:
    """The demo world ends with yesterday, so that nothing in it lies ahead."""
    return datetime.now(settings.zone).date() - timedelta(days=1)


def load_demo(settings: Settings, seed: int, until: date | None = None) -> tuple[World, ImportReport]:
    """Send facts and signals through Kafka, wait for ingest, assess the weeks of the last year, compute all stages.

    Loading the same world again changes nothing. Raises the errors of imports and assessments.
    """
    with progress() as display:
        task = display.add_task("making the demo world", total=None, note=f"seed {seed}")
        world = build(seed, until or demo_until(settings))
        records = list(world.records())
        display.update(task, description="sending signals", total=len(records), completed=0, note="")
        importer = Importer(
            settings,
            sent=lambda events: display.update(task, completed=importer.report.records, note=f"{events:,} events"),
            waiting=lambda waiting: display.update(
                task, description="waiting for ingest", note=f"{waiting:,} records to go"
            ),
        )
        try:
            importer.send_facts(world.facts)
            importer.wait()  # the directory first: binding once is quicker than binding anew
            report = importer.send(Body(r.topic, r.origin, r.body) for r in records)
        finally:
            importer.close()
        task = display.add_task("assessing the last year", total=HISTORY_WEEKS + 1, note="")
        for day in record_history(settings, world.until - timedelta(weeks=HISTORY_WEEKS), world.until):
            display.update(task, advance=1, note=str(day))
    profile = load_profile(settings)
    update_all(Scores(ClickHouse(settings), profile), datetime.now(settings.zone).date())
    refresh_all(settings, profile)
    return world, report


def show_demo(settings: Settings) -> None:
    """The open alerts with their evidence, and where to query everything."""
    print_alerts(read_alerts(ClickHouse(settings), state="open"))
    folder = DataDir(settings.data_dir)
    setten = "setten" if shutil.which("setten") else os.path.relpath(Path(sys.executable).parent / "setten")
    where = "" if settings.data_dir == DEFAULT_DATA_DIR else f" --data-dir {settings.data_dir}"
    out.print(
        f"\nClickHouse   {settings.clickhouse_url}   database {settings.clickhouse_database}, "
        f"user bi (reads the views in {settings.bi_name}) or setten; passwords in {folder.credentials_file}",
        f"Kafka        {settings.kafka_brokers}",
        f"Collector    http://{settings.collector_host}:{settings.collector_port}/v1/signals",
        "",
        f"{setten} alerts show ID{where}   one alert with its evidence",
        f"{setten} score{where}            accounts by their engagement",
        f"{setten} status{where}           what runs",
        f"{setten} down{where}             stop it",
        sep="\n",
        markup=False,
    )


def check_stories(stories: list[Story], alerts: list[dict[str, Any]], since: date) -> list[str]:
    """Hold the recorded alerts to the stories; answers what is wrong, a line each."""
    wrong = []
    left = {str(a["alert_id"]): a for a in alerts}
    for story in stories:
        for expected in story.expected:
            found = [
                a
                for a in left.values()
                if a["account_id"] == story.account_id
                and a["rule"] == expected.rule
                and max(expected.open_from, since) <= a["opened_on"] <= max(expected.open_by, since)
            ]
            if len(found) != 1:
                wrong.append(f"{story.account_id} ({story.name}): {len(found)} alerts of {expected}")
                continue
            [alert] = found
            del left[str(alert["alert_id"])]
            if expected.resolved_by is None and alert["state"] != "open":
                wrong.append(f"{story.account_id} ({story.name}): resolved on {alert['resolved_on']}, should be open")
            if expected.resolved_by is not None and (
                alert["state"] != "resolved" or alert["resolved_on"] > max(expected.resolved_by, since)
            ):
                wrong.append(f"{story.account_id} ({story.name}): not resolved by {expected.resolved_by}")
    wrong += [
        f"{a['account_id']}: unexpected alert {a['rule']} of {a['opened_on']}: {a['sentence_en']}"
        for a in left.values()
    ]
    return wrong


def check_counts(world: World, report: ImportReport) -> list[str]:
    """Hold what ingest stored and refused to what the world planted; answers what is wrong, a line each."""
    planted = world.planted
    dead = Counter({str(reason): count for reason, count in planted.dead_letters.items()})
    checks = {
        "stored": (report.stored, planted.signals),
        "duplicates": (report.duplicates, planted.duplicates),
        "dead letters": (dict(report.dead), dict(dead)),
        "unaccounted": (report.unaccounted, 0),
    }
    return [f"{name}: {found}, planted {wanted}" for name, (found, wanted) in checks.items() if found != wanted]


def smoke(seed: int) -> int:
    """Bring everything up in a temporary directory, load the demo world, check it, take everything down again."""
    started = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix="setten-smoke-"))
    wrong: list[str] = []
    try:
        settings = load_settings(None, folder)
        up(settings, detach=True, collector_port=0, console=err)
        settings = load_settings(None, folder)
        world, report = load_demo(settings, seed)
        alerts = read_alerts(ClickHouse(settings))
        wrong += check_counts(world, report)
        wrong += check_stories(world.stories, alerts, world.until - timedelta(weeks=HISTORY_WEEKS))
        show_demo(settings)
        out.print(
            f"\n{report.events:,} events: {report.stored:,} stored, {report.duplicates:,} duplicates, "
            f"{report.dead_total:,} dead letters; {len(alerts)} alerts in {HISTORY_WEEKS} weeks"
        )
    except (*EXPECTED_ERRORS, UpError) as error:
        wrong.append(str(error))
    finally:
        down(load_settings(None, folder), console=err)
        shutil.rmtree(folder, ignore_errors=True)
    for line in wrong:
        err.print(f"smoke: {line}", style="red", markup=False)
    out.print(
        f"smoke: {'failed' if wrong else 'ok'} in {time.monotonic() - started:.0f} s, {datetime.now(UTC):%F %T} UTC"
    )
    return 1 if wrong else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m jobs.demo_run", description=__doc__)
    parser.add_argument("--smoke", action="store_true", required=True, help="run, check and take down")
    parser.add_argument("--seed", type=int, default=1)
    sys.exit(smoke(parser.parse_args().seed))
