"""What some of the demo accounts are as companies; of the others nobody knows. Invented like everything else."""

from datetime import datetime
from typing import NamedTuple

from jobs.demo.cast import Company
from models.account_profile import AccountProfiled


class _Profile(NamedTuple):
    """annual_revenue: in millions of the account's currency."""

    industry: str
    country: str
    region: str
    employees: int | None
    annual_revenue: int | None
    founded_year: int | None
    labels: tuple[str, ...] = ()


PROFILES: dict[str, _Profile] = {
    "aozora-heavy": _Profile("manufacturing", "JP", "兵庫県", 12_400, 480_000, 1918, ("listed",)),
    "shionagi-bank": _Profile("finance", "JP", "神奈川県", 5_200, 190_000, 1934, ("listed",)),
    "hoshikawa": _Profile("manufacturing", "JP", "長野県", 1_850, 64_000, 1951),
    "northgale": _Profile("logistics", "US", "Washington", 3_900, 1_250, 1972),
    "komorebi": _Profile("electronics", "JP", "京都府", 2_700, 98_000, 1946, ("listed",)),
    "suiran": _Profile("chemicals", "JP", "三重県", 940, 41_000, 1958),
    "veldmark": _Profile("manufacturing", "DE", "Bayern", 620, None, 1963),
    "kazamachi": _Profile("telecommunications", "JP", "東京都", 8_300, 310_000, 1987, ("listed",)),
    "tamarind": _Profile("aerospace", "US", "Colorado", 2_150, 720, 1981),
    "mikazuki": _Profile("food", "JP", "新潟県", 410, 8_200, 1949),
    "yukishiro": _Profile("logistics", "JP", "北海道", 230, 3_100, 1974),
    "asagiri": _Profile("pharmaceuticals", "JP", "富山県", 1_120, 57_000, 1939),
    "natsume": _Profile("chemicals", "JP", "", 95, None, 2004),
    "lumenfield": _Profile("healthcare", "US", "Massachusetts", 780, 160, 1999),
    "kawasemi": _Profile("electronics", "JP", "長野県", None, 6_400, 1962),
}


def profile_of(company: Company, recorded_at: datetime) -> AccountProfiled:
    """The profile of an account that is in PROFILES."""
    known = PROFILES[company.account_id]
    amount = known.annual_revenue
    return AccountProfiled(
        recorded_at=recorded_at,
        account_id=company.account_id,
        industry=known.industry,
        country=known.country,
        region=known.region,
        employees=known.employees,
        annual_revenue=None if amount is None else amount * 1_000_000.0,
        currency=None if amount is None else company.currency,
        founded_year=known.founded_year,
        labels=known.labels,
    )
