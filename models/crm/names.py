"""Names of companies and products as people write them, and the nearest one to a name that is not known."""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from rapidfuzz import fuzz, process

# Behind which no suggestion is worth reading: `GTXPro` and `GTX Pro` have 92, `Acme` and `Apex` 50.
_LIKENESS = 75
# What a company is, not what it is called. Not `company`, `group` or `holdings`: these tell companies apart.
_LEGAL = frozenset(
    {
        *("inc", "incorporated", "corp", "corporation", "co", "ltd", "limited", "llc", "llp", "lp", "plc"),
        *("gmbh", "ag", "kg", "ohg", "ug", "se", "sa", "sas", "sarl", "srl", "spa", "bv", "nv"),
        *("oy", "oyj", "ab", "as", "asa", "aps", "kk", "gk", "yk", "pty", "pte", "bhd", "sdn", "pvt"),
    }
)
_LEGAL_JA = re.compile(
    r"株式会社|有限会社|合同会社|合資会社|合名会社|一般社団法人|一般財団法人|公益社団法人|公益財団法人|\((?:株|有|同|資|名|社|財)\)"
)
_DOTTED = re.compile(r"(?<=\b\w)\.(?=\w?\b)")
_SIGNS = re.compile(r"[^\w\s]|_")
_LATIN_GAP = re.compile(r"(?<=[\x21-\u024f])\s+(?=[\x21-\u024f])")


@lru_cache(maxsize=1 << 14)
def company_key(name: str) -> str:
    """What is left of a company's name without its legal form, its width, its case, its signs; '' if nothing is.

    Blanks count between Latin words only: 株式会社 青空 is 青空, and Blue Sky is not Bluesky.
    """
    text = unicodedata.normalize("NFKC", name).casefold()
    # Hyphens, dots and the like part words or do not, as people please; a legal form is written with dots or without.
    text = _SIGNS.sub(" ", _DOTTED.sub("", _LEGAL_JA.sub(" ", text)))
    words = text.split()
    while len(words) > 1 and words[-1] in _LEGAL:
        words.pop()
    return "".join(_LATIN_GAP.sub("\x00", " ".join(words)).split()).replace("\x00", " ")


@lru_cache(maxsize=1 << 14)
def plain_key(name: str) -> str:
    """A name without what says nothing: its width, its case, and how many blanks there are between words."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Of the known names the one most like this, None where none is much like it."""
    found = process.extractOne(
        plain_key(name), list(known), processor=plain_key, scorer=fuzz.ratio, score_cutoff=_LIKENESS
    )
    return None if found is None else str(found[0])


def nearest_company(name: str, keys: Iterable[str]) -> str | None:
    """As nearest, of keys of companies: company_key."""
    found = process.extractOne(company_key(name), list(keys), scorer=fuzz.ratio, score_cutoff=_LIKENESS)
    return None if found is None else str(found[0])
