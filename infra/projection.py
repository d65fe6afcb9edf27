"""The directory as rows of the tables that show it."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, NamedTuple

from models.directory import Directory
from models.facts import RevenueRecorded
from models.folding import News, last_described
from models.people.shown import shown
from models.rebinding import FIRST_DAY

_CONTACTS = (
    *("contact_key", "account_id", "name", "title", "department", "seniority", "job_function"),
    *("since", "identified_as"),
)


class Rows(NamedTuple):
    """Rows of one table, without the column `epoch`."""

    columns: tuple[str, ...]
    rows: Sequence[tuple[Any, ...]]


def projection(directory: Directory, news: News | None = None) -> dict[str, Rows]:
    """The tables accounts, contacts and revenue. What facts once named has a row in each later directory as well.

    news: what the directory has changed since these tables were last written, None for all that it says.
    """
    if news is None:
        return {
            "accounts": _accounts(directory),
            "contacts": _contacts(directory, directory.people),
            "revenue": _revenue(directory, directory.revenue.values()),
        }
    return {
        # A merge changes for whom revenue counts; there are few accounts, and they seldom change.
        "accounts": _accounts(directory) if news.accounts else Rows((), ()),
        "contacts": _contacts(directory, news.people),
        "revenue": _revenue(
            directory, directory.revenue.values() if news.accounts else (directory.revenue[one] for one in news.revenue)
        ),
    }


def _accounts(directory: Directory) -> Rows:
    rows = [
        (
            *(key, a.name, list(a.domains), a.corporate_number or "", a.tier, a.kind),
            *(a.parent_account_id or "", directory.group.get(key, key), *_merged(directory, key)),
        )
        for key, a in directory.accounts.items()
    ]
    return Rows(
        (
            *("account_id", "name", "domains", "corporate_number", "tier", "kind"),
            *("parent_account_id", "group_id", "merged_into", "merged_since", "merges"),
        ),
        rows,
    )


def _merged(directory: Directory, account_id: str) -> tuple[str, date | None, list[tuple[date, str]]]:
    """The account that one is part of in the end, from when on it counts for another, and for which ones by day."""
    always = directory.merged.get(account_id)
    later = directory.later.get(always or account_id, ())
    end = directory.counted_on(account_id)
    since = later[0][0] if later and always is None and end != account_id else None
    return end if end != account_id else "", since, [*([(FIRST_DAY, always)] if always else []), *later]


def _contacts(directory: Directory, keys: Iterable[str]) -> Rows:
    rows: list[tuple[Any, ...]] = []
    for key in keys:
        person = directory.people[key]
        told = directory.contacts.get(person.contact_key)
        described = last_described(directory, person.contact_key)
        last = person.memberships[-1] if person.memberships else None
        rows.append(
            (
                key,
                directory.counted_on(last.account_id) if last and last.account_id else "",
                *shown(told, described),
                told.since if told else None,
                person.contact_key if person.contact_key != key else "",
            )
        )
    return Rows(_CONTACTS, rows)


def _revenue(directory: Directory, recorded: Iterable[RevenueRecorded]) -> Rows:
    return Rows(
        ("account_id", "month", "currency", "amount", "counts_for"),
        [(r.account_id, r.month, r.currency, r.amount, directory.counted_on(r.account_id, r.month)) for r in recorded],
    )
