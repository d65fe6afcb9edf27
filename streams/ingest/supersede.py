"""Taking back what lost its event id to other content: tombstones for its touches, dead letters for its arrivals."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from hashlib import blake2b

from infra.store import ArchivedBody, Store, StoredDeadLetter, Verdict
from models.conflicts import Arrival, Conflict
from models.decode import outcomes_of
from models.events import Signal
from models.outcomes import DeadLetter, Reason
from models.sources.canonical import event_bytes
from models.touch_table import TouchRow, from_micros, received_us, rows_of
from models.touches import Reading, read_signal
from streams.ingest.batch import dead_letter

# Of a conflict in a body whose events cannot be told apart; the archive has the body.
_MOST_RAW_BYTES = 1 << 20


@dataclass(slots=True)
class Superseded:
    """What is to be stored so that the winners stand. corrections: identities, 32 hex digits each."""

    standing: list[TouchRow] = field(default_factory=list)
    gone: list[TouchRow] = field(default_factory=list)
    refused: list[Verdict] = field(default_factory=list)
    corrections: list[str] = field(default_factory=list)


def supersede(store: Store, conflicts: Sequence[Conflict]) -> Superseded:
    """Read winners and losers again from the archive, where every arrival was stored before it claimed its id."""
    arrivals = [arrival for conflict in conflicts for arrival in (*conflict.losers, *conflict.cleared, conflict.winner)]
    bodies = store.archived_bodies(sorted({arrival.record_id for arrival in arrivals}))
    result = Superseded()
    for winner, losers, cleared in conflicts:
        if not {arrival.record_id for arrival in (winner, *losers, *cleared)} <= bodies.keys():
            continue  # erased since; what is left of it is erased too
        standing = _reading(bodies[winner.record_id], winner)
        # Told again, after what it may have been overwritten by: rows of equal precedence stand as they come.
        result.standing += rows_of(standing, winner.record_id, winner.position)
        kept = {_key(store, row) for row in result.standing[-len(standing.touches) :]}
        for arrival in cleared:
            letter = _dead(bodies[arrival.record_id], arrival, "")
            result.refused.append(Verdict(letter, winner.precedence, is_deleted=1))
        first_came = {loser.content: loser.precedence for loser in sorted(losers, key=lambda one: one.precedence)}
        for loser in losers:
            body = bodies[loser.record_id]
            rows = rows_of(_reading(body, loser), loser.record_id, loser.position)
            result.gone += [row for row in rows if _key(store, row) not in kept]
            result.refused.append(Verdict(_dead(body, loser, rows[0][11]), winner.precedence, is_deleted=0))
            # By what stands and what falls, so that seeing the same conflict again is no new correction. A loser that
            # turns out to have come earlier is one: its touches stood over their tombstones, and were counted.
            told = f"{winner.event_id}{winner.content}{winner.precedence}{loser.content}{first_came[loser.content]}"
            result.corrections.append(blake2b(told.encode(), digest_size=16).hexdigest())
    return result


def _key(store: Store, row: TouchRow) -> tuple[str, date]:
    return row[0], store.business_day(row[2])


def _reading(body: ArchivedBody, arrival: Arrival) -> Reading:
    # As of its own arrival: whether a time lies in the future depends on it, and the archive tells only the first.
    origin = body.origin()._replace(received_at=from_micros(received_us(arrival.precedence)))
    outcome = outcomes_of(body.body, origin)[arrival.position]
    assert isinstance(outcome, Signal), f"event {arrival.position} of body {arrival.record_id} reads differently now"
    return read_signal(outcome, origin)


def _dead(body: ArchivedBody, loser: Arrival, source: str) -> StoredDeadLetter:
    detail = f"id: source {source!r} used it before for other content (event {loser.event_id})"
    raw = event_bytes(body.body, loser.position) if body.adapter == "canonical" else body.body
    return dead_letter(body, DeadLetter(loser.position, Reason.CONFLICTING_DUPLICATE, detail, raw[:_MOST_RAW_BYTES]))
