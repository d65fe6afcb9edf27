"""Merged accounts: what each has become part of, always or from a day on."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, NamedTuple

from models.chains import ends
from models.facts import AccountMerged

# From which days on an account counts for which other one, by day.
Later = tuple[tuple[date, str], ...]


class Mergers(NamedTuple):
    """always: where the chains of mergers without a date end. later: of accounts that are in no such chain, or its end,
    what they count for from which days on, where mergers with a date make that another.

    On every day all that is part of one account, whatever the order of its mergers, has one end. So what an account
    counts for on a day is: its end in `always`, and then that one's in `later`.
    """

    always: dict[str, str]
    later: dict[str, Later]

    def in_the_end(self) -> dict[str, str]:
        """What each account counts for from the last day on; those that count for themselves are left out."""
        found = {account_id: counted_on(self.later.get(end, ()), end) for account_id, end in self.always.items()}
        found |= {account_id: counted_on(later, account_id) for account_id, later in self.later.items()}
        return {account_id: end for account_id, end in found.items() if account_id != end}


def counted_on(later: Later, account_id: str, day: date = date.max) -> str:
    """The account that one counts for on a day, by what it counts for from which days on."""
    for since, end in later:
        if since > day:
            break
        account_id = end
    return account_id


def mergers(merges: Mapping[str, AccountMerged], stated: Callable[[str], Any]) -> Mergers:
    """Follow what was stated of accounts. stated: when a merger was stated, by the account that is merged.

    On each day only the mergers that have begun count. Of those that form a circle then the first stated is void.
    """
    always = ends({one.account_id: one.into for one in merges.values() if one.into and one.since is None}, stated)
    later: dict[str, list[tuple[date, str]]] = {}
    for day in sorted({one.since for one in merges.values() if one.into and one.since is not None}):
        begun = {one.account_id: one.into for one in merges.values() if one.into and (one.since or date.min) <= day}
        found = ends(begun, stated)
        for account_id in {*found, *later} - set(always):
            told = later.get(account_id, [])
            end = found.get(account_id, account_id)
            if end != (told[-1][1] if told else account_id):
                later.setdefault(account_id, []).append((day, end))
    return Mergers(always, {account_id: tuple(told) for account_id, told in later.items()})
