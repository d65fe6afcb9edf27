"""Rows that record what happens with accounts: opportunities, revenue, support cases, answers to the NPS question."""

from collections.abc import Sequence
from datetime import date

from pydantic import ValidationError

from models.crm.cells import Cells
from models.crm.problems import Wrong
from models.crm.values import read_month, read_year
from models.crm.world import World
from models.crm_facts import CaseRecorded, NpsAnswered, OpportunityRecorded
from models.events import Contact
from models.facts import RevenueRecorded
from models.sources.attendee_lists import narrow

_CALLED = ("account_name", "account_domain", "account_id")


def opportunity(cells: Cells, world: World) -> OpportunityRecorded | None:
    """The opportunity that a row records; without an account where it names none that is known."""
    key, stage = cells.need("id"), cells.need("stage")
    opened, closed, currency = cells.day("opened_on"), cells.day("closed_on"), cells.currency()
    amount = cells.amount("amount", currency)
    written = cells.text("outcome") or stage
    outcome = cells.meant("outcome", written) if written else None
    if written and outcome is None:
        cells.unknown("outcome", written)
    account_id, product = world.account_of(cells, ("opportunity_recorded", key)), world.product_of(cells)
    if cells.refused:
        return None
    is_open = outcome == "open"
    try:
        found = OpportunityRecorded.model_validate(
            {
                "recorded_at": world.recorded_at,
                "opportunity_id": key,
                "account_id": account_id,
                "account_as_written": _called(cells),
                "name": cells.text("name"),
                "product": product,
                "stage": stage,
                "outcome": outcome,
                "amount": amount,
                "currency": currency if amount is not None else None,
                "opened_on": opened,
                # The CRM's one date means, of an open one, when it is to be closed.
                "closed_on": None if is_open else closed,
                "expected_on": closed if is_open else None,
                "owner": cells.text("owner"),
            }
        )
    except ValidationError as error:
        cells.invalid(error)
        return None
    _check_dates(cells, world, found)
    return found


def _check_dates(cells: Cells, world: World, found: OpportunityRecorded) -> None:
    closed, today = found.closed_on, world.recorded_at.astimezone(cells.reading.zone).date()
    if closed is None and found.outcome != "open" and "closed_on" in cells.fields:
        cells.report(Wrong.DATE_UNLIKELY, "closed_on", "", f"it is {found.outcome}, and nobody knows since when")
    elif closed is not None and closed > today:
        cells.report(Wrong.DATE_UNLIKELY, "closed_on", closed.isoformat(), f"it is {found.outcome} on a day to come")
    elif closed is not None and found.opened_on is not None and closed < found.opened_on:
        cells.report(Wrong.DATE_UNLIKELY, "closed_on", closed.isoformat(), f"before it was opened on {found.opened_on}")


def revenue(cells: Cells, world: World) -> Sequence[RevenueRecorded] | None:
    """Our revenue of a month, or of the months of a year; nothing where it is to be added up first."""
    file, currency = cells.reading.file, cells.currency()
    amount, months = cells.amount("amount", currency), _months(cells, world)
    if not cells.text("amount"):
        cells.need("amount")
    account_id = world.account_of(cells)
    if account_id is None and not any(name.startswith("account_") for name in cells.fields):
        cells.refuse(Wrong.FIELD_MISSING, "account_name", "", "name the column of the account in `columns` of the map")
    if cells.refused or account_id is None or amount is None:
        return None
    try:
        facts = [
            RevenueRecorded(
                recorded_at=world.recorded_at,
                account_id=account_id,
                month=month,
                amount=amount / len(months),
                currency=currency,
            )
            for month in months
        ]
    except ValidationError as error:
        cells.invalid(error)
        return None
    if file.repeated == "refuse":
        return facts
    for fact in facts:
        world.add_revenue(fact.account_id, fact.month, fact.currency, fact.amount)
    return ()


def _months(cells: Cells, world: World) -> list[date]:
    if written := cells.text("month"):
        month = read_month(written, cells.reading.dates, cells.reading.zone)
        if not isinstance(month, str):
            return [month]
        cells.refuse(Wrong.FIELD_INVALID, "month", written, month)
        return []
    written = cells.need("year" if "year" in cells.fields else "month")
    year = read_year(written) if written else ""
    if isinstance(year, str):
        if year:
            cells.refuse(Wrong.FIELD_INVALID, "year", written, year)
        return []
    if cells.reading.file.annual == "refuse":
        say = 'a year is no month: export it by month, or set `annual = "divide"` in the map'
        cells.refuse(Wrong.FIELD_INVALID, "year", written, say)
        return []
    first = world.map.year_starts - 1
    try:
        return [date(year + (first + n) // 12, (first + n) % 12 + 1, 1) for n in range(12)]
    except ValueError:
        cells.refuse(Wrong.FIELD_INVALID, "year", written, "no such year: correct it")
        return []


def case(cells: Cells, world: World) -> CaseRecorded | None:
    """The support case that a row records."""
    key, opened, closed = cells.need("id"), cells.day("opened_on"), cells.day("closed_on")
    cells.need("opened_on")
    account_id = world.account_of(cells, ("case_recorded", key))
    if cells.refused:
        return None
    severity = cells.text("severity")
    try:
        found = CaseRecorded.model_validate(
            {
                "recorded_at": world.recorded_at,
                "case_id": key,
                "account_id": account_id,
                "account_as_written": _called(cells),
                "severity": cells.meant("severity", severity) or severity,
                "opened_on": opened,
                "closed_on": closed,
            }
        )
    except ValidationError as error:
        cells.invalid(error)
        return None
    if closed is not None and closed < found.opened_on:
        cells.report(Wrong.DATE_UNLIKELY, "closed_on", closed.isoformat(), f"before it was opened on {found.opened_on}")
    return found


def answer(cells: Cells, world: World) -> NpsAnswered | None:
    """The answer that a row records. Where it names no account, the domain of whoever answered does."""
    score, answered, email = cells.need("score"), cells.day("answered_on"), narrow(cells.text("email")).lower()
    cells.need("answered_on")
    key: str | None = None
    if email:
        try:
            key = Contact(email=email).key
        except ValidationError:
            cells.refuse(Wrong.FIELD_INVALID, "email", email, "not a mail address: give one like sato@example.co.jp")
    named = any(cells.text(name) for name in _CALLED)
    if named or not email:
        # Without a key of its own an answer is known by its account, so that there is none to keep.
        answer_id = cells.text("id")
        account_id = world.account_of(cells, ("nps_answered", answer_id) if answer_id else ())
    else:
        found = world.accounts.find({"account_domain": email}, ("domain",))
        account_id = found if isinstance(found, str) else None
    if cells.refused:
        return None
    try:
        return NpsAnswered.model_validate(
            {
                "recorded_at": world.recorded_at,
                "answer_id": cells.text("id"),
                "account_id": account_id,
                "contact_key": key,
                "score": score,
                "answered_on": answered,
            }
        )
    except ValidationError as error:
        cells.invalid(error)
        return None


def _called(cells: Cells) -> str:
    return next((text for name in _CALLED if (text := cells.text(name))), "")
