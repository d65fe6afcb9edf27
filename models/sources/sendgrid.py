"""The sendgrid adapter: the body of SendGrid's event webhook, a JSON array with one object for each event.

- What: `processed` is email.sent; a `bounce` of the type `blocked` may pass later and is email.deferred.
- Identity: `sg_event_id`. Time: `timestamp`, seconds since 1970.
- Machines: `sg_machine_open` says that Apple's mail privacy fetched the pictures.

Source: https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event
"""

from models.events import Signal
from models.outcomes import DeadLetter
from models.records import Origin
from models.sources.mail_event import MailEvent, first, moment, page
from models.sources.webhook_json import Told, chosen, decode_events, text

_ACTIONS = {
    "processed": "sent",
    "delivered": "delivered",
    "deferred": "deferred",
    "bounce": "bounced",
    "dropped": "dropped",
    "open": "opened",
    "click": "clicked",
    "unsubscribe": "unsubscribed",
    "group_unsubscribe": "unsubscribed",
    "spamreport": "complained",
}


def decode(body: bytes, origin: Origin) -> list[Signal | DeadLetter]:
    """Answer every event of a body by one signal or one dead letter, in order."""
    return decode_events(body, _read)


def _read(told: Told) -> list[Told]:
    action = chosen(_ACTIONS, told, "event")
    if action == "bounced" and told.get("type") == "blocked":
        action = "deferred"
    event = MailEvent(
        action,
        text(told, "sg_event_id"),
        moment(told.get("timestamp")),
        [told.get("email")],
        # What senders attach to a mail stands beside SendGrid's own fields.
        campaign=first(told.get("category"), told.get("campaign"), told.get("utm_campaign")),
        # Events of a subscription have a URL as well; nobody went there to see it.
        subject=page(told.get("url")) if action == "clicked" else "",
        user_agent=told.get("useragent"),
        machine="prefetch" if told.get("sg_machine_open") is True else "",
    )
    return [event.value()]
