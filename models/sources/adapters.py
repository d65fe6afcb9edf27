"""Which adapter reads a body: the name in the record's headers, and nothing else, decides."""

from collections.abc import Callable, Sequence

from models.events import Signal
from models.facts import AnyFact
from models.outcomes import DeadLetter, Nothing, Reason
from models.records import Origin
from models.sources import (
    access_log,
    attendance,
    attendees,
    canonical,
    cloudevents,
    google_calendar,
    host_log,
    hubspot,
    ics,
    mailgun,
    mbox,
    microsoft_graph,
    postmark,
    segment,
    sendgrid,
    ses,
    snowplow,
    snowplow_enriched,
    zoom,
)

Answer = Signal | AnyFact | DeadLetter | Nothing
"""What an adapter makes of an event: one of these, or several. Positions in a body count them."""

ADAPTERS: dict[str, Callable[[bytes, Origin], Sequence[Answer]]] = {
    "canonical": canonical.decode,
    "mbox": mbox.decode,
    "attendance": attendance.decode,
    "attendees": attendees.decode,
    "access-log": access_log.decode,
    "host-log": host_log.decode,
    "sendgrid": sendgrid.decode,
    "mailgun": mailgun.decode,
    "postmark": postmark.decode,
    "ses": ses.decode,
    "cloudevents": cloudevents.decode,
    "snowplow": snowplow.decode,
    "snowplow-get": snowplow.decode_query,
    "snowplow-enriched": snowplow_enriched.decode,
    **dict.fromkeys(segment.NAMES, segment.decode),
    "hubspot": hubspot.decode,
    "zoom": zoom.decode,
    "ics": ics.decode,
    "google-calendar": google_calendar.decode,
    "microsoft-graph": microsoft_graph.decode,
}


def decode(body: bytes, origin: Origin) -> Sequence[Answer]:
    """Read one record's body with the adapter its origin names. Every event is answered, an unknown adapter too."""
    adapter = ADAPTERS.get(origin.adapter)
    if adapter is None:
        detail = f"adapter: this version has none named {origin.adapter[:120]!r}; it has {', '.join(ADAPTERS)}"
        return [DeadLetter(0, Reason.UNKNOWN_ADAPTER, detail, body)]
    return adapter(body, origin)
