"""The fields of one row, read one after the other; what is wrong with them is collected."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import TypeVar

from pydantic import ValidationError

from models.crm.mapping import Reading
from models.crm.names import nearest
from models.crm.problems import Problem, Wrong
from models.crm.values import read_day, read_number
from models.identity.company_names import plain_key

T = TypeVar("T")

# What a field of a fact is called in the map, where that is something else.
_FIELD_OF = {
    "account_id": "id",
    "opportunity_id": "id",
    "case_id": "id",
    "answer_id": "id",
    "contact_key": "email",
    "parent_account_id": "parent",
}


@dataclass
class Cells:
    """fields: of the entity, '' where the row has none. refused: whether the row can state nothing."""

    fields: Mapping[str, str]
    reading: Reading
    problems: list[Problem] = field(default_factory=list)
    refused: bool = False

    def text(self, name: str) -> str:
        """The field as written, '' where it is empty."""
        return self.fields.get(name, "")

    def need(self, name: str) -> str:
        """The field as written; a row without it is refused."""
        value = self.text(name)
        if not value:
            self.refuse(Wrong.FIELD_MISSING, name, "", "empty: fill it in")
        return value

    def day(self, name: str) -> date | None:
        """A day; None where it is empty."""
        value = self.text(name)
        return self._kept(name, value, read_day(value, self.reading.dates, self.reading.zone)) if value else None

    def amount(self, name: str, currency: str) -> float | None:
        """A number in the map's unit; None where it is empty. currency: what it is in."""
        value = self.text(name)
        read = self._kept(name, value, read_number(value, self.reading.numbers, currency)) if value else None
        return None if read is None else read * self.reading.file.unit

    def currency(self) -> str:
        """The currency of the row's amounts."""
        return self.text("currency").upper() or self.reading.currency

    def meant(self, name: str, written: str) -> str | None:
        """What `values` of the map says that something stands for; None where it says nothing of it."""
        table = self.reading.file.values.get(name, {})
        plain = plain_key(written)
        exact = {plain_key(one): meant for one, meant in table.items()}
        if plain in exact:
            return exact[plain]
        return next((meant for one, meant in table.items() if _pattern(plain_key(one)).fullmatch(plain)), None)

    def unknown(self, name: str, written: str) -> None:
        """Refuse the row: nobody knows what something stands for."""
        table = self.reading.file.values.get(name, {})
        close = nearest(written, list(table)) or ""
        hint = f", or correct it to {close!r}" if close else ""
        self.refuse(Wrong.VALUE_UNKNOWN, name, written, f"add it to `values.{name}` of the map{hint}", close)

    def refuse(self, reason: Wrong, name: str, value: str, message: str, suggestion: str = "") -> None:
        self.problems.append(Problem(reason, name, value[:256], message, suggestion))
        self.refused = True

    def report(self, reason: Wrong, name: str, value: str, message: str, suggestion: str = "") -> None:
        self.problems.append(Problem(reason, name, value[:256], message, suggestion))

    def invalid(self, error: ValidationError) -> None:
        """Refuse the row for what a fact cannot hold."""
        for one in error.errors(include_url=False):
            told = str(one["loc"][0]) if one["loc"] else ""
            name = _FIELD_OF.get(told, told)
            say = one["msg"].removeprefix("Value error, ").removeprefix("String ")
            self.refuse(Wrong.FIELD_INVALID, name, self.text(name) or str(one["input"]), f"{say}: correct it")

    def _kept(self, name: str, value: str, read: T | str) -> T | None:
        if isinstance(read, str):
            self.refuse(Wrong.FIELD_INVALID, name, value, read)
            return None
        return read


@lru_cache(maxsize=4096)
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(re.escape(text).replace(r"\*", ".*").replace(r"\?", "."), re.DOTALL)
