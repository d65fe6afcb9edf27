"""Rows of CRM exports into facts: what each row states, and what is told of those that state less."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

import pytest

from models.account_profile import AccountProfiled
from models.crm.countries import country_code
from models.crm.mapping import CrmMap, FileMap, reading_of
from models.crm.problems import MEANINGS, Wrong
from models.crm.reading import Answer, Reader
from models.crm.tables import Layout, encoding_of, layout_of, rows_of
from models.crm.world import World
from models.directory import Directory
from models.facts import AccountDeclared, AnyFact, ContactDeclared, RevenueRecorded
from models.folding import fold
from models.novelty import what_holds
from models.people.shown import shown
from models.side_facts import SideFact

NOW = datetime(2026, 6, 1, tzinfo=UTC)
BEFORE = datetime(2026, 1, 1, tzinfo=UTC)
AOZORA = AccountDeclared(
    recorded_at=BEFORE, account_id="aozora", name="青空重工業", domains=("aozora.example",), tier="strategic"
)
KITA = AccountDeclared(recorded_at=BEFORE, account_id="kita", name="Kita Ltd.", domains=("kita.example",))
DEAL = {"id": "Id", "stage": "Stage", "account_name": "Account", "account_id": "Account ID"}
OUTCOMES = {"outcome": {"Won": "won", "Lost*": "lost", "Talk*": "open"}}


class Import:
    """One import of texts, each read as an entry of the map says."""

    def __init__(self, known: list[AnyFact] | None = None, **of_map: Any) -> None:
        self.of_map = {"version": 1, "timezone": "Asia/Tokyo"} | of_map
        self.known = fold(known or [])
        of_crm = what_holds(fact for fact in known or [] if isinstance(fact, SideFact))
        self.world = World(self._map([]), self.known, of_crm, NOW)
        self.reader = Reader(self.world)

    def _map(self, files: list[Mapping[str, Any]]) -> CrmMap:
        nothing = {"match": "*", "entity": "products", "columns": {"name": "N"}}
        return CrmMap.model_validate({**self.of_map, "files": files or [nothing]})

    def read(self, text: str | bytes, entity: str, columns: Mapping[str, Any], **of_file: Any) -> list[Answer]:
        told = self._map([{"match": "*", "entity": entity, "columns": columns, **of_file}])
        raw = text.encode() if isinstance(text, str) else text
        lines, file = raw.splitlines(keepends=True), told.files[0]
        layout = layout_of(lines, file, encoding_of(lines, "auto"), "auto")
        assert isinstance(layout, Layout), layout
        return list(self.reader.read(rows_of(lines, file, layout), reading_of(told, file)))

    def one(self, text: str, entity: str, columns: Mapping[str, Any], **of_file: Any) -> Answer:
        [answer] = self.read(text, entity, columns, **of_file)
        return answer


def fact(answer: Answer) -> Any:
    [found] = answer.facts
    return found


def wrong(answer: Answer) -> list[tuple[Wrong, str, str]]:
    return [(one.reason, one.value, one.suggestion) for one in answer.problems]


# --- accounts ---------------------------------------------------------------------------------------------------------


def test_a_known_account_is_found_by_its_domain_and_keeps_what_the_row_does_not_say() -> None:
    answer = Import([AOZORA]).one(
        "Id,Name,Web\n77,Aozora Heavy,https://www.aozora.example/\n",
        "accounts",
        {"id": "Id", "name": "Name", "domains": "Web"},
    )
    assert fact(answer) == AOZORA.model_copy(update={"name": "Aozora Heavy", "recorded_at": NOW})


def test_a_known_account_is_found_by_its_name_without_its_legal_form() -> None:
    answer = Import([AOZORA]).one("Id,Name\n77,株式会社青空重工業\n", "accounts", {"id": "Id", "name": "Name"})
    assert fact(answer).account_id == "aozora"


def test_names_are_not_matched_where_the_map_does_not_want_it() -> None:
    read = Import([AOZORA], match=["id"])
    assert fact(read.one("Id,Name\n77,青空重工業\n", "accounts", {"id": "Id", "name": "Name"})).account_id == "77"


def test_an_account_that_could_be_two_is_declared_as_one_of_its_own_and_reported() -> None:
    other = AOZORA.model_copy(update={"account_id": "aozora-2", "name": "青空重工業(株)", "domains": ()})
    answer = Import([AOZORA, other]).one("Id,Name\n77,㈱青空重工業\n", "accounts", {"id": "Id", "name": "Name"})
    assert fact(answer).account_id == "77"
    assert [one.reason for one in answer.problems] == [Wrong.ACCOUNT_AMBIGUOUS]


def test_domains_are_added_and_those_of_free_mail_and_of_others_are_left_out() -> None:
    row = 'Id,Name,Web\naozora,青空重工業,"aozora.jp; gmail.com, kita.example"\n'
    answer = Import([AOZORA, KITA]).one(row, "accounts", {"id": "Id", "name": "Name", "domains": "Web"})
    assert fact(answer).domains == ("aozora.example", "aozora.jp")
    assert [value for _, value, _ in wrong(answer)] == ["gmail.com", "kita.example"]


def test_a_parent_may_come_later_and_a_misspelt_one_is_left_out() -> None:
    rows = "Name,Parent\nChild Inc,Mother\nMother,\nOther,Mohter\nSelf,Self\n"
    child, _, other, own = Import().read(rows, "accounts", {"name": "Name", "parent": "Parent"})
    assert fact(child).parent_account_id == "mother"
    assert fact(other).parent_account_id is None
    assert wrong(other) == [(Wrong.ACCOUNT_UNKNOWN, "Mohter", "Mother")]
    assert fact(own).parent_account_id is None


def test_of_two_rows_with_one_key_the_first_stands_and_the_same_again_is_repeated() -> None:
    rows = "Id,Name\n1,Aozora\n1,Aozora\n1,Kita\n"
    first, same, other = Import().read(rows, "accounts", {"id": "Id", "name": "Name"})
    assert (fact(first).name, same.facts, same.refused) == ("Aozora", (), False)
    assert (other.refused, [one.reason for one in other.problems]) == (True, [Wrong.DECLARED_TWICE])
    assert "line 2" in other.problems[0].message


@pytest.mark.parametrize("key", ["a b", "x" * 65, "-1", "鍵"])
def test_a_key_that_no_account_can_have_is_refused_with_its_field(key: str) -> None:
    answer = Import().one(f"Id,Name\n{key},Aozora\n", "accounts", {"id": "Id", "name": "Name"})
    assert answer.refused
    assert [(one.field, one.value) for one in answer.problems] == [("id", key)]


COMPANY = {
    "id": "Id", "name": "Name", "industry": "Industry", "country": "Country", "region": "Region", "employees": "Staff",
    "annual_revenue": "Revenue", "currency": "Currency", "founded_year": "Since", "labels": "Labels",
}  # fmt: skip
COMPANY_HEADER = "Id,Name,Industry,Country,Region,Staff,Revenue,Currency,Since,Labels\n"


def profile(row: str, known: list[AnyFact] | None = None, **of_file: Any) -> Answer:
    return Import([AOZORA, *(known or [])]).one(COMPANY_HEADER + row, "accounts", COMPANY, **of_file)


def profiled(answer: Answer) -> AccountProfiled:
    [found] = [one for one in answer.facts if isinstance(one, AccountProfiled)]
    return found


def test_a_row_of_accounts_states_what_the_company_is() -> None:
    answer = profile(
        'aozora,青空重工業,機械,日本,兵庫県,"１２,０００","1,500",usd,1962,listed; uses_kafka\n', unit=1_000_000
    )
    assert answer.problems == ()
    assert profiled(answer) == AccountProfiled(
        recorded_at=NOW, account_id="aozora", industry="機械", country="JP", region="兵庫県", employees=12_000,
        annual_revenue=1_500_000_000, currency="USD", founded_year=1962, labels=("listed", "uses_kafka"),
    )  # fmt: skip


def test_a_row_that_says_nothing_of_the_company_states_no_profile() -> None:
    answer = profile("aozora,青空重工業,,,,,,USD,,\n")
    assert [one.type for one in answer.facts] == ["account_declared"]


def test_an_empty_field_of_a_profile_says_nothing_and_the_others_are_replaced() -> None:
    known = AccountProfiled(
        recorded_at=BEFORE, account_id="aozora", industry="機械", employees=900, annual_revenue=5.0, currency="JPY",
        labels=("listed",),
    )  # fmt: skip
    told = profiled(profile("aozora,青空重工業,,JP,,1000,,USD,,\n", [known]))
    assert told == known.model_copy(update={"recorded_at": NOW, "country": "JP", "employees": 1000})


@pytest.mark.parametrize(
    ("field", "row", "suggestion"),
    [
        ("country", "a,A,steel,Philipines,,,,,,", "Philippines"),
        ("country", "a,A,steel,12,,,,,,", ""),
        ("employees", "a,A,steel,,,1000-5000,,,,", ""),
        ("employees", "a,A,steel,,,7.5,,,,", ""),
        ("employees", "a,A,steel,,,-7,,,,", ""),
        ("annual_revenue", "a,A,steel,,,,much,,,", ""),
        ("annual_revenue", "a,A,steel,,,,€7,JPY,,", ""),
        ("annual_revenue", "a,A,steel,,,,-7,,,", ""),
        ("currency", "a,A,steel,,,,7,yens,,", ""),
        ("founded_year", "a,A,steel,,,,,,April,", ""),
        ("founded_year", "a,A,steel,,,,,,0096,", ""),
        ("labels", "a,A,steel,,,,,,," + "x" * 65, ""),
    ],
)
def test_what_cannot_be_read_of_a_company_is_reported_and_left_out(field: str, row: str, suggestion: str) -> None:
    answer = profile(row + "\n")
    assert not answer.refused
    assert [(one.reason, one.field, one.suggestion) for one in answer.problems] == [
        (Wrong.VALUE_UNREADABLE, field, suggestion)
    ]
    assert profiled(answer) == AccountProfiled(recorded_at=NOW, account_id="a", industry="steel")


def test_the_map_says_what_industries_and_countries_stand_for() -> None:
    values = {"industry": {"technolgy": "technology"}, "country": {"Philipines": "PH"}}
    told = profiled(profile("a,A,technolgy,Philipines,,,,,,\n", values=values))
    assert (told.industry, told.country) == ("technology", "PH")


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("jp", "JP"),
        ("日本", "JP"),
        ("united states", "US"),
        ("ＵＳＡ", "US"),
        ("UK", "GB"),
        ("Viet Nam", "VN"),
        ("中国", "CN"),
    ],
)
def test_a_country_is_told_by_two_letters_or_its_name(written: str, code: str) -> None:
    assert country_code(written) == code


@pytest.mark.parametrize("written", ["Atlantis", "12", "日"])
def test_what_is_no_country_is_none(written: str) -> None:
    assert country_code(written) is None


# --- contacts ---------------------------------------------------------------------------------------------------------

PERSON = {"email": "Mail", "last_name": "姓", "first_name": "名", "title": "役職", "account_name": "会社"}


def test_a_contact_gets_her_account_her_name_and_the_rank_of_her_title() -> None:
    row = "Mail,姓,名,役職,会社\nＳato@Aozora.example,佐藤,花,営業部長,(株)青空重工業\n"
    answer = Import([AOZORA]).one(row, "contacts", PERSON, values={"seniority": {"*部長": "management"}})
    assert fact(answer) == ContactDeclared(
        recorded_at=NOW, contact_key="mail:sato@aozora.example", account_id="aozora", name="佐藤 花", title="営業部長",
        seniority="management",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("values", "seniority", "title_tells"),
    [
        ({}, "unknown", True),  # what a title says is read where contacts are shown, and no statement of the CRM's
        ({"営業部長": "staff"}, "staff", True),
        ({"*": "unknown"}, "unknown", False),
    ],
)
def test_the_words_of_the_map_count_before_what_a_title_says(
    values: dict[str, str], seniority: str, title_tells: bool
) -> None:
    row = "Mail,姓,名,役職,会社\na@kita.example,A,B,営業部長,Kita\n"
    told = fact(Import([KITA]).one(row, "contacts", PERSON, values={"seniority": values}))
    assert (told.seniority, told.title_tells) == (seniority, title_tells)
    expected = "management" if title_tells and seniority == "unknown" else seniority
    assert shown(told, None).seniority == expected


def test_a_rank_goes_with_the_title_that_it_was_said_of() -> None:
    known = ContactDeclared(
        recorded_at=BEFORE, contact_key="mail:a@kita.example", account_id="kita", title="係長", seniority="staff"
    )
    promoted, same = (
        fact(Import([KITA, known]).one(f"Mail,姓,名,役職,会社\na@kita.example,A,B,{title},Kita\n", "contacts", PERSON))
        for title in ("課長", "係長")
    )
    assert (promoted.seniority, shown(promoted, None).seniority) == ("unknown", "management")
    assert same.seniority == "staff"


def test_a_rank_that_the_map_does_not_list_is_reported_and_left_to_the_title() -> None:
    row = "Mail,姓,名,役職,会社,Rank\na@kita.example,A,B,課長,Kita,C3\n"
    answer = Import([KITA]).one(row, "contacts", PERSON | {"seniority": "Rank"})
    assert wrong(answer) == [(Wrong.VALUE_UNLISTED, "C3", "")]
    assert shown(fact(answer), None).seniority == "management"


def test_an_empty_field_of_a_contact_says_nothing() -> None:
    known = ContactDeclared(
        recorded_at=BEFORE, contact_key="mail:a@kita.example", account_id="kita", name="A B", seniority="executive"
    )
    row = "Mail,姓,名,役職,会社\na@kita.example,,,CFO,\n"
    answer = Import([KITA, known]).one(row, "contacts", PERSON)
    assert fact(answer) == known.model_copy(update={"title": "CFO", "recorded_at": NOW})
    assert wrong(answer) == [(Wrong.ACCOUNT_MISSING, "", "")]


def test_western_names_are_given_name_first() -> None:
    answer = Import().one("Mail,姓,名,役職,会社\na@b.example,Smith,José,,\n", "contacts", PERSON)
    assert fact(answer).name == "José Smith"


@pytest.mark.parametrize("mail", ["", "nobody", "a@b@c", "x@erased.invalid"])
def test_a_contact_without_a_usable_address_is_refused(mail: str) -> None:
    answer = Import().one(f"Mail,姓,名,役職,会社\n{mail},A,B,,\n", "contacts", PERSON)
    assert (answer.refused, "email" in {one.field for one in answer.problems}) == (True, True)


# --- opportunities ----------------------------------------------------------------------------------------------------


def deal(row: str, known: list[AnyFact] | None = None, **of_file: Any) -> Answer:
    columns = DEAL | {"amount": "Amount", "opened_on": "Opened", "closed_on": "Closed"}
    header = "Id,Stage,Account,Account ID,Amount,Opened,Closed\n"
    read = Import(
        [AOZORA, KITA] if known is None else known, aliases={"accounts": {"Aozora": "aozora", "Norht": "Kita"}}
    )
    return read.one(header + row, "opportunities", columns, **{"values": OUTCOMES, **of_file})


def test_the_one_date_of_a_crm_is_expected_while_open_and_closed_afterwards() -> None:
    is_open, won = fact(deal("1,Talking,Kita,,5,,2026-05-01")), fact(deal("1,Won,Kita,,5,,2026-05-01"))
    assert (is_open.outcome, is_open.closed_on, is_open.expected_on) == ("open", None, date(2026, 5, 1))
    assert (won.outcome, won.closed_on, won.expected_on) == ("won", date(2026, 5, 1), None)


def test_a_deal_without_an_account_is_kept_and_reported() -> None:
    answer = deal("1,Talking,,,,,")
    assert (fact(answer).account_id, fact(answer).amount, fact(answer).currency) == (None, None, None)
    assert wrong(answer) == [(Wrong.ACCOUNT_MISSING, "", "")]


def test_a_misspelt_account_is_kept_as_written_reported_and_never_matched() -> None:
    answer = deal("1,Talking,Kitta,,,,")
    assert (fact(answer).account_id, fact(answer).account_as_written) == (None, "Kitta")
    assert wrong(answer) == [(Wrong.ACCOUNT_UNKNOWN, "Kitta", "Kita Ltd.")]


@pytest.mark.parametrize(("name", "account_id"), [("Aozora", "aozora"), ("NORHT", "kita"), ("KITA", "kita")])
def test_an_alias_leads_to_a_key_or_to_a_name(name: str, account_id: str) -> None:
    answer = deal(f"1,Talking,{name},,,,")
    assert (fact(answer).account_id, answer.problems) == (account_id, ())


def test_the_key_goes_before_the_name() -> None:
    assert fact(deal("1,Talking,Kita,aozora,,,")).account_id == "aozora"
    assert fact(deal("1,Talking,Kita,unknown,,,")).account_id == "kita", "what the key does not find the name may"


def test_an_account_that_cannot_be_found_is_kept_as_recorded_before_and_an_empty_one_is_none() -> None:
    stood = fact(deal("1,Won,,aozora,5,,2026-05-01"))
    again = deal("1,Won,,0015g,5,,2026-05-01", [KITA, stood])
    assert (fact(again).account_id, again.problems[0].reason) == ("aozora", Wrong.ACCOUNT_UNKNOWN)
    assert "'aozora' is kept" in again.problems[0].message
    assert fact(deal("1,Won,Kita,,5,,2026-05-01", [KITA, stood])).account_id == "kita"
    assert fact(deal("1,Won,,,5,,2026-05-01", [KITA, stood])).account_id is None
    assert fact(deal("2,Won,,0015g,5,,2026-05-01", [KITA, stood])).account_id is None


@pytest.mark.parametrize(
    ("entity", "columns"),
    [("cases", {"id": "I", "opened_on": "D"}), ("nps", {"id": "I", "answered_on": "D", "score": "S"})],
)
def test_cases_and_answers_with_a_key_keep_their_account_too(entity: str, columns: dict[str, str]) -> None:
    columns = columns | {"account_id": "A"}
    stood = fact(Import([KITA]).one("I,D,S,A\n7,2026-05-01,9,kita\n", entity, columns))
    again = Import([AOZORA, stood]).one("I,D,S,A\n7,2026-05-01,9,0015g\n", entity, columns)
    assert (fact(again).account_id, again.problems[0].reason) == ("kita", Wrong.ACCOUNT_UNKNOWN)


def test_a_name_that_could_be_two_accounts_is_neither_until_an_alias_says() -> None:
    other = KITA.model_copy(update={"account_id": "kita-2", "name": "Kita Inc.", "domains": ()})
    answer = deal("1,Talking,kita,,,,", [KITA, other])
    assert (fact(answer).account_id, answer.problems[0].reason) == (None, Wrong.ACCOUNT_AMBIGUOUS)
    assert fact(deal("1,Talking,Kita Inc.,,,,", [KITA, other])).account_id == "kita-2", "as written it is one of them"
    assert fact(deal("1,Talking,Norht,kita,,,", [KITA, other])).account_id == "kita"


def test_a_stage_that_the_map_does_not_know_is_refused_with_the_nearest() -> None:
    answer = deal("1,Wonn,Kita,,,,")
    assert (answer.refused, wrong(answer)) == (True, [(Wrong.VALUE_UNKNOWN, "Wonn", "Won")])


@pytest.mark.parametrize(
    ("row", "field"),
    [
        (",Won,Kita,,5,,2026-05-01", "id"),
        ("1,,Kita,,5,,2026-05-01", "stage"),
        ("1,Won,Kita,,five,,2026-05-01", "amount"),
        ("1,Won,Kita,,5,,2026-02-30", "closed_on"),
        ("1,Won,Kita,,5,0001-01-01,2026-02-03", "opened_on"),
        ("x" * 200 + ",Won,Kita,,5,,2026-05-01", "id"),
    ],
)  # fmt: skip
def test_a_deal_that_cannot_be_read_is_refused_with_its_field(row: str, field: str) -> None:
    answer = deal(row)
    assert (answer.refused, answer.facts, [one.field for one in answer.problems]) == (True, (), [field])


@pytest.mark.parametrize(
    "row", ["1,Won,Kita,,5,,", "1,Won,Kita,,5,,2027-01-01", "1,Lost,Kita,,5,2026-05-02,2026-05-01"]
)
def test_dates_that_cannot_be_are_kept_and_reported(row: str) -> None:
    answer = deal(row)
    assert [one.reason for one in answer.problems] == [Wrong.DATE_UNLIKELY]
    assert fact(answer).opportunity_id == "1"


def test_won_deals_are_revenue_only_where_the_map_says_so() -> None:
    columns = DEAL | {"amount": "Amount", "closed_on": "Closed"}
    rows = (
        "Id,Stage,Account,Account ID,Amount,Closed\n1,Won,Kita,,5,2026-05-01\n2,Won,Kita,,7,2026-05-31\n"
        "3,Lost,Kita,,9,2026-05-31\n4,Won,,,11,2026-05-31\n2,Won,Kita,,7,2026-05-31\n5,Won,Kita,,1,2026-04-30\n"
    )
    for told, expected in ((True, {date(2026, 5, 1): 12, date(2026, 4, 1): 1}), (False, {})):
        read = Import([KITA])
        read.read(rows, "opportunities", columns, values=OUTCOMES, won_is_revenue=told)
        assert {one.month: one.amount for one in read.reader.totals()} == expected


def test_products_are_held_against_those_that_are_declared() -> None:
    read = Import(aliases={"products": {"Pro": "GTX Pro"}})
    read.read('Product,Price\nGTX Pro,"4,821"\n', "products", {"name": "Product", "list_price": "Price"})
    columns = DEAL | {"product": "Product"}
    rows = "Id,Stage,Product\n1,Won,gtx  pro\n2,Won,GTXPro\n3,Won,\n4,Won,Pro\n"
    found = read.read(rows, "opportunities", columns, values=OUTCOMES)
    assert [fact(one).product for one in found] == ["GTX Pro", "GTXPro", "", "GTX Pro"]
    assert [wrong(one) for one in found] == [
        [], [(Wrong.PRODUCT_UNKNOWN, "GTXPro", "GTX Pro")], [(Wrong.PRODUCT_MISSING, "", "")], []
    ]  # fmt: skip


def test_amounts_are_in_the_unit_and_the_currency_of_the_row() -> None:
    columns = DEAL | {"amount": "Amount", "currency": "Currency"}
    row = 'Id,Stage,Amount,Currency\n1,Won,"1,200",usd\n'
    found = fact(Import().one(row, "opportunities", columns, values=OUTCOMES, unit=1000))
    assert (found.amount, found.currency) == (1_200_000, "USD")


# --- revenue, cases, NPS ----------------------------------------------------------------------------------------------

MONEY = {"account_name": "A", "month": "M", "year": "Y", "amount": "R"}


def test_revenue_of_a_month_is_recorded_and_without_an_account_refused() -> None:
    rows = "A,M,R\nKita,2026-04,100\n,2026-04,1\nKitta,2026-04,1\nKita,2026-04,2\nKita,,3\nKita,2026-05,\n"
    found = Import([KITA]).read(rows, "revenue", MONEY)
    assert fact(found[0]) == RevenueRecorded(
        recorded_at=NOW, account_id="kita", month=date(2026, 4, 1), amount=100, currency="JPY"
    )
    assert [one.problems[-1].reason for one in found[1:]] == [
        Wrong.ACCOUNT_MISSING, Wrong.ACCOUNT_UNKNOWN, Wrong.DECLARED_TWICE, Wrong.FIELD_MISSING, Wrong.FIELD_MISSING
    ]  # fmt: skip
    assert all(one.refused for one in found[1:])


def test_rows_of_one_month_are_added_up_where_the_map_says_so() -> None:
    read = Import([KITA])
    answers = read.read("A,M,R\nKita,2026-04,100\nKita,2026-04,20\n", "revenue", MONEY, repeated="add")
    assert not any(one.refused or one.facts for one in answers)
    assert [(one.month, one.amount) for one in read.reader.totals()] == [(date(2026, 4, 1), 120)]


def test_revenue_of_a_year_is_refused_unless_it_may_be_divided_by_its_months() -> None:
    rows = "A,Y,R\nKita,FY2025,1200\n"
    refused = Import([KITA]).one(rows, "revenue", MONEY)
    assert (refused.refused, refused.problems[0].field) == (True, "year")
    assert "annual" in refused.problems[0].message
    [divided] = Import([KITA], year_starts=4).read(rows, "revenue", MONEY, annual="divide")
    assert [one.month for one in divided.facts if isinstance(one, RevenueRecorded)] == [
        *(date(2025, month, 1) for month in range(4, 13)), *(date(2026, month, 1) for month in range(1, 4))
    ]  # fmt: skip
    assert {one.amount for one in divided.facts if isinstance(one, RevenueRecorded)} == {100}


def test_a_case_is_recorded_with_its_days() -> None:
    columns = {"id": "Id", "opened_on": "O", "closed_on": "C", "severity": "S", "account_name": "A"}
    rows = "Id,O,C,S,A\n7,2026-05-01T20:00:00Z,,高,Kita\n8,,,,\n9,2026-05-02,2026-05-01,,Kita\n"
    first, second, third = Import([KITA]).read(rows, "cases", columns, values={"severity": {"高": "high"}})
    assert (fact(first).opened_on, fact(first).closed_on, fact(first).severity) == (date(2026, 5, 2), None, "high")
    assert (second.refused, fact(third).closed_on, third.problems[0].reason) == (
        True, date(2026, 5, 1), Wrong.DATE_UNLIKELY
    )  # fmt: skip


@pytest.mark.parametrize("score", ["11", "-1", "7.5", "ten", ""])
def test_a_score_that_is_none_is_refused(score: str) -> None:
    columns = {"score": "S", "answered_on": "D", "email": "E"}
    assert Import().one(f"S,D,E\n{score},2026-05-01,a@b.example\n", "nps", columns).refused


def test_an_answer_counts_for_the_account_of_its_address_where_it_names_none() -> None:
    columns = {"score": "S", "answered_on": "D", "email": "E", "account_name": "A"}
    rows = "S,D,E,A\n9,2026-05-01,A@kita.example,\n1,2026-05-01,b@kita.example,青空重工業\n5,2026-05-02,c@x.example,\n"
    found = [fact(one) for one in Import([KITA, AOZORA]).read(rows, "nps", columns)]
    assert [one.account_id for one in found] == ["kita", "aozora", None]
    assert found[0].contact_key == "mail:a@kita.example"


# --- the form of files ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_file_is_read_in_any_encoding_and_delimiter(encoding: str, delimiter: str) -> None:
    text = "会社名,区分\r\n青空重工業,重点\r\n\r\n表示ソ,一般\r\n".replace(",", delimiter)
    raw = text.encode(encoding).removeprefix(b"\xef\xbb\xbf")  # the mark is taken by whoever reads the file
    found = Import().read(raw, "accounts", {"name": "会社名"})
    assert [(one.row.line, fact(one).name) for one in found] == [(2, "青空重工業"), (4, "表示ソ")]


def test_the_header_line_decides_the_encoding_else_most_rows_do() -> None:
    name, kita = "会社名".encode(), "北".encode("cp932")
    of_header = Import().read(b"%s\n%s\n%s\n" % (name, kita, kita), "accounts", {"name": "会社名"})
    assert [one.refused for one in of_header] == [True, True]
    rows = b"Name\n%s\n%s\n%s\n" % (name, name + b"2", kita)
    of_rows = Import().read(rows, "accounts", {"name": "Name"})
    assert [one.refused for one in of_rows] == [False, False, True], "one broken row does not turn the others over"


def test_rows_that_are_broken_are_refused_by_themselves() -> None:
    raw = b'Name,Web\nKita,a.example,more\nMina\x00mi,\n\xff\xfe\x81,\nGood,,,\n"Line\nbreak",\n"Aozora,x\n'
    found = Import().read(raw, "accounts", {"name": "Name"})
    assert [(one.row.line, one.refused) for one in found] == [
        (2, True), (3, True), (4, True), (5, False), (6, False), (8, True)
    ]  # fmt: skip
    assert [one.problems[0].reason for one in found if one.refused] == [
        Wrong.ROW_MALFORMED, Wrong.ROW_MALFORMED, Wrong.ENCODING_INVALID, Wrong.ROW_MALFORMED
    ]  # fmt: skip


def test_a_field_that_goes_on_for_ever_costs_its_own_row_only() -> None:
    rows = f"Name,Web\n{'x' * 100_000},\nKita,{'y' * 100_000}\n"
    endless, other = Import().read(rows, "accounts", {"name": "Name"})
    assert (endless.refused, endless.problems[0].field) == (True, "name")
    assert fact(other).name == "Kita", "a column that nobody reads may be as long as it likes"


@pytest.mark.parametrize(
    ("header", "said"),
    [
        (b"Nmae,Web\n", "did you mean 'Nmae'"),
        (b"Name,Name\n", "twice"),
        (b"\xff\xfeN\x00a\x00m\x00e\x00\n", "UTF-16"),
        (b"\n\n", "the file has none"),
        (b"\x81\xff,Name\n", "the header line is not"),
    ],
)
def test_a_header_that_cannot_be_used_is_told(header: bytes, said: str) -> None:
    file = FileMap(match="*", entity="accounts", columns={"name": ("Name",)})
    found = layout_of([header], file, encoding_of([header], "auto"), "auto")
    assert isinstance(found, list)
    assert said.casefold() in found[0].casefold(), found


def test_every_reason_has_a_meaning() -> None:
    assert set(MEANINGS) == set(Wrong)


def test_an_import_of_nothing_known_knows_nothing() -> None:
    assert Import().world.known == Directory()
