"""Repairing a dead letter: what an edit makes of it, as a diff, and held against the contract before it is sent."""

import difflib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import pydantic_core

from models.dead_letters import Identity, Letter, printable, read_again
from models.outcomes import DeadLetter, Reason
from models.records import Origin

# passes: may be sent. untouched: the program gave nothing. unchanged: it gave what was there. refused: still breaks
# the contract. failed: the program could not be run on it.
Outcome = Literal["passes", "untouched", "unchanged", "refused", "failed"]
_JSON_ADAPTERS = ("canonical", "facts", "cloudevents", "segment")
_MOST_DIFF_BYTES = 1 << 16


class NotEditable(Exception):
    """The edit cannot be applied to this dead letter; the message says why and what to do instead."""


Edit = Callable[[Letter, bytes], bytes | None]
"""Answers the event as it should have been, None to leave it alone. Raises NotEditable."""


@dataclass(frozen=True, slots=True)
class Repair:
    """One dead letter and what the edit made of it.

    reason, detail: why it is refused or failed, else ''. events: what would be stored, where it passes.
    """

    letter: Letter
    before: bytes
    after: bytes
    outcome: Outcome
    reason: str = ""
    detail: str = ""
    events: tuple[Identity, ...] = ()


def json_edit(program: Callable[[str], Sequence[str]]) -> Edit:
    """An edit of canonical events by a program over JSON text. program: answers its outputs; raises ValueError."""

    def edit(letter: Letter, raw: bytes) -> bytes | None:
        instead = "give the whole event with `repair ID --replace FILE`"
        if letter.adapter not in _JSON_ADAPTERS:
            raise NotEditable(f"the adapter {letter.adapter} reads no JSON: {instead}")
        try:
            pydantic_core.from_json(raw, allow_inf_nan=False)
            text = raw.decode("utf-8-sig")
        except ValueError:
            raise NotEditable(f"it is not JSON: {instead}") from None
        try:
            outputs = program(text)
        except ValueError as error:
            raise NotEditable(f"the program failed on it: {error}") from error
        if len(outputs) > 1:
            raise NotEditable(f"the program gave {len(outputs)} values where one is wanted")
        return outputs[0].encode() if outputs else None

    return edit


def attempt(letter: Letter, raw: bytes, origin: Origin, edit: Edit, *, facts: bool) -> Repair:
    """Edit one dead letter and read the result as ingest will. origin: what its body was received under."""
    try:
        after = edit(letter, raw)
    except NotEditable as error:
        return Repair(letter, raw, raw, "failed", detail=str(error))
    if after is None:
        return Repair(letter, raw, raw, "untouched")
    if same(raw, after):
        return Repair(letter, raw, raw, "unchanged")
    events = read_again(after, origin, facts=facts)
    for event in events:
        if isinstance(event, DeadLetter):
            return Repair(letter, raw, after, "refused", event.reason, event.detail)
    stored = tuple(event for event in events if isinstance(event, Identity))
    if not stored:
        return Repair(letter, raw, after, "failed", detail="it tells of nobody but people who were erased")
    return Repair(letter, raw, after, "passes", events=stored)


def conflict(repair: Repair, taken: Mapping[str, str]) -> Repair:
    """The repair, refused where an id of it is taken by other content. taken: content by event id."""
    for event_id, content in repair.events:
        if taken.get(event_id, content) != content:
            detail = f"id: its source uses it for other content (event {event_id})"
            return Repair(
                repair.letter, repair.before, repair.after, "refused", Reason.CONFLICTING_DUPLICATE.value, detail
            )
    return repair


def same(before: bytes, after: bytes) -> bool:
    """Whether two events say the same: the order of JSON's keys and its white space say nothing."""
    if before == after:
        return True
    try:
        # As text: to Python, 1 and true are equal.
        return json.dumps(json.loads(before), sort_keys=True) == json.dumps(json.loads(after), sort_keys=True)
    except ValueError:
        return False


def diff(repair: Repair) -> str:
    """What the edit changes, as a unified diff of the indented events; '' where it changes nothing."""
    if repair.before == repair.after:
        return ""
    names = (f"{repair.letter.id} as received", f"{repair.letter.id} repaired")
    lines = difflib.unified_diff(_lines(repair.before), _lines(repair.after), *names, lineterm="")
    return "\n".join(printable(line) for line in lines)


def _lines(raw: bytes) -> list[str]:
    if len(raw) > _MOST_DIFF_BYTES:
        return [f"{len(raw):,} bytes"]  # line by line it would take minutes, and nobody reads it
    try:
        return json.dumps(json.loads(raw), ensure_ascii=False, indent=2).splitlines()
    except ValueError:
        return raw.decode("utf-8", "backslashreplace").splitlines()


def repair_json(repair: Repair) -> dict[str, str]:
    """For `--json`."""
    told = {"id": repair.letter.id, "outcome": repair.outcome, "reason": repair.reason, "detail": repair.detail}
    return {**told, "diff": diff(repair)}
