"""What a plan says of people: stakeholders at the account, how many of a kind we want to know, and our own team."""

from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator

from models.contact_keys import as_touches_have_it
from models.people.function_words import Function
from models.plan.item import WHOLE, Item, Needed, Reference, Text, says

Relationship = Literal["sponsor", "supporter", "neutral", "needs_work", "opponent", "unknown"]
DecisionRole = Literal["decides", "approves", "influences", "evaluates", "uses", "procures", "unknown"]
WantedSeniority = Literal["executive", "management", "staff"]
TeamRole = Literal[
    "owner", "sales", "customer_success", "inside_sales", "support", "backup", "executive_sponsor", "adviser"
]


class Stakeholder(Item):
    """A person at the account who matters to the plan, known to us or not.

    contact_key None: we have no address of hers yet. relationship needs_work: 要関係構築, opponent: エネミー.
    approval_step: her place on the approval route (稟議), from 1; None where she is not on it. owner: who on our side
    looks after her.
    """

    part: Literal["stakeholder"] = "stakeholder"
    contact_key: Annotated[
        str | None,
        says(
            "Contact: her address as mail:sato@example.co.jp, left out where we have none",
            "連絡先: mail:sato@example.co.jp の形。不明なら省略",
            pattern=r"^(mail|id):.+$",
            max_length=512,
        ),
    ] = None
    name: Annotated[Text, says("Name", "氏名")] = ""
    title: Annotated[Text, says("Title", "役職")] = ""
    department: Annotated[Text, says("Department", "部署")] = ""
    relationship: Annotated[
        Relationship,
        says(
            "Relationship: how she stands to us; needs_work: not built yet",
            "関係: 当社との関係。needs_work は要関係構築、opponent はエネミー",
        ),
    ] = "unknown"
    decision_role: Annotated[
        DecisionRole, says("Role: her part in decisions", "意思決定での役割: 決裁、承認、影響、評価、利用、調達")
    ] = "unknown"
    approval_step: Annotated[
        Annotated[int, Field(ge=1, le=50), WHOLE] | None,
        says("Approval step: place on the approval route, from 1", "稟議の順番: 1 から"),
    ] = None
    owner: Annotated[Text, says("Owner: who on our side looks after her", "担当: 当社の担当者")] = ""

    @field_validator("contact_key")
    @classmethod
    def _normalise(cls, value: str | None, info: ValidationInfo) -> str | None:
        return None if value is None else as_touches_have_it(value, info)


class Target(Item):
    """How many people of a function and seniority we want to be in touch with."""

    part: Literal["target"] = "target"
    function: Annotated[Function, says("Function: what they work on", "職能: 何を担当する人か")]
    seniority: Annotated[WantedSeniority, says("Seniority", "職位: 役員、管理職、担当")]
    wanted: Annotated[
        Annotated[int, Field(ge=0, le=10_000), WHOLE],
        says("Wanted: people we want to be in touch with", "必要接点: 接点を持ちたい人数"),
    ]

    @property
    def own_key(self) -> str:
        return f"{self.function}.{self.seniority}"


class TeamMember(Item):
    """Somebody on our side who works on the account. backs_up: the key of the member whose back-up she is."""

    part: Literal["team"] = "team"
    role: Annotated[
        TeamRole, says("Role", "役割: 責任者、営業、カスタマーサクセス、インサイドセールス、サポート、バックアップ等")
    ]
    person: Annotated[Needed, says("Person: her name", "氏名: 当社の担当者名")]
    backs_up: Annotated[
        Reference | None, says("Backs up: key of the member she stands in for", "代行先: 代わりを務める相手のキー")
    ] = None
