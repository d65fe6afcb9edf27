"""`setten forget`: take a person's address out of everything, keep it out, and prove it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from kafka.errors import KafkaError

from infra.clickhouse import ClickHouse
from infra.erasure_search import Search
from infra.kafka import IngestStandsStill, KafkaUnavailable, Progress, producer
from infra.kafka_retention import Kept, kept_in_kafka
from infra.old_parts import OldParts
from infra.purge import Plan, Purge
from infra.rollups import Rollups
from infra.score_profile import load_profile
from infra.settings import Settings
from infra.shadow import Shadow
from infra.store import Store
from infra.suppressions import Suppressions
from models.erasure import Suppressed, address_hash
from models.spellings import search_pattern

# A table that is rewritten may be large; ClickHouse tells nothing until it is done.
_TIMEOUT_S = 6 * 3600
_IN_FLIGHT_PATIENCE_S = 60.0
_MOST_RECORDS = 500


@dataclass
class ForgetReport:
    """What an erasure removed, and what the search afterwards found.

    forgotten_before: how many of the addresses were forgotten already. removed: rows, by table. holding: rows that hold
    an address now, by table and column; searched: tables and columns looked at. unread: records in Kafka that no worker
    has read; they are redacted when they are read. old_parts: files of ClickHouse that still hold removed rows.
    kept: until when Kafka holds what was sent.
    """

    addresses: int = 0
    forgotten_before: int = 0
    removed: dict[str, int] = field(default_factory=dict)
    holding: dict[str, dict[str, int]] = field(default_factory=dict)
    searched: tuple[int, int] = (0, 0)
    unread: int = 0
    old_parts: int = 0
    kept: list[Kept] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        """Whether the search found the addresses nowhere."""
        return not self.holding

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        kept = {one.topic: one.until.isoformat() if one.until else None for one in self.kept}
        tables, columns = self.searched
        return {**vars(self), "clean": self.clean, "searched": {"tables": tables, "columns": columns}, "kept": kept}


class Forgetting:
    """One erasure. Every step can be done again: a run that was killed is finished by the next one."""

    def __init__(
        self, settings: Settings, addresses: Sequence[str], *, told: Callable[[str], None] = lambda _: None
    ) -> None:
        """addresses: see models.erasure.normalise. told: hears what goes on, a line each.

        Raises ClickHouseUnavailable, SettingsError for a wrong score profile.
        """
        profile = load_profile(settings)
        self._settings = settings
        self._clickhouse = ClickHouse(settings, timeout_s=_TIMEOUT_S)
        self._store = Store(self._clickhouse, settings.business_timezone)
        self._purge = Purge(self._store)
        self._rollups = Rollups(self._clickhouse, settings, profile)
        self._suppressions = Suppressions(self._clickhouse)
        key = self._suppressions.key()
        self._hashes = [address_hash(key, address) for address in addresses]
        self._suppressed = Suppressed(key, self._hashes)
        self._pattern = search_pattern(addresses)
        self._search = Search(self._clickhouse, self._pattern, self._suppressed)
        self._contacts = [f"mail:{address}" for address in addresses]
        self._told = told

    def hears(self, told: Callable[[str], None]) -> None:
        """From now on `told` hears what goes on."""
        self._told = told

    def found(self) -> dict[str, int]:
        """Rows that hold the addresses now, by table; in several columns of a row, the column with the most."""
        return {table: max(rows.values()) for table, rows in self._search.rows_holding().items() if any(rows.values())}

    def run(self, *, part_patience_s: float = 120.0) -> ForgetReport:
        """Suppress, remove, read again what is left of the bodies, and search.

        part_patience_s: how long to wait for ClickHouse to drop the files of removed rows.
        Raises KafkaUnavailable, ClickHouseUnavailable, IngestStandsStill.
        """
        started_at = datetime.now(UTC)
        known = self._suppressions.load()
        report = ForgetReport(len(self._hashes), sum(one in known.hashes for one in self._hashes))
        self._told("suppressing")
        self._suppressions.begin(self._hashes, started_at)
        # What a replay has built or kept holds them too; one that is under way gives up by this.
        shadow = Shadow(self._settings)
        shadow.drop()
        with OldParts(self._clickhouse) as old_parts:
            report.unread = self._until_read("waiting for what the workers have in hand")
            plan = self._remove()
            self._read_again(sorted(plan.again))
            report.unread = self._until_read("waiting for the workers once more")
            self._clean(plan)
            self._told("searching every table")
            rows = self._search.rows_holding()
            report.old_parts = old_parts.wait(self._purge.removed, part_patience_s, self._told)
        shadow.drop()
        report.searched = len(rows), sum(map(len, rows.values()))
        report.holding = {
            table: held for table, told in rows.items() if (held := {name: n for name, n in told.items() if n})
        }
        report.removed = {table: count for table, count in self._purge.removed.items() if count}
        report.kept = kept_in_kafka(self._settings, datetime.now(UTC))
        if report.clean:
            self._suppressions.finish(self._hashes, started_at, datetime.now(UTC), report.removed)
        return report

    def _remove(self) -> Plan:
        self._told("looking for bodies")
        plan = self._purge.broken_off()
        self._contacts = sorted({*self._contacts, *self._purge.contact_keys_holding(self._pattern, self._suppressed)})
        changes = self._purge.changes(self._pattern, self._contacts, self._suppressed)
        self._told(f"removing what {len(changes):,} bodies gave")
        self._purge.note(plan, changes, self._contacts)
        self._purge.take_out(plan)
        self._purge.take_out_facts(plan, self._pattern, self._suppressed)
        self._purge.take_out_contacts(self._contacts, self._suppressions.hash_text)
        return plan

    def _until_read(self, what: str) -> int:
        """Wait until the cycles that may have begun before are over; answers the records that nobody reads."""
        self._told(what)
        progress = Progress(self._settings, patience_s=_IN_FLIGHT_PATIENCE_S)
        try:
            progress.everything()
            progress.wait()
            return 0
        except IngestStandsStill:
            # No worker is there to be in the middle of something; should one wake up, it looks again itself.
            return progress.behind()
        finally:
            progress.close()

    def _read_again(self, record_ids: Sequence[str]) -> None:
        """Send the redacted bodies, and those that dispute events with them, to be read as on the first day."""
        if not record_ids:
            return
        self._told(f"reading {len(record_ids):,} redacted bodies again")
        kafka, progress = producer(self._settings), Progress(self._settings)
        try:
            for start in range(0, len(record_ids), _MOST_RECORDS):
                bodies = self._store.archived_bodies(record_ids[start : start + _MOST_RECORDS]).values()
                futures = [
                    kafka.send(one.topic, one.body, key=one.source.encode(), headers=one.origin().to_headers())
                    for one in sorted(bodies, key=lambda one: one.received_us)
                ]
                for future in futures:
                    progress.sent(future.get(timeout=60))
            progress.wait()
        except IngestStandsStill as error:
            raise IngestStandsStill(
                "the addresses are removed, but no worker reads what is left of the bodies, so that others of the same "
                "events are missing: start one (`setten status`) and run the command again"
            ) from error
        except (KafkaError, OSError) as error:
            raise KafkaUnavailable(
                f"Kafka at {self._settings.kafka_brokers} did not take all bodies ({type(error).__name__}): the person "
                "is forgotten, others of the same events are not back yet; run the command again"
            ) from error
        finally:
            kafka.close()
            progress.close()

    def _clean(self, plan: Plan) -> None:
        """What cycles wrote meanwhile of touches that they had read before; and every other place, whatever it is."""
        self._told("computing contact-days again")
        self._purge.take_out_contacts(self._contacts, self._suppressions.hash_text)
        self._purge.compute_again(plan)
        self._purge.done(plan)
        # They hold more of a person than her address, which is all that the search would take out.
        self._told("computing roll-ups of persons again")
        self._rollups.compute_persons_again(datetime.now(UTC))
        for table in self.found():
            self._search.rewrite(table, self._purge.delete_hashed)
