"""The nearest one to a name that is not known, of a company, a product or anything else."""

from collections.abc import Iterable

from rapidfuzz import fuzz, process

from models.identity.company_names import company_key, plain_key

# Behind which no suggestion is worth reading: `GTXPro` and `GTX Pro` have 92, `Acme` and `Apex` 50.
_LIKENESS = 75


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
