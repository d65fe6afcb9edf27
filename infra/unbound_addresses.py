"""The IP addresses of visitors that count for nobody, in ClickHouse."""

from collections.abc import Iterator
from datetime import date

from infra.clickhouse import ClickHouse

_AT_ONCE = 50_000


def unbound_addresses(clickhouse: ClickHouse, since: date) -> Iterator[list[str]]:
    """Contact keys (`ip:`) with contact-days by people that count for nobody, from a business day on; a page at a time.

    In their order. Those that become bound, or new, while it is read may be missed.
    """
    after = ""
    while True:
        parameters = {"since": since, "after": after, "most": _AT_ONCE}
        found = clickhouse.query("unbound_addresses", parameters).column("contact_key").to_pylist()
        if not found:
            return
        yield found
        after = found[-1]
