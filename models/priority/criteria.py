"""The criteria of an ideal customer: each asks one thing of an account's profile."""

import re
from typing import Annotated, Literal

from pydantic import Field, model_validator

from models.account_profile import AccountProfiled
from models.identity.company_names import plain_key
from models.priority.strict import Number, Strict
from models.statements import Currency

Weight = Annotated[Number, Field(gt=0)]
Words = Annotated[tuple[Annotated[str, Field(min_length=1)], ...], Field(min_length=1)]

_COUNTRY = re.compile(r"[A-Za-z]{2}")


class _Criterion(Strict):
    weight: Weight = 1.0


class OneOf(_Criterion):
    """A word of the profile is one of these, whatever its width and case; a country is one of two letters."""

    field: Literal["industry", "country", "region"]
    any_of: Words

    @model_validator(mode="after")
    def _countries_are_codes(self) -> "OneOf":
        if self.field == "country" and (wrong := [one for one in self.any_of if not _COUNTRY.fullmatch(one)]):
            raise ValueError(f"any_of {wrong[0]!r} is no country code: write two letters of ISO 3166-1, as JP")
        return self

    def matches(self, profile: AccountProfiled) -> bool | None:
        """Whether the profile meets it; None where nobody knows."""
        written = str(getattr(profile, self.field))
        return plain_key(written) in map(plain_key, self.any_of) if written else None


class Labelled(_Criterion):
    """One of these labels is on the account. Without any label nobody knows."""

    field: Literal["labels"]
    any_of: Words

    def matches(self, profile: AccountProfiled) -> bool | None:
        """Whether the profile meets it; None where nobody knows."""
        wanted = set(map(plain_key, self.any_of))
        return any(plain_key(label) in wanted for label in profile.labels) if profile.labels else None


class Between(_Criterion):
    """A number of the profile lies between these, both included."""

    field: Literal["employees", "founded_year"]
    at_least: Number | None = None
    at_most: Number | None = None

    @model_validator(mode="after")
    def _asks_something(self) -> "Between":
        _in_order(self.at_least, self.at_most)
        return self

    def matches(self, profile: AccountProfiled) -> bool | None:
        """Whether the profile meets it; None where nobody knows."""
        value = getattr(profile, self.field)
        return None if value is None else _within(value, self.at_least, self.at_most)


class AmountBetween(_Criterion):
    """The company's own revenue lies between these, by currency; in one that is not named nobody knows."""

    field: Literal["annual_revenue"]
    at_least: dict[Currency, Number] = Field(default_factory=dict)
    at_most: dict[Currency, Number] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _asks_something(self) -> "AmountBetween":
        if not self.at_least and not self.at_most:
            _in_order(None, None)
        for currency in {*self.at_least, *self.at_most}:
            _in_order(self.at_least.get(currency), self.at_most.get(currency))
        return self

    def matches(self, profile: AccountProfiled) -> bool | None:
        """Whether the profile meets it; None where nobody knows."""
        currency = profile.currency or ""
        low, high = self.at_least.get(currency), self.at_most.get(currency)
        if profile.annual_revenue is None or (low is None and high is None):
            return None
        return _within(profile.annual_revenue, low, high)


Criterion = Annotated[OneOf | Labelled | Between | AmountBetween, Field(discriminator="field")]


def _in_order(low: float | None, high: float | None) -> None:
    if low is None and high is None:
        raise ValueError("asks for nothing: give at_least, at_most or both")
    if low is not None and high is not None and low > high:
        raise ValueError(f"at_least {low:g} is more than at_most {high:g}: exchange them")


def _within(value: float, low: float | None, high: float | None) -> bool:
    return (low is None or value >= low) and (high is None or value <= high)
