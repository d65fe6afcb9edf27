"""Win rate, cycle length and revenue of the Maven CRM against a plain pandas computation from its CSV file."""

from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from infra.kpis import Question, ask_kpi
from models.kpis import KPIS, KpiRow
from models.periods import periods
from tests.stack import Stack

TODAY = date(2100, 1, 1)  # whenever this runs, the import is known by then
QUARTERS = periods("quarter", date(2016, 10, 1), date(2017, 12, 31), TODAY, 4)


@pytest.fixture(scope="module")
def sold(real_data: Path, stack: Stack) -> pd.DataFrame:
    """The closed opportunities of the file, once they are imported."""
    folder = real_data / "crm" / "maven"
    if not (folder / "sales_pipeline.csv").is_file():
        pytest.skip("the Maven CRM files are not there: crm/maven in the real data beside the project")
    answer = stack.json("import", "crm", folder, "--preset", "maven")
    assert answer["unaccounted"] == 0
    frame = pd.read_csv(folder / "sales_pipeline.csv", parse_dates=["engage_date", "close_date"])
    frame = frame[frame["deal_stage"].isin(["Won", "Lost"])].copy()
    frame["account"] = frame["account"].fillna("")
    # Fiscal quarters that begin in April are those of the calendar.
    frame["quarter"] = frame["close_date"].dt.to_period("Q").dt.start_time.dt.date
    frame["days"] = (frame["close_date"] - frame["engage_date"]).dt.days
    return frame


@pytest.fixture(scope="module")
def names(stack: Stack) -> dict[str, str]:
    rows = stack.clickhouse.query_text("SELECT account_id, name FROM accounts FINAL").to_pylist()
    return {"": "", **{row["account_id"]: row["name"] for row in rows}}


def ask(stack: Stack, names: dict[str, str], name: str) -> dict[tuple[str, str, date], KpiRow]:
    by = ("account", "product")
    rows = ask_kpi(stack.clickhouse, stack.settings.zone, Question(KPIS[name], QUARTERS, TODAY, by))
    return {(names[r.group[0]], r.group[1], r.period.first): r for r in rows if r.group is not None}


KEYS = ["account", "product", "quarter"]


def test_the_win_rate_is_that_of_pandas(stack: Stack, sold: pd.DataFrame, names: dict[str, str]) -> None:
    expected = sold.assign(won=sold["deal_stage"] == "Won").groupby(KEYS)["won"].mean().to_dict()
    found = {key: row.values["rate"] for key, row in ask(stack, names, "win_rate").items()}
    assert {key: rate for key, rate in found.items() if rate is not None} == pytest.approx(expected)
    assert len(expected) > 1500


def test_the_cycle_length_is_that_of_pandas(stack: Stack, sold: pd.DataFrame, names: dict[str, str]) -> None:
    days = sold[sold["deal_stage"] == "Won"].groupby(KEYS)["days"]
    rows = {k: row.values for k, row in ask(stack, names, "sales_cycle").items() if row.values["won"]}
    assert {key: values["median_days"] for key, values in rows.items()} == pytest.approx(days.median().to_dict())
    assert {key: values["mean_days"] for key, values in rows.items()} == pytest.approx(days.mean().to_dict())
    assert len(rows) > 1000


def test_revenue_per_account_product_and_quarter_is_that_of_pandas(
    stack: Stack, sold: pd.DataFrame, names: dict[str, str]
) -> None:
    won = sold[sold["deal_stage"] == "Won"]
    expected = won.groupby(KEYS)["close_value"].sum().to_dict()
    rows = {key: row.values for key, row in ask(stack, names, "revenue_won").items() if row.values["won"]}
    assert {key: values["amount"] for key, values in rows.items()} == pytest.approx(expected)
    assert sum(expected.values()) == won["close_value"].sum()
