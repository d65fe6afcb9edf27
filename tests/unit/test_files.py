"""Opening files and splitting them into records."""

import gzip
import os
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from jobs.files import FileUnreadable, records

DATA = Path(__file__).parents[3] / "shared/data"
MAIL = b"From a@a Tue Mar  6 01:00:00 2001\nFrom: a@a\n\n>From the start\nFrom the middle\n\n"


def saved(folder: Path, content: bytes, name: str = "file") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def read_to_damage(path: Path, adapter: str) -> tuple[list[bytes], str]:
    found: list[bytes] = []
    try:
        for record in records(path, adapter):
            found.append(record)  # noqa: PERF402 - what came before the error is the point
    except FileUnreadable as error:
        return found, error.why
    pytest.fail("the damage went unnoticed")


def test_a_mailbox_is_split_at_envelope_lines_after_empty_lines_only(tmp_path: Path) -> None:
    assert list(records(saved(tmp_path, MAIL * 3), "mbox")) == [MAIL] * 3


def test_a_mailbox_keeps_every_byte(tmp_path: Path) -> None:
    mails = [
        b"\n\nFrom a\r\nFrom: x\xff\r\n\r\n\x00\r\r\n\r\n",
        b"From b\n\n\n\n",
        b"From c\nno end of line",
    ]
    assert list(records(saved(tmp_path, b"".join(mails)), "mbox")) == mails


def test_a_mail_over_a_mebibyte_is_cut_in_its_body(tmp_path: Path) -> None:
    big = b"From a\nFrom: a@a\n\n" + (b"x" * 999 + b"\n") * 3000 + b"\n"
    first, second = records(saved(tmp_path, big + MAIL), "mbox")
    assert first == big[: (1 << 20) + 1]
    assert second == MAIL


def test_lines_come_two_hundred_a_record_and_none_is_lost(tmp_path: Path) -> None:
    lines = [b'{"n": %d}\n' % number for number in range(450)]
    found = list(records(saved(tmp_path, b"\xef\xbb\xbf" + b"\n\n".join(lines)), "canonical"))
    assert [record.count(b"\n") for record in found] == [200, 200, 50]
    assert b"".join(found) == b"".join(lines)


def test_long_lines_make_smaller_records_and_endless_ones_are_cut(tmp_path: Path) -> None:
    lines = [b"x" * 200_000 + b"\n", b"y" * 200_000 + b"\n", b"z" * 3_000_000 + b"\n", b"end\n"]
    found = list(records(saved(tmp_path, b"".join(lines)), "access-log"))
    assert found == [lines[0], lines[1], b"z" * ((1 << 20) + 1) + b"\n", lines[3]]


@pytest.mark.parametrize(
    ("adapter", "header"), [("attendance", b"a,b\n"), ("attendees", b"Email;Date\n"), ("host-log", b"host\ttime\n")]
)
def test_every_record_repeats_the_header_line(tmp_path: Path, adapter: str, header: bytes) -> None:
    rows = [b"row %d\n" % number for number in range(201)]
    found = list(records(saved(tmp_path, b"\xef\xbb\xbf\n" + header + b"".join(rows)), adapter))
    assert found == [header + b"".join(rows[:200]), header + rows[200]]


def test_a_quoted_field_with_line_breaks_stays_in_one_record(tmp_path: Path) -> None:
    rows = [b'"one\n\ntwo",b\n'] * 201
    found = list(records(saved(tmp_path, b"a,b\n" + b"".join(rows)), "attendance"))
    assert found == [b"a,b\n" + b"".join(rows[:200]), b"a,b\n" + rows[200]]


def test_a_header_alone_is_left_for_the_adapter_to_answer(tmp_path: Path) -> None:
    assert list(records(saved(tmp_path, b"a,b\n"), "attendance")) == [b"a,b\n"]


def test_gzip_is_known_by_its_first_bytes_and_not_by_its_name(tmp_path: Path) -> None:
    packed = gzip.compress(MAIL) + gzip.compress(MAIL)  # as two rotated logs joined
    assert list(records(saved(tmp_path, packed, "mail.mbox"), "mbox")) == [MAIL, MAIL]
    assert list(records(saved(tmp_path, MAIL, "mail.gz"), "mbox")) == [MAIL]


def test_what_was_read_before_a_damaged_end_is_handed_out_first(tmp_path: Path) -> None:
    lines = b"".join(b"%d %s\n" % (number, os.urandom(20).hex().encode()) for number in range(1000))
    packed = gzip.compress(lines)
    found, why = read_to_damage(saved(tmp_path, packed[: len(packed) // 2]), "access-log")
    assert len(found) > 1
    assert why.startswith(f"is damaged after {len(found)} records: ")
    assert lines.startswith(b"".join(found))
    assert b"".join(found).endswith(b"\n")


@pytest.mark.parametrize("damage", [lambda b: b[:-9], lambda b: b[:-8] + b"\0" * 8, lambda b: b + b"garbage"])
def test_a_mail_cut_short_by_damage_is_not_handed_out(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    found, why = read_to_damage(saved(tmp_path, damage(gzip.compress(MAIL * 2))), "mbox")
    assert found == [MAIL]
    assert why.startswith("is damaged after 1 records: ")


@pytest.mark.parametrize("content", [b"", b"\n\n \n", gzip.compress(b"", mtime=0)])
@pytest.mark.parametrize("adapter", ["canonical", "mbox", "attendance", "access-log", "host-log"])
def test_an_empty_file_is_an_error_and_not_silence(tmp_path: Path, content: bytes, adapter: str) -> None:
    with pytest.raises(FileUnreadable, match="is empty"):
        list(records(saved(tmp_path, content), adapter))


def test_what_is_no_file_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(FileUnreadable, match="does not exist") as missing:
        records(tmp_path / "nothing", "mbox")
    assert missing.value.path == tmp_path / "nothing"
    with pytest.raises(FileUnreadable, match="is a directory"):
        records(tmp_path, "mbox")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(FileUnreadable, match="not a regular file"):
        records(tmp_path / "pipe", "mbox")
    with pytest.raises(FileUnreadable, match="cannot be opened"):
        records(tmp_path / "a\0b", "mbox")


@contextmanager
def without_privileges() -> Iterator[None]:
    """As somebody who may not read everything; root may."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


def test_a_file_without_permission_is_refused() -> None:
    with TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        path = saved(Path(name), MAIL)
        path.chmod(0)
        with without_privileges(), pytest.raises(FileUnreadable, match="Permission denied"):
            records(path, "mbox")


def test_an_adapter_that_reads_no_files_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="'segment' reads no files; use one of canonical, mbox"):
        records(saved(tmp_path, MAIL), "segment")


def test_progress_runs_from_nothing_to_the_files_size(tmp_path: Path) -> None:
    path = saved(tmp_path, gzip.compress(b"".join(os.urandom(500).hex().encode() + b"\n" for _ in range(1000))))
    reading = records(path, "access-log")
    seen = [reading.bytes_read] + [reading.bytes_read for _ in reading] + [reading.bytes_read]
    assert seen == sorted(seen)
    assert (seen[0], seen[-1]) == (0, path.stat().st_size)
    assert 0 < seen[1] < seen[-1]


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    # 16 MiB of one line without an end, and as much again in lines
    path = saved(tmp_path, gzip.compress(b"x" * (16 << 20) + b"\n" + (b"y" * 1023 + b"\n") * (16 << 10)))
    tracemalloc.start()
    try:
        assert sum(1 for _ in records(path, "access-log")) > 80
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 8 << 20


def test_the_real_mail_archive_splits_without_losing_a_byte() -> None:
    path = DATA / "email/archive-1996-2012.mbox.gz"
    if not path.exists():
        pytest.skip(f"the mail archive is not at {path}")
    found = list(records(path, "mbox"))
    assert len(found) == 46_080
    assert b"".join(found) == gzip.decompress(path.read_bytes())
    assert list(islice(records(path, "mbox"), 2)) == found[:2]
