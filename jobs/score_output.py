"""Scores, ledgers, phases and profiles for people, for spreadsheets and for machines."""

import csv
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date
from typing import Any, Literal

from rich.markup import escape
from rich.table import Table

from infra.kpis import Phases
from infra.scores import CHANGE_DAYS, AccountScore
from jobs.csv_cells import harmless
from models.dead_letters import printable
from models.score.ledger import Contribution, Engaged
from models.score.profile import UNAWARE, UNAWARE_JA, ScoreProfile

Language = Literal["en", "ja"]
_UNKNOWN = "–"
_WORDS = {
    "en": {
        "scores": "Engagement score",
        "as_of": "as of",
        "account": "Account",
        "name": "Name",
        "score": "Score",
        "change": f"{CHANGE_DAYS} days",
        "stage": "Stage",
        "people": "People",
        "managers": "Managers",
        "why": "Why {account} has {score}",
        "contact": "Contact",
        "seniority": "Seniority",
        "action": "Action",
        "days": "Days",
        "touches": "Touches",
        "counted": "Counted",
        "last": "Last",
        "points": "Points",
        "share": "Share",
        "more": "{count} more",
        "total": "Score",
        "phases": "Phases of the funnel",
        "executive": "executive",
        "management": "management",
        "staff": "staff",
        "unknown": "unknown",
    },
    "ja": {
        "scores": "エンゲージメントスコア",
        "as_of": "基準日",
        "account": "アカウント",
        "name": "名称",
        "score": "スコア",
        "change": f"{CHANGE_DAYS}日前比",
        "stage": "ステージ",
        "people": "人数",
        "managers": "管理職",
        "why": "{account} のスコア {score} の内訳",
        "contact": "コンタクト",
        "seniority": "職位",
        "action": "行動",
        "days": "日数",
        "touches": "接点数",
        "counted": "加点数",
        "last": "最終日",
        "points": "点数",
        "share": "割合",
        "more": "ほか {count} 件",
        "total": "スコア",
        "phases": "ファネルのフェーズ",
        "executive": "役員",
        "management": "管理職",
        "staff": "担当者",
        "unknown": "不明",
    },
}
_PHASES = {
    "prospect_on": ("Prospect", "見込み"),
    "mql_on": ("MQL", "MQL"),
    "sql_on": ("SQL", "SQL"),
    "win_on": ("Win", "受注"),
    "live_on": ("Live", "稼働"),
    "mrr_on": ("MRR", "継続収益"),
    "profit_on": ("Profit", "黒字"),
}


def scores_table(rows: Sequence[AccountScore], profile: ScoreProfile, day: date, lang: Language) -> Table:
    """Accounts downwards, the highest score first."""
    words = _WORDS[lang]
    table = Table(title=f"{words['scores']}, {words['as_of']} {day}, {profile.version}", title_justify="left")
    table.add_column("#", justify="right")
    for column in ("account", "name"):
        table.add_column(words[column], overflow="fold")
    for column in ("score", "change"):
        table.add_column(words[column], justify="right")
    table.add_column(words["stage"])
    for column in ("people", "managers"):
        table.add_column(words[column], justify="right")
    for place, row in enumerate(rows, 1):
        table.add_row(
            str(place),
            _text(row.account_id),
            _text(row.name),
            _number(row.score),
            _number(row.change, signed=True),
            _UNKNOWN if row.stage is None else _stage(row.stage, profile, lang),
            _UNKNOWN if row.people is None else str(row.people),
            _UNKNOWN if row.managers is None else str(row.managers),
        )
    return table


def scores_json(rows: Sequence[AccountScore], profile: ScoreProfile, day: date) -> dict[str, Any]:
    """For `--json`: null is what is not known."""
    accounts = [{"rank": place, **asdict(row), "change": row.change} for place, row in enumerate(rows, 1)]
    return {"as_of": day, "profile": profile.version, "change_days": CHANGE_DAYS, "accounts": accounts}


def print_scores_csv(rows: Sequence[AccountScore], profile: ScoreProfile, day: date) -> None:
    """CSV on standard output; unknown is empty."""
    rows_of = scores_json(rows, profile, day)["accounts"]
    head = ("rank", "account_id", "name", "score", "before", "change", "stage", "people", "managers")
    cells = ([harmless(cell) if isinstance(cell, str) else cell for cell in map(row.get, head)] for row in rows_of)
    _csv(("as_of", "profile", *head), ((day, profile.version, *row) for row in cells))


@dataclass(frozen=True)
class Why:
    """The ledger of an account as of a day, by contact and action. names: of its contacts, where they are known.

    total, lately: None before the store knows of any touch.
    """

    account_id: str
    day: date
    profile: ScoreProfile
    total: float | None
    lately: Engaged | None
    ledger: Sequence[Contribution]
    names: Mapping[str, str]


def why_table(told: Why, limit: int, lang: Language) -> Table:
    """Contacts and actions downwards, the largest contribution first; the last line is their sum."""
    words = _WORDS[lang]
    title = words["why"].format(account=told.account_id, score=_number(told.total))
    title = f"{escape(title)}, {words['as_of']} {told.day}, {told.profile.version}"
    table = Table(title=title, title_justify="left")
    for column in ("contact", "seniority", "action"):
        table.add_column(words[column], overflow="fold")
    for column in ("days", "touches", "counted", "last", "points", "share"):
        table.add_column(words[column], justify="right")
    for one in told.ledger[:limit]:
        table.add_row(
            _text(told.names.get(one.contact_key) or one.contact_key),
            words.get(one.seniority, words["unknown"]),
            _text(one.action),
            *(str(count) for count in (one.days, one.touches, one.counted)),
            str(one.last_day),
            _number(one.points),
            _share(one.points, told.total),
        )
    if rest := told.ledger[limit:]:
        points = sum(one.points for one in rest)
        more = words["more"].format(count=len(rest))
        table.add_row(more, *[""] * 6, _number(points), _share(points, told.total), style="dim")
    table.add_row(words["total"], *[""] * 6, _number(told.total), "", style="bold")
    return table


def why_json(told: Why) -> dict[str, Any]:
    """For `--json`: the whole ledger by contact and action."""
    ledger = [{**asdict(one), "name": told.names.get(one.contact_key, "")} for one in told.ledger]
    head = {"account_id": told.account_id, "as_of": told.day, "profile": told.profile.version, "score": told.total}
    lately = asdict(told.lately) if told.lately else dict.fromkeys(field.name for field in fields(Engaged))
    return {**head, **lately, "ledger": ledger}


def print_why_csv(told: Why) -> None:
    """CSV on standard output: the whole ledger by contact and action."""
    rows = []
    for one in told.ledger:
        cells = {"name": told.names.get(one.contact_key, ""), **asdict(one)}
        rows.append([harmless(cell) if isinstance(cell, str) else cell for cell in cells.values()])
    _csv(("name", *(field.name for field in fields(Contribution))), rows)


def phases_table(rows: Sequence[Phases], day: date, lang: Language) -> Table:
    """Accounts downwards, phases across."""
    words = _WORDS[lang]
    table = Table(title=f"{words['phases']}, {words['as_of']} {day}", title_justify="left")
    table.add_column(words["account"], overflow="fold")
    for en, ja in _PHASES.values():
        table.add_column(ja if lang == "ja" else en)
    for row in rows:
        days = (getattr(row, name) for name in _PHASES)
        table.add_row(_text(row.account_id), *(_UNKNOWN if one is None else str(one) for one in days))
    return table


def print_phases_csv(rows: Sequence[Phases]) -> None:
    """CSV on standard output; what was not entered, or is not known, is empty."""
    cells = ((harmless(row.account_id), *(getattr(row, name) for name in _PHASES)) for row in rows)
    _csv(("account_id", *_PHASES), cells)


def profile_lines(profile: ScoreProfile, file: str | None, lang: Language) -> Iterator[str | Table]:
    """The profile as people read it."""
    ja = lang == "ja"
    yield f"{profile.version}  ({escape(file) if file else 'infra/score_profiles/default.toml'})"
    yield (
        f"半減期 {profile.half_life_days}日、人数の対象 {profile.people_days}日、ステージの保持 {profile.keep_days}日"
        if ja
        else f"half-life {profile.half_life_days} days; people of {profile.people_days} days; "
        f"a stage is kept for {profile.keep_days} days"
    )
    points = Table(box=None, pad_edge=False)
    for column in ("行動", "点数", "1日の上限") if ja else ("Action", "Points", "Cap a day"):
        points.add_column(column, justify="left" if column in ("行動", "Action") else "right")
    for action, worth in profile.points.items():
        points.add_row(action, f"{worth.points:g}", str(worth.cap))
    yield points
    words = _WORDS[lang]
    weights = (f"{words[name]} × {weight:g}" for name, weight in profile.seniority.model_dump().items())
    yield "、".join(weights) if ja else ", ".join(weights)
    stages = Table(box=None, pad_edge=False)
    heads = "ステージ スコア 下限 人数 管理職" if ja else "Stage Score Lower People Managers"
    for at, column in enumerate(heads.split()):
        stages.add_column(column, justify="right" if at else "left")
    for stage in profile.stages:
        name = _stage(stage.name, profile, lang) + (" = MQL" if stage.name == profile.mql else "")
        counts = (f"{value:g}" for value in (stage.score, stage.leave_below, stage.people, stage.managers))
        stages.add_row(name, *counts)
    yield stages


def _stage(name: str, profile: ScoreProfile, lang: Language) -> str:
    if lang == "en":
        return name
    told = {stage.name: stage.ja for stage in profile.stages} | {UNAWARE: UNAWARE_JA}
    return escape(told.get(name, name))


def _number(value: float | None, *, signed: bool = False) -> str:
    if value is None:
        return _UNKNOWN
    return f"{value:+,.1f}" if signed else f"{value:,.1f}"


def _share(points: float, total: float | None) -> str:
    return f"{points / total:.1%}" if total else _UNKNOWN


def _text(told: str) -> str:
    return escape(printable(told))


def _csv(head: Iterable[str], rows: Iterable[Iterable[Any]]) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(rows)
