"""`setten match-ips`: whose the addresses of visitors are that count for nobody, by a database that the user has."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from infra.clickhouse import ClickHouse
from infra.mmdb import AddressDatabase, address_database
from infra.settings import Settings
from infra.store import Store
from infra.unbound_addresses import unbound_addresses
from jobs.import_ import Importer
from models.directory import Directory
from models.facts import ContactAffiliated
from models.folding import fold
from models.identity.address_company import Company, Fields, address_of, company_of, statement
from models.novelty import News, news_of

_AT_ONCE = 50_000
_LOOKED_AT = 10_000  # records, to see whether a database names companies at all
_MOST_NAMES = 12


class NamesNoCompany(Exception):
    """The database is empty or of another kind; the message says what is in it."""


@dataclass
class Matched:
    """What came of it. kind, built_on: of the database. addresses: looked up; named: with a company.

    left_out: addresses without one, by why. news: facts by whether they say something new; taken_back: how many of
    these say that an address is nobody's known any more. accounts: addresses by the account that their company is.
    """

    kind: str
    built_on: date
    addresses: int = 0
    named: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    news: Counter[News] = field(default_factory=Counter)
    taken_back: int = 0
    accounts: Counter[str] = field(default_factory=Counter)

    @property
    def stated(self) -> int:
        """Facts that were stated, or would be."""
        return self.news["new"] + self.news["changed"]

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "database": {"type": self.kind, "built_on": self.built_on},
            "addresses": self.addresses,
            "named": self.named,
            "left_out": dict(sorted(self.left_out.items())),
            "facts": {"stated": self.stated, "taken_back": self.taken_back, "known": self.news["unchanged"]},
            "accounts": dict(self.accounts.most_common()),
        }


def match_ips(settings: Settings, path: Path, since: date, fields: Fields, *, dry_run: bool) -> Matched:
    """Look up the addresses, state the companies found, and wait until the touches are bound so.

    since: business day from which on visitors count that no database named a company for; those that one did are asked
    about again, whenever they came. Raises DatabaseUnreadable, NamesNoCompany, and what Importer raises; what is stated
    before an error stays.
    """
    with ExitStack() as opened:
        database = opened.enter_context(address_database(path))
        _check(path, database, fields)
        clickhouse = opened.enter_context(closing(ClickHouse(settings)))
        importer = None if dry_run else opened.enter_context(closing(Importer(settings)))
        directory = fold(Store(clickhouse, settings.business_timezone).facts())
        found = Matched(database.kind, database.built_on)
        for keys in _asked(clickhouse, directory, since):
            told = _told(keys, database, fields, found)
            news = _news(told, directory, found)
            if importer is not None:
                importer.send_news(news)
        if importer is not None:
            importer.wait()
    return found


def _check(path: Path, database: AddressDatabase, fields: Fields) -> None:
    """Raises NamesNoCompany: a database of another kind would take back what a right one said."""
    names: set[str] = set()
    for record in database.records(_LOOKED_AT):
        if company_of(record, fields) != "no_company":
            return
        names.update(record if isinstance(record, Mapping) else ())
    if not names:
        raise NamesNoCompany(f"{path} ({database.kind}) says nothing of any address: give a database of companies")
    asked, there = ", ".join((*fields.domain, *fields.organization)), ", ".join(sorted(names)[:_MOST_NAMES])
    raise NamesNoCompany(
        f"{path} ({database.kind}) names no company in {asked}, its records have {there}: give one of companies, "
        "or name the field with --domain-field or --organization-field"
    )


def _asked(clickhouse: ClickHouse, directory: Directory, since: date) -> Iterator[list[str]]:
    """Those of whom a company was told before, which may be another now; then those that count for nobody."""
    told = sorted(key for key, fact in directory.affiliated.items() if key.startswith("ip:") and fact.evidence)
    yield from (told[start : start + _AT_ONCE] for start in range(0, len(told), _AT_ONCE))
    known = set(told)
    for keys in unbound_addresses(clickhouse, since):
        yield [key for key in keys if key not in known]


def _told(
    keys: Iterable[str], database: AddressDatabase, fields: Fields, found: Matched
) -> Iterator[tuple[str, Company | None]]:
    """What the database says of each contact."""
    for key in keys:
        if (address := address_of(key)) is None:
            found.left_out["no_address"] += 1
            continue
        found.addresses += 1
        said = company_of(database.record(address), fields)
        if isinstance(said, Company):
            found.named += 1
            yield key, said
        else:
            found.left_out[said] += 1
            yield key, None


def _news(told: Iterable[tuple[str, Company | None]], directory: Directory, found: Matched) -> list[ContactAffiliated]:
    """The facts that say something new. Of whom nothing was told before nothing need be taken back."""
    now, news = datetime.now(UTC), []
    for key, company in told:
        if company is None and key not in directory.affiliated:
            continue
        fact = statement(key, company, now)
        found.news[told_before := news_of(fact, directory, {})] += 1
        if company is None:
            found.taken_back += told_before == "changed"
        else:
            bound = (directory.bind_affiliation(evidence).account_id for evidence in fact.evidence)
            found.accounts.update(map(directory.counted_on, islice(filter(None, bound), 1)))
        if told_before != "unchanged":
            news.append(fact)
    return news
