"""Fixtures that several folders share: an embedded ClickHouse, a whole Setten, the real data where it is there."""

import os
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from tests.stack import DATA, Stack

# A machine with other work to do is no failure.
hypothesis.settings.register_profile("setten", deadline=None)
hypothesis.settings.load_profile("setten")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--broker",
        choices=["tansu", "kafka"],
        default="tansu",
        help="what whole stacks run on; kafka: see `make kafka`",
    )


def pytest_configure(config: pytest.Config) -> None:
    Stack.broker = config.getoption("--broker")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out, and do not skip, what means nothing for the broker that was chosen, or in the short form."""
    unwanted = set() if config.getoption("--broker") == "kafka" else {"kafka"}
    unwanted |= set() if os.environ.get("SETTEN_FAULTS") == "full" else {"full"}
    out = [item for item in items if any(item.get_closest_marker(marker) for marker in unwanted)]
    config.hook.pytest_deselected(items=out)
    items[:] = [item for item in items if item not in out]


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real data beside the project; the test is skipped where it is absent, and fails in CI."""
    if not DATA.is_dir():
        message = f"the real data is not there: {DATA.name} beside the project's folder"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return DATA


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A running Setten for the tests of one module."""
    running = Stack(tmp_path_factory.mktemp("stack"))
    yield running
    running.down()


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """In CI everything must run: what is skipped there is a failure."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = reporter.stats.get("skipped", []) if reporter else []
    if os.environ.get("CI") and skipped and exitstatus == 0:
        names = ", ".join(report.nodeid for report in skipped)
        reporter.write_line(f"skipped in CI, where everything must run: {names}", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
