"""The mailgun adapter: the body of a Mailgun webhook, a JSON object with `signature` and `event-data`.

- What: `failed` is email.bounced where it is permanent and email.deferred where it is temporary; where Mailgun did not
  try because the address is on one of its lists (`reason` is `suppress-...`), it is email.dropped.
- Identity: `id` with the day, as Mailgun's ids are unique within a day. Time: `timestamp`, seconds since 1970.
- Machines: `client-info.bot`, see
  https://documentation.mailgun.com/docs/mailgun/user-manual/tracking-messages/open-click-bot-detect

Source: https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/webhook-payloads
"""

import re

from models.events import Signal
from models.outcomes import DeadLetter, Reason
from models.records import Origin
from models.sources.mail_event import MailEvent, first, moment, page, short
from models.sources.webhook_json import Refused, Told, chosen, decode_events, field, shown, text

_ACTIONS = {
    "accepted": "sent",
    "delivered": "delivered",
    "failed": "failed",
    "rejected": "dropped",
    "opened": "opened",
    "clicked": "clicked",
    "unsubscribed": "unsubscribed",
    "complained": "complained",
}
_FAILURES = {"permanent": "bounced", "temporary": "deferred"}
_BOTS = {"apple": "prefetch", "gmail": "prefetch"}
_FORM = re.compile(rb"\s*(?:--|[\w%.+-]+=)")


def decode(body: bytes, origin: Origin) -> list[Signal | DeadLetter]:
    """Answer the event of a body by one signal or one dead letter."""
    if _FORM.match(body):
        detail = "the body is a form: neither Mailgun's older webhooks nor mails received through its routes are read"
        return [DeadLetter(0, Reason.NOT_JSON, detail, body)]
    return decode_events(body, _read)


def _read(body: Told) -> list[Told]:
    told = body.get("event-data")
    if not isinstance(told, dict):
        raise Refused(Reason.NOT_AN_EVENT, f"event-data: must be an object; got {shown(told)}")
    action = _action(told)
    time = moment(told.get("timestamp"))
    event = MailEvent(
        action,
        f"{str(time)[:10]}/{text(told, 'id')}",
        time,
        [told.get("recipient")],
        campaign=first(
            told.get("tags"), field(told, "user-variables", "campaign"), field(told, "user-variables", "utm_campaign")
        ),
        subject=page(told.get("url")) if action == "clicked" else short(field(told, "message", "headers", "subject")),
        user_agent=field(told, "client-info", "user-agent"),
        machine=_machine(told),
    )
    return [event.value()]


def _action(told: Told) -> str:
    action = chosen(_ACTIONS, told, "event")
    if action != "failed":
        return action
    if str(told.get("reason")).startswith("suppress-"):
        return "dropped"
    return chosen(_FAILURES, told, "severity")


def _machine(told: Told) -> str:
    """Which machine Mailgun took it for; '' for a person. `generic` are mostly scanners that follow every link."""
    if not field(told, "client-info", "bot"):
        return ""
    return _BOTS.get(text(told, "client-info", "bot"), "link_scanner")
