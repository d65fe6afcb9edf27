"""The input of the benchmarks, made from a seed: accounts, and canonical web signals of one event a record."""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from infra.clickhouse import ClickHouse
from infra.kafka import SIGNAL_TOPICS, producer
from infra.settings import Settings
from infra.store import Store
from models.facts import FACT
from models.folding import fold
from models.records import Origin

TOPIC = SIGNAL_TOPICS[0]
ACCOUNTS = 500
CONTACTS = 5_000
START = datetime(2026, 10, 1, tzinfo=UTC)
DAYS = 30
RECEIVED_AT = START + timedelta(days=DAYS)
# Of so many records one is a redelivery of an earlier one, and one is refused: both have to be told from the rest.
DUPLICATE_EVERY = 1_000
INVALID_EVERY = 1_000


@dataclass(frozen=True)
class Expected:
    """What the tables must hold afterwards: distinct valid events, and distinct refused bodies."""

    touches: int
    dead_letters: int


def bodies(
    records: int, *, start: datetime = START, days: int = DAYS, seed: int = 1, prefix: str = "e"
) -> Iterator[bytes]:
    """Web signals of about 250 bytes, evenly over `days` days: 5,000 contacts of 500 companies.

    One in DUPLICATE_EVERY is the very record of some time before, one in INVALID_EVERY has no time. prefix: of the ids.
    """
    rng = random.Random(seed)
    earlier = b""
    for number in range(records):
        contact = rng.randrange(CONTACTS)
        signal = {
            "id": f"{prefix}{number}",
            "type": "web.page_viewed",
            "time": (start + timedelta(seconds=rng.randrange(days * 86400))).isoformat(),
            "data": {
                "contacts": [{"email": f"p{contact}@company{contact % ACCOUNTS}.example"}],
                "subject": f"/page/{rng.randrange(40)}",
                "campaign": "autumn",
                "user_agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0",
            },
        }
        place = number % DUPLICATE_EVERY
        if place == DUPLICATE_EVERY // 2 and earlier:
            yield earlier
            continue
        if number % INVALID_EVERY == INVALID_EVERY - 1:
            signal["time"] = "yesterday"
        body = json.dumps(signal).encode()
        if place == DUPLICATE_EVERY // 4:
            earlier = body
        yield body


def expected(records: int) -> Expected:
    """What `bodies` of so many records come to."""
    repeated = len(range(DUPLICATE_EVERY // 2, records, DUPLICATE_EVERY))
    refused = records // INVALID_EVERY
    return Expected(records - repeated - refused, refused)


def fill(settings: Settings, records: Iterator[bytes], received_at: datetime = RECEIVED_AT) -> None:
    """Put the records into the topic, spread over its partitions, with the headers of the collector."""
    kafka = producer(settings)
    for number, body in enumerate(records):
        # Every record has a receipt of its own, as the collector's have.
        headers = Origin("bench", "canonical", received_at + timedelta(microseconds=number)).to_headers()
        kafka.send(TOPIC, body, key=str(number % 64).encode(), headers=headers)
    kafka.flush()
    kafka.close()


def declare_accounts(settings: Settings, accounts: int = ACCOUNTS) -> None:
    """Declare the accounts with a domain each, stored and bound as ingest would have left them."""
    told = [
        {
            "type": "account_declared",
            "recorded_at": "2026-09-01T00:00:00+00:00",
            "account_id": f"company-{number}",
            "name": f"Company {number}",
            "domains": [f"company{number}.example"],
        }
        for number in range(accounts)
    ]
    facts = [FACT.validate_python(fact) for fact in told]
    clickhouse = ClickHouse(settings)
    store = Store(clickhouse, settings.business_timezone)
    store.insert_facts(facts)
    store.project_directory(fold(facts))
    store.mark_bound(len(facts))
    clickhouse.close()
