"""`setten keys`: make, change and take back write keys, in the file that collectors follow."""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from infra.key_file import changing, key_file, read_keys
from infra.settings import Settings
from models.write_keys import ID_BYTES, SECRET_BYTES, WriteKey, id_of, make_key


class NoSuchKey(Exception):
    """There is no such key or source; the message says what there is."""


@dataclass(frozen=True)
class NewKey:
    """A key that was made. text: what senders give; it is nowhere else. ending: the source's other keys
    by id, all of which end by then."""

    record: WriteKey
    text: str
    ending: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        return {"key": self.text, "key_id": self.record.key_id, "source": self.record.source, "ending": self.ending}


def create(settings: Settings, source: str, now: datetime) -> NewKey:
    """Make a key for a source, beside those it has. Raises KeyFileError, ValueError for what cannot be a source."""
    with changing(key_file(settings)) as keys:
        return _added(keys, source, now)


def rotate(settings: Settings, source: str, now: datetime, overlap: timedelta) -> NewKey:
    """Make a key for a source and end those it has after `overlap`; those that end sooner are left so.

    Raises KeyFileError, NoSuchKey where the source has no key that is good.
    """
    with changing(key_file(settings)) as keys:
        good = [key for key in keys if key.source == source and key.state(now) != "expired"]
        if not good:
            raise NoSuchKey(f"source {source!r} has no key to rotate: `setten keys create {source}` makes one")
        end = now + overlap
        ending = [key for key in good if key.expires_at is None or key.expires_at > end]
        for key in ending:
            keys[keys.index(key)] = key.model_copy(update={"expires_at": end})
        new = _added(keys, source, now)
    return NewKey(new.record, new.text, tuple(key.key_id for key in good))


def revocable(text: str) -> str:
    """The id of the key to take back, of that id or of the whole key. Raises NoSuchKey, without what was given."""
    key_id = id_of(text)
    if key_id is None:
        raise NoSuchKey("that is no id of a key, which is 8 hex digits: `setten keys list` shows those there are")
    return key_id


def revoke(settings: Settings, key_id: str) -> WriteKey:
    """Take a key back, at once. key_id: as revocable() gives it. Raises KeyFileError, NoSuchKey."""
    with changing(key_file(settings)) as keys:
        found = next((key for key in keys if key.key_id == key_id), None)
        if found is None:
            raise NoSuchKey(f"no key has the id {key_id!r}: `setten keys list` shows those there are")
        keys.remove(found)
    return found


def listed(settings: Settings) -> list[WriteKey]:
    """All keys, by source and age. Raises KeyFileError."""
    return sorted(read_keys(key_file(settings)), key=lambda key: (key.source, key.created_at))


def _added(keys: list[WriteKey], source: str, now: datetime) -> NewKey:
    taken = {key.key_id for key in keys}
    while True:
        record, text = make_key(source, now.astimezone(UTC), secrets.token_bytes(ID_BYTES + SECRET_BYTES))
        if record.key_id not in taken:
            keys.append(record)
            return NewKey(record, text)
