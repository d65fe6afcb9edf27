"""What a cycle with 100 identifications costs, by the number of facts there are: python -m tests.benchmarks.many_facts.

Prints one line a number: seconds of the cycle, and of the same cycle without facts, medians; megabytes of the process.
The facts are identifications and memberships of as many people, and a thousand accounts.
"""

import json
import resource
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from infra.clickhouse import ClickHouse
from infra.settings import Settings
from infra.store import Store
from jobs.migrate import migrate_tables
from models.facts import AccountDeclared, AnyFact, ContactDeclared, VisitorIdentified
from models.records import Origin
from streams.ingest.batch import Record
from streams.ingest.cycle import Cycle
from tests.contract.embedded_clickhouse import PASSWORDS, Server

START = datetime(2026, 1, 1, tzinfo=UTC)
ACCOUNTS, AT_ONCE, CYCLES = 1_000, 50_000, 5


def stated(number: int) -> AnyFact:
    at = START + timedelta(seconds=number)
    person = f"mail:p{number // 2}@company{number % ACCOUNTS}.example"
    if number % 2:
        return VisitorIdentified(recorded_at=at, visitor_key=f"anon:v{number}", contact_key=person)
    return ContactDeclared(recorded_at=at, contact_key=person, account_id=f"account{number % ACCOUNTS}", name="P")


def record(topic: str, body: list[dict[str, Any]]) -> Record:
    headers = tuple(Origin("bench", "canonical", datetime.now(UTC)).to_headers())
    return Record(topic, 0, 0, 0, headers, json.dumps(body).encode())


def cycle_s(worker: Cycle, number: int, *, facts: bool) -> float:
    visits = [
        {
            "type": "web.page_viewed",
            "time": START.isoformat(),
            "data": {"contacts": [{"anonymous_id": f"n{number}x{n}"}]},
        }
        for n in range(100)
    ]
    batch = [record("signals.web", visits)]
    if facts:
        at = START + timedelta(days=99, seconds=number)
        known = [
            VisitorIdentified(recorded_at=at, visitor_key=f"anon:n{number}x{n}", contact_key=f"mail:p{n}@a.example")
            for n in range(100)
        ]
        batch.append(record("facts", [one.model_dump(mode="json") for one in known]))
    begun = time.perf_counter()
    worker.run(batch)
    return time.perf_counter() - begun


def main() -> None:
    for number in map(int, sys.argv[1:] or ["10000", "100000", "1000000"]):
        with tempfile.TemporaryDirectory() as folder:
            server = Server(Path(folder)).start()
            url = f"http://127.0.0.1:{server.port}"
            settings = Settings(data_dir=Path(folder), clickhouse_url=url, clickhouse_password=PASSWORDS["setten"])
            migrate_tables(settings)
            store = Store(ClickHouse(settings), settings.business_timezone)
            store.insert_facts(
                [
                    AccountDeclared(
                        recorded_at=START, account_id=f"account{n}", name=f"A {n}", domains=(f"company{n}.example",)
                    )
                    for n in range(ACCOUNTS)
                ]
            )
            for start in range(0, number, AT_ONCE):
                store.insert_facts([stated(n) for n in range(start, min(number, start + AT_ONCE))])
            worker = Cycle(store, "facts", lambda touched: None)
            begun = time.perf_counter()
            cycle_s(worker, 0, facts=True)
            first = time.perf_counter() - begun
            with_facts = statistics.median(cycle_s(worker, n, facts=True) for n in range(1, 1 + CYCLES))
            without = statistics.median(cycle_s(worker, n, facts=False) for n in range(100, 100 + CYCLES))
            used_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
            told = f"first cycle {first:.2f} s, with facts {with_facts:.3f} s, without {without:.3f} s, {used_mb:,} MB"
            print(f"{number:,} facts: {told}", flush=True)
            store.clickhouse.close()
            server.stop()


if __name__ == "__main__":
    main()
