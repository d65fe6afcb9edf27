"""Events that came again: which of them say something else than before, and that the first received stands."""

import pyarrow as pa
import pyarrow.compute as pc

from infra.store import Store
from models.conflicts import Arrival, repetition, settle
from models.touch_table import touch_table
from streams.ingest.erase import Erasing
from streams.ingest.reports import Settlement
from streams.ingest.supersede import supersede

# Of what came again so many ids are compared with what came before, and of those in dispute so many are read again
# from their bodies, which may be a mebibyte each.
_IDS_AT_ONCE = 50_000
_DISPUTED_AT_ONCE = 500
_NO_KEYS = pa.schema([("contact_key", pa.string()), ("day", pa.date32())]).empty_table()
_NO_TOUCHES = touch_table([]).append_column("day", pa.chunked_array([], pa.date32()))


class Disputes:
    """Settles them for a cycle."""

    def __init__(self, store: Store, erasing: Erasing) -> None:
        self._store = store
        self._erasing = erasing

    def settle(self, events: pa.Table, result: Settlement) -> tuple[pa.Table, pa.Table]:
        """Count what had arrived before; take back what lost its id to other content.

        Answers the dirty keys, and the touches that were taken back with their `day`. However many ids came again, only
        so many are looked at at a time.
        """
        again = pc.unique(self._store.arrived_again(events))
        dirty, gone = [_NO_KEYS], [_NO_TOUCHES]
        for start in range(0, len(again), _IDS_AT_ONCE):
            some = events.filter(pc.is_in(events.column("event_id"), again[start : start + _IDS_AT_ONCE]))
            columns = (some.column(name).to_pylist() for name in Arrival._fields)
            mine = list(map(Arrival._make, zip(*columns, strict=True)))
            repeated = repetition(mine, self._store.rivals(some))
            result.duplicates += repeated.duplicates
            disputed = sorted(repeated.disputed)
            for first in range(0, len(disputed), _DISPUTED_AT_ONCE):
                ids = set(disputed[first : first + _DISPUTED_AT_ONCE])
                keys, touches = self._settle_ids(ids, [one for one in mine if one.event_id in ids], result)
                dirty.append(keys)
                gone.append(touches)
        return pa.concat_tables(dirty), pa.concat_tables(gone)

    def _settle_ids(self, ids: set[str], mine: list[Arrival], result: Settlement) -> tuple[pa.Table, pa.Table]:
        """Settle some disputed ids; answers as settle does."""
        conflicts = settle(mine, self._store.arrivals(sorted(ids)))
        standing = {conflict.winner.event_id: conflict.winner for conflict in conflicts}
        for arrival in mine:
            if (winner := standing.get(arrival.event_id)) is not None:
                lost = arrival.content != winner.content
                result.conflicts += lost
                result.duplicates += not lost and arrival != winner
        found = supersede(self._store, conflicts)
        gone = touch_table(found.gone)
        dirty = [
            self._store.take_back_touches(gone),
            self._store.insert_touches(touch_table(self._erasing.remembered(found.standing))),
        ]
        self._store.keep_verdicts(found.refused)
        self._store.add_corrections(found.corrections)
        return pa.concat_tables(dirty), gone.append_column("day", self._store.business_days(gone))
