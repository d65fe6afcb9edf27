"""replacement_risk: at a strategic customer neither management contacts nor revenue grow.

Formula and limits: docs/rules/replacement_risk.md.
"""

from dataclasses import dataclass
from datetime import date

from models.days import quarter_label
from models.findings import Evidence, Verdict

RULE = "replacement_risk"
VERSION = "1"
QUARTERS = 4
REVENUE_GROWTH = 0.03
MOST_UNKNOWN_SENIORITY = 0.5


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


def replacement_risk(account_id: str, relationship: Relationship, fiscal_start_month: int = 4) -> Verdict | None:
    """Find a strategic account at which neither the circle of managers we meet nor its revenue grows.

    Either growing: no finding. Revenue or seniority unknown: the verdict is insufficient_data, never a finding, because
    missing is not zero. Growth means more distinct managers than the year before, or revenue up by more than
    REVENUE_GROWTH.
    """
    r = relationship
    missing = _missing(r, fiscal_start_month)
    managers_grow = r.contacts_now.management > r.contacts_before.management
    if not missing:
        before, now = (sum(v or 0.0 for v in quarters) for quarters in (r.revenue_before, r.revenue_now))
        if managers_grow or now > before * (1 + REVENUE_GROWTH):
            return None
        change = f"{now / before - 1:+.1%}" if before else "±0"
        return _verdict(
            account_id,
            r,
            missing,
            f"Replacement risk: managers met {r.contacts_before.management} → {r.contacts_now.management}, "
            f"revenue {change} on the year before.",
            f"リプレイスリスク: マネジメント接点 {r.contacts_before.management}名 → {r.contacts_now.management}名、"
            f"売上は前年比{change}。",
        )
    # Growing revenue clears the account whatever we know of people, and growing management whatever we know of revenue.
    if _known_growth(r, managers_grow):
        return None
    return _verdict(
        account_id,
        r,
        missing,
        f"Insufficient data: {'; '.join(en for en, _ in missing)}.",
        f"データ不足: {'、'.join(ja for _, ja in missing)}。",
    )


def _known_growth(r: Relationship, managers_grow: bool) -> bool:
    revenue = (*r.revenue_before, *r.revenue_now)
    if all(v is not None for v in revenue):
        before, now = sum(v or 0 for v in r.revenue_before), sum(v or 0 for v in r.revenue_now)
        if now > before * (1 + REVENUE_GROWTH):
            return True
    return managers_grow and not _contacts_missing(r)


def _contacts_missing(r: Relationship) -> list[tuple[str, str]]:
    missing = []
    if not r.contacts_before.engaged:  # nothing to grow from; nobody met in the last year only is a decline, not a gap
        missing.append(("no contact was in touch in the year before", "前年に接点のある担当者がいません"))
    for year, en, ja in ((r.contacts_before, "the year before", "前年"), (r.contacts_now, "the last year", "直近1年")):
        if year.engaged and year.unknown > MOST_UNKNOWN_SENIORITY * year.engaged:
            missing.append(
                (
                    f"the seniority of {year.unknown} of {year.engaged} contacts of {en} is unknown",
                    f"{ja}の担当者{year.engaged}名中{year.unknown}名の役職が不明です",
                )
            )
    return missing


def _missing(r: Relationship, fiscal_start_month: int) -> list[tuple[str, str]]:
    missing = _contacts_missing(r)
    revenue = (*r.revenue_before, *r.revenue_now)
    gaps = [quarter_label(r.first_quarter + i, fiscal_start_month) for i, v in enumerate(revenue) if v is None]
    if len(gaps) > 2:
        gaps = [f"{gaps[0]} … {gaps[-1]} ({len(gaps)} of {len(revenue)} quarters)"]
    if gaps:
        missing.append((f"no revenue is recorded for {', '.join(gaps)}", f"{'・'.join(gaps)}の売上が未登録です"))
    return missing


def _verdict(
    account_id: str, r: Relationship, missing: list[tuple[str, str]], sentence_en: str, sentence_ja: str
) -> Verdict:
    return Verdict(
        account_id=account_id,
        rule=RULE,
        rule_version=VERSION,
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
            window={"from": r.window[0].isoformat(), "to": r.window[1].isoformat()},
            thresholds={
                "quarters": QUARTERS,
                "revenue_growth": REVENUE_GROWTH,
                "most_unknown_seniority": MOST_UNKNOWN_SENIORITY,
            },
            query="touches_of_account",
            parameters={"account_id": account_id, "from": r.window[0].isoformat(), "to": r.window[1].isoformat()},
        ),
    )
