"""What parts, fields and values of a plan are called in English and Japanese; the schema has the names."""

from typing import Any, Literal

from models.plan.document import PLACES
from models.plan.facts import OneItem
from models.plan.fold import Change
from models.plan.schema import inside, plan_schema, resolved

Language = Literal["en", "ja"]
_VALUES_JA = {
    # relationship
    "sponsor": "スポンサー", "supporter": "支持者", "neutral": "中立", "needs_work": "要関係構築",
    "opponent": "エネミー",
    "unknown": "不明",
    # decision_role
    "decides": "決裁", "approves": "承認", "influences": "影響", "evaluates": "評価", "uses": "利用",
    "procures": "調達",
    # seniority
    "executive": "役員", "management": "管理職", "staff": "担当",
    # status
    "open": "未着手", "doing": "実施中", "done": "完了", "dropped": "取りやめ",
    # team
    "owner": "責任者", "sales": "営業", "customer_success": "カスタマーサクセス", "inside_sales": "インサイドセールス",
    "support": "サポート", "backup": "バックアップ", "executive_sponsor": "役員スポンサー", "adviser": "アドバイザー",
    # cadence and rhythm
    "half_yearly_session": "半期セッション", "quarterly": "四半期レビュー", "monthly": "月次", "fortnightly": "隔週",
    "weekly": "週次", "h1": "上期", "h2": "下期",
    # rationale
    "growth": "成長性", "fit": "適合度", "strategic_value": "戦略的価値", "relationship": "関係性",
    "reference": "波及効果",
    "today_revenue": "現在の売上", "size": "規模", "tenure": "取引年数",
}  # fmt: skip
_FUNCTIONS_JA = {
    "management": "経営", "product": "製品企画", "sales": "営業", "marketing": "マーケティング", "it": "情報システム",
    "finance": "財務", "hr": "人事", "legal": "法務", "procurement": "調達", "engineering": "開発",
    "production": "生産",
    "quality": "品質", "operations": "業務", "support": "サポート", "research": "研究", "administration": "総務",
    "unknown": "不明",
}  # fmt: skip
# The fields whose values are words of ours; texts are never translated.
_CHOSEN = ("relationship", "decision_role", "seniority", "status", "role", "kind", "rhythm", "half")
_CHANGES_JA: dict[Change, str] = {"stated": "追加", "changed": "変更", "dropped": "削除"}
_HEADLINES = ("name", "person", "what", "statement", "product", "kind", "owner", "summary")


def part_label(part: str, lang: Language) -> str:
    """What a part is called: `Stakeholders`, `ステークホルダー`."""
    schema = plan_schema()
    for name in PLACES[part].path:
        schema = inside(schema, name)
    return _label(schema, lang) or part


def field_label(part: str, field: str, lang: Language) -> str:
    """What a field of a part is called."""
    schema = plan_schema()
    place = PLACES[part]
    for name in place.path:
        schema = inside(schema, name)
    if place.held != "alone":
        schema = inside(schema, 0 if place.held == "list" else "any")
    return _label(inside(resolved(schema), field), lang) or field


def value_label(field: str, value: Any, lang: Language) -> str:
    """A value as it is shown."""
    if lang == "ja" and isinstance(value, str):
        if field == "function":
            return _FUNCTIONS_JA.get(value, value)
        if field in _CHOSEN:
            return _VALUES_JA.get(value, value)
    return f"{value:,}" if isinstance(value, int | float) and abs(value) >= 10_000 else str(value)


def change_label(change: Change, lang: Language) -> str:
    return _CHANGES_JA[change] if lang == "ja" else change


def headline(item: OneItem) -> str:
    """What tells an item from others of its part, in a few words; '' where its key says all."""
    texts = (getattr(item, name, "") for name in _HEADLINES)
    return next((str(text).splitlines()[0][:60] for text in texts if text), "")


def _label(schema: dict[str, Any], lang: Language) -> str:
    english, _, japanese = str(schema.get("description", "")).partition(" / ")
    return (japanese if lang == "ja" else english).partition(":")[0]
