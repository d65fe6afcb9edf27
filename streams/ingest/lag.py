"""How far ingest is behind, while it stands still too."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import aiokafka


class LagWatch:
    """Counts the records that are not committed, of the partitions that a consumer has.

    What a consumer knows by itself is as old as its last fetch, and a worker that waits for ClickHouse fetches nothing:
    just then the lag grows. So the ends are asked for, in one request each time; what is committed is asked for once
    a partition and noted from then on.
    """

    def __init__(self) -> None:
        self._committed: dict[Any, int] = {}

    def committed(self, offsets: Mapping[Any, int]) -> None:
        """Note a commit."""
        self._committed |= offsets

    def moved(self) -> None:
        """Forget what is committed: another worker may have committed more since."""
        self._committed.clear()

    async def by_topic(self, consumer: aiokafka.AIOKafkaConsumer, topics: Iterable[str]) -> Counter[str]:
        """Records that wait, 0 where no partition is ours. Raises KafkaError."""
        found = Counter(dict.fromkeys(topics, 0))
        ours = list(consumer.assignment())
        if not ours:
            return found
        ends = await consumer.end_offsets(ours)
        begins = await consumer.beginning_offsets(ours) if any(p not in self._committed for p in ours) else {}
        for partition in ours:
            if partition not in self._committed:
                begin = await consumer.committed(partition)
                self._committed.setdefault(partition, begins[partition] if begin is None else begin)
            if partition not in consumer.assignment():
                continue  # it moved while we asked
            # Tansu tells the beginning of its last batch when asked for its end, but the end with every fetch.
            end = max(ends[partition], consumer.highwater(partition) or 0)
            found[partition.topic] += max(0, end - self._committed[partition])
        return found
