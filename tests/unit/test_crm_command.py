"""`setten import crm` without a store: dry runs, the list of odd rows, and mistakes."""

import csv
import gzip
import json
from pathlib import Path

import pytest

from jobs.crm import CrmImport, refused_rows
from jobs.crm_files import CrmUnreadable, load_map, open_files
from models.crm.mapping import CrmMap
from tests.unit.test_cli_errors import setten

MAP = """version = 1
[[files]]
match = "acc*.csv*"
entity = "accounts"
columns = { id = "Id", name = "Name" }
[[files]]
match = "*deals*.csv*"
entity = "opportunities"
columns = { id = "Id", stage = "Stage", account_name = "Account", name = "Name" }
[files.values.outcome]
"Won" = "won"
"""
DEALS = (
    "Id,Stage,Account,Name\n1,Won,Kita,=HYPERLINK(1)\n2,Wonn,Kita,@x\n=cmd|' /C calc'!A0,Wonn,Kita,y\n3,Won,+Kitta,z\n"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "map.toml").write_text(MAP)
    (tmp_path / "accounts.csv").write_text("Id,Name\nkita,Kita\n")
    (tmp_path / "DEALS-2026.csv").write_text(DEALS)
    (tmp_path / "notes.txt").write_text("nothing")
    return tmp_path


def test_a_dry_run_needs_no_store_and_says_what_it_could_not_compare(folder: Path) -> None:
    done = setten(folder, "import", "crm", ".", "--map", "map.toml", "--dry-run", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["rows"], told["imported"], told["refused"], told["reported"]) == (5, 3, 2, 1)
    assert (told["compared"], told["dry_run"], sorted(told["not_read"])) == (False, True, ["map.toml", "notes.txt"])
    assert told["facts"]["opportunity_recorded"] == {"new": 2, "changed": 0, "unchanged": 0}
    assert {(one["reason"], one["value"], one["suggestion"], one["rows"]) for one in told["problems"]} == {
        ("value_unknown", "Wonn", "Won", 2),
        ("account_unknown", "+Kitta", "Kita", 1),
    }


def test_the_list_of_odd_rows_holds_no_formula_and_every_row(folder: Path) -> None:
    done = setten(folder, "import", "crm", ".", "--map", "map.toml", "--dry-run", "--refused", "odd.csv")
    assert done.returncode == 0, done.stderr
    with (folder / "odd.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    assert [row[:5] for row in rows[1:]] == [
        ["refused", "DEALS-2026.csv", "3", "opportunities", "value_unknown"],
        ["refused", "DEALS-2026.csv", "4", "opportunities", "value_unknown"],
        ["reported", "DEALS-2026.csv", "5", "opportunities", "account_unknown"],
    ]
    assert rows[3][6] == "'+Kitta"
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "＝"))]
    assert json.loads(rows[2][-1])["Id"] == "=cmd|' /C calc'!A0", "the row itself is kept as written"


def test_a_list_that_was_broken_off_is_not_left_behind(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), refused_rows(tmp_path / "odd.csv"):
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("accounts.csv",), "either --map FILE or --preset"),
        (("accounts.csv", "--map", "map.toml", "--preset", "hubspot"), "either --map FILE or --preset"),
        (("accounts.csv", "--preset", "pipedrive"), "use one of hubspot, salesforce, maven"),
        (("--print-map", "pipedrive"), "use one of hubspot, salesforce, maven"),
        (("missing.csv", "--map", "map.toml"), "missing.csv: does not exist"),
        (("notes.txt", "--map", "map.toml"), "notes.txt: the map has no entry for it"),
        (("empty", "--map", "map.toml"), "there is no file that the map reads"),
        (("accounts.csv", "--map", "none.toml"), "none.toml: no such file"),
        (("accounts.csv", "--map", "wrong.toml"), "wrong.toml:2: vershun"),
        (("accounts.csv", "--map", "latin.toml"), "latin.toml: byte 2 is not UTF-8"),
        (("accounts.csv", "--map", "map.toml", "--refused", "accounts.csv"), "that file is read"),
        (("accounts.csv", "--map", "map.toml", "--refused", "no/o.csv", "--dry-run"), "no/o.csv: cannot be written"),
        (("acc-empty.csv", "--map", "map.toml"), "acc-empty.csv:1: is empty"),
        (("acc-other.csv", "--map", "map.toml"), "acc-other.csv:1: id: twice; name: there is no column 'Name'"),
        (("acc-book.csv.xlsx", "--map", "map.toml"), "is no workbook that can be read"),
        (("accounts.csv", "--map", "map.toml"), "no ClickHouse is configured"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_before_anything_is_sent(folder: Path, arguments: tuple[str, ...], said: str) -> None:
    (folder / "empty").mkdir()
    (folder / "wrong.toml").write_text(MAP.replace("version", "# a comment\nvershun"))
    (folder / "latin.toml").write_bytes(b"# \xe9\n")
    (folder / "acc-empty.csv").write_text("\n\n")
    (folder / "acc-other.csv").write_text("Id,Id,Nmae\n")
    (folder / "acc-book.csv.xlsx").write_bytes(b"PK")
    done = setten(folder, "import", "crm", *arguments)
    assert done.returncode in (1, 2)
    for part in said.split("; "):
        assert part.removeprefix("acc-other.csv:1: id: ") in done.stderr.replace("\n", " "), done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def whole_map(folder: Path) -> CrmMap:
    return load_map(folder / "map.toml", None)


def test_gzip_is_understood_and_a_damaged_end_is_told(folder: Path) -> None:
    packed = gzip.compress(b"Id,Name\n" + b"".join(b"a%d,Name %d\n" % (n, n * 7919) for n in range(20_000)))
    (folder / "acc-1.csv.gz").write_bytes(packed)
    files, _ = open_files([folder / "acc-1.csv.gz"], whole_map(folder))
    assert sum(1 for file in files for _ in file.rows()) == 20_000
    (folder / "acc-1.csv.gz").write_bytes(packed[:-2000])
    with pytest.raises(CrmUnreadable, match="is damaged"):
        open_files([folder / "acc-1.csv.gz"], whole_map(folder))


def test_a_file_named_twice_is_read_once_and_accounts_come_before_deals(folder: Path) -> None:
    files, others = open_files([folder / "DEALS-2026.csv", folder, folder / "DEALS-2026.csv"], whole_map(folder))
    assert [one.path.name for one in files] == ["accounts.csv", "DEALS-2026.csv"]
    assert [one.name for one in others] == ["map.toml", "notes.txt"]


def test_the_import_is_the_same_whatever_the_order_of_the_files(folder: Path) -> None:
    from datetime import UTC, datetime

    def read(*names: str) -> dict[str, dict[str, int]]:
        files, _ = open_files([folder / name for name in names], whole_map(folder))
        started = CrmImport(whole_map(folder), None, None, datetime(2026, 6, 1, tzinfo=UTC))
        return started.run(files, lambda answer, file: None, lambda rows: None).facts

    assert read("accounts.csv", "DEALS-2026.csv") == read("DEALS-2026.csv", "accounts.csv")
