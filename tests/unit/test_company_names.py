"""Company names: what is the same for certain, what a person has to look at, and how often either goes wrong."""

import csv
import gzip
import json
import time
from collections import Counter, defaultdict
from itertools import combinations
from pathlib import Path

import pytest

from models.identity.company_likeness import compare, likeness
from models.identity.company_names import company_key, names_nobody
from models.identity.kana_reading import one_reading, reading_of_kana

GOLDEN = Path(__file__).parents[1] / "golden"
REAL = Path(__file__).parents[3] / "shared/data/meetings/attendance.csv.gz"
with (GOLDEN / "company_pairs.tsv").open(encoding="utf-8") as _file:
    PAIRS = list(csv.DictReader(_file, delimiter="\t"))
ATTENDANCE: dict[str, list] = json.loads((GOLDEN / "attendance_organizations.json").read_text("utf-8"))
# In percent of the pairs that were judged so: docs/identity.md says them.
MOST_WRONG = {("strong", "weak"): 3, ("strong", "none"): 0, ("weak", "none"): 13, ("none", "weak"): 2}


def percent(part: int, whole: int) -> str:
    return f"{part} of {whole} ({100 * part / whole:.1f} %)"


def test_pairs_judged_by_hand_are_judged_alike_but_for_known_rates_of_error(
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = Counter((pair["judged"], compare(pair["one"], pair["other"]), pair["written"]) for pair in PAIRS)
    total, lines = Counter[str](), []
    for (judged, _, _), count in found.items():
        total[judged] += count
    assert sum(total.values()) >= 300
    for judged, match in [(a, b) for a in total for b in ("strong", "weak", "none") if a != b]:
        wrong = [p for p in PAIRS if p["judged"] == judged and compare(p["one"], p["other"]) == match]
        unseen = sum(pair["written"] == "after" for pair in wrong)
        whole = sum(p["judged"] == judged and p["written"] == "after" for p in PAIRS)
        named = ", ".join(" | ".join((pair["one"], pair["other"])) for pair in wrong)
        lines.append(
            f"{judged}, taken for {match}: {percent(len(wrong), total[judged])}; of pairs written after the code "
            f"{percent(unseen, whole)}: {named or '-'}"
        )
        assert 100 * len(wrong) <= MOST_WRONG.get((judged, match), 0) * total[judged], lines[-1]
    with capsys.disabled():
        print("\n" + "\n".join(lines))


def test_no_pair_that_is_not_judged_the_same_for_certain_is_acted_on() -> None:
    merged = [pair for pair in PAIRS if pair["judged"] != "strong" and compare(pair["one"], pair["other"]) == "strong"]
    assert merged == []


def test_how_alike_two_names_are_does_not_depend_on_their_order() -> None:
    for pair in PAIRS:
        assert likeness(pair["one"], pair["other"]) == likeness(pair["other"], pair["one"])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("日本電気", "日本電産"),
        ("Acme Foods", "Acme Tools"),
        ("Alibaba", "Alipay"),
        ("Mitsubishi Electric", "Mitsubishi Motors"),
        ("Nissan", "Nissin"),
    ],
)
def test_other_companies_with_names_much_alike_are_not_even_asked_about(one: str, other: str) -> None:
    assert compare(one, other) == "none"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ソニーグループ", "ソニー"),
        ("Acme Holdings", "Acme"),
        ("Merck & Co., Inc.", "Merck KGaA"),
        ("三菱電機(株)鎌倉製作所", "三菱電機"),
    ],
)
def test_a_group_and_its_part_are_never_one_for_certain(one: str, other: str) -> None:
    assert compare(one, other) == "weak"


@pytest.mark.parametrize(
    "name", ["", " ", "-", "??", "N/A", "ｎ／ａ", "None.", "なし", "個人", "フリーランス", "Self-employed"]
)
def test_what_names_nobody_is_like_nothing_and_not_like_itself(name: str) -> None:
    assert names_nobody(name)
    assert company_key(name) == ""
    assert compare(name, name) == "none"


def test_a_company_that_is_called_as_nobody_is_has_a_name_with_its_legal_form() -> None:
    assert company_key("Self, Inc.") == "self"
    assert not names_nobody("株式会社")


@pytest.mark.parametrize(
    ("kana", "latin"), [("トヨタ", "Toyota"), ("ソニー", "Sony"), ("しまむら", "Shimamura"), ("チョーヤ", "Choya")]
)
def test_kana_read_as_they_are_written_in_latin_letters(kana: str, latin: str) -> None:
    assert reading_of_kana(kana) == one_reading(latin)
    assert reading_of_kana(kana + "自動車") == ""


@pytest.mark.parametrize(
    "piece", ["a ", "株式会社", "inc ", "S.A.", "ゞ", "é", "(株", "the ", "有限責任", "/", "ア", "& Co ", "s. p. ", "ﷺ"]
)
def test_a_hostile_name_takes_time_in_proportion_to_its_length(piece: str) -> None:
    short, long = piece * (4_000 // len(piece)), piece * (64_000 // len(piece))

    def seconds(name: str) -> float:
        start = time.perf_counter()
        compare(name + "x", name + "y")
        return time.perf_counter() - start

    seconds(piece)
    # Sixteen times as long; in proportion to the square it would be 256 times.
    assert min(seconds(long + str(n)) for n in range(2)) < 80 * min(seconds(short + str(n)) for n in range(5)) + 0.05


# --- organizations of the attendance file -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def written() -> Counter[str]:
    if not REAL.exists():
        pytest.skip(f"the real data is not there: {REAL.name} in shared/data/meetings beside the project's folder")
    with gzip.open(REAL, "rt", encoding="utf-8") as file:
        names = Counter(row["organization"].strip() for row in csv.DictReader(file))
    del names[""]
    return names


def groups() -> list[list[str]]:
    """The names of each organization; those that name none are one group, which nobody may be in besides."""
    return [*ATTENDANCE["same"], *([name] for name in ATTENDANCE["alone"]), ATTENDANCE["nobody"]]


def test_the_reviewed_names_are_the_150_most_frequent_ones(written: Counter[str]) -> None:
    frequent = sorted(written, key=lambda name: (-written[name], name))[:150]
    reviewed = [name for group in groups() for name in group]
    assert sorted(reviewed) == sorted(frequent)


def test_no_two_organizations_of_the_reviewed_names_are_merged() -> None:
    wrong = [
        (one, other)
        for group, further in combinations(groups(), 2)
        for one in group
        for other in further
        if compare(one, other) == "strong"
    ]
    assert wrong == []


def test_names_of_one_organization_are_one_or_wait_for_review_but_for_renamed_ones(
    capsys: pytest.CaptureFixture[str],
) -> None:
    found: dict[str, list[str]] = defaultdict(list)
    for group in ATTENDANCE["same"]:
        for one, other in combinations(group, 2):
            found[compare(one, other)].append(f"{one} | {other}")
    asked = [
        (one, other)
        for group, further in combinations(groups(), 2)
        for one in group
        for other in further
        if compare(one, other) == "weak"
    ]
    assert {match: len(pairs) for match, pairs in found.items()} == {"strong": 23, "weak": 39, "none": 18}
    assert len(asked) == 14
    total = sum(map(len, found.values()))
    with capsys.disabled():
        for match, pairs in found.items():
            print(f"\nof one organization, taken for {match}: {percent(len(pairs), total)}", end="")
        print(f"\nof two organizations, taken for weak: {len(asked)}; missed: {'; '.join(found['none'])}")


def test_what_shares_a_key_in_the_whole_file_is_the_same_organization(
    written: Counter[str],
) -> None:
    """All 266 names: the 28 keys that several share were looked at one by one."""
    found: dict[str, set[str]] = defaultdict(set)
    for name in written:
        found[company_key(name)].add(name)
    assert found["paypal"] == {"PayPal", "Paypal", "PayPal Inc", "PayPal, Inc."}
    assert found["chillicream"] == {"ChilliCream", "ChilliCream.", "ChilliCream Inc", "ChilliCream Inc."}
    assert found["igalia"] == {"Igalia", "Igalia S.L.", "Igalia, S.L"}
    assert found["linux foundation"] == {"Linux Foundation", "The Linux Foundation"}
    assert found[""] == {
        *("Individual", "Independent", "independent", "Self.", "-", "??", "none", "None", "tbd", "N/A", "N/A.", "n/a")
    }
    assert len([names for key, names in found.items() if key and len(names) > 1]) == 28
