"""Whose a company name is: the accounts of that name, and what people decided of it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from models.facts import AccountDeclared, OrganizationMatched
from models.identity.company_names import company_key, plain_key

Names = dict[str, str]


def whose_names(
    accounts: Iterable[AccountDeclared], decided: Iterable[OrganizationMatched], merged: Mapping[str, str]
) -> tuple[Names, Names]:
    """Account ids by plain_key and by company_key, '' where somebody decided that it is none of ours.

    merged: what an account is part of. What people decided goes before what accounts are called. What several accounts
    are called, and what people decided one way of one spelling and another way of another, is nobody's by that key.
    """
    named, alike = defaultdict(set), defaultdict(set)
    for account in accounts:
        whose = merged.get(account.account_id, account.account_id)
        named[plain_key(account.name)].add(whose)
        alike[company_key(account.name)].add(whose)
    decided_alike = defaultdict(set)
    by_name = _unambiguous(named)
    for one in decided:
        whose = "" if one.account_id is None else merged.get(one.account_id, one.account_id)
        by_name[plain_key(one.organization)] = whose
        decided_alike[company_key(one.organization)].add(whose)
    for key in decided_alike:
        alike.pop(key, None)
    by_company = _unambiguous(alike) | _unambiguous(decided_alike)
    by_company.pop("", None)  # what names nobody is nobody's, unless it is written just like that
    return by_name, by_company


def whose_numbers(accounts: Iterable[AccountDeclared], merged: Mapping[str, str]) -> Names:
    """Account ids by corporate number. One that several accounts declare is nobody's."""
    found = defaultdict(set)
    for account in accounts:
        if account.corporate_number:
            found[account.corporate_number].add(merged.get(account.account_id, account.account_id))
    return _unambiguous(found)


def account_named(name: str, by_name: Mapping[str, str], by_company: Mapping[str, str]) -> str:
    """The account that a name stands for, '' if none: as it is written, else as it is for certain the same."""
    account_id = by_name.get(plain_key(name))
    return by_company.get(company_key(name), "") if account_id is None else account_id


def _unambiguous(found: Mapping[str, set[str]]) -> Names:
    return {key: next(iter(accounts)) for key, accounts in found.items() if len(accounts) == 1}
