"""How many people of each function and seniority we know at an account, are in touch with, want and lack."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from models.coverage.people import SENIORITIES, Contact

MANAGEMENT = ("executive", "management")

Place = tuple[str, str]  # function, seniority


@dataclass(frozen=True)
class Counts:
    """People of a cell or of an account. None: not known, which is never none.

    known: who is at the account. engaged: of these, who came to us or met us in the last 90 days; None where the store
    knows of no touches so early. management: of the engaged, executives and managers. wanted: by the plan; None where
    it says nothing. missing: wanted less engaged (要接点), at least 0.
    """

    known: int
    engaged: int | None
    management: int | None
    wanted: int | None
    missing: int | None


@dataclass(frozen=True)
class Cell:
    """The people of one function and seniority; both may be `unknown`."""

    function: str
    seniority: str
    counts: Counts


def matrix(contacts: Iterable[Contact], engaged: Collection[str] | None, wanted: Mapping[Place, int]) -> list[Cell]:
    """A cell for each function and seniority that somebody has or that is wanted, by function and seniority.

    engaged: contact keys in touch in the last 90 days, None where that is not known. wanted: what the plan says, empty
    where there is none.
    """
    known: Counter[Place] = Counter()
    in_touch: Counter[Place] = Counter()
    for contact in contacts:
        place = contact.function, contact.seniority
        known[place] += 1
        in_touch[place] += engaged is not None and contact.contact_key in engaged
    places = sorted({*known, *wanted}, key=lambda place: (place[0] == "unknown", place[0], SENIORITIES.index(place[1])))
    return [
        Cell(*place, _counts(place[1], known[place], None if engaged is None else in_touch[place], wanted.get(place)))
        for place in places
    ]


def totals(cells: Sequence[Cell], *, touches_known: bool) -> Counts:
    """All cells together. Who is engaged in one cell makes up for nobody who is missing in another.

    touches_known: whether the store knows of touches so early; without a cell that cannot be told from them.
    """
    counts = [cell.counts for cell in cells]
    return Counts(
        sum(one.known for one in counts),
        sum(one.engaged or 0 for one in counts) if touches_known else None,
        sum(one.management or 0 for one in counts) if touches_known else None,
        _sum(one.wanted for one in counts),
        _sum(one.missing for one in counts),
    )


def _counts(seniority: str, known: int, engaged: int | None, wanted: int | None) -> Counts:
    management = engaged if engaged is None or seniority in MANAGEMENT else 0
    missing = None if wanted is None or engaged is None else max(0, wanted - engaged)
    return Counts(known, engaged, management, wanted, missing)


def _sum(numbers: Iterable[int | None]) -> int | None:
    told = [number for number in numbers if number is not None]
    return sum(told) if told else None
