"""The file that write keys are kept in: for the user alone, replaced as a whole, locked while it is changed.

Why a file: docs/adr/0015-write-keys-in-a-file.md.
"""

import contextlib
import fcntl
import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from infra.settings import Settings
from models.write_keys import Keyring, WriteKey

_KEYS: TypeAdapter[list[WriteKey]] = TypeAdapter(list[WriteKey])


class KeyFileError(Exception):
    """The file cannot be read or written; the message names it and says what is wrong."""


def key_file(settings: Settings) -> Path:
    """Where the keys are: the setting, else in the data directory."""
    return settings.keys_file or settings.data_dir / "keys.json"


def read_keys(path: Path) -> list[WriteKey]:
    """The keys in their order; none where there is no file. Raises KeyFileError."""
    try:
        return parse_keys(path.read_bytes())
    except FileNotFoundError:
        return []
    except OSError as error:
        raise KeyFileError(f"{path}: cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise KeyFileError(f"{path}: {error}") from error


def parse_keys(told: bytes | None) -> list[WriteKey]:
    """The keys that a file's bytes hold. Raises ValueError, without anything of what they say."""
    if told is None:
        return []
    try:
        keys = _KEYS.validate_json(told)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise ValueError(f"is no file of write keys: {where}: {first['msg']}: restore it from a backup") from None
    if len({key.key_id for key in keys}) < len(keys):
        raise ValueError("two keys have one id: restore it from a backup")
    return keys


def parse_keyring(told: bytes | None) -> Keyring:
    """For a collector, which asks and never changes. Raises ValueError."""
    return Keyring(parse_keys(told))


@contextlib.contextmanager
def changing(path: Path) -> Iterator[list[WriteKey]]:
    """The keys, to be changed in place; written when the block ends well, nothing otherwise. Raises KeyFileError.

    Two that change the file wait for each other; who reads sees it as it was before or as it is after.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise KeyFileError(f"{path}: cannot be changed: {error.strerror}") from error
    with open(lock, "w"):
        fcntl.flock(lock, fcntl.LOCK_EX)
        keys = read_keys(path)
        before = list(keys)
        yield keys
        if keys != before:
            _replace(path, keys)


def _replace(path: Path, keys: list[WriteKey]) -> None:
    text = json.dumps([key.model_dump(mode="json") for key in keys], indent=1) + "\n"
    try:
        number, half = tempfile.mkstemp(dir=path.parent, prefix=path.name)  # mode 0600
        with open(number, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(number)  # a key that was shown must not be gone after a power cut
        os.replace(half, path)
    except OSError as error:
        raise KeyFileError(f"{path}: cannot be written: {error.strerror}") from error
