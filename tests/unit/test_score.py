"""The score, its profile and the stages: what they promise, in examples."""

from datetime import date, timedelta

import pytest

from infra.score_profile import default_text, load_profile
from infra.settings import Settings, SettingsError
from models.score.ledger import LedgerRow, contribution, contributions, engaged, score
from models.score.profile import ProfileError, ScoreProfile, read_profile
from models.score.stages import DayChange, transitions

DAY = date(2026, 6, 1)
SMALL = """\
name = "small"
half_life_days = 10
people_days = 20
keep_days = 5
mql = "hot"
[points]
"web.page_viewed" = { points = 1, cap = 3 }
"meeting.held" = { points = 20 }
"event.*" = { points = 4 }
"event.no_show" = { points = 0 }
[seniority]
executive = 2
management = 1.5
staff = 1
unknown = 0.5
[[stages]]
name = "warm"
ja = "温"
score = 4
leave_below = 2
[[stages]]
name = "hot"
ja = "熱"
score = 40
leave_below = 30
people = 2
managers = 1
"""


def profile(text: str = SMALL) -> ScoreProfile:
    found = read_profile(text)
    assert isinstance(found, ScoreProfile), found
    return found


def row(what: str, day: date = DAY, who: str = "mail:hana@aozora.example", touches: int = 1, **more: str) -> LedgerRow:
    kind, action = what.split(".")
    told = {"direction": "mutual" if kind == "meeting" else "inbound", "seniority": "staff"} | more
    return LedgerRow(day, who, kind, action, told["direction"], touches, told["seniority"])


# --- the ledger ---------------------------------------------------------------------------------------------------


def test_a_touch_of_staff_is_worth_its_points_on_its_own_day() -> None:
    assert score(profile(), [row("meeting.held")], DAY) == 20


def test_of_many_touches_of_one_action_and_day_only_the_cap_counts() -> None:
    assert score(profile(), [row("web.page_viewed", touches=50)], DAY) == 3


@pytest.mark.parametrize(("seniority", "points"), [("executive", 40), ("management", 30), ("unknown", 10), ("", 10)])
def test_seniority_weighs_points_and_what_is_not_known_is_not_staff(seniority: str, points: float) -> None:
    assert score(profile(), [row("meeting.held", seniority=seniority)], DAY) == points


def test_an_action_counts_by_its_own_line_before_that_of_its_kind() -> None:
    assert score(profile(), [row("event.attended")], DAY) == 4
    assert score(profile(), [row("event.no_show")], DAY) == 0
    assert score(profile(), [row("email.received")], DAY) == 0


@pytest.mark.parametrize(
    "no_engagement",
    [
        row("meeting.held", direction="outbound"),
        row("meeting.held", direction="internal"),
        row("meeting.held", who="anon:cookie"),
        row("meeting.held", who="host:proxy.aozora.example"),
        row("meeting.held", touches=0),
        row("meeting.held", day=DAY + timedelta(days=1)),
        row("meeting.held", day=DAY - timedelta(days=101)),
    ],
)
def test_what_we_did_what_machines_did_the_future_and_ten_half_lives_ago_do_not_count(no_engagement: LedgerRow) -> None:
    assert contribution(profile(), no_engagement, DAY) == 0


def test_after_a_half_life_half_is_left() -> None:
    assert score(profile(), [row("meeting.held")], DAY + timedelta(days=10)) == 10


def test_the_ledger_by_contact_and_action_adds_up_to_the_score() -> None:
    rows = [
        row("meeting.held", DAY - timedelta(days=3)),
        row("meeting.held"),
        row("web.page_viewed", touches=5, who="id:site:1", seniority="executive"),
    ]
    told = contributions(profile(), rows, DAY)
    assert [(one.contact_key, one.action, one.days, one.touches, one.counted) for one in told] == [
        ("mail:hana@aozora.example", "meeting.held", 2, 2, 2),
        ("id:site:1", "web.page_viewed", 1, 5, 3),
    ]
    assert sum(one.points for one in told) == pytest.approx(score(profile(), rows, DAY))


def test_whoever_engaged_within_people_days_is_engaged() -> None:
    rows = [
        row("web.page_viewed", DAY - timedelta(days=19), seniority="executive"),
        row("web.page_viewed", DAY - timedelta(days=20), who="mail:bob@aozora.example"),
        row("event.no_show", who="mail:eva@aozora.example"),
    ]
    found = engaged(profile(), rows, DAY)
    assert (found.people, found.managers) == (1, 1)


# --- stages -------------------------------------------------------------------------------------------------------


def day(number: int, points: float = 0.0, people: int = 0, managers: int = 0) -> DayChange:
    return DayChange(DAY + timedelta(days=number), points, people, managers, 1)


def steps(changes: list[DayChange], days: int = 200) -> list[tuple[int, str, str]]:
    found = transitions(profile(), changes, DAY + timedelta(days=days))
    return [((one.day - DAY).days, one.from_stage, one.to_stage) for one in found]


def test_an_account_falls_only_below_the_lower_bound() -> None:
    # 5 points are under 4 after four days, and under 2 after fourteen; but its entry is reached once more.
    assert steps([day(0, 5, 1), day(4, 1)], 6) == [(0, "unaware", "warm")]


def test_a_stage_whose_entry_is_not_reached_is_kept_for_keep_days() -> None:
    # 4 or more until day 3: kept until day 8, though the score is above 2 until day 13.
    assert steps([day(0, 5, 1)]) == [(0, "unaware", "warm"), (9, "warm", "unaware")]


def test_a_fall_in_one_day_below_the_lower_bound_is_not_kept() -> None:
    changes = [day(0, 45, 2, 1)]
    # Below 40 from day 2, below 30 from day 6 on.
    assert steps(changes)[:2] == [(0, "unaware", "hot"), (6, "hot", "warm")]


def test_points_without_enough_people_or_managers_do_not_qualify() -> None:
    assert steps([day(0, 90, 2, 0)], 1) == [(0, "unaware", "warm")]
    assert steps([day(0, 90, 1, 1)], 1) == [(0, "unaware", "warm")]
    assert steps([day(0, 90, 1, 1), day(1, 0, 1)], 1) == [(0, "unaware", "warm"), (1, "warm", "hot")]


def test_a_transition_says_its_numbers_and_names_nobody() -> None:
    up, *_ = transitions(profile(), [day(0, 45, 2, 1)], DAY)
    assert (up.score, up.people, up.managers, up.qualified) == (45, 2, 1, True)
    assert up.why_en == "score 45.0 ≥ 40, people 2 ≥ 2, managers 1 ≥ 1"
    assert up.why_ja == "スコア 45.0 ≥ 40、人数 2 ≥ 2、管理職 1 ≥ 1"
    falls = transitions(profile(), [day(0, 45, 2, 1)], DAY + timedelta(days=60))[1:]
    assert [one.why_en for one in falls] == ["score 29.7 < 30", "entry to warm not reached for 5 days"]
    assert [one.qualified for one in falls] == [False, False]


def test_a_silence_of_years_costs_no_stage_and_ends_none_twice() -> None:
    assert steps([day(0, 5, 1), day(3000, 5, 0)], 3001) == [
        (0, "unaware", "warm"),
        (9, "warm", "unaware"),
        (3000, "unaware", "warm"),
    ]


# --- the profile --------------------------------------------------------------------------------------------------


def test_the_shipped_profile_is_read_and_its_version_does_not_change_by_comments() -> None:
    shipped = profile(default_text())
    assert shipped.version.startswith("default-")
    assert profile(default_text() + "# more\n").version == shipped.version
    changed = default_text().replace("points = 25", "points = 26")
    assert profile(changed).version != shipped.version


def told_wrong(old: str, new: str) -> list[ProfileError]:
    assert old in SMALL
    found = read_profile(SMALL.replace(old, new))
    assert isinstance(found, list), "should be refused"
    return found


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("half_life_days = 10", "half_life_days = 0", 2, "half_life_days: 0: "),
        ("people_days = 20", "people_days = 101", 3, "people_days: 101: at most 10 half-lives, 100"),
        ('mql = "hot"', 'mql = "mqa"', 5, "mql: 'mqa': no such stage: use one of warm, hot"),
        ('"event.*"', '"events.*"', 9, "not an action: write kind.action"),
        ("points = 20", "points = -20", 8, "points.meeting.held.points: -20: "),
        ("cap = 3", "cap = 0", 7, "points.web.page_viewed.cap: 0: "),
        ("unknown = 0.5", "nobody = 1", 11, "seniority.unknown: missing: add it"),
        ("unknown = 0.5", "nobody = 1", 15, "seniority.nobody: no such key"),
        ("leave_below = 30", "leave_below = 41", 25, "stages[2].leave_below: 41: at most its score, 40"),
        ("score = 40", "score = 4", 24, "stages[2].score: 4: more than the 4 of the stage before it"),
        ('name = "hot"', 'name = "warm"', 22, "stages[2].name: 'warm': there is one already"),
        ('name = "warm"', 'name = "unaware"', 17, "stages[1].name: 'unaware': there is one already"),
        ("keep_days = 5", "keep_days =", 4, "docs/score.md"),
        ("points = 20", "points = true", 8, "points.meeting.held.points: True: Input should be a valid number"),
        ("cap = 3", "cap = true", 7, "points.web.page_viewed.cap: True: Input should be a valid integer"),
        ("points = 20", "points = nan", 8, "points.meeting.held.points: nan: "),
    ],
)
def test_an_error_in_a_profile_names_line_key_value_and_remedy(old: str, new: str, line: int, said: str) -> None:
    assert any(said in str(one) and one.line == line for one in told_wrong(old, new)), told_wrong(old, new)


def test_a_profile_nested_5000_deep_is_an_error_like_others() -> None:
    [found] = told_wrong('name = "small"', "name = " + "[" * 5000 + "]" * 5000)
    assert str(found) == "1: TOML: nested too deeply: see docs/score.md for an example"


def test_all_errors_of_a_profile_are_told_together() -> None:
    wrong = (
        SMALL.replace("cap = 3", "cap = 0").replace("staff = 1", "staff = -1").replace("score = 4\n", "score = 'x'\n")
    )
    found = read_profile(wrong)
    assert isinstance(found, list)
    assert [one.line for one in found] == [7, 14, 19]


def test_a_profile_of_ones_own_is_read_from_the_file_that_the_settings_name(tmp_path: object) -> None:
    file = str(tmp_path) + "/own.toml"
    with open(file, "w", encoding="utf-8") as opened:
        opened.write(SMALL)
    assert load_profile(Settings(score_profile=file)).name == "small"
    with open(file, "w", encoding="utf-8") as opened:
        opened.write(SMALL.replace("cap = 3", "cap = 0"))
    with pytest.raises(SettingsError, match=r"own\.toml:7: points\.web\.page_viewed\.cap: 0: "):
        load_profile(Settings(score_profile=file))
