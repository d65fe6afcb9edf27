"""The map of a CRM import: what it may say, and how all that is wrong with one is told at once."""

import json
from pathlib import Path

import pytest

from jobs.cli_crm import schema
from jobs.crm_files import PRESETS, preset
from models.crm.fields import FIELDS
from models.crm.mapping import CrmMap, read_map, reading_of
from tests.stack import ROOT

GOOD = """version = 1
[[files]]
match = "a*.csv"
entity = "accounts"
columns = { name = "Name" }
"""
WRONG = """version = 2
timezon = "Asia/Tokyo"
timezone = "Mars/Olympus"
dates = ["%Y"]
[[files]]
match = "a*.csv"
entity = "accounts"
[files.columns]
nmae = "Name"
[[files]]
match = "o.csv"
entity = "opportunities"
annual = "divide"
columns = { id = "Id", stage = 3 }
[files.values.outcome]
"Won" = "gewonnen"
[[files]]
match = "x.csv"
entity = "deals"
columns = {}
"""


def errors_of(text: str) -> list[str]:
    found = read_map(text)
    assert isinstance(found, list), "the map was taken"
    return [str(one) for one in found]


def test_all_that_is_wrong_is_told_at_once_with_line_key_value_and_remedy() -> None:
    told = errors_of(WRONG)
    for line, *fragments in [
        (1, "version", "2", "should be 1"),
        (2, "timezon", "did you mean 'timezone'"),
        (3, "timezone", "'Mars/Olympus'", "Asia/Tokyo"),
        (4, "dates", "'%Y'", "%Y-%m-%d"),
        (8, "files[1].columns.name", "missing"),
        (9, "files[1].columns.nmae", "did you mean 'name'"),
        (13, "files[2].annual", "only revenue"),
        (14, "files[2].columns.stage", "3"),
        (16, "files[2].values.outcome.Won", "'gewonnen'", "open, won, lost"),
        (19, "files[3].entity", "'deals'", "opportunities"),
    ]:
        assert any(one.startswith(f"{line}: ") and all(part in one for part in fragments) for one in told), told
    assert len(told) == 10


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "1: version: missing"),
        ("a = = 1", "1: TOML: Invalid value"),
        ("version = 1\n\nfiles = [", "TOML"),
        pytest.param("version = " + "[" * 5000 + "]" * 5000, "1: TOML: nested too deeply", id="nested"),
        (GOOD.replace('"a*.csv"', '""'), "3: files[1].match"),
        (GOOD + "encoding = 'utf-16'\n", "6: files[1].encoding: 'utf-16'"),
        (GOOD + "numbers = '1.234.50'\n", "6: files[1].numbers"),
        (GOOD + "currency = 'yen'\n", "6: files[1].currency: 'yen'"),
        (GOOD + "dates = ['%d.%m']\n", "6: files[1].dates: '%d.%m'"),
        (
            GOOD.replace("accounts", "opportunities").replace('"Name"', '"N", id = "I", stage = "S"'),
            "values.outcome: missing",
        ),
        (GOOD.replace("accounts", "revenue").replace("name", "amount"), "columns.month: missing"),
        (
            GOOD.replace("accounts", "revenue").replace("{ name", '{ month = "M", amount')
            + "[[files]]\nmatch = 'd'\nentity = 'opportunities'\nwon_is_revenue = true\n"
            "columns = { id = 'I', stage = 'S' }\nvalues = { outcome = { '*' = 'open' } }\n",
            "two things of one month",
        ),
        ("version = 1\nfiles = 3\n", "2: files"),
        ("version = 1\nfiles = [3]\n", "2: files"),
        (GOOD + "values = 3\n", "files[1].values"),
    ],
)  # fmt: skip
def test_a_wrong_map_is_told_where(text: str, said: str) -> None:
    assert any(said in one for one in errors_of(text)), errors_of(text)


@pytest.mark.parametrize("name", PRESETS)
def test_every_map_that_comes_with_setten_is_one(name: str) -> None:
    found = read_map(preset(name))
    assert isinstance(found, CrmMap), found
    assert any(not line.isascii() for line in preset(name).splitlines()), "its comments are in Japanese too"


def test_a_file_is_read_as_its_entry_says_else_as_the_map() -> None:
    found = read_map('timezone = "Europe/Paris"\ncurrency = "EUR"\n' + GOOD + 'currency = "USD"\ndates = []\n')
    assert isinstance(found, CrmMap)
    reading = reading_of(found, found.files[0])
    assert (reading.zone.key, reading.currency, reading.dates, reading.numbers) == (
        "Europe/Paris",
        "USD",
        (),
        "1,234.50",
    )


def test_the_published_schema_is_that_of_the_code() -> None:
    published = ROOT / "docs" / "sources" / "crm-map.schema.json"
    assert published.read_text("utf-8") == schema(), (
        "run: python -m jobs.cli import crm --print-schema > docs/sources/crm-map.schema.json"
    )
    assert set(json.loads(schema())["$defs"]["FileMap"]["properties"]["entity"]["enum"]) == set(FIELDS)


def test_every_field_is_in_the_document() -> None:
    text = Path(ROOT / "docs" / "sources" / "crm.md").read_text("utf-8")
    for entity, fields in FIELDS.items():
        assert f"`{entity}`" in text
        for field in fields:
            assert f"`{field.name}`" in text, (entity, field.name)
