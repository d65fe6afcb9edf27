"""What is shown of a contact: what was said of her, and where nobody said it, what her title says."""

from datetime import UTC, datetime

import pytest

from infra.projection import projection
from models.facts import AnyFact, ContactDeclared, ContactDescribed, VisitorIdentified
from models.folding import fold
from models.people.shown import Shown, shown

NOW = datetime(2026, 6, 1, tzinfo=UTC)
KEY = "mail:hana@kita.example"


def declared(**told: object) -> ContactDeclared:
    return ContactDeclared.model_validate({"recorded_at": NOW, "contact_key": KEY, **told})


def described(**told: object) -> ContactDescribed:
    return ContactDescribed.model_validate({"recorded_at": NOW, "contact_key": KEY, **told})


def row_of(*facts: AnyFact, key: str = KEY) -> dict[str, object]:
    columns, rows = projection(fold(facts))["contacts"]
    [row] = [row for row in rows if row[0] == key]
    return dict(zip(columns, row, strict=True))


@pytest.mark.parametrize(
    ("one", "other", "seniority", "function"),
    [
        (declared(title="情報システム部長"), None, "management", "it"),
        (declared(title="情報システム部長", seniority="executive"), None, "executive", "it"),
        (declared(title="情報システム部長", title_tells=False), None, "unknown", "it"),
        (None, described(title="VP, Marketing"), "executive", "marketing"),
        (declared(seniority="staff"), described(title="VP"), "staff", "unknown"),
        (declared(department="経理部"), described(title="VP"), "executive", "finance"),
        (declared(title="顧問"), described(title="CEO"), "unknown", "unknown"),
        (declared(name="Hana"), described(name="H."), "unknown", "unknown"),
        (None, None, "unknown", "unknown"),
    ],
)
def test_what_is_declared_counts_before_what_the_title_says(
    one: ContactDeclared | None, other: ContactDescribed | None, seniority: str, function: str
) -> None:
    assert shown(one, other)[3:] == (seniority, function)


def test_what_is_shown_as_written_stays_as_written() -> None:
    told = shown(declared(name="佐藤 花", title="部　長"), described(name="Hana", title="CEO", department="ＩＴ"))
    assert told == Shown("佐藤 花", "部　長", "ＩＴ", "management", "it")


def test_a_title_that_a_tracker_told_of_a_visitor_counts_for_whom_she_turned_out_to_be() -> None:
    visitor = ContactDescribed(recorded_at=NOW, contact_key="anon:7f3a", title="Head of Procurement")
    known = VisitorIdentified(recorded_at=NOW, visitor_key="anon:7f3a", contact_key=KEY)
    row = row_of(visitor, known)
    assert (row["title"], row["seniority"], row["job_function"]) == ("Head of Procurement", "management", "procurement")


def test_facts_stay_what_was_said() -> None:
    said = declared(title="代表取締役")
    directory = fold([said])
    assert row_of(said)["seniority"] == "executive"
    assert directory.contacts[KEY] == said
    assert directory.contacts[KEY].seniority == "unknown"
