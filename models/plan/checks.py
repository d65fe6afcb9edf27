"""What the parts of a plan say of each other: contradictions, which are errors, and doubts, which are warnings."""

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import NamedTuple

from models.crm.names import nearest
from models.plan.direction import WEAK_REASONS, Selection
from models.plan.document import PlanFile, placed
from models.plan.fold import About
from models.plan.yaml_text import Path

# What sums may differ by and still be the same: amounts are often rounded to thousands.
_ROUNDED = 0.01


class Remark(NamedTuple):
    """Something about a place of a plan. value: '' where the message says all."""

    path: Path
    value: str
    message: str


def contradictions(plan: PlanFile) -> Iterator[Remark]:
    """What cannot be so: references to nothing, one thing said twice, a partner's part in a customer's plan."""
    yield from _kind(plan)
    first: dict[About, Path] = {}
    for one in placed(plan):
        if one.about in first:
            yield Remark(one.path, "", f"it says of {one.about[1]!r} what another entry says: keep one")
        first.setdefault(one.about, one.path)
    names: dict[str, str] = {}
    for key, product in plan.products.items():
        if (other := names.setdefault(product.product, key)) != key:
            yield Remark(("products", key, "product"), product.product, f"{other!r} is this product already: keep one")
    yield from _references(plan)


def _kind(plan: PlanFile) -> Iterator[Remark]:
    if plan.kind == "customer" and plan.partner is not None:
        yield Remark(("partner",), "", "only a partner's plan has this part: write `kind: partner`, or take it out")
    if plan.kind == "partner" and (plan.partner is None or plan.partner.joint_goal is None):
        yield Remark(("kind",), plan.kind, "a partner's plan needs partner.joint_goal: say what you reach together")


def _references(plan: PlanFile) -> Iterator[Remark]:
    targets = [target.own_key for target in plan.targets]
    for key, action in plan.actions.items():
        for field, told, known in (
            ("stakeholder", action.stakeholder, plan.stakeholders),
            ("product", action.product, plan.products),
            ("target", action.target, targets),
        ):
            yield from _refers(("actions", key, field), told, known)
    for at, term in enumerate(plan.terms):
        yield from _refers(("terms", at, "product"), term.product, plan.products)
    for key, competitor in plan.competitors.items():
        seen: set[str] = set()
        for at, position in enumerate(competitor.positions):
            path = ("competitors", key, "positions", at, "priority")
            yield from _refers(path, position.priority, plan.priorities)
            if position.priority in seen:
                yield Remark(path, position.priority, "an entry before says it: keep one")
            seen.add(position.priority)
    for key, member in plan.team.items():
        yield from _refers(("team", key, "backs_up"), member.backs_up, [one for one in plan.team if one != key])


def _refers(path: Path, told: str | None, known: Iterable[str]) -> Iterator[Remark]:
    there = sorted(known)
    if told is None or told in there:
        return
    part = f"{path[-1]} of this plan" if path[-1] != "backs_up" else "other member of the team"
    if close := nearest(told, there):
        remedy = f"did you mean {close!r}?"
    else:
        remedy = f"use one of {', '.join(there[:10])}" if there else "the plan has none: add it, or take this out"
    yield Remark(path, told, f"it is no {part}: {remedy}")


def doubts(plan: PlanFile, today: date) -> Iterator[Remark]:
    """What may be so and is worth a second look. today: the business day."""
    yield from _spelled_alike(plan)
    yield from _done_tomorrow(plan, today)
    if plan.selection is not None:
        kinds = {reason.kind for reason in plan.selection.rationale}
        if not kinds:
            yield Remark(("selection",), "", "no reason is recorded: say in `rationale` why the account was chosen")
        elif kinds <= WEAK_REASONS:
            told = (
                "only today's revenue, size or tenure speak for the account: say what it can become, or choose another"
            )
            yield Remark(("selection", "rationale"), "", told)
    elif plan.kind == "customer":
        yield Remark(("account",), plan.account, "it is not said why the account was chosen: add `selection`")
    for at, term in enumerate(plan.terms):
        parts = (term.recurring, term.open_opportunities, term.to_be_created)
        known = [part for part in parts if part is not None]
        if term.needed is None or len(known) < len(parts):
            continue
        if abs(sum(known) - term.needed) > _ROUNDED * max(term.needed, 1):
            told = f"recurring, open and to be created are {sum(known):,.0f} together: correct one of them"
            yield Remark(("terms", at, "needed"), f"{term.needed:,.0f}", told)


def _spelled_alike(plan: PlanFile) -> Iterator[Remark]:
    """Products that differ in case, width or blanks alone: a CRM has one of them."""
    names: dict[str, str] = {}
    for key, one in plan.products.items():
        plain = " ".join(unicodedata.normalize("NFKC", one.product).casefold().split())
        other = names.setdefault(plain, one.product)
        if other != one.product:
            told = f"{other!r} differs in case or width only: write a product as the CRM does, and keep one"
            yield Remark(("products", key, "product"), repr(one.product), told)


def _done_tomorrow(plan: PlanFile, today: date) -> Iterator[Remark]:
    days: dict[Path, date | None] = {("actions", key): one.done_on for key, one in plan.actions.items()}
    if plan.partner is not None:
        days |= {("partner", "actions", key): one.done_on for key, one in plan.partner.actions.items()}
    for path, day in days.items():
        if day is not None and day > today:
            told = f"it is after today, {today}: correct it, or set status to what it is now"
            yield Remark((*path, "done_on"), str(day), told)


def overloaded(selections: Mapping[str, Selection], limit: int) -> dict[str, str]:
    """By account, the warning that its owner has more strategic accounts than the limit.

    selections: by account; those of all plans that are known.
    """
    by_owner: dict[str, list[str]] = defaultdict(list)
    for account, selection in selections.items():
        by_owner[selection.owner].append(account)
    told = "has {} strategic accounts, more than {} (setting strategic_accounts_per_owner): share them out"
    return {
        account: told.format(len(accounts), limit)
        for accounts in by_owner.values()
        if len(accounts) > limit
        for account in accounts
    }
