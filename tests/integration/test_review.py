"""`setten review` on the attendance file: names wait, are accepted and rejected, and only their days are bound anew."""

from pathlib import Path

from tests.stack import Stack

_ACCOUNTS = "account_id,name\nf5,F5\nigalia,Igalia\necma,Ecma International\nsony,Sony\n"


def test_names_wait_for_review_and_a_decision_binds_past_touches(real_data: Path, stack: Stack, tmp_path: Path) -> None:
    accounts = tmp_path / "accounts.csv"
    accounts.write_text(_ACCOUNTS)
    stack.json("import", "attendance", real_data / "meetings" / "attendance.csv.gz", "--accounts", accounts)
    seen = {
        name: int(stack.ask(f"SELECT count() FROM touches FINAL WHERE affiliation IN ({names})"))
        for name, names in {
            "igalia": "'org:Igalia', 'org:Igalia S.L.', 'org:Igalia, S.L'",
            "f5": "'org:F5'",
            "f5 networks": "'org:F5 Networks'",
        }.items()
    }

    def bound(account_id: str) -> int:
        return int(stack.ask(f"SELECT sum(touches) FROM contact_day FINAL WHERE account_id = '{account_id}'"))

    assert bound("igalia") == seen["igalia"] > 400
    assert bound("f5") == seen["f5"]
    queue = stack.json("review", "list", "--likely")
    [waits] = [one for one in queue["entries"] if one["organization"] == "F5 Networks"]
    assert (waits["touches"], waits["candidates"][0]["reason"]) == (seen["f5 networks"], "more_words")
    touches = [one["touches"] for one in queue["entries"]]
    assert touches == sorted(touches, reverse=True)

    rows = "SELECT count() FROM contact_day"
    before = stack.ask(f"{rows} WHERE account_id NOT IN ('f5', '')")
    assert stack.json("review", "accept", "f5  NETWORKS", "f5")["news"] == "new"
    assert bound("f5") == seen["f5"] + seen["f5 networks"]
    assert stack.ask(f"{rows} WHERE account_id NOT IN ('f5', '')") == before, "nobody else's days were written again"
    assert stack.json("review", "accept", "f5  NETWORKS", "f5")["news"] == "unchanged"

    biggest = stack.json("review", "list")["entries"][0]["organization"]
    assert stack.run("review", "reject", biggest).returncode == 0
    left = stack.json("review", "list", "--limit", "1000")
    names = {name for one in left["entries"] for name in one["spellings"]}
    assert not names & {biggest, "F5 Networks", "N/A", "Individual", "Igalia S.L."}
    assert {one["organization"] for one in stack.json("review", "list", "--decided")} == {biggest, "f5  NETWORKS"}


def test_a_decision_that_cannot_be_is_one_clear_line(stack: Stack) -> None:
    done = stack.run("review", "accept", "F5 Networks", "f6")
    assert (done.returncode, "no account 'f6'" in done.stderr) == (2, True)
    assert stack.run("review", "accept", "", "f5").returncode == 2
    assert stack.run("review", "accept", "X", "no such id").returncode == 2
