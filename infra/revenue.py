"""Revenue by fiscal quarter out of ClickHouse."""

from collections.abc import Sequence
from datetime import timedelta

from infra.clickhouse import ClickHouse
from models.days import fiscal_quarter, quarter_start

# The currency, and the sums by quarter; None where a month lacks.
Revenue = tuple[str, tuple[float | None, ...]]


def revenue_by_quarter(
    clickhouse: ClickHouse, accounts: Sequence[str], first_quarter: int, count: int, start_month: int
) -> dict[str, Revenue]:
    """By account, of the currency with the most months recorded. accounts: empty for all.

    first_quarter: ordinal (models.days.fiscal_quarter) of the first of `count` quarters.
    """
    first = quarter_start(first_quarter, start_month)
    last = quarter_start(first_quarter + count, start_month) - timedelta(days=1)
    best: dict[str, tuple[int, str, tuple[float | None, ...]]] = {}
    for row in clickhouse.rows("revenue_by_month", {"accounts": list(accounts), "first": first, "last": last}):
        months: dict[int, list[float]] = {}
        for month, amount in zip(row["months"], row["amounts"], strict=True):
            months.setdefault(fiscal_quarter(month, start_month) - first_quarter, []).append(amount)
        quarters = tuple(sum(months[i]) if len(months.get(i, ())) == 3 else None for i in range(count))
        candidate = (len(row["months"]), row["currency"], quarters)
        if row["account_id"] not in best or candidate[:2] > best[row["account_id"]][:2]:
            best[row["account_id"]] = candidate
    return {account: (currency, quarters) for account, (_, currency, quarters) in best.items()}
