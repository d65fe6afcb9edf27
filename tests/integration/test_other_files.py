"""The attendance file and both web logs through the whole pipeline."""

from pathlib import Path

import pytest

from tests.stack import Stack


def test_the_attendance_file_imports_with_its_organizations(real_data: Path, stack: Stack) -> None:
    report = stack.json("import", "attendance", real_data / "meetings" / "attendance.csv.gz")
    assert report["events"] == report["stored"] + report["duplicates"] + sum(report["dead"].values()) == 9_734
    assert report["unaccounted"] == 0
    assert (
        stack.ask("SELECT count() > 50 FROM (SELECT DISTINCT affiliation FROM touches WHERE source='attendance')")
        == "1"
    )
    assert stack.ask("SELECT groupUniqArray(toString(kind)) FROM touches WHERE source='attendance'") == "['meeting']"


def test_a_list_of_attendees_in_cp932_imports_once(stack: Stack, tmp_path: Path) -> None:
    path = tmp_path / "来場者.csv"
    rows = "見本 一郎,sato@aozora.example,2026/11/20 13:05,出席\n見本 二子,,2026/11/20 13:05,出席\n"
    path.write_bytes(f"来場者一覧\n氏名,メールアドレス,来場日時,参加状況\n{rows}".encode("cp932"))
    first = stack.json("import", "attendees", path)
    assert (first["stored"], first["dead"], first["unaccounted"]) == (1, {"contact_missing": 1}, 0)
    again = stack.json("import", "attendees", path)
    assert (again["stored"], again["duplicates"], again["dead"]) == (0, 1, {"contact_missing": 1})
    touch = stack.ask("SELECT contact_key, kind, action, occurred_at FROM touches FINAL WHERE source='attendees'")
    assert touch == "['mail:sato@aozora.example', 'event', 'attended', '2026-11-20 04:05:00.000']"


def test_a_mail_in_a_maildir_and_in_an_archive_is_one_mail(stack: Stack, tmp_path: Path) -> None:
    mail = b"From: sato@aozora.example\nDate: Fri, 20 Nov 2026 10:00:00 +0900\nMessage-ID: <both@a.example>\n\ntext\n"
    (tmp_path / "mail/new").mkdir(parents=True)
    (tmp_path / "mail/new/1.host").write_bytes(mail)
    (tmp_path / "archive.mbox").write_bytes(b"From sato@aozora.example Fri Nov 20 01:00:00 2026\n" + mail)
    first = stack.json("import", "maildir", tmp_path / "mail")
    again = stack.json("import", "mbox", tmp_path / "archive.mbox")
    assert (first["stored"], again["stored"], again["duplicates"], again["dead"]) == (1, 0, 1, {})


def test_the_apache_log_imports_and_its_crawlers_count_for_nothing(real_data: Path, stack: Stack) -> None:
    report = stack.json("import", "access-log", real_data / "web" / "apache_semicomplete_2015-05.log.gz")
    assert report["events"] == report["stored"] + report["duplicates"] + sum(report["dead"].values()) == 10_000
    assert report["unaccounted"] == 0
    crawlers = int(stack.ask("SELECT count() FROM touches FINAL WHERE source='access-log' AND machine='crawler'"))
    assert crawlers > 1_500
    machines = int(stack.ask("SELECT count() FROM touches FINAL WHERE source='access-log' AND machine!=''"))
    counted = "SELECT sum({}) FROM contact_day FINAL WHERE startsWith(contact_key, 'ip:')"
    assert int(stack.ask(counted.format("machine_touches"))) == machines
    assert int(stack.ask(counted.format("touches"))) == report["stored"] - machines


def test_the_host_log_imports_and_hosts_are_bound_by_their_domain(
    real_data: Path, stack: Stack, tmp_path: Path
) -> None:
    accounts = tmp_path / "accounts.csv"
    accounts.write_text(
        "account_id,name,domains,tier,kind,parent_account_id\nprodigy,Prodigy,prodigy.com,target,customer,\n"
    )
    log = real_data / "web" / "nasa_19950701.tsv.gz"
    report = stack.json("import", "access-log", log, "--format", "host", "--source", "nasa", "--accounts", accounts)
    assert report["events"] == 9_999
    assert report["unaccounted"] == 0
    assert report["stored"] == 9_999
    bound = int(stack.ask("SELECT sum(touches) FROM contact_day FINAL WHERE account_id = 'prodigy'"))
    assert (
        bound == int(stack.ask("SELECT count() FROM touches FINAL WHERE endsWith(affiliation, '.prodigy.com')")) > 100
    )


def test_a_damaged_gzip_is_one_clear_line(stack: Stack, tmp_path: Path) -> None:
    broken = tmp_path / "broken.log.gz"
    broken.write_bytes(b"\x1f\x8b\x08\x00 this is no gzip")
    done = stack.run("import", "access-log", broken)
    assert done.returncode == 1
    assert str(broken) in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("rows", ["account_id,name,domains\na,A,gmail.com\n", "nonsense\n1\n"])
def test_a_wrong_account_list_stops_the_import_before_anything_is_sent(stack: Stack, tmp_path: Path, rows: str) -> None:
    accounts, mbox = tmp_path / "accounts.csv", tmp_path / "a.mbox"
    accounts.write_text(rows)
    mbox.write_bytes(
        b"From a@b.example Mon Jan  1 00:00:00 2024\nFrom: a@b.example\nDate: Mon, 1 Jan 2024 00:00:00 +0000\n\n"
    )
    before = stack.ask("SELECT count() FROM archive")
    done = stack.run("import", "mbox", mbox, "--accounts", accounts)
    assert done.returncode == 1
    assert "accounts.csv:" in done.stderr
    assert stack.ask("SELECT count() FROM archive") == before
