"""`make bench-bi`: how long each view for BI tools takes on a store of twenty million touches, as the user `bi`.

The roll-ups are filled first, and what that takes is told. Two questions each: one account and all its time, and all
accounts in the last 13 weeks. Views without a period are read whole. The answer is read to its end, all rows. Ends
with 1 where a median is over the limit.
"""

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from infra.bi import views
from infra.clickhouse import ClickHouse
from infra.rollups import Rollups
from infra.score_profile import load_profile
from infra.settings import Settings
from jobs.migrate import migrate_tables
from tests.benchmarks.history import accounts, contacts, settle
from tests.contract.embedded_clickhouse import PASSWORDS, Server

LIMIT_MS = 200
LAST = date(2026, 11, 30)
_MONTHS = 24
_ACCOUNT = "company-7"

# A month's touches: contacts, days, channels and directions by hashes; a fifth of what we see is what we sent.
_CONTACT_DAYS = """
INSERT INTO contact_day
SELECT account_id, day, contact_key, kind, action, direction, 'domain', count(), 0,
    toDateTime64(day, 3, 'UTC'), toDateTime64(day, 3, 'UTC'), 4294967296 + count(), 0
FROM
(
    SELECT
        cityHash64(number, 'contact') % {contacts:UInt32} AS contact,
        if(contact % 20 = 0, '', concat('company-', toString(contact % {accounts:UInt32}))) AS account_id,
        {first:Date} + cityHash64(number, 'day') % {days:UInt8} AS day,
        concat('mail:p', toString(contact), '@company', toString(contact % {accounts:UInt32}), '.example')
            AS contact_key,
        ['web', 'web', 'email', 'email', 'event', 'meeting'][cityHash64(number, 'kind') % 6 + 1] AS kind,
        kind = 'email' AND cityHash64(number, 'ours') % 5 < 3 AS ours,
        multiIf(kind = 'meeting', 'mutual', ours, 'outbound', 'inbound') AS direction,
        if(direction = 'outbound', 'sent', 'seen') AS action
    FROM numbers({start:UInt64}, {count:UInt64})
)
GROUP BY account_id, day, contact_key, kind, action, direction
"""
_ONE_MORE = """
INSERT INTO contact_day (account_id, day, contact_key, kind, action, direction, touches, version)
SELECT {account:String}, {last:Date}, 'mail:new@company7.example', 'meeting', 'held', 'mutual', 1, 1
"""


def plans_of(accounts: str) -> str:
    """A statement: plans of 40 items for the first accounts, so many as the parameter says: stakeholders, products with
    three years, wanted contacts, actions, competitors and the team."""
    told = """INSERT INTO facts (fact_id, type, recorded_at, body)
    SELECT generateUUIDv4(), 'plan_item_stated', now64(6), concat(
        '{"type":"plan_item_stated","recorded_at":"2026-11-30T03:00:00Z","account_id":"company-',
        toString(number % ACCOUNTS), '","key":"',
        if(place BETWEEN 29 AND 32, concat(wanted, '.staff'), concat('k', toString(place))),
        '","item":{', multiIf(
            place < 24, '"part":"stakeholder","contact_key":null,"name":"Name","title":"部長","relationship":"neutral",
                "decision_role":"decides","approval_step":null,"owner":"Sato"',
            place < 29, concat('"part":"product","product":"Product ', toString(place), '","currency":"JPY",
                "current_amount":null,"adoption":[],"targets":[{"fiscal_year":2025,"amount":1000000.0},
                {"fiscal_year":2026,"amount":2000000.0},{"fiscal_year":2027,"amount":3000000.0}]'),
            place < 33, concat('"part":"target","function":"', wanted, '","seniority":"staff","wanted":3'),
            place < 37, '"part":"action","what":"Meet","owner":"Sato","due":"2026-10-31","status":"open"',
            place < 39, '"part":"competitor","name":"Rival","products":"","note":"","positions":[]',
            '"part":"team","person":"Sato","role":"sales"'), '}}')
    FROM
    (
        SELECT number, intDiv(number, ACCOUNTS) AS place, ['it', 'sales', 'legal', 'hr'][place - 28] AS wanted
        FROM numbers(40 * toUInt64(ACCOUNTS))
    )"""
    return told.replace("ACCOUNTS", accounts)


_DIRECTORY = (
    """INSERT INTO accounts (account_id, name, tier, kind, epoch)
    SELECT concat('company-', toString(number)), concat('Company ', toString(number)), 'strategic', 'customer', 1
    FROM numbers({accounts:UInt32})""",
    """INSERT INTO contacts (contact_key, account_id, name, title, seniority, epoch)
    SELECT DISTINCT contact_key, concat('company-', extract(contact_key, '@company([0-9]+)')), 'Name', '部長',
        ['executive', 'management', 'staff', 'unknown'][cityHash64(contact_key) % 4 + 1], 1
    FROM contact_day""",
    """INSERT INTO revenue (account_id, month, currency, amount, epoch)
    SELECT account_id, addMonths(toDate('2024-12-01'), arrayJoin(range(24))), 'JPY', 1000, 1 FROM accounts""",
    """INSERT INTO facts (fact_id, type, recorded_at, body)
    SELECT generateUUIDv4(), 'opportunity_recorded', now64(6), toJSONString(map(
        'opportunity_id', toString(number % 20000),
        'account_id', concat('company-', toString(number % {accounts:UInt32})),
        'outcome', ['open', 'won'][number % 2 + 1], 'owner', 'Sato', 'opened_on', '2026-05-01', 'currency', 'JPY',
        'product', concat('Product ', toString(24 + number % 7)), 'closed_on', ['', '2026-06-01'][number % 2 + 1]))
    FROM numbers(60000)""",
    plans_of("{accounts:UInt32}"),
    """INSERT INTO facts (fact_id, type, recorded_at, body)
    SELECT generateUUIDv4(), 'kpi_target_set', now64(6), concat('{"kpi":"engagement_rate","of":{"account":"company-',
        toString(number), '"},"first":"2026-04-01","last":"2027-03-31","value":0.4,"currency":""}')
    FROM numbers({accounts:UInt32})""",
    """INSERT INTO store_facts (name, value) VALUES ('score_profile', 'bench-1')""",
    """INSERT INTO stage_transitions (profile, account_id, day, from_stage, to_stage, qualified, version)
    SELECT 'bench-1', concat('company-', toString(number % {accounts:UInt32})), toDate('2026-11-30') - number % 700,
        'aware', 'mqa', 1, 1
    FROM numbers(10 * {accounts:UInt64})""",
    """INSERT INTO priorities (model, as_of, account_id, rank, total, known, version)
    SELECT 'bench-1', toDate('2026-11-30') - intDiv(number, {accounts:UInt32}),
        concat('company-', toString(number % {accounts:UInt32})), 1, 5, 1, 1
    FROM numbers(30 * {accounts:UInt64})""",
    """INSERT INTO alerts (alert_id, account_id, rule, state, severity, opened_on, seen_on, updated_at)
    SELECT generateUUIDv4(), concat('company-', toString(number % {accounts:UInt32})), 'gone_quiet', 'open', 'warning',
        toDate('2026-11-30') - number % 700, toDate('2026-11-30'), now64(6)
    FROM numbers(20000)""",
    """INSERT INTO dead_letters (record_id, position, reason, source, received_at, raw)
    SELECT generateUUIDv4(), 0, 'not_json', concat('source', toString(number % 5)),
        toDateTime64('2026-11-30 00:00:00', 6, 'UTC') - number * 300, repeat('x', 300)
    FROM numbers(200000)""",
)
_PERIODS = {
    "engagement_rate": "month",
    "engagement_rate_quarter": "quarter",
    "account_week": "week",
    "management_contacts": "quarter",
    "contact_activity": "month",
    "revenue_month": "month",
    "unbound_touches": "day",
    "data_quality": "day",
    "stage_transitions": "day",
}
_OF_NO_ACCOUNT = ("unbound_touches", "data_quality", "opportunity_owners", "freshness")


class Timed(NamedTuple):
    """Milliseconds of every run of one question to one view."""

    view: str
    question: str
    runs_ms: list[float]

    @property
    def median_ms(self) -> float:
        return statistics.median(self.runs_ms)


def fill(clickhouse: ClickHouse, touches: int) -> None:
    """The contact-days of so many touches of two years, and a directory that fits; no touches, which no view reads."""
    counted = {"contacts": contacts(touches), "accounts": accounts(touches)}
    fill_contact_days(clickhouse, touches, counted)
    for statement in _DIRECTORY:
        # With a value to bind nowhere the driver would take every % for a place of its own.
        clickhouse.statement(statement, counted if "{accounts:" in statement else None)
    settle(clickhouse)


def fill_contact_days(clickhouse: ClickHouse, touches: int, counted: dict[str, int]) -> None:
    """The contact-days of so many touches of two years. counted: how many contacts and accounts there are."""
    first = date(LAST.year - 2, LAST.month + 1, 1)
    each = touches // _MONTHS
    for number in range(_MONTHS):
        following = date(first.year + first.month // 12, first.month % 12 + 1, 1)
        month = {"first": first, "days": (following - first).days, "start": number * each, "count": each}
        clickhouse.statement(_CONTACT_DAYS, counted | month)
        first = following


def refresh(clickhouse: ClickHouse, settings: Settings) -> None:
    """Fill the roll-ups, then again with nothing to do and with one contact-day more. Tells what each took."""
    for what in ("filling", "with nothing changed", "with one contact-day more"):
        if what == "with one contact-day more":
            clickhouse.statement(_ONE_MORE, {"last": LAST, "account": _ACCOUNT})
        begun = last = time.perf_counter()
        told = []
        for done in Rollups(clickhouse, settings, load_profile(settings)).refresh(datetime.now(UTC)):
            now = time.perf_counter()
            told.append(f"{done.rollup} {now - last:.2f} ({len(done.computed)})")
            last = now
        print(f"roll-ups, {what}: {last - begun:.2f} s; {', '.join(told)}", file=sys.stderr)


def questions() -> Iterator[tuple[str, str, str]]:
    """(view, what is asked, its SQL)."""
    since = LAST - timedelta(weeks=13)
    for view in views():
        name = f"{view.folder}.{view.name}"
        if view.name not in _OF_NO_ACCOUNT:
            yield name, "one account", f"SELECT * FROM {name} WHERE account_id = '{_ACCOUNT}'"
        if period := _PERIODS.get(view.name):
            # The month, week or quarter that has the first of these days in it counts whole.
            begin = f"(SELECT min({period}) FROM (SELECT toDate('{since}') AS day, toStartOfMonth(day) AS month,"
            begin += " toMonday(day) AS week, toStartOfQuarter(day) AS quarter))"
            yield name, "all, 13 weeks", f"SELECT * FROM {name} WHERE {period} >= {begin}"
        else:
            yield name, "all", f"SELECT * FROM {name}"


def ask(server: Server, sql: str, runs: int) -> list[float]:
    """Milliseconds of each run, after one that is not counted."""
    found = []
    for _ in range(runs + 1):
        began = time.perf_counter()
        reply = server.http(f"{sql} FORMAT TSV", user="bi")
        found.append((time.perf_counter() - began) * 1000)
        if reply.status != 200:
            raise SystemExit(f"{sql}: {reply.body.decode()}")
        if not reply.body:
            raise SystemExit(f"{sql}: no rows, so nothing was measured")
    return found[1:]


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench-bi", description=__doc__)
    parser.add_argument("--touches", type=int, default=20_000_000)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--whole", action="store_true", help="also ask each view with a period for all of its time")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="setten-bi-") as folder:
        server = Server(Path(folder), bi_reads=("bi", "bi_personal")).start()
        try:
            url = f"http://127.0.0.1:{server.port}"
            settings = Settings(data_dir=Path(folder), clickhouse_url=url, clickhouse_password=PASSWORDS["setten"])
            migrate_tables(settings)
            clickhouse = ClickHouse(settings, timeout_s=600)
            fill(clickhouse, args.touches)
            size = clickhouse.statement(
                "SELECT concat(sum(rows), ' contact-days in ', count(), ' parts') FROM system.parts"
                " WHERE database = 'setten' AND table = 'contact_day' AND active"
            )
            print(f"{args.touches:,} touches: {size}", file=sys.stderr)
            refresh(clickhouse, settings)
            asked = list(questions())
            if args.whole:
                asked += [(f"{name}", "all time", f"SELECT * FROM {name}") for name, what, _ in asked if "13" in what]
            timed = [Timed(name, what, ask(server, sql, args.runs)) for name, what, sql in asked]
        finally:
            server.stop()
    if args.json:
        print(json.dumps([one._asdict() for one in timed], indent=2))
    else:
        print(f"{'view':34} {'asked':14} {'min':>7} {'median':>7} {'max':>7}  ms; at most {LIMIT_MS} are aimed at")
    for one in () if args.json else timed:
        mark = "" if one.median_ms <= LIMIT_MS else "  over"
        least, most = min(one.runs_ms), max(one.runs_ms)
        print(f"{one.view:34} {one.question:14} {least:7.0f} {one.median_ms:7.0f} {most:7.0f}{mark}")
    return int(any(one.median_ms > LIMIT_MS for one in timed if one.question != "all time"))


if __name__ == "__main__":
    sys.exit(main())
