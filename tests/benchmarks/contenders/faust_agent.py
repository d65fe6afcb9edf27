"""The ingest job as a stock Faust agent: `take_events` for batches, one function an event, storing in a thread."""

import asyncio
import logging
import os
import sys

import faust

from infra.clickhouse import ClickHouseUnavailable
from infra.kafka import SIGNAL_TOPICS
from infra.settings import load_settings
from tests.benchmarks.contenders.job import Read, Sink, reader

GROUP = "bench-faust"
_BATCH = int(os.environ.get("BENCH_BATCH", "10000"))
_WITHIN_S = 1.0
_PAUSE_S = 1.0

settings = load_settings()
app = faust.App(
    GROUP,
    broker=[f"kafka://{broker}" for broker in settings.brokers],
    broker_session_timeout=6.0,
    broker_rebalance_timeout=6.0,
    broker_heartbeat_interval=2.0,
    broker_commit_every=_BATCH,
    consumer_auto_offset_reset="earliest",
    stream_buffer_maxsize=_BATCH,  # a batch has to fit, or the conductor and the agent wait for each other
    store="memory://",
    topic_allow_declare=False,
    topic_disable_leader=True,
    web_enabled=False,
    autodiscover=False,
    datadir=str(settings.data_dir / GROUP),
)
topic = app.topic(SIGNAL_TOPICS[0], key_serializer="raw", value_serializer="raw", internal=False)


@app.agent(topic, concurrency=1)
async def store_signals(stream):
    """Faust acknowledges a batch however it ended, so whatever fails is tried again in place."""
    sink = await asyncio.to_thread(Sink, settings)
    read = reader()

    def told(event: faust.EventT) -> Read:
        message = event.message
        headers = message.headers.items() if isinstance(message.headers, dict) else message.headers
        found = read(event.value, headers, int(message.timestamp * 1000))
        return Read(message.topic, message.partition, message.offset, event.value, found)

    async for events in stream.take_events(_BATCH, within=_WITHIN_S):
        batch = [told(event) for event in events]
        while True:
            try:
                await asyncio.to_thread(sink.write, batch)
                break
            except ClickHouseUnavailable as error:
                logging.getLogger(GROUP).warning("%s; trying again in %s s", error, _PAUSE_S)
                await asyncio.sleep(_PAUSE_S)
            except Exception as error:
                await app.crash(error)
                raise


if __name__ == "__main__":
    app.Worker(loglevel="warning", redirect_stdouts=False).execute_from_commandline()
    sys.exit(0)
