"""SDKs on servers, as their registries have them, tell a session to a running `setten up`."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from tests.sdks.sdks import CLOUDEVENTS, SEGMENTS, SNOWPLOWS, Sdk
from tests.sdks.story import (
    ORDERS,
    sato_of,
    shop_events,
    shop_touches,
    snowplow_story,
    snowplow_touches,
    story,
    touches,
    yesterday,
)
from tests.sdks.tables import Counted, address, counted, refused, touches_of
from tests.stack import Stack, wait_for

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("sdk", SEGMENTS, ids=lambda sdk: sdk.name)
def test_every_call_to_segments_api_is_a_touch_or_a_fact(setten: Stack, key_of: Callable[[str], str], sdk: Sdk) -> None:
    now, source = datetime.now(UTC), sdk.name
    expected = touches(now, source)
    sdk.tell(address(setten), key_of(source), story(now, source))
    wait_for(lambda: len(touches_of(setten, source)) >= len(expected), "the touches")
    assert touches_of(setten, source) == expected
    assert refused(setten, source) == []

    # Whoever she was before she said so, her visits count for her account, on their own day.
    day, sato, other = yesterday(now).date().isoformat(), f"mail:{sato_of(source)}", f"id:{source}:member-2"
    hers = {
        Counted("aozora", day, sato, "page_viewed", 2),
        Counted("aozora", day, sato, "price_list_downloaded", 1),
        Counted("aozora", day, sato, "demo_requested", 1),
        Counted("aozora", day, sato, "screen_viewed", 1),
    }
    wait_for(lambda: counted(setten, sato) == hers, "her visits to count for her account")
    theirs = {Counted("kita", day, other, "page_viewed", 1), Counted("kita", day, other, "order_viewed", ORDERS)}
    wait_for(lambda: counted(setten, other) == theirs, "the visits of the company that `group` names")


@pytest.mark.parametrize("sdk", SNOWPLOWS, ids=lambda sdk: sdk.name)
def test_every_event_of_snowplows_tracker_is_a_touch(setten: Stack, key_of: Callable[[str], str], sdk: Sdk) -> None:
    now, source = datetime.now(UTC), sdk.name
    expected = snowplow_touches(now, source)
    sdk.tell(address(setten), key_of(source), snowplow_story(now, source))
    wait_for(lambda: len(touches_of(setten, source)) >= len(expected), "the touches")
    assert touches_of(setten, source) == expected
    assert refused(setten, source) == []

    day, sato = yesterday(now).date().isoformat(), f"mail:{sato_of(source)}"
    hers = {
        Counted("aozora", day, sato, "page_viewed", 2),
        Counted("aozora", day, sato, "download_prices", 1),
        Counted("aozora", day, sato, "page_pinged", 0),
        Counted("aozora", day, sato, "demo_requested", 1),
    }
    wait_for(lambda: counted(setten, sato) == hers, "her visits to count for her account")


def test_every_cloudevent_in_every_mode_is_a_touch(setten: Stack, key_of: Callable[[str], str]) -> None:
    now, source = datetime.now(UTC), CLOUDEVENTS.name
    expected = shop_touches(now, source)
    CLOUDEVENTS.tell(address(setten), key_of(source), shop_events(now, source))
    wait_for(lambda: len(touches_of(setten, f"/{source}")) >= len(expected), "the touches")
    assert touches_of(setten, f"/{source}") == expected
    assert refused(setten, source) == []
    sato = f"mail:{sato_of(source)}"
    hers = {Counted("aozora", yesterday(now).date().isoformat(), sato, "order_placed", 7)}
    wait_for(lambda: counted(setten, sato) == hers, "her orders to count for her account")
