"""The broker goes away, and the collector dies: every SDK waits, sends again, and nothing is lost or counted twice."""

import json
import os
import signal
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.sdks.sdks import CLOUDEVENTS, SEGMENT_BROWSER, SEGMENTS, SNOWPLOWS, Sdk
from tests.sdks.site import Site
from tests.sdks.story import (
    AGENT,
    Touch,
    shop_events,
    shop_touches,
    snowplow_story,
    snowplow_touches,
    story,
    touches,
)
from tests.sdks.tables import address, refused, touches_of
from tests.stack import Stack, wait_for

pytestmark = pytest.mark.slow
STEPS = [{"goto": "/pricing"}, {"click": "#download"}]


def told_to_come_again(setten: Stack, protocol: str) -> float:
    return setten.metrics("collector").get(f"setten_collector_requests_total{{{protocol},503}}", 0)


def test_while_the_broker_is_away_every_sdk_sends_again(
    setten: Stack, key_of: Callable[[str], str], site: Site
) -> None:
    now = datetime.now(UTC)
    stories: dict[Sdk, tuple[list[dict[str, Any]], list[Touch]]] = {}
    for sdk in SEGMENTS:
        stories[sdk] = story(now, f"{sdk.name}-away"), touches(now, f"{sdk.name}-away")
    for sdk in SNOWPLOWS:
        stories[sdk] = snowplow_story(now, f"{sdk.name}-away"), snowplow_touches(now, f"{sdk.name}-away")
    stories[CLOUDEVENTS] = shop_events(now, "shop-away"), shop_touches(now, "shop-away")
    keys = {sdk: key_of(f"{sdk.name}-away") for sdk in (*stories, SEGMENT_BROWSER)}
    site.key = keys[SEGMENT_BROWSER]

    broker, collector = setten.process_id("broker"), setten.process_id("collector")
    assert broker is not None
    assert collector is not None
    os.kill(broker, signal.SIGSTOP)
    try:
        visit = {"agent": AGENT, "site": site.origin, "steps": STEPS, "calls": 2}
        browsing = SEGMENT_BROWSER.begin(address(setten), site.key, visit)
        sessions = [sdk.begin(address(setten), keys[sdk], told) for sdk, (told, _) in stories.items()]
        for protocol, senders in (("segment", 1 + len(SEGMENTS)), ("snowplow", len(SNOWPLOWS)), ("cloudevents", 1)):
            wait_for(lambda p=protocol, n=senders: told_to_come_again(setten, p) >= n, f"answers of 503: {protocol}")
        assert not any(session.is_over for session in (browsing, *sessions))
        os.kill(collector, signal.SIGKILL)
    finally:
        os.kill(broker, signal.SIGCONT)
    for session in sessions:
        session.end()
    told = json.loads(browsing.end())
    assert max(told["sent"].values()) > 1, "the browser sent a call again"

    for sdk, (_, expected) in stories.items():
        source = "/shop-away" if sdk is CLOUDEVENTS else f"{sdk.name}-away"
        wait_for(lambda s=source, e=expected: len(touches_of(setten, s)) >= len(e), f"the touches of {source}", 120)
        assert sorted(touches_of(setten, source)) == sorted(expected)
        assert refused(setten, f"{sdk.name}-away") == []
    source = f"{SEGMENT_BROWSER.name}-away"
    wait_for(lambda: len(touches_of(setten, source)) >= 2, "the browser's touches", 120)
    assert [one.action for one in touches_of(setten, source)] == ["page_viewed", "price_list_downloaded"]
