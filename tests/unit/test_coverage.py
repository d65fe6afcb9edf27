"""Contact coverage: statuses, the matrix, the plan beside the people, the single thread, and quarters."""

from datetime import date, timedelta

import pytest

from models.coverage.account import Seen, covered
from models.coverage.depth import OwnPerson, own_side, single_thread
from models.coverage.history import Status, Touched, histories
from models.coverage.management import InTouch, quarters
from models.coverage.matrix import Cell, Counts, matrix, totals
from models.coverage.people import Contact, Planned, people
from models.periods import latest

DAY = date(2026, 6, 10)
HANA = Contact("mail:hana@aozora.example", "佐藤 花", "経理部長", "", "management", "finance")
KEY = "mail:hana@aozora.example"


def ago(days: int) -> date:
    return DAY - timedelta(days=days)


def told(direction: str, *days: int, key: str = KEY, kind: str = "email") -> Touched:
    return Touched(key, kind, direction, [ago(one) for one in days])  # type: ignore[arg-type]


def person(seniority: str = "staff", function: str = "it", key: str = KEY) -> Contact:
    return Contact(key, "", "", "", seniority, function)


def planned(contact_key: str | None, title: str = "", stakeholder: str = "s1") -> Planned:
    return Planned(stakeholder, contact_key, "鈴木", title, "", "needs_work", "decides", 2, "ono")


@pytest.mark.parametrize(
    ("touched", "status"),
    [
        ([], "never"),
        ([told("outbound", 3, 400)], "outbound_only"),
        ([told("inbound", 3)], "one_way"),
        ([told("inbound", 89)], "one_way"),
        ([told("inbound", 90)], "lapsed"),
        ([told("mutual", 90)], "lapsed"),
        ([told("mutual", 89)], "two_way"),
        ([told("inbound", 3), told("outbound", 33)], "two_way"),
        ([told("inbound", 3), told("outbound", 34)], "one_way"),
        ([told("outbound", 3), told("inbound", 33)], "two_way"),
        ([told("outbound", 3), told("inbound", 34)], "one_way"),
        ([told("inbound", 1), told("outbound", 1)], "two_way"),
        ([told("inbound", 1, 95), told("outbound", 96)], "one_way"),  # what was two-way is over
        ([told("inbound", -1)], "never"),  # tomorrow
    ],
)
def test_a_contact_has_the_status_that_her_days_say(touched: list[Touched], status: Status) -> None:
    [one] = people([HANA], histories(touched, DAY), [], DAY)
    assert one.status == status


@pytest.mark.parametrize(
    ("touched", "last"),
    [
        ([told("inbound", 3)], None),
        ([told("inbound", 3), told("outbound", 5)], 3),
        ([told("inbound", 20, 2), told("outbound", 40)], 20),
        ([told("inbound", 60, 2), told("outbound", 50)], 50),
        ([told("inbound", 60), told("outbound", 50), told("mutual", 400)], 50),
        ([told("inbound", 60), told("mutual", 7)], 7),
    ],
)
def test_the_last_two_way_touch_is_a_meeting_or_an_answer_within_30_days(
    touched: list[Touched], last: int | None
) -> None:
    [one] = people([HANA], histories(touched, DAY), [], DAY)
    assert one.last_two_way == (None if last is None else ago(last))


def test_depth_is_of_the_last_90_days_and_counts_each_day_once() -> None:
    touched = [told("inbound", 1, 2, 200), told("mutual", 2, kind="meeting"), told("inbound", 100, kind="web")]
    touched.append(told("outbound", 5, kind="event"))
    [one] = people([HANA], histories(touched, DAY), [], DAY)
    assert (one.engaged_days, one.channels, one.last_engaged) == (2, ("email", "meeting"), ago(1))


def test_whom_the_plan_names_and_nobody_knows_is_listed_as_missing_with_what_her_title_says() -> None:
    found = people(
        [HANA], {}, [planned(None, "代表取締役社長", "a"), planned("mail:x@y.example", "", "b"), planned(KEY)], DAY
    )
    assert [(one.contact.seniority, one.contact.function, one.status) for one in found] == [
        ("executive", "management", "missing"),
        ("management", "finance", "never"),
        ("unknown", "unknown", "missing"),
    ]
    assert [one.planned and one.planned.stakeholder for one in found] == ["a", "s1", "b"]
    assert found[1].planned is not None
    assert found[1].planned.approval_step == 2


def test_a_cell_lacks_what_is_wanted_and_not_engaged_and_never_less_than_nobody() -> None:
    contacts = [person("staff", "it", f"mail:{n}@a.example") for n in range(3)] + [
        person("executive", "sales", "mail:e")
    ]
    engaged = {"mail:0@a.example", "mail:1@a.example"}
    wanted = {("it", "staff"): 1, ("sales", "executive"): 2, ("finance", "management"): 1}
    cells = matrix(contacts, engaged, wanted)
    assert cells == [
        Cell("finance", "management", Counts(0, 0, 0, 1, 1)),
        Cell("it", "staff", Counts(3, 2, 0, 1, 0)),
        Cell("sales", "executive", Counts(1, 0, 0, 2, 2)),
    ]
    # Two engaged where one was wanted make up for nobody who is missing elsewhere.
    assert totals(cells, touches_known=True) == Counts(4, 2, 0, 4, 3)


def test_without_a_plan_what_is_wanted_and_missing_is_unknown_and_not_zero() -> None:
    cells = matrix([person(), person("unknown", "unknown", "mail:x")], {KEY}, {})
    assert cells == [
        Cell("it", "staff", Counts(1, 1, 0, None, None)),
        Cell("unknown", "unknown", Counts(1, 0, 0, None, None)),
    ]
    assert totals(cells, touches_known=True) == Counts(2, 1, 0, None, None)
    assert totals([], touches_known=True) == Counts(0, 0, 0, None, None)


def test_before_the_store_knows_of_any_touch_nobody_can_tell_who_was_engaged() -> None:
    wanted = {("finance", "management"): 2}
    for known_since in (None, DAY + timedelta(days=1)):
        found = covered("a", "A", Seen([HANA], [], wanted, [], [], known_since), DAY)
        assert found.counts == Counts(1, None, None, 2, None)
        assert [one.status for one in found.people] == ["unknown"]
        assert found.single_thread.contact_days is None
    assert covered("a", "A", Seen([HANA], [], wanted, [], [], DAY), DAY).counts == Counts(1, 0, 0, 2, 2)


def test_only_who_is_at_the_account_counts_as_engaged_and_who_is_gone_is_counted_apart() -> None:
    touched = [told("inbound", 1), told("inbound", 2, key="mail:left@aozora.example")]
    found = covered("a", "A", Seen([HANA], touched, {}, [], [], ago(500)), DAY)
    assert (found.counts, found.gone) == (Counts(1, 1, 1, None, None), 1)
    assert found.single_thread.contact_days == 1


def test_the_strongest_contact_and_how_many_carry_80_percent() -> None:
    touched = [told("inbound", *range(6), key="mail:a"), told("mutual", 0, 1, key="mail:b")]
    touched += [
        told("inbound", 179, key="mail:c"),
        told("inbound", 179, 180, key="mail:d"),
        told("outbound", 1, key="e"),
    ]
    found = single_thread({"mail:a", "mail:b", "mail:c", "mail:d"}, histories(touched, DAY), DAY)
    assert (found.contact_days, found.strongest, found.share, found.people_for_most) == (10, "mail:a", 0.6, 2)
    nobody = single_thread({"e"}, histories(touched, DAY), DAY)
    assert (nobody.contact_days, nobody.strongest, nobody.share, nobody.people_for_most) == (0, None, None, None)


def test_our_breadth_is_unknown_where_no_signal_names_us_and_recent_where_it_is() -> None:
    assert (own_side([]).people, own_side([]).people_recent) == (None, None)
    ours = [
        OwnPerson("mail:a@ours.example", "", "", "sales", 4, 0, ago(200)),
        OwnPerson("mail:b@ours.example", "", "", "support", 4, 2, ago(2)),
    ]
    found = own_side(ours)
    assert (found.people, found.people_recent, found.functions) == (2, 1, ("support",))


def test_a_quarter_that_runs_has_no_revenue_yet_and_one_before_all_touches_no_contacts() -> None:
    asked = latest("quarter", DAY, 3, 4)
    found = quarters(asked, {1: InTouch(1, 2, 3, 4)}, (5.0, 6.0, 7.0), "JPY", asked[1].last)
    assert [(one.complete, one.in_touch, one.revenue) for one in found] == [
        (True, None, 5.0),
        (True, InTouch(1, 2, 3, 4), 6.0),
        (False, InTouch(0, 0, 0, 0), None),
    ]
    assert found[-1].last == DAY
