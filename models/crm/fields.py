"""The fields of each entity that a map can name a column for."""

from typing import Literal, NamedTuple

Entity = Literal["accounts", "contacts", "opportunities", "revenue", "cases", "nps", "products"]


class Field(NamedTuple):
    """One field. required: the map must name its column. meaning: for the schema and the documents."""

    name: str
    meaning: str
    required: bool = False


# An account that a row speaks of, by any of these: whichever finds one first, in the order of the map's `match`.
_ACCOUNT = (
    Field("account_id", "key of the account"),
    Field("account_domain", "mail or web domain of the account"),
    Field("account_name", "name of the account"),
)

FIELDS: dict[Entity, tuple[Field, ...]] = {
    "products": (
        Field("name", "name of the product", required=True),
        Field("series", "series it belongs to"),
        Field("list_price", "list price"),
        Field("currency", "ISO 4217"),
    ),
    "accounts": (
        Field("name", "name of the company", required=True),
        Field("id", "key in the CRM; made of the name where there is none"),
        Field("domains", "mail and web domains, separated by ; , | or blanks; a web address counts as its host"),
        Field("tier", "strategic, target …"),
        Field("kind", "customer, partner …"),
        Field("parent", "key or name of the parent company"),
        Field("corporate_number", "法人番号, 13 digits"),
        Field("industry", "industry of the company"),
        Field("country", "ISO 3166-1, two letters, or the name of a country in English or Japanese"),
        Field("region", "region within the country"),
        Field("employees", "how many people it employs"),
        Field("annual_revenue", "its own revenue a year, not what it pays us"),
        Field("currency", "ISO 4217, of its own revenue"),
        Field("founded_year", "year in which it was founded"),
        Field("labels", "anything else that accounts are told by, separated by ; or |"),
    ),
    "contacts": (
        Field("email", "mail address; whoever has none is refused", required=True),
        Field("name", "whole name"),
        Field("first_name", "given name, where the name is in two columns"),
        Field("last_name", "family name, where the name is in two columns"),
        Field("title", "title as written"),
        Field("department", "department as written"),
        Field("seniority", "executive, management, staff or unknown after translation; else what the title says"),
        Field("since", "first day with the account"),
        *_ACCOUNT,
    ),
    "opportunities": (
        Field("id", "key in the CRM", required=True),
        Field("stage", "stage in the CRM's words", required=True),
        Field("outcome", "open, won or lost after translation; of the stage where it has no column"),
        Field("name", "name of the opportunity"),
        Field("product", "name of the product"),
        Field("amount", "amount"),
        Field("currency", "ISO 4217"),
        Field("opened_on", "day on which work on it began"),
        Field("closed_on", "day on which it was won or lost; of an open one, on which it is to be"),
        Field("owner", "who on our side works on it"),
        *_ACCOUNT,
    ),
    "revenue": (
        Field("amount", "our revenue with the account in the period", required=True),
        Field("month", "month, or any day in it"),
        Field("year", "year, where there are no months; see `annual`"),
        Field("currency", "ISO 4217"),
        *_ACCOUNT,
    ),
    "cases": (
        Field("id", "key in the CRM", required=True),
        Field("opened_on", "day on which it was opened", required=True),
        Field("closed_on", "day on which it was closed"),
        Field("severity", "severity in the CRM's words"),
        *_ACCOUNT,
    ),
    "nps": (
        Field("score", "0 to 10", required=True),
        Field("answered_on", "day of the answer", required=True),
        Field("id", "key of the answer"),
        Field("email", "mail address of whoever answered"),
        *_ACCOUNT,
    ),
}
# In this order they are read, whatever the order of the files: what later ones refer to comes first.
ORDER: tuple[Entity, ...] = tuple(FIELDS)


def names(entity: Entity) -> list[str]:
    """The names of an entity's fields."""
    return [field.name for field in FIELDS[entity]]
