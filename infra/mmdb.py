"""Databases of IP addresses in the MaxMind DB format, as users have them. The only module that reads them.

Format: https://maxmind.github.io/MaxMind-DB/
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from itertools import islice
from pathlib import Path

import maxminddb


class DatabaseUnreadable(Exception):
    """The file is no database of IP addresses, or it is broken; the message says which."""


class AddressDatabase:
    """An open database. kind: what it calls itself; built_on: when it was made."""

    def __init__(self, path: Path, reader: maxminddb.Reader) -> None:
        self._path, self._reader = path, reader
        told = reader.metadata()
        self.kind = told.database_type
        self.built_on: date = datetime.fromtimestamp(told.build_epoch, UTC).date()
        self._only_ipv4 = told.ip_version == 4

    def record(self, address: str) -> object:
        """What it says of an address; None where it knows nothing. Raises DatabaseUnreadable where it is broken."""
        if self._only_ipv4 and ":" in address:
            return None
        try:
            return self._reader.get(address)
        except (maxminddb.InvalidDatabaseError, UnicodeDecodeError):
            raise DatabaseUnreadable(_broken(self._path)) from None

    def records(self, most: int) -> Iterator[object]:
        """The first records in it, in the order of their networks. Raises DatabaseUnreadable where it is broken."""
        try:
            yield from (record for _, record in islice(self._reader, most))
        except (maxminddb.InvalidDatabaseError, UnicodeDecodeError):
            raise DatabaseUnreadable(_broken(self._path)) from None


@contextmanager
def address_database(path: Path) -> Iterator[AddressDatabase]:
    """Open a database. Raises DatabaseUnreadable."""
    try:
        path.open("rb").close()  # the library does not tell a folder from a broken file
        reader = maxminddb.open_database(path)
    except OSError as error:
        raise DatabaseUnreadable(f"{path}: {(error.strerror or str(error)).lower()}: give a file to read") from None
    except (maxminddb.InvalidDatabaseError, ValueError):
        raise DatabaseUnreadable(_broken(path)) from None
    with reader:
        try:
            database = AddressDatabase(path, reader)
        except (OverflowError, ValueError, OSError):  # no date that there is
            raise DatabaseUnreadable(_broken(path)) from None
        yield database


def _broken(path: Path) -> str:
    return f"{path} is no whole MaxMind database: give an .mmdb file of companies, or get it anew"
