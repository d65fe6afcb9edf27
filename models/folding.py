"""Folding facts into the directory: all at once, or a few more into what there is, with the same result.

What a few facts cost depends on them and on the people they speak of, not on how many facts there were before. Only a
merge of accounts goes through all people once.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, TypeVar

from immutables import Map, MapMutation

from models.chains import ends
from models.directory import Directory, Membership, Person
from models.facts import (
    AccountDeclared,
    AccountMerged,
    AnyFact,
    ContactAffiliated,
    ContactDeclared,
    ContactDescribed,
    OrganizationMatched,
    OwnDomainDeclared,
    RevenueRecorded,
    VisitorIdentified,
    people_in,
)
from models.groups import tops
from models.identity.company_names import plain_key
from models.identity.naming import whose_names, whose_numbers
from models.mergers import mergers
from models.side_facts import SideFact
from models.statements import Fact

Key = TypeVar("Key")
Statement = TypeVar("Statement", bound=Fact)


@dataclass(slots=True)
class News:
    """What a few facts have changed.

    accounts: whether any account, its domains, its names, its merges or our own domains did. people: contact keys
    whose person may be shown or bound differently. revenue: its keys.
    """

    accounts: bool = False
    people: set[str] = field(default_factory=set)
    revenue: set[tuple[str, date, str]] = field(default_factory=set)


def fold(facts: Iterable[AnyFact]) -> Directory:
    """Fold facts, given in any order and any number of times, into the directory.

    Of two statements about the same thing the later recorded holds; at the same time, the one with the higher id, so
    that the result depends on nothing else. What is beside the directory is left out, and not counted.
    """
    distinct = {fact.fact_id: fact for fact in facts if not isinstance(fact, SideFact)}
    return extended(Directory(), distinct.values(), len(distinct))[0]


def extended(old: Directory, facts: Collection[AnyFact], epoch: int) -> tuple[Directory, News]:
    """The directory with more facts, and what they change. What it knows already changes nothing.

    epoch: how many distinct facts there are with them; the caller has the ids.
    """
    news = News()
    stated, changed = _stated(old, facts, news)
    stated = replace(stated, epoch=epoch, _bindings=old._bindings, _undated={})
    if news.accounts:
        stated = _with_accounts(stated)
    keys = {key for fact in facts for key in people_in(fact)}
    if stated.merged != old.merged or stated.later != old.later:
        keys.update(stated.people)
    stated, moved = _with_identities(stated, changed)
    return _with_people(stated, keys | moved, news), news


def by_statement(fact: Fact) -> tuple[datetime, int]:
    """Sort key: what was stated later stands."""
    return fact.recorded_at, fact.fact_id.int


def _state(statements: MapMutation[Key, Statement], about: Key, statement: Statement) -> bool:
    """Let the later of two statements about the same thing stand; answers whether that is the given one, and news."""
    before = statements.get(about)
    if before is not None:
        if before.recorded_at > statement.recorded_at or before == statement:
            return False
        # The ids are digests, which cost something; times are seldom equal.
        if before.recorded_at == statement.recorded_at and before.fact_id.int > statement.fact_id.int:
            return False
    statements[about] = statement
    return True


def _stated(old: Directory, facts: Collection[AnyFact], news: News) -> tuple[Directory, set[str]]:
    """The statements that stand, everything else as it was; and the visitors of whom something else stands."""
    accounts, merges, revenue = old.accounts.mutate(), old.merges.mutate(), old.revenue.mutate()
    declared, first_days = old.declared.mutate(), old.first_days.mutate()
    described, affiliated, identified = old.described.mutate(), old.affiliated.mutate(), old.identified.mutate()
    own, visitors, matched = set(old.own_domains), set(), old.matched.mutate()
    for fact in facts:
        match fact:
            case AccountDeclared():
                news.accounts |= _state(accounts, fact.account_id, fact)
            case AccountMerged():
                news.accounts |= _state(merges, fact.account_id, fact)
            case OwnDomainDeclared():
                news.accounts |= fact.domain not in own
                own.add(fact.domain)
            case OrganizationMatched():
                news.accounts |= _state(matched, plain_key(fact.organization), fact)
            case ContactDeclared():
                if (fact.contact_key, fact.since) not in declared:
                    first_days[fact.contact_key] = first_days.get(fact.contact_key, frozenset()) | {fact.since}
                _state(declared, (fact.contact_key, fact.since), fact)
            case ContactDescribed():
                _state(described, fact.contact_key, fact)
            case ContactAffiliated():
                _state(affiliated, fact.contact_key, fact)
            case VisitorIdentified():
                if _state(identified, fact.visitor_key, fact):
                    visitors.add(fact.visitor_key)
            case RevenueRecorded():
                if _state(revenue, about := (fact.account_id, fact.month, fact.currency), fact):
                    news.revenue.add(about)
    return (
        replace(
            old,
            accounts=accounts.finish(),
            merges=merges.finish(),
            revenue=revenue.finish(),
            declared=declared.finish(),
            first_days=first_days.finish(),
            described=described.finish(),
            affiliated=affiliated.finish(),
            identified=identified.finish(),
            matched=matched.finish(),
            own_domains=frozenset(own) if len(own) > len(old.own_domains) else old.own_domains,
            leading=_leading(old, identified, visitors),
        ),
        visitors,
    )


def _leading(
    old: Directory, identified: MapMutation[str, VisitorIdentified], visitors: Iterable[str]
) -> Map[str, frozenset[str]]:
    leading = old.leading.mutate()
    for visitor in visitors:
        before = old.identified.get(visitor)
        if before is not None and before.contact_key is not None:
            left = leading[before.contact_key] - {visitor}
            if left:
                leading[before.contact_key] = left
            else:
                del leading[before.contact_key]
        if (contact := identified[visitor].contact_key) is not None:
            leading[contact] = leading.get(contact, frozenset()) | {visitor}
    return leading.finish()


def _with_accounts(stated: Directory) -> Directory:
    """The directory with what follows from its accounts. There are few of them: everything is made anew."""
    found = mergers(stated.merges, lambda account_id: by_statement(stated.merges[account_id]))
    merged = found.always
    ordered = sorted(stated.accounts.values(), key=by_statement)  # a later one claims the domain
    by_name, by_company = whose_names(ordered, stated.matched.values(), merged)
    return replace(
        stated,
        merged=merged,
        later=found.later,
        group=tops(stated.accounts, found.in_the_end(), lambda account_id: by_statement(stated.accounts[account_id])),
        by_domain={d: merged.get(a.account_id, a.account_id) for a in ordered for d in a.domains},
        by_name=by_name,
        by_company=by_company,
        by_number=whose_numbers(ordered, merged),
        _bindings={},
    )


def _with_identities(stated: Directory, visitors: set[str]) -> tuple[Directory, set[str]]:
    """The directory with whom its visitors are known as, and the keys whose people may be others than before.

    visitors: of whom something else stands. Only those who lead to them can end elsewhere now; circles that they closed
    or opened are among these.
    """
    affected, coming = set(visitors), list(visitors)
    while coming:
        for visitor in stated.leading.get(coming.pop(), ()):
            if visitor not in affected:
                affected.add(visitor)
                coming.append(visitor)
    links: dict[str, str] = {}
    for visitor in affected:
        contact = stated.identified[visitor].contact_key if visitor in stated.identified else None
        if contact is not None:
            links[visitor] = contact if contact in affected else stated.known_as.get(contact, contact)
    found = ends(links, lambda visitor: by_statement(stated.identified[visitor]))
    known_as, families = stated.known_as.mutate(), dict[str, set[str]]()
    for visitor in affected:
        before, now = stated.known_as.get(visitor, visitor), found.get(visitor, visitor)
        if before == now:
            continue
        for person in (before, now):
            families.setdefault(person, {*stated.keys_of.get(person, ()), person})
        if before != visitor:
            families[before].discard(visitor)
        families[now].add(visitor)
        if now == visitor:
            del known_as[visitor]
        else:
            known_as[visitor] = now
    keys_of = stated.keys_of.mutate()
    for person, keys in families.items():
        if len(keys) > 1:
            keys_of[person] = tuple(sorted(keys))
        else:
            keys_of.pop(person, None)
    return replace(stated, known_as=known_as.finish(), keys_of=keys_of.finish()), {*affected, *families}


def _with_people(stated: Directory, keys: Iterable[str], news: News) -> Directory:
    """The directory with the people made anew whom these keys stand for."""
    people, contacts = stated.people.mutate(), stated.contacts.mutate()
    named = set(keys)
    whose = {stated.known_as.get(key, key) for key in named}
    for key in named - whose:
        contacts.pop(key, None)  # she is known by another key
    for who in whose:
        all_keys = stated.keys_of.get(who, (who,))
        statements = declared_by_first_day(stated, all_keys)
        if statements:
            contacts[who] = list(statements.values())[-1]
        else:
            contacts.pop(who, None)
        affiliations = [stated.affiliated[key] for key in all_keys if key in stated.affiliated]
        person = Person(
            who,
            tuple(Membership(day, _end(stated.merged, fact.account_id)) for day, fact in statements.items()),
            max(affiliations, key=by_statement).evidence if affiliations else (),
        )
        for key in all_keys:
            # Also keys that only statements named which do not stand any more: rows that show them have to follow.
            if key in named or key in people:
                people[key] = person
                news.people.add(key)
    return replace(stated, people=people.finish(), contacts=contacts.finish())


def _end(merged: Mapping[str, str], account_id: str | None) -> str | None:
    return None if account_id is None else merged.get(account_id, account_id)


def declared_by_first_day(stated: Directory, keys: Iterable[str]) -> dict[date, ContactDeclared]:
    """What is declared of a person by any of her keys, by first day in their order; the later statement holds."""
    told = [stated.declared[key, since] for key in keys for since in stated.first_days.get(key, ())]
    if len(told) > 1:
        told.sort(key=by_statement)
    found = {fact.since or date.min: fact for fact in told}
    return dict(sorted(found.items()))


def last_described(directory: Directory, who: str) -> ContactDescribed | None:
    """What a source told last of the person who is known by this key."""
    told: list[Any] = [directory.described.get(key) for key in directory.keys_of.get(who, (who,))]
    return max(filter(None, told), key=by_statement, default=None)
