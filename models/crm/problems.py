"""What is wrong with rows of an export: a closed set of reasons."""

from enum import StrEnum
from typing import NamedTuple


class Wrong(StrEnum):
    """The first six refuse the row. With the others it states what is left of it, where something is."""

    ROW_MALFORMED = "row_malformed"
    ENCODING_INVALID = "encoding_invalid"
    FIELD_MISSING = "field_missing"
    FIELD_INVALID = "field_invalid"
    VALUE_UNKNOWN = "value_unknown"
    DECLARED_TWICE = "declared_twice"
    ACCOUNT_MISSING = "account_missing"
    ACCOUNT_UNKNOWN = "account_unknown"
    ACCOUNT_AMBIGUOUS = "account_ambiguous"
    PRODUCT_MISSING = "product_missing"
    PRODUCT_UNKNOWN = "product_unknown"
    VALUE_UNLISTED = "value_unlisted"
    VALUE_UNREADABLE = "value_unreadable"
    DOMAIN_UNUSABLE = "domain_unusable"
    DATE_UNLIKELY = "date_unlikely"


MEANINGS: dict[Wrong, str] = {
    Wrong.ROW_MALFORMED: "the row is not CSV, has too many fields or too long a one, or control characters",
    Wrong.ENCODING_INVALID: "the row is not in the encoding of the file",
    Wrong.FIELD_MISSING: "a field is empty without which the row says nothing",
    Wrong.FIELD_INVALID: "a field cannot be read, or its value is not possible",
    Wrong.VALUE_UNKNOWN: "`values` of the map does not say what the value stands for",
    Wrong.DECLARED_TWICE: "an earlier row of the import says something else of the same thing, and stands",
    Wrong.ACCOUNT_MISSING: "the row names no account; it counts for none, and revenue is refused",
    Wrong.ACCOUNT_UNKNOWN: "no such account; what was recorded keeps its own, else it has none, and revenue is refused",
    Wrong.ACCOUNT_AMBIGUOUS: "several accounts could be meant; it is as with account_unknown",
    Wrong.PRODUCT_MISSING: "the row names no product",
    Wrong.PRODUCT_UNKNOWN: "no product has this name; it is kept as written",
    Wrong.VALUE_UNLISTED: "the value is not among those that the map lists in `known`",
    Wrong.VALUE_UNREADABLE: "a value of the company's profile cannot be read; it is left out",
    Wrong.DOMAIN_UNUSABLE: "the domain is nobody's, of free mail, or another account's; it is left out",
    Wrong.DATE_UNLIKELY: "the dates contradict each other or the outcome; they are kept as written",
}


class Problem(NamedTuple):
    """Something wrong in one row. field: of the entity. suggestion: the nearest value that is known, else ''."""

    reason: Wrong
    field: str
    value: str
    message: str
    suggestion: str = ""
