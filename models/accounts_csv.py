"""Account lists as CSV: one row an account, as sales operations keep them."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from pydantic import ValidationError

from models.account_profile import AccountProfiled
from models.facts import AccountDeclared, AccountMerged

_REMEDIES = {
    "account_id": "use 1 to 64 letters, digits, '.', '_' or '-', beginning with a letter or digit",
    "name": "give a name of 1 to 256 characters",
    "domains": "list the company's own domains, separated by '|', such as example.co.jp|example.com",
    "tier": "use lower-case letters, digits, '_' or '-', such as strategic",
    "kind": "use lower-case letters, digits, '_' or '-', such as customer or partner",
    "parent_account_id": "name another account's account_id, or leave it empty",
    "corporate_number": "give its 13 digits (法人番号), or leave it empty",
    "merged_into": "name the account_id of the account it has become part of, or leave it empty",
    "industry": "give at most 128 characters",
    "country": "give the two capital letters of ISO 3166-1, such as JP",
    "region": "give at most 128 characters",
    "employees": "give a whole number without separators, or leave it empty",
    "annual_revenue": "give a plain number, such as 1500000000, and its currency, or leave both empty",
    "currency": "give the three letters of ISO 4217, such as JPY",
    "founded_year": "give a year, such as 1962, or leave it empty",
    "labels": "list labels of 1 to 64 characters, separated by '|'",
    "merged_since": "give the first day as 2026-04-01, with merged_into, or leave it empty for all days",
}
_PROFILE = ("industry", "country", "region", "employees", "annual_revenue", "currency", "founded_year", "labels")
_REQUIRED = ("account_id", "name")


@dataclass(frozen=True, slots=True)
class RowError:
    """A row that declares no account. line: 1-based in the file. message: the field, its value and the remedy."""

    line: int
    message: str


def parse(
    text: str, recorded_at: datetime
) -> tuple[list[AccountDeclared | AccountMerged | AccountProfiled], list[RowError]]:
    """Read an account list: what its good rows say, and what is wrong with each of the others.

    The header line names the columns, in any order: account_id, name, and optionally domains (`|`-separated), tier,
    kind, parent_account_id, corporate_number, merged_into and merged_since; and of the company industry, country,
    region, employees, annual_revenue, currency, founded_year and labels (`|`-separated). Other columns are ignored;
    empty fields take the defaults. Where there is a column merged_into, an empty field says that the account stands
    alone. A row that says anything of the company replaces what was stated of it. Of two rows that declare the same
    account, or claim the same domain, the first one stands. recorded_at needs a zone.
    """
    rows = _rows(text.removeprefix("\ufeff"))
    _, header = next(rows, (1, []))
    if isinstance(header, str):
        return [], [RowError(1, header)]
    columns = [name.strip().lower() for name in header]
    for name in _REQUIRED:
        if columns.count(name) != 1:
            return [], [RowError(1, f"header line: it must name the column {name!r} once; it has {columns}")]
    accounts: dict[str, AccountDeclared] = {}
    owners: dict[str, str] = {}
    beside: list[AccountMerged | AccountProfiled] = []
    errors: list[RowError] = []
    for line, fields in rows:
        outcome = fields if isinstance(fields, str) else _facts(columns, fields, recorded_at)
        if not isinstance(outcome, str):
            outcome = _conflict(outcome[0], accounts, owners) or outcome
        if isinstance(outcome, str):
            errors.append(RowError(line, outcome))
            continue
        account, *others = outcome
        accounts[account.account_id] = account
        owners |= dict.fromkeys(account.domains, account.account_id)
        beside += [one for one in others if one is not None]
    return [*accounts.values(), *beside], errors


def _rows(text: str) -> Iterator[tuple[int, list[str] | str]]:
    """The rows that are not blank, each with its first line's number; a message for one that is not CSV."""
    lines = list(io.StringIO(text, newline=""))
    reader = csv.reader(lines, strict=True)
    while (line := reader.line_num + 1) <= len(lines):
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield line, f"row: not CSV ({error}); close every quote and double those inside a field"
            continue
        if any(field.strip() for field in fields):
            yield line, fields


def _facts(
    columns: list[str], fields: list[str], recorded_at: datetime
) -> tuple[AccountDeclared, AccountMerged | None, AccountProfiled | None] | str:
    if len(fields) > len(columns) and any(fields[len(columns) :]):
        return f"row: {len(fields)} fields where the header line names {len(columns)} columns; quote fields with commas"
    row = {name: field.strip() for name, field in zip(columns, fields, strict=False) if name in _REMEDIES}
    given: dict[str, object] = {name: row.get(name, "") for name in _REQUIRED}
    given |= {name: row[name].lower() for name in ("tier", "kind") if row.get(name)}
    given["corporate_number"] = row.get("corporate_number") or None
    given["parent_account_id"] = row.get("parent_account_id") or None
    given["domains"] = [domain for part in row.get("domains", "").split("|") if (domain := part.strip())]
    merge = {"account_id": given["account_id"], "into": row.get("merged_into") or None, "recorded_at": recorded_at}
    merge["since"] = row.get("merged_since") or None
    try:
        account = AccountDeclared.model_validate({**given, "recorded_at": recorded_at})
        merged = AccountMerged.model_validate(merge) if "merged_into" in columns else None
        return account, merged, _profile(row, recorded_at)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        # Of the merge only what it names can be wrong; the account was held against the contract before it.
        name = str(first["loc"][0]) if first["loc"] else "since"
        if error.title == "AccountMerged":
            name = "merged_into" if name == "into" or row.get("merged_into") == given["account_id"] else "merged_since"
        if name == "recorded_at":
            raise  # the caller's bug, not the row's
        return f"{name}: {row.get(name, '')!r}: {first['msg'].removeprefix('Value error, ')}; {_REMEDIES[name]}"


def _profile(row: dict[str, str], recorded_at: datetime) -> AccountProfiled | None:
    """What a row says of the company; None where it says nothing. Raises ValidationError."""
    told: dict[str, object] = {name: row[name] for name in _PROFILE if row.get(name)}
    if "labels" in told:
        told["labels"] = [label for part in row["labels"].split("|") if (label := part.strip())]
    if not told:
        return None
    told |= {"account_id": row["account_id"], "recorded_at": recorded_at}
    # Neither says anything without the other: an amount in no currency is held against no ideal.
    if ("annual_revenue" in told) != ("currency" in told):
        told["annual_revenue"] = row.get("annual_revenue") or "missing"
        told["currency"] = row.get("currency") or "missing"
    return AccountProfiled.model_validate(told)


def _conflict(account: AccountDeclared, accounts: dict[str, AccountDeclared], owners: dict[str, str]) -> str | None:
    if account.account_id in accounts:
        return f"account_id: {account.account_id!r} is declared twice; keep one row for each account"
    for domain in account.domains:
        if domain in owners:
            return f"domains: {domain!r} already belongs to account {owners[domain]!r}; give it to one of them"
    return None
