"""The coverage of an account does not depend on how its touches come: in which order, how often, in how many pieces."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from models.coverage.account import Seen, covered
from models.coverage.history import Touched
from models.coverage.people import SENIORITIES, Contact

DAY = date(2026, 6, 10)
KEYS = [f"mail:{n}@a.example" for n in range(5)]
CONTACTS = [Contact(key, "", "", "", SENIORITIES[n % 4], "it") for n, key in enumerate(KEYS[:4])]
WANTED = {("it", "executive"): 2, ("it", "staff"): 1, ("sales", "staff"): 3}

touches = st.lists(
    st.tuples(
        st.sampled_from(KEYS),
        st.sampled_from(["email", "meeting", "web"]),
        st.sampled_from(["inbound", "outbound", "mutual"]),
        st.integers(-3, 400),
    ),
    max_size=30,
)


def of(rows: list[tuple[str, str, str, int]]) -> object:
    touched = [Touched(key, kind, way, [DAY - timedelta(days=ago)]) for key, kind, way, ago in rows]  # type: ignore[arg-type]
    return covered("a", "A", Seen(CONTACTS, touched, WANTED, [], [], date(2020, 1, 1)), DAY)


@given(touches, st.randoms())
def test_shuffled_and_repeated_touches_give_the_same_coverage(
    rows: list[tuple[str, str, str, int]], rng: object
) -> None:
    again = [*rows, *rows[::2]]
    rng.shuffle(again)  # type: ignore[attr-defined]
    assert of(again) == of(rows)


@given(touches)
def test_days_told_together_say_what_they_say_one_by_one(rows: list[tuple[str, str, str, int]]) -> None:
    together: dict[tuple[str, str, str], list[date]] = {}
    for key, kind, way, ago in rows:
        together.setdefault((key, kind, way), []).append(DAY - timedelta(days=ago))
    touched = [Touched(*of_one, days) for of_one, days in together.items()]  # type: ignore[arg-type]
    assert covered("a", "A", Seen(CONTACTS, touched, WANTED, [], [], date(2020, 1, 1)), DAY) == of(rows)


@given(touches)
def test_what_happens_later_changes_nothing(rows: list[tuple[str, str, str, int]]) -> None:
    assert of(rows) == of([row for row in rows if row[3] >= 0])


@given(touches)
def test_the_engaged_are_among_the_known_and_the_parts_add_up(rows: list[tuple[str, str, str, int]]) -> None:
    found = covered("a", "A", Seen(CONTACTS, [], {}, [], [], date(2020, 1, 1)), DAY)
    assert found.counts.engaged == 0
    told = of(rows)
    counts, cells = told.counts, told.cells  # type: ignore[attr-defined]
    assert counts.engaged <= counts.known == len(CONTACTS)
    assert counts.wanted == 6
    assert counts.missing == sum(cell.counts.missing or 0 for cell in cells)
    assert counts.missing >= counts.wanted - counts.engaged
    thread = told.single_thread  # type: ignore[attr-defined]
    assert thread.share is None or 1 / len(CONTACTS) <= thread.share <= 1
