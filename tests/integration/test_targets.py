"""`setten target` against a running Setten: what is set is shown beside the KPI, and ends when it is dropped."""

from datetime import datetime

from tests.stack import Stack


def test_a_target_is_set_shown_and_dropped(stack: Stack) -> None:
    month = f"{datetime.now(stack.settings.zone):%Y-%m}"
    options = ("new_contracts", "--period", month)
    done = stack.json("target", "set", "new_contracts", "12", "--period", month)
    assert (done["value"], done["stated"]) == (12, True)
    assert stack.json("target", "set", "new_contracts", "12", "--period", month)["stated"] is False, "said already"

    [listed] = stack.json("target", "list", "new_contracts")
    assert (listed["value"], listed["of"], listed["first"]) == (12, {}, f"{month}-01")
    [row] = [one for one in stack.json("kpi", *options) if one["period"] == month]
    assert row["target"] == 12
    table = stack.run("kpi", *options, "--lang", "ja").stdout
    assert "目標" in table
    assert "達成率" in table

    assert stack.json("target", "drop", "new_contracts", "--period", month)["stated"] is True
    assert stack.json("target", "list", "new_contracts") == []
    again = stack.run("target", "drop", "new_contracts", "--period", month)
    assert (again.returncode, "no target of new_contracts is set for that" in again.stderr) == (2, True)
    nowhere = stack.run("target", "set", "meetings", "3", "--period", month, "--of", "segment=stratgic")
    assert (nowhere.returncode, "no account is of it" in nowhere.stderr) == (2, True)
    assert {one["target"] for one in stack.json("kpi", *options)} == {None}


def test_a_target_of_an_account_that_is_none_is_one_clear_line(stack: Stack) -> None:
    done = stack.run("target", "set", "meetings", "3", "--period", "FY2026", "--of", "account=nobody")
    assert (done.returncode, done.stdout) == (2, "")
    assert "there is no such account" in done.stderr
