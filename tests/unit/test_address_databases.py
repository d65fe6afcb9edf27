"""Databases of IP addresses that `setten match-ips` cannot use: one clear line each, before anything is stated."""

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from infra.mmdb import DatabaseUnreadable, address_database
from jobs.cli import app
from tests.address_database import database

COMPANIES = {f"203.0.{n}.0/24": {"domain": f"c{n}.example", "organization": f"Company {n}"} for n in range(50)}


def missing(file: Path) -> None:
    assert not file.exists()


def folder(file: Path) -> None:
    file.mkdir()


def empty_file(file: Path) -> None:
    file.touch()


def of_another_format(file: Path) -> None:
    file.write_text("ip,company\n203.0.113.1,Aozora\n")


def cut(file: Path) -> None:
    whole = database(file, COMPANIES).read_bytes()
    file.write_bytes(whole[: len(whole) // 2])


def torn(file: Path) -> None:
    """Its end says what it is; what is before it is gone."""
    whole = database(file, COMPANIES).read_bytes()
    file.write_bytes(b"\xff" * (len(whole) - 400) + whole[-400:])


def empty(file: Path) -> None:
    database(file, {})


def of_cities(file: Path) -> None:
    database(file, {"203.0.113.0/24": {"country": {"iso_code": "JP"}, "city": "x"}}, "Cities")


def of_texts(file: Path) -> None:
    database(file, {"203.0.113.0/24": "Aozora"})


@pytest.mark.parametrize(
    ("make", "remedy"),
    [
        (missing, "no such file"),
        (folder, "is a directory"),
        (empty_file, "no whole MaxMind database"),
        (of_another_format, "no whole MaxMind database"),
        (cut, "no whole MaxMind database"),
        (torn, "no whole MaxMind database"),
        (empty, "(Companies) says nothing of any address"),
        (of_cities, "(Cities) names no company in domain, company.domain"),
        (of_cities, "its records have city, country"),
        (of_texts, "says nothing of any address"),
    ],
)
def test_a_file_that_names_no_company_is_one_clear_line(
    tmp_path: Path, make: Callable[[Path], None], remedy: str
) -> None:
    file = tmp_path / "companies.mmdb"
    make(file)
    done = CliRunner().invoke(app, ["match-ips", str(file), "--data-dir", str(tmp_path / "data")])
    assert (done.exit_code, done.stdout) == (2, "")
    assert remedy in done.stderr
    assert str(file) in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_database_that_is_broken_in_one_place_says_so_where_it_is_asked(tmp_path: Path) -> None:
    file = database(tmp_path / "companies.mmdb", COMPANIES)
    whole = file.read_bytes()
    at = whole.index(b"Company 7")
    file.write_bytes(whole[: at - 1] + b"\xff" * 10 + whole[at + 9 :])
    with address_database(file) as opened:
        assert opened.record("203.0.1.1") == COMPANIES["203.0.1.0/24"]
        with pytest.raises(DatabaseUnreadable, match=r"companies\.mmdb is no whole MaxMind database"):
            opened.record("203.0.7.1")


def test_a_day_that_cannot_be_is_refused(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["match-ips", str(tmp_path), "--since", "1066-10-14"])
    assert (done.exit_code, "give a year from 1970 to 2100" in done.stderr) == (2, True)
