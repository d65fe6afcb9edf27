"""`setten import crm`: rows of CRM exports into facts, and an account of what became of every row."""

import csv
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from jobs.crm_files import CrmFile
from jobs.csv_cells import harmless
from jobs.files import FileUnreadable
from models.crm.mapping import CrmMap
from models.crm.problems import Problem, Wrong
from models.crm.reading import Answer, Reader
from models.crm.world import World
from models.directory import Directory
from models.erasure import Suppressed
from models.facts import AnyFact
from models.novelty import Held, Subject, news_of
from models.sources.fact_records import without_forgotten

_SENT_AT_ONCE = 5_000
_MOST_GROUPS = 5_000
_MOST_LINES = 100
_COLUMNS = ("outcome", "file", "line", "entity", "reason", "field", "value", "suggestion", "message", "row")


class Sender(Protocol):
    """What an import needs of jobs.import_.Importer."""

    def send_news(self, facts: Sequence[AnyFact]) -> None: ...
    def wait(self) -> None: ...
    def facts_missing(self, facts: Sequence[str]) -> list[str]: ...


class Known(NamedTuple):
    """What holds in the store. suppressed: who is forgotten there."""

    directory: Directory
    of_crm: Mapping[Subject, Held]
    suppressed: Suppressed


class Group(NamedTuple):
    """Rows with the same thing wrong with them."""

    reason: Wrong
    entity: str
    field: str
    value: str
    suggestion: str
    refused: bool


@dataclass
class CrmReport:
    """What became of every row: rows == imported + repeated + refused.

    imported: rows that state facts; reported: those of them with something wrong. repeated: say what an earlier row
    said. facts: by type, new, changed and unchanged ones. compared: whether the store could be asked what it has.
    unaccounted: facts that were sent and are not stored though ingest has passed them; a bug when not 0.
    """

    dry_run: bool
    compared: bool
    rows: int = 0
    imported: int = 0
    reported: int = 0
    repeated: int = 0
    refused: int = 0
    facts: dict[str, dict[str, int]] = field(default_factory=dict)
    erased: int = 0
    unaccounted: int = 0
    matched: dict[str, int] = field(default_factory=dict)
    files: list[dict[str, Any]] = field(default_factory=list)
    not_read: list[str] = field(default_factory=list)
    problems: dict[Group, int] = field(default_factory=dict)
    lines: dict[Group, list[str]] = field(default_factory=dict)

    def note(self, answer: Answer, file: CrmFile) -> None:
        """Count a row."""
        self.rows += 1
        self.refused += answer.refused
        stated = bool(answer.facts) or (not answer.refused and file.reading.file.repeated == "add")
        self.imported += stated
        self.repeated += not answer.refused and not stated
        self.reported += stated and bool(answer.problems)
        for one in answer.problems:
            group = Group(one.reason, file.reading.file.entity, one.field, one.value, one.suggestion, answer.refused)
            if group not in self.problems and len(self.problems) >= _MOST_GROUPS:
                group = group._replace(value="…", suggestion="")
            self.problems[group] = self.problems.get(group, 0) + 1
            lines = self.lines.setdefault(group, [])
            if len(lines) < _MOST_LINES:
                lines.append(f"{file.path.name}:{answer.row.line}")

    def as_json(self) -> dict[str, Any]:
        """For `--json`. Of each problem the first hundred rows are named; the file of `--refused` names all."""
        told = asdict(self)
        del told["lines"]
        told["problems"] = [
            {**group._asdict(), "rows": rows, "at": self.lines[group]}
            for group, rows in sorted(self.problems.items(), key=lambda item: (-item[1], item[0]))
        ]
        return told


class CrmImport:
    """One import: reads, compares with what is known, and sends what says something new."""

    def __init__(self, whole: CrmMap, known: Known | None, sender: Sender | None, recorded_at: datetime) -> None:
        """known: None where the store cannot be asked. sender: None sends nothing."""
        self._known = known or Known(Directory(), {}, Suppressed("", ()))
        self._world = World(whole, self._known.directory, self._known.of_crm, recorded_at)
        self._reader = Reader(self._world)
        self._sender = sender
        self._news: list[AnyFact] = []
        self._sent: list[str] = []
        self.report = CrmReport(dry_run=sender is None, compared=known is not None)

    def run(
        self, files: Sequence[CrmFile], wrong: "Callable[[Answer, CrmFile], None]", told: Callable[[int], None]
    ) -> CrmReport:
        """Import files, given in the order in which they are to be read.

        wrong: hears of each row with something wrong with it. told: of the rows so far.
        Raises FileUnreadable, ImportFailed, KafkaUnavailable, ClickHouseUnavailable, IngestStandsStill.
        """
        for file in files:
            before = self.report.rows
            for answer in self._reader.read(file.rows(), file.reading):
                self.report.note(answer, file)
                if answer.problems:
                    wrong(answer, file)
                for fact in answer.facts:
                    self._take(fact)
                told(self.report.rows)
            self.report.files.append(
                {
                    "file": str(file.path),
                    "entity": file.reading.file.entity,
                    "rows": self.report.rows - before,
                    "encoding": file.layout.encoding,
                    "delimiter": file.layout.delimiter,
                    "fields_without_column": list(file.layout.missing),
                }
            )
        for fact in self._reader.totals():
            self._take(fact)
        self._flush()
        self.report.matched = dict(self._world.matched)
        if self._sender is not None and self._sent:
            self._sender.wait()
            self.report.unaccounted = len(self._sender.facts_missing(self._sent))
        return self.report

    def _take(self, told: AnyFact) -> None:
        fact = without_forgotten(told, self._known.suppressed)
        if fact is None:
            self.report.erased += 1
            return
        news = news_of(fact, self._known.directory, self._known.of_crm)
        counts = self.report.facts.setdefault(fact.type, {"new": 0, "changed": 0, "unchanged": 0})
        counts[news] += 1
        if news != "unchanged" and self._sender is not None:
            self._news.append(fact)
            if len(self._news) >= _SENT_AT_ONCE:
                self._flush()

    def _flush(self) -> None:
        if self._sender is not None and self._news:
            self._sender.send_news(self._news)
            self._sent += [fact.fact_id.hex for fact in self._news]
            self._news.clear()


@contextmanager
def refused_rows(path: Path | None) -> Iterator[Callable[[Answer, CrmFile], None]]:
    """Writes every row with something wrong with it, one line a problem, as CSV that a spreadsheet opens safely.

    The file appears under its name when it is whole. Raises FileUnreadable where it cannot be written.
    """
    if path is None:
        yield lambda answer, file: None
        return
    unfinished = path.with_name(f"{path.name}.part")
    try:
        with unfinished.open("w", encoding="utf-8-sig", errors="backslashreplace", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(_COLUMNS)
            yield lambda answer, source: writer.writerows(_lines(answer, source))
        unfinished.replace(path)
    except OSError as error:
        raise FileUnreadable(path, f"cannot be written: {(error.strerror or str(error)).lower()}") from error
    finally:
        unfinished.unlink(missing_ok=True)


def _lines(answer: Answer, file: CrmFile) -> Iterator[list[str]]:
    row = json.dumps(answer.row.cells, ensure_ascii=False)
    for one in answer.problems:
        yield [harmless(cell) for cell in _cells(answer, file, one)] + [row]


def _cells(answer: Answer, file: CrmFile, one: Problem) -> tuple[str, ...]:
    outcome = "refused" if answer.refused else "reported"
    place = (file.path.name, str(answer.row.line), file.reading.file.entity)
    return (outcome, *place, one.reason, one.field, one.value, one.suggestion, one.message)
