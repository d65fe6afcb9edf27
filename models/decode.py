"""From one body to what its events are worth: the adapter's reading, held against our clock."""

from models.erasure import MARK, is_nobody
from models.events import Signal
from models.outcomes import DeadLetter, Erased, Reason
from models.records import Origin
from models.sources.adapters import decode
from models.touches import too_early


def outcomes_of(body: bytes, origin: Origin) -> list[Signal | DeadLetter | Erased]:
    """Every event of the body, in its order, and what becomes of it; the same body reads the same for ever.

    People who were erased are not among the contacts of its signals.
    """
    try:
        outcomes = decode(body, origin)
    except Exception as error:
        # An adapter's bug must cost its record, not the worker: it would meet the record again for ever.
        return [DeadLetter(0, Reason.UNREADABLE, f"{type(error).__name__}: {error}", body)]
    told: list[Signal | DeadLetter | Erased] = [
        (too_early(outcome, origin, index, body) or outcome) if isinstance(outcome, Signal) else outcome
        for index, outcome in enumerate(outcomes)
    ]
    return [_without_nobody(index, one) for index, one in enumerate(told)] if MARK in body else told


def _without_nobody(index: int, outcome: Signal | DeadLetter | Erased) -> Signal | DeadLetter | Erased:
    if not isinstance(outcome, Signal):
        return outcome
    contacts = [contact for contact in outcome.data.contacts if not is_nobody(contact.key)]
    if len(contacts) == len(outcome.data.contacts):
        return outcome
    if not contacts:
        return Erased(index)
    return outcome.model_copy(update={"data": outcome.data.model_copy(update={"contacts": contacts})})
