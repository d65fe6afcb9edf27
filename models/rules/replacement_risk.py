"""replacement_risk: at a strategic customer neither management contacts nor revenue grow.

Formula and limits: docs/rules/replacement_risk.md.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from models.account_history import AccountHistory, Day, any_within
from models.days import quarter_label, quarter_start
from models.findings import Evidence
from models.rules.rule import AsOf, Finding, Rule, Share, Thresholds

QUARTERS = 4


class ReplacementRisk(Thresholds):
    """revenue_growth: growth up to and including this is flat. most_unknown_seniority: with a greater share of people
    of unknown seniority managers cannot be counted."""

    revenue_growth: Share = 0.03
    most_unknown_seniority: Share = 0.5


@dataclass(frozen=True, slots=True)
class YearOfContacts:
    """Distinct contacts of an account with an inbound or mutual touch in four fiscal quarters, by seniority."""

    management: int
    staff: int
    unknown: int

    @property
    def engaged(self) -> int:
        return self.management + self.staff + self.unknown


@dataclass(frozen=True, slots=True)
class Relationship:
    """What the rule looks at: the last four complete fiscal quarters against the four before.

    revenue_*: sums in `currency` by quarter, oldest first; None for a quarter in which a month has no record.
    first_quarter: ordinal of the oldest of the eight quarters (models.days.fiscal_quarter).
    """

    contacts_before: YearOfContacts
    contacts_now: YearOfContacts
    revenue_before: tuple[float | None, ...]
    revenue_now: tuple[float | None, ...]
    currency: str
    first_quarter: int
    window: tuple[date, date]


def replacement_risk(r: Relationship, fiscal_start_month: int, t: ReplacementRisk) -> Finding | None:
    """Find a strategic account at which neither the circle of managers we meet nor its revenue grows.

    Either growing: no finding. Revenue or seniority unknown: the verdict is insufficient_data, never a finding, because
    missing is not zero. Growth means more distinct managers than the year before, or revenue up by more than
    revenue_growth.
    """
    missing = _missing(r, fiscal_start_month, t)
    managers_grow = r.contacts_now.management > r.contacts_before.management
    if not missing:
        before, now = (sum(v or 0.0 for v in quarters) for quarters in (r.revenue_before, r.revenue_now))
        if managers_grow or now > before * (1 + t.revenue_growth):
            return None
        change = f"{now / before - 1:+.1%}" if before else "±0"
        return _finding(
            r,
            t,
            missing,
            f"Replacement risk: managers met {r.contacts_before.management} → {r.contacts_now.management}, "
            f"revenue {change} on the year before.",
            f"リプレイスリスク: マネジメント接点 {r.contacts_before.management}名 → {r.contacts_now.management}名、"
            f"売上は前年比{change}。",
        )
    # Growing revenue clears the account whatever we know of people, and growing management whatever we know of revenue.
    if _known_growth(r, managers_grow, t):
        return None
    return _finding(
        r,
        t,
        missing,
        f"Insufficient data: {'; '.join(en for en, _ in missing)}.",
        f"データ不足: {'、'.join(ja for _, ja in missing)}。",
    )


def relationship(history: AccountHistory, as_of: AsOf) -> Relationship:
    """The two years of the account that end with the last complete fiscal quarter."""
    start, end = as_of.fiscal_start_month, as_of.next_quarter
    first = end - 2 * QUARTERS
    before_from, now_from, after = (quarter_start(one, start) for one in (first, end - QUARTERS, end))
    last = after - timedelta(days=1)
    revenue = tuple(history.revenue_of_quarter(quarter, start) for quarter in range(first, end))
    return Relationship(
        _people(history, before_from.toordinal(), now_from.toordinal() - 1),
        _people(history, now_from.toordinal(), last.toordinal()),
        revenue[:QUARTERS],
        revenue[QUARTERS:],
        history.currency,
        first,
        (before_from, last),
    )


def _people(history: AccountHistory, first: Day, last: Day) -> YearOfContacts:
    engaged = [contact for contact in history.contacts if any_within(contact.engaged, first, last)]
    management = sum(contact.is_manager for contact in engaged)
    staff = sum(contact.seniority == "staff" for contact in engaged)
    return YearOfContacts(management, staff, len(engaged) - management - staff)


def _judge(history: AccountHistory, as_of: AsOf, t: ReplacementRisk) -> Finding | None:
    if not history.is_strategic:
        return None
    return replacement_risk(relationship(history, as_of), as_of.fiscal_start_month, t)


RULE = Rule("replacement_risk", "1", ReplacementRisk, _judge)


def _known_growth(r: Relationship, managers_grow: bool, t: ReplacementRisk) -> bool:
    revenue = (*r.revenue_before, *r.revenue_now)
    if all(v is not None for v in revenue):
        before, now = sum(v or 0 for v in r.revenue_before), sum(v or 0 for v in r.revenue_now)
        if now > before * (1 + t.revenue_growth):
            return True
    return managers_grow and not _contacts_missing(r, t)


def _contacts_missing(r: Relationship, t: ReplacementRisk) -> list[tuple[str, str]]:
    missing = []
    if not r.contacts_before.engaged:  # nothing to grow from; nobody met in the last year only is a decline, not a gap
        missing.append(("no contact was in touch in the year before", "前年に接点のある担当者がいません"))
    for year, en, ja in ((r.contacts_before, "the year before", "前年"), (r.contacts_now, "the last year", "直近1年")):
        if year.engaged and year.unknown > t.most_unknown_seniority * year.engaged:
            missing.append(
                (
                    f"the seniority of {year.unknown} of {year.engaged} contacts of {en} is unknown",
                    f"{ja}の担当者{year.engaged}名中{year.unknown}名の役職が不明です",
                )
            )
    return missing


def _missing(r: Relationship, fiscal_start_month: int, t: ReplacementRisk) -> list[tuple[str, str]]:
    missing = _contacts_missing(r, t)
    revenue = (*r.revenue_before, *r.revenue_now)
    gaps = [quarter_label(r.first_quarter + i, fiscal_start_month) for i, v in enumerate(revenue) if v is None]
    if len(gaps) > 2:
        gaps = [f"{gaps[0]} … {gaps[-1]} ({len(gaps)} of {len(revenue)} quarters)"]
    if gaps:
        missing.append((f"no revenue is recorded for {', '.join(gaps)}", f"{'・'.join(gaps)}の売上が未登録です"))
    return missing


def _finding(
    r: Relationship, t: ReplacementRisk, missing: list[tuple[str, str]], sentence_en: str, sentence_ja: str
) -> Finding:
    window = {"from": r.window[0].isoformat(), "to": r.window[1].isoformat()}
    return Finding(
        status="insufficient_data" if missing else "finding",
        severity="info" if missing else "critical",
        sentence_en=sentence_en,
        sentence_ja=sentence_ja,
        evidence=Evidence(
            observed={
                "management_contacts": r.contacts_now.management,
                "engaged_contacts": r.contacts_now.engaged,
                "unknown_seniority": r.contacts_now.unknown,
                "revenue_by_quarter": list(r.revenue_now),
                "currency": r.currency,
                **({"missing": [en for en, _ in missing]} if missing else {}),
            },
            expected={
                "management_contacts_more_than": r.contacts_before.management,
                "revenue_by_quarter_the_year_before": list(r.revenue_before),
            },
            window=window,
            thresholds={**t.told(), "quarters": QUARTERS},
            query="touches_of_account",
            parameters=window,
        ),
    )
