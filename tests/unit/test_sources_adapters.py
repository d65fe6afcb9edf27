"""Choosing the adapter by the record's headers."""

from datetime import UTC, datetime

import pytest

from models.outcomes import DeadLetter, Reason
from models.records import Origin
from models.sources.adapters import ADAPTERS, decode
from models.sources.segment import NAMES

NOW = datetime(2026, 1, 5, tzinfo=UTC)
GOOD = {
    "canonical": b'{"type": "web.page_viewed", "time": "2025-01-01T00:00:00Z", "data": {"contacts": [{"id": "p"}]}}',
    "mbox": b"From: a@a.example\nDate: Tue, 6 Mar 2001 10:00:00 +0900\n",
    "attendance": b"meeting,date,attendee_id\nPlenary,2025-01-01,p\n",
    "attendees": "メール,日時\nsato@aozora.example,2025/01/01\n".encode("cp932"),
    "access-log": b'1.2.3.4 - - [17/May/2015:10:05:03 +0000] "GET / HTTP/1.1" 200 1 "-" "x"\n',
    "host-log": b"host\ttime\turl\tresponse\na.example\t804571206\t/\t200\n",
    "sendgrid": b'[{"event": "open", "email": "a@a.example", "timestamp": 1735689600, "sg_event_id": "e"}]',
    "mailgun": b'{"event-data": {"event": "opened", "id": "m", "recipient": "a@a.example", "timestamp": 1735689600}}',
    "postmark": b'{"RecordType": "Open", "MessageID": "p", "Recipient": "a@a.example",'
    b' "ReceivedAt": "2025-01-01T00:00:00Z"}',
    "ses": b'{"Type": "Notification", "Message": "{\\"eventType\\": \\"Send\\", \\"mail\\": {\\"messageId\\": \\"s\\",'
    b' \\"timestamp\\": \\"2025-01-01T00:00:00Z\\", \\"destination\\": [\\"a@a.example\\"]}}"}',
    "cloudevents": b'{"specversion": "1.0", "id": "1", "source": "s", "type": "web.page_viewed",'
    b' "time": "2025-01-01T00:00:00Z", "data": {"contacts": [{"id": "p"}]}}',
    "snowplow": b'{"schema": "iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4",'
    b' "data": [{"e": "pv", "duid": "d"}]}',
    "snowplow-get": b"e=pv&duid=d",
    "snowplow-enriched": b"event,event_id,domain_userid,derived_tstamp\npage_view,e1,d1,2025-01-01 00:00:00.000\n",
    "segment": b'{"batch": [{"type": "page", "userId": "u", "timestamp": "2025-01-01T00:00:00Z"}]}',
    "segment-page": b'{"userId": "u", "timestamp": "2025-01-01T00:00:00Z"}',
    "hubspot": b'[{"type": "OPEN", "id": "h", "created": 1735689600000, "recipient": "a@a.example"}]',
    "zoom": b'{"event": "webinar.participant_left", "payload": {"object": {"uuid": "u", "participant": {'
    b'"email": "a@a.example", "leave_time": "2025-01-01T00:00:00Z"}}}}',
}


@pytest.mark.parametrize(("name", "body"), GOOD.items())
def test_each_adapter_reads_its_own_format_and_no_other(name: str, body: bytes) -> None:
    def refused(adapter: str) -> bool:
        return any(isinstance(found, DeadLetter) for found in decode(body, Origin("s", adapter, NOW)))

    # Of Segment's single calls the path says which it is: several can read a body that does not say it itself. And a
    # CloudEvent of one of our types is a canonical signal.
    others = {"cloudevents": {"canonical"}, **{one: {*NAMES} for one in NAMES}}.get(name, set())
    reading = {adapter for adapter in ADAPTERS if not refused(adapter)}
    assert {name} <= reading <= {name, *others}


@pytest.mark.parametrize("name", ["", "Mbox", "nonsense"])
def test_an_unknown_adapter_is_a_dead_letter_that_names_the_known_ones(name: str) -> None:
    [found] = decode(b"body", Origin("s", name, NOW))
    assert isinstance(found, DeadLetter)
    assert (found.reason, found.raw) == (Reason.UNKNOWN_ADAPTER, b"body")
    assert all(known in found.detail for known in ADAPTERS)
