"""One running Setten for all SDKs, a site whose pages may send to it, and a write key for each SDK."""

import json
import os
import shutil
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator

import pytest

from tests.sdks.sdks import NODE_MODULES, PYTHON
from tests.sdks.site import Site
from tests.sdks.tables import address
from tests.stack import Stack, wait_for

ACCOUNTS = """account_id,name,domains,tier,kind
aozora,青空重工業,aozora.example,strategic,customer
kita,北川精機,kita.example,strategic,customer
"""
# Accounts are declared along with signals.
VISIT = """{"id": "1", "type": "web.page_viewed", "time": "2026-05-01T09:00:00Z",
 "data": {"contacts": [{"email": "mori@aozora.example"}]}}""".replace("\n", "")


@pytest.fixture(scope="session", autouse=True)
def _installed() -> None:
    """What `make test-sdks` installs; without it the tests are skipped, and fail in CI."""
    needed = {
        ".venv-sdks": PYTHON.exists(),
        "tests/sdks/node/node_modules": NODE_MODULES.is_dir(),
        "node": shutil.which("node"),
        "chromium": shutil.which("chromium"),
    }
    if missing := [name for name, there in needed.items() if not there]:
        message = f"not installed: {', '.join(missing)}; see `make test-sdks`"
        pytest.fail(message) if os.environ.get("CI") else pytest.skip(message)


@pytest.fixture(scope="session")
def site() -> Iterator[Site]:
    running = Site()
    yield running
    running.close()


@pytest.fixture(scope="session")
def setten(tmp_path_factory: pytest.TempPathFactory, site: Site) -> Iterator[Stack]:
    """A running Setten that knows two accounts. Browsers may send from the site's pages."""
    folder = tmp_path_factory.mktemp("setten")
    running = Stack(folder, {"SETTEN_COLLECTOR_ORIGINS": site.origin})
    (folder / "accounts.csv").write_text(ACCOUNTS, "utf-8")
    (folder / "signals.ndjson").write_text(VISIT)
    done = running.run("import", "signals", folder / "signals.ndjson", "--accounts", folder / "accounts.csv")
    assert done.returncode == 0, done.stderr
    site.collector = address(running)
    yield running
    running.down()


@pytest.fixture(scope="session")
def key_of(setten: Stack) -> Callable[[str], str]:
    """Makes a write key of a source, once the collector takes it."""

    def make(source: str) -> str:
        key: str = json.loads(setten.run("keys", "create", source, "--json").stdout)["key"]
        wait_for(lambda: taken(setten, key), "the collector to take the key")
        return key

    return make


def taken(setten: Stack, key: str) -> bool:
    """Whether the collector has seen the key: a call that cannot be one is then refused for what it is."""
    request = urllib.request.Request(f"{address(setten)}/k/{key}/v1/track", b"")
    try:
        with urllib.request.urlopen(request, timeout=30):
            return True
    except urllib.error.HTTPError as error:
        return error.code == 400
