"""Events of a shop, made with the CloudEvents SDK and posted in three modes. In the environment: COLLECTOR, WRITE_KEY.

Standard input: `id`, `source`, `type`, `time` and `data` of each, as JSON. The SDK makes requests and sends none, so
who uses it decides what to do about an answer of 503; here it is urllib3's Retry, which heeds Retry-After.
"""

import json
import os
import sys
from datetime import datetime

import requests
from cloudevents.core.bindings.http import to_binary_event, to_structured_event
from cloudevents.core.v1.event import CloudEvent
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

session = requests.Session()
session.headers["Authorization"] = f"Bearer {os.environ['WRITE_KEY']}"
again = Retry(total=20, backoff_factor=0.2, backoff_max=2, status_forcelist=[503], allowed_methods=None)
session.mount("http://", HTTPAdapter(max_retries=again))
address = f"{os.environ['COLLECTOR']}/v1/events"

batched = []
for number, told in enumerate(json.load(sys.stdin)):
    data = told.pop("data")
    event = CloudEvent({**told, "time": datetime.fromisoformat(told["time"])}, data)
    if number % 3 == 2:
        batched.append(json.loads(to_structured_event(event).body))
        continue
    message = to_binary_event(event) if number % 3 else to_structured_event(event)
    session.post(address, data=message.body, headers=message.headers, timeout=30).raise_for_status()
batch = {"Content-Type": "application/cloudevents-batch+json"}
session.post(address, data=json.dumps(batched), headers=batch, timeout=30).raise_for_status()
