"""`setten prioritise --why`: what the factors of an account come from, with their dates."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from jobs.console import printable
from jobs.priority_output import FACTOR_NAMES, UNKNOWN, Language, as_json_priority
from models.priority.expected import Planned
from models.priority.icp import Fit
from models.priority.model import FACTORS
from models.priority.purchases import Purchases
from models.priority.ranking import Priority, Ranking
from models.priority.relations import Relations

_EN = {
    "head": "{name} ({account}), as of {day}, model {model}",
    "total": "Total {total} of 10, rank {rank}, known {known} of the weight",
    "unknown": "unknown, left out",
    "factor": "{score} of 10, weight {weight:g}, adds {adds}",
    "fit": "fit {percent}; {known} of the criteria's weight is known; profile of {day}",
    "no_profile": "nobody profiled the account",
    "yes": "fits",
    "no": "does not fit",
    "none": "not known",
    "wanted": "wanted {wanted}, is {found}, weight {weight:g}: {verdict}",
    "win_rate": "win rate of all accounts: {rate} ({won} won, {lost} lost)",
    "expected": "{currency}: {amount} a year = {basis}; scores {score}",
    "of_sales": "pipeline {pipeline} + recurring {recurring}",
    "of_plan": "plan {weighted}, as that is more than pipeline {pipeline} + recurring {recurring}",
    "planned": "plan: FY{year} {target} × {confidence} = {weighted}; {products}",
    "product": "{product} {amount}, stated {day}",
    "halves": "recurring: {months} of 12 months known; mean of the newer six {recent} (twice), of the older {earlier}",
    "too_few": "recurring: not known, revenue of fewer than {least} of 12 months",
    "open": "{id} {name}: stage {stage}, {currency} {amount} × {probability} ({basis}) = {weighted}; expected {day}",
    "stage": "of its stage",
    "basis_win_rate": "win rate",
    "otherwise": "fixed, too few closed",
    "without_amount": "not counted, no amount",
    "later": "not counted, later than a year from now",
    "forgotten": "not counted, forgotten",
    "nothing_open": "no open opportunity",
    "parts": "recency {recency}, frequency {frequency}, monetary {monetary}, products {breadth}",
    "bought": "last purchase {day}; purchases in {months} of the last {window} months",
    "undated": "won on a day that nobody knows: {count}; when and how often they do not tell",
    "never": "no purchase on record",
    "money": "{currency} in the window: revenue {revenue}, won {won}; scores {score}",
    "products": "products: {products}",
    "plan": "by the plan",
    "contacts": "by who was in touch; no plan tells",
    "decider": "{name}{title}: {role}, {relationship}, {met}; stated {day}; scores {score}, weight {weight:g}",
    "met": "in touch {day}",
    "not_met": "not in touch lately",
    "no_address": "no address of hers is known",
    "senior": "{name}{title}: {seniority}, in touch {day}",
    "staff": "others in touch, by seniority staff: {count}",
}
_JA = {
    "head": "{name}({account})、基準日 {day}、モデル {model}",
    "total": "合計 {total} / 10、順位 {rank}、判明率 {known}",
    "unknown": "不明のため計算から除外",
    "factor": "{score} / 10、重み {weight:g}、寄与 {adds}",
    "fit": "適合度 {percent}、条件の重みのうち判明 {known}、プロフィール {day}",
    "no_profile": "プロフィールの記録なし",
    "yes": "合致",
    "no": "不一致",
    "none": "不明",
    "wanted": "条件 {wanted}、実際 {found}、重み {weight:g}: {verdict}",
    "win_rate": "全アカウントの受注率: {rate}(受注 {won}、失注 {lost})",
    "expected": "{currency}: 年間 {amount} = {basis}、{score} 点",
    "of_sales": "案件 {pipeline} + 継続 {recurring}",
    "of_plan": "プラン {weighted}(案件 {pipeline} + 継続 {recurring} を上回るため)",
    "planned": "プラン: {year} 年度 {target} × {confidence} = {weighted}、{products}",
    "product": "{product} {amount}(記録 {day})",
    "halves": "継続: 12 か月中 {months} か月が判明、直近 6 か月の平均 {recent}(2 倍で計算)、その前の平均 {earlier}",
    "too_few": "継続: 不明(12 か月中 {least} か月分以上の売上の記録が必要)",
    "open": "{id} {name}: フェーズ {stage}、{currency} {amount} × {probability}({basis})= {weighted}、予定日 {day}",
    "stage": "フェーズの確度",
    "basis_win_rate": "受注率",
    "otherwise": "固定値、完了案件が不足",
    "without_amount": "対象外(金額不明)",
    "later": "対象外(1 年より先)",
    "forgotten": "対象外(放置案件)",
    "nothing_open": "進行中の案件なし",
    "parts": "直近度 {recency}、頻度 {frequency}、金額 {monetary}、製品数 {breadth}",
    "bought": "最終購入 {day}、過去 {window} か月中 {months} か月で購入",
    "undated": "受注日不明の受注 {count} 件(時期と頻度は不明)",
    "never": "購入の記録なし",
    "money": "{currency}: 期間内の売上 {revenue}、受注 {won}、{score} 点",
    "products": "製品: {products}",
    "plan": "アカウントプランによる",
    "contacts": "接点のあった人による(プランに記載なし)",
    "decider": "{name}{title}: {role}、{relationship}、{met}、記録 {day}、{score} 点、重み {weight:g}",
    "met": "最終接点 {day}",
    "not_met": "最近の接点なし",
    "no_address": "連絡先不明",
    "senior": "{name}{title}: {seniority}、最終接点 {day}",
    "staff": "ほかに接点のあった担当者: {count} 名",
}
_WORDS: dict[Language, dict[str, str]] = {"en": _EN, "ja": _JA}
_JAPANESE = {
    "industry": "業種", "country": "国", "region": "地域", "labels": "ラベル", "employees": "従業員数",
    "founded_year": "設立年", "annual_revenue": "年商",
    "decides": "決裁", "approves": "承認", "sponsor": "スポンサー", "supporter": "支持", "neutral": "中立",
    "needs_work": "要関係構築", "opponent": "エネミー", "unknown": "不明", "executive": "役員", "management": "管理職",
}  # fmt: skip


def why_json(one: Priority, ranking: Ranking) -> dict[str, Any]:
    """All that the account's priority comes from, for `--json`."""
    return {
        "as_of": ranking.as_of,
        "model": ranking.model.version,
        **as_json_priority(one, ranking),
        "win_rate": asdict(ranking.won_of_all),
        "inputs": {key: asdict(getattr(one, key)) for key in FACTORS},
    }


def why_lines(one: Priority, ranking: Ranking, lang: Language) -> Iterator[str]:
    """The same for people, a line each; names of others cannot reach into the terminal."""
    yield from map(printable, _lines(one, ranking, lang))


def _lines(one: Priority, ranking: Ranking, lang: Language) -> Iterator[str]:
    words = _WORDS[lang]
    yield words["head"].format(
        name=one.account.name, account=one.account.account_id, day=ranking.as_of, model=ranking.model.version
    )
    total, place = _number(one.total, 2), UNKNOWN if one.rank is None else one.rank
    yield words["total"].format(total=total, rank=place, known=f"{one.known:.0%}")
    said = {
        "icp_fit": _fit(one.icp_fit, words, lang),
        "expected_revenue": _expected(one, ranking, words),
        "purchase_history": _purchases(one.purchase_history, ranking, words),
        "decision_makers": _relations(one.decision_makers, words, lang),
    }
    for key in FACTORS:
        score = one.score(key)
        told = words["unknown"]
        if score is not None:
            weight, adds = ranking.model.weights.of(key), _number(one.contributions[key], 2)
            told = words["factor"].format(score=_number(score, 2), weight=weight, adds=adds)
        yield ""
        yield f"{FACTOR_NAMES[lang][key]}: {told}"
        yield from (f"  {line}" for line in said[key])


def _fit(fit: Fit, words: dict[str, str], lang: Language) -> Iterator[str]:
    if fit.stated_on is None:
        yield words["no_profile"]
        return
    percent = UNKNOWN if fit.percent is None else f"{fit.percent:.0f}%"
    yield words["fit"].format(percent=percent, known=f"{fit.known:.0%}", day=fit.stated_on)
    for seen in fit.criteria:
        verdict = words["none" if seen.matches is None else "yes" if seen.matches else "no"]
        said = words["wanted"].format(
            wanted=seen.wanted, found=seen.found or UNKNOWN, weight=seen.weight, verdict=verdict
        )
        yield f"{_shown(seen.field, lang)}: {said}"


def _expected(one: Priority, ranking: Ranking, words: dict[str, str]) -> Iterator[str]:
    expected, model, won_of_all = one.expected_revenue, ranking.model.expected_revenue, ranking.won_of_all
    for told in expected.amounts:
        again, planned = told.recurring, told.planned
        parts = {"pipeline": _number(told.pipeline), "recurring": _number(again.amount if again else None)}
        by_plan = planned is not None and planned.weighted == told.amount
        basis = words["of_plan" if by_plan else "of_sales"].format(
            weighted=_number(planned.weighted if planned else None), **parts
        )
        yield words["expected"].format(
            currency=told.currency, amount=_number(told.amount), basis=basis, score=_number(told.score, 2)
        )
        if again:
            halves = {"recent": _number(again.recent), "earlier": _number(again.earlier)}
            yield words["halves"].format(months=again.months, **halves)
        if planned:
            yield _planned(planned, model.plan_confidence, words)
    if one.account.revenue and not any(told.recurring for told in expected.amounts):
        yield words["too_few"].format(least=model.least_months)
    rate = UNKNOWN if won_of_all.rate is None else f"{won_of_all.rate:.1%}"
    yield words["win_rate"].format(rate=rate, won=won_of_all.won, lost=won_of_all.lost)
    if not expected.opportunities:
        yield words["nothing_open"]
    for seen in expected.opportunities:
        deal = seen.opportunity
        line = words["open"].format(
            id=deal.opportunity_id,
            name=deal.name or deal.product,
            stage=deal.stage,
            currency=deal.currency or "",
            amount=_number(deal.amount),
            probability=f"{seen.probability:.0%}",
            basis=words["basis_win_rate" if seen.basis == "win_rate" else seen.basis],
            weighted=_number(seen.weighted),
            day=deal.expected_on or UNKNOWN,
        )
        yield line + (f" ({words[seen.left_out]})" if seen.left_out else "")


def _planned(planned: Planned, confidence: float, words: dict[str, str]) -> str:
    products = (
        words["product"].format(product=one.product, amount=_number(one.amount), day=one.stated_on)
        for one in planned.targets
    )
    return words["planned"].format(
        year=planned.targets[0].fiscal_year,
        target=_number(planned.target),
        confidence=f"{confidence:.0%}",
        weighted=_number(planned.weighted),
        products=", ".join(products),
    )


def _purchases(bought: Purchases, ranking: Ranking, words: dict[str, str]) -> Iterator[str]:
    if bought.undated:
        yield words["undated"].format(count=bought.undated)
    elif bought.last_on is None:
        yield words["never"]
        return
    if bought.last_on:
        window = ranking.model.purchase_history.window_months
        yield words["bought"].format(day=bought.last_on, months=bought.months, window=window)
    parts = ("recency", "frequency", "monetary", "breadth")
    yield words["parts"].format(**{part: _number(getattr(bought, part), 1) for part in parts})
    for one in bought.amounts:
        yield words["money"].format(
            currency=one.currency, revenue=_number(one.revenue), won=_number(one.won), score=_number(one.score, 2)
        )
    if bought.products:
        yield words["products"].format(products=", ".join(bought.products))


def _relations(related: Relations, words: dict[str, str], lang: Language) -> Iterator[str]:
    if related.basis:
        yield words[related.basis]
    for one in related.deciders:
        who = one.stakeholder
        yield words["decider"].format(
            name=who.name or who.key,
            title=f", {who.title}" if who.title else "",
            role=_shown(who.decision_role, lang),
            relationship=_shown(who.relationship, lang),
            met=words["met"].format(day=one.last_on)
            if one.last_on
            else words["not_met" if who.contact_key else "no_address"],
            day=who.stated_on,
            score=_number(one.score, 1),
            weight=one.weight,
        )
    for person in related.senior:
        title = f", {person.title}" if person.title else ""
        yield words["senior"].format(
            name=person.name or person.contact_key,
            title=title,
            seniority=_shown(person.seniority, lang),
            day=person.last_on,
        )
    yield words["staff"].format(count=related.staff)


def _shown(word: str, lang: Language) -> str:
    return _JAPANESE.get(word, word) if lang == "ja" else word


def _number(value: float | None, digits: int = 0) -> str:
    return UNKNOWN if value is None else f"{value:,.{digits}f}"
