"""`make bench-sweep`: how long one assessment of all accounts takes, and one of a single account, on a large store.

100,000 accounts of which 2,000 are strategic and have plans, 400,000 contacts, contact-days of 20 million touches of
two years. Reading, judging by every rule and recording are timed apart; of one account the least of several runs.
"""

import argparse
import json
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from infra.assessments import Assessments
from infra.clickhouse import ClickHouse
from infra.settings import Settings
from jobs.migrate import migrate_tables
from models.account_history import AccountHistory
from models.assessment import RULES, judge
from tests.benchmarks.bi_views import LAST, fill_contact_days, plans_of
from tests.benchmarks.history import settle
from tests.contract.embedded_clickhouse import PASSWORDS, Server

_STRATEGIC = 2000
_DIRECTORY = (
    """INSERT INTO accounts (account_id, name, tier, kind, epoch)
    SELECT concat('company-', toString(number)), concat('Company ', toString(number)),
        if(number < {strategic:UInt32}, 'strategic', 'target'), 'customer', 1
    FROM numbers({accounts:UInt32})""",
    """INSERT INTO contacts (contact_key, account_id, name, title, seniority, epoch)
    SELECT DISTINCT contact_key, concat('company-', extract(contact_key, '@company([0-9]+)')), 'Name', '部長',
        ['executive', 'management', 'staff', 'unknown'][cityHash64(contact_key) % 4 + 1], 1
    FROM contact_day""",
    """INSERT INTO facts (fact_id, type, recorded_at, body)
    SELECT generateUUIDv4(), 'contact_declared', toDateTime64('2025-06-01 00:00:00', 6, 'UTC'),
        concat('{"type":"contact_declared","contact_key":"', contact_key, '"}')
    FROM contacts""",
    """INSERT INTO revenue (account_id, month, currency, amount, epoch)
    SELECT account_id, addMonths(toDate('2024-12-01'), arrayJoin(range(24))), 'JPY', 1000, 1
    FROM accounts WHERE tier = 'strategic'""",
    """INSERT INTO facts (fact_id, type, recorded_at, body)
    SELECT generateUUIDv4(), 'opportunity_recorded', now64(6), toJSONString(map(
        'opportunity_id', toString(number), 'account_id', concat('company-', toString(number % {strategic:UInt32})),
        'outcome', ['open', 'won'][number % 2 + 1], 'owner', 'Sato', 'opened_on', '2026-05-01', 'currency', 'JPY',
        'product', 'Product', 'closed_on', ['', '2026-06-01'][number % 2 + 1]))
    FROM numbers(20000)""",
)


def timed(assessments: Assessments, accounts: list[str]) -> dict[str, float]:
    """Seconds of reading and of judging, and how many were judged and found."""
    begun = time.perf_counter()
    judging = 0.0
    count = found = 0
    as_of = assessments.as_of(LAST)
    for history in assessments.histories(LAST, accounts):
        at = time.perf_counter()
        found += sum(verdict is not None for verdict in judge(history, as_of, assessments.book).values())
        judging += time.perf_counter() - at
        count += 1
    return {
        "accounts": count,
        "verdicts": found,
        "all_s": time.perf_counter() - begun,
        "judging_s": judging,
    }


def by_rule(histories: list[AccountHistory], assessments: Assessments) -> dict[str, float]:
    """Microseconds an account that each rule takes."""
    as_of = assessments.as_of(LAST)
    told = {}
    for rule in RULES:
        begun = time.perf_counter()
        for history in histories:
            rule.judge(history, as_of, assessments.book.thresholds(rule.name, history.tier, history.account_id))
        told[rule.name] = (time.perf_counter() - begun) / len(histories) * 1e6
    return told


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench-sweep", description=__doc__)
    parser.add_argument("--accounts", type=int, default=100_000)
    parser.add_argument("--touches", type=int, default=20_000_000)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="setten-sweep-") as folder:
        server = Server(Path(folder)).start()
        try:
            url = f"http://127.0.0.1:{server.port}"
            settings = Settings(data_dir=Path(folder), clickhouse_url=url, clickhouse_password=PASSWORDS["setten"])
            migrate_tables(settings)
            clickhouse = ClickHouse(settings, timeout_s=600)
            counted = {"accounts": args.accounts, "contacts": 4 * args.accounts}
            fill_contact_days(clickhouse, args.touches, counted)
            for statement in (*_DIRECTORY, plans_of("{strategic:UInt32}")):
                values = counted | {"strategic": min(_STRATEGIC, args.accounts)}
                clickhouse.statement(statement, values if ":UInt32}" in statement else None)
            settle(clickhouse)
            assessments = Assessments(clickhouse, settings)
            one = min((timed(assessments, ["company-7"]) for _ in range(5)), key=lambda told: told["all_s"])
            everything = timed(assessments, [])
            some = [f"company-{number}" for number in range(0, args.accounts, max(1, args.accounts // 4000))]
            rules = by_rule(list(assessments.histories(LAST, some)), assessments)
            begun = time.perf_counter()
            assessments.run(LAST, datetime.now(UTC), [], lambda changes: None)
            whole_s = time.perf_counter() - begun
        finally:
            server.stop()
    told: dict[str, Any] = {"all": everything, "recorded_s": whole_s, "one": one, "rules_us": rules}
    if args.json:
        print(json.dumps(told, indent=2))
        return 0
    print(f"{everything['accounts']:,.0f} accounts, {args.touches:,} touches: {everything['verdicts']:,.0f} verdicts")
    print(f"  reading and judging {everything['all_s']:.1f} s, of it judging {everything['judging_s']:.1f} s")
    print(f"  with alerts and verdicts recorded {whole_s:.1f} s")
    print(f"one account: {one['all_s'] * 1000:.0f} ms, of it judging {one['judging_s'] * 1000:.1f} ms")
    for name, cost in sorted(rules.items(), key=lambda item: -item[1]):
        print(f"  {name:24} {cost:8.1f} µs an account")
    return int(whole_s > 60)


if __name__ == "__main__":
    sys.exit(main())
