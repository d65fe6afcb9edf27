"""What is wrong with a plan file, or worth a second look: where, which field, which value, what to do."""

from typing import Any, Literal, NamedTuple

from models.free_text import readable
from models.plan.yaml_text import Path, Spot

Severity = Literal["error", "warning"]
_MOST_SHOWN = 60


class Problem(NamedTuple):
    """at: from line 1, column 1. path: of the field, () for the file. value: as shown, '' where there is none."""

    severity: Severity
    at: Spot
    path: Path
    value: str
    message: str

    def line(self, file: str) -> str:
        """One line for a terminal: file:line:column: field: value: what is wrong and what to do."""
        parts = [f"{file}:{self.at.line}:{self.at.column}"]
        if self.severity == "warning":
            parts.append("warning")
        parts += [one for one in (field(self.path), self.value) if one]
        return ": ".join([*parts, self.message])


def field(path: Path) -> str:
    """A path as people write it: `stakeholders.cio.relationship`, `targets[0].wanted`; escaped where not printable."""
    told = "".join(f"[{one}]" if isinstance(one, int) else f".{readable(one)}" for one in path)
    return told.removeprefix(".")


def shown(value: Any) -> str:
    """A value as it is shown in an error: short, on one line."""
    if isinstance(value, dict | list):
        return ""
    told = repr(value)
    return told if len(told) <= _MOST_SHOWN else f"{told[: _MOST_SHOWN - 1]}…"
