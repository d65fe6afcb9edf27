"""Redaction: a body without a person, and without what stands beside them."""

import json
from base64 import b64decode, b64encode, encodebytes
from datetime import UTC, datetime

import pyarrow as pa
import pytest

from models.decode import outcomes_of
from models.erasure import NOBODY, Suppressed, address_hash, normalise, redact, redact_origin
from models.events import Signal
from models.facts import FACT
from models.outcomes import DeadLetter, Erased
from models.plan.facts import PlanItemStated
from models.records import Origin
from models.sources.canonical_fast import Bodies, fast_table
from models.sources.fact_records import decode_facts, without_forgotten
from models.touch_table import micros

KEY = "0123456789abcdef" * 4
SATO, OURS = "sato@example.co.jp", "boss@our.example"
GONE = Suppressed(KEY, [address_hash(KEY, SATO), address_hash(KEY, OURS)])
RECEIVED = datetime(2026, 6, 1, tzinfo=UTC)
JSON = Origin("crm", "canonical", RECEIVED)
MAIL = Origin("archive", "mbox", RECEIVED, "message/rfc822", ("our.example",))


def signal(*contacts: dict[str, str], **data: str) -> bytes:
    event = {"id": "e1", "type": "web.page_viewed", "time": "2026-05-01T09:00:00Z"}
    return json.dumps(event | {"data": {"contacts": contacts} | data}).encode()


def mail(headers: str, text: str = "hello") -> bytes:
    envelope, date = "From sato@example.co.jp  Fri May  1 09:00:00 2026", "Date: Fri, 1 May 2026 09:00:00 +0900"
    return f"{envelope}\n{headers}\n{date}\n\n{text}\n".encode()


def contacts_of(body: bytes, origin: Origin) -> list[str]:
    [outcome] = outcomes_of(body, origin)
    assert isinstance(outcome, Signal), outcome
    return [contact.key for contact in outcome.data.contacts]


def test_a_person_leaves_an_event_and_the_others_stay() -> None:
    body = signal(
        {"email": "SATO@example.co.jp", "id": "77", "organization": "Sato & Co"}, {"email": "abe@example.co.jp"}
    )
    left = redact(body, JSON, GONE)
    assert b"77" not in left
    assert b"Sato" not in left
    assert contacts_of(left, JSON) == ["mail:abe@example.co.jp"]
    alone = Bodies([left], ["crm"], ["application/json"], pa.array([micros(RECEIVED)]), ["r"])
    assert fast_table(alone)[1] == [0], "bodies with erased people are the contract's"


def test_an_event_of_nobody_else_becomes_nothing() -> None:
    left = redact(signal({"email": SATO}, {"email": OURS}), JSON, GONE)
    assert outcomes_of(left, JSON) == [Erased(0)]


def test_an_event_keeps_its_place_in_the_body_when_one_before_it_is_erased() -> None:
    body = signal({"email": SATO}) + b"\n" + signal({"email": "abe@example.co.jp"}) + b"\n{}"
    kinds = [type(one) for one in outcomes_of(redact(body, JSON, GONE), JSON)]
    assert kinds == [Erased, Signal, DeadLetter]


def test_a_person_known_by_an_id_that_is_their_address_is_left_out_too() -> None:
    left = redact(signal({"id": f"crm|{SATO}"}, {"id": "crm|abe"}), JSON, GONE)
    assert contacts_of(left, JSON) == ["id:crm|abe"]


def test_a_statement_about_a_person_is_neither_stored_nor_refused() -> None:
    fact = {
        "type": "contact_declared",
        "recorded_at": "2026-01-01T00:00:00Z",
        "contact_key": f"mail:{SATO}",
        "name": "Taro",
    }
    left = redact(json.dumps(fact).encode(), JSON, GONE)
    assert b"Taro" not in left
    assert decode_facts(left) == [Erased(0)]
    assert decode_facts(b"[" + left + b"," + left + b"]") == [Erased(0), Erased(1)]


def stakeholder(address: str, key: str) -> dict[str, object]:
    item = {"part": "stakeholder", "contact_key": f"mail:{address}", "name": f"Taro {key}", "relationship": "sponsor"}
    told = {"type": "plan_item_stated", "recorded_at": "2026-01-01T00:00:00Z", "account_id": "kita"}
    return {**told, "key": key, "item": item}


def test_a_stakeholder_of_a_plan_is_erased_with_all_that_is_said_of_her() -> None:
    others = [stakeholder("abe@example.co.jp", "abe"), {**stakeholder("x@y.example", "none"), "item": None}]
    left = redact(json.dumps([stakeholder(SATO.upper(), "sato"), *others]).encode(), JSON, GONE)
    assert b"Taro sato" not in left
    erased, abe, refused = decode_facts(left)
    assert erased == Erased(0)
    assert isinstance(abe, PlanItemStated)
    assert abe == FACT.validate_python(others[0])
    assert isinstance(refused, DeadLetter)
    assert without_forgotten(FACT.validate_python(stakeholder(SATO, "sato")), GONE) is None
    assert without_forgotten(abe, GONE) is abe


def test_braces_inside_strings_do_not_make_an_object_of_what_is_none() -> None:
    body = signal({"email": "abe@example.co.jp"}, subject='{"email": "sato@example.co.jp", "name": "}')
    left = redact(body, JSON, GONE)
    assert json.loads(left)["data"]["subject"] == '{"email": "x@erased.invalid", "name": "}'
    assert left == body.replace(SATO.encode(), NOBODY.encode())


@pytest.mark.parametrize(
    ("header", "left"),
    [
        ("From: Taro Sato <sato@example.co.jp>", "From: <x@erased.invalid>"),
        ('From: "Sato, Taro" <sato@example.co.jp>', "From: <x@erased.invalid>"),
        ("From: sato@example.co.jp (Taro Sato)", "From: x@erased.invalid"),
        ("To: Abe <abe@x.jp>, Taro Sato <sato@example.co.jp>", "To: Abe <abe@x.jp>, <x@erased.invalid>"),
        ("To: Boss <boss@our.example>, A <a@x.jp>", "To: <x@own.erased.invalid>, A <a@x.jp>"),
    ],
)
def test_the_name_beside_an_address_in_a_mail_goes_with_it(header: str, left: str) -> None:
    assert left in redact(mail(header), MAIL, GONE).decode().split("\n")


def test_what_our_erased_colleague_wrote_to_a_customer_still_counts_for_the_customer() -> None:
    body = mail("From: Boss <boss@our.example>\nTo: abe@example.co.jp, Sato <sato@example.co.jp>")
    left = redact(body, MAIL, GONE)
    [outcome] = outcomes_of(left, MAIL)
    assert isinstance(outcome, Signal)
    assert (outcome.type, outcome.direction) == ("email.sent", "outbound")
    assert contacts_of(left, MAIL) == ["mail:abe@example.co.jp"]


def test_a_mail_from_a_forgotten_person_becomes_nothing() -> None:
    assert outcomes_of(redact(mail("From: sato@example.co.jp\nTo: boss@our.example"), MAIL, GONE), MAIL) == [Erased(0)]


def test_encoded_words_and_base64_parts_of_a_mail_are_read() -> None:
    word = f"=?UTF-8?B?{b64encode(SATO.encode()).decode()}?="
    halves = "=?iso-2022-jp?Q?sato=40exam?= =?iso-2022-jp?Q?ple=2Eco=2Ejp?="
    text = "Content-Transfer-Encoding: base64\n\n" + encodebytes(f"{'。' * 60} {SATO} {'。' * 60}".encode()).decode()
    left = redact(mail(f"From: {word} <abe@example.co.jp>\nX: {halves}", text), MAIL, GONE).decode()
    assert word not in left
    assert halves not in left
    told = b64decode("".join(left.partition("base64\n\n")[2].split())).decode()
    assert told == f"{'。' * 60} {NOBODY} {'。' * 60}"


def test_bytes_that_are_no_utf_8_stay_what_they_are() -> None:
    assert redact(b'{"id": "\x93\x8c sato@example.co.jp"}', JSON, GONE) == b'{"id": "\x93\x8c x@erased.invalid"}'


def test_where_a_body_came_from_may_name_a_person_too() -> None:
    assert redact_origin(JSON._replace(source=f"form of {SATO}"), GONE).source == f"form of {NOBODY}"
    assert redact_origin(JSON, GONE) is JSON


def test_only_addresses_can_be_forgotten_and_not_the_one_that_is_nobodys() -> None:
    assert normalise(" SATO@Example.co.jp ") == SATO
    for wrong in ("sato", "", "a b@c", "id:77", NOBODY, "x@own.erased.invalid"):
        with pytest.raises(ValueError, match=r"address|nobody"):
            normalise(wrong)


def test_a_hash_says_nothing_without_its_key() -> None:
    assert address_hash(KEY, SATO) != address_hash(KEY[::-1], SATO)
    assert len(address_hash(KEY, SATO)) == 32
