"""Legal forms of companies, as they stand before or behind the name: what a company is, not what it is called."""

import re
from collections.abc import Sequence

# Not `group`, `holdings` or `international`: these tell companies apart. Not `spa`: without its dots it is a bath.
_LAST_WORDS = frozenset(
    {
        *("inc", "incorporated", "corp", "corporation", "co", "company", "ltd", "limited", "ltda", "lp", "llp", "llc"),
        *("pllc", "plc", "dac", "jsc", "pjsc", "ojsc", "gmbh", "mbh", "ag", "aktiengesellschaft", "kg", "kgaa", "ohg"),
        *("ug", "eg", "ev", "se", "sa", "sab", "sas", "sarl", "eurl", "srl", "sro", "doo", "sl", "slu", "sau", "bv"),
        *("nv", "bvba", "sprl", "oy", "oyj", "ab", "as", "asa", "aps", "kft", "zrt", "nyrt", "tbk", "kk", "gk", "yk"),
        *("pty", "pte", "pvt", "bhd", "berhad", "sdn"),
    }
)
# The longer before the shorter. Of dotted forms the dots are gone, of spaced ones (`S. A.`) the letters stand alone.
_LAST_RUNS: tuple[tuple[str, ...], ...] = (
    *(("s", "de", "rl", "de", "cv"), ("gmbh", "and", "co", "kg"), ("gmbh", "and", "co", "kgaa")),
    *(("ag", "and", "co", "kgaa"), ("ag", "and", "co", "kg"), ("se", "and", "co", "kgaa"), ("se", "and", "co", "kg")),
    *(("gesellschaft", "mit", "beschrankter", "haftung"), ("limited", "liability", "company")),
    *(("public", "limited", "company"), ("gmbh", "and", "co"), ("and", "co", "kg"), ("and", "co", "kgaa")),
    *(("sa", "de", "cv"), ("sab", "de", "cv"), ("sp", "z", "oo"), ("s", "r", "l"), ("private", "limited")),
    *(("kabushiki", "kaisha"), ("kabushiki", "gaisha"), ("godo", "kaisha"), ("yugen", "kaisha")),
    *(("societe", "anonyme"), ("a", "s"), ("s", "a"), ("s", "l"), ("b", "v"), ("n", "v"), ("k", "k")),
)
_FIRST_RUNS: tuple[tuple[str, ...], ...] = (
    *(("kabushiki", "kaisha"), ("kabushiki", "gaisha"), ("godo", "kaisha"), ("yugen", "kaisha")),
    *(("ooo",), ("oao",), ("zao",), ("pao",), ("uab",)),
)
# Where words are not parted, anywhere: a factory's or a branch's name goes on behind its company's.
IN_CJK = re.compile(
    r"株式会社|株式會社|有限会社|合同会社|合資会社|合名会社|相互会社"
    r"|(?:一般|公益|特例)?(?:社団|財団)法人|特定非営利活動法人|npo法人|学校法人|宗教法人|社会福祉法人"
    r"|(?:社会|特定)?医療法人(?:社団|財団)?|(?:地方)?独立行政法人|国立大学法人|公立大学法人|国立研究開発法人"
    r"|有限責任事業組合|有限責任(?=.{0,40}監査法人)"
    r"|\((?:株|有|同|資|名|社|財|一社|一財|公社|公財|独|学|医|福|特非|国研|相)\)"
    r"|股份有限公司|有限责任公司|有限責任公司|有限公司|주식회사|유한회사|\(주\)|\(유\)"
)
DOTTED_SPA = re.compile(r"\bs\.\s?p\.\s?a\b\.?")


def without_legal_form(words: Sequence[str]) -> list[str]:
    """The words of a name, in lower case, without legal forms around it; one word at least is left.

    `& Co.` stays where nothing but it stands there: Merck & Co. is not Merck.
    """
    end = len(words)
    while end > 1 and (length := _last(words, end)):
        end -= length
    start = next((len(run) for run in _FIRST_RUNS if tuple(words[: len(run)]) == run), 0)
    left = list(words[start if start < end else 0 : end])
    if left[0] == "the" and (len(left) > 2 or (len(left) == 2 and end < len(words))):
        del left[0]
    if left[-2:] == ["and", "company"]:
        left[-1] = "co"
    return left


def _last(words: Sequence[str], end: int) -> int:
    """How many words before `end` are a legal form that leaves a name before it."""
    for run in _LAST_RUNS:
        if len(run) < end and tuple(words[end - len(run) : end]) == run and _is_name(words, end - len(run)):
            return len(run)
    return int(words[end - 1] in _LAST_WORDS and words[end - 2] != "and" and _is_name(words, end - 1))


def _is_name(words: Sequence[str], end: int) -> bool:
    return end > 1 or words[0] != "the"
