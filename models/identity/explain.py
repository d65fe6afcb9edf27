"""Why a contact's touches count for an account on a day: the steps of the binding, with the facts behind each.

It says what Directory.bind does and why; that both always agree is a law (tests/property/test_explain.py).
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from typing import NamedTuple

from models.directory import BoundBy, Directory, Person
from models.facts import AnyFact, ContactAffiliated, ContactDeclared, OwnDomainDeclared, VisitorIdentified
from models.folding import by_statement, declared_by_first_day
from models.identity.trail import Step, evidence_step, merges_of


class Span(NamedTuple):
    """What was declared of a person's account between two days, both included; None: without end.

    declared_for: the account as declared, None where the domain decides; account_id: the one it counts for, on the day
    asked about or the one of these next to it.
    """

    first: date | None
    last: date | None
    declared_for: str | None
    account_id: str | None
    fact: ContactDeclared

    def holds_on(self, day: date) -> bool:
        return (self.first is None or self.first <= day) and (self.last is None or day <= self.last)


class Explanation(NamedTuple):
    """Whom a contact counts for on a day, and why.

    contact_key: '' where only evidence was asked about. known_as: the key by which the person is known; other_keys: her
    others. account_id, bound_by: as Directory.bind answers; account_name: as declared, '' where nobody declared it.
    steps: in the order of looking; the last one decides. memberships: all of hers, by day. identified: what was stated
    of which of her keys are one person.
    """

    contact_key: str
    affiliation: str
    day: date
    known_as: str
    other_keys: tuple[str, ...]
    account_id: str
    account_name: str
    bound_by: BoundBy
    steps: tuple[Step, ...]
    memberships: tuple[Span, ...]
    identified: tuple[VisitorIdentified, ...]

    @property
    def facts(self) -> tuple[AnyFact, ...]:
        """The facts that say so: who the person is, and what decided."""
        return tuple(dict.fromkeys([*self.identified, *self.steps[-1].facts]))


def explain(
    directory: Directory,
    contact_key: str,
    affiliation: str,
    day: date,
    own: Mapping[str, OwnDomainDeclared] | None = None,
) -> Explanation:
    """Why a touch of this contact, with this evidence for its company, counts as it does on a day.

    contact_key, affiliation: as touches have them; either may be ''. own: what declared our own domains, by domain.
    """
    person = directory.people.get(contact_key) or Person(contact_key, ())
    keys = directory.keys_of.get(person.contact_key, (contact_key,))
    spans = _spans(directory, keys, day)
    touch = evidence_step(directory, "touch", affiliation, day, own or {})
    *before, last = [touch]
    if contact_key:
        told = max((fact for key in keys if (fact := directory.affiliated.get(key))), key=by_statement, default=None)
        personal = _Personal(directory, person, spans, told, own or {})
        *before, last = personal.steps(contact_key, day, touch)
    return Explanation(
        contact_key,
        affiliation,
        day,
        person.contact_key,
        tuple(key for key in keys if key != contact_key),
        last.account_id,
        name_of(directory, last.account_id),
        last.bound_by,
        # Mail carries the host of its sender's address: what is the same evidence is told once, where it decides.
        (*(step for step in before if step.evidence != last.evidence or not step.evidence), last),
        spans,
        tuple(link for key in keys if (link := directory.identified.get(key)) and link.contact_key is not None),
    )


class _Personal(NamedTuple):
    """What is known of a person, to be looked at before the evidence of her touches."""

    directory: Directory
    person: Person
    spans: tuple[Span, ...]
    told: ContactAffiliated | None
    own: Mapping[str, OwnDomainDeclared]

    def steps(self, contact_key: str, day: date, touch: Step) -> Iterator[Step]:
        """As Directory.bind looks; the last step decides. touch: that of the evidence."""
        yield (membership := self._membership(day))
        if membership.verdict == "member":
            return
        if (host := self.person.address_host) is not None:
            address = evidence_step(self.directory, "address", host, day, self.own)
            if address.verdict in ("domain", "own"):
                # Of a contact by mail the touch carries the same host as its evidence.
                yield address if self.person.contact_key != contact_key else touch
                return
            yield address
        for evidence in self.person.evidence:
            company = evidence_step(self.directory, "company", evidence, day, self.own)
            yield company._replace(facts=(self.told, *company.facts)) if self.told else company
            if company.verdict in ("corporate_number", "domain", "organization", "own"):
                return
        yield touch

    def _membership(self, day: date) -> Step:
        held = next((span for span in self.spans if span.holds_on(day)), None)
        if held is None or held.account_id is None:
            told = (held.fact,) if held else ()
            return Step("membership", "", "not_a_member" if self.spans else "undeclared", facts=told)
        merges = merges_of(self.directory, held.declared_for or "", day)
        return Step(
            "membership",
            "",
            "member",
            declared_by=held.declared_for or "",
            account_id=held.account_id,
            facts=(held.fact, *merges),
        )


def _spans(directory: Directory, keys: Iterable[str], day: date) -> tuple[Span, ...]:
    declared = declared_by_first_day(directory, keys)
    ends = [*(first - timedelta(days=1) for first in [*declared][1:]), None]
    return tuple(
        Span(
            None if first == date.min else first,
            last,
            fact.account_id,
            None
            if fact.account_id is None
            else directory.counted_on(fact.account_id, min(max(day, first), last or day)),
            fact,
        )
        for (first, fact), last in zip(declared.items(), ends, strict=False)
    )


def name_of(directory: Directory, account_id: str) -> str:
    """The name of an account as it was declared, '' where nobody declared it."""
    declared = directory.accounts.get(account_id)
    return declared.name if declared else ""
