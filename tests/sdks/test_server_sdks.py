"""SDKs on servers, as their registries have them, tell a session to a running `setten up`."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from tests.sdks.sdks import SEGMENTS, Sdk
from tests.sdks.story import ORDERS, sato_of, story, touches, yesterday
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
