"""The official JavaScript client works against the embedded ClickHouse."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.embedded_clickhouse import PASSWORDS, ROOT, Server, in_ci

SCRIPTS = Path(__file__).parent / "js"


def unavailable(why: str) -> None:
    """Skip on a machine without Node; in CI that would hide a broken promise."""
    if in_ci():
        pytest.fail(why)
    pytest.skip(why)


@pytest.fixture(scope="module")
def modules() -> Path:
    """Where @clickhouse/client is installed: below .cache, which is not committed."""
    if not shutil.which("node") or not shutil.which("npm"):
        unavailable("node and npm are needed to test the JavaScript client")
    cache = ROOT / ".cache" / "contract-js"
    cache.mkdir(parents=True, exist_ok=True)
    shutil.copy(SCRIPTS / "package.json", cache)
    if not (cache / "node_modules" / "@clickhouse" / "client").exists():
        command = ["npm", "install", "--no-audit", "--no-fund", "--no-package-lock"]
        done = subprocess.run(command, cwd=cache, capture_output=True, text=True, timeout=120, check=False)
        if done.returncode:
            unavailable(f"npm could not install @clickhouse/client: {done.stderr.strip()[-300:]}")
    return cache / "node_modules"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    running = Server(tmp_path_factory.mktemp("clickhouse")).start()
    yield running
    assert running.stop() == 0


def test_the_javascript_client_finds_what_it_expects(server: Server, modules: Path) -> None:
    environment = os.environ | {
        "NODE_PATH": str(modules),
        "CONTRACT_URL": f"http://127.0.0.1:{server.port}",
        "CONTRACT_PASSWORD": PASSWORDS["setten"],
        "CONTRACT_BI_PASSWORD": PASSWORDS["bi"],
    }
    command = ["node", str(SCRIPTS / "contract.cjs")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout.splitlines()[-1])
    assert seen.pop("midStream") in ("395", "aborted", "ECONNRESET"), seen
    assert seen == {
        "ping": True,
        "pingSelect": True,
        "written": "20000",
        "streamed": 20000,
        "bound": [{"s": "it's\t「接点」", "l": ["a'b", "c\\d"], "n": 7}],
        "json": [{"n": 20000}],
        "unknownTable": "60",
        "biInsert": "164",
        "biDrop": "164",
        "wrongPassword": "516",
    }
