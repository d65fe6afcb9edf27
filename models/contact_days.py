"""Binding contact-days to accounts: the pure step between the grouped touches and the base aggregate, by column."""

from collections.abc import Iterable, Mapping

import pyarrow as pa
import pyarrow.compute as pc

from models.directory import Directory

_COUNT_BITS = 32
_MILLIS = pa.timestamp("ms", "UTC")
# Touches of one contact, day, affiliation, kind, action and direction.
GROUPS = pa.schema(
    [
        ("contact_key", pa.string()),
        ("day", pa.date32()),
        ("affiliation", pa.string()),
        ("kind", pa.string()),
        ("action", pa.string()),
        ("direction", pa.string()),
        ("touches", pa.uint64()),
        ("machine_touches", pa.uint64()),
        ("first_at", _MILLIS),
        ("last_at", _MILLIS),
    ]
)
# The base aggregate; see the table contact_day.
CONTACT_DAYS = pa.schema(
    [
        ("account_id", pa.string()),
        ("day", pa.date32()),
        ("contact_key", pa.string()),
        ("kind", pa.string()),
        ("action", pa.string()),
        ("direction", pa.string()),
        ("bound_by", pa.string()),
        ("touches", pa.uint32()),
        ("machine_touches", pa.uint32()),
        ("first_at", _MILLIS),
        ("last_at", _MILLIS),
        ("version", pa.uint64()),
        ("is_deleted", pa.uint8()),
    ]
)
KEY = ["account_id", "day", "contact_key", "kind", "action", "direction"]


def version(epoch: int, touches_read: int) -> int:
    """A version that only grows with what was known: the epoch first, then the touches read.

    Taken from the snapshot and not from a clock, so that a worker that slept cannot overwrite what is newer.
    """
    return (epoch << _COUNT_BITS) | min(touches_read, (1 << _COUNT_BITS) - 1)


def bind_groups(groups: pa.Table, directory: Directory) -> pa.Table:
    """Bind each group (GROUPS) to its account and sum those that fall into the same contact-day (CONTACT_DAYS)."""
    bound = directory.bind_all(groups.column("contact_key").to_pylist(), groups.column("affiliation").to_pylist())
    table = groups.append_column("account_id", pa.array([b.account_id for b in bound], pa.string()))
    table = table.append_column("bound_by", pa.array([b.bound_by for b in bound], pa.string()))
    # Two pieces of evidence may bind one contact to one account on one day; of their names the least, in any order.
    summed = table.group_by(KEY).aggregate(
        [
            ("bound_by", "min"),
            ("touches", "sum"),
            ("machine_touches", "sum"),
            ("first_at", "min"),
            ("last_at", "max"),
        ]
    )
    rows = summed.rename_columns([*KEY, "bound_by", "touches", "machine_touches", "first_at", "last_at"])
    read = pc.min_element_wise(pc.add(rows.column("touches"), rows.column("machine_touches")), version(0, 1 << 63))
    versions = pc.add(pc.cast(read, pa.uint64()), pa.scalar(version(directory.epoch, 0), pa.uint64()))
    rows = rows.append_column("version", versions)
    return rows.append_column("is_deleted", pa.repeat(pa.scalar(0, pa.uint8()), rows.num_rows)).cast(CONTACT_DAYS)


def tombstones(bound_now: pa.Table, rows: pa.Table, epoch: int) -> pa.Table:
    """Rows that mark as gone what is stored for the recomputed contact-days but no longer results from them.

    bound_now: the keys (KEY) of the stored rows. rows: what results now (CONTACT_DAYS).
    """
    gone = bound_now.select(KEY).join(rows.select(KEY), KEY, join_type="left anti")
    empty = pa.table(
        {
            "bound_by": ["unbound"],
            "touches": [0],
            "machine_touches": [0],
            "first_at": pa.array([0], _MILLIS),
            "last_at": pa.array([0], _MILLIS),
            "version": [version(epoch, 0)],
            "is_deleted": [1],
        }
    )
    for name in empty.column_names:
        gone = gone.append_column(name, pa.repeat(empty.column(name)[0], gone.num_rows))
    return gone.cast(CONTACT_DAYS)


def changed_evidence(old: Directory, new: Directory, affiliations: Iterable[str]) -> tuple[list[str], list[str]]:
    """What binds differently under the new directory: affiliations, and contacts declared by name."""
    changed = [a for a in affiliations if old.bind("", a) != new.bind("", a)]
    contacts = [
        key
        for key in {**old.contacts, **new.contacts}
        if _declared_account(old.contacts, key) != _declared_account(new.contacts, key)
    ]
    return changed, contacts


def _declared_account(contacts: Mapping[str, object], key: str) -> str | None:
    declared = contacts.get(key)
    return getattr(declared, "account_id", None)
