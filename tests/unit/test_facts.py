"""Facts: their ids stay what they were, and what contradicts itself is refused."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from models.facts import FACT, AccountMerged, ContactDeclared, OwnDomainDeclared, VisitorIdentified, stored_fact
from models.outcomes import DeadLetter
from models.sources.fact_records import decode_facts

AT = "2026-01-05T00:00:00Z"
# As stores have them since before there were dates, and the ids that they have there.
STORED = {
    b'{"recorded_at":"2026-01-05T00:00:00Z","type":"contact_declared","contact_key":"mail:hana@aozora.example",'
    b'"account_id":"aozora","name":"Hana","title":"CTO","department":"R&D","seniority":"executive"}': (
        "54ac3f94-2e50-7778-f0fa-aeabe201295b"
    ),
    b'{"recorded_at":"2026-01-05T00:00:00Z","type":"account_declared","account_id":"aozora","name":"Aozora",'
    b'"domains":["aozora.example"],"tier":"target","kind":"customer","parent_account_id":null}': (
        "22da0e91-8354-5d69-83d0-e37e78c5c639"
    ),
    b'{"recorded_at":"2026-01-05T00:00:00Z","type":"revenue_recorded","account_id":"aozora","month":"2026-01-01",'
    b'"amount":12.5,"currency":"JPY"}': "5f08547e-ce88-ed73-71a5-8184d13c7a10",
    b'{"recorded_at":"2026-01-05T00:00:00Z","type":"own_domain_declared","domain":"ours.example"}': (
        "a9707a27-a09a-2f71-bcfb-d5edc17be764"
    ),
}


@pytest.mark.parametrize("body", STORED, ids=lambda body: body.decode().split('"')[7])
def test_a_fact_stored_by_an_earlier_version_keeps_its_bytes_and_its_id(body: bytes) -> None:
    fact = FACT.validate_json(body)
    assert fact.model_dump_json().encode() == body
    assert str(fact.fact_id) == STORED[body]


def test_the_first_day_of_a_membership_is_part_of_what_a_fact_says() -> None:
    told = {"type": "contact_declared", "recorded_at": AT, "contact_key": "mail:a@b.example", "account_id": "b"}
    undated, nulled = FACT.validate_python(told), FACT.validate_python({**told, "since": None})
    dated = FACT.validate_python({**told, "since": "2026-04-01"})
    assert undated.fact_id == nulled.fact_id != dated.fact_id
    assert FACT.validate_json(dated.model_dump_json()) == dated


@pytest.mark.parametrize(
    ("told", "word"),
    [
        ({"type": "account_merged", "account_id": "a", "into": "a"}, "part of itself"),
        ({"type": "account_merged", "account_id": "a"}, "Field required"),
        ({"type": "visitor_identified", "visitor_key": "id:1", "contact_key": "id:1"}, "as itself"),
        ({"type": "visitor_identified", "visitor_key": "anon:1"}, "Field required"),
        ({"type": "visitor_identified", "visitor_key": "mail:a@b.example", "contact_key": "id:1"}, "pattern"),
        ({"type": "visitor_identified", "visitor_key": "anon:1", "contact_key": "anon:2"}, "pattern"),
        ({"type": "contact_declared", "contact_key": "id:1", "since": "1969-12-31"}, "out of range"),
        ({"type": "contact_declared", "contact_key": "id:1", "since": "2026-04-31"}, "date"),
    ],
)
def test_what_cannot_be_is_refused_and_says_why(told: dict[str, Any], word: str) -> None:
    with pytest.raises(ValidationError, match=word):
        FACT.validate_python({"recorded_at": AT, **told})


def test_keys_are_written_as_touches_have_them() -> None:
    visitor = FACT.validate_python(
        {
            "type": "visitor_identified",
            "recorded_at": AT,
            "visitor_key": "host:PC.Isp.Example",
            "contact_key": "mail:A@B.example",
        }
    )
    assert visitor == VisitorIdentified(
        recorded_at=visitor.recorded_at, visitor_key="host:pc.isp.example", contact_key="mail:a@b.example"
    )
    contact = ContactDeclared(recorded_at=visitor.recorded_at, contact_key="mail:A@B.example")
    assert contact.contact_key == "mail:a@b.example"


def test_a_merge_is_taken_back_by_naming_no_account() -> None:
    told = FACT.validate_json(
        b'{"type":"account_merged","recorded_at":"2026-01-05T00:00:00Z","account_id":"a","into":null}'
    )
    assert isinstance(told, AccountMerged)
    assert told.into is None


def test_a_merger_without_a_day_keeps_its_id_and_one_with_a_day_names_the_other_account() -> None:
    told = {"type": "account_merged", "recorded_at": "2026-01-05T00:00:00Z", "account_id": "a", "into": "b"}
    undated, dated = (FACT.validate_python(told | more) for more in ({}, {"since": "2026-04-01"}))
    assert "since" not in undated.model_dump_json()
    assert FACT.validate_json(dated.model_dump_json()) == dated != undated
    with pytest.raises(ValidationError, match="needs `into`"):
        FACT.validate_python(told | {"into": None, "since": "2026-04-01"})


def test_a_contact_whose_rank_nobody_knows_says_so_and_others_keep_their_ids() -> None:
    told = {"type": "contact_declared", "recorded_at": "2026-01-01T00:00:00Z", "contact_key": "mail:a@b.example"}
    asked, unasked = (FACT.validate_python(told | more) for more in ({}, {"title_tells": False}))
    assert "title_tells" not in asked.model_dump_json()
    assert FACT.validate_json(unasked.model_dump_json()) == unasked != asked


def test_a_fact_that_does_not_say_when_it_was_stated_is_refused_unless_somebody_states_it_now() -> None:
    told = (
        b'{"type": "own_domain_declared", "domain": "ours.example"}\n{"type": "own_domain_declared", "domain": "co.jp"}'
    )
    now = datetime(2026, 1, 5, tzinfo=UTC)
    assert [type(one) for one in decode_facts(told)] == [DeadLetter, DeadLetter]
    stated, refused = decode_facts(told, now)
    assert stated == OwnDomainDeclared(recorded_at=now, domain="ours.example")
    assert isinstance(refused, DeadLetter)
    assert (refused.index, "public suffix" in refused.detail) == (1, True)
    dated = b'[{"type": "own_domain_declared", "domain": "ours.example", "recorded_at": "2025-01-05T00:00:00Z"}]'
    assert decode_facts(dated, now) == decode_facts(dated)


STATED_KEYS = [
    ({"type": "contact_declared"}, "contact_key"),
    ({"type": "contact_described"}, "contact_key"),
    ({"type": "contact_affiliated"}, "contact_key"),
    ({"type": "visitor_identified", "visitor_key": "anon:1"}, "contact_key"),
    ({"type": "nps_answered", "score": 9, "answered_on": "2026-01-05"}, "contact_key"),
]


@pytest.mark.parametrize(("told", "field"), STATED_KEYS, ids=[told["type"] for told, _ in STATED_KEYS])
def test_the_key_of_a_contact_is_her_address_however_wide_it_is_written_or_is_refused(
    told: dict[str, Any], field: str
) -> None:
    for written in ("mail:ｓato＠kita.example", "mail:SATO@kita.example", "mail: sato@kita．example"):
        fact = FACT.validate_python({"recorded_at": AT, **told, field: written})
        assert getattr(fact, field) == "mail:sato@kita.example"
    for wrong in ("mail:sato", "mail:a@b, c@d", "mail:\x1b[31ma@b.example", "id:\x1b[31mx", "id:a\u202eb"):
        with pytest.raises(ValidationError, match=r"no mail address|control character"):
            FACT.validate_python({"recorded_at": AT, **told, field: wrong})


@pytest.mark.parametrize(("told", "field"), STATED_KEYS, ids=[told["type"] for told, _ in STATED_KEYS])
def test_a_key_that_was_stored_before_it_was_refused_can_still_be_read_and_keeps_its_id(
    told: dict[str, Any], field: str
) -> None:
    for key in ("mail:sato", "mail:ｓato＠kita.example", "id:\x1b[31mx"):
        fact = stored_fact(json.dumps({"recorded_at": AT, **told, field: key}))
        assert getattr(fact, field) == key
        assert stored_fact(fact.model_dump_json()).fact_id == fact.fact_id
    item = {"part": "stakeholder", "contact_key": "mail:sato"}
    body = {"type": "plan_item_stated", "recorded_at": AT, "account_id": "kita", "key": "cio", "item": item}
    assert json.loads(stored_fact(json.dumps(body)).model_dump_json())["item"]["contact_key"] == "mail:sato"
