r"""The access-log adapter: Apache's combined log format, one line a request; the common format is read as well.

- What counts: `web.page_viewed` is a GET answered 200 or 304 for something people read. `web.file_downloaded` is the
  same for documents and archives (pdf, pptx, zip). `web.resource_requested` is whatever else was answered: images,
  scripts, feeds, redirects, HEAD, POST, the further pieces of a download (206). `web.request_failed` is an answer of
  400 or more.
- Who: the host name or address in the first field. The user agent is kept, so that crawlers can be told from people.
- Identity: the line's own bytes, since a log gives no id. Position plays no part, so a rotated, shortened or
  overlapping log imported again changes nothing. The price: requests alike to the byte within one second are one
  event. Those are byte ranges, feed readers and crawlers; nobody reads a page twice in a second.
"""

import hashlib
import ipaddress
import re
from functools import lru_cache
from typing import NamedTuple

from models.events import Signal
from models.outcomes import DeadLetter, Reason
from models.records import Origin
from models.sources.canonical import MAX_EVENT_BYTES, signal_or_dead_letter

_QUOTED = r'"((?:[^"\\]|\\.)*+)"'
_LINE = re.compile(rf"(\S+) [^\[]*\[([^\[\]]*)\] {_QUOTED} (\d{{3}}) (?:\d+|-)(?: {_QUOTED} {_QUOTED})?\s*")
_TIME = re.compile(r"(\d\d)/([A-Z][a-z]{2})/(\d{4}):(\d\d:\d\d:\d\d) ([+-]\d\d)(\d\d)")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTH_NUMBER = {name: f"{number:02d}" for number, name in enumerate(_MONTHS, 1)}
_ESCAPE = re.compile(rb"\\(?:x([0-9a-fA-F]{2})|(.))", re.DOTALL)
_CONTROLS = {b"n": b"\n", b"t": b"\t", b"r": b"\r", b"b": b"\b", b"v": b"\v", b"f": b"\f"}
_HOST = re.compile(r"[A-Za-z0-9_*-][A-Za-z0-9_.*-]*")
_ABSOLUTE = re.compile(r"[a-z][a-z0-9+.-]*://[^/?#]*", re.IGNORECASE)

_RESOURCES = frozenset(
    {
        "atom", "avi", "avif", "bmp", "class", "css", "cur", "eot", "flv", "gif", "ico", "jar", "jpeg", "jpg", "js",
        "json", "map", "mid", "midi", "mjs", "mov", "mp3", "mp4", "mpeg", "mpg", "ogg", "ogv", "otf", "png", "rdf",
        "rss", "svg", "swf", "tif", "tiff", "ttf", "wasm", "wav", "webm", "webmanifest", "webp", "woff", "woff2",
        "xbm", "xml", "xsl"
    }
)  # fmt: skip
_DOCUMENTS = frozenset(
    {
        "7z", "bz2", "csv", "deb", "dmg", "doc", "docx", "epub", "exe", "gz", "key", "msi", "ods", "odt", "pdf",
        "pps", "ppt", "pptx", "rar", "rpm", "tar", "tgz", "xls", "xlsx", "zip"
    }
)  # fmt: skip
_FOR_MACHINES = ("/robots.txt", "/ads.txt")


class Request(NamedTuple):
    """One request as a log tells it.

    time: RFC 3339, or text the contract refuses. target: a path with its query, or a URL.
    """

    visitor: str
    time: str
    method: str
    target: str
    status: int
    user_agent: str = ""


def decode(body: bytes, origin: Origin) -> list[Signal | DeadLetter]:
    """Read the lines of a log; every line that is not blank is answered by one signal or one dead letter, in order."""
    lines = [line for line in body.removeprefix(b"\xef\xbb\xbf").split(b"\n") if line.strip()]
    if not lines:
        return [DeadLetter(0, Reason.EMPTY_BODY, "there is no line", body)]
    return [_decode_line(index, line.rstrip(b"\r")) for index, line in enumerate(lines)]


def _decode_line(index: int, raw: bytes) -> Signal | DeadLetter:
    text = line_text(index, raw)
    if isinstance(text, DeadLetter):
        return text
    found = _LINE.fullmatch(text)
    if not found:
        return DeadLetter(index, Reason.LINE_MALFORMED, f"not a line of a combined access log: {text[:120]!r}", raw)
    visitor, time, request, status, _referer, user_agent = found.groups()
    method, _, rest = _unescape(request).partition(" ")
    target, _, _protocol = rest.rpartition(" ") if " " in rest else (rest, "", "")
    # "-" says that the request had no agent, which is not the same as a source that tells none.
    agent = "" if user_agent is None else _unescape(user_agent) or "-"
    return signal_of(index, Request(visitor, _time(time), method, target, int(status), agent), raw)


def line_text(index: int, raw: bytes) -> str | DeadLetter:
    """A line of a log as text, or why it cannot be read."""
    if len(raw) > MAX_EVENT_BYTES:
        detail = f"{len(raw):,} bytes in one line; the limit is {MAX_EVENT_BYTES:,}"
        return DeadLetter(index, Reason.TOO_LARGE, detail, raw)
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        return DeadLetter(index, Reason.INVALID_UTF8, f"byte {error.start} is not UTF-8", raw)


def signal_of(index: int, request: Request, raw: bytes) -> Signal | DeadLetter:
    """Hold one request against the contract. raw: the line as received, which is also the event's identity."""
    path = _path(request.target)
    visitor = "" if request.visitor == "-" else request.visitor
    if visitor and not _is_ip(visitor) and not _HOST.fullmatch(visitor):
        detail = f"the visitor is neither a host name nor an address: {visitor[:120]!r}"
        return DeadLetter(index, Reason.LINE_MALFORMED, detail, raw)
    contacts = [{"ip" if _is_ip(visitor) else "host": visitor}] if visitor else []
    value: dict[str, object] = {
        "id": hashlib.blake2b(raw.strip(), digest_size=16).hexdigest(),
        "type": f"web.{_action(request.method, path, request.status)}",
        "time": request.time,
        "data": {"contacts": contacts, "direction": "inbound", "subject": path, "user_agent": request.user_agent},
    }
    return signal_or_dead_letter(index, value, raw)


def _action(method: str, path: str, status: int) -> str:
    if status >= 400:
        return "request_failed"
    _, dot, extension = path.rpartition("/")[2].lower().rpartition(".")
    extension = extension if dot else ""
    if method != "GET" or status not in (200, 304) or extension in _RESOURCES or path in _FOR_MACHINES:
        return "resource_requested"
    return "file_downloaded" if extension in _DOCUMENTS else "page_viewed"


def _path(target: str) -> str:
    """The path alone: a query string may hold what is nobody's business, and splits one page into many."""
    if absolute := _ABSOLUTE.match(target):
        target = target[absolute.end() :] or "/"
    return target.partition("?")[0].partition("#")[0]


@lru_cache(maxsize=65536)
def _is_ip(visitor: str) -> bool:
    try:
        ipaddress.ip_address(visitor)
    except ValueError:
        return False
    return True


def _time(text: str) -> str:
    found = _TIME.fullmatch(text)
    if not found or found[2] not in _MONTH_NUMBER:
        return text
    day, month, year, clock, hours, minutes = found.groups()
    return f"{year}-{_MONTH_NUMBER[month]}-{day}T{clock}{hours}:{minutes}"


def _unescape(field: str) -> str:
    """Undo Apache's backslashes: `\\"`, `\\\\`, `\\n` and `\\xhh` for a byte."""
    if "\\" not in field:
        return field

    def plain(found: re.Match[bytes]) -> bytes:
        return bytes.fromhex(found[1].decode()) if found[1] else _CONTROLS.get(found[2], found[2])

    return _ESCAPE.sub(plain, field.encode()).decode("utf-8", "replace")
