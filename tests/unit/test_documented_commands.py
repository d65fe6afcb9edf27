"""Commands that documents name exist, with the options that they are shown with."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from jobs.cli import app
from tests.stack import ROOT

_IN_TEXT = re.compile(r"`setten ([^`\n]*)`")
_AT_LINE_START = re.compile(r"^(?:\$ |\.venv/bin/)?setten (.+)$", re.MULTILINE)
_ROOT = typer.main.get_command(app)


def documents() -> list[Path]:
    return [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def commands(text: str) -> Iterator[list[str]]:
    """The words of each command in a document, up to what a shell would do with its output."""
    joined = re.sub(r"\\\n\s*", " ", text)
    for found in (*_IN_TEXT.findall(joined), *_AT_LINE_START.findall(joined)):
        lexer = shlex.shlex(found.split(" #")[0], posix=True, punctuation_chars="|>&;")
        lexer.whitespace_split = True
        words = []
        for word in lexer:
            if set(word) <= set("|>&;"):
                break
            words.append(word)
        yield words


def problem(words: list[str]) -> str | None:
    """What is wrong with a command; None where it can be typed like that."""
    command: Any = _ROOT
    rest = list(words)
    while hasattr(command, "commands") and rest and not rest[0].startswith("-"):
        if rest[0] in ("…", "..."):
            return None
        # `review list|accept|reject` stands for three commands.
        named = [command.commands.get(one) for one in rest[0].split("|")]
        if None in named:
            if rest[0].isupper() and hasattr(command, "default_command"):  # its argument
                command = command.commands[command.default_command]
                break
            return f"there is no command {rest[0]!r}"
        command, rest = named[0] or command, rest[1:]
    if command.context_settings.get("ignore_unknown_options"):
        return None  # hands everything on
    known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    for word in rest:
        option = word.strip("[]").split("=")[0]
        if option.startswith("--") and option not in {*known, "--help"}:
            return f"there is no option {option}"
    return None


@pytest.mark.parametrize("path", documents(), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_command_that_is_named_exists_with_its_options(path: Path) -> None:
    wrong = [(words, said) for words in commands(path.read_text("utf-8")) if (said := problem(words))]
    assert wrong == []


def test_what_does_not_exist_would_be_found() -> None:
    text = "`setten kpi nps --bye`, `setten target put` and\n\n```\nsetten kpi nps --by account | head\n```\n"
    assert [problem(words) for words in commands(text)] == [
        "there is no option --bye",
        "there is no command 'put'",
        None,
    ]
