"""From one body to what its events are worth: the adapter's reading, held against our clock."""

from models.events import Signal
from models.outcomes import DeadLetter
from models.records import Origin
from models.sources.adapters import decode
from models.touches import too_early


def outcomes_of(body: bytes, origin: Origin) -> list[Signal | DeadLetter]:
    """Every event of the body, in its order, as a signal or a dead letter; the same body reads the same for ever."""
    outcomes = decode(body, origin)
    return [
        (too_early(outcome, origin, index, body) or outcome) if isinstance(outcome, Signal) else outcome
        for index, outcome in enumerate(outcomes)
    ]
