"""The directory by the book: every field from all facts at once. Slow, and with nothing of models.folding in it."""

from collections.abc import Iterable
from datetime import date

from immutables import Map

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
)
from models.identity.company_names import company_key, plain_key


def followed(links: dict[str, str], order: list[str]) -> dict[str, str]:
    """Ends of chains, once the first stated link of every circle is gone. order: of stating."""
    links = dict(links)
    for start in list(links):
        circle, at = [start], links.get(start)
        while at is not None and at not in circle:
            circle.append(at)
            at = links.get(at)
        if at == start:
            del links[min(circle, key=order.index)]
    ends = {}
    for start in links:
        ends[start] = links[start]
        while ends[start] in links:
            ends[start] = links[ends[start]]
    return ends


def group_tops(accounts: dict[str, AccountDeclared], merged: dict[str, str], order: list[str]) -> dict[str, str]:
    """Where each account's parents end; order: of declaring."""
    known = set(accounts) | set(merged.values())
    parents = {}
    for account_id in set(accounts) - set(merged):
        parent = accounts[account_id].parent_account_id or ""
        parent = merged.get(parent, parent)
        if parent in known and parent != account_id:
            parents[account_id] = parent
    tops = followed(parents, order)
    tops |= {part: tops.get(whole, whole) for part, whole in merged.items()}
    return tops


def complete_fold(facts: Iterable[AnyFact]) -> Directory:
    """What models.folding.fold answers."""
    ordered = sorted(set(facts), key=lambda fact: (fact.recorded_at, fact.fact_id.int))
    accounts = {f.account_id: f for f in ordered if isinstance(f, AccountDeclared)}
    merges = {f.account_id: f for f in ordered if isinstance(f, AccountMerged)}
    declared = {(f.contact_key, f.since): f for f in ordered if isinstance(f, ContactDeclared)}
    described = {f.contact_key: f for f in ordered if isinstance(f, ContactDescribed)}
    affiliated = {f.contact_key: f for f in ordered if isinstance(f, ContactAffiliated)}
    identified = {f.visitor_key: f for f in ordered if isinstance(f, VisitorIdentified)}
    matched = {plain_key(f.organization): f for f in ordered if isinstance(f, OrganizationMatched)}
    order = sorted(merges, key=lambda key: ordered.index(merges[key]))
    merged = followed({key: f.into for key, f in merges.items() if f.into and not f.since}, order)
    later: dict[str, tuple[tuple[date, str], ...]] = {}
    in_the_end = dict(merged)
    for day in sorted({f.since for f in merges.values() if f.since}):
        on_day = followed({k: f.into for k, f in merges.items() if f.into and (not f.since or f.since <= day)}, order)
        for key in {end for f in merges.values() for end in (f.account_id, f.into) if end and end not in merged}:
            told = later.get(key, ())
            if (told[-1][1] if told else key) != on_day.get(key, key):
                later[key] = (*told, (day, on_day.get(key, key)))
        in_the_end = on_day
    visitors = {key: f.contact_key for key, f in identified.items() if f.contact_key}
    known_as = followed(visitors, sorted(identified, key=lambda key: ordered.index(identified[key])))
    named = {key for f in ordered if isinstance(f, ContactDeclared | ContactDescribed | ContactAffiliated)
             for key in [f.contact_key]}  # fmt: skip
    named |= {key for f in ordered if isinstance(f, VisitorIdentified) for key in (f.visitor_key, f.contact_key) if key}
    people, contacts, keys_of = {}, {}, {}
    for who in {known_as.get(key, key) for key in named}:
        keys = {who, *(key for key, end in known_as.items() if end == who)}
        if len(keys) > 1:
            keys_of[who] = tuple(sorted(keys))
        told = sorted((f for f in declared.values() if f.contact_key in keys), key=ordered.index)
        by_day = dict(sorted({(f.since or date.min): f for f in told}.items()))
        if by_day:
            contacts[who] = list(by_day.values())[-1]
        companies = sorted((f for key, f in affiliated.items() if key in keys), key=ordered.index)
        memberships = tuple(
            Membership(day, f.account_id and merged.get(f.account_id, f.account_id)) for day, f in by_day.items()
        )
        person = Person(who, memberships, companies[-1].evidence if companies else ())
        people |= dict.fromkeys(keys & named, person)
    last_declared = sorted(accounts.values(), key=ordered.index)
    ends_of = [(a, merged.get(a.account_id, a.account_id)) for a in last_declared]
    called = [(a.name, end) for a, end in ends_of]
    tops = group_tops(accounts, in_the_end, [fact.account_id for fact in last_declared])
    decided = {company_key(f.organization) for f in matched.values()}
    return Directory(
        epoch=len(ordered),
        accounts=Map(accounts),
        merges=Map(merges),
        own_domains=frozenset(f.domain for f in ordered if isinstance(f, OwnDomainDeclared)),
        declared=Map(declared),
        first_days=Map(_by_key(declared)),
        described=Map(described),
        affiliated=Map(affiliated),
        identified=Map(identified),
        revenue=Map({(f.account_id, f.month, f.currency): f for f in ordered if isinstance(f, RevenueRecorded)}),
        merged=merged,
        later=later,
        group=tops,
        by_domain={d: merged.get(a.account_id, a.account_id) for a in last_declared for d in a.domains},
        matched=Map(matched),
        by_name=_agreed({(plain_key(name), whose) for name, whose in called})
        | {key: (f.account_id and merged.get(f.account_id, f.account_id)) or "" for key, f in matched.items()},
        by_company=_agreed(
            {(company_key(name), whose) for name, whose in called if company_key(name) not in decided}
            | {(company_key(f.organization), merged.get(f.account_id, f.account_id or "")) for f in matched.values()}
        ),
        by_number=_agreed({(a.corporate_number, end) for a, end in ends_of if a.corporate_number}),
        leading=Map({end: frozenset(v for v, e in visitors.items() if e == end) for end in visitors.values()}),
        known_as=Map(known_as),
        people=Map(people),
        keys_of=Map(keys_of),
        contacts=Map(contacts),
    )


def _agreed(told: set[tuple[str, str]]) -> dict[str, str]:
    """What is said of a key one way only."""
    keys = [key for key, _ in told]
    return {key: whose for key, whose in told if key and keys.count(key) == 1}


def _by_key(declared: Iterable[tuple[str, date | None]]) -> dict[str, frozenset[date | None]]:
    found: dict[str, frozenset[date | None]] = {}
    for key, since in declared:
        found[key] = found.get(key, frozenset()) | {since}
    return found
