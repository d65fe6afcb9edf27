"""The ingest job as a stock Faust agent: batches of events, one function an event, storing in a thread.

`noack_take`, since `take` acknowledges its batch even where storing it has failed.
"""

import asyncio
import os
import sys

import faust
import uvloop

from infra.kafka import SIGNAL_TOPICS
from infra.settings import load_settings
from tests.benchmarks.contenders.job import Read, Sink, reader, spare_collector

GROUP = "bench-faust"
_BATCH = int(os.environ.get("BENCH_BATCH", "10000"))
_WITHIN_S = 1.0

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
    """A batch is acknowledged once it is stored; where that fails the worker stops."""
    sink = await asyncio.to_thread(Sink, settings)
    read = reader()

    def told(event: faust.EventT) -> Read:
        message = event.message
        headers = message.headers.items() if isinstance(message.headers, dict) else message.headers
        found = read(event.value, headers, int(message.timestamp * 1000))
        return Read(message.topic, message.partition, message.offset, event.value, found)

    async for events in stream.noack_take(_BATCH, within=_WITHIN_S):
        try:
            await asyncio.to_thread(sink.write, [told(event) for event in events])
        except Exception as error:
            await app.crash(error)
            raise
        for event in events:
            event.ack()


if __name__ == "__main__":
    spare_collector()
    uvloop.install()
    app.Worker(loglevel="warning", redirect_stdouts=False).execute_from_commandline()
    sys.exit(0)
