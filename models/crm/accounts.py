"""Which account a row of an export speaks of: found by key, by domain or by name, and never by likeness."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from models.crm.mapping import MatchBy
from models.crm.names import nearest_company
from models.crm.problems import Problem, Wrong
from models.domains import ancestors, normalise_domain
from models.facts import AccountDeclared
from models.identity.company_names import company_key, plain_key

_SLUG = re.compile(r"[^a-z0-9]+")
_MOST_SLUG = 48


def account_id_of(name: str) -> str:
    """A key made of a name alone: the same name has the same key in every import."""
    slug = _SLUG.sub("-", plain_key(name)).strip("-")[:_MOST_SLUG].strip("-")
    if plain_key(name).isascii() and slug and len(slug) < _MOST_SLUG:
        return slug
    digest = hashlib.blake2b(plain_key(name).encode(), digest_size=5, person=b"setten-account").hexdigest()
    return f"{slug}-{digest}" if slug else f"account-{digest}"


def host_of(text: str) -> str:
    """The host of a domain or a web address, without `www.`, as domains are kept."""
    host = text.strip().lower().partition("://")[2] or text.strip().lower()
    host = re.split(r"[/?#]", host, maxsplit=1)[0].rpartition("@")[2].partition(":")[0]
    return normalise_domain(host).removeprefix("www.")


@dataclass
class AccountIndex:
    """The accounts that are known. aliases: of the map, by plain_key; what they name is a name or an account_id."""

    by_id: dict[str, AccountDeclared] = field(default_factory=dict)
    by_domain: dict[str, str] = field(default_factory=dict)
    _by_key: dict[str, str] = field(default_factory=dict)  # keys of the CRM
    _by_plain: dict[str, set[str]] = field(default_factory=dict)
    _by_company: dict[str, set[str]] = field(default_factory=dict)
    _aliases: dict[str, str] = field(default_factory=dict)
    _nearest: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, accounts: Iterable[AccountDeclared], aliases: Mapping[str, str]) -> "AccountIndex":
        """The accounts of the store, as an import finds them."""
        index = cls(_aliases={plain_key(name): meant for name, meant in aliases.items()})
        for account in accounts:
            index.add(account)
        return index

    def add(self, account: AccountDeclared, crm_key: str = "") -> None:
        """Know an account from now on; its earlier names and domains lead to it too. crm_key: as rows refer to it."""
        self.by_id[account.account_id] = account
        self._by_key[crm_key or account.account_id] = account.account_id
        for domain in account.domains:
            self.by_domain.setdefault(domain, account.account_id)
        self._by_plain.setdefault(plain_key(account.name), set()).add(account.account_id)
        if key := company_key(account.name):
            self._by_company.setdefault(key, set()).add(account.account_id)
        self._nearest.clear()

    def find(self, told: Mapping[str, str], order: Iterable[MatchBy], prefix: str = "") -> str | Problem | None:
        """The account that a row names in account_id, account_domain or account_name; None where it names none.

        order: by what to look first. prefix: of the CRM's keys. A name is taken as its alias says.
        """
        name = told.get("account_name", "")
        meant = self._aliases.get(plain_key(name), name) if name else ""
        if meant in self.by_id and meant != name:
            return meant
        several: Problem | None = None
        for way in order:
            found = self._by(way, told, meant, prefix)
            if len(found) == 1:
                return next(iter(found))
            if found:
                several = Problem(
                    Wrong.ACCOUNT_AMBIGUOUS,
                    f"account_{way}",
                    name if way == "name" else told[f"account_{way}"],
                    f"could be any of {', '.join(sorted(found))[:200]}: say which in `aliases.accounts` of the map",
                )
        return several or self._unknown(told, name)

    def _by(self, way: MatchBy, told: Mapping[str, str], name: str, prefix: str) -> set[str]:
        value = name if way == "name" else told.get(f"account_{way}", "")
        if not value:
            return set()
        if way == "id":
            found = self._by_key.get(prefix + value)
            return {found} if found else set()
        if way == "domain":
            owner = next((self.by_domain[one] for one in ancestors(host_of(value)) if one in self.by_domain), None)
            return {owner} if owner else set()
        return self.named(value)

    def named(self, name: str) -> set[str]:
        """The accounts of this name: as written, else without its legal form."""
        return self._by_plain.get(plain_key(name)) or self._by_company.get(company_key(name)) or set()

    def _unknown(self, told: Mapping[str, str], name: str) -> Problem | None:
        field, value = next(
            ((f, told[f]) for f in ("account_name", "account_domain", "account_id") if told.get(f)), ("", "")
        )
        if not field:
            return None
        close = ""
        if name:
            if name not in self._nearest:
                key = nearest_company(name, self._by_company)
                self._nearest[name] = self.by_id[min(self._by_company[key])].name if key else ""
            close = self._nearest[name]
        say = f"; if it is {close!r}, say so in `aliases.accounts` of the map" if close else ""
        return Problem(Wrong.ACCOUNT_UNKNOWN, field, value, f"no such account{say or ': import it first'}", close)
