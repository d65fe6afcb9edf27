"""What a plan says of money: by product over years, and of this term. Amounts that nobody gives are unknown, not 0."""

from typing import Annotated, Literal, Self

from pydantic import model_validator

from models.plan.direction import MOST
from models.plan.item import KEY_PATTERN, Amount, Day, FiscalYear, Item, Needed, Told, says
from models.statements import Currency

Half = Literal["h1", "h2"]


def _with_currency(currency: str | None, amounts: tuple[float | None, ...]) -> None:
    if currency is None and any(amount is not None for amount in amounts):
        raise ValueError("an amount has no currency: give one as ISO 4217 has it, like JPY")


class YearTarget(Told):
    """What a product is to bring in a fiscal year, named by the calendar year in which it begins."""

    fiscal_year: Annotated[FiscalYear, says("Fiscal year: the year in which it begins", "年度: 始まる年")]
    amount: Annotated[Amount, says("Target", "目標額")]


class Adoption(Told):
    """A step of the account's way with a product."""

    on: Annotated[Day, says("On", "日付")]
    what: Annotated[Needed, says("What: trial, first site, roll-out", "内容: 試用、初回導入、展開など")]


class Product(Item):
    """Mid-term revenue of a product. current_amount: in the last full fiscal year; None: unknown."""

    part: Literal["product"] = "product"
    product: Annotated[Needed, says("Product: as the CRM names it", "製品: CRM と同じ名前")]
    currency: Annotated[Currency | None, says("Currency: ISO 4217", "通貨: ISO 4217")] = None
    current_amount: Annotated[Amount | None, says("Now: of the last full fiscal year", "現在: 直近の通期の金額")] = None
    targets: Annotated[tuple[YearTarget, ...], says("Targets: by fiscal year", "目標: 年度ごと", max_length=MOST)] = ()
    adoption: Annotated[tuple[Adoption, ...], says("Adoption: its history", "導入の経緯", max_length=MOST)] = ()

    @model_validator(mode="after")
    def _whole(self) -> Self:
        _with_currency(self.currency, (self.current_amount, *(one.amount for one in self.targets)))
        years = [one.fiscal_year for one in self.targets]
        if twice := [year for year in years if years.count(year) > 1]:
            raise ValueError(f"two targets of fiscal year {twice[0]}: keep one")
        return self


class Term(Item):
    """What a fiscal year or half-year needs, of one product of the plan or of all; all sums in `currency`.

    needed = recurring + open_opportunities + to_be_created, where all are known. None: unknown.
    """

    part: Literal["term"] = "term"
    fiscal_year: Annotated[FiscalYear, says("Fiscal year: the year in which it begins", "年度: 始まる年")]
    half: Annotated[Half | None, says("Half: left out for the whole year", "半期: 通期なら省略")] = None
    product: Annotated[
        str | None,
        says("Product: its key; left out for all", "製品: キー。全体なら省略", pattern=KEY_PATTERN, max_length=56),
    ] = None
    currency: Annotated[Currency | None, says("Currency: ISO 4217", "通貨: ISO 4217")] = None
    recurring: Annotated[Amount | None, says("Recurring: comes in anyway", "継続: 継続して入る額")] = None
    open_opportunities: Annotated[
        Amount | None, says("Open: what open opportunities are to bring", "商談中: 進行中の商談の見込額")
    ] = None
    needed: Annotated[Amount | None, says("Needed: in all", "必要額: 今期の合計")] = None
    to_be_created: Annotated[
        Amount | None, says("To be created: opportunities that are missing", "要創出: 新たに作る商談の額")
    ] = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        _with_currency(self.currency, self.amounts)
        return self

    @property
    def amounts(self) -> tuple[float | None, ...]:
        return (self.recurring, self.open_opportunities, self.needed, self.to_be_created)

    @property
    def own_key(self) -> str:
        return f"{self.fiscal_year}{self.half or ''}" + (f".{self.product}" if self.product else "")
