"""Rows of a CRM export into facts: each row is answered, in its order."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from models.crm import declared, profiled, recorded
from models.crm.cells import Cells
from models.crm.mapping import Reading
from models.crm.problems import Problem, Wrong
from models.crm.tables import Row
from models.crm.world import World
from models.crm_facts import OpportunityRecorded
from models.facts import AccountDeclared, AnyFact, RevenueRecorded
from models.novelty import Subject, about, content


class Answer(NamedTuple):
    """What became of a row. facts: none where it is refused, where an earlier row says the same, or where it is added
    up to what totals() states."""

    row: Row
    facts: tuple[AnyFact, ...]
    problems: tuple[Problem, ...]
    refused: bool


class Reader:
    """Reads the rows of one import, the entities in the order of models.crm.fields.ORDER."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._stated: dict[Subject, tuple[bytes, int]] = {}

    def read(self, rows: Iterable[Row], reading: Reading) -> Iterator[Answer]:
        """Answer the rows of one file. Accounts are answered once all are read: parents may come last."""
        if reading.file.entity == "accounts":
            yield from self._accounts(rows, reading)
            return
        for row in rows:
            cells = _cells(row, reading)
            yield self._answer(row, cells, () if cells.refused else self._facts(cells))

    def totals(self) -> list[RevenueRecorded]:
        """Revenue that was added up from rows."""
        return [
            RevenueRecorded(
                recorded_at=self._world.recorded_at,
                account_id=account_id,
                month=month,
                amount=round(amount, 6),
                currency=currency,
            )
            for (account_id, month, currency), amount in self._world.sums.items()
        ]

    def _facts(self, cells: Cells) -> tuple[AnyFact, ...]:
        found: AnyFact | None
        match cells.reading.file.entity:
            case "products":
                found = declared.product(cells, self._world)
            case "contacts":
                found = declared.contact(cells, self._world)
            case "opportunities":
                found = recorded.opportunity(cells, self._world)
            case "cases":
                found = recorded.case(cells, self._world)
            case "nps":
                found = recorded.answer(cells, self._world)
            case _:
                several = recorded.revenue(cells, self._world)
                cells.refused = several is None
                return tuple(several or ())
        cells.refused = found is None
        return () if found is None else (found,)

    def _accounts(self, rows: Iterable[Row], reading: Reading) -> Iterator[Answer]:
        read: list[tuple[Row, Cells, AccountDeclared | None]] = []
        for row in rows:
            cells = _cells(row, reading)
            read.append((row, cells, None if cells.refused else declared.account(cells, self._world)))
        for row, cells, found in read:
            facts: list[AnyFact] = []
            if found is not None:
                facts.append(declared.with_parent(found, cells, self._world))
                if profile := profiled.profile(cells, self._world, found.account_id):
                    facts.append(profile)
            yield self._answer(row, cells, tuple(facts))

    def _answer(self, row: Row, cells: Cells, facts: tuple[AnyFact, ...]) -> Answer:
        news = []
        for fact in facts:
            says = content(fact)
            said, line = self._stated.setdefault(about(fact), (says, row.line))
            if said != says:
                say = f"line {line} says something else of the same, and stands: keep one, or give it its own key"
                cells.refuse(Wrong.DECLARED_TWICE, "", " ".join(about(fact)[1:]), say)
            elif line == row.line:
                news.append(fact)
        for fact in news:
            if isinstance(fact, OpportunityRecorded) and cells.reading.file.won_is_revenue:
                self._add_won(fact)
        return Answer(row, () if cells.refused else tuple(news), tuple(cells.problems), cells.refused)

    def _add_won(self, won: OpportunityRecorded) -> None:
        if won.outcome == "won" and won.account_id and won.closed_on and won.amount is not None and won.currency:
            self._world.add_revenue(won.account_id, won.closed_on, won.currency, won.amount)


def _cells(row: Row, reading: Reading) -> Cells:
    cells = Cells(row.fields, reading, list(row.problems))
    cells.refused = any(one.reason in (Wrong.ROW_MALFORMED, Wrong.ENCODING_INVALID) for one in row.problems)
    return cells
