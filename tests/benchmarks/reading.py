"""What the queries of a cycle read, for a batch as the benchmark's load makes them."""

import random
import re
import time
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import clickhouse_connect
import pyarrow as pa
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.external import ExternalData

from infra.clickhouse import load_sql
from infra.settings import Settings
from tests.benchmarks.load import ACCOUNTS, CONTACTS

_BATCH = 20_000


@dataclass(frozen=True)
class Reading:
    """rows: that the server means to read. granules: chosen/all at each step of choosing them."""

    rows: int
    ms: float
    granules: str


def reading_of(settings: Settings, start: datetime, days: int) -> dict[str, Reading]:
    """What the roll-up and the search for rivals read for one batch of events of these days."""
    parts = urlsplit(settings.clickhouse_url)
    client = clickhouse_connect.get_client(
        host=parts.hostname or "",
        port=parts.port or 8123,
        username=settings.clickhouse_user,
        password=settings.clickhouse_password.get_secret_value(),
        database=settings.clickhouse_database,
        settings={"do_not_merge_across_partitions_select_final": 1},
    )
    rng = random.Random(2)
    keys = {(rng.randrange(CONTACTS), rng.randrange(days)) for _ in range(_BATCH)}
    dirty = [(f"mail:p{c}@company{c % ACCOUNTS}.example", (start + timedelta(days=d)).date()) for c, d in keys]
    told = pa.table({"contact_key": [key for key, _ in dirty], "day": pa.array([day for _, day in dirty], pa.date32())})
    ids = pa.table(
        {
            "event_id": [str(uuid.UUID(int=rng.getrandbits(128))) for _ in range(_BATCH)],
            "content": [str(uuid.UUID(int=rng.getrandbits(128))) for _ in range(_BATCH)],
            "precedence": pa.array([1 << 60] * _BATCH, pa.uint64()),
        }
    )
    return {
        "contact_day_groups": _read(client, "contact_day_groups", dirty=(told, ["contact_key String", "day Date32"])),
        "rivals": _read(client, "rivals", batch=(ids, ["event_id String", "content String", "precedence UInt64"])),
    }


def _read(client: Client, name: str, **external: tuple[pa.Table, list[str]]) -> Reading:
    sql = load_sql(name)
    [(table, (rows, structure))] = external.items()
    buffer = pa.BufferOutputStream()
    with pa.ipc.new_stream(buffer, rows.schema) as writer:
        writer.write_table(rows)
    sent = ExternalData(file_name=table, data=buffer.getvalue().to_pybytes(), fmt="ArrowStream", structure=structure)
    plan = "\n".join(row[0] for row in client.query(f"EXPLAIN indexes = 1 {sql}", external_data=sent).result_rows)
    estimate = client.query(f"EXPLAIN ESTIMATE {sql}", external_data=sent).named_results()
    began = time.perf_counter()
    client.query(sql, external_data=sent)
    ms = (time.perf_counter() - began) * 1000
    return Reading(sum(int(row["rows"]) for row in estimate), ms, " ".join(re.findall(r"Granules: (\d+/\d+)", plan)))
