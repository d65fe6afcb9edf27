"""An independent count of the mail archive: who wrote from which company in which year. The standard library alone."""

import csv
import gzip
import re
from collections import defaultdict
from datetime import UTC, datetime, timedelta, timezone
from email.message import Message
from email.parser import BytesHeaderParser
from email.utils import parseaddr, parsedate_to_datetime
from pathlib import Path

_JAPAN = timezone(timedelta(hours=9))
_MOST_AHEAD = timedelta(hours=26)  # docs/sources: a mail dated more than that after its receipt is refused


def engaged_by_year(archive: Path, accounts: Path, own_domain: str) -> dict[tuple[str, int], int]:
    """Distinct senders by account and year of the day in Japan, for all years in which an account had any."""
    with accounts.open(encoding="utf-8") as file:
        owner = {domain: row["account_id"] for row in csv.DictReader(file) for domain in row["domains"].split("|")}
    senders: dict[tuple[str, int], set[str]] = defaultdict(set)
    for mail in re.split(rb"(?m)^(?=From )", gzip.decompress(archive.read_bytes()))[1:]:
        head = BytesHeaderParser().parsebytes(mail.partition(b"\n")[2])
        address = parseaddr(str(head["From"]))[1].lower()
        names = _above(address.rpartition("@")[2])
        sent_at = _sent_at(head)
        if sent_at is None or own_domain in names:
            continue
        account_id = next((owner[name] for name in names if name in owner), None)
        if account_id is not None:
            senders[account_id, sent_at.astimezone(_JAPAN).year].add(address)
    return {of: len(addresses) for of, addresses in senders.items()}


def _above(host: str) -> list[str]:
    labels = host.split(".")
    return [".".join(labels[at:]) for at in range(len(labels))]


def _sent_at(head: Message) -> datetime | None:
    """None for a date that is none, or that is later than the mail's own receipt."""
    try:
        sent_at = _zoned(parsedate_to_datetime(str(head["Date"])))
        received_at = _zoned(parsedate_to_datetime(str(head["Received"]).rpartition(";")[2].strip()))
    except ValueError:
        return None
    return sent_at if sent_at <= received_at + _MOST_AHEAD else None


def _zoned(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
