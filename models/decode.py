"""From one body to what its events are worth: the adapter's reading, held against our clock."""

from models.events import Signal
from models.outcomes import DeadLetter, Reason
from models.records import Origin
from models.sources.adapters import decode
from models.touches import too_early


def outcomes_of(body: bytes, origin: Origin) -> list[Signal | DeadLetter]:
    """Every event of the body, in its order, as a signal or a dead letter; the same body reads the same for ever."""
    try:
        outcomes = decode(body, origin)
    except Exception as error:
        # An adapter's bug must cost its record, not the worker: it would meet the record again for ever.
        return [DeadLetter(0, Reason.UNREADABLE, f"{type(error).__name__}: {error}", body)]
    return [
        (too_early(outcome, origin, index, body) or outcome) if isinstance(outcome, Signal) else outcome
        for index, outcome in enumerate(outcomes)
    ]
