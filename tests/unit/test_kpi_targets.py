"""Targets of KPIs: what they are about, and how a command states them."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError
from typer.testing import CliRunner

from jobs.cli import app
from jobs.kpi_output import attained
from models.directory import Directory
from models.facts import stored_fact
from models.kpi_targets import KpiTargetSet, groups_of
from models.kpis import KPIS, KpiRow
from models.novelty import news_of, what_holds
from models.periods import Period

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def target(**told: Any) -> KpiTargetSet:
    days = {"first": "2026-04-01", "last": "2026-06-30"}
    return KpiTargetSet.model_validate({"recorded_at": NOW, "kpi": "meetings", "value": 40, **days, **told})


def test_a_target_replaces_the_one_for_the_same_and_no_other() -> None:
    known, later = what_holds([target()]), NOW + timedelta(days=1)
    assert news_of(target(recorded_at=later), Directory(), known) == "unchanged"
    assert news_of(target(value=50), Directory(), known) == "changed"
    assert news_of(target(value=None), Directory(), known) == "changed"
    for other in ({"kpi": "nps"}, {"of": {"account": "kita"}}, {"last": "2026-07-31"}):
        assert news_of(target(**other), Directory(), known) == "new"


def test_a_target_is_the_same_in_whatever_order_its_groups_are_told() -> None:
    one = target(of={"segment": "strategic customer", "account": "kita"})
    assert one.fact_id == target(of={"account": "kita", "segment": "strategic customer"}).fact_id


@pytest.mark.parametrize(
    "told",
    [
        {"value": float("nan")},
        {"value": "much"},
        {"first": "2026-07-01"},
        {"last": "0026-06-30"},
        {"of": {"colour": "red"}},
        {"of": {"account": ""}},
        {"kpi": "engagement_rate", "value": 0.4, "of": {"campaign": "hana@aozora.example"}},
        {"kpi": "engagement_rate", "value": 0.4, "of": {"campaign": "hana＠aozora.example"}},
        {"kpi": "engagement_rate", "value": 0.4, "of": {"campaign": "\x1b[31mred"}},
        {"kpi": "fame"},
        {"kpi": "revenue_won"},
        {"currency": "yen"},
        {"kpi": ""},
    ],
    ids=str,
)
def test_a_target_that_cannot_be_is_refused(told: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        target(**told)


@pytest.mark.parametrize(
    ("kpi", "value", "wanted", "part"),
    [
        ("meetings", 30, 40, 0.75),
        ("meetings", 0, 40, 0),
        ("meetings", None, 40, None),
        ("meetings", 3, 0, None),
        ("meetings", 3, None, None),
        ("sales_cycle", 90, 60, None),
        ("response_time", 3, 4, None),
    ],
)
def test_the_part_that_is_attained_is_unknown_where_nobody_can_say(
    kpi: str, value: float | None, wanted: float | None, part: float | None
) -> None:
    days = date(2026, 4, 1), date(2026, 6, 30)
    period = Period("FY2026 Q1", *days, (date(2026, 1, 1), date(2026, 3, 31)), True, days[1])
    measure = KPIS[kpi].measures[0]
    assert attained(measure, KpiRow(None, period, "", {measure.key: value}, {}, wanted)) == part


def test_what_was_stated_of_a_kpi_that_is_no_more_stays_readable() -> None:
    told = target().model_dump_json().replace('"meetings"', '"fame"')
    assert stored_fact(told).type == "kpi_target_set"


@pytest.mark.parametrize(
    ("of", "by", "accounts", "rows"),
    [
        ({}, (), (), [None]),
        ({}, ("account",), (), [None]),
        ({}, (), ("kita",), []),
        ({"account": "kita"}, (), ("kita", "kita"), [None]),
        ({"account": "kita"}, ("account",), (), [("kita",)]),
        ({"account": "kita"}, ("account",), ("kita",), [("kita",), None]),
        ({"account": "kita"}, ("account",), ("minami",), []),
        ({"account": "kita"}, (), ("kita", "minami"), []),
        ({"account": "kita", "product": "Alpha"}, ("product", "account"), (), [("Alpha", "kita")]),
        ({"product": "Alpha"}, ("account",), (), []),
    ],
)
def test_a_target_belongs_to_the_rows_that_it_was_set_for(
    of: dict[str, str], by: tuple[str, ...], accounts: tuple[str, ...], rows: list[tuple[str, ...] | None]
) -> None:
    assert groups_of(of, by, accounts) == rows


@pytest.mark.parametrize(
    ("arguments", "remedy"),
    [
        ("set meeting 3 --period FY2026", "setten kpi list"),
        ("set meetings 3 --period 2026", "use 2026-04"),
        ("set meetings 3 --period 2026-06-30/2026-04-01", "give the earlier day first"),
        ("set meetings 3 --period FY2026 --of kita", "write DIMENSION=VALUE"),
        ("set meetings 3 --period FY2026 --of product=Alpha", "use account, group, segment"),
        ("set meetings 3 --period FY2026 --of account=kita --of account=minami", "told twice"),
        ("set --period FY2026 meetings -- -3", "0 or more"),
        ("set engagement_rate 40 --period FY2026", "40 % is 0.4"),
        ("set engagement_rate 0.4 --period FY2026 --of channel=fax", "use web, email, event, meeting"),
        ("set new_contacts 4 --period FY2026 --of seniority=boss", "use executive, management, staff, unknown"),
        ("set meetings 3 --period 1960-04", "--period '1960-04': year 1960 is out of range"),
        ("set meetings 3 --period FY2026 --currency JPY", "leave out currency"),
        ("set revenue_won 3 --period FY2026", "--currency JPY"),
        ("set revenue_won 3 --period FY2026 --currency yen", "--currency 'yen'"),
        ("set nps nan --period FY2026", "VALUE nan"),
    ],
)
def test_who_sets_a_target_wrongly_is_told_how(arguments: str, remedy: str) -> None:
    done = CliRunner().invoke(app, ["target", *arguments.split()])
    assert done.exit_code == 2, done.output
    assert remedy in done.output
