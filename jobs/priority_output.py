"""The ranked list for people, for spreadsheets and for machines."""

import csv
import sys
from collections.abc import Iterator, Sequence
from typing import Any, Literal

from rich.markup import escape
from rich.table import Table

from jobs.console import printable
from jobs.csv_cells import harmless
from models.priority.model import FACTORS, FactorKey
from models.priority.ranking import Priority, Ranking

Language = Literal["en", "ja"]
UNKNOWN = "–"
FACTOR_NAMES: dict[Language, dict[FactorKey, str]] = {
    "en": {
        "icp_fit": "ICP fit",
        "expected_revenue": "Expected revenue",
        "purchase_history": "Purchase history",
        "decision_makers": "Decision makers",
    },
    "ja": {
        "icp_fit": "理想顧客適合度",
        "expected_revenue": "期待売上",
        "purchase_history": "購買実績",
        "decision_makers": "決裁者との関係",
    },
}
_WORDS = {
    "en": {
        "title": "Account priority, as of {day}, model {model}",
        "rank": "#",
        "account": "Account",
        "tier": "Tier",
        "total": "Total",
        "known": "Known",
        "note": "Scores are 0 to 10, below them what they add to the total. ICP fit: % of what is known / how much is.",
        "unranked": "Unranked: less than {share} of the weight is known",
    },
    "ja": {
        "title": "アカウントの優先順位、基準日 {day}、モデル {model}",
        "rank": "順位",
        "account": "アカウント",
        "tier": "区分",
        "total": "合計",
        "known": "判明率",
        "note": "上段は 0〜10 点、下段は合計点への寄与。理想顧客適合度は判明分に対する % / 判明率。",
        "unranked": "順位なし: 判明している重みが {share} 未満",
    },
}


def ranking_table(ranking: Ranking, lang: Language) -> Iterator[Table]:
    """The ranked accounts, and those that cannot be ranked in a table of their own."""
    words = _WORDS[lang]
    ranked = _table(ranking.ranked, lang)
    ranked.title = words["title"].format(day=ranking.as_of, model=ranking.model.version)
    ranked.caption = words["note"]
    yield ranked
    if ranking.unranked:
        unranked = _table(ranking.unranked, lang)
        unranked.title = words["unranked"].format(share=f"{ranking.model.minimum_known:.0%}")
        yield unranked


def _table(rows: Sequence[Priority], lang: Language) -> Table:
    words = _WORDS[lang]
    table = Table(title_justify="left", caption_justify="left")
    table.add_column(words["rank"], justify="right")
    table.add_column(words["account"], overflow="fold")
    table.add_column(words["tier"])
    for name in (words["total"], words["known"], *FACTOR_NAMES[lang].values()):
        table.add_column(name, justify="right", overflow="fold")
    for one in rows:
        table.add_row(
            "" if one.rank is None else str(one.rank),
            f"{_text(one.account.name)}\n[dim]{_text(one.account.account_id)}[/]",
            _text(one.account.tier),
            UNKNOWN if one.total is None else f"[bold]{one.total:.2f}[/]",
            f"{one.known:.0%}",
            *(_cell(one, key) for key in FACTORS),
        )
    return table


def _cell(one: Priority, key: FactorKey) -> str:
    score, contribution = one.score(key), one.contributions[key]
    shown = UNKNOWN if score is None else f"{score:.1f}"
    if key == "icp_fit" and one.icp_fit.known:
        percent = UNKNOWN if one.icp_fit.percent is None else f"{one.icp_fit.percent:.0f}%"
        shown = f"{percent} / {one.icp_fit.known:.0%}"
    return shown if contribution is None else f"{shown}\n[dim]+{contribution:.2f}[/]"


def _text(told: str) -> str:
    return escape(printable(told))


def as_json_priority(one: Priority, ranking: Ranking) -> dict[str, Any]:
    """One account for `--json`: null is what is not known."""
    return {
        "rank": one.rank,
        "account_id": one.account.account_id,
        "name": one.account.name,
        "tier": one.account.tier,
        "kind": one.account.kind,
        "total": one.total,
        "known": one.known,
        "factors": {
            key: {
                "score": one.score(key),
                "weight": ranking.model.weights.of(key),
                "contribution": one.contributions[key],
            }
            for key in FACTORS
        },
        "icp_fit_percent": one.icp_fit.percent,
        "icp_known": one.icp_fit.known,
    }


def as_json_ranking(ranking: Ranking) -> dict[str, Any]:
    """The list for `--json`."""
    return {
        "as_of": ranking.as_of,
        "model": ranking.model.version,
        "minimum_known": ranking.model.minimum_known,
        "ranked": [as_json_priority(one, ranking) for one in ranking.ranked],
        "unranked": [as_json_priority(one, ranking) for one in ranking.unranked],
    }


def print_csv(ranking: Ranking) -> None:
    """CSV on standard output, made to be opened with a spreadsheet: no cell is a formula, unknown is empty."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    scores = [name for key in FACTORS for name in (key, f"{key}_contribution")]
    account = ("account_id", "name", "tier", "kind")
    writer.writerow(["as_of", "model", "rank", *account, "total", "known", *scores, "icp_fit_percent", "icp_known"])
    for one in (*ranking.ranked, *ranking.unranked):
        told = one.account
        writer.writerow(
            [
                ranking.as_of,
                ranking.model.version,
                one.rank,
                *map(harmless, (told.account_id, told.name, told.tier, told.kind)),
                one.total,
                one.known,
                *(value for key in FACTORS for value in (one.score(key), one.contributions[key])),
                one.icp_fit.percent,
                one.icp_fit.known,
            ]
        )
