"""What the items of a plan are made of: texts without addresses, days, amounts; each field told in both languages."""

from datetime import date
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from models.free_text import holds_address, is_control
from models.statements import FIRST_YEAR, LAST_YEAR, plausible

KEY_PATTERN = r"^[a-z0-9][a-z0-9._-]{0,63}$"


def says(en: str, ja: str, **limits: Any) -> Any:
    """A field's description, as the schema has it: `Owner: who sees to it / 担当: 責任者`. Label first."""
    return Field(description=f"{en} / {ja}", **limits)


def _names_no_address(text: str) -> str:
    if holds_address(text):
        raise ValueError("it holds a mail address: declare the person as a stakeholder with contact_key, name her here")
    if any(is_control(char) and char not in "\n\t" for char in text):
        raise ValueError("it holds a control character: remove it")
    return text.replace("\u00a0", " ")


def _number(told: Any) -> Any:
    """Raises ValueError for a text or true: pydantic alone would take them for numbers, and the schema does not."""
    if isinstance(told, bool | str):
        raise ValueError("it must be a number, without quotes, commas or units: 1200000")
    return told


def _whole_number(told: Any) -> Any:
    if isinstance(told, bool | str):
        raise ValueError("it must be a whole number, without quotes, signs or units")
    return told


def _iso_day(told: Any) -> Any:
    """Raises ValueError for what is no day: pydantic alone would take a number for seconds since 1970."""
    if isinstance(told, date):
        return told
    try:
        return date.fromisoformat(told) if len(told) == 10 else date.fromisoformat("")
    except (TypeError, ValueError):
        raise ValueError("it is no day: write it like 2026-10-01") from None


def _in_range(day: date) -> date:
    plausible(day)
    return day


Key = Annotated[str, Field(pattern=KEY_PATTERN, description="names an item within its part")]
Text = Annotated[str, Field(max_length=256), AfterValidator(_names_no_address)]
Needed = Annotated[Text, Field(min_length=1)]
Prose = Annotated[str, Field(max_length=4000), AfterValidator(_names_no_address)]
Day = Annotated[date, BeforeValidator(_iso_day), AfterValidator(_in_range)]
# After the limits, or the schema would not have them.
WHOLE = BeforeValidator(_whole_number)
Amount = Annotated[float, Field(allow_inf_nan=False, ge=0, le=1e15), BeforeValidator(_number)]
Points = Annotated[int, Field(ge=0, le=10), WHOLE]
FiscalYear = Annotated[int, Field(ge=FIRST_YEAR, le=LAST_YEAR), WHOLE]
Reference = Annotated[str, Field(pattern=KEY_PATTERN)]


class Told(BaseModel):
    """A part of what a plan says."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class Item(Told):
    """One thing that a plan says; `part` tells of what kind it is."""

    @property
    def own_key(self) -> str | None:
        """The key that it must have, where what it says is its key; None where the plan gives it one."""
        return None
