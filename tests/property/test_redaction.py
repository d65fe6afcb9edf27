"""Laws of redaction over generated bodies: complete, idempotent, and blind to everything else."""

import json
import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

from hypothesis import given
from hypothesis import strategies as st

from models.erasure import NOBODY, Suppressed, address_hash, redact
from models.records import Origin
from models.spellings import search_pattern

KEY = "k" * 64
LOCAL = st.from_regex(r"[a-z0-9]([a-z0-9._+-]{0,8}[a-z0-9])?", fullmatch=True)
DOMAIN = st.from_regex(r"[a-z0-9]{1,6}(\.[a-z]{2,4}){1,2}", fullmatch=True)
ADDRESS = st.builds("{}@{}".format, LOCAL, DOMAIN)
ORIGIN = st.sampled_from(["canonical", "attendance", "attendees", "access-log", "mbox"]).map(
    lambda adapter: Origin("s", adapter, datetime(2026, 1, 1, tzinfo=UTC))
)


def spelled(address: str, draw: Any) -> str:
    """The address with each of its characters in one of its spellings."""

    def one(char: str) -> str:
        ways = [char, char.upper(), f"\\u{ord(char):04x}", f"\\u{ord(char.upper()):04X}"]
        return str(draw(st.sampled_from(ways)))

    return "".join(map(one, address))


def suppressed(*addresses: str) -> Suppressed:
    return Suppressed(KEY, [address_hash(KEY, address) for address in addresses])


@given(st.data(), ADDRESS, ORIGIN)
def test_every_spelling_in_json_goes_and_the_rest_stays(data: st.DataObject, address: str, origin: Origin) -> None:
    before, after = (
        data.draw(st.sampled_from(["", " ", "<", "写真 ", ": ("])),
        data.draw(st.sampled_from(["", " ", ">", "。"])),
    )
    event = '{"subject":"' + before + spelled(address, data.draw) + after + '","n":1.0,  "m": [1e5]}'
    if origin.adapter == "mbox":
        before = before.replace("<", "")  # what stands before a bracket is a name there, and goes as well
        event = event.replace('"subject":"<', '"subject":"')
    left = redact(event.encode(), origin, suppressed(address)).decode()
    assert left == '{"subject":"' + before + NOBODY + after + '","n":1.0,  "m": [1e5]}'
    assert re.search(search_pattern([address]), event)
    assert not re.search(search_pattern([address]), left) or address in NOBODY


@given(st.data(), ADDRESS)
def test_every_spelling_in_a_url_goes(data: st.DataObject, address: str) -> None:
    way = "".join(data.draw(st.sampled_from([c, f"%{ord(c):02x}", f"%{ord(c):02X}"])) for c in address)
    origin = Origin("s", "access-log", datetime(2026, 1, 1, tzinfo=UTC))
    left = redact(f"GET /u?mail={way}&x=1 HTTP".encode(), origin, suppressed(address)).decode()
    assert unquote(left) == f"GET /u?mail={NOBODY}&x=1 HTTP"


@given(st.binary(max_size=300), ORIGIN, st.lists(ADDRESS, max_size=3))
def test_a_body_that_holds_nobody_stays_as_it_is(body: bytes, origin: Origin, others: list[str]) -> None:
    whole = body + b" " + " ".join(others).encode() + b" " + body
    assert redact(whole, origin, suppressed("nobody.at.all@not.in.here.example")) is whole


@given(st.lists(ADDRESS, min_size=1, max_size=4, unique=True), st.binary(max_size=60), ORIGIN, st.data())
def test_doing_it_again_changes_nothing(
    addresses: list[str], noise: bytes, origin: Origin, data: st.DataObject
) -> None:
    gone = suppressed(*data.draw(st.lists(st.sampled_from(addresses), min_size=1)))
    contacts = json.dumps([{"email": address, "id": "7"} for address in addresses]).encode()
    once = redact(noise + b"\n" + contacts + b"\n" + noise, origin, gone)
    assert redact(once, origin, gone) == once


@given(st.lists(ADDRESS, min_size=2, max_size=6, unique=True))
def test_the_order_in_which_people_are_forgotten_plays_no_part(addresses: list[str]) -> None:
    body = json.dumps([{"email": address} for address in addresses]).encode()
    origin = Origin("s", "canonical", datetime(2026, 1, 1, tzinfo=UTC))
    one, two = addresses[:2]
    in_turn = redact(redact(body, origin, suppressed(one)), origin, suppressed(one, two))
    assert in_turn == redact(body, origin, suppressed(one, two))
