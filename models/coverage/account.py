"""The coverage of one account as of a day, and the line of it among all accounts."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from models.coverage.depth import NOT_KNOWN, OwnPerson, OwnSide, SingleThread, own_side, single_thread
from models.coverage.history import ENGAGED_WITHIN_DAYS, Touched, histories
from models.coverage.matrix import Cell, Counts, Place, matrix, totals
from models.coverage.people import Contact, Person, Planned, people


@dataclass(frozen=True)
class Seen:
    """What the store says of one account. known_since: the first day with touches of anybody, or None."""

    contacts: Sequence[Contact]
    touched: Iterable[Touched]
    wanted: Mapping[Place, int]
    planned: Collection[Planned]
    own: Sequence[OwnPerson]
    known_since: date | None


@dataclass(frozen=True)
class AccountCoverage:
    """Coverage of an account as of a day. gone: people touched for it once who are not there any more, or silent for a
    year and named by no fact."""

    account_id: str
    name: str
    as_of: date
    counts: Counts
    cells: list[Cell]
    people: list[Person]
    gone: int
    single_thread: SingleThread
    own_side: OwnSide


@dataclass(frozen=True)
class AccountLine:
    """An account among all. share_of_strongest: see SingleThread.share."""

    account_id: str
    name: str
    tier: str
    counts: Counts
    share_of_strongest: float | None


def covered(account_id: str, name: str, seen: Seen, as_of: date) -> AccountCoverage:
    """The coverage of an account as of a day, of what the store says."""
    found = histories(seen.touched, as_of)
    here = {key for contact in seen.contacts if (key := contact.contact_key)}
    touches_known = seen.known_since is not None and seen.known_since <= as_of
    engaged = {key for key in here if key in found and found[key].engaged_within(ENGAGED_WITHIN_DAYS, as_of)}
    cells = matrix(seen.contacts, engaged if touches_known else None, seen.wanted)
    return AccountCoverage(
        account_id,
        name,
        as_of,
        totals(cells, touches_known=touches_known),
        cells,
        people(seen.contacts, found if touches_known else None, seen.planned, as_of),
        len(found.keys() - here),
        single_thread(here, found, as_of) if touches_known else NOT_KNOWN,
        own_side(seen.own),
    )
