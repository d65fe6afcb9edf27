"""`setten review`: the company names that a person should look at, and what was decided of them."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from typing import Any

from infra.clickhouse import ClickHouse
from infra.organizations import Organizations
from infra.settings import Settings
from infra.store import Store
from jobs.import_ import Importer
from models.crm.names import nearest
from models.directory import Directory
from models.facts import OrganizationMatched
from models.folding import fold
from models.identity.review import Candidate, candidates, review_key, told_of_people, waiting
from models.novelty import News, news_of


class NoSuchAccount(Exception):
    """The account that a name should stand for is none; the message says which may be meant."""


@dataclass(frozen=True)
class Entry:
    """A company name that waits. spellings: all that are for certain the same, the name first.

    touches, contacts: of people who are not declared for an account. candidates: accounts that it may stand for.
    """

    organization: str
    spellings: Sequence[str]
    touches: int
    contacts: int
    first_day: date
    last_day: date
    candidates: Sequence[Candidate]

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        return {**asdict(self), "candidates": [one._asdict() for one in self.candidates]}


@dataclass(frozen=True)
class Queue:
    """entries: the biggest first, as many as were wanted. organizations, touches: of all that wait."""

    entries: Sequence[Entry]
    organizations: int
    touches: int

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        return {**asdict(self), "entries": [entry.as_json() for entry in self.entries]}


@dataclass(frozen=True)
class Decision:
    """What was decided of a name. news: unchanged where it had been decided so before. spellings: that touches carry.

    counts_for: the account that the touches count for: what account_id has become part of, else itself.
    """

    organization: str
    account_id: str | None
    counts_for: str | None
    news: News
    spellings: Sequence[str]


def queue(settings: Settings, most: int, *, only_likely: bool) -> Queue:
    """The names that wait, those in most touches first. only_likely: with an account that they may stand for.

    Raises ClickHouseUnavailable.
    """
    clickhouse = ClickHouse(settings)
    try:
        directory, organizations = _directory(clickhouse, settings), Organizations(clickhouse)
        told = told_of_people(directory)
        spellings = waiting([*organizations.named(), *(name for _, name in told)], directory)
        counted = organizations.counted(
            [(name, key) for key, names in spellings.items() for name in names],
            [(contact, key) for contact, name in told if (key := review_key(name)) in spellings],
        )
    finally:
        clickhouse.close()
    entries: list[Entry] = []
    for one in counted:
        names = spellings[one.organization]
        if len(entries) == most:
            break
        found = candidates(names[0], directory)
        if found or not only_likely:
            entries.append(Entry(names[0], names, one.touches, one.contacts, one.first_day, one.last_day, found))
    return Queue(entries, len(counted), sum(one.touches for one in counted))


def decided(settings: Settings) -> list[OrganizationMatched]:
    """What was decided so far, the latest first. Raises ClickHouseUnavailable."""
    clickhouse = ClickHouse(settings)
    try:
        matched = _directory(clickhouse, settings).matched.values()
    finally:
        clickhouse.close()
    return sorted(matched, key=lambda fact: fact.recorded_at, reverse=True)


def decide(settings: Settings, organization: str, account_id: str | None) -> Decision:
    """State what a name stands for, and wait until the touches that carry it are bound so. Saying it again is no news.

    Raises NoSuchAccount; ValueError for what is no name; and what Importer raises.
    """
    fact = OrganizationMatched(recorded_at=datetime.now(UTC), organization=organization, account_id=account_id)
    clickhouse = ClickHouse(settings)
    try:
        directory = _directory(clickhouse, settings)
        named = Organizations(clickhouse).named()
    finally:
        clickhouse.close()
    if account_id is not None and account_id not in directory.accounts:
        raise NoSuchAccount(_no_such(account_id, directory))
    news = news_of(fact, directory, {})
    if news != "unchanged":
        importer = Importer(settings)
        try:
            importer.send_news([fact])
            importer.wait()
        finally:
            importer.close()
    key = review_key(fact.organization)
    written = {*named, *(name for _, name in told_of_people(directory))}
    return Decision(
        fact.organization,
        account_id,
        directory.counted_on(account_id) if account_id else None,
        news,
        sorted(name for name in written if review_key(name) == key),
    )


def _directory(clickhouse: ClickHouse, settings: Settings) -> Directory:
    return fold(Store(clickhouse, settings.business_timezone).facts())


def _no_such(account_id: str, directory: Directory) -> str:
    by_name = {account.name: account.account_id for account in directory.accounts.values()}
    meant = nearest(account_id, directory.accounts) or by_name.get(nearest(account_id, by_name) or "")
    say = f"; {meant!r} is one ({directory.accounts[meant].name})" if meant else ": import it first"
    return f"there is no account {account_id!r}{say}"
