"""What the documents say of the code is so: names exist, lists are complete, what is generated is up to date."""

import re
from pathlib import Path

import pytest

from jobs.data_dictionary import DOCUMENT, document
from models.outcomes import REMEDIES, Reason
from tests.stack import ROOT

DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
FOLDERS = ("models", "streams", "jobs", "infra", "tests", "docs", ".ci")


@pytest.fixture(params=DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def text(request: pytest.FixtureRequest) -> str:
    return str(request.param.read_text("utf-8"))


def test_the_data_dictionary_is_what_the_migrations_say() -> None:
    assert DOCUMENT.read_text("utf-8") == document(), "run: python -m jobs.data_dictionary"


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_of_a_dead_letter_is_documented_with_its_remedy(reason: Reason) -> None:
    rows = (ROOT / "docs/dead-letters.md").read_text("utf-8").splitlines()
    [row] = [row for row in rows if row.startswith(f"| `{reason}` |")]
    assert REMEDIES[reason] in row


def test_no_reason_is_documented_that_does_not_exist() -> None:
    text = (ROOT / "docs/dead-letters.md").read_text("utf-8")
    assert set(re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE)) == {str(reason) for reason in Reason}


def test_every_invariant_names_the_tests_that_hold_it() -> None:
    text = (ROOT / "docs/architecture.md").read_text("utf-8")
    rows = re.findall(r"^\| (\d) \| \*\*.+\|$", text, re.MULTILINE)
    assert rows == [str(number) for number in range(1, 10)]
    for row in re.findall(r"^\| \d \| \*\*.+\|$", text, re.MULTILINE):
        assert "`test_" in row


def test_every_test_that_is_named_exists(text: str) -> None:
    code = "\n".join(path.read_text("utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    defined = set(re.findall(r"def (test_\w+)", code))
    assert set(re.findall(r"`(test_\w+)`", text)) <= defined


def test_every_path_that_is_named_exists(text: str) -> None:
    named = re.findall(rf"`((?:{'|'.join(map(re.escape, FOLDERS))})/[\w./-]*[\w/])`", text)
    secrets = [name for name in named if name.startswith("infra/secrets/")]  # made by whoever installs
    assert [name for name in named if name not in secrets and not (ROOT / name).exists()] == []


def test_every_link_leads_somewhere(request: pytest.FixtureRequest, text: str) -> None:
    folder: Path = request.node.callspec.params["text"].parent
    headings = {re.sub(r"[^\w -]", "", line.lstrip("# ")).lower().replace(" ", "-") for line in text.splitlines()}
    for target in re.findall(r"\]\(([^)]+)\)", re.sub(r"```.*?```", "", text, flags=re.DOTALL)):
        if target.startswith("#"):
            assert target[1:] in headings
        elif not target.startswith(("http://", "https://")):
            assert (folder / target).exists(), target


def test_every_source_says_what_it_decides() -> None:
    text = (ROOT / "docs/signals.md").read_text("utf-8")
    for command in ("mbox", "attendance", "attendees", "access-log", "signals"):
        assert f"### `import {command}`" in text
