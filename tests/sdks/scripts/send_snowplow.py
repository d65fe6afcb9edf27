"""A session told with snowplow-tracker. In the environment: COLLECTOR, WRITE_KEY (the app id) and METHOD, post or get.

Standard input: events as JSON. `user` and `visitor` are the subject's, `at` is in milliseconds since 1970.
"""

import json
import os
import sys
import threading
from typing import Any

from snowplow_tracker import (
    Emitter,
    Event,
    PagePing,
    PageView,
    SelfDescribing,
    SelfDescribingJson,
    StructuredEvent,
    Subject,
    Tracker,
)


def event_of(told: dict[str, Any]) -> Event:
    subject = Subject().set_domain_user_id(told["visitor"]).set_useragent(told["agent"])
    if told.get("user"):
        subject.set_user_id(told["user"])
    common = {"event_subject": subject, "true_timestamp": told.get("at")}
    match told["kind"]:
        case "view":
            return PageView(page_url=told["url"], page_title="A page", **common)
        case "ping":
            return PagePing(page_url=told["url"], **common)
        case "structured":
            return StructuredEvent(category="site", action=told["name"], label=told["label"], **common)
        case _:
            schema = f"iglu:jp.example/{told['name']}/jsonschema/1-0-0"
            return SelfDescribing(SelfDescribingJson(schema, {"from": "a test"}), **common)


delivered = threading.Semaphore(0)
emitter = Emitter(
    os.environ["COLLECTOR"],
    method=os.environ["METHOD"],
    batch_size=5,
    on_success=lambda events: delivered.release(len(events)),
)
tracker = Tracker("site", emitter, app_id=os.environ["WRITE_KEY"])
story = json.load(sys.stdin)
for told in story:
    tracker.track(event_of(told))
emitter.flush()
# What failed is sent again by a timer of the SDK's own; the process has to live until then.
for _ in story:
    delivered.acquire()
