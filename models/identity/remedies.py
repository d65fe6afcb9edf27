"""What to state so that a contact who counts for no account counts for one."""

import json
import shlex
from typing import Any, Literal, NamedTuple

from models.domains import domain_error
from models.identity.explain import Explanation

Purpose = Literal["contact", "visitor", "domain", "name", "match"]
# Stands for what only the user knows.
ACCOUNT, ADDRESS, NAME = "ACCOUNT", "ADDRESS", "NAME"


class Remedy(NamedTuple):
    """A fact that would bind, but for what only the user knows. Without recorded_at: it is stated now."""

    purpose: Purpose
    fact: dict[str, Any]

    @property
    def command(self) -> str:
        """How to state it, for a shell."""
        return f"echo {shlex.quote(json.dumps(self.fact, ensure_ascii=False))} | setten import facts -"


def remedies(explanation: Explanation) -> tuple[Remedy, ...]:
    """The narrowest first. None where an account is bound, nor for our own people."""
    if explanation.account_id or explanation.bound_by == "own":
        return ()
    found = []
    key = explanation.known_as
    if key.startswith(("mail:", "id:")):
        told: dict[str, Any] = {"type": "contact_declared", "contact_key": key, "account_id": ACCOUNT}
        # Where memberships are declared, one without a first day would change the days before them only.
        found.append(Remedy("contact", told | ({"since": str(explanation.day)} if explanation.memberships else {})))
    if key and not key.startswith("mail:"):
        visitor = {"type": "visitor_identified", "visitor_key": key, "contact_key": f"mail:{ADDRESS}"}
        found.append(Remedy("visitor", visitor))
    for step in explanation.steps:
        if step.verdict == "unknown_domain":
            domain = next((name for name in reversed(step.passed) if domain_error(name) is None), None)
            if domain:
                found.append(Remedy("domain", _account(NAME, domain)))
        elif step.verdict == "unknown_name" and step.passed[0].strip():
            found.append(Remedy("name", _account(step.passed[0])))
        elif step.verdict in ("ambiguous_name", "rejected_name"):
            # One more account of that name would not help.
            told = {"type": "organization_matched", "organization": step.name or step.passed[0], "account_id": ACCOUNT}
            found.append(Remedy("match", told))
    return tuple(one for at, one in enumerate(found) if one not in found[:at])


def _account(name: str, *domains: str) -> dict[str, Any]:
    return {"type": "account_declared", "account_id": ACCOUNT, "name": name, "domains": list(domains)}
