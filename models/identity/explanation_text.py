"""An explanation as a person reads it, in English and in Japanese."""

from typing import Literal

from models.identity.explain import Explanation, Span
from models.identity.explanation_words import WORDS
from models.identity.remedies import Remedy, remedies
from models.identity.trail import Step

Lang = Literal["en", "ja"]
_MOST_KEYS = 10


def headline(told: Explanation, lang: Lang) -> str:
    """One sentence: who counts for whom on which day, and by what."""
    words, last = WORDS[lang], told.steps[-1]
    who = told.contact_key or told.affiliation.removeprefix("org:")
    if told.account_id:
        account = _account(told.account_id, told.account_name)
        return words["bound"].format(who=who, day=told.day, account=account, by=words[f"by_{told.bound_by}"])
    return words["unbound"].format(who=who, day=told.day, why=words[f"why_{last.verdict}"])


def step_lines(told: Explanation, lang: Lang) -> list[str]:
    """What was looked at, a line each, in the order of looking; the last line is what decides."""
    return [_step(step, told, lang) for step in told.steps]


def membership_lines(told: Explanation, lang: Lang) -> list[str]:
    """The memberships declared of the person, by day; empty where none was."""
    words = WORDS[lang]
    return [
        words["span"].format(
            days=_days(span, lang),
            account=span.declared_for if span.declared_for is not None else words["no_account"],
            now=words["holds"] if span.holds_on(told.day) else "",
        )
        for span in told.memberships
    ]


def person_line(told: Explanation, lang: Lang) -> str:
    """Which other keys are the same person; '' where none are."""
    if not told.other_keys:
        return ""
    keys, more = told.other_keys[:_MOST_KEYS], len(told.other_keys) - _MOST_KEYS
    words = WORDS[lang]
    told_keys = words["and"].join(keys) + (words["more"].format(more=more) if more > 0 else "")
    return words["same_person"].format(keys=told_keys, known_as=told.known_as)


def remedy_lines(told: Explanation, lang: Lang) -> list[tuple[str, str]]:
    """What a user can do where nothing binds: in words, and as a command."""
    return [(_purpose(one, lang), one.command) for one in remedies(told)]


def _purpose(remedy: Remedy, lang: Lang) -> str:
    [domain] = remedy.fact.get("domains") or [""]
    return WORDS[lang][f"do_{remedy.purpose}"].format(
        domain=domain, name=remedy.fact.get("name") or remedy.fact.get("organization", "")
    )


def _step(step: Step, told: Explanation, lang: Lang) -> str:
    words = WORDS[lang]
    merged = step.declared_by and step.declared_by != step.account_id
    part = ""
    if merged:
        name = "part_of_since" if step.merged_since else "part_of"
        part = words[name].format(account=_account(step.account_id, told.account_name), since=step.merged_since)
    if step.about == "membership":
        held = next((span for span in told.memberships if span.holds_on(told.day)), None)
        days = words["of_days"].format(days=_days(held, lang)) if held else ""
        account = _account(step.declared_by, "" if merged else told.account_name)
        return words[f"step_{step.verdict}"].format(account=account, days=days) + part
    passed = words["passed"].format(names=words["and"].join(step.passed)) if step.passed and step.name else ""
    account = _account(step.declared_by or step.account_id, "" if merged else told.account_name)
    names = words["and"].join(step.passed)
    said = words[f"step_{step.verdict}"].format(name=step.name, names=names, account=account)
    evidence = step.evidence.removeprefix("org:")
    of_name = "_name" if step.evidence.startswith("org:") else ""
    before = words[f"about_{step.about}{of_name}"].format(evidence=evidence) if step.evidence else ""
    return f"{before}{passed}{said}{part}"


def _days(span: Span, lang: Lang) -> str:
    words = WORDS[lang]
    if span.first is None and span.last is None:
        return words["always"]
    if span.first is None:
        return words["until"].format(last=span.last)
    return words["from" if span.last is None else "between"].format(first=span.first, last=span.last)


def _account(account_id: str, name: str) -> str:
    return f"{name} ({account_id})" if name and name != account_id else account_id
