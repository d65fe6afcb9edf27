"""CRM exports through the whole pipeline: what ClickHouse then has, and what becomes of it later."""

import csv
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from infra.store import Store
from tests.stack import Stack, checksums

MAP = """
version = 1
currency = "JPY"

[aliases.accounts]
"青空重工" = "青空重工業株式会社"

[[files]]
match = "取引先*.csv"
entity = "accounts"
columns = { id = "取引先コード", name = "会社名", domains = "ドメイン", tier = "区分" }
[files.values.tier]
"重点" = "strategic"
"*" = "target"

[[files]]
match = "商談*.csv"
entity = "opportunities"
[files.columns]
id = "商談番号"
account_name = "会社名"
stage = "フェーズ"
amount = "金額"
closed_on = "完了日"
owner = "担当"
[files.values.outcome]
"受注" = "won"
"失注" = "lost"
"*" = "open"

[[files]]
match = "nps*.csv"
entity = "nps"
columns = { email = "メール", score = "点数", answered_on = "回答日" }

[[files]]
match = "売上*.csv"
entity = "revenue"
unit = 1000
columns = { account_name = "会社名", month = "年月", amount = "売上(千円)" }
"""
ACCOUNTS = """取引先コード,会社名,ドメイン,区分
C-001,青空重工業株式会社,aozora.example,重点
C-002,（株）北ノ川精機,https://www.kitanokawa.example/,一般
"""
# Where UTF-8 has ¥, CP932 as Excel writes it has a backslash.
DEALS = """商談番号,会社名,フェーズ,金額,完了日,担当
D1,㈱青空重工業,受注,"\\1,200,000",2026/03/31,sales@ours.example
D2,青空重工,提案,,2026/12/25,
D3,北ノ川精器,失注,"300,000",2026/02/01,
D4,,提案,x,,
"""


@pytest.fixture
def export(tmp_path: Path) -> Path:
    """A folder of files as Excel saves them in Japan."""
    folder = tmp_path / "export"
    folder.mkdir()
    (folder / "取引先一覧.csv").write_bytes(ACCOUNTS.encode("cp932"))
    (folder / "商談.csv").write_bytes(DEALS.encode("cp932"))
    (folder / "nps.csv").write_bytes("メール,点数,回答日\nsato@aozora.example,9,2026-04-01\n".encode("cp932"))
    (folder / "売上.csv").write_bytes("会社名,年月,売上(千円)\n青空重工業,2026年3月,1200\n".encode("cp932"))
    (tmp_path / "map.toml").write_text(MAP, "utf-8")
    return folder


def import_crm(stack: Stack, *arguments: str | Path) -> dict[str, Any]:
    answer: dict[str, Any] = stack.json("import", "crm", *arguments)
    assert answer["rows"] == answer["imported"] + answer["repeated"] + answer["refused"]
    assert answer["unaccounted"] == 0
    return answer


def counts(answer: dict[str, Any]) -> dict[str, list[int]]:
    """New, changed and unchanged facts, by type."""
    return {type_: [told["new"], told["changed"], told["unchanged"]] for type_, told in answer["facts"].items()}


def test_the_maven_export_gives_the_counts_of_its_file_and_every_odd_row_is_reported(
    real_data: Path, stack: Stack, tmp_path: Path
) -> None:
    folder, odd = real_data / "crm" / "maven", tmp_path / "odd.csv"
    with (folder / "sales_pipeline.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    answer = import_crm(stack, folder, "--preset", "maven", "--refused", odd)
    assert counts(answer) == {
        "product_declared": [7, 0, 0],
        "account_declared": [85, 0, 0],
        "account_profiled": [85, 0, 0],
        "opportunity_recorded": [8800, 0, 0],
    }
    assert Counter(row["deal_stage"] for row in rows) == {
        "Won": 4238, "Lost": 2473, "Engaging": 1589, "Prospecting": 500
    }  # fmt: skip
    by_stage = {
        stage: int(stack.ask(f"SELECT count() FROM opportunities WHERE stage = '{stage}' AND outcome = '{outcome}'"))
        for stage, outcome in (("Won", "won"), ("Lost", "lost"), ("Engaging", "open"), ("Prospecting", "open"))
    }
    assert by_stage == Counter(row["deal_stage"] for row in rows)
    won = sum(int(row["close_value"]) for row in rows if row["deal_stage"] == "Won")
    assert float(stack.ask("SELECT sum(amount) FROM opportunities WHERE outcome = 'won'")) == won

    with odd.open(encoding="utf-8-sig") as file:
        told = list(csv.DictReader(file))
    lines = {(one["reason"], one["file"], int(one["line"])) for one in told}
    assert lines == {
        *(("account_missing", "sales_pipeline.csv", n) for n, row in enumerate(rows, 2) if not row["account"]),
        *(("product_unknown", "sales_pipeline.csv", n) for n, row in enumerate(rows, 2) if row["product"] == "GTXPro"),
        *(("value_unlisted", "accounts.csv", n) for n in lines_with(folder, "sector", "technolgy")),
        *(("value_unreadable", "accounts.csv", n) for n in lines_with(folder, "office_location", "Philipines")),
    }
    assert {one["suggestion"] for one in told} == {"", "GTX Pro", "technology", "Philippines"}
    assert int(stack.ask("SELECT countIf(account_id IS NULL) FROM opportunities")) == 1425
    assert stack.ask("SELECT count() FROM revenue") == "0", "a company's own turnover is no revenue of ours"


def test_the_maven_export_gives_profiles_of_its_accounts(real_data: Path, stack: Stack) -> None:
    folder = real_data / "crm" / "maven"
    import_crm(stack, folder, "--preset", "maven")
    codes = {"United States": "US", "Kenya": "KE", "Philipines": "", "Belgium": "BE", "Brazil": "BR", "China": "CN"}
    codes |= {"Germany": "DE", "Italy": "IT", "Japan": "JP", "Jordan": "JO", "Korea": "KR", "Norway": "NO"}
    codes |= {"Panama": "PA", "Poland": "PL", "Romania": "RO"}
    with (folder / "accounts.csv").open(encoding="utf-8") as file:
        expected = {
            row["account"]: (
                row["sector"],
                codes[row["office_location"]],
                int(row["employees"]),
                round(float(row["revenue"]) * 1e6),
                int(row["year_established"]),
            )
            for row in csv.DictReader(file)
        }
    rows = stack.clickhouse.query_text(
        "SELECT a.name AS name, industry, country, employees, annual_revenue, currency, founded_year"
        " FROM account_profiles AS p JOIN (SELECT account_id, name FROM accounts FINAL) AS a USING (account_id)"
    ).to_pylist()
    assert {row["currency"] for row in rows} == {"USD"}
    found = {
        row["name"]: (
            row["industry"],
            row["country"],
            row["employees"],
            round(row["annual_revenue"]),
            row["founded_year"],
        )
        for row in rows
    }
    assert found == expected
    assert len(found) == 85


def lines_with(folder: Path, column: str, value: str) -> list[int]:
    with (folder / "accounts.csv").open(encoding="utf-8") as file:
        return [number for number, row in enumerate(csv.DictReader(file), 2) if row[column] == value]


def test_importing_again_says_nothing_new_and_changes_no_table(real_data: Path, stack: Stack) -> None:
    folder = real_data / "crm" / "maven"
    import_crm(stack, folder, "--preset", "maven")
    before, facts = checksums(stack.clickhouse), stack.ask("SELECT count(), max(recorded_at) FROM facts")
    answer = import_crm(stack, folder, "--preset", "maven")
    assert {sum(told[:2]) for told in counts(answer).values()} == {0}
    assert (checksums(stack.clickhouse), stack.ask("SELECT count(), max(recorded_at) FROM facts")) == (before, facts)
    assert counts(import_crm(stack, folder, "--preset", "maven", "--dry-run")) == counts(answer)


def test_opportunities_do_not_raise_the_epoch_of_the_directory(real_data: Path, stack: Stack) -> None:
    import_crm(stack, real_data / "crm" / "maven", "--preset", "maven")
    store = Store(stack.clickhouse, stack.settings.business_timezone)
    state = store.directory_state()
    directory = "SELECT uniqExact(fact_id) FROM facts WHERE type IN ('account_declared', 'revenue_recorded')"
    assert state.facts == state.bound_facts == int(stack.ask(directory)) == len(store.facts())
    stored = store.facts_since(0)[0]
    assert {fact.type for fact in store.facts_of(stored).values()} <= {"account_declared", "revenue_recorded"}


def test_the_pipeline_can_be_seen_as_of_any_day(real_data: Path, stack: Stack) -> None:
    import_crm(stack, real_data / "crm" / "maven", "--preset", "maven")
    with (real_data / "crm" / "maven" / "sales_pipeline.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["engage_date"]]
    for day in ("2016-10-19", "2017-06-30", "2017-12-31"):
        there = [row for row in rows if row["engage_date"] <= day]
        closed = Counter(row["deal_stage"].lower() for row in there if row["close_date"] and row["close_date"] <= day)
        expected = closed | {"open": len(there) - closed.total()}
        found = stack.clickhouse.rows("opportunities_as_of", {"as_of": day, "zone": "Asia/Tokyo", "accounts": []})
        assert Counter(row["outcome"] for row in found) == +Counter(expected), day


def test_a_list_in_cp932_imports_with_its_names_amounts_and_misspellings(stack: Stack, export: Path) -> None:
    answer = import_crm(stack, export, "--map", export.parent / "map.toml")
    assert {file["encoding"] for file in answer["files"]} == {"cp932"}
    assert (answer["rows"], answer["refused"], answer["reported"]) == (8, 1, 1)
    accounts = "SELECT groupArray((account_id, name, domains, tier)) FROM (SELECT * FROM accounts FINAL WHERE"
    assert stack.ask(f"{accounts} startsWith(account_id, 'C-') ORDER BY ALL)") == (
        "[('C-001','青空重工業株式会社',['aozora.example'],'strategic'),"
        "('C-002','（株）北ノ川精機',['kitanokawa.example'],'target')]"
    )
    deals = (
        "SELECT groupArray((opportunity_id, account_id, account_as_written, outcome, amount, closed_on, expected_on))"
    )
    assert stack.ask(f"{deals} FROM (SELECT * FROM opportunities WHERE opportunity_id LIKE 'D_' ORDER BY 1)") == (
        "[('D1','C-001','㈱青空重工業','won',1200000,'2026-03-31',NULL),"
        "('D2','C-001','青空重工','open',NULL,NULL,'2026-12-25'),"
        "('D3',NULL,'北ノ川精器','lost',300000,'2026-02-01',NULL)]"
    )
    problems = {(one["reason"], one["value"], one["suggestion"]) for one in answer["problems"]}
    assert ("account_unknown", "北ノ川精器", "（株）北ノ川精機") in problems
    assert ("field_invalid", "x", "") in problems
    assert stack.ask("SELECT groupArray((month, amount, currency)) FROM revenue WHERE account_id = 'C-001'") == (
        "[('2026-03-01',1200000,'JPY')]"
    )
    assert stack.ask("SELECT account_id, score, category FROM nps_answers") == "['C-001', '9', 'promoter']"


def test_a_corrected_row_is_a_later_statement_and_the_earlier_one_stays(stack: Stack, export: Path) -> None:
    options = ("--map", export.parent / "map.toml")
    import_crm(stack, export, *options)
    (export / "商談.csv").write_text(DEALS.replace("D2,青空重工,提案", "D2,青空重工,受注"), "utf-8-sig")
    dry = import_crm(stack, export, *options, "--dry-run")
    assert counts(dry)["opportunity_recorded"] == [0, 1, 2]
    assert counts(import_crm(stack, export, *options)) == counts(dry)
    assert stack.ask("SELECT stage, outcome FROM opportunities WHERE opportunity_id = 'D2'") == "['受注', 'won']"
    stated = "SELECT count() FROM facts FINAL WHERE type = 'opportunity_recorded'"
    assert stack.ask(f"{stated} AND JSONExtractString(body, 'opportunity_id') = 'D2'") == "2"


def test_opportunities_imported_alone_keep_the_accounts_of_their_keys(stack: Stack, tmp_path: Path) -> None:
    known, nothing = tmp_path / "known.csv", tmp_path / "none.ndjson"
    known.write_text("account_id,name,domains\nshirasuna,白砂電機,shirasuna.example\n", "utf-8")
    nothing.write_text("{}\n")
    assert stack.run("import", "signals", nothing, "--accounts", known).returncode == 0
    accounts, deals = tmp_path / "accounts.csv", tmp_path / "opportunities.csv"
    accounts.write_text("Account ID,Account Name,Website\n0015A,Shirasuna,https://www.shirasuna.example/\n")
    deals.write_text(
        "Opportunity ID,Account ID,Stage,Created Date,Close Date\n006A,0015A,Closed Won,2026/01/10,2026/04/30\n"
    )
    import_crm(stack, accounts, deals, "--preset", "salesforce")
    for dry in (("--dry-run",), ()):
        again = import_crm(stack, deals, "--preset", "salesforce", *dry)
        assert counts(again) == {"opportunity_recorded": [0, 0, 1]}
        assert [(one["reason"], one["value"]) for one in again["problems"]] == [("account_unknown", "0015A")]
    assert stack.ask("SELECT account_id FROM opportunities WHERE opportunity_id = '006A'") == "shirasuna"


def test_what_a_merged_account_had_counts_for_the_other(stack: Stack, export: Path, tmp_path: Path) -> None:
    import_crm(stack, export, "--map", export.parent / "map.toml")
    accounts, nothing = tmp_path / "accounts.csv", tmp_path / "none.ndjson"
    accounts.write_text("account_id,name,domains,merged_into\nC-001,青空重工業株式会社,aozora.example,C-002\n", "utf-8")
    nothing.write_text("{}\n")
    assert stack.run("import", "signals", nothing, "--accounts", accounts).returncode == 0
    assert stack.ask("SELECT account_id, counts_for FROM opportunities WHERE opportunity_id = 'D1'") == (
        "['C-001', 'C-002']"
    )
    accounts.write_text("account_id,name,domains,merged_into\nC-001,青空重工業株式会社,aozora.example,\n", "utf-8")
    assert stack.run("import", "signals", nothing, "--accounts", accounts).returncode == 0


def test_a_replay_from_kafka_and_from_the_archive_finds_the_statements_of_a_crm(stack: Stack, export: Path) -> None:
    import_crm(stack, export, "--map", export.parent / "map.toml")
    stated = "SELECT count(), sum(cityHash64(fact_id, body)) FROM facts FINAL"
    before, shown = stack.ask(stated), stack.ask("SELECT sum(cityHash64(tuple(*))) FROM opportunities")
    for source in ("kafka", "archive"):
        report = stack.json("replay", "--from", source, "--yes")
        assert report["equal"], report
        assert (stack.ask(stated), stack.ask("SELECT sum(cityHash64(tuple(*))) FROM opportunities")) == (before, shown)


def test_forgetting_reaches_answers_and_owners_and_no_import_brings_them_back(stack: Stack, export: Path) -> None:
    options = ("--map", export.parent / "map.toml")
    import_crm(stack, export, *options)
    report = stack.json("forget", "sato@aozora.example", "sales@ours.example", "--yes")
    assert report["clean"], report
    assert stack.ask("SELECT count() FROM nps_answers") == "0"
    assert stack.ask("SELECT owner, outcome FROM opportunities WHERE opportunity_id = 'D1'") == (
        "['x@erased.invalid', 'won']"
    )
    again = import_crm(stack, export, *options)
    assert (counts(again)["opportunity_recorded"], again["erased"]) == ([0, 0, 3], 1)
    assert stack.ask("SELECT count() FROM nps_answers") == "0"
    assert stack.ask("SELECT count() FROM facts WHERE position(body, 'sales@ours') > 0") == "0"
