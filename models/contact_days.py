"""Binding contact-days to accounts: the pure step between the grouped touches and the base aggregate, by column."""

from collections.abc import Sequence
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from models.directory import Binding, Directory

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
# Nobody reads so many different links of mails in so short a time: security software does, that looks at each of them
# when a mail comes in. And nobody clicks so often on one day.
SCANNED_LINKS = 3
SCANNED_WITHIN_S = 5
MOST_CLICKS = 300


def version(epoch: int, touches_read: int) -> int:
    """A version that only grows with what was known: the epoch first, then the touches read.

    Taken from the snapshot and not from a clock, so that a worker that slept cannot overwrite what is newer.
    """
    return (epoch << _COUNT_BITS) | min(touches_read, (1 << _COUNT_BITS) - 1)


def many_clicks(groups: pa.Table) -> pa.Table:
    """The (contact_key, day) keys with so many clicks in mails that a link scanner may have made them."""
    suspected = pc.and_(_clicks(groups), pc.greater_equal(groups.column("touches"), SCANNED_LINKS))
    return groups.filter(suspected).select(["contact_key", "day"]).group_by(["contact_key", "day"]).aggregate([])


def with_clicks(groups: pa.Table, keys: pa.Table, clicks: pa.Table) -> pa.Table:
    """The groups (GROUPS) with these clicks in the place of those that they have of these (contact_key, day) keys."""
    clicked = _clicks(groups)
    others = groups.filter(clicked).join(keys, ["contact_key", "day"], join_type="left anti")
    told = [groups.filter(pc.invert(clicked)), others, clicks]
    return pa.concat_tables([one.select(groups.column_names).cast(groups.schema) for one in told])


def _clicks(groups: pa.Table) -> pa.ChunkedArray:
    return pc.and_(pc.equal(groups.column("kind"), "email"), pc.equal(groups.column("action"), "clicked"))


def bind_groups(groups: pa.Table, directory: Directory) -> pa.Table:
    """Bind each group (GROUPS) to its account and sum those that fall into the same contact-day (CONTACT_DAYS).

    groups: of every contact and day in them, those of all keys of the same person (see with_siblings).
    """
    table = _bind(groups, directory)
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


def _bind(groups: pa.Table, directory: Directory) -> pa.Table:
    """The groups with `account_id` and `bound_by`, under the keys by which their people are known."""
    evidence = _encoded(groups, "affiliation")
    bound = [directory.bind_affiliation(one) for one in evidence.dictionary.to_pylist()]
    account_id, bound_by = (column.take(evidence.indices) for column in _by_column(bound))
    if directory.people:
        contacts = _encoded(groups, "contact_key")
        keys = contacts.dictionary.to_pylist()
        told, which = _told(directory, keys, contacts.indices, groups.column("day"))
        if len(told) > 1:
            account_id, bound_by = (
                pc.coalesce(column.take(which), by_evidence)
                for column, by_evidence in zip(_by_column(told), (account_id, bound_by), strict=True)
            )
        if directory.keys_of:
            names = [person.contact_key if (person := directory.people.get(key)) else key for key in keys]
            at = groups.column_names.index("contact_key")
            groups = groups.set_column(at, "contact_key", pa.array(names, pa.string()).take(contacts.indices))
    account_id = _on_their_days(account_id, groups.column("day"), directory)
    return groups.append_column("account_id", account_id).append_column("bound_by", bound_by)


def _on_their_days(account_id: pa.ChunkedArray, days: pa.ChunkedArray, directory: Directory) -> pa.ChunkedArray:
    """The accounts once mergers with a date are followed; they are few, and so are the rows that they change."""
    if not directory.later or not pc.any(pc.is_in(account_id, pa.array(directory.later, pa.string()))).as_py():
        return account_id
    told = account_id
    for merged, later in directory.later.items():
        of_it = pc.equal(account_id, merged)
        for since, end in later:
            told = pc.if_else(pc.and_(of_it, pc.greater_equal(days, since)), end, told)
    return told


def _told(
    directory: Directory, keys: list[str], rows: pa.Array, days: pa.ChunkedArray
) -> tuple[list[Binding | None], pa.Array]:
    """What is known of the contacts themselves: bindings, and which of them is each row's; None: the evidence decides.

    rows: positions in `keys`. Only where a membership has dates is it asked for each row, else once for each contact.
    """
    told: list[Binding | None] = [None]
    which, dated = [0] * len(keys), [False] * len(keys)
    for row, key in enumerate(keys):
        if (person := directory.people.get(key)) is None:
            continue
        if person.is_dated:
            dated[row] = True
        else:
            which[row] = len(told)
            told.append(directory.bind_person(key, date.min))
    numbers = pa.array(which, pa.int32()).take(rows)
    if not any(dated):
        return told, numbers
    by_day = pa.array(dated, pa.bool_()).take(rows)
    asked = pc.indices_nonzero(by_day)
    pairs = zip(rows.take(asked).to_pylist(), days.take(asked).to_pylist(), strict=True)
    first = len(told)
    told += [directory.bind_person(keys[row], day) for row, day in pairs]
    return told, pc.replace_with_mask(numbers, by_day, pa.array(range(first, len(told)), pa.int32()))


def _by_column(bindings: Sequence[Binding | None]) -> tuple[pa.Array, pa.Array]:
    accounts = [None if one is None else one.account_id for one in bindings]
    return pa.array(accounts, pa.string()), pa.array([one and one.bound_by for one in bindings], pa.string())


def _encoded(table: pa.Table, name: str) -> pa.DictionaryArray:
    return table.column(name).combine_chunks().dictionary_encode()


def with_siblings(keys: pa.Table, directory: Directory) -> pa.Table:
    """The dirty (contact_key, day) keys, and on the same days all other keys of the same people.

    A contact-day sums the touches of all keys of a person: recomputed from some of them it would lose the others'.
    """
    if not directory.keys_of or not keys.num_rows:
        return keys
    contacts = _encoded(keys, "contact_key")
    people = map(directory.people.get, contacts.dictionary.to_pylist())
    families = [directory.keys_of.get(person.contact_key) if person else None for person in people]
    if not any(families):
        return keys
    family = pa.array(families, pa.list_(pa.string())).take(contacts.indices)
    days = keys.column("day").combine_chunks().take(pc.list_parent_indices(family))
    siblings = pa.table([pc.list_flatten(family), days], schema=keys.schema)
    return pa.concat_tables([keys, siblings]).group_by(keys.column_names).aggregate([])


def groups_of(touches: pa.Table) -> pa.Table:
    """Touches (models.touch_table, and their business `day`) as GROUPS, each a group of its own."""
    ones, none = (pa.repeat(pa.scalar(n, pa.uint64()), touches.num_rows) for n in (1, 0))
    at = touches.column("occurred_at").cast(_MILLIS, safe=False)
    told = [touches.column(name) for name in GROUPS.names[:6]]
    return pa.Table.from_arrays([*told, ones, none, at, at], schema=GROUPS)


def tombstones(bound: pa.Table, rows: pa.Table, epoch: int) -> pa.Table:
    """Rows that mark as gone what is stored for the recomputed contact-days but no longer results from them.

    bound: the keys (KEY) of the stored rows, and of those that a worker which slept may still store.
    rows: what results now (CONTACT_DAYS).
    """
    distinct = bound.select(KEY).group_by(KEY).aggregate([])
    gone = distinct.join(rows.select(KEY), KEY, join_type="left anti")
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
