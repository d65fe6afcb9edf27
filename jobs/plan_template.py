"""A plan file to start from: a commented template, with what the store knows of the account."""

from collections.abc import Sequence
from importlib.resources import files

from infra.plans import Candidate, PlannedAccount
from models.plan.words import Language
from models.plan.yaml_text import write_yaml

_NOTES = {
    "en": "Known contacts; keep those that matter.",
    "ja": "登録済みの連絡先。重要な方だけ残してください。",
}


def template(account_id: str, known: PlannedAccount, candidates: Sequence[Candidate], lang: Language) -> str:
    """The template of a customer or a partner. Lines beginning with `##` explain, with `#` they are examples."""
    kind = "partner" if known.kind == "partner" else "customer"
    text = (files("jobs") / "plan_templates" / f"{kind}.{lang}.yaml").read_text("utf-8")
    filled = text.replace("__ACCOUNT__", account_id).replace("__NAME__", " ".join(known.name.split()))
    return filled.replace("__STAKEHOLDERS__\n", _stakeholders(candidates, lang))


def _stakeholders(candidates: Sequence[Candidate], lang: Language) -> str:
    if not candidates:
        return ""
    told = {
        f"p{number}": {name: value for name, value in one._asdict().items() if value}
        for number, one in enumerate(candidates, 1)
    }
    return f"## {_NOTES[lang]}\n{write_yaml({'stakeholders': told})}\n"
