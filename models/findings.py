"""What a rule says of one account as of a date."""

from dataclasses import dataclass, field
from typing import Any, Literal

Severity = Literal["critical", "warning", "info"]
Status = Literal["finding", "insufficient_data"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """Why: what was seen, what was to be expected, over which window, by which thresholds, and how to see it oneself.

    query names a file of `infra/sql/queries`; parameters are what to bind in it beside account_id. contacts: keys of
    the people it is about, the most telling first; empty where it is about all.
    """

    observed: dict[str, Any]
    expected: dict[str, Any]
    window: dict[str, str]
    thresholds: dict[str, Any]
    query: str
    parameters: dict[str, str] = field(default_factory=dict)
    contacts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """A finding of an account, or that the rule cannot judge for want of data. No verdict means all is well."""

    account_id: str
    rule: str
    rule_version: str
    status: Status
    severity: Severity
    sentence_en: str
    sentence_ja: str
    evidence: Evidence
