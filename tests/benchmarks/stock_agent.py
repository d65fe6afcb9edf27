"""The same job done by a stock Faust agent: what a careful user of Faust would write, for comparison only."""

import asyncio
import sys

import faust

from infra.clickhouse import ClickHouse
from infra.kafka import FACTS, SIGNAL_TOPICS
from infra.settings import load_settings
from infra.store import Store
from streams.ingest.batch import Record
from streams.ingest.cycle import Cycle

GROUP = "stock-agent"
settings = load_settings()
app = faust.App(
    GROUP,
    broker=[f"kafka://{broker}" for broker in settings.brokers],
    broker_session_timeout=6.0,
    broker_rebalance_timeout=6.0,
    broker_heartbeat_interval=2.0,
    consumer_auto_offset_reset="earliest",
    store="memory://",
    topic_allow_declare=False,
    topic_disable_leader=True,
    web_enabled=False,
    autodiscover=False,
    datadir=str(settings.data_dir / "stock-agent"),
)
topic = app.topic(SIGNAL_TOPICS[0], key_serializer="raw", value_serializer="raw", internal=False)


@app.agent(topic, concurrency=1)
async def store_signals(stream):
    """Takes batches and stores them with the same code as the ingest service: only the consuming differs."""
    cycle = Cycle(Store(ClickHouse(settings), settings.business_timezone), FACTS, lambda touched: None)
    async for events in stream.take_events(5000, within=1.0):
        records = [
            Record(
                e.message.topic,
                e.message.partition,
                e.message.offset,
                int(e.message.timestamp * 1000),
                tuple((key, value) for key, value in (e.message.headers or {}).items())
                if isinstance(e.message.headers, dict)
                else tuple(e.message.headers or ()),
                e.value,
            )
            for e in events
        ]
        await asyncio.to_thread(cycle.run, records)


if __name__ == "__main__":
    app.Worker(loglevel="warning", redirect_stdouts=False).execute_from_commandline()
    sys.exit(0)
