"""Company names that stand for no account so far: which of them a person should look at, and what to look for."""

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from models.directory import Directory
from models.identity.company_likeness import Match, Reason, likeness
from models.identity.company_names import company_key, names_nobody, plain_key


class Candidate(NamedTuple):
    """An account that a name may stand for. name: of the account, or of one that became part of it."""

    account_id: str
    name: str
    match: Match
    reason: Reason


def waiting(names: Iterable[str], directory: Directory) -> dict[str, list[str]]:
    """The names nobody decided of and no account has, those that are for certain the same together, in their order.

    What several accounts are called is among them. What names nobody, such as `n/a`, is not.
    """
    found: dict[str, list[str]] = defaultdict(list)
    for name in dict.fromkeys(names):
        key = review_key(name)
        if not names_nobody(name) and plain_key(name) not in directory.by_name and key not in directory.by_company:
            found[key].append(name)
    return dict(found)


def review_key(name: str) -> str:
    """What names that are decided together have in common."""
    return company_key(name) or plain_key(name)


def candidates(name: str, directory: Directory) -> list[Candidate]:
    """The accounts that a name may stand for: those of that very name first, then by name."""
    found: dict[str, Candidate] = {}
    for account in sorted(directory.accounts.values(), key=lambda account: (account.name, account.account_id)):
        match, reason = likeness(name, account.name)
        whose = directory.counted_on(account.account_id)
        if match == "strong" or (match == "weak" and whose not in found):
            found[whose] = Candidate(whose, account.name, match, "several_accounts" if match == "strong" else reason)
    return sorted(found.values(), key=lambda one: one.match)


def told_of_people(directory: Directory) -> list[tuple[str, str]]:
    """Contact keys, each with the company name that a source told of the contact."""
    return [(key, fact.organization) for key, fact in directory.affiliated.items() if fact.organization]
