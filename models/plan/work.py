"""Who does what by when: actions, requests to our own company, and the reviews that keep the plan alive."""

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import model_validator

from models.plan.direction import MOST
from models.plan.item import Day, Item, Needed, Reference, Text, says

Status = Literal["open", "doing", "done", "dropped"]
CadenceKind = Literal["half_yearly_session", "quarterly", "monthly", "fortnightly", "weekly"]
_STATUS = says("Status", "状態: 未着手、実施中、完了、取りやめ")


def only_done_has_a_day(status: Status, done_on: date | None) -> None:
    """Raises ValueError for a day of completion of what is not done."""
    if done_on is not None and status != "done":
        raise ValueError(f"done_on {done_on} of what is {status}: set status to done, or leave done_on out")


class Action(Item):
    """Something that somebody on our side does. due: its last day. done_on None: not done, or nobody knows when."""

    part: Literal["action"] = "action"
    what: Annotated[Needed, says("Action", "アクション")]
    owner: Annotated[Text, says("Owner", "担当")] = ""
    due: Annotated[Day | None, says("Due: last day", "期限")] = None
    status: Annotated[Status, _STATUS] = "open"
    done_on: Annotated[Day | None, says("Done on", "完了日")] = None
    stakeholder: Annotated[Reference | None, says("Stakeholder: key", "ステークホルダー: キー")] = None
    product: Annotated[Reference | None, says("Product: key", "製品: キー")] = None
    target: Annotated[
        Reference | None, says("Target: as function.seniority, it.management", "必要接点: it.management の形")
    ] = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        only_done_has_a_day(self.status, self.done_on)
        return self


class Request(Item):
    """Something that the account team asks of its own company."""

    part: Literal["request"] = "request"
    what: Annotated[Needed, says("Request", "社内への要望")]
    to: Annotated[Text, says("To: whom it is asked of", "依頼先")] = ""
    due: Annotated[Day | None, says("Due: last day", "期限")] = None
    status: Annotated[Status, _STATUS] = "open"


class Cadence(Item):
    """A review that comes again: when next, with whom, when it was held."""

    part: Literal["cadence"] = "cadence"
    kind: Annotated[CadenceKind, says("Kind", "種類: 半期セッション、四半期・月次・隔週・週次レビュー")]
    next_on: Annotated[Day | None, says("Next: day", "次回")] = None
    participants: Annotated[tuple[Text, ...], says("Participants", "参加者", max_length=MOST)] = ()
    held: Annotated[tuple[Day, ...], says("Held: days on which it was", "実施日", max_length=1000)] = ()

    @property
    def own_key(self) -> str:
        return self.kind
