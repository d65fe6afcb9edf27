"""Snowplow's own sample of enriched events, held against the page views that the vendor expects of it."""

import csv
import gzip
import json
from collections import Counter
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest

from jobs.files import records
from models.decode import outcomes_of
from models.events import Signal
from models.facts import VisitorIdentified
from models.outcomes import DeadLetter
from models.records import Origin
from models.touches import read_signal

SAMPLE = Path(__file__).parents[3] / "shared/data/web/snowplow"
ORIGIN = Origin("snowplow", "snowplow-enriched", datetime(2026, 1, 1, tzinfo=UTC), "text/csv")


@cache
def rows(name: str) -> list[dict[str, str]]:
    path = SAMPLE / f"snowplow_web_{name}.csv.gz"
    if not path.exists():
        pytest.skip(f"Snowplow's sample is not at {path}")
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@cache
def page_views() -> dict[str, Signal]:
    """Page views of people as they would be stored: one for each event id of the source's."""
    rows("events")
    found: dict[str, Signal] = {}
    for body in records(SAMPLE / "snowplow_web_events.csv.gz", "snowplow-enriched"):
        for outcome in outcomes_of(body, ORIGIN):
            assert not isinstance(outcome, DeadLetter), outcome
            if isinstance(outcome, Signal) and outcome.type == "web.page_viewed":
                assert read_signal(outcome, ORIGIN).touches[0].machine == ""
                found.setdefault(str(outcome.id), outcome)
    return found


def noted(user: str) -> str:
    """What the sample notes in `user_id`. The vendor gives all sessions of a cookie to its last user; we keep each."""
    return "user stitch" if user.startswith("user stitch") else user


def page_view_id(event: dict[str, str]) -> str | None:
    told = json.loads(event["contexts_com_snowplowanalytics_snowplow_web_page_1_0_0"] or "[{}]")
    found: str | None = told[0].get("id")
    return found


# The differences between our page views and the vendor's, by what the sample's own notes in `user_id` call them. Ours
# less theirs.
EXPLAINED = {
    # Two events of two ids tell of one page view in the browser; to us each is one. The vendor's model drops one.
    "dupe: page_view_id different derived_tstamp": 1,
    # The model leaves out what comes over three days after a session began.
    "long session": 2,
    "Unexpired session": 1,
    # The model counts no page view without the browser's id of the page, and none sent days after it was made.
    "NULL page_view_id": 1,
    "late arriving: device created/sent >3 days": 1,
}


def test_page_views_per_user_are_the_vendors_or_the_difference_is_explained_row_by_row() -> None:
    events = {event["event_id"]: event for event in rows("events")}
    ours = Counter(noted(events[event_id]["user_id"]) for event_id in page_views())
    theirs = Counter(noted(view["user_id"]) for view in rows("page_views_expected"))
    differ = {user: ours[user] - theirs[user] for user in {*ours, *theirs} if ours[user] != theirs[user]}
    assert differ == EXPLAINED
    assert (ours.total(), theirs.total()) == (49, 43)


def test_each_difference_is_what_it_is_said_to_be() -> None:
    events = [event for event in rows("events") if event["event"] == "page_view"]
    expected = {view["page_view_id"] for view in rows("page_views_expected")}
    by_user = {user: [event for event in events if event["user_id"] == user] for user in EXPLAINED}
    twice = by_user["dupe: page_view_id different derived_tstamp"]
    assert len({event["event_id"] for event in twice}) - len({page_view_id(event) for event in twice}) == 1
    for user, number in list(EXPLAINED.items())[1:]:
        assert sum(page_view_id(event) not in expected for event in by_user[user]) == number, user


def test_events_of_one_id_are_one_page_view() -> None:
    ids = Counter(event["event_id"] for event in rows("events") if event["event"] == "page_view")
    assert max(ids.values()) > 1
    assert len(page_views()) == len(ids)


def test_a_spider_by_the_iabs_list_is_a_machine() -> None:
    context = '"[{""spiderOrRobot"":true}]"'
    head = "event,event_id,domain_userid,derived_tstamp,contexts_com_iab_snowplow_spiders_and_robots_1_0_0"
    body = f"{head}\npage_view,e1,d1,2026-01-01 00:00:00.5,{context}\npage_view,e2,d1,2026-01-01 00:00:00.5,\n".encode()
    machines = [one.data.machine for one in outcomes_of(body, ORIGIN) if isinstance(one, Signal)]
    assert machines == ["crawler", ""]


def test_a_row_is_answered_or_refused_with_its_reason() -> None:
    head = "event,event_id,domain_userid,user_id,derived_tstamp\n"
    body = f"{head}page_view,e1,d1,u1,2026-01-01 00:00:00\nx,e2,d1,,2026-01-01 00:00:00\npage_view,e3,d1,,soon\na,b\n"
    found = outcomes_of(body.encode(), ORIGIN)
    assert [one.reason for one in found if isinstance(one, DeadLetter)] == [
        "unknown_kind",
        "time_invalid",
        "line_malformed",
    ]
    assert isinstance(found[0], Signal)
    assert isinstance(found[1], VisitorIdentified)
    [headless] = outcomes_of(b"a,b\n1,2\n", ORIGIN)
    assert isinstance(headless, DeadLetter)
    assert headless.reason == "line_malformed"
