"""A store that has stood for two years, made inside ClickHouse: touches, events and contact-days, no bodies."""

import math
import time
from datetime import date, timedelta

from infra.clickhouse import ClickHouse
from tests.benchmarks.load import ACCOUNTS, CONTACTS

_DAYS = 730
_AT_A_TIME = 2_000_000
_PATIENCE_S = 600.0
_QUIET_LOOKS = 10

# One touch a number. Contacts and days by hashes; in the hours of the day that are of one date here and in Tokyo.
_TOUCHES = """
INSERT INTO touches
SELECT
    concat('mail:p', toString(contact), '@', company, '.example') AS contact_key,
    toDate({last:Date}) - (cityHash64(number, 'day') % {days:UInt32}) AS day,
    reinterpretAsUUID(sipHash128(number)) AS event_id,
    toDateTime64(day, 3, 'UTC') + cityHash64(number, 'second') % 43200 AS occurred_at,
    occurred_at AS received_at,
    'web', 'page_viewed', 'inbound',
    concat(company, '.example'), '', 'autumn',
    concat('/page/', toString(cityHash64(number, 'page') % 40)), 'bench',
    toUUID('00000000-0000-0000-0000-000000000000'),
    reinterpretAsUUID(sipHash128(number, 'record')),
    bitShiftLeft(toUInt64(4503599627370495 - toUnixTimestamp64Micro(received_at)), 12), 0
FROM
(
    SELECT
        number,
        cityHash64(number, 'contact') % {contacts:UInt32} AS contact,
        if(contact < {known:UInt32}, contact % {accounts:UInt32}, intDiv(contact, 10)) AS account,
        concat('company', toString(account)) AS company
    FROM numbers({start:UInt64}, {count:UInt64})
)
"""
_EVENTS = """
INSERT INTO events
SELECT
    reinterpretAsUUID(sipHash128(number)),
    reinterpretAsUUID(sipHash128(number, 'content')),
    reinterpretAsUUID(sipHash128(number, 'record')),
    0,
    bitShiftLeft(toUInt64(4503599627370495 - 1700000000000000), 12)
FROM numbers({start:UInt64}, {count:UInt64})
"""
_CONTACT_DAYS = """
INSERT INTO contact_day
SELECT
    concat('company-', extract(affiliation, '[0-9]+')), day, contact_key, kind, action, direction,
    'domain', count(), 0, min(occurred_at), max(occurred_at), {facts:UInt64} * 4294967296 + count(), 0
FROM touches
WHERE toYYYYMM(day) = {month:UInt32}
GROUP BY contact_key, day, affiliation, kind, action, direction
"""


def contacts(touches: int) -> int:
    """How many contacts a store of so many touches has: the load's at a million, growing with the square root."""
    return max(CONTACTS, math.isqrt(25 * touches))


def accounts(touches: int) -> int:
    """How many accounts, of ten contacts each."""
    return max(ACCOUNTS, contacts(touches) // 10 + 1)


def make(clickhouse: ClickHouse, touches: int, last: date) -> None:
    """Fill the store with so many touches of the two years that end with the day `last`, and wait for its merges."""
    for start in range(0, touches, _AT_A_TIME):
        part = {"start": start, "count": min(_AT_A_TIME, touches - start)}
        people = {"contacts": contacts(touches), "known": CONTACTS, "accounts": ACCOUNTS}
        clickhouse.statement(_TOUCHES, {**part, **people, "last": last, "days": _DAYS})
        clickhouse.statement(_EVENTS, part)
    months = sorted({(day.year * 100 + day.month) for day in (last - timedelta(days=n) for n in range(_DAYS))})
    for month in months:
        clickhouse.statement(_CONTACT_DAYS, {"month": month, "facts": accounts(touches)})
    settle(clickhouse)


def settle(clickhouse: ClickHouse) -> None:
    """Wait until merges have ended, and no new one has begun for a while."""
    deadline, quiet = time.monotonic() + _PATIENCE_S, 0
    while quiet < _QUIET_LOOKS:
        quiet = 0 if int(clickhouse.statement("SELECT count() FROM system.merges")) else quiet + 1
        if time.monotonic() > deadline:
            raise SystemExit(f"merges have not ended within {_PATIENCE_S:.0f} s")
        time.sleep(0.5)
