"""The planted stories: what each account does, relative to the last day, and which alerts must follow."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

from jobs.demo.calm import CALM, steady_pace
from jobs.demo.cast import Company, Person
from jobs.demo.script import ExpectedAlert, Growth, Pace, Script, Story
from jobs.demo.timeline import Timeline

WINDOW_DAYS = 30
WEEK_DAYS = 7


def script_of(company: Company, timeline: Timeline) -> Script:
    """The company's story, with its dates. Raises KeyError for a story nobody wrote."""
    return (_RISKS | CALM)[company.story](company, timeline)


def _quiet(since: date, resolved_by: date | None = None) -> tuple[ExpectedAlert, ...]:
    """The alert of an account out of touch since a date: due when a whole window is empty, at the next weekly look."""
    return (ExpectedAlert("gone_quiet", since, since + timedelta(days=WINDOW_DAYS + WEEK_DAYS - 2), resolved_by),)


def _replacement(since: date) -> tuple[ExpectedAlert, ...]:
    """Due when the quarter is over, at the next weekly look; a day earlier if its last day counts as its end."""
    return (ExpectedAlert("replacement_risk", since - timedelta(days=1), since + timedelta(days=WEEK_DAYS - 1)),)


def _replacement_risk(company: Company, timeline: Timeline) -> Script:
    since = timeline.quarter(1)
    story = Story(
        company.account_id,
        "replacement_risk",
        "In touch every week with ever more staff, but the same two managers and flat revenue for two years: "
        f"replacement risk from {since}, never quiet.",
        f"担当者との接点は毎週あり人数も増えているが、管理職は同じ2名のまま、売上も2年間横ばい。{since}から"
        "リプレイスの危険あり。静かになったわけではない。",
        _replacement(since),
    )
    arrivals = [timeline.quarter(back) for back in range(6, 0, -1)]

    def staff_join(people: list[Person]) -> list[Person]:
        settled = len(people) - len(arrivals)
        return people[:settled] + [
            replace(person, since=joined) for person, joined in zip(people[settled:], arrivals, strict=True)
        ]

    growth = Growth(0.0, jump_on=timeline.quarter(9), before_jump=0.7)
    return Script(story, (steady_pace(company, timeline),), growth, arrange=staff_join)


def _replacement_risk_thinning(company: Company, timeline: Timeline) -> Script:
    since, leaving = timeline.quarter(2), timeline.quarter(4)
    story = Story(
        company.account_id,
        "replacement_risk_thinning",
        f"Two of four managers left by {leaving} and revenue shrinks slowly: replacement risk from {since}.",
        f"管理職4名のうち2名が{leaving}までに離れ、売上もゆるやかに減少。{since}からリプレイスの危険あり。",
        _replacement(since),
    )

    def two_leave(people: list[Person]) -> list[Person]:
        return [replace(p, until=leaving) if number < 2 else p for number, p in enumerate(people)]

    growth = Growth(-0.02, jump_on=timeline.quarter(10), before_jump=0.55)
    return Script(story, (steady_pace(company, timeline),), growth, arrange=two_leave)


def _going_quiet(company: Company, timeline: Timeline) -> Script:
    since = timeline.days_ago(50)
    story = Story(
        company.account_id,
        "going_quiet",
        f"Since {since} nobody there answers, visits or attends; our mails go on. Revenue still grows.",
        f"{since}以降、返信も訪問も参加もない。こちらからのメールは続いている。売上はまだ伸びている。",
        _quiet(since),
    )
    return Script(story, (steady_pace(company, timeline), Pace(since, 0, 0)), Growth(0.1))


def _thinning_out(company: Company, timeline: Timeline) -> Script:
    since = timeline.days_ago(75)
    trickle = since + timedelta(days=33)
    story = Story(
        company.account_id,
        "thinning_out",
        f"Silent from {since}, and from {trickle} one contact every three weeks instead of two or three a week: "
        "a trickle does not close the alert.",
        f"{since}から途絶え、{trickle}以降も、週2〜3日あった接点は3週間に1度だけ。わずかな接点ではアラートは解消しない。",
        _quiet(since),
    )
    paces = (steady_pace(company, timeline), Pace(since, 0, 0), Pace(trickle, 1, 1, every_weeks=3))
    return Script(story, paces, Growth(0.08))


def _quiet_and_back(company: Company, timeline: Timeline) -> Script:
    since, back = timeline.days_ago(240), timeline.days_ago(150)
    story = Story(
        company.account_id,
        "quiet_and_back",
        f"Silent from {since} to {back}, then busier than before: the alert opens and is resolved.",
        f"{since}から{back}まで接点が途絶え、その後は以前より活発になった。アラートは発生し、解消する。",
        _quiet(since, back + timedelta(days=WINDOW_DAYS + WEEK_DAYS - 1)),
    )
    paces = (steady_pace(company, timeline), Pace(since, 0, 0), Pace(back, 4, 5, interactions=3))
    return Script(story, paces, Growth(0.14))


def _dormant_partner(company: Company, timeline: Timeline) -> Script:
    since = timeline.days_ago(215)
    story = Story(
        company.account_id,
        "dormant_partner",
        f"A partner that was active every week and has not been in touch since {since}: gone quiet, still open.",
        f"毎週動きのあったパートナーだが、{since}以降は接点がない。アラートは開いたまま。",
        _quiet(since),
    )
    return Script(story, (steady_pace(company, timeline), Pace(since, 0, 0)), Growth(0.0))


def _crawler_noise(company: Company, timeline: Timeline) -> Script:
    since = timeline.days_ago(85)
    story = Story(
        company.account_id,
        "crawler_noise",
        f"The people stop on {since}; crawlers from the company's hosts go on. Machines are not contact: gone quiet.",
        f"人の動きは{since}に止まり、同社のホストからのクローラーだけが続く。機械は接点ではないため、アラートが出る。",
        _quiet(since),
    )
    paces = (steady_pace(company, timeline), Pace(since, 0, 0))
    return Script(story, paces, Growth(0.1), crawlers_from=timeline.days_ago(400))


_RISKS: dict[str, Callable[[Company, Timeline], Script]] = {
    "replacement_risk": _replacement_risk,
    "replacement_risk_thinning": _replacement_risk_thinning,
    "going_quiet": _going_quiet,
    "thinning_out": _thinning_out,
    "quiet_and_back": _quiet_and_back,
    "dormant_partner": _dormant_partner,
    "crawler_noise": _crawler_noise,
}
