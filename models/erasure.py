"""Erasing a person: which addresses are suppressed, and a body without them.

Redaction depends on the body, where it came from and the suppressed addresses alone. So the original bytes, sent again
years later, give the same redacted body, with the same ids, and change nothing.
"""

import hashlib
import json
import re
from base64 import b64decode, b64encode, urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from collections.abc import Iterable
from email.errors import MessageError
from email.header import decode_header
from functools import lru_cache
from typing import Any, NamedTuple

from pydantic import ValidationError

from models.events import Contact
from models.records import Origin
from models.sources.attendee_lists import encoding_of, narrow
from models.spellings import addresses_in

# Who stands where a person stood. `.invalid` is nobody's for ever (RFC 2606). Short, so that no field grows too long;
# people of our own side keep a domain that counts as ours, or the mail that they wrote would change its direction.
NOBODY = "x@erased.invalid"
OWN_DOMAIN = "own.erased.invalid"
NOBODY_OF_OURS = f"x@{OWN_DOMAIN}"
MARK = b"erased.invalid"


class _Form(NamedTuple):
    """How JSON names people. identities: the fields that do. kinds: what is kept of an object that names a person."""

    # Of a statement about a person its kind is kept, or it could not be told from a broken one.
    kinds: tuple[str, ...] = ("type",)
    identities: tuple[str, ...] = ("email", "id", "anonymous_id", "contact_key")
    nested: bool = False


_FORM = _Form()
# By the family of the adapter. Where an event names its person beside everything else, the object is the event itself.
_FORMS = {
    "sendgrid": _Form(("type", "event", "sg_event_id", "timestamp")),
    "segment": _Form(
        ("type", "event", "messageId", "timestamp", "originalTimestamp", "sentAt"),
        ("email", "userId", "previousId"),
        nested=True,
    ),
    # Of somebody in a session it is when, and whether he is the host does not matter any more.
    "zoom": _Form(("join_time", "leave_time")),
    "snowplow": _Form(("e", "eid", "dtm", "stm", "ttm"), ("uid",)),
}
_FLAT_OBJECT = re.compile(r'\{(?:[^{}"]|"(?:[^"\\]|\\.)*+")*+\}')
_ENCODED_WORDS = re.compile(r"=\?[^?\s]{1,40}\?[bBqQ]\?[^?\s]*\?=(?:\s+=\?[^?\s]{1,40}\?[bBqQ]\?[^?\s]*\?=)*+")
_BASE64_LINES = re.compile(r"(?<=\n)[A-Za-z0-9+/]{4,100}={0,2}(?:\r?\n[A-Za-z0-9+/]{2,100}={0,2})*+(?=\r?\n|\Z)")
# What Snowplow's trackers pack: an event of a schema of its own, and its contexts.
_PACKED = re.compile(r"((?:ue_px|cx)(?:\"\s*:\s*\"|=))([A-Za-z0-9+/_-]+)((?:=|%3D)*)")
_NAME_BEFORE = re.compile(r'[ \t]*(?:"(?:[^"\\]|\\.)*"|[^<>,;:"()@]+)[ \t]*\Z')
_BRACKETED = re.compile(r"<x@(?:own\.)?erased\.invalid>")
_MOST_NAME = 300
_REMARK = re.compile(r"(x@(?:own\.)?erased\.invalid>?)[ \t]*\([^()\n]*\)")


def normalise(address: str) -> str:
    """A mail address as contacts have it. Raises ValueError, with what is wrong, for what is none."""
    try:
        known = Contact(email=address).email
    except ValidationError:
        known = None
    if not known:
        raise ValueError(f"{address!r} is not a mail address: give one like sato@example.co.jp")
    if is_nobody(known):
        raise ValueError(f"{address!r} stands for people who were erased; it is nobody's")
    return known


def address_hash(key: str, address: str) -> str:
    """What is kept of a forgotten address, 32 hex digits: without the key nobody can try addresses on it."""
    # Bytes that are no UTF-8, and halves of characters in JSON, are in no address that anybody forgets.
    told = address.encode("utf-8", "surrogatepass")
    return hashlib.blake2b(told, digest_size=16, key=key.encode(), person=b"setten-erased").hexdigest()


def is_nobody(identity: str) -> bool:
    """Whether an identity is one that stands for people who were erased."""
    return NOBODY in identity or NOBODY_OF_OURS in identity


class Suppressed:
    """The forgotten addresses, known by their hashes."""

    def __init__(self, key: str, hashes: Iterable[str]) -> None:
        """key: the store's secret, at most 64 bytes. hashes: see address_hash."""
        self.hashes = frozenset(hashes)
        # People recur; the memory is bounded and dies with the set.
        self._hash = lru_cache(maxsize=1 << 16)(lambda address: address_hash(key, address))

    def __len__(self) -> int:
        return len(self.hashes)

    def __contains__(self, address: str) -> bool:
        return self._hash(address) in self.hashes

    def names(self, contact_key: str) -> bool:
        """Whether an identity key names a forgotten address."""
        return bool(addresses_in(contact_key.partition(":")[2], self.__contains__))

    def without_text(self, text: str, own_domains: tuple[str, ...] = (), as_read: str = "") -> str:
        """The text with nobody's address for each suppressed one, however it is spelled.

        as_read: what its adapter takes the text for, character for character, where that is something else.
        """
        parts, place = [], 0
        for one in addresses_in(as_read or text, self.__contains__):
            parts += [text[place : one.start], _nobody(one.address, own_domains)]
            place = one.end
        return "".join([*parts, text[place:]]) if parts else text


def redact(body: bytes, origin: Origin, suppressed: Suppressed) -> bytes:
    """The body without the suppressed addresses; the very same bytes where it holds none.

    With an address goes what stands beside it in the same JSON object, or as a name in the same header of a mail.
    Doing it again changes nothing. Bytes that are no UTF-8 stay what they are.
    """
    attendees = origin.adapter == "attendees"
    encoding = encoding_of(body) if attendees else "utf-8"
    text = body.decode(encoding, "surrogateescape")
    mail = origin.adapter == "mbox"
    changed = _without_encoded(text, origin.own_domains, suppressed) if mail else text
    if origin.adapter.startswith("snowplow"):
        changed = _without_packed(changed, origin.own_domains, suppressed)
    changed = suppressed.without_text(changed, origin.own_domains, narrow(text) if attendees else "")
    if changed == text:
        return body
    form = _FORMS.get(origin.adapter.partition("-")[0], _FORM)
    changed = _without_names(changed) if mail else _without_neighbours(changed, form)
    return changed.encode(encoding, "surrogateescape")


def redact_origin(origin: Origin, suppressed: Suppressed) -> Origin:
    """Where a body came from, without suppressed addresses: senders name sources as they like."""
    source, content_type = suppressed.without_text(origin.source), suppressed.without_text(origin.content_type)
    if (source, content_type) == (origin.source, origin.content_type):
        return origin
    return origin._replace(source=source, content_type=content_type)


def _nobody(address: str, own_domains: tuple[str, ...]) -> str:
    domain = f".{address.rpartition('@')[2]}"
    own = any(domain.endswith(f".{one.lower().strip('.')}") for one in own_domains if one.strip("."))
    return NOBODY_OF_OURS if own else NOBODY


def _without_neighbours(text: str, form: _Form) -> str:
    """With what a JSON object says of a person who was erased left out: names, ids, companies."""

    def emptied(match: re.Match[str]) -> str:
        if MARK.decode() not in match[0]:
            return match[0]
        try:
            told = json.loads(match[0])
        except (ValueError, RecursionError):
            return match[0]
        left = _without_person(told, form)
        # Bytes that are no UTF-8 must stay bytes.
        return match[0] if left is told else json.dumps(left, ensure_ascii=False)

    if form.nested:
        try:
            told = json.loads(text)
            left = _without_people(told, form)
        except (ValueError, RecursionError):
            pass
        else:
            return text if left is told else json.dumps(left, ensure_ascii=False)
    return _FLAT_OBJECT.sub(emptied, text)


def _without_person(told: dict[str, Any], form: _Form) -> dict[str, Any]:
    """An object that names an erased person, without the rest of what it says of them; any other as it is."""
    names = form.identities
    kept = {name: told[name] for name in names if isinstance(told.get(name), str) and is_nobody(told[name])}
    return {name: told[name] for name in form.kinds if name in told} | kept if kept else told


def _without_people(told: Any, form: _Form) -> Any:
    """The same for all objects in a value, however deep; the very same value where it names no erased person."""
    if isinstance(told, list):
        items = [_without_people(one, form) for one in told]
        return told if all(one is before for one, before in zip(items, told, strict=True)) else items
    if not isinstance(told, dict):
        return told
    if (left := _without_person(told, form)) is not told:
        return left
    values = {name: _without_people(one, form) for name, one in told.items()}
    return told if all(values[name] is told[name] for name in told) else values


def _without_names(text: str) -> str:
    """With the names and remarks beside an erased address left out: `Taro Sato <x@...>`, `x@... (Taro Sato)`."""

    parts, place = [], 0
    for bracketed in _BRACKETED.finditer(text):
        line = max(place, text.rfind("\n", 0, bracketed.start()) + 1, bracketed.start() - _MOST_NAME)
        name = _NAME_BEFORE.search(text[line : bracketed.start()])
        parts += [text[place : line + name.start()] if name else text[place : bracketed.start()], " " * bool(name)]
        place = bracketed.start()
    return _REMARK.sub(r"\1", "".join([*parts, text[place:]]))


def _without_encoded(text: str, own_domains: tuple[str, ...], suppressed: Suppressed) -> str:
    """With suppressed addresses replaced inside encoded words (RFC 2047) and base64 parts of a mail."""

    def word(match: re.Match[str]) -> str:
        try:
            meant = "".join(
                part if isinstance(part, str) else part.decode(charset or "ascii", "replace")
                for part, charset in decode_header(match[0])
            )
        except (MessageError, LookupError, ValueError):
            return match[0]
        left = suppressed.without_text(meant, own_domains)
        if left == meant:
            return match[0]
        return f"=?utf-8?B?{b64encode(left.encode('utf-8', 'replace')).decode()}?="

    def lines(match: re.Match[str]) -> str:
        try:
            meant = b64decode("".join(match[0].split()), validate=True).decode("utf-8", "surrogateescape")
        except (NotBase64, ValueError):
            return match[0]
        left = suppressed.without_text(meant, own_domains)
        if left == meant:
            return match[0]
        told = b64encode(left.encode("utf-8", "surrogateescape")).decode()
        return "\n".join(told[place : place + 76] for place in range(0, len(told), 76))

    if "=?" in text:
        text = _ENCODED_WORDS.sub(word, text)
    return _BASE64_LINES.sub(lines, text) if "base64" in text.lower() else text


def _without_packed(text: str, own_domains: tuple[str, ...], suppressed: Suppressed) -> str:
    """With suppressed addresses replaced inside what Snowplow's trackers send in base64 for URLs."""

    def packed(match: re.Match[str]) -> str:
        told = match[2].replace("+", "-").replace("/", "_")
        try:
            meant = urlsafe_b64decode(told + "=" * (-len(told) % 4)).decode("utf-8", "surrogateescape")
        except ValueError:
            return match[0]
        left = suppressed.without_text(meant, own_domains)
        if left == meant:
            return match[0]
        return match[1] + urlsafe_b64encode(left.encode("utf-8", "surrogateescape")).decode().rstrip("=")

    return _PACKED.sub(packed, text)
