"""`setten replay`: build the derived tables beside the live ones, compare, exchange, and lose nothing meanwhile."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from infra.clickhouse import ClickHouseUnavailable
from infra.compare import COMPARED, Comparison, Databases
from infra.embedded import tether
from infra.embedded.processes import python
from infra.kafka import KafkaUnavailable
from infra.settings import Settings
from infra.shadow import ReplayRefused, Shadow

Source = Literal["archive", "kafka"]
Step = Literal["build", "catch-up", "finish"]
Told = Callable[[Step, int, int], None]

_COMPARED_AT_MOST = 3
# After the exchange the tables lack what came in meanwhile: worth some patience.
_PAUSES_S = (2.0, 5.0, 15.0, 30.0, 60.0)


class ReplayFailed(Exception):
    """A step ended before its time; the message says why and what to do."""


@dataclass
class ReplayReport:
    """What was read and how the tables compare. exchanged: whether the rebuilt ones are live now."""

    source: Source
    records: int = 0
    tables: list[Comparison] = field(default_factory=list)
    exchanged: bool = False
    kept_in: str = ""

    @property
    def equal(self) -> bool:
        return all(one.equal for one in self.tables)

    def as_json(self) -> dict[str, Any]:
        """For `--json`. Checksums are text: they do not fit into the numbers of all readers."""
        tables = [
            {
                **asdict(one),
                "before": {"rows": one.before.rows, "checksum": str(one.before.digest)},
                "after": {"rows": one.after.rows, "checksum": str(one.after.digest)},
                "equal": one.equal,
            }
            for one in self.tables
        ]
        return {**vars(self), "equal": self.equal, "tables": tables}


class Rebuild:
    """One replay, step by step."""

    def __init__(self, settings: Settings, source: Source, where: list[str]) -> None:
        """where: --config and --data-dir for the processes it starts. Raises ClickHouseUnavailable."""
        self._source: Source = source
        self._where = where
        self._shadow = Shadow(settings)
        self.report = ReplayReport(source)

    def build(self, told: Told, *, drop_unfounded: bool) -> ReplayReport:
        """Build beside the live tables and compare; the live ones stay as they are.

        told: of each step, the records done and in all.
        Raises ReplayRefused, ReplayFailed, ClickHouseUnavailable, KafkaUnavailable.
        """
        self._shadow.create()
        if self._source == "archive":
            self._refuse_unfounded(drop_unfounded)  # said at once; what Kafka has is known once it was read
        outcome = self._run("build", told)
        self.report.records = int(outcome["records"])
        if lost := outcome.get("bodies"):
            number = f"{lost:,} {'body' if lost == 1 else 'bodies'}"
            raise ReplayRefused(
                f"Kafka no longer has {number} of the archive, the oldest received on "
                f"{outcome['oldest']}; nothing was swapped: run `setten replay --from archive`"
            )
        if self._source == "kafka":
            self._refuse_unfounded(drop_unfounded)
        self._compare(told)
        return self.report

    def exchange(self, told: Told) -> None:
        """Put what was built in the place of the live tables; what came in meanwhile is taken in before and after.

        Raises as build does.
        """
        self._shadow.check_ours()
        self._run("catch-up", told)
        if self._source == "kafka":
            self._shadow.add_sources()
        self._shadow.add_facts()
        self._shadow.exchange()
        self.report.exchanged = True
        self._finish(told)

    def clear(self, *, keep: bool) -> None:
        """Drop the shadow, unless another replay has it: after an exchange it holds the old tables."""
        if not self._shadow.is_ours():
            return
        if keep:
            self.report.kept_in = self._shadow.name
        else:
            self._shadow.drop()

    def _refuse_unfounded(self, drop: bool) -> None:
        if drop or not (found := self._shadow.unfounded()):
            return
        what = " and ".join(f"{one.rows:,} {one.table.replace('_', ' ')}" for one in found)
        elsewhere = "" if self._source == "kafka" else " Perhaps Kafka still has them: --from kafka."
        raise ReplayRefused(
            f"{what}, received from {min(one.oldest for one in found)} on, come from bodies that nobody has any more, "
            f"and would be gone; nothing was swapped.{elsewhere} If they should go, add --drop-unfounded"
        )

    def _compare(self, told: Told) -> None:
        """Until they agree or a look at what came in meanwhile finds nothing: signals go on coming in."""
        only_here = ("archive", "facts") if self._source == "archive" else ()
        tables = [table for table in COMPARED if table not in only_here]
        databases = Databases(self._shadow.live, self._shadow.live_name, self._shadow.name)
        for _ in range(_COMPARED_AT_MOST):
            came_in = self._run("catch-up", told)["records"]
            self.report.tables = databases.compare(tables)
            if self.report.equal or not came_in:
                return

    def _finish(self, told: Told) -> None:
        for pause_s in (*_PAUSES_S, None):
            try:
                self._run("finish", told)
            except (ClickHouseUnavailable, KafkaUnavailable, ReplayFailed) as error:
                if pause_s is None:
                    raise ReplayFailed(
                        f"the tables were exchanged, and what came in meanwhile is not in all of them yet: run "
                        f"`setten replay` again ({error})"
                    ) from error
                time.sleep(pause_s)
            else:
                return

    def _run(self, step: Step, told: Told) -> dict[str, Any]:
        """Run a step as a process that does not outlive this one; answers its outcome."""
        command = python("streams.replay", step, self._source, *self._where)
        process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-I", "-S", tether.__file__, str(os.getpid()), *command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
        )
        last: dict[str, Any] = {}
        assert process.stdout is not None
        with process:
            for line in process.stdout:
                last = json.loads(line)
                if "done" in last:
                    told(step, last["done"], last["total"])
        if "outcome" in last:
            outcome: dict[str, Any] = last["outcome"]
            return outcome
        self._shadow.check_ours()  # says more than what became of the step without it
        if "error" in last:
            raise (ClickHouseUnavailable if last["unavailable"] else ReplayFailed)(last["error"])
        raise ReplayFailed(f"`{step}` ended with exit code {process.returncode}: run `setten replay` again")


def where(config: Path | None, data_dir: Path | None) -> list[str]:
    """The options that lead a process of ours to the settings that these lead to."""
    named = (("--config", config), ("--data-dir", data_dir))
    return [part for option, value in named if value is not None for part in (option, str(value))]
