"""The evidence for a company, looked at name by name: what it says, by which facts, and what said nothing."""

from collections.abc import Mapping
from datetime import date
from typing import Literal, NamedTuple

from models.directory import BoundBy, Directory
from models.domains import ancestors, anybodys, normalise_domain
from models.facts import AccountDeclared, AccountMerged, AnyFact, OrganizationMatched, OwnDomainDeclared
from models.folding import by_statement
from models.identity.company_names import company_key, plain_key

About = Literal["membership", "address", "company", "touch"]
Verdict = Literal[
    "member",
    "not_a_member",
    "undeclared",
    "corporate_number",
    "domain",
    "organization",
    "own",
    "free_mail",
    "disposable",
    "unknown_domain",
    "unknown_name",
    "ambiguous_name",
    "rejected_name",
    "unknown_number",
    "no_domain",
    "nothing",
]
_BOUND_BY: dict[Verdict, BoundBy] = {
    "member": "contact",
    "corporate_number": "corporate_number",
    "domain": "domain",
    "organization": "organization",
    "own": "own",
    "free_mail": "free_mail",
    "disposable": "free_mail",
}


class Step(NamedTuple):
    """One thing that was looked at.

    about: the membership declared of a person; the host of the address she is known by; a company that a source named
    for her; the evidence that a touch carries. evidence: a host, `corp:` and a corporate number,
    or `org:` and a name; '' where none was told.
    name: the domain or name that decided, or that stopped the search; '' where none did. passed: names looked up before
    it that nobody declares. declared_by: the account whose declaration says so; account_id: the one it counts for,
    after merges; '' where no account is meant. facts: those that say so, merges last.
    """

    about: About
    evidence: str
    verdict: Verdict
    name: str = ""
    passed: tuple[str, ...] = ()
    declared_by: str = ""
    account_id: str = ""
    facts: tuple[AnyFact, ...] = ()

    @property
    def bound_by(self) -> BoundBy:
        """What a touch is bound by, if it ends here."""
        return _BOUND_BY.get(self.verdict, "unbound")

    @property
    def merged_since(self) -> date | None:
        """From which day on declared_by counts for account_id; None where always, or where it is the same account."""
        begun = [fact.since for fact in self.facts if isinstance(fact, AccountMerged) and fact.since is not None]
        return max(begun, default=None)  # of a chain of mergers all have to have begun


def evidence_step(
    directory: Directory, about: About, evidence: str, day: date, own: Mapping[str, OwnDomainDeclared]
) -> Step:
    """What the evidence for a company says on a day; agrees with Directory.bind_affiliation, and with mergers.

    own: what declared our own domains, by domain; the directory keeps the domains only.
    """
    if evidence.startswith("org:"):
        return _name_step(directory, about, evidence, day)
    if evidence.startswith("corp:"):
        return _number_step(directory, about, evidence, day)
    names = ancestors(normalise_domain(evidence))
    for at, name in enumerate(names):
        passed = tuple(names[:at])
        if name in directory.own_domains:
            facts = (own[name],) if name in own else ()
            return Step(about, evidence, "own", name, passed, facts=facts)
        if account_id := directory.by_domain.get(name):
            claims = [one for one in directory.accounts.values() if name in one.domains]
            return _of_account(directory, Step(about, evidence, "domain", name, passed), claims, account_id, day)
        if shared := anybodys(name):
            return Step(about, evidence, shared, name, passed)
    if names:
        return Step(about, evidence, "unknown_domain", passed=tuple(names))
    return Step(about, evidence, "no_domain" if evidence else "nothing")


def _name_step(directory: Directory, about: About, evidence: str, day: date) -> Step:
    told, account_id = evidence.removeprefix("org:"), directory.bind_affiliation(evidence).account_id
    decision = _decision(directory, told)
    if decision is not None and decision.account_id is None:
        return Step(about, evidence, "rejected_name", told, facts=(decision,))
    if not account_id:
        verdict: Verdict = "ambiguous_name" if _accounts_named(directory, told) else "unknown_name"
        return Step(about, evidence, verdict, passed=(told,))
    step = Step(about, evidence, "organization", told)
    if decision is not None and decision.account_id is not None:
        merges = merges_of(directory, decision.account_id, day)
        account_id = directory.counted_on(account_id, day)
        return step._replace(declared_by=decision.account_id, account_id=account_id, facts=(decision, *merges))
    return _of_account(directory, step, _accounts_named(directory, told), account_id, day)


def _decision(directory: Directory, name: str) -> OrganizationMatched | None:
    """What people decided of a name, as models.identity.naming takes it: of just this spelling, else of one alike."""
    if plain_key(name) in directory.by_name:
        return directory.matched.get(plain_key(name))
    alike = [one for one in directory.matched.values() if company_key(one.organization) == company_key(name)]
    if company_key(name) not in directory.by_company:
        return None  # decided one way of one spelling and another way of another
    return max(alike, key=by_statement, default=None)


def _accounts_named(directory: Directory, name: str) -> list[AccountDeclared]:
    """The accounts that are called so: just so, else what is for certain the same."""
    found = list(directory.accounts.values())
    exactly = [one for one in found if plain_key(one.name) == plain_key(name)]
    if exactly and plain_key(name) in directory.by_name:
        return exactly
    key = company_key(name)
    return [one for one in found if company_key(one.name) == key] if key else exactly


def _number_step(directory: Directory, about: About, evidence: str, day: date) -> Step:
    number, account_id = evidence.removeprefix("corp:"), directory.bind_affiliation(evidence).account_id
    claims = [one for one in directory.accounts.values() if one.corporate_number == number]
    if not account_id:
        return Step(about, evidence, "unknown_number", passed=(number,))
    return _of_account(directory, Step(about, evidence, "corporate_number", number), claims, account_id, day)


def _of_account(directory: Directory, step: Step, claims: list[AccountDeclared], account_id: str, day: date) -> Step:
    """The step with the declaration that stands, which is the last of those that claim the same, and what follows."""
    account_id = directory.counted_on(account_id, day)
    said = max(claims, key=by_statement, default=None)
    if said is None:
        return step._replace(account_id=account_id)
    facts: tuple[AnyFact, ...] = (said, *merges_of(directory, said.account_id, day))
    return step._replace(declared_by=said.account_id, account_id=account_id, facts=facts)


def merges_of(directory: Directory, account_id: str, day: date) -> tuple[AccountMerged, ...]:
    """What was stated of the way on which an account has become part of the one that it counts for on a day."""
    found: list[AccountMerged] = []
    end = directory.counted_on(account_id, day)
    while account_id != end:
        found.append(stated := directory.merges[account_id])
        account_id = stated.into or end
    return tuple(found)
