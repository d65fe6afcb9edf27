"""The forgotten addresses as the store keeps them: keyed hashes, and the tombstones of their erasures."""

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime

from infra.clickhouse import ClickHouse
from models.erasure import Suppressed

_KEY_BYTES = 32


class Suppressions:
    """What is suppressed. Read at the start of every cycle, so counting them is all that it costs."""

    def __init__(self, clickhouse: ClickHouse) -> None:
        self._clickhouse = clickhouse

    def count(self) -> int:
        """How many addresses are forgotten; it never falls."""
        return int(self._clickhouse.rows("erased_count")[0]["addresses"])

    def load(self) -> Suppressed:
        """All of them."""
        hashes = self._clickhouse.query("erased_hashes").column("address_hash").to_pylist()
        return Suppressed(self.key() if hashes else "", hashes)

    def key(self) -> str:
        """The secret of the hashes, made when it is first asked for; of two made at once the older counts for both."""
        sql = "SELECT argMin(key, (created_at, key)) FROM erasure_key"
        if not (key := str(self._clickhouse.statement(sql)).strip()):
            self._clickhouse.insert_rows("erasure_key", ("key",), [(secrets.token_hex(_KEY_BYTES),)])
            key = str(self._clickhouse.statement(sql)).strip()
        return key

    def hash_text(self, text: str) -> str:
        """The keyed hash of any text, as infra.purge.hashed tells it in SQL."""
        return hashlib.sha256((self.key() + text).encode()).hexdigest().upper()

    def begin(self, hashes: Sequence[str], started_at: datetime) -> None:
        """Suppress: from now on no cycle that begins takes these addresses in."""
        rows = [(one, started_at, 0) for one in hashes]
        self._clickhouse.insert_rows("erasures", ("address_hash", "started_at", "is_finished"), rows)

    def finish(self, hashes: Sequence[str], started_at: datetime, at: datetime, removed: Mapping[str, int]) -> None:
        """Note that nothing is left, and how many rows went."""
        columns = ("address_hash", "started_at", "finished_at", "removed", "is_finished")
        self._clickhouse.insert_rows("erasures", columns, [(one, started_at, at, dict(removed), 1) for one in hashes])
