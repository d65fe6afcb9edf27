"""jq: programs over JSON text, by the library that jq's users know."""

from collections.abc import Callable, Sequence

import jq


class BadProgram(Exception):
    """A jq program that cannot be compiled; the message is jq's own, with the place."""


def compiled(program: str) -> Callable[[str], Sequence[str]]:
    """Answers what runs the program on one JSON text and gives its outputs, one JSON text each.

    Raises BadProgram; what it answers raises ValueError with jq's message where the program fails.
    """
    try:
        jq.compile(program)
        # `tojson` inside of jq: the library's own numbers would lose the digits of large ones.
        runnable = jq.compile(f"({program}\n) | tojson")
    except ValueError as error:
        raise BadProgram(str(error).removeprefix("jq: ")) from error

    def run(text: str) -> list[str]:
        return [str(output) for output in runnable.input_text(text).all()]

    return run
