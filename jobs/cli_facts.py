"""`setten import facts`: state facts by hand or from a file, as the topic `facts` takes them."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from infra.settings import load_settings
from jobs.console import clear_errors, err, fail, out, print_json
from jobs.files import FileUnreadable
from jobs.import_ import Importer
from jobs.options import AsJson, Config, DataDirOption
from models.facts import AnyFact
from models.outcomes import DeadLetter, Erased
from models.sources.fact_records import decode_facts
from models.touches import FUTURE_TOLERANCE


def facts(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Files to read; `-` is standard input.")],
    as_json: AsJson = False,
    data_dir: DataDirOption = None,
    config: Config = None,
) -> None:
    """Facts as JSON: an object, an array, or one object a line; docs/facts.md tells what there is to state.

    A fact without `recorded_at` is stated now. What is known already is not said again. If one of them is wrong, none
    is sent.
    """
    with clear_errors():
        stated = _read(files, datetime.now(UTC))
        importer = Importer(load_settings(config, data_dir))
        try:
            sent = importer.send_facts(stated)
            importer.wait()
        finally:
            importer.close()
    if as_json:
        print_json({"facts": len(stated), "stated": sent, "known": len(stated) - sent})
    else:
        out.print(f"{len(stated)} facts: {sent} stated, {len(stated) - sent} known already")


def _read(files: list[Path], now: datetime) -> list[AnyFact]:
    """Raises FileUnreadable, and typer.Exit where something in them is no fact."""
    stated: list[AnyFact] = []
    wrong = 0
    for path in files:
        for at, outcome in enumerate(decode_facts(_bytes_of(path), now), 1):
            if isinstance(outcome, DeadLetter):
                wrong += 1
                err.print(f"{path}: fact {outcome.index + 1}: {outcome.reason}: {outcome.detail}", markup=False)
            elif isinstance(outcome, Erased):
                wrong += 1
                err.print(f"{path}: fact {outcome.index + 1}: it names a person who was erased", markup=False)
            elif outcome.recorded_at > now + FUTURE_TOLERANCE:
                # It would hold against all that is stated until then.
                wrong += 1
                told = f"recorded_at {outcome.recorded_at:%Y-%m-%d %H:%M} UTC is more than 26 hours ahead of this clock"
                remedy = "correct it, or leave it out: then it is stated now"
                err.print(f"{path}: fact {at}: {told}: {remedy}", markup=False)
            else:
                stated.append(outcome)
    if wrong:
        raise fail(f"{wrong} cannot be stated; nothing was sent. What facts say: docs/facts.md")
    return stated


def _bytes_of(path: Path) -> bytes:
    if str(path) == "-":
        return sys.stdin.buffer.read()
    try:
        return path.read_bytes()
    except OSError as error:
        raise FileUnreadable(path, (error.strerror or str(error)).lower()) from error
