"""The snowplow-enriched adapter: rows of Snowplow's table of events, as a warehouse exports it: CSV with a header line.

A row is the event of the tracker protocol that it was before the pipeline enriched it (models.sources.snowplow_event);
its time is `derived_tstamp`, which the pipeline has put right already. A spider by the IAB's list is a machine.

Source: https://docs.snowplow.io/docs/fundamentals/canonical-event/
"""

import csv
import json
from collections.abc import Sequence
from datetime import UTC, datetime

from models.events import Signal
from models.facts import AnyFact
from models.outcomes import DeadLetter, Reason
from models.records import Origin
from models.sources import snowplow_event
from models.sources.attendance import csv_rows
from models.sources.canonical import MAX_EVENT_BYTES
from models.sources.tracker import moment
from models.sources.webhook_json import Refused, shown

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_REQUIRED = ("event", "event_id", "domain_userid")
# As the tracker protocol has them: the names of the columns.
_PARAMETERS = {
    "eid": "event_id",
    "uid": "user_id",
    "duid": "domain_userid",
    "nuid": "network_userid",
    "url": "page_url",
    "page": "page_title",
    "ua": "useragent",
    "se_ac": "se_action",
    "se_la": "se_label",
}
_EVENTS = {"page_view": "pv", "page_ping": "pp", "struct": "se", "unstruct": "ue", "transaction": "tr"}
_SPIDERS = "contexts_com_iab_snowplow_spiders_and_robots_1_0_0"

Answer = Signal | AnyFact | DeadLetter


def decode(body: bytes, origin: Origin) -> Sequence[Answer]:
    """Read a header line and the rows below it; every row is answered by a signal and perhaps a fact, or refused."""
    header, *rows = [row for row in csv_rows(body.splitlines(keepends=True)) if row.strip()] or [b""]
    if not rows:
        return [DeadLetter(0, Reason.EMPTY_BODY, "there is no row below the header line", body)]
    columns = _columns(header)
    answers: list[Answer] = []
    for row in rows:
        raw = row.rstrip(b"\r\n")
        try:
            answers += _answers(_fields(raw, columns), origin, len(answers))
        except Refused as refused:
            answers.append(DeadLetter(len(answers), refused.reason, refused.detail, raw))
    return answers


def _columns(header: bytes) -> list[str] | str:
    """The columns' names, or what is wrong with the header line."""
    try:
        names = [name.strip().lower() for name in next(csv.reader([header.decode("utf-8-sig")]))]
    except (UnicodeDecodeError, csv.Error) as error:
        return f"the header line cannot be read: {error}"
    for name in _REQUIRED:
        if names.count(name) != 1:
            return f"the header line must name the column {name!r} once; it has {names}"[:500]
    return names


def _fields(raw: bytes, columns: list[str] | str) -> dict[str, str]:
    if isinstance(columns, str):
        raise Refused(Reason.LINE_MALFORMED, columns)
    if len(raw) > MAX_EVENT_BYTES:
        raise Refused(Reason.TOO_LARGE, f"{len(raw):,} bytes in one row; the limit is {MAX_EVENT_BYTES:,}")
    try:
        fields = next(csv.reader([raw.decode("utf-8")], strict=True))
    except UnicodeDecodeError as error:
        raise Refused(Reason.INVALID_UTF8, f"byte {error.start} is not UTF-8") from error
    except csv.Error as error:
        raise Refused(Reason.LINE_MALFORMED, f"not CSV: {error}") from error
    if len(fields) != len(columns):
        detail = f"{len(fields)} fields where the header line names {len(columns)} columns"
        raise Refused(Reason.LINE_MALFORMED, detail)
    return dict(zip(columns, fields, strict=True))


def _answers(row: dict[str, str], origin: Origin, index: int) -> Sequence[Signal | AnyFact]:
    told: dict[str, object] = {name: row.get(column, "") for name, column in _PARAMETERS.items()}
    told |= {"e": _EVENTS.get(row["event"], row["event"]), "ttm": _unix_ms(row)}
    if told["e"] == "ue":
        schema = f"iglu:{row.get('event_vendor')}/{row.get('event_name')}/jsonschema/{row.get('event_version')}"
        told["ue_pr"] = json.dumps({"data": {"schema": schema}})
    signal, *facts = snowplow_event.answers(told, origin, index)
    if isinstance(signal, Signal) and _is_spider(row):
        signal = signal.model_copy(update={"data": signal.data.model_copy(update={"machine": "crawler"})})
    return [signal, *facts]


def _unix_ms(row: dict[str, str]) -> int:
    told = row.get("derived_tstamp") or row.get("collector_tstamp") or ""
    if not told:
        raise Refused(Reason.TIME_MISSING, "derived_tstamp, collector_tstamp: the event has none")
    # Warehouses write times without their zone, which is UTC.
    try:
        at = moment(told if "+" in told or told.endswith(("Z", "UTC")) else f"{told}+00:00")
    except Refused:
        raise Refused(Reason.TIME_INVALID, f"derived_tstamp: must be a time; got {shown(told)}") from None
    return round((at - _EPOCH).total_seconds() * 1000)


def _is_spider(row: dict[str, str]) -> bool:
    try:
        told = json.loads(row.get(_SPIDERS) or "[]")
    except (ValueError, RecursionError):
        return False
    return isinstance(told, list) and any(isinstance(one, dict) and one.get("spiderOrRobot") is True for one in told)
