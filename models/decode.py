"""From one body to what its events are worth: the adapter's reading, held against our clock."""

from models.erasure import MARK, is_nobody
from models.events import Signal
from models.facts import AnyFact, people_in
from models.outcomes import DeadLetter, Erased, Nothing, Reason
from models.records import Origin
from models.sources.adapters import decode
from models.statements import Fact
from models.touches import stated_too_early, too_early

Outcome = Signal | AnyFact | DeadLetter | Erased | Nothing


def outcomes_of(body: bytes, origin: Origin) -> list[Outcome]:
    """Every event of the body, in its order, and what becomes of it; the same body reads the same for ever.

    One event may make several outcomes; positions count the outcomes. People who were erased are neither among the
    contacts of its signals nor in its facts.
    """
    try:
        outcomes = decode(body, origin)
    except Exception as error:
        # An adapter's bug must cost its record, not the worker: it would meet the record again for ever.
        return [DeadLetter(0, Reason.UNREADABLE, f"{type(error).__name__}: {error}", body)]
    told = [_in_time(index, outcome, origin, body) for index, outcome in enumerate(outcomes)]
    return [_without_nobody(index, one) for index, one in enumerate(told)] if MARK in body else told


def _in_time(index: int, outcome: Outcome, origin: Origin, body: bytes) -> Outcome:
    if isinstance(outcome, Signal):
        return too_early(outcome, origin, index, body) or outcome
    if isinstance(outcome, Fact):
        # A fact of the future would hold against all that is stated until then.
        return stated_too_early(outcome, origin, index, body) or outcome
    return outcome


def _without_nobody(index: int, outcome: Outcome) -> Outcome:
    if isinstance(outcome, Fact):
        return Erased(index) if any(map(is_nobody, people_in(outcome))) else outcome
    if not isinstance(outcome, Signal):
        return outcome
    contacts = [contact for contact in outcome.data.contacts if not is_nobody(contact.key)]
    if len(contacts) == len(outcome.data.contacts):
        return outcome
    if not contacts:
        return Erased(index)
    return outcome.model_copy(update={"data": outcome.data.model_copy(update={"contacts": contacts})})
