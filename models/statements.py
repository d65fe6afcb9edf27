"""What all facts have in common: when they were stated, and their identity."""

import hashlib
from datetime import UTC, date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, field_validator

FIRST_YEAR, LAST_YEAR = 1970, 2100

AccountId = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
# The context of validation in which a fact that is stored is read: what it says was looked at when it was stated.
STORED = {"stored": True}

Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$", description="ISO 4217")]


def plausible(value: date | datetime) -> None:
    """Raises ValueError for a year that nobody can mean."""
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        raise ValueError(f"year {value.year} is out of range: give one from {FIRST_YEAR} to {LAST_YEAR}")


class Fact(BaseModel):
    """recorded_at: when it was stated; of two statements about the same thing the later one holds."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    recorded_at: AwareDatetime

    @field_validator("recorded_at")
    @classmethod
    def _utc(cls, value: datetime) -> datetime:
        plausible(value)  # before converting: the first and last years have no UTC form in every zone
        return value.astimezone(UTC)

    @property
    def fact_id(self) -> UUID:
        """The statement's identity: its content. Saying it again changes nothing."""
        digest = hashlib.blake2b(self.model_dump_json().encode(), digest_size=16, person=b"setten-fact").digest()
        return UUID(bytes=digest)
