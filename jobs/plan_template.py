"""A plan file to start from: a commented template, with what the store knows of the account."""

from collections.abc import Sequence
from importlib.resources import files

from pydantic import ValidationError

from infra.plans import Candidate, PlannedAccount
from models.free_text import is_control
from models.plan.document import plain
from models.plan.people import Stakeholder
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
    # An id may read as a number or as null: what writes YAML knows when to put it in quotes.
    filled = text.replace("account: __ACCOUNT__", write_yaml({"account": account_id}).rstrip())
    filled = filled.replace("__NAME__", _on_one_line(known.name))
    return filled.replace("__STAKEHOLDERS__\n", _stakeholders(candidates, lang))


def _stakeholders(candidates: Sequence[Candidate], lang: Language) -> str:
    found = [one for one in map(_stakeholder, candidates) if one is not None]
    if not found:
        return ""
    told = {f"p{number}": plain(one) for number, one in enumerate(found, 1)}
    return f"## {_NOTES[lang]}\n{write_yaml({'stakeholders': told})}\n"


def _stakeholder(candidate: Candidate) -> Stakeholder | None:
    """A contact without what a plan may not say, like an address in a title; None where her key is no such key."""
    told = {name: _on_one_line(value) for name, value in candidate._asdict().items() if value}
    try:
        return Stakeholder.model_validate(told)
    except ValidationError as error:
        wrong = {one["loc"][0] for one in error.errors(include_url=False)}
    if "contact_key" in wrong:
        return None
    return Stakeholder.model_validate({name: value for name, value in told.items() if name not in wrong})


def _on_one_line(text: str) -> str:
    return " ".join("".join(" " if is_control(char) else char for char in text).split())
