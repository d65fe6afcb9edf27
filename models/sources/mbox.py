"""The mbox adapter: one mail of an mbox archive or a Maildir, read from its headers. Its text is never looked at.

- Time: the `Date` header (RFC 2822 with its obsolete forms). No zone, `-0000` and unknown zone names count as UTC, as
  the RFC says; an offset no place on Earth has makes the date invalid, since the day itself would be a guess.
- Who: the sender in `From` (else `Sender`, else `Reply-To`) decides the direction. An external sender is an inbound
  `email.received` from them; our own sender an outbound `email.sent` to the external recipients in To and Cc, or an
  internal one when there are none.
- Identity: the Message-ID; without one the mail is known by its content.
- What it answers: `In-Reply-To`, else the last of `References`.
- Machines: automatic replies, notices of absence and delivery reports are marked; see mail_machines.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from email.errors import MessageError
from email.header import decode_header, make_header
from itertools import chain

from models.erasure import OWN_DOMAIN
from models.events import EARLIEST_YEAR, Signal
from models.outcomes import DeadLetter, Reason
from models.records import Origin
from models.sources.canonical import MAX_EVENT_BYTES, signal_or_dead_letter
from models.sources.mail_machines import mail_machine
from models.touches import FUTURE_TOLERANCE

Headers = dict[str, list[str]]

# A line that is no header is passed over: email.parser takes it for the end of the headers and hides the rest, and
# needs eight times as long.
_HEADER = re.compile(r"^([!-9;-~]+)[ \t]*:([^\n]*(?:\n[ \t][^\n]*)*)", re.MULTILINE)
_ENVELOPE = re.compile(r">?From [^\n]*\n?")
_ENVELOPE_DATE = re.compile(r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)\b.*")

_COMMENT = re.compile(r"\([^()]*\)")
_CLOCK = r"(?P<hour>\d{1,2})\s*:\s*(?P<minute>\d{1,2})(?:\s*:\s*(?P<second>\d{1,2}))?"
_RFC_DATE = re.compile(
    r"(?:[^\W\d]+\.?\s*,\s*|[^\W\d]+\s+)?(?P<day>\d{1,2})[\s-]+(?P<month>[A-Za-z]+)[\s-]+(?P<year>\d+)\s+"
    + _CLOCK
    + r"\s*(?P<zone>\S.*)?"
)
_ASCTIME = re.compile(
    r"[A-Za-z]+,?\s+(?P<month>[A-Za-z]+)\s+(?P<day>\d{1,2}),?\s+"
    + _CLOCK
    + r"(?:\s+(?P<early_zone>[A-Z]+|[+-]\d{4}))?\s+(?P<year>\d+)(?:\s+(?P<zone>\S.*))?"
)
_OFFSET = re.compile(r"(?:GMT|UTC)?(?P<sign>[+-]?)(?P<hours>\d\d)(?P<minutes>\d\d)?(?:\s+[A-Za-z].*)?")
_MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
           "December")  # fmt: skip
_MONTH_NUMBER = {name.lower(): number for number, month in enumerate(_MONTHS, 1) for name in (month, month[:3])}
# RFC 2822 names the American zones; the others are those whose meaning in mail is not in doubt.
_ZONE_HOURS = {"EDT": -4, "EST": -5, "CDT": -5, "CST": -6, "MDT": -6, "MST": -7, "PDT": -7, "PST": -8} | {
    "BST": 1, "WEST": 1, "MET": 1, "CET": 1, "MEST": 2, "CEST": 2, "EET": 2, "EEST": 3, "JST": 9, "KST": 9
}  # fmt: skip
_EASTERNMOST, _WESTERNMOST = timedelta(hours=14), timedelta(hours=-12)

# Nothing is tried twice, so a header of any length is read in one pass. A quote that is never closed stands for itself
# and spoils its own mailbox only.
_PIECE = re.compile(r'"(?:[^"\\]|\\.?)*+"|\\.?|["()<>,;:]|[^"\\()<>,;:]+', re.DOTALL)
_ADDRESS = re.compile(r"[^\s@<>,;:\"()\[\]\\\x00-\x1f\x7f]+@(?:[\w-]+\.)*[\w-]+")
_BRACKETED = re.compile(r"<([^<>]*)>")
_ISO_2022_JP = re.compile(r"\x1b\$[@B].*?(?:\x1b\([BJ]|$)", re.DOTALL)
_MAX_ADDRESS = 320
_MAX_ID = 512


def decode(body: bytes, origin: Origin) -> list[Signal | DeadLetter]:
    """Read one mail, with or without its `From ` envelope line. The answer is always one signal or one dead letter."""
    return [_decode_mail(body, origin)]


def _decode_mail(body: bytes, origin: Origin) -> Signal | DeadLetter:
    stripped = body.lstrip(b"\r\n")
    if not stripped.strip():
        return DeadLetter(0, Reason.EMPTY_BODY, "the mail is empty", body)
    head = _head(stripped)
    if len(head) > MAX_EVENT_BYTES:
        detail = f"{len(head):,} bytes of headers; the limit is {MAX_EVENT_BYTES:,}"
        return DeadLetter(0, Reason.TOO_LARGE, detail, body)
    text, envelope = _text(head), ""
    while match := _ENVELOPE.match(text):  # some archives hold a second, escaped one
        envelope, text = envelope or match[0], text[match.end() :]
    mail: Headers = {}
    for name, given in _HEADER.findall(text):
        mail.setdefault(name.lower(), []).append(given)

    date = next(iter(mail.get("date", [])), "").strip()
    if not date:
        return DeadLetter(0, Reason.TIME_MISSING, "Date: the mail has no such header", body)
    sent_at = parse_date(date)
    if isinstance(sent_at, Reason):
        return DeadLetter(0, sent_at, f"Date: {_DATE_FAULTS[sent_at]}; got {date[:120]!r}", body)
    arrived_at = _arrival(mail, envelope)
    if arrived_at and sent_at > arrived_at + FUTURE_TOLERANCE:
        detail = f"Date: {sent_at.isoformat()} lies after the mail's own receipt at {arrived_at.isoformat()}"
        return DeadLetter(0, Reason.TIME_IN_FUTURE, detail, body)

    sender = next((found for name in ("from", "sender", "reply-to") for found in _addresses_in(mail, name)), None)
    if sender is None:
        given = "".join(mail.get("from", []))[:120]
        return DeadLetter(0, Reason.CONTACT_MISSING, f"From: no usable address; got {given!r}", body)
    kind, data = _who(sender, mail, origin.own_domains)
    data |= {"machine": mail_machine(mail), "in_reply_to": _answered(mail)}
    return signal_or_dead_letter(0, {"id": _message_id(mail), "time": sent_at, "type": kind, "data": data}, body)


def _head(mail: bytes) -> bytes:
    """What comes before the first empty line."""
    end = mail.find(b"\n\n")
    crlf_end = mail.find(b"\n\r\n", 0, end if end >= 0 else len(mail))
    return mail[:crlf_end] if crlf_end >= 0 else mail[:end] if end >= 0 else mail


def _text(head: bytes) -> str:
    # Raw 8-bit headers name no charset. Addresses are ASCII, so any reading that keeps every byte apart will do.
    try:
        text = head.decode("utf-8")
    except UnicodeDecodeError:
        text = head.decode("latin-1")
    return text.replace("\r\n", "\n")


def _who(sender: str, mail: Headers, own_domains: tuple[str, ...]) -> tuple[str, dict[str, object]]:
    """The type of a mail, and its direction and contacts."""
    own = tuple(f".{domain.lower().strip('.')}" for domain in (*own_domains, OWN_DOMAIN) if domain.strip("."))

    def is_own(address: str) -> bool:
        return f".{address.rpartition('@')[2]}".endswith(own)

    if not is_own(sender):
        return "email.received", {"direction": "inbound", "contacts": [{"email": sender}]}
    everyone = dict.fromkeys(found for name in ("to", "cc") for found in _addresses_in(mail, name))
    recipients = [{"email": address} for address in everyone if not is_own(address)]
    if not recipients:
        return "email.sent", {"direction": "internal", "contacts": [{"email": sender}]}
    return "email.sent", {"direction": "outbound", "contacts": recipients}


def _answered(mail: Headers) -> str:
    """The Message-ID of the mail that this one answers; '' where it names none."""
    for given in chain(mail.get("in-reply-to", []), mail.get("references", [])):
        # The last: of old an answer named whom it answered before, and references end with what is answered.
        if bracketed := _BRACKETED.findall(given):
            found = "".join(bracketed[-1].split())
            if 0 < len(found) <= _MAX_ID:
                return found
    return ""


def _message_id(mail: Headers) -> str | None:
    for given in mail.get("message-id", []):
        bracketed = _BRACKETED.search(given)
        if found := "".join((bracketed[1] if bracketed else given).split()):
            return found
    return None


def _arrival(mail: Headers, envelope: str) -> datetime | None:
    """When the mail reached the archive: the topmost legible Received header, else the envelope line."""
    told = [given.rpartition(";")[2] for given in mail.get("received", [])]
    if match := _ENVELOPE_DATE.search(envelope):
        told.append(match[0])
    for text in told:
        found = parse_date(text)
        if isinstance(found, datetime):
            return found
    return None


_DATE_FAULTS = {
    Reason.TIME_INVALID: "not a date and zone in the form of RFC 2822",
    Reason.TIME_OUT_OF_RANGE: f"the year must have four digits and be {EARLIEST_YEAR} or later",
}


def parse_date(text: str) -> datetime | Reason:
    """Read a mail's date as UTC, or say what is wrong with it: TIME_INVALID or TIME_OUT_OF_RANGE.

    Takes RFC 2822 dates with comments and obsolete zones, and asctime dates as envelope lines and scripts write them.
    Two-digit years follow the RFC (49 is 2049, 50 is 1950). Other lengths are not mended: the year 102 that a counter
    of years since 1900 left behind is as much in doubt as the rest of that clock.
    """
    text = text[:1000]
    while (bare := _COMMENT.sub(" ", text)) != text:
        text = bare
    text = text.strip()
    found = (_RFC_DATE.fullmatch(text) or _ASCTIME.fullmatch(text)) if len(text) <= 100 else None
    if not found:
        return Reason.TIME_INVALID
    parts = found.groupdict()
    month, offset = _MONTH_NUMBER.get(parts["month"].lower()), _offset(parts["zone"] or parts.get("early_zone") or "")
    if month is None or offset is None:
        return Reason.TIME_INVALID
    year = _year(parts["year"])
    if not EARLIEST_YEAR <= year <= 9998:
        return Reason.TIME_OUT_OF_RANGE
    second = 59 if parts["second"] == "60" else int(parts["second"] or 0)  # a leap second has no datetime
    day, hour, minute = int(parts["day"]), int(parts["hour"]), int(parts["minute"])
    try:
        return datetime(year, month, day, hour, minute, second, tzinfo=timezone(offset)).astimezone(UTC)
    except ValueError:
        return Reason.TIME_INVALID


def _year(digits: str) -> int:
    if len(digits) == 2:
        return int(digits) + (2000 if int(digits) < 50 else 1900)
    return int(digits) if len(digits) == 4 else 0


def _offset(zone: str) -> timedelta | None:
    """The zone's distance from UTC; none for names nobody knows (RFC 2822, 4.3); None where it cannot be a zone."""
    zone = zone.strip().strip('"')
    if numeric := _OFFSET.fullmatch(zone):
        hours, minutes = int(numeric["hours"]), int(numeric["minutes"] or 0)
        offset = timedelta(hours=hours, minutes=minutes) * (-1 if numeric["sign"] == "-" else 1)
        return offset if minutes < 60 and _WESTERNMOST <= offset <= _EASTERNMOST else None
    if (zone and not zone[0].isalpha()) or zone.upper() in ("AM", "PM"):
        return None
    return timedelta(hours=_ZONE_HOURS.get(zone.upper(), 0))


def _addresses_in(mail: Headers, name: str) -> Iterator[str]:
    for given in mail.get(name, []):
        yield from addresses(given)


def addresses(header: str) -> list[str]:
    """The usable addresses of an address header, lower case, in its order: those that name a mailbox at a host.

    Display names, comments, group names, routes and quoted local parts are passed over. Only when nothing is found
    otherwise, the header is searched for `<...>` and for an address inside encoded words, neither of which is RFC 2822.
    email.utils.getaddresses is not used: what it makes of a broken header depends on the interpreter's patch level.
    """
    header = _ISO_2022_JP.sub(" ", header)  # its bytes look like ASCII punctuation
    if found := [usable for mailbox in _mailboxes(header) if (usable := _usable(mailbox))]:
        return found
    if found := [usable for bracketed in _BRACKETED.findall(header) if (usable := _usable(bracketed))]:
        return found
    if "=?" in header:
        try:
            decoded = str(make_header(decode_header(header)))
        except (MessageError, LookupError, ValueError):
            return []
        return [usable for mailbox in _mailboxes(decoded) if (usable := _usable(mailbox))]
    return []


def _mailboxes(header: str) -> Iterator[str]:
    """What stands where an address should, of each mailbox in the header."""
    bare, angle, inside, depth = "", None, False, 0
    for piece in _PIECE.findall(header):
        if piece == "(":
            depth += 1
        elif depth:
            depth -= piece == ")"
        elif piece == "<":
            inside, angle = True, ""
        elif piece == ">":
            inside = False
        elif inside:
            # `<@relay,@relay:user@host>`: what counts comes after the route.
            angle = "" if piece in ",:" else f"{angle}{piece}"
        elif piece in ",;":
            yield bare if angle is None else angle
            bare, angle = "", None
        elif piece == ":":
            bare = ""  # what came before named a group
        else:
            bare += piece
    yield bare if angle is None else angle


def _usable(mailbox: str) -> str | None:
    address = mailbox.strip().rstrip(".").lower()
    return address if len(address) <= _MAX_ADDRESS and _ADDRESS.fullmatch(address) else None
