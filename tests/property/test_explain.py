"""Laws of explanations: an explanation says what the binding does, whatever the facts are."""

from datetime import date
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from models.directory import Binding, Directory
from models.facts import FACT, AccountDeclared, AccountMerged, AnyFact, OwnDomainDeclared
from models.folding import fold
from models.identity.explain import Explanation, explain
from models.identity.explanation_json import as_json
from models.identity.explanation_text import headline, membership_lines, person_line, remedy_lines, step_lines
from models.identity.remedies import remedies
from tests.property.test_rebinding import DAYS, facts, merged_world, times

keys = st.sampled_from(
    [
        *("", "mail:x@aozora.example", "mail:y@gmail.com", "mail:z@jp.aozora.example", "id:1", "anon:1", "host:pc"),
        "mail:w@mailinator.com",
    ]
)
evidences = st.sampled_from(
    [
        *(
            "",
            "www.kita.example",
            "pc.jp.aozora.example",
            "kita.example",
            "aozora.example",
            "org:KITA",
            "org:",
            "org:Kita Inc",
        ),
        *("corp:7000012050002", "corp:1"),
        *("gmail.com", "mx.mailinator.com", "localhost", "192.0.2.1"),
    ]
)
# Subdomains of which another account, or our own side, says something else than of what is above them.
splits: st.SearchStrategy[AnyFact] = st.one_of(
    st.builds(
        AccountDeclared,
        recorded_at=times,
        account_id=st.sampled_from(["a", "c"]),
        name=st.sampled_from(["Kita", "Cloud"]),
        domains=st.sampled_from([("jp.aozora.example",), ("mailinator.com", "www.kita.example")]),
    ),
    st.builds(OwnDomainDeclared, recorded_at=times, domain=st.sampled_from(["jp.aozora.example", "www.kita.example"])),
)
stated_facts = st.one_of(st.lists(st.one_of(facts, facts, splits), max_size=14), merged_world)


def explained(known: Directory, stated: list[AnyFact], key: str, evidence: str, day: date) -> Explanation:
    own = {fact.domain: fact for fact in stated if isinstance(fact, OwnDomainDeclared)}
    return explain(known, key, evidence, day, own)


@settings(max_examples=600)
@given(stated_facts, keys, evidences, st.sampled_from([*DAYS, date(1999, 1, 1)]))
def test_an_explanation_names_the_account_and_the_reason_of_the_binding(
    stated: list[AnyFact], key: str, evidence: str, day: date
) -> None:
    known = fold(stated)
    told = explained(known, stated, key, evidence, day)
    assert Binding(told.account_id, told.bound_by) == known.bind(key, evidence, day)
    person = known.people.get(key)
    assert told.known_as == (person.contact_key if person else key)
    assert (told.steps[-1].account_id, told.steps[-1].bound_by) == (told.account_id, told.bound_by)


@settings(max_examples=300)
@given(stated_facts, keys, evidences, st.sampled_from(DAYS))
def test_the_facts_that_an_explanation_names_are_enough_for_the_same_account(
    stated: list[AnyFact], key: str, evidence: str, day: date
) -> None:
    """Who knew nothing but these would bind the same, unless a fact was needed to rule something out."""
    told = explained(fold(stated), stated, key, evidence, day)
    assert set(told.facts) <= set(stated)
    assert all(one.since is None or one.since <= day for one in told.facts if isinstance(one, AccountMerged))
    if told.account_id or told.bound_by == "own":
        alone = fold(told.facts).bind(key, evidence, day)
        assert alone == Binding(told.account_id, told.bound_by)


@settings(max_examples=200)
@given(stated_facts, keys, evidences, st.sampled_from(DAYS))
def test_every_explanation_has_words_in_both_languages_and_a_form_for_machines(
    stated: list[AnyFact], key: str, evidence: str, day: date
) -> None:
    told = explained(fold(stated), stated, key, evidence, day)
    lines: dict[str, list[Any]] = {}
    for lang in ("en", "ja"):
        lines[lang] = [headline(told, lang), *step_lines(told, lang), *membership_lines(told, lang)]
        lines[lang] += [person_line(told, lang), *remedy_lines(told, lang)]
        assert "{" not in "".join(map(str, lines[lang][: 1 + len(told.steps)]))
    assert len(lines["en"]) == len(lines["ja"])
    plain = as_json(told)
    assert (plain["account_id"], plain["bound_by"]) == (told.account_id, told.bound_by)
    assert [step["decides"] for step in plain["looked_at"]].count(True) == 1


@settings(max_examples=300)
@given(stated_facts, keys, evidences, st.sampled_from(DAYS))
def test_each_thing_that_an_explanation_tells_to_state_binds_by_itself(
    stated: list[AnyFact], key: str, evidence: str, day: date
) -> None:
    evidence = key.rpartition("@")[2] or evidence  # mail carries the host of the address, and nothing else
    told = explained(fold(stated), stated, key, evidence, day)
    assert bool(remedies(told)) <= (told.account_id == "")
    for one in remedies(told):
        filled = {"recorded_at": "2026-03-01T00:00:00Z", **one.fact}
        filled |= {"account_id": "new"} if "account_id" in filled else {"contact_key": "mail:new@new.example"}
        known = fold([*stated, FACT.validate_python(filled)])
        if one.purpose == "visitor":
            assert known.people[key].contact_key == "mail:new@new.example"
        else:
            assert known.bind(key, evidence, day).account_id == "new"
