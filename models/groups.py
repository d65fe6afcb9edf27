"""Groups of companies (企業グループ): which account is at the top, by the parents that accounts declare."""

from collections.abc import Callable, Mapping
from typing import Any

from models.chains import ends
from models.facts import AccountDeclared


def tops(
    accounts: Mapping[str, AccountDeclared], merged: Mapping[str, str], stated: Callable[[str], Any]
) -> dict[str, str]:
    """The account at the top of each account's group; those that are at the top themselves are left out.

    merged: what an account is part of in the end. A merged account is in the group of that one, whatever parent it
    declares, and a parent that is merged stands for it. A parent that nobody declares, nor merges anything into, ends
    the way up. stated: when an account was declared, by its id. Of parents that form a circle the one stated first is
    void.
    """
    known = {*accounts, *merged.values()}
    links = {}
    for account_id, declared in accounts.items():
        if account_id in merged or declared.parent_account_id is None:
            continue
        parent = merged.get(declared.parent_account_id, declared.parent_account_id)
        if parent in known and parent != account_id:
            links[account_id] = parent
    found = ends(links, stated)
    return found | {part: found.get(whole, whole) for part, whole in merged.items()}
