"""Write keys: made, found, ended; and the file that they are kept in."""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from infra.key_file import KeyFileError, changing, read_keys
from infra.settings import Settings
from jobs.keys import NoSuchKey, create, listed, revoke, rotate
from models.write_keys import Keyring, make_key, without_keys
from tests.stack import ROOT

NOW = datetime(2026, 6, 1, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)


def settings(folder: Path) -> Settings:
    return Settings(data_dir=folder)


def test_of_a_key_only_the_digest_is_kept() -> None:
    record, text = make_key("web", NOW, bytes(range(36)))
    assert text == "sk_00010203_BAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyAhIiM"
    assert text.split("_")[2] not in record.model_dump_json()
    assert len(record.digest) == 64


def test_a_key_is_found_by_its_whole_text_and_no_other() -> None:
    record, text = make_key("web", NOW, bytes(range(36)))
    ring = Keyring([record])
    assert ring.find(text, NOW) == record
    for other in (
        text[:-1],
        text + "A",
        text + "\n",
        text[:-1] + "N",
        text.replace("00010203", "00010204"),
        "",
        "sk__",
    ):
        assert ring.find(other, NOW) is None, other


def test_a_key_opens_until_its_end_and_not_at_it() -> None:
    record, text = make_key("web", NOW, bytes(range(36)))
    ring = Keyring([record.model_copy(update={"expires_at": NOW + HOUR})])
    assert ring.find(text, NOW + HOUR - timedelta(seconds=1)) is not None
    assert ring.find(text, NOW + HOUR) is None


@pytest.mark.parametrize("count", [0, 35, 37])
def test_a_key_of_too_little_randomness_is_a_callers_bug(count: int) -> None:
    with pytest.raises(ValueError, match="random bytes"):
        make_key("web", NOW, bytes(count))


def test_a_body_loses_the_secrets_of_all_keys_in_it_and_nothing_else() -> None:
    _, text = make_key("web", NOW, bytes(range(36)))
    body = b'{"writeKey":"%b","note":"sk_ is no key","other":"sk_00010203_short"}' % text.encode()
    assert without_keys(body) == body.replace(text.encode(), b"sk_00010203_")
    assert without_keys(without_keys(body)) == without_keys(body)


def test_rotating_ends_the_old_keys_and_never_makes_one_live_longer(tmp_path: Path) -> None:
    told = settings(tmp_path)
    first, second = create(told, "web", NOW), create(told, "web", NOW)
    create(told, "shop", NOW)
    rotate(told, "web", NOW, HOUR)
    third = rotate(told, "web", NOW, 48 * HOUR)
    ends = {key.key_id: key.expires_at for key in listed(told) if key.source == "web"}
    assert ends[first.record.key_id] == ends[second.record.key_id] == NOW + HOUR
    assert ends[third.record.key_id] is None
    assert [key.expires_at for key in listed(told) if key.source == "shop"] == [None]


def test_what_is_not_there_is_neither_rotated_nor_revoked(tmp_path: Path) -> None:
    with pytest.raises(NoSuchKey, match="keys create web"):
        rotate(settings(tmp_path), "web", NOW, HOUR)
    with pytest.raises(NoSuchKey, match="keys list"):
        revoke(settings(tmp_path), "00000000")


def test_the_file_is_for_the_user_alone(tmp_path: Path) -> None:
    create(settings(tmp_path), "web", NOW)
    assert (tmp_path / "keys.json").stat().st_mode & 0o777 == 0o600


def test_keys_made_at_once_are_all_kept(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: create(settings(tmp_path), "web", NOW), range(24)))
    assert {key.key_id for key in listed(settings(tmp_path))} == {one.record.key_id for one in made}


def test_a_change_that_fails_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    create(settings(tmp_path), "web", NOW)
    before = (tmp_path / "keys.json").read_bytes()

    def change() -> None:
        with changing(tmp_path / "keys.json") as keys:
            keys.clear()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        change()
    assert (tmp_path / "keys.json").read_bytes() == before


@pytest.mark.parametrize("text", [b"", b"{}", b"[1]", b'[{"key_id": "x", "digest": "hunter2"}]', b"\xff"])
def test_a_broken_file_is_named_and_nothing_of_it_is_shown(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "keys.json").write_bytes(text)
    with pytest.raises(KeyFileError, match=r"keys\.json: is no file of write keys") as raised:
        read_keys(tmp_path / "keys.json")
    assert "hunter2" not in str(raised.value)
    with pytest.raises(KeyFileError):
        create(settings(tmp_path), "web", NOW)
    assert (tmp_path / "keys.json").read_bytes() == text


def setten(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "jobs.cli", "keys", *arguments, "--data-dir", str(folder)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)


def test_the_command_shows_a_key_once_and_lists_what_there_is(tmp_path: Path) -> None:
    made = setten(tmp_path, "create", "web")
    key = made.stdout.strip()
    assert (made.returncode, key.count("_") >= 2, "shown this once" in made.stderr) == (0, True, True)
    [listed_key] = json.loads(setten(tmp_path, "list", "--json").stdout)
    assert (listed_key["source"], listed_key["state"], listed_key["key_id"]) == ("web", "active", key.split("_")[1])
    shown = setten(tmp_path, "list").stdout
    assert key.split("_")[1] in shown
    assert key.split("_", 2)[2] not in shown + json.dumps(listed_key)


def test_revoking_takes_a_whole_key_and_never_shows_its_secret(tmp_path: Path) -> None:
    new = create(settings(tmp_path), "web", NOW)
    secret = new.text.split("_", 2)[2]
    unknown = new.text.replace(new.record.key_id, "00000000")
    for given in (unknown, new.text[:-1], secret):
        done = setten(tmp_path, "revoke", given, "--yes")
        assert (done.returncode, secret[:20] in done.stdout + done.stderr) == (2, False), done.stderr
    asked = setten(tmp_path, "revoke", new.text)
    assert (asked.returncode, secret[:20] in asked.stdout + asked.stderr) == (2, False), asked.stderr
    done = setten(tmp_path, "revoke", new.text, "--yes")
    assert (done.returncode, done.stdout) == (0, f"key {new.record.key_id} of source web is revoked\n")
    assert listed(settings(tmp_path)) == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("create", "Web Shop"), "lower-case letters"),
        (("create", ""), "lower-case letters"),
        (("create", "web\n"), "lower-case letters"),
        (("rotate", "nobody"), "has no key to rotate"),
        (("rotate", "web", "--overlap-hours", "-1"), "Invalid value"),
        (("revoke", "12345678", "--yes"), "no key has the id"),
        (("revoke", "12345678"), "Add --yes"),
    ],
)
def test_a_mistake_is_one_clear_line_and_exit_code_2(tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    done = setten(tmp_path, *arguments)
    assert (done.returncode, said in done.stderr, "Traceback" in done.stderr, done.stdout) == (2, True, False, "")
    assert not (tmp_path / "keys.json").exists()
