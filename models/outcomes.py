"""What can become of an event: a signal, facts, a dead letter with a reason from a closed set, or nothing at all."""

from dataclasses import dataclass
from enum import StrEnum


class Reason(StrEnum):
    """Why an event could not become a signal. Closed: a new way to be wrong gets a new member here."""

    EMPTY_BODY = "empty_body"
    INVALID_UTF8 = "invalid_utf8"
    NOT_JSON = "not_json"
    NOT_AN_EVENT = "not_an_event"
    TOO_LARGE = "too_large"
    UNKNOWN_ADAPTER = "unknown_adapter"
    UNKNOWN_KIND = "unknown_kind"
    TIME_MISSING = "time_missing"
    TIME_INVALID = "time_invalid"
    TIME_OUT_OF_RANGE = "time_out_of_range"
    TIME_IN_FUTURE = "time_in_future"
    CONTACT_MISSING = "contact_missing"
    FIELD_INVALID = "field_invalid"
    LINE_MALFORMED = "line_malformed"
    CONFLICTING_DUPLICATE = "conflicting_duplicate"
    ERASURE_REQUESTED = "erasure_requested"
    UNREADABLE = "unreadable"


REMEDIES: dict[Reason, str] = {
    Reason.EMPTY_BODY: "send a JSON object, a JSON array or NDJSON",
    Reason.INVALID_UTF8: "encode the event in UTF-8",
    Reason.NOT_JSON: "send well-formed JSON without NaN, deep nesting or a name given twice",
    Reason.NOT_AN_EVENT: "send an object with the attributes that `setten schema` prints",
    Reason.TOO_LARGE: "keep one event under 1 MiB",
    Reason.UNKNOWN_ADAPTER: "name an adapter this version has",
    Reason.UNKNOWN_KIND: "use a type of the form web.*, email.*, event.* or meeting.*",
    Reason.TIME_MISSING: "give the time at which it happened",
    Reason.TIME_INVALID: "give the time in RFC 3339 with its zone",
    Reason.TIME_OUT_OF_RANGE: "correct the source's clock: the year must be 1990 or later",
    Reason.TIME_IN_FUTURE: "correct the source's clock: the time is more than a day after receipt",
    Reason.CONTACT_MISSING: "name at least one contact by e-mail, id, anonymous_id, host or ip",
    Reason.FIELD_INVALID: "correct the field that the detail names",
    Reason.LINE_MALFORMED: "send the line in the format of its adapter",
    Reason.CONFLICTING_DUPLICATE: "give every event an id of its own; the first one received stands",
    Reason.ERASURE_REQUESTED: "find the person's address, and erase it with `setten forget ADDRESS`",
    Reason.UNREADABLE: "report it with the raw bytes: the adapter failed on them",
}


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One event that was refused.

    index: its position within the record's body, 0-based.
    detail: one line for a person: the field, the value and what is wrong with it.
    raw: the event's own bytes as received; the whole body where its bounds cannot be told.
    """

    index: int
    reason: Reason
    detail: str
    raw: bytes


@dataclass(frozen=True, slots=True)
class Erased:
    """One event that told of nobody but people who were erased: it is neither stored nor refused.

    index: its position within the record's body, 0-based.
    """

    index: int


@dataclass(frozen=True, slots=True)
class Nothing:
    """One event that was read and says nothing that is kept, such as an `identify` call without a name or a company.

    index: its position within the record's body, 0-based.
    """

    index: int
