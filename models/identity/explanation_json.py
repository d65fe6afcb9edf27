"""An explanation for machines: plain values, every name in it stable."""

from collections.abc import Callable
from typing import Any

from models.facts import AnyFact
from models.identity.explain import Explanation
from models.identity.remedies import remedies

StatedBy = Callable[[AnyFact], list[dict[str, Any]]]


def as_json(told: Explanation, stated_by: StatedBy = lambda _: []) -> dict[str, Any]:
    """stated_by: which bodies state a fact; none where an import or the topic `facts` did."""

    def fact_json(fact: AnyFact) -> dict[str, Any]:
        body = fact.model_dump(mode="json")
        return {"fact_id": fact.fact_id.hex, **body, "stated_by": stated_by(fact)}

    return {
        "contact_key": told.contact_key,
        "evidence": told.affiliation,
        "on": told.day.isoformat(),
        "account_id": told.account_id,
        "account_name": told.account_name,
        "bound_by": told.bound_by,
        "known_as": told.known_as,
        "other_keys": list(told.other_keys),
        "looked_at": [
            {
                "about": step.about,
                "evidence": step.evidence,
                "verdict": step.verdict,
                "name": step.name,
                "passed": list(step.passed),
                "declared_by": step.declared_by,
                "account_id": step.account_id,
                "merged_since": step.merged_since.isoformat() if step.merged_since else None,
                "decides": step is told.steps[-1],
            }
            for step in told.steps
        ],
        "memberships": [
            {
                "first": span.first.isoformat() if span.first else None,
                "last": span.last.isoformat() if span.last else None,
                "account_id": span.account_id,
                "declared_for": span.declared_for,
                "holds": span.holds_on(told.day),
                "fact_id": span.fact.fact_id.hex,
            }
            for span in told.memberships
        ],
        "facts": [fact_json(fact) for fact in told.facts],
        "remedies": [{"purpose": one.purpose, "fact": one.fact, "command": one.command} for one in remedies(told)],
    }
