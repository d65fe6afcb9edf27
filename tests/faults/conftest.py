"""The full fault suite is long: `make faults` runs it, and by default its short form runs."""

import os

import pytest

from tests.integration.conftest import clickhouse_server, new_database  # noqa: F401


@pytest.fixture(scope="session")
def full() -> bool:
    """Whether to run the full suite and not its short form."""
    return os.environ.get("SETTEN_FAULTS") == "full"
