"""Facts from a CRM that bind nobody to an account: opportunities, cases, answers to the NPS question, products.

The views of `infra/sql/migrations/0008_crm_facts.sql` show what holds of them.
"""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator

from models.contact_keys import as_touches_have_it
from models.statements import AccountId, Currency, Fact, plausible

Outcome = Literal["open", "won", "lost"]
Amount = Annotated[float, Field(allow_inf_nan=False)]
Name = Annotated[str, Field(max_length=256)]
Key = Annotated[str, Field(min_length=1, max_length=128)]


class _Dated(Fact):
    @field_validator("opened_on", "closed_on", "expected_on", "answered_on", check_fields=False)
    @classmethod
    def _in_range(cls, value: date | None) -> date | None:
        if value is not None:
            plausible(value)
        return value


class OpportunityRecorded(_Dated):
    """A chance to sell, as it now stands; replaces what was recorded before of the same opportunity.

    account_id None: nobody knows whose it is; account_as_written is what the CRM calls it all the same. stage: in the
    CRM's own words. outcome: what they come to. amount None: not known, which is not 0; in `currency`.
    opened_on: work on it began. closed_on: it was won or lost. expected_on: an open one is to be closed. Business days.
    """

    type: Literal["opportunity_recorded"] = "opportunity_recorded"
    opportunity_id: Key
    account_id: AccountId | None = None
    account_as_written: Name = ""
    name: Name = ""
    product: Name = ""
    stage: Annotated[str, Field(min_length=1, max_length=128)]
    outcome: Outcome
    amount: Amount | None = None
    currency: Currency | None = None
    opened_on: date | None = None
    closed_on: date | None = None
    expected_on: date | None = None
    owner: Name = ""


class CaseRecorded(_Dated):
    """A support case, as it now stands; replaces what was recorded before of the same case.

    severity: in the CRM's own words. closed_on None: it is open. Business days.
    """

    type: Literal["case_recorded"] = "case_recorded"
    case_id: Key
    account_id: AccountId | None = None
    account_as_written: Name = ""
    severity: Annotated[str, Field(max_length=128)] = ""
    opened_on: date
    closed_on: date | None = None


class NpsAnswered(_Dated):
    """Somebody said how likely they are to recommend us, 0 (not at all) to 10.

    Another answer with the same answer_id replaces it; without one, of the same contact and account on the same day.
    """

    type: Literal["nps_answered"] = "nps_answered"
    answer_id: Annotated[str, Field(max_length=128)] = ""
    account_id: AccountId | None = None
    contact_key: Annotated[str, Field(pattern=r"^(mail|id):.+$", max_length=512)] | None = None
    score: Annotated[int, Field(ge=0, le=10)]
    answered_on: date

    @field_validator("contact_key")
    @classmethod
    def _normalise(cls, value: str | None, info: ValidationInfo) -> str | None:
        return None if value is None else as_touches_have_it(value, info)


class ProductDeclared(Fact):
    """A product that we sell; replaces what was declared before of it. list_price None: not known; in `currency`."""

    type: Literal["product_declared"] = "product_declared"
    product: Annotated[str, Field(min_length=1, max_length=256)]
    series: Name = ""
    list_price: Amount | None = None
    currency: Currency | None = None
