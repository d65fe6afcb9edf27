"""What a row of accounts says of the company itself. An empty field says nothing: what was stated before goes on."""

import re

from pydantic import ValidationError

from models.account_profile import AccountProfiled
from models.crm.cells import Cells
from models.crm.countries import COUNTRIES, country_code
from models.crm.names import nearest
from models.crm.problems import Wrong
from models.crm.values import read_number, read_year
from models.crm.world import World

_BETWEEN_LABELS = re.compile(r"[;|、\n]+")


def profile(cells: Cells, world: World, account_id: str) -> AccountProfiled | None:
    """The profile that a row states of its account, with what was known of it; None where it says nothing of it.

    What cannot be read is reported and left out: an account is worth having without its number of employees.
    """
    told: dict[str, object] = {}
    for field in ("industry", "region"):
        if written := cells.text(field):
            told[field] = cells.meant(field, written) or written
    told |= _known_only(
        country=_country(cells),
        employees=_employees(cells),
        founded_year=_founded_year(cells),
        labels=tuple(filter(None, (one.strip() for one in _BETWEEN_LABELS.split(cells.text("labels"))))),
    )
    if (revenue := _annual_revenue(cells)) is not None:
        told |= {"annual_revenue": revenue, "currency": cells.currency()}
    for field in [*told]:
        if error := _error(field, told):
            cells.report(Wrong.VALUE_UNREADABLE, field, cells.text(field), f"{error}; it is left out")
            told.pop(field)
    if not {"annual_revenue", "currency"} <= told.keys():  # neither says anything without the other
        told = {field: value for field, value in told.items() if field not in ("annual_revenue", "currency")}
    if not told:
        return None
    before = world.profiles.get(account_id)
    known = before.model_dump() if before else {}
    return AccountProfiled.model_validate({**known, **told, "account_id": account_id, "recorded_at": world.recorded_at})


def _known_only(**told: object) -> dict[str, object]:
    return {field: value for field, value in told.items() if value not in (None, "", ())}


def _error(field: str, told: dict[str, object]) -> str:
    """Why a field cannot have its value, '' where it can."""
    try:
        AccountProfiled.model_validate({field: told[field], "account_id": "a", "recorded_at": "2000-01-01T00:00:00Z"})
    except ValidationError as error:
        return str(error.errors(include_url=False)[0]["msg"])
    return ""


def _country(cells: Cells) -> str | None:
    written = cells.text("country")
    code = cells.meant("country", written) or country_code(written) if written else None
    if written and code is None:
        close = nearest(written, COUNTRIES) or ""
        hint = f"if it is {close!r}, correct it or " if close else ""
        say = f"no country that is known: {hint}add it to `values.country` of the map, as two letters; it is left out"
        cells.report(Wrong.VALUE_UNREADABLE, "country", written, say, close)
    return code


def _employees(cells: Cells) -> int | None:
    written = cells.text("employees")
    number = read_number(written, cells.reading.numbers) if written else None
    if isinstance(number, float) and number == int(number):
        return int(number)
    if number is not None:
        error = number if isinstance(number, str) else "not a whole number: correct it"
        cells.report(Wrong.VALUE_UNREADABLE, "employees", written, f"{error}; it is left out")
    return None


def _annual_revenue(cells: Cells) -> float | None:
    written = cells.text("annual_revenue")
    number = read_number(written, cells.reading.numbers, cells.currency()) if written else None
    if isinstance(number, str):
        cells.report(Wrong.VALUE_UNREADABLE, "annual_revenue", written, f"{number}; it is left out")
        return None
    return None if number is None else round(number * cells.reading.file.unit, 6)


def _founded_year(cells: Cells) -> int | None:
    written = cells.text("founded_year")
    year = read_year(written) if written else None
    if isinstance(year, str):
        cells.report(Wrong.VALUE_UNREADABLE, "founded_year", written, f"{year}; it is left out")
        return None
    return year
