"""The directory by example: changed companies, merged accounts, visitors who become known."""

from datetime import UTC, date, datetime, timedelta

from models.chains import ends
from models.directory import Binding, Directory
from models.facts import AccountDeclared, AccountMerged, AnyFact, ContactDeclared, OwnDomainDeclared, VisitorIdentified
from models.folding import fold
from models.rebinding import change

HANA = "mail:hana@aozora.example"
BEFORE, MOVED, AFTER = date(2026, 3, 31), date(2026, 4, 1), date(2026, 4, 2)


def at(day: int) -> datetime:
    return datetime(2026, 5, 1, tzinfo=UTC) + timedelta(days=day)


def account(account_id: str, *domains: str, day: int = 0, name: str = "") -> AnyFact:
    return AccountDeclared(recorded_at=at(day), account_id=account_id, name=name or account_id.title(), domains=domains)


def member(key: str, account_id: str | None, since: date | None = None, day: int = 0) -> AnyFact:
    return ContactDeclared(recorded_at=at(day), contact_key=key, account_id=account_id, since=since)


def merged(account_id: str, into: str | None, day: int = 0, since: date | None = None) -> AnyFact:
    return AccountMerged(recorded_at=at(day), account_id=account_id, into=into, since=since)


def identified(visitor: str, contact: str | None, day: int = 0) -> AnyFact:
    return VisitorIdentified(recorded_at=at(day), visitor_key=visitor, contact_key=contact)


AOZORA, KITA = account("aozora", "aozora.example"), account("kita", "kita.example")


def owner(directory: Directory, key: str, day: date = AFTER, evidence: str | None = None) -> str:
    return directory.bind(key, key.rpartition("@")[2] if evidence is None else evidence, day).account_id


# --- a contact who changed company ------------------------------------------------------------------------------------


def test_a_contact_who_changed_company_keeps_the_days_before_with_the_old_account() -> None:
    known = fold([AOZORA, KITA, member(HANA, "kita", since=MOVED)])
    assert [owner(known, HANA, day) for day in (BEFORE, MOVED, AFTER)] == ["aozora", "kita", "kita"]
    assert known.bind(HANA, "aozora.example", MOVED).bound_by == "contact"


def test_each_membership_holds_until_the_next_one_begins_in_whatever_order_they_are_stated() -> None:
    facts = [member(HANA, "c", AFTER, day=1), member(HANA, "a", day=2), member(HANA, "b", MOVED, day=3)]
    for stated in (facts, facts[::-1]):
        assert [owner(fold(stated), HANA, day) for day in (BEFORE, MOVED, AFTER)] == ["a", "b", "c"]


def test_the_same_day_stated_later_replaces() -> None:
    known = fold([member(HANA, "b", MOVED, day=1), member(HANA, "c", MOVED, day=2), member(HANA, "a")])
    assert [owner(known, HANA, day) for day in (BEFORE, MOVED)] == ["a", "c"]


def test_who_left_for_no_known_account_counts_by_the_domain_again() -> None:
    known = fold([AOZORA, member(HANA, "kita"), member(HANA, None, since=MOVED)])
    assert [owner(known, HANA, day) for day in (BEFORE, MOVED)] == ["kita", "aozora"]


# --- merged accounts --------------------------------------------------------------------------------------------------


def test_domains_names_and_contacts_of_a_merged_account_count_for_the_other_past_days_included() -> None:
    known = fold([AOZORA, KITA, member("id:7", "kita"), merged("kita", "aozora")])
    assert owner(known, "mail:x@kita.example", date(2001, 1, 1)) == "aozora"
    assert owner(known, "id:8", evidence="org:KITA") == "aozora"
    assert owner(known, "id:7", evidence="") == "aozora"


def test_a_merge_of_merges_ends_at_the_last_account() -> None:
    known = fold([KITA, merged("kita", "b"), merged("b", "c", day=1), merged("a", "kita", day=2)])
    assert known.merged == {"kita": "c", "b": "c", "a": "c"}


def test_of_merges_in_a_circle_the_first_stated_is_void() -> None:
    facts = [merged("a", "b", day=1), merged("b", "c", day=2), merged("c", "a", day=3), merged("x", "b", day=0)]
    for stated in (facts, facts[::-1]):
        assert fold(stated).merged == {"b": "a", "c": "a", "x": "a"}


def test_a_merge_is_undone_by_a_later_statement_and_not_by_declaring_the_account_again() -> None:
    again = account("kita", "kita.example", "kita2.example", day=5)
    assert owner(fold([KITA, merged("kita", "aozora", day=1), again]), "mail:x@kita2.example") == "aozora"
    undone = fold([KITA, merged("kita", "aozora", day=1), merged("kita", None, day=2)])
    assert owner(undone, "mail:x@kita.example") == "kita"


def test_an_account_merged_from_a_day_on_counts_for_itself_before_it() -> None:
    known = fold([AOZORA, KITA, member("id:7", "kita"), merged("kita", "aozora", since=MOVED)])
    for key in ("mail:x@kita.example", "id:7"):
        assert [owner(known, key, day) for day in (BEFORE, MOVED, AFTER)] == ["kita", "aozora", "aozora"]
    assert (known.counted_on("kita", BEFORE), known.counted_on("kita")) == ("kita", "aozora")


def test_mergers_with_dates_are_followed_as_far_as_they_have_begun() -> None:
    facts = [KITA, merged("kita", "b", since=MOVED), merged("b", "c", day=1, since=AFTER), merged("a", "kita", day=2)]
    for stated in (facts, facts[::-1]):
        known = fold(stated)
        assert [owner(known, "mail:x@kita.example", day) for day in (BEFORE, MOVED, AFTER)] == ["kita", "b", "c"]
        assert [known.counted_on("a", day) for day in (BEFORE, MOVED, AFTER)] == ["kita", "b", "c"]


def test_mergers_are_a_circle_only_from_the_day_on_that_closes_it() -> None:
    known = fold([merged("a", "b", day=1), merged("b", "a", day=2, since=MOVED)])
    assert [known.counted_on("a", day) for day in (BEFORE, MOVED)] == ["b", "a"]
    assert [known.counted_on("b", day) for day in (BEFORE, MOVED)] == ["b", "a"]


def test_an_account_that_the_later_of_two_mergers_makes_the_end_counts_for_itself_again() -> None:
    known = fold([merged("a", "b", day=1, since=MOVED), merged("b", "a", day=2, since=AFTER)])
    assert [known.counted_on("a", day) for day in (BEFORE, MOVED, AFTER)] == ["a", "b", "a"]
    assert [known.counted_on("b", day) for day in (BEFORE, MOVED, AFTER)] == ["b", "b", "a"]


def test_what_two_accounts_are_called_binds_nobody_though_they_are_one_from_a_day_on() -> None:
    facts = [account("a", name="Kita"), account("b", name="Kita"), merged("a", "b", since=MOVED)]
    assert [owner(fold(facts), "id:1", day, "org:Kita") for day in (BEFORE, AFTER)] == ["", ""]


# --- an anonymous visitor who becomes known ---------------------------------------------------------------------------


def test_a_visitor_who_becomes_known_counts_for_the_account_of_the_known_address() -> None:
    known = fold([AOZORA, identified("anon:1", HANA)])
    assert known.people["anon:1"].contact_key == HANA
    assert known.bind("anon:1", "pc7.isp.example", BEFORE) == Binding("aozora", "domain")
    assert known.bind("anon:2", "pc7.isp.example", BEFORE).bound_by == "unbound"


def test_what_is_declared_of_any_key_of_a_person_is_declared_of_her() -> None:
    known = fold([AOZORA, identified("anon:1", "id:9"), identified("id:9", HANA), member("id:9", "kita", MOVED)])
    for key in ("anon:1", "id:9", HANA):
        assert [owner(known, key, day) for day in (BEFORE, MOVED)] == ["aozora", "kita"], key
    assert dict(known.keys_of) == {HANA: ("anon:1", "id:9", HANA)}


def test_an_address_that_says_nothing_leaves_it_to_where_the_visit_came_from() -> None:
    known = fold([AOZORA, identified("anon:1", "mail:hana@gmail.com"), identified("anon:2", "id:9")])
    assert owner(known, "anon:1", evidence="vpn.aozora.example") == "aozora"
    assert owner(known, "anon:2", evidence="vpn.aozora.example") == "aozora"


def test_a_visitor_who_is_a_colleague_counts_for_nobody() -> None:
    ours = OwnDomainDeclared(recorded_at=at(0), domain="ours.example")
    known = fold([AOZORA, ours, identified("anon:1", "mail:me@ours.example")])
    assert known.bind("anon:1", "vpn.aozora.example", BEFORE) == Binding("", "own")


def test_a_visitor_moves_with_the_domain_of_the_known_address_though_no_touch_of_theirs_has_it() -> None:
    facts = [AOZORA, KITA, identified("anon:1", HANA), identified("anon:2", "id:9")]
    moved = [account("aozora", day=1), account("kita", "kita.example", "aozora.example", day=2)]
    changed = change(fold(facts), fold([*facts, *moved]))
    assert [contact.contact_key for contact in changed.contacts] == ["anon:1"]
    assert changed.names == {"aozora.example"}


def test_who_was_mistaken_for_somebody_is_nobody_known_again() -> None:
    known = fold([AOZORA, identified("anon:1", HANA, day=1), identified("anon:1", None, day=2)])
    assert owner(known, "anon:1", evidence="") == ""
    assert not known.keys_of
    assert known.people[HANA].contact_key == HANA  # the row that showed her has to follow


def test_of_identifications_in_a_circle_the_first_stated_is_void() -> None:
    facts = [identified("id:1", "id:2", day=1), identified("id:2", "id:1", day=2), identified("anon:3", "id:2")]
    for stated in (facts, facts[::-1]):
        assert dict(fold(stated).keys_of) == {"id:1": ("anon:3", "id:1", "id:2")}


# --- chains -----------------------------------------------------------------------------------------------------------


def test_a_chain_of_a_hundred_thousand_links_is_followed() -> None:
    links = {str(number): str(number + 1) for number in range(100_000)}
    assert set(ends(links, int).values()) == {"100000"}
    assert len(ends({**links, "100000": "0"}, int)) == 100_000
