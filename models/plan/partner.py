"""What the plan of a partner account says: a joint goal, activity goals first and numbers later, actions, a review."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from models.plan.direction import MOST
from models.plan.item import WHOLE, Amount, Day, Item, Needed, Prose, Text, says
from models.plan.work import Status, only_done_has_a_day
from models.statements import Currency

_Count = Annotated[int, Field(ge=0, le=1_000_000), WHOLE]
Rhythm = Literal["monthly", "weekly"]


class JointGoal(Item):
    """What both companies want to reach together."""

    part: Literal["joint_goal"] = "joint_goal"
    statement: Annotated[Prose, says("Joint goal", "共同目標", min_length=1)]
    by: Annotated[Day | None, says("By: day", "期日")] = None

    @property
    def own_key(self) -> str:
        return self.part


class ActivityGoal(Item):
    """What both do, counted before any revenue can be: joint visits, trained engineers. reached None: not counted."""

    part: Literal["activity_goal"] = "activity_goal"
    what: Annotated[Needed, says("Activity: what is done and counted", "活動目標: 行い、数えること")]
    wanted: Annotated[_Count, says("Wanted: how many", "目標数")]
    reached: Annotated[_Count | None, says("Reached: so far", "実績: これまで")] = None
    due: Annotated[Day | None, says("Due: last day", "期限")] = None


class NumberGoal(Item):
    """What is to come in. counts_from: the first day on which it counts; before, activities do."""

    part: Literal["number_goal"] = "number_goal"
    what: Annotated[Needed, says("Number: what is measured", "数値目標: 測るもの")]
    amount: Annotated[Amount, says("Amount", "金額")]
    currency: Annotated[Currency, says("Currency: ISO 4217", "通貨: ISO 4217")]
    counts_from: Annotated[
        Day, says("Counts from: first day; activities count before", "開始日: それまでは活動目標で見る")
    ]
    due: Annotated[Day | None, says("Due: last day", "期限")] = None


class PartnerAction(Item):
    """Something that both or one of them do every month or week. ours: who on our side, theirs: who on the other."""

    part: Literal["partner_action"] = "partner_action"
    what: Annotated[Needed, says("Action", "アクション")]
    rhythm: Annotated[Rhythm, says("Rhythm", "頻度: 月次、週次")]
    ours: Annotated[Text, says("Ours: who on our side", "当社担当")] = ""
    theirs: Annotated[Text, says("Theirs: who at the partner", "パートナー担当")] = ""
    due: Annotated[Day | None, says("Due: last day", "期限")] = None
    status: Annotated[Status, says("Status", "状態: 未着手、実施中、完了、取りやめ")] = "open"
    done_on: Annotated[Day | None, says("Done on", "完了日")] = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        only_done_has_a_day(self.status, self.done_on)
        return self


class PartnerReview(Item):
    """The review that both hold of what they do together."""

    part: Literal["partner_review"] = "partner_review"
    next_on: Annotated[Day | None, says("Next: day", "次回")] = None
    participants: Annotated[tuple[Text, ...], says("Participants", "参加者", max_length=MOST)] = ()
    held: Annotated[tuple[Day, ...], says("Held: days on which it was", "実施日", max_length=1000)] = ()

    @property
    def own_key(self) -> str:
        return self.part
