"""What a worker that slept through a change may still write, so that it can be marked as gone before."""

from typing import NamedTuple

import pyarrow as pa

from models.contact_days import GROUPS, KEY, bind_groups
from models.directory import Directory


class LeftBehind(NamedTuple):
    """What may have been counted under other keys until now, and be written so by a worker that slept and dies then.

    It read its touches before the change, so those who make the change see them and can say what it would write. What
    it would write has an older epoch, and stays gone where that was said before.
    before: the directory that was bound to. taken_back: touches (GROUPS) that were counted.
    """

    before: Directory | None = None
    taken_back: pa.Table = GROUPS.empty_table()

    def written_late(self, groups: pa.Table, keys: pa.Table, now: Directory) -> list[pa.Table]:
        """The keys (KEY) of such rows. groups: of the recomputed keys (contact_key, day)."""
        mine = self.taken_back.join(keys, keys.column_names, join_type="left semi").select(GROUPS.names)
        told = [bind_groups(mine, now)]
        if self.before is not None:
            told.append(bind_groups(pa.concat_tables([groups, mine.cast(groups.schema)]), self.before))
        return [rows.select(KEY) for rows in told]
