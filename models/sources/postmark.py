"""The postmark adapter: the body of a Postmark webhook, a JSON object with a `RecordType`.

- What: a `Bounce` is told apart by its `Type`: email.bounced where the address is bad, email.deferred where another
  mail may arrive, email.dropped where Postmark did not send. Of a `SubscriptionChange` only what the recipients do
  themselves is read: the others follow from a bounce or a complaint, which have records of their own, or from us.
- Identity: the record's type, the message, the recipient, the time and the link that was clicked, as there is no id.

Source: https://postmarkapp.com/developer/webhooks/webhooks-overview, and for `Type`
https://postmarkapp.com/developer/api/bounce-api#bounce-types
"""

from models.events import Signal
from models.outcomes import DeadLetter, Reason
from models.records import Origin
from models.sources.mail_event import MailEvent, first, made_id, page, short
from models.sources.webhook_json import Refused, Told, chosen, decode_events, field, shown, text

_ACTIONS = {
    "Delivery": "delivered",
    "Open": "opened",
    "Click": "clicked",
    "Bounce": "bounced",
    "SpamComplaint": "complained",
    "SubscriptionChange": "unsubscribed",
}
_TIMES = {
    "Delivery": "DeliveredAt",
    "Open": "ReceivedAt",
    "Click": "ReceivedAt",
    "Bounce": "BouncedAt",
    "SpamComplaint": "BouncedAt",
    "SubscriptionChange": "ChangedAt",
}
_BOUNCES = {
    "HardBounce": "bounced",
    "BadEmailAddress": "bounced",
    **dict.fromkeys(("Transient", "SoftBounce", "DnsError", "Blocked", "SpamNotification", "DMARCPolicy"), "deferred"),
    **dict.fromkeys(("ManuallyDeactivated", "SMTPApiError", "TemplateRenderingFailed"), "dropped"),
    "Unsubscribe": "unsubscribed",
    "SpamComplaint": "complained",
}


def decode(body: bytes, origin: Origin) -> list[Signal | DeadLetter]:
    """Answer the record of a body by one signal or one dead letter."""
    return decode_events(body, _read)


def _read(told: Told) -> list[Told]:
    action = chosen(_ACTIONS, told, "RecordType")
    record = text(told, "RecordType")
    if record == "Bounce":
        action = chosen(_BOUNCES, told, "Type")
    if record == "SubscriptionChange":
        _require_own_doing(told)
    time = told.get(_TIMES[record])
    recipient = told.get("Email" if record in ("Bounce", "SpamComplaint") else "Recipient")
    link = told.get("OriginalLink") if record == "Click" else None
    event = MailEvent(
        action,
        made_id(record, text(told, "MessageID"), recipient, time, link),
        time,
        [recipient],
        campaign=first(told.get("Tag"), field(told, "Metadata", "campaign"), field(told, "Metadata", "utm_campaign")),
        subject=page(link) if record == "Click" else short(told.get("Subject")),
        user_agent=told.get("UserAgent"),
    )
    return [event.value()]


def _require_own_doing(told: Told) -> None:
    """Raises Refused where it was not the recipient who ended a subscription."""
    change = tuple(told.get(name) for name in ("SuppressSending", "SuppressionReason", "Origin"))
    if change != (True, "ManualSuppression", "Recipient"):
        detail = f"SubscriptionChange: only a recipient's own unsubscribing is mapped; got {shown(change)}"
        raise Refused(Reason.UNKNOWN_KIND, detail)
