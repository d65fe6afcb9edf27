"""The directory as rows of the tables that show it."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from models.directory import Directory


class Rows(NamedTuple):
    """Rows of one table, without the column `epoch`."""

    columns: tuple[str, ...]
    rows: Sequence[tuple[Any, ...]]


def projection(directory: Directory) -> dict[str, Rows]:
    """The tables accounts, contacts and revenue. What facts once named has a row in each later directory as well."""
    return {"accounts": _accounts(directory), "contacts": _contacts(directory), "revenue": _revenue(directory)}


def _accounts(directory: Directory) -> Rows:
    rows = [
        (key, a.name, list(a.domains), a.tier, a.kind, a.parent_account_id or "", directory.merged.get(key, ""))
        for key, a in directory.accounts.items()
    ]
    return Rows(("account_id", "name", "domains", "tier", "kind", "parent_account_id", "merged_into"), rows)


def _contacts(directory: Directory) -> Rows:
    rows: list[tuple[Any, ...]] = []
    for key, person in directory.people.items():
        told = directory.contacts.get(person.contact_key)
        last = person.memberships[-1] if person.memberships else None
        rows.append(
            (
                key,
                (last.account_id or "") if last else "",
                *((told.name, told.title, told.department, told.seniority) if told else ("", "", "", "unknown")),
                told.since if told else None,
                person.contact_key if person.contact_key != key else "",
            )
        )
    return Rows(
        ("contact_key", "account_id", "name", "title", "department", "seniority", "since", "identified_as"), rows
    )


def _revenue(directory: Directory) -> Rows:
    return Rows(
        ("account_id", "month", "currency", "amount", "counts_for"),
        [
            (r.account_id, r.month, r.currency, r.amount, directory.merged.get(r.account_id, r.account_id))
            for r in directory.revenue.values()
        ],
    )
