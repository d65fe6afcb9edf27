"""Two databases are compared by every row, whatever is NULL in it."""

from collections.abc import Callable

from infra.compare import Databases
from infra.store import Store


def contact(store: Store, key: str, title: str) -> None:
    columns = (
        "contact_key",
        "account_id",
        "name",
        "title",
        "department",
        "seniority",
        "job_function",
        "since",
        "identified_as",
        "epoch",
    )
    store.clickhouse.insert_rows("contacts", columns, [(key, "", "", title, "", "unknown", "unknown", None, "", 1)])


def test_a_contact_without_a_first_day_that_differs_is_found(new_store: Callable[[], Store]) -> None:
    one, other = new_store(), new_store()
    names = [str(store.clickhouse.statement("SELECT currentDatabase()")) for store in (one, other)]
    compare = Databases(one.clickhouse, *names).compare
    assert compare(["contacts"])[0].equal, "two empty tables say the same"
    for store in (one, other):
        contact(store, "mail:a@kita.example", "CFO")
    assert compare(["contacts"])[0].equal
    contact(one, "mail:b@kita.example", "CEO")
    contact(other, "mail:b@kita.example", "CTO")
    [found] = compare(["contacts"])
    assert not found.equal
    assert ([row["title"] for row in found.gone], [row["title"] for row in found.new]) == (["CEO"], ["CTO"])
