"""The rule book: whose thresholds hold, what is wrong with a file, and which days are business days."""

from datetime import date, timedelta

import pytest

from infra.rule_book import business_calendar, default_rules, read_rule_book
from infra.settings import SettingsError
from models.assessment import RULES
from models.business_days import BusinessCalendar
from models.rules.book import RuleBook, read_rules


def book(text: str) -> RuleBook:
    found = read_rules(text, RULES)
    assert isinstance(found, RuleBook), found
    return found


def test_an_account_changes_what_its_tier_changed_and_the_rest_stands() -> None:
    told = book(
        "[gone_quiet]\nratio = 0.2\nleast_habit_days = 3.0\n[tier.strategic.gone_quiet]\nratio = 0.5\nenabled = false\n"
        "[account.kita.gone_quiet]\nratio = 0.9\n"
    )

    def of(tier: str, account: str) -> tuple[float, float, bool]:
        t = told.thresholds("gone_quiet", tier, account)
        return t.told()["ratio"], t.told()["least_habit_days"], t.enabled

    assert of("target", "aozora") == (0.2, 3.0, True)
    assert of("strategic", "aozora") == (0.5, 3.0, False)
    assert of("strategic", "kita") == (0.9, 3.0, False)
    assert of("target", "kita") == (0.9, 3.0, True)


def test_the_version_changes_with_a_number_and_not_with_a_comment() -> None:
    one, same, other = (
        book(f"[gone_quiet]\n{text}").version for text in ("ratio = 0.2", "# less\nratio = 0.2", "ratio = 0.3")
    )
    assert one == same != other


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[gone_quite]\n", "1: gone_quite: no such rule: use one of"),
        ("[gone_quiet]\nration = 0.2\n", "2: gone_quiet.ration: no such key: use one of"),
        ("[gone_quiet]\nratio = 2\n", "2: gone_quiet.ratio: 2: "),
        ("[gone_quiet]\nenabled = 1\n", "2: gone_quiet.enabled: 1: "),
        ("[gone_quiet]\nratio = nan\n", "2: gone_quiet.ratio: nan: "),
        ("[gone_quiet]\nleast_habit_days = nan\n", "2: gone_quiet.least_habit_days: nan: "),
        ("gone_quiet = 3\n", "1: gone_quiet: 3: is a table"),
        ("[tier.strategic]\ngone_quiet = 3\n", "2: tier.strategic.gone_quiet: 3: is a table"),
        ("tier = 3\n", "1: tier: 3: is a table"),
        ("[account]\nkita = 3\n", "2: account.kita: 3: is a table"),
        ("name = 3\n", "1: name: 3: is a text"),
        ('[calendar]\nclosed = ["13-40"]\n', "2: calendar.closed.0: '13-40': no day of a year: 13-40"),
        ('[calendar]\nclosed = ["New Year"]\n', "2: calendar.closed.0: 'New Year': "),
        ('[calendar]\nholidays = ["Japan"]\n', "2: calendar.holidays.0: 'Japan': "),
        ('[calendar]\nholidays = ["XX"]\n', "no holidays are known of XX"),
        ("[gone_quiet\n", "TOML"),
    ],
)
def test_a_mistake_is_told_with_its_line_its_value_and_a_remedy(text: str, says: str) -> None:
    with pytest.raises(SettingsError) as told:
        read_rule_book(text, "rules.toml")
    assert f"rules.toml:{says}" in str(told.value) or says in str(told.value)


def test_all_mistakes_are_told_at_once() -> None:
    found = read_rules("[gone_quiet]\nratio = 2\nwhat = 1\n[nothing]\n", RULES)
    assert isinstance(found, list)
    assert [one.line for one in found] == [2, 3, 4]


def test_the_shipped_book_knows_japanese_holidays_and_the_turn_of_the_year() -> None:
    calendar = business_calendar(read_rule_book(default_rules(), "the shipped one"))
    closed = ["2026-05-04", "2026-09-22", "2025-12-29", "2026-01-02", "2026-11-28"]
    assert [calendar.is_open(date.fromisoformat(day).toordinal()) for day in closed] == [False] * len(closed)
    assert calendar.is_open(date(2026, 1, 5).toordinal())
    assert calendar.between(date(2026, 4, 27).toordinal(), date(2026, 5, 10).toordinal()) == 6  # 黄金週間


def test_business_days_are_those_that_a_walk_from_day_to_day_counts() -> None:
    closed = {date(2026, 5, day).toordinal() for day in (3, 4, 5, 6)}
    calendar = BusinessCalendar(closed)
    start = date(2026, 4, 20)
    days = [start + timedelta(days=n) for n in range(40)]
    open_days = [day for day in days if day.weekday() < 5 and day.toordinal() not in closed]
    for first in days[::3]:
        for last in days:
            wanted = sum(first <= day <= last for day in open_days)
            assert calendar.between(first.toordinal(), last.toordinal()) == wanted
    for count in (1, 2, 5, 14):
        first = calendar.before(days[-1].toordinal(), count)
        assert calendar.between(first, days[-1].toordinal()) == count
        assert calendar.is_open(first)
