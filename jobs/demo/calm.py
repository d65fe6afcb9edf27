"""Stories that must raise no alert, however much some of them look like trouble."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from jobs.demo.cast import Company, Person
from jobs.demo.script import NEW_DOMAIN, Growth, Pace, Script, Story
from jobs.demo.timeline import Timeline


def steady_pace(company: Company, timeline: Timeline) -> Pace:
    low, high, interactions = (3, 4, 3) if company.tier == "strategic" else (2, 3, 1)
    return Pace(timeline.start, low, high, interactions=interactions)


def _calm(company: Company, timeline: Timeline, name: str, en: str, ja: str) -> Script:
    """No alert: the usual pace, revenue that grows well beyond the threshold."""
    story = Story(company.account_id, name, en, ja)
    return Script(story, (steady_pace(company, timeline),), Growth(0.12))


def _steady(company: Company, timeline: Timeline) -> Script:
    return _calm(
        company,
        timeline,
        "steady",
        "In touch every week. New Year, Golden Week or Obon make a gap, but no alert.",
        "毎週接点がある。年末年始、大型連休、お盆に間は空くが、アラートは出ない。",
    )


def _growing(company: Company, timeline: Timeline) -> Script:
    start = timeline.start
    calm = _calm(
        company,
        timeline,
        "growing",
        "More people, more days in touch and more revenue each year: no alert.",
        "関わる人数、接点のある日数、売上のすべてが年々増えている。アラートは出ない。",
    )
    paces = (
        Pace(start, 2, 3),
        Pace(timeline.quarter(8), 3, 4),
        Pace(timeline.quarter(5), 4, 4, interactions=3),
        Pace(timeline.quarter(2), 4, 5, interactions=3),
    )

    def join_over_time(people: list[Person]) -> list[Person]:
        # A third is there from the start; the rest comes evenly over the first 30 months.
        step = 900 / len(people)
        return [
            person if number % 3 == 0 else replace(person, since=start + timedelta(days=int(number * step)))
            for number, person in enumerate(people)
        ]

    return replace(calm, paces=paces, growth=Growth(0.18), arrange=join_over_time)


def _growing_contacts(company: Company, timeline: Timeline) -> Script:
    calm = _calm(
        company,
        timeline,
        "growing_contacts",
        "Revenue is flat, but every half-year one more manager comes into contact: the footing widens, no alert.",
        "売上は横ばいだが、半年ごとに新しい管理職との接点が生まれている。関係は広がっており、アラートは出ない。",
    )
    arrivals = [timeline.start] * 2 + [timeline.quarter(back) for back in (11, 9, 7, 5, 3, 1)]

    def join_in_turn(people: list[Person]) -> list[Person]:
        managers = [replace(p, since=since, weight=1.5) for p, since in zip(people, arrivals, strict=False)]
        return managers + people[len(arrivals) :]

    return replace(calm, growth=Growth(0.0), arrange=join_in_turn)


def _champion_leaves(company: Company, timeline: Timeline) -> Script:
    leaving = timeline.days_ago(75)
    calm = _calm(
        company,
        timeline,
        "champion_leaves",
        f"The executive behind half of all contact is gone from {leaving}; the others go on. Neither rule sees it.",
        f"接点の半分を担っていた役員が{leaving}から姿を消した。ほかの人とは続いているため、どちらのルールにもかからない。",
    )

    def champion_first(people: list[Person]) -> list[Person]:
        return [replace(people[0], weight=len(people) - 1.0, until=leaving), *people[1:]]

    return replace(calm, arrange=champion_first)


def _single_threaded(company: Company, timeline: Timeline) -> Script:
    calm = _calm(
        company,
        timeline,
        "single_threaded",
        "Everything runs through one person; the others never answer. Fragile, but neither quiet nor flat: no alert.",
        "すべてのやり取りが1人に集中し、ほかの人からは返事がない。脆い状態だが、静かでも横ばいでもないためアラートは出ない。",
    )

    def only_the_first_manager(people: list[Person]) -> list[Person]:
        return [p if number == company.executives else replace(p, weight=0.0) for number, p in enumerate(people)]

    return replace(calm, arrange=only_the_first_manager, visitors=0.0)


def _revenue_unknown(company: Company, timeline: Timeline) -> Script:
    return _calm(
        company,
        timeline,
        "revenue_unknown",
        "Strategic and in touch, but no revenue is recorded: insufficient data, which is not flat. No alert.",
        "戦略顧客で接点もあるが、売上が記録されていない。データ不足であり、横ばいではない。アラートは出ない。",
    )


def _seniority_unknown(company: Company, timeline: Timeline) -> Script:
    calm = _calm(
        company,
        timeline,
        "seniority_unknown",
        "Revenue is flat, but most contacts have no known rank: insufficient data to speak of management. No alert.",
        "売上は横ばいだが、接点の大半は役職が不明。管理職との関係を判断するにはデータ不足で、アラートは出ない。",
    )

    def only_managers_declared(people: list[Person]) -> list[Person]:
        return [replace(p, declared=p.seniority == "management") for p in people]

    return replace(calm, growth=Growth(0.0), arrange=only_managers_declared)


def _renamed(company: Company, timeline: Timeline) -> Script:
    on = timeline.days_ago(150)
    calm = _calm(
        company,
        timeline,
        "renamed",
        f"On {on} it becomes レイメックス (Reimex) and everybody gets a new address: the same account, no alert.",
        f"{on}にレイメックスへ社名変更し、全員のメールアドレスが変わった。同じアカウントとして続き、アラートは出ない。",
    )

    def new_addresses(people: list[Person]) -> list[Person]:
        local = [person.email.partition("@")[0] for person in people]
        moved = [replace(p, email=f"{name}@{NEW_DOMAIN}", since=on) for p, name in zip(people, local, strict=True)]
        return [replace(person, until=on) for person in people] + moved

    return replace(calm, arrange=new_addresses, renamed_on=on)


def _surge(company: Company, timeline: Timeline) -> Script:
    since = timeline.days_ago(40)
    calm = _calm(
        company,
        timeline,
        "surge",
        f"From {since} every working day and with people never seen before: a surge, no alert.",
        f"{since}から毎営業日に動きがあり、新しい人も次々に現れた。急な盛り上がりで、アラートは出ない。",
    )

    def half_are_new(people: list[Person]) -> list[Person]:
        return [p if number % 2 else replace(p, since=since) for number, p in enumerate(people)]

    paces = (*calm.paces, Pace(since, 5, 5, interactions=6))
    return replace(calm, paces=paces, arrange=half_are_new)


def _cooling(company: Company, timeline: Timeline) -> Script:
    since = timeline.days_ago(120)
    calm = _calm(
        company,
        timeline,
        "cooling",
        f"From {since} three days in touch a week instead of four: cooler, far from quiet, no alert.",
        f"{since}から、週4日あった接点が3日になった。やや下がったが静かというほどではなく、アラートは出ない。",
    )
    return replace(calm, paces=(Pace(timeline.start, 4, 4), Pace(since, 3, 3)))


def _too_new(company: Company, timeline: Timeline) -> Script:
    first, since = timeline.days_ago(130), timeline.days_ago(45)
    calm = _calm(
        company,
        timeline,
        "too_new",
        f"First seen on {first}, silent since {since}: too short a history to call a habit, no alert.",
        f"{first}に初めて接点があり、{since}以降は途絶えた。習慣と呼ぶには履歴が短く、アラートは出ない。",
    )
    return replace(calm, paces=(Pace(first, 3, 3), Pace(since, 0, 0)))


def _too_little(company: Company, timeline: Timeline) -> Script:
    calm = _calm(
        company,
        timeline,
        "too_little",
        "One contact every six weeks: a month without one says nothing, no alert.",
        "接点は6週間に1度ほど。1か月途絶えても何も言えないため、アラートは出ない。",
    )
    return replace(calm, paces=(Pace(timeline.start, 1, 1, every_weeks=6, interactions=1),))


def _strategic_partner(company: Company, timeline: Timeline) -> Script:
    return _calm(
        company,
        timeline,
        "strategic_partner",
        "A strategic partner buys nothing, so revenue cannot be flat: replacement risk is for customers. No alert.",
        "戦略パートナーで取引売上はない。リプレイスの危険は顧客だけが対象のため、アラートは出ない。",
    )


CALM: dict[str, Callable[[Company, Timeline], Script]] = {
    "steady": _steady,
    "growing": _growing,
    "growing_contacts": _growing_contacts,
    "champion_leaves": _champion_leaves,
    "single_threaded": _single_threaded,
    "revenue_unknown": _revenue_unknown,
    "seniority_unknown": _seniority_unknown,
    "renamed": _renamed,
    "surge": _surge,
    "cooling": _cooling,
    "too_new": _too_new,
    "too_little": _too_little,
    "strategic_partner": _strategic_partner,
}
