"""Who plays in the demo world: accounts and their people, all invented, under domains reserved for examples."""

import random
from dataclasses import dataclass, replace
from datetime import date

from jobs.demo import names
from jobs.demo.timeline import Region
from models.facts import Seniority

OWN_DOMAIN = "setten-demo.example"
OWN_STAFF = ("m.onodera", "k.tachibana", "s.whitaker", "y.asakura")


@dataclass(frozen=True)
class Company:
    """An account and its size. `monthly_revenue`: in its currency at the start, 0 where none is recorded."""

    account_id: str
    name: str
    reading: str
    story: str
    executives: int
    managers: int
    staff: int
    monthly_revenue: int = 0
    region: Region = "japan"
    tier: str = "target"
    kind: str = "customer"
    parent: str | None = None

    @property
    def domain(self) -> str:
        """The top-level domain `example` is reserved (RFC 2606): no mail can reach anybody."""
        return f"{self.account_id}.example"

    @property
    def currency(self) -> str:
        return "JPY" if self.region == "japan" else "USD"


@dataclass(frozen=True)
class Person:
    """A contact. In touch from `since` to the day before `until`, `weight` times as often as others.

    declared: whether the CRM knows the person; others are only seen in signals.
    """

    email: str
    name: str
    title: str
    department: str
    seniority: Seniority
    declared: bool
    since: date
    until: date = date.max
    weight: float = 1.0


def _strategic(
    account_id: str,
    name: str,
    reading: str,
    story: str,
    size: tuple[int, int, int],
    revenue: int = 0,
    region: Region = "japan",
) -> Company:
    return Company(account_id, name, reading, story, *size, monthly_revenue=revenue, region=region, tier="strategic")


def _partner(account_id: str, name: str, reading: str, story: str, staff: int, region: Region = "japan") -> Company:
    return Company(account_id, name, reading, story, 1, 2, staff, region=region, kind="partner")


COMPANIES: tuple[Company, ...] = (
    _strategic("aozora-heavy", "青空重工業", "Aozora Heavy Industries", "steady", (2, 5, 11), 62_000_000),
    _strategic("shionagi-bank", "汐凪銀行", "Shionagi Bank", "growing", (3, 8, 14), 41_000_000),
    _strategic("hoshikawa", "星河製作所", "Hoshikawa Works", "replacement_risk", (0, 2, 12), 28_000_000),
    _strategic(
        "northgale", "Northgale Freight Inc.", "", "replacement_risk_thinning", (0, 4, 7), 240_000, region="americas"
    ),
    _strategic("komorebi", "木漏日電機", "Komorebi Electric", "going_quiet", (1, 4, 8), 35_000_000),
    _strategic("suiran", "翠嵐化学", "Suiran Chemical", "champion_leaves", (1, 3, 7), 19_000_000),
    _strategic("veldmark", "Veldmark Maschinen GmbH", "", "single_threaded", (1, 2, 3), 130_000, region="europe"),
    _strategic("shirasuna", "白砂海運", "Shirasuna Shipping", "revenue_unknown", (1, 3, 8)),
    _strategic(
        "calloway-finch", "Calloway Finch Foods Ltd.", "", "seniority_unknown", (0, 2, 10), 95_000, region="europe"
    ),
    _strategic("kazamachi", "風待通信", "Kazamachi Telecom", "growing_contacts", (0, 8, 9), 52_000_000),
    _strategic("tamarind", "Tamarind Aerospace Inc.", "", "quiet_and_back", (1, 4, 6), 310_000, region="americas"),
    _strategic("reimei", "黎明工機", "Reimei Koki", "renamed", (1, 3, 8), 24_000_000),
    Company("mikazuki", "三日月食品", "Mikazuki Foods", "surge", 1, 3, 6, 6_400_000),
    Company("yukishiro", "雪白物流", "Yukishiro Logistics", "crawler_noise", 0, 2, 5, 4_100_000),
    Company("ravenmoor", "Ravenmoor Retail Plc", "", "thinning_out", 1, 2, 5, 38_000, region="europe"),
    Company("asagiri", "朝霧薬品", "Asagiri Pharma", "cooling", 1, 3, 6, 8_800_000),
    Company("natsume", "棗樹脂", "Natsume Resin", "too_new", 0, 2, 4),
    Company("kiritani", "霧谷建設", "Kiritani Construction", "too_little", 0, 1, 3),
    Company("fernhollow", "Fernhollow Energy LLC", "", "too_little", 0, 2, 3, region="americas"),
    Company("tsukishiro", "月白印刷", "Tsukishiro Printing", "too_little", 0, 1, 4, 900_000),
    Company("okinami", "沖波水産", "Okinami Fisheries", "too_little", 1, 1, 2),
    Company("aozora-precision", "青空精機", "Aozora Precision", "steady", 1, 2, 5, 9_200_000, parent="aozora-heavy"),
    Company("aozora-leasing", "青空リース", "Aozora Leasing", "steady", 0, 2, 4, parent="aozora-heavy"),
    Company("kazamachi-data", "風待データ", "Kazamachi Data", "steady", 1, 2, 6, 5_500_000, parent="kazamachi"),
    Company("northgale-asia", "Northgale Asia Pte.", "", "steady", 0, 3, 5, 42_000, region="asia", parent="northgale"),
    Company("lumenfield", "Lumenfield Health Inc.", "", "growing", 1, 4, 9, 55_000, region="americas"),
    Company("momiji-rail", "紅葉鉄道", "Momiji Railway", "steady", 1, 3, 6, 12_500_000),
    Company("suzukake", "鈴懸住宅", "Suzukake Homes", "steady", 0, 2, 5, 3_700_000),
    Company("umineko", "海猫倉庫", "Umineko Warehousing", "steady", 0, 2, 4),
    Company("kawasemi", "翡翠光学", "Kawasemi Optics", "steady", 1, 2, 6, 7_300_000),
    Company("hinokuni", "檜国ガス", "Hinokuni Gas", "steady", 1, 3, 5, 10_900_000),
    Company("inaho", "稲穂農機", "Inaho Farm Machinery", "steady", 0, 2, 5),
    Company("brightwater", "Brightwater Mutual", "", "steady", 1, 3, 6, 71_000, region="americas"),
    Company("solventa", "Solventa Química S.A.", "", "steady", 0, 2, 5, 26_000, region="europe"),
    Company("pinecrest", "Pinecrest Robotics", "", "steady", 1, 2, 5, region="asia"),
    _partner("watahashi", "渡橋システム", "Watahashi Systems", "dormant_partner", 4),
    _partner("futabagi", "双葉木ソリューションズ", "Futabagi Solutions", "steady", 5),
    _partner("quillstone", "Quillstone Consulting", "", "steady", 4, region="europe"),
    _partner("harrowgate", "Harrowgate Integrators", "", "steady", 3, region="americas"),
    replace(_partner("oriel-pike", "Oriel Pike Advisory", "", "strategic_partner", 4, region="asia"), tier="strategic"),
)  # fmt: skip


def hire(rng: random.Random, company: Company, since: date) -> list[Person]:
    """The company's people, the most senior first: executives, managers, staff; some of the staff are not declared."""
    japanese = company.region == "japan"
    titles, departments = (
        (names.TITLES_JA, names.DEPARTMENTS_JA) if japanese else (names.TITLES_EN, names.DEPARTMENTS_EN)
    )
    ranks: list[Seniority] = []
    sizes: tuple[tuple[Seniority, int], ...] = (
        ("executive", company.executives),
        ("management", company.managers),
        ("staff", company.staff),
    )
    for seniority, size in sizes:
        ranks += [seniority] * size
    people: list[Person] = []
    taken: set[str] = set()
    while len(people) < len(ranks):
        name, local = _japanese_name(rng) if japanese else _english_name(rng)
        if local in taken:
            continue
        taken.add(local)
        rank = ranks[len(people)]
        untitled = rank == "staff" and rng.random() < 0.05
        people.append(
            Person(
                email=f"{local}@{company.domain}",
                name=name,
                title="" if untitled else rng.choice(titles[rank]),
                department=rng.choice(departments),
                seniority="unknown" if untitled else rank,
                declared=rank != "staff" or rng.random() < 0.88,
                since=since,
                weight=0.4 if rank == "executive" else 1.0,
            )
        )
    return people


def _japanese_name(rng: random.Random) -> tuple[str, str]:
    (surname, family), (given, first) = rng.choice(names.SURNAMES_JA), rng.choice(names.GIVEN_JA)
    return f"{surname} {given}", f"{first}.{family}"


def _english_name(rng: random.Random) -> tuple[str, str]:
    given, surname = rng.choice(names.GIVEN_EN), rng.choice(names.SURNAMES_EN)
    return f"{given} {surname}", f"{given}.{surname}".lower()
