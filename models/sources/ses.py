"""The ses adapter: Amazon SES's events inside a notification of Amazon SNS, whose `Message` is the event as JSON text.

Both forms are read: published events (`eventType`) and feedback notifications (`notificationType`).

- Who: what became of a mail at each recipient is a signal for each recipient. Sending a mail, or not sending it, is one
  act towards all of its `destination`, so one signal. Opens, clicks and subscriptions do not say whose they are: of a
  mail to several people they are refused rather than told of all of them.
- What: a `Permanent` bounce is email.bounced, the others email.deferred; where SES did not try because the address is
  on one of its lists, it is email.dropped.
- Identity: the event's name, the message, the recipient, the time and the link that was clicked. So an event that comes
  through two topics counts once; its other form, a feedback notification, tells less and so conflicts with it.

Source: https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html and
https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html
"""

from typing import NamedTuple

from models.events import Signal
from models.outcomes import DeadLetter, Reason
from models.records import Origin
from models.sources.mail_event import MailEvent, first, made_id, page, short
from models.sources.webhook_json import Refused, Told, chosen, decode_events, field, parse, shown, text


class _Kind(NamedTuple):
    """How an event is told. section: the object with its time. each: where the recipients concerned are listed; ''
    where the event concerns the mail as a whole."""

    action: str
    section: str
    each: str = ""


_KINDS = {
    "Send": _Kind("sent", "mail"),
    "Delivery": _Kind("delivered", "delivery", "recipients"),
    "DeliveryDelay": _Kind("deferred", "deliveryDelay", "delayedRecipients"),
    "Bounce": _Kind("bounced", "bounce", "bouncedRecipients"),
    "Reject": _Kind("dropped", "mail"),
    "Rendering Failure": _Kind("dropped", "mail"),
    "Open": _Kind("opened", "open"),
    "Click": _Kind("clicked", "click"),
    "Complaint": _Kind("complained", "complaint", "complainedRecipients"),
    "Subscription": _Kind("unsubscribed", "subscription"),
}
_NAMES = {name: name for name in _KINDS}
_BOUNCES = {"Permanent": "bounced", "Transient": "deferred", "Undetermined": "deferred"}
_NOT_TRIED = ("Suppressed", "OnAccountSuppressionList", "UnsubscribedRecipient")
_BY_ONE = ("opened", "clicked", "unsubscribed")


def decode(body: bytes, origin: Origin) -> list[Signal | DeadLetter]:
    """Answer every event of a body by one signal or one dead letter, in the order in which recipients are listed."""
    return decode_events(body, _read_notification)


def _read_notification(told: Told) -> list[Told]:
    kind = field(told, "Type")
    if kind == "SubscriptionConfirmation":
        detail = "Type: SNS asks for the topic's subscription: open the body's SubscribeURL once to confirm it"
        raise Refused(Reason.NOT_AN_EVENT, detail)
    if kind != "Notification":
        detail = f"Type: no notification of SNS, which raw message delivery would leave out; got {shown(kind)}"
        raise Refused(Reason.NOT_AN_EVENT, detail)
    event = parse(text(told, "Message").encode("utf-8"), "Message")
    if not isinstance(event, dict):
        raise Refused(Reason.NOT_AN_EVENT, f"Message: a JSON {type(event).__name__}, not an object")
    return _read(event)


def _read(told: Told) -> list[Told]:
    names = "eventType" if field(told, "eventType") is not None else "notificationType"
    if field(told, names) == "Received":
        raise Refused(Reason.NOT_AN_EVENT, "notificationType: 'Received' is a mail that came in; these are not read")
    name = chosen(_NAMES, told, names)
    kind = _KINDS[name]
    time = field(told, kind.section, "timestamp")
    link = field(told, "click", "link") if kind.action == "clicked" else None
    event = MailEvent(
        _action(told, kind.action),
        "",
        time,
        [],
        campaign=first(field(told, "mail", "tags", "campaign"), field(told, "mail", "tags", "utm_campaign")),
        subject=page(link) if kind.action == "clicked" else short(field(told, "mail", "commonHeaders", "subject")),
        # The agent of a complaint is the mailbox provider's own program.
        user_agent=field(told, kind.section, "userAgent") if kind.action in ("opened", "clicked") else None,
    )
    message = text(told, "mail", "messageId")
    if kind.each:
        return [
            event._replace(id=made_id(name, message, one, time), recipients=[one]).value()
            for one in _addresses(told, kind.section, kind.each)
        ]
    everyone = _addresses(told, "mail", "destination")
    if kind.action in _BY_ONE and len(everyone) > 1:
        detail = f"mail.destination: {len(everyone)} recipients, and {name} does not say which of them it was"
        raise Refused(Reason.CONTACT_MISSING, detail)
    return [event._replace(id=made_id(name, message, time, link), recipients=everyone).value()]


def _addresses(told: Told, *path: str) -> list[object]:
    """A list of recipients, which SES writes as addresses or as objects with `emailAddress`."""
    listed = field(told, *path)
    if listed is None:
        raise Refused(Reason.CONTACT_MISSING, f"{'.'.join(path)}: names nobody")
    if not isinstance(listed, list):
        raise Refused(Reason.FIELD_INVALID, f"{'.'.join(path)}: must be a list; got {shown(listed)}")
    return [one.get("emailAddress") if isinstance(one, dict) else one for one in listed]


def _action(told: Told, action: str) -> str:
    if action == "bounced":
        action = chosen(_BOUNCES, told, "bounce", "bounceType")
        return "dropped" if field(told, "bounce", "bounceSubType") in _NOT_TRIED else action
    if action == "complained" and field(told, "complaint", "complaintFeedbackType") == "not-spam":
        raise Refused(Reason.UNKNOWN_KIND, "complaint.complaintFeedbackType: 'not-spam' is no complaint")
    if action == "unsubscribed" and field(told, "subscription", "newTopicPreferences", "unsubscribeAll") is not True:
        detail = "subscription.newTopicPreferences: only unsubscribeAll is mapped, not the choice of topics"
        raise Refused(Reason.UNKNOWN_KIND, detail)
    return action
