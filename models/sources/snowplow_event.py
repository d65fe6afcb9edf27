"""One event of Snowplow's tracker protocol, as its parameters tell it: a dictionary of texts.

- What: `pv` is web.page_viewed, `pp` (still on the page) web.page_pinged, which scores 0, `se` what `se_ac` names, `ue`
  the name in the event's schema (`link_click`, `submit_form`), `tr` web.transaction, `ti` web.transaction_item.
- Who: `uid`, an address or the source's own id; else `duid`, `nuid` or `tnuid`, a cookie; else `ip`. Where there are
  both, the cookie is identified as the id: once an hour, as every event says so.
- Identity: `eid`. Time: `ttm`, else `dtm` set right by `stm` (tracker.happened_at).

Source: https://docs.snowplow.io/docs/events/going-deeper/event-parameters/
"""

import json
import re
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from models.events import Signal
from models.facts import AnyFact
from models.outcomes import DeadLetter, Reason
from models.records import Origin
from models.sources import tracker
from models.sources.canonical import signal_or_dead_letter
from models.sources.tracker import Who
from models.sources.webhook_json import Refused, Told, shown

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ACTIONS = {"pv": "page_viewed", "pp": "page_pinged", "tr": "transaction", "ti": "transaction_item"}
_SCHEMA = re.compile(r"iglu:[\w.-]+/([\w.-]+)/jsonschema/\d+-\d+-\d+")


def answers(told: Mapping[str, object], origin: Origin, index: int) -> list[Signal | AnyFact]:
    """The signal of an event, and who its visitor is where it says so. index: of the signal. Raises Refused."""
    at = _time(told, origin.received_at)
    who = _who(told, origin.source)
    address = told.get("ip") if not who.key and isinstance(told.get("ip"), str) else None
    action, subject = _what(told)
    data: Told = {
        "contacts": [{"ip": address}] if address else who.contacts(),
        "campaign": tracker.campaign_of(told.get("url")),
        "subject": tracker.path_of(told.get("url")) or subject,
        "user_agent": tracker.agent(told.get("ua")),
        # A timer sends it every few seconds while a page is open: nobody does anything.
        "machine": "heartbeat" if told.get("e") == "pp" else "",
    }
    value: Told = {"id": told.get("eid") or None, "type": f"web.{action}", "time": at.isoformat(), "data": data}
    signal = signal_or_dead_letter(index, value, b"")
    if isinstance(signal, DeadLetter):
        raise Refused(signal.reason, signal.detail)
    return [signal, *who.identifications(at.replace(minute=0, second=0, microsecond=0))]


def _who(told: Mapping[str, object], source: str) -> Who:
    user = tracker.identity(told.get("uid"))
    cookie = next(filter(None, (tracker.identity(told.get(name)) for name in ("duid", "tnuid", "nuid"))), "")
    mail = tracker.address(user)
    return Who(source, "" if mail else user, cookie, mail)


def _what(told: Mapping[str, object]) -> tuple[str, str]:
    """The action of an event, and its subject where it has no page."""
    kind = told.get("e")
    if isinstance(kind, str) and kind in _ACTIONS:
        return _ACTIONS[kind], tracker.subject(told.get("page"))
    if kind == "se":
        name = tracker.name(told.get("se_ac"))
        if not name:
            raise Refused(Reason.FIELD_INVALID, f"se_ac: must name the action; got {shown(told.get('se_ac'))}")
        action = tracker.action(name, "structured_event")
        return action, tracker.subject(told.get("se_la")) or (name if action == "structured_event" else "")
    if kind == "ue":
        return tracker.action(_schema_name(told), "self_describing_event"), ""
    raise Refused(Reason.UNKNOWN_KIND, f"e: {shown(kind)} is no event; these are: pv, pp, se, ue, tr, ti")


def _schema_name(told: Mapping[str, object]) -> str:
    """The name in the schema of a self-describing event, which is JSON, or that in base64 for URLs."""
    text, where = told.get("ue_pr"), "ue_pr"
    if not text and isinstance(packed := told.get("ue_px"), str):
        where = "ue_px"
        try:
            text = urlsafe_b64decode(packed.replace("+", "-").replace("/", "_") + "=" * (-len(packed) % 4)).decode()
        except ValueError:
            raise Refused(Reason.FIELD_INVALID, f"ue_px: {shown(packed)} is not JSON in base64") from None
    try:
        outer = json.loads(text) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        outer = None
    event = outer.get("data") if isinstance(outer, dict) else None
    schema = event.get("schema") if isinstance(event, dict) else None
    if not isinstance(schema, str) or not (found := _SCHEMA.fullmatch(schema)):
        raise Refused(Reason.FIELD_INVALID, f"{where}: tells of no event with a schema; got {shown(schema)}")
    return found[1]


def _time(told: Mapping[str, object], received: datetime) -> datetime:
    if (true := told.get("ttm")) not in (None, ""):
        return _moment("ttm", true)
    if (device := told.get("dtm")) in (None, ""):
        return received
    sent = told.get("stm")
    return tracker.set_right(_moment("dtm", device), _moment("stm", sent) if sent not in (None, "") else None, received)


def _moment(name: str, told: object) -> datetime:
    """Milliseconds since 1970."""
    try:
        return _EPOCH + timedelta(milliseconds=int(str(told)))
    except (ValueError, OverflowError):
        detail = f"{name}: must be milliseconds since 1970; got {shown(told)}"
        raise Refused(Reason.TIME_INVALID, detail) from None
