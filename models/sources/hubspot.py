"""The hubspot adapter: what HubSpot tells of its e-mails and of its records, a JSON array of events.

- E-mail events have a `type` and a `recipient`. Identity: `id` with `created`, which HubSpot says are unique together.
- Changes of records have a `subscriptionType` and name an object by its number. A contact's privacyDeletion is an
  erasure request; it is refused as `erasure_requested`, because HubSpot does not say whose address it was, and stays
  open until somebody has forgotten the person. The other changes are refused by their name: they say that one field of
  a numbered record has changed, which states nothing about an account or a contact that Setten knows.

Source: https://developers.hubspot.com/docs/api-reference/webhooks-webhooks-v3/guide and
https://developers.hubspot.com/docs/api-reference/legacy/marketing/emails/email-analytics
"""

from models.events import Signal
from models.outcomes import DeadLetter, Reason
from models.records import Origin
from models.sources.mail_event import MailEvent, moment, page, short
from models.sources.webhook_json import Refused, Told, chosen, decode_events, shown, text

_ACTIONS = {
    "SENT": "sent",
    "DELIVERED": "delivered",
    "DEFERRED": "deferred",
    "BOUNCE": "bounced",
    "DROPPED": "dropped",
    "OPEN": "opened",
    "CLICK": "clicked",
    "STATUSCHANGE": "unsubscribed",
    "SPAMREPORT": "complained",
}
_MACHINES = {"opened": "prefetch", "clicked": "link_scanner"}
_ERASURES = ("contact.privacyDeletion", "conversation.privacyDeletion")


def decode(body: bytes, origin: Origin) -> list[Signal | DeadLetter]:
    """Answer every event of a body by one signal or one dead letter, in order."""
    return decode_events(body, _read)


def _read(told: Told) -> list[Told]:
    if told.get("subscriptionType") is not None:
        raise _of_a_record(told)
    action = chosen(_ACTIONS, told, "type")
    if action == "unsubscribed":
        _require_own_leaving(told)
    created = told.get("created")
    campaign = told.get("emailCampaignId")
    event = MailEvent(
        action,
        f"{text(told, 'id')}/{shown(created)}",
        moment(created, per_second=1000),
        [told.get("recipient")],
        campaign=str(campaign)[:64] if isinstance(campaign, int) else campaign or "",
        subject=page(told.get("url")) if action == "clicked" else short(told.get("subject")),
        user_agent=told.get("userAgent"),
        machine=_MACHINES.get(action, "") if told.get("filteredEvent") is True else "",
    )
    return [event.value()]


def _require_own_leaving(told: Told) -> None:
    """Raises Refused unless the recipient turned away from everything: one list less is a choice."""
    change = told.get("source"), told.get("portalSubscriptionStatus")
    if change != ("SOURCE_RECIPIENT", "UNSUBSCRIBED"):
        detail = f"STATUSCHANGE: only a recipient's own unsubscribing from all is mapped; got {shown(change)}"
        raise Refused(Reason.UNKNOWN_KIND, detail)


def _of_a_record(told: Told) -> Refused:
    name, number = told["subscriptionType"], told.get("objectId")
    if name in _ERASURES:
        detail = f"{name}: HubSpot has erased its record {shown(number)}: find the address, then `setten forget` it"
        return Refused(Reason.ERASURE_REQUESTED, detail)
    what = f", property {shown(told.get('propertyName'))}" if told.get("propertyName") else ""
    return Refused(
        Reason.UNKNOWN_KIND, f"subscriptionType: {shown(name)} of record {shown(number)}{what} states no fact"
    )
