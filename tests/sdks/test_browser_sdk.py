"""Segment's browser SDK, as its package has it, on real pages in Chromium, against a running `setten up`."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.sdks.sdks import SEGMENT_BROWSER
from tests.sdks.site import Site
from tests.sdks.story import AGENT, sato_of
from tests.sdks.tables import Counted, address, counted, refused, touches_of
from tests.stack import Stack, wait_for

pytestmark = pytest.mark.slow
SOURCE = SEGMENT_BROWSER.name
DEMO = {"email": sato_of(SOURCE), "name": "佐藤 花", "company": "aozora.example"}


def test_a_visit_before_the_form_counts_for_the_account(
    setten: Stack, key_of: Callable[[str], str], site: Site
) -> None:
    site.key = key_of(SOURCE)
    steps: list[dict[str, Any]] = [
        {"goto": "/pricing?utm_campaign=autumn&utm_source=mail"},
        {"click": "#download"},
        {"click": "a[href='/demo']"},
        {"fill": "#ask", "with": DEMO},
        {"click": "a[href='/manual']"},
    ]
    begun = datetime.now(UTC)
    story = {"agent": AGENT, "site": site.origin, "steps": steps, "calls": 7}
    told = json.loads(SEGMENT_BROWSER.tell(address(setten), site.key, story))
    ended = datetime.now(UTC)
    assert set(told["hosts"]) == {urlsplit(site.origin).netloc, urlsplit(address(setten)).netloc}, "and no CDN"

    visitor, member = f"anon:{told['visitor']}", f"id:{SOURCE}:member-1"
    wait_for(lambda: len(touches_of(setten, SOURCE)) >= 5, "the touches")
    assert [(one.contact, one.action, one.subject, one.campaign) for one in touches_of(setten, SOURCE)] == [
        (visitor, "page_viewed", "/pricing", "autumn"),
        (visitor, "price_list_downloaded", "/pricing", "autumn"),
        (visitor, "page_viewed", "/demo", ""),
        (member, "demo_requested", "/demo", ""),
        (member, "page_viewed", "/manual", ""),
    ]
    second = timedelta(seconds=1)
    assert all(begun - second <= one.at <= ended + second for one in touches_of(setten, SOURCE))
    assert refused(setten, SOURCE) == []

    sato = f"mail:{DEMO['email']}"
    day = (ended + timedelta(hours=9)).date().isoformat()
    hers = {
        Counted("aozora", day, sato, "page_viewed", 3),
        Counted("aozora", day, sato, "price_list_downloaded", 1),
        Counted("aozora", day, sato, "demo_requested", 1),
    }
    wait_for(lambda: counted(setten, sato) == hers, "her visits to count for her account")
