"""Maildirs: which files are mails, and what happens while a mail program is at work in them."""

import gzip
import os
from pathlib import Path

import pytest

from jobs.files import FileUnreadable
from jobs.maildir import MaildirRecords

MAIL = b"From: a@a.example\n\ntext %d\n"


def maildir(folder: Path) -> Path:
    for place in ("new", "cur", "tmp"):
        (folder / place).mkdir(parents=True)
    return folder


def test_mails_of_all_folders_are_read_and_half_written_ones_are_not(tmp_path: Path) -> None:
    inbox = maildir(tmp_path / "mail")
    sent = maildir(inbox / ".Sent")
    (inbox / "new/1.host").write_bytes(MAIL % 1)
    (inbox / "cur/2.host:2,S").write_bytes(MAIL % 2)
    (inbox / "tmp/3.host").write_bytes(MAIL % 3)
    (inbox / "cur/.hidden").write_bytes(MAIL % 4)
    (inbox / "dovecot.index").write_bytes(b"no mail")
    (sent / "cur/5.host:2,S").write_bytes(gzip.compress(MAIL % 5))
    found = MaildirRecords(inbox)
    assert list(found) == [MAIL % 5, MAIL % 2, MAIL % 1]
    assert found.bytes_read == found.size > 0


def test_a_mail_that_is_renamed_meanwhile_is_read_and_one_that_is_gone_is_passed_over(tmp_path: Path) -> None:
    inbox = maildir(tmp_path / "mail")
    for number in (1, 2, 3):
        (inbox / f"new/{number}.host").write_bytes(MAIL % number)
    found = MaildirRecords(inbox)
    os.rename(inbox / "new/1.host", inbox / "cur/1.host:2,RS")
    (inbox / "new/2.host").unlink()
    assert list(found) == [MAIL % 1, MAIL % 3]


def test_of_a_mail_that_is_too_long_the_beginning_is_read(tmp_path: Path) -> None:
    inbox = maildir(tmp_path / "mail")
    (inbox / "new/1.host").write_bytes(MAIL % 1 + b"x" * (2 << 20))
    assert [len(mail) for mail in MaildirRecords(inbox)] == [(1 << 20) + 1]


def test_an_empty_maildir_holds_no_mail_and_is_no_error(tmp_path: Path) -> None:
    assert list(MaildirRecords(maildir(tmp_path / "mail"))) == []


def test_what_is_no_maildir_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(FileUnreadable, match="is no Maildir: it has neither new nor cur"):
        MaildirRecords(tmp_path)
    with pytest.raises(FileUnreadable, match="no such file or directory"):
        MaildirRecords(tmp_path / "gone")
    (tmp_path / "file").write_bytes(b"x")
    with pytest.raises(FileUnreadable, match="not a directory"):
        MaildirRecords(tmp_path / "file")


def test_a_damaged_mail_is_named_after_all_others_were_read(tmp_path: Path) -> None:
    inbox = maildir(tmp_path / "mail")
    (inbox / "new/1.host").write_bytes(gzip.compress(MAIL % 1)[:-9])
    (inbox / "new/2.host").write_bytes(MAIL % 2)
    found = MaildirRecords(inbox)
    assert next(found) == MAIL % 2
    with pytest.raises(FileUnreadable, match=r"new/1\.host: cannot be read: .*; all other mails were read"):
        next(found)


def test_links_are_not_followed(tmp_path: Path) -> None:
    inbox = maildir(tmp_path / "mail")
    (inbox / "loop").symlink_to(inbox)
    (inbox / "new/1.host").symlink_to("/etc/hostname")
    assert list(MaildirRecords(inbox)) == []
