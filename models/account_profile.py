"""What an account is as a company: what an ideal customer is told by."""

from typing import Annotated, Literal

from pydantic import Field

from models.statements import AccountId, Currency, Fact

_Text = Annotated[str, Field(max_length=128)]


class AccountProfiled(Fact):
    """An account as a company; replaces what was stated before. None and '': nobody knows.

    annual_revenue: its own, not what it pays us; in `currency`. country: ISO 3166-1, two letters. labels: anything else
    that one wants to tell accounts by, as `uses_kafka` or `listed`.
    """

    type: Literal["account_profiled"] = "account_profiled"
    account_id: AccountId
    industry: _Text = ""
    country: Annotated[str, Field(pattern=r"^([A-Z]{2})?$")] = ""
    region: _Text = ""
    employees: Annotated[int, Field(ge=0, le=100_000_000)] | None = None
    annual_revenue: Annotated[float, Field(allow_inf_nan=False, ge=0)] | None = None
    currency: Currency | None = None
    founded_year: Annotated[int, Field(ge=1000, le=2100)] | None = None
    labels: Annotated[tuple[Annotated[str, Field(min_length=1, max_length=64)], ...], Field(max_length=100)] = ()
