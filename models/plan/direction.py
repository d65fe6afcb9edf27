"""Where a plan wants to go: who the account is, why it was chosen, strategies, vision, priorities, competitors."""

from typing import Annotated, Literal

from models.plan.item import Day, FiscalYear, Item, Needed, Points, Prose, Reference, Text, Told, says

ReasonKind = Literal["growth", "fit", "strategic_value", "relationship", "reference", "today_revenue", "size", "tenure"]
# What an account is today says nothing of what it can become; alone they are no reason to choose it.
WEAK_REASONS: frozenset[ReasonKind] = frozenset({"today_revenue", "size", "tenure"})
MOST = 100


class Profile(Item):
    """Who the account is, for somebody who opens the plan for the first time."""

    part: Literal["profile"] = "profile"
    summary: Annotated[Prose, says("Summary: the account in a few sentences", "概要: 数行での要約")] = ""
    business: Annotated[Prose, says("Business: what it sells, to whom", "事業内容: 何を誰に売る会社か")] = ""
    key_issues: Annotated[
        tuple[Text, ...], says("Key issues: what it has to solve", "重要課題: 顧客が解くべき課題", max_length=MOST)
    ] = ()

    @property
    def own_key(self) -> str:
        return self.part


class Reason(Told):
    """Why the account was chosen."""

    kind: Annotated[
        ReasonKind,
        says(
            "Kind: today_revenue, size and tenure alone are no reason",
            "種類: 現在の売上、規模、取引年数だけでは理由にならない",
        ),
    ]
    why: Annotated[Prose, says("Why", "理由", min_length=1)]


class Selection(Item):
    """Why the account is a strategic one, and who answers for it."""

    part: Literal["selection"] = "selection"
    owner: Annotated[Needed, says("Owner: who answers for the account", "責任者: アカウントの責任者")]
    selected_on: Annotated[Day | None, says("Selected on", "選定日")] = None
    rationale: Annotated[
        tuple[Reason, ...], says("Rationale: the reasons it was chosen for", "選定理由", max_length=MOST)
    ] = ()

    @property
    def own_key(self) -> str:
        return self.part


class Strategy(Item):
    """A way that we go with the account. measure: by what we see that it works."""

    part: Literal["strategy"] = "strategy"
    statement: Annotated[Prose, says("Strategy", "戦略", min_length=1)]
    measure: Annotated[Text, says("Measure: by what we see that it works", "指標: 何で進み具合を見るか")] = ""
    owner: Annotated[Text, says("Owner", "担当")] = ""


class Vision(Item):
    """What we and the account want to have become."""

    part: Literal["vision"] = "vision"
    statement: Annotated[Prose, says("Vision", "ビジョン", min_length=1)]
    by_year: Annotated[FiscalYear | None, says("By: fiscal year", "目標年度")] = None

    @property
    def own_key(self) -> str:
        return self.part


class Priority(Item):
    """Something that matters to the customer. importance, ours: 0 to 10; None: not judged yet, which is not 0."""

    part: Literal["priority"] = "priority"
    name: Annotated[Needed, says("Priority: what matters to the customer", "顧客の優先事項")]
    importance: Annotated[
        Points | None, says("Importance: to the customer, 0 to 10", "重要度: 顧客にとって、0〜10")
    ] = None
    ours: Annotated[Points | None, says("Ours: how well we do, 0 to 10", "当社の評価: 0〜10")] = None


class Position(Told):
    """How well a competitor does on a priority of the customer."""

    priority: Annotated[Reference, says("Priority: its key", "優先事項: キー")]
    theirs: Annotated[Points, says("Theirs: how well they do, 0 to 10", "競合の評価: 0〜10")]


class Competitor(Item):
    """Who else sells to the account. With the priorities: the value quadrant."""

    part: Literal["competitor"] = "competitor"
    name: Annotated[Needed, says("Competitor", "競合")]
    products: Annotated[Text, says("Products: what they sell there", "製品: 採用されている製品")] = ""
    note: Annotated[Prose, says("Note", "メモ")] = ""
    positions: Annotated[
        tuple[Position, ...], says("Positions: on the customer's priorities", "評価: 優先事項ごと", max_length=MOST)
    ] = ()
