"""Webhook bodies in JSON: what every provider's adapter does alike.

A provider's module says what one event of its own tells (a Reader). Parsing, the limits, the bytes of each event and
the answer for every one of them are here.
"""

from collections.abc import Callable, Iterable, Mapping

from models.events import MAX_CONTACTS, Signal
from models.outcomes import DeadLetter, Reason
from models.sources.canonical import MAX_EVENT_BYTES, MAX_EVENTS, elements, signal_or_dead_letter
from models.strict_json import NotStrict, loads

Told = dict[str, object]
"""A JSON object as a provider sent it."""

Reader = Callable[[Told], list[Told]]
"""Answers one event of a provider as values for `Signal`, one for each signal it makes. Raises Refused."""


class Refused(Exception):
    """An event, or a body, that cannot become signals. reason, detail: those of its dead letter.

    is_doubled: see models.strict_json.
    """

    def __init__(self, reason: Reason, detail: str, *, is_doubled: bool = False) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail
        self.is_doubled = is_doubled


def decode_events(body: bytes, read: Reader) -> list[Signal | DeadLetter]:
    """Answer a body: an object is one event, an array is one for each element. Signals and dead letters, in order.

    An adapter whose provider sends arrays reads an object too: a dead letter that somebody mended is sent alone.
    """
    events: Iterable[tuple[object, bytes]]
    try:
        value = parse(body)
        if value == []:
            raise Refused(Reason.EMPTY_BODY, "the array holds no event")
        events = zip(value, elements(body.decode("utf-8")), strict=True) if isinstance(value, list) else [(value, body)]
    except Refused as refused:
        if not (refused.is_doubled and body.strip().removeprefix(b"\xef\xbb\xbf").startswith(b"[")):
            return [DeadLetter(0, refused.reason, refused.detail, body)]
        # One event that gives a name twice must not take its neighbours along.
        events = ((_alone(raw), raw) for raw in elements(body.decode("utf-8")))
    outcomes: list[Signal | DeadLetter] = []
    for event, raw in events:
        outcomes += _answers(len(outcomes), event, raw, read)
        # One event may make many signals, so counting the elements would not do.
        if len(outcomes) > MAX_EVENTS:
            detail = f"more than {MAX_EVENTS:,} events in one body, which is the limit"
            return [DeadLetter(0, Reason.TOO_LARGE, detail, body)]
    return outcomes


def parse(raw: bytes, what: str = "the body") -> object:
    """The JSON value of a body, or of a text inside one. what: its name in a detail. Raises Refused.

    Strict: what models.strict_json refuses is refused here, as by the collector.
    """
    try:
        return loads(raw)
    except NotStrict as error:
        detail = error.detail.removeprefix("the body is ")
        told = f"{what}: {detail}" if error.reason is Reason.INVALID_UTF8 else f"{what} is {detail}"
        raise Refused(error.reason, told, is_doubled=error.is_doubled) from error


def _alone(raw: bytes) -> object:
    """The value of one event, or why it has none."""
    try:
        return parse(raw, "the event")
    except Refused as refused:
        return refused


def _answers(index: int, event: object, raw: bytes, read: Reader) -> list[Signal | DeadLetter]:
    """What becomes of one event. index: the position of its first signal among all that the body makes."""
    try:
        if len(raw) > MAX_EVENT_BYTES:
            detail = f"{len(raw):,} bytes in one event; the limit is {MAX_EVENT_BYTES:,}"
            raise Refused(Reason.TOO_LARGE, detail)
        if isinstance(event, Refused):
            raise event
        if not isinstance(event, dict):
            raise Refused(Reason.NOT_AN_EVENT, f"a JSON {type(event).__name__}, not an object")
        values = read(event)
        if len(values) > MAX_CONTACTS:
            raise Refused(Reason.TOO_LARGE, f"{len(values):,} recipients in one event; the limit is {MAX_CONTACTS:,}")
    except Refused as refused:
        return [DeadLetter(index, refused.reason, refused.detail, raw)]
    outcomes: list[Signal | DeadLetter] = []
    for value in values:
        outcome = signal_or_dead_letter(index + len(outcomes), value, raw)
        # One dead letter an event: its bytes are all of it, and as many copies of them could be too many to store.
        if isinstance(outcome, Signal) or not any(isinstance(one, DeadLetter) for one in outcomes):
            outcomes.append(outcome)
    return outcomes


def field(told: Told, *path: str) -> object:
    """What stands at a path of names, None where nothing does. Raises Refused where a step is no object."""
    value: object = told
    for depth, name in enumerate(path):
        if not isinstance(value, dict):
            raise Refused(Reason.FIELD_INVALID, f"{'.'.join(path[:depth])}: must be an object; got {shown(value)}")
        value = value.get(name)
        # An empty object of PHP's makers is an empty array, and null stands for absent.
        if value is None or value == []:
            return None
    return value


def text(told: Told, *path: str) -> str:
    """The text at a path. Raises Refused where there is none, or something else."""
    value = field(told, *path)
    if isinstance(value, str) and value.strip():
        return value
    raise Refused(Reason.FIELD_INVALID, f"{'.'.join(path)}: must be a text; got {shown(value)}")


def chosen(table: Mapping[str, str], told: Told, *path: str) -> str:
    """What a provider's name for something means here. Raises Refused for a name that the table does not have."""
    name, where = field(told, *path), ".".join(path)
    if name is None:
        raise Refused(Reason.NOT_AN_EVENT, f"{where}: there is none, so this is no event that the adapter reads")
    if not isinstance(name, str):
        raise Refused(Reason.FIELD_INVALID, f"{where}: must be a text; got {shown(name)}")
    if name not in table:
        raise Refused(Reason.UNKNOWN_KIND, f"{where}: {shown(name)} is not mapped; these are: {', '.join(table)}")
    return table[name]


def shown(value: object) -> str:
    """A value as a detail shows it, cut to 120 characters."""
    return repr(value)[:120]
