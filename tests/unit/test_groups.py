"""Groups of companies by example: parents, merged parents, circles, parents that nobody knows."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import permutations

from models.facts import AccountDeclared, AccountMerged, AnyFact
from models.folding import extended, fold


def account(account_id: str, parent: str | None = None, day: int = 0) -> AnyFact:
    at = datetime(2026, 5, 1, tzinfo=UTC) + timedelta(days=day)
    return AccountDeclared(recorded_at=at, account_id=account_id, name=account_id.title(), parent_account_id=parent)


def merged(account_id: str, into: str | None, day: int = 0) -> AnyFact:
    at = datetime(2026, 5, 1, tzinfo=UTC) + timedelta(days=day)
    return AccountMerged(recorded_at=at, account_id=account_id, into=into)


def groups(facts: Sequence[AnyFact]) -> dict[str, str]:
    """Every account's group, the same in whatever order, and however many at a time, the facts come."""
    found = [fold(facts).group]
    for some in permutations(facts):
        directory = fold(some[:1])
        for number, fact in enumerate(some[1:], 2):
            directory, _ = extended(directory, [fact], number)
        found.append(directory.group)
    assert all(one == found[0] for one in found)
    return found[0]


def test_a_subsidiary_of_a_subsidiary_is_in_the_group_of_the_account_at_the_top() -> None:
    assert groups([account("c", "b"), account("b", "a"), account("a")]) == {"b": "a", "c": "a"}


def test_a_parent_that_nobody_declares_ends_the_way_at_the_last_known_account() -> None:
    assert groups([account("b", "a"), account("a", "elsewhere")]) == {"b": "a"}


def test_a_parent_that_is_merged_stands_for_the_account_that_it_ended_at() -> None:
    known = [
        account("sub", "old"),
        account("old", "former"),
        account("new", "top"),
        account("top"),
        merged("old", "new"),
    ]
    assert groups(known) == {"sub": "top", "old": "top", "new": "top"}


def test_an_account_that_only_a_merger_names_is_known() -> None:
    assert groups([account("sub", "old"), account("old"), merged("old", "new")]) == {"sub": "new", "old": "new"}


def test_a_subsidiary_into_which_its_parent_is_merged_is_at_the_top() -> None:
    assert groups([account("sub", "old"), account("old", "sub"), merged("old", "sub")]) == {"old": "sub"}


def test_an_account_that_is_its_own_parent_is_at_the_top() -> None:
    assert groups([account("a", "a")]) == {}


def test_an_account_that_is_merged_from_a_day_on_is_in_the_group_of_the_one_it_ends_at() -> None:
    later = AccountMerged(
        recorded_at=datetime(2026, 5, 1, tzinfo=UTC), account_id="old", into="new", since=date(2026, 7, 1)
    )
    assert groups([account("sub", "old"), account("old"), account("new"), later]) == {"sub": "new", "old": "new"}


def test_of_parents_in_a_circle_the_first_stated_is_void() -> None:
    facts = [account("a", "b", day=1), account("b", "c", day=2), account("c", "a", day=3), account("x", "b", day=0)]
    assert groups(facts) == {"b": "a", "c": "a", "x": "a"}


def test_an_account_declared_again_without_a_parent_leaves_the_group() -> None:
    assert groups([account("b", "a"), account("a"), account("b", day=1)]) == {}
