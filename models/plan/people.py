"""What a plan says of people at the account: stakeholders, and how many of a kind we want to know."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from models.people.function_words import Function

Relationship = Literal["sponsor", "supporter", "neutral", "needs_work", "opponent", "unknown"]
DecisionRole = Literal["decides", "approves", "influences", "evaluates", "uses", "procures", "unknown"]
WantedSeniority = Literal["executive", "management", "staff"]

Text = Annotated[str, Field(max_length=256)]


class Item(BaseModel):
    """One thing that a plan says; `part` tells of what kind it is."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    @property
    def own_key(self) -> str | None:
        """The key that it must have, where what it says is its key; None where the plan gives it one."""
        return None


class Stakeholder(Item):
    """A person at the account who matters to the plan, known to us or not.

    contact_key None: we have no address of hers yet. relationship needs_work: 要関係構築, opponent: エネミー.
    approval_step: her place on the approval route (稟議), from 1; None where she is not on it. owner: who on our side
    looks after her.
    """

    part: Literal["stakeholder"] = "stakeholder"
    contact_key: Annotated[str, Field(pattern=r"^(mail|id):.+$", max_length=512)] | None = None
    name: Text = ""
    title: Text = ""
    department: Text = ""
    relationship: Relationship = "unknown"
    decision_role: DecisionRole = "unknown"
    approval_step: Annotated[int, Field(ge=1, le=50)] | None = None
    owner: Text = ""

    @field_validator("contact_key")
    @classmethod
    def _as_touches_have_it(cls, value: str | None) -> str | None:
        return value.lower() if value is not None and value.startswith("mail:") else value


class Target(Item):
    """How many people of a function and seniority we want to be in touch with."""

    part: Literal["target"] = "target"
    function: Function
    seniority: WantedSeniority
    wanted: Annotated[int, Field(ge=0, le=10_000)]

    @property
    def own_key(self) -> str:
        return f"{self.function}.{self.seniority}"
