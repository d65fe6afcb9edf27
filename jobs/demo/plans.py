"""The account plans of the demo world: a customer's and a partner's, each stated once and changed once."""

from collections.abc import Iterator
from datetime import date, timedelta

from jobs.demo.cast import Company, Person
from jobs.demo.timeline import Timeline, at
from models.plan.changes import changes, facts_of
from models.plan.direction import Competitor, Position, Priority, Profile, Reason, Selection, Strategy, Vision
from models.plan.facts import OneItem, PlanFact
from models.plan.fold import About
from models.plan.money import Adoption, Product, Term, YearTarget
from models.plan.partner import ActivityGoal, JointGoal, NumberGoal, PartnerAction, PartnerReview
from models.plan.people import Stakeholder, Target, TeamMember
from models.plan.work import Action, Cadence, Request

# Days before the last day on which plans are stated, and changed.
STATED, CHANGED = 200, 60
_OWNER, _BACKUP = "小野寺 美緒", "橘 圭"


def plan_of(company: Company, people: list[Person], timeline: Timeline) -> Iterator[PlanFact]:
    """The facts of the account's plan; none where the demo world has no plan of it. Needs no chance."""
    match company.account_id:
        case "hoshikawa":
            first, second = _hoshikawa(people, timeline)
        case "watahashi":
            first, second = _watahashi(timeline)
        case _:
            return
    stated, changed = (at(timeline.days_ago(days), 10) for days in (STATED, CHANGED))
    yield from facts_of(company.account_id, changes({}, first, stated))
    yield from facts_of(company.account_id, changes(first, second, changed))


def _by_key(*items: OneItem, **keyed: OneItem) -> dict[About, OneItem]:
    told: dict[About, OneItem] = {(item.part, item.own_key): item for item in items if item.own_key is not None}
    return told | {(item.part, key): item for key, item in keyed.items()}


def _fiscal_year(day: date) -> int:
    return day.year if day.month >= 4 else day.year - 1


def _hoshikawa(people: list[Person], timeline: Timeline) -> tuple[dict[About, OneItem], dict[About, OneItem]]:
    stated, changed = timeline.days_ago(STATED), timeline.days_ago(CHANGED)
    year = _fiscal_year(stated)
    amounts = enumerate((400e6, 480e6, 560e6))
    # As the CRM has them: whoever is in touch since the beginning.
    first, second, *_ = [person for person in people if person.seniority == "management"]
    manager = Stakeholder(
        contact_key=f"mail:{first.email}",
        name=first.name,
        title=first.title,
        department=first.department,
        relationship="supporter",
        decision_role="evaluates",
        approval_step=1,
        owner=_OWNER,
    )
    other = manager.model_copy(
        update={
            "contact_key": f"mail:{second.email}",
            "name": second.name,
            "title": second.title,
            "department": second.department,
            "relationship": "neutral",
            "decision_role": "procures",
            "approval_step": 2,
        }
    )
    president = Stakeholder(
        title="代表取締役社長", relationship="needs_work", decision_role="decides", approval_step=3, owner=_OWNER
    )
    visit = Action(
        what="社長との面談を設定",
        owner=_OWNER,
        due=stated + timedelta(days=120),
        status="doing",
        stakeholder="president",
    )
    term = Term(
        fiscal_year=year,
        product="flow",
        currency="JPY",
        recurring=336e6,
        open_opportunities=20e6,
        needed=400e6,
        to_be_created=44e6,
    )
    before = _by_key(
        Profile(
            summary="制御装置の中堅メーカー。3 年にわたり売上は横ばい。",
            business="鉄道・電力向けの制御装置を製造・販売。",
            key_issues=("工場ごとにデータが分かれている", "保守要員の高齢化"),
        ),
        Selection(
            owner=_OWNER,
            selected_on=stated,
            rationale=(
                Reason(kind="growth", why="2 工場の新設を発表"),
                Reason(kind="fit", why="課題が当社の製品と一致"),
                Reason(kind="today_revenue", why="売上上位 5 社の 1 つ"),
            ),
        ),
        Vision(statement="全工場が同じデータで判断している。", by_year=year + 3),
        Target(function="it", seniority="management", wanted=3),
        Target(function="production", seniority="management", wanted=2),
        Target(function="management", seniority="executive", wanted=1),
        term,
        Cadence(kind="half_yearly_session", next_on=stated + timedelta(days=160), participants=(_OWNER, _BACKUP)),
        Cadence(kind="monthly", next_on=stated + timedelta(days=20), participants=(_OWNER,), held=(stated,)),
        manager=manager,
        buyer=other,
        president=president,
        plants=Strategy(statement="工場ごとに成果を示し、経営層へ広げる。", measure="Flow を使う工場", owner=_OWNER),
        uptime=Priority(name="ラインを止めない", importance=9, ours=6),
        price=Priority(name="総費用", importance=6, ours=5),
        kogane=Competitor(
            name="黄金システム",
            products="Kogane Plant",
            positions=(Position(priority="uptime", theirs=7), Position(priority="price", theirs=4)),
        ),
        flow=Product(
            product="Flow",
            currency="JPY",
            current_amount=336e6,
            targets=tuple(YearTarget(fiscal_year=year + n, amount=amount) for n, amount in amounts),
            adoption=(Adoption(on=timeline.start, what="本社工場で導入"),),
        ),
        lens=Product(product="Lens", currency="JPY", targets=(YearTarget(fiscal_year=year + 1, amount=60e6),)),
        owner=TeamMember(role="owner", person=_OWNER),
        backup=TeamMember(role="backup", person=_BACKUP, backs_up="owner"),
        support=TeamMember(role="customer_success", person="朝倉 結衣"),
        visit=visit,
        samples=Action(
            what="第 2 工場の試算を提出", owner="朝倉 結衣", due=stated + timedelta(days=45), product="flow"
        ),
        poc=Request(what="検証環境を 3 か月", to="製品チーム", due=stated + timedelta(days=30), status="doing"),
    )
    after = {
        **before,
        ("stakeholder", "buyer"): other.model_copy(update={"relationship": "needs_work"}),
        ("action", "samples"): Action(
            what="第 2 工場の試算を提出",
            owner="朝倉 結衣",
            due=stated + timedelta(days=45),
            status="done",
            done_on=stated + timedelta(days=40),
            product="flow",
        ),
        ("action", "managers"): Action(
            what="生産部門の管理職 2 名と面談",
            owner=_BACKUP,
            due=changed + timedelta(days=50),
            target="production.management",
        ),
        ("term", term.own_key): term.model_copy(update={"open_opportunities": 8e6, "to_be_created": 56e6}),
    }
    del after["product", "lens"]
    return before, after


def _watahashi(timeline: Timeline) -> tuple[dict[About, OneItem], dict[About, OneItem]]:
    stated, changed = timeline.days_ago(STATED), timeline.days_ago(CHANGED)
    visits = ActivityGoal(what="顧客への同行訪問", wanted=12, reached=0, due=stated + timedelta(days=180))
    before = _by_key(
        JointGoal(statement="中堅製造業 20 社に共同で導入する。", by=stated + timedelta(days=720)),
        PartnerReview(next_on=stated + timedelta(days=30), participants=(_BACKUP, "渡橋システム 営業部")),
        visits=visits,
        training=ActivityGoal(what="研修を終えた技術者", wanted=6, reached=2, due=stated + timedelta(days=120)),
        resold=NumberGoal(
            what="渡橋システム経由の売上", amount=30e6, currency="JPY", counts_from=stated + timedelta(days=365)
        ),
        deals=PartnerAction(what="商談の確認", rhythm="weekly", ours=_BACKUP, theirs="営業部"),
        seminar=PartnerAction(what="共催セミナーの準備", rhythm="monthly", ours=_BACKUP, theirs="技術部"),
    )
    after = {
        **before,
        ("activity_goal", "visits"): visits.model_copy(update={"reached": 1}),
        ("partner_review", "partner_review"): PartnerReview(
            next_on=changed + timedelta(days=14),
            participants=(_BACKUP, "渡橋システム 営業部"),
            held=(stated + timedelta(days=30),),
        ),
    }
    del after["partner_action", "seminar"]
    return before, after
