"""The facts of the demo world: accounts, people and revenue, each stated on a day on which it could be known."""

import random
from collections.abc import Iterator
from datetime import timedelta

from jobs.demo.cast import OWN_DOMAIN, Company, Person
from jobs.demo.profiles import PROFILES, profile_of
from jobs.demo.script import NEW_DOMAIN, NEW_NAME, Script
from jobs.demo.timeline import Timeline, at, next_month
from models.facts import AccountDeclared, AnyFact, ContactDeclared, OwnDomainDeclared, RevenueRecorded


def own_side(timeline: Timeline) -> OwnDomainDeclared:
    return OwnDomainDeclared(recorded_at=at(timeline.start - timedelta(days=40), 9), domain=OWN_DOMAIN)


def facts_of(
    rng: random.Random, company: Company, people: list[Person], script: Script, timeline: Timeline
) -> Iterator[AnyFact]:
    """All that is stated of one account."""
    declared = AccountDeclared(
        recorded_at=at(script.paces[0].since - timedelta(days=10), 9),
        account_id=company.account_id,
        name=company.name,
        domains=(company.domain,),
        tier=company.tier,
        kind=company.kind,
        parent_account_id=company.parent,
    )
    yield declared
    if company.account_id in PROFILES:
        yield profile_of(company, declared.recorded_at)
    if script.renamed_on:
        yield declared.model_copy(
            update={
                "recorded_at": at(script.renamed_on, 0),
                "name": NEW_NAME,
                "domains": (company.domain, NEW_DOMAIN),
            }
        )
    for person in people:
        if person.declared:
            yield ContactDeclared(
                recorded_at=at(person.since, 0),
                contact_key=f"mail:{person.email}",
                account_id=company.account_id,
                name=person.name,
                title=person.title,
                department=person.department,
                seniority=person.seniority,
            )
    if company.monthly_revenue:
        yield from _revenue(rng, company, script, timeline)


def _revenue(rng: random.Random, company: Company, script: Script, timeline: Timeline) -> Iterator[RevenueRecorded]:
    growth, unit = script.growth, 1000 if company.currency == "JPY" else 100
    for number, month in enumerate(timeline.months()):
        amount = company.monthly_revenue * (1 + growth.yearly) ** (number / 12) * rng.uniform(0.985, 1.015)
        if month < growth.jump_on:
            amount *= growth.before_jump
        yield RevenueRecorded(
            recorded_at=at(next_month(month) - timedelta(days=1), 18),  # closed on the month's last evening
            account_id=company.account_id,
            month=month,
            amount=float(round(amount / unit) * unit),
            currency=company.currency,
        )
