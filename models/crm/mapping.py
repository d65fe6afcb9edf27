"""The map: a TOML file that says what the files of a CRM export are and how their columns and values are to be read."""

import tomllib
from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any, Literal, NamedTuple
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, WithJsonSchema

from models.crm.fields import FIELDS, Entity, names
from models.crm.lines import line_of, lines_of
from models.crm.names import nearest
from models.crm.values import NumberForm
from models.sources.local_times import zone_named
from models.statements import Currency

MatchBy = Literal["id", "domain", "name"]
Encoding = Literal["auto", "utf-8", "cp932"]
Delimiter = Literal["auto", ",", ";", "\t"]
_TABLES = ("columns", "values", "constants")
_TARGETS: dict[str, tuple[str, ...]] = {
    "outcome": ("open", "won", "lost"),
    "seniority": ("executive", "management", "staff", "unknown"),
}


Columns = Annotated[
    tuple[str, ...],
    BeforeValidator(lambda told: (told,) if isinstance(told, str) else told),
    Field(min_length=1),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]}),
]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FileMap(_Strict):
    """How the files of one kind are read. What is not said here holds as said for the whole map."""

    match: Annotated[str, Field(min_length=1, description="names of the files, with * and ?; case does not count")]
    sheet: Annotated[str | None, Field(description="of a workbook: the sheet that is read, else its first")] = None
    entity: Annotated[Entity, Field(description="what a row is")]
    columns: Annotated[
        dict[str, Columns], Field(description="field = column; of several columns the first that the file has")
    ]
    values: Annotated[
        dict[str, dict[str, str]],
        Field(
            description="field = { what the file writes = what it stands for }; * and ? may stand for any characters"
        ),
    ] = {}
    constants: Annotated[dict[str, str], Field(description="field = value, for every row of the file")] = {}
    known: Annotated[
        dict[str, list[str]], Field(description="column = the values it may have; others are reported, and kept")
    ] = {}
    encoding: Encoding | None = None
    delimiter: Delimiter | None = None
    dates: tuple[str, ...] | None = None
    numbers: NumberForm | None = None
    currency: Currency | None = None
    timezone: str | None = None
    unit: Annotated[float, Field(gt=0, description="what an amount of 1 stands for: 1000 where they are in 千円")] = 1
    won_is_revenue: Annotated[
        bool, Field(description="add up the amounts of won opportunities to our revenue, by account and month closed")
    ] = False
    repeated: Annotated[
        Literal["refuse", "add"],
        Field(
            description="of several rows of revenue for one account and month: refuse the later ones, or add them up"
        ),
    ] = "refuse"
    annual: Annotated[
        Literal["refuse", "divide"],
        Field(description="revenue of a year: refuse it, or divide it evenly by its twelve months"),
    ] = "refuse"


class Aliases(_Strict):
    """What names that are not known stand for."""

    accounts: Annotated[dict[str, str], Field(description="name as written = name or account_id of the account")] = {}
    products: Annotated[dict[str, str], Field(description="name as written = name of the product")] = {}


class CrmMap(_Strict):
    """How an export is read."""

    version: Literal[1]
    files: Annotated[list[FileMap], Field(min_length=1)]
    match: Annotated[
        tuple[MatchBy, ...], Field(min_length=1, description="by what accounts are found, the surest first")
    ] = ("id", "domain", "name")
    aliases: Aliases = Aliases()
    id_prefix: Annotated[
        str, Field(pattern=r"^[A-Za-z0-9._-]{0,16}$", description="before every key of an account from this CRM")
    ] = ""
    timezone: Annotated[str, Field(description="IANA name, of times that tell no zone")] = "Asia/Tokyo"
    currency: Annotated[Currency, Field(description="of amounts whose row names none")] = "JPY"
    numbers: Annotated[NumberForm, Field(description="how the file writes 1234.5")] = "1,234.50"
    dates: Annotated[
        tuple[str, ...], Field(description="forms of days, as strptime has them; none: what can be read without doubt")
    ] = ()
    encoding: Annotated[Encoding, Field(description="auto: UTF-8 where it can be, else CP932")] = "auto"
    delimiter: Annotated[Delimiter, Field(description="auto: the one that finds the most columns")] = "auto"
    year_starts: Annotated[int, Field(ge=1, le=12, description="first month of a year that has no months")] = 4


class MapError(NamedTuple):
    """What is wrong with a map. line: 1-based, 0 where nobody can tell. key: dotted. value: as written."""

    line: int
    key: str
    value: str
    remedy: str

    def __str__(self) -> str:
        return (
            f"{self.line}: {self.key}: {self.value}: {self.remedy}"
            if self.value
            else (f"{self.line}: {self.key}: {self.remedy}")
        )


def read_map(text: str) -> CrmMap | list[MapError]:
    """Read a map; all that is wrong with it, in the order of its lines, where something is."""
    try:
        told = tomllib.loads(text.removeprefix("\ufeff"))
    except tomllib.TOMLDecodeError as error:
        return [MapError(line_of(str(error)), "TOML", "", f"{error}: see docs/sources/crm.md for an example")]
    except RecursionError:
        return [MapError(1, "TOML", "", "nested too deeply: see docs/sources/crm.md for an example")]
    lines = lines_of(text)
    errors: list[MapError] = []
    found: CrmMap | None = None
    try:
        found = CrmMap.model_validate(told)
    except ValidationError as error:
        told_wrong = error.errors(include_url=False)
        errors += (_error(lines, one["loc"], _shown(one), _remedy(one)) for one in told_wrong)
    files = told.get("files")
    for number, file in enumerate(files if isinstance(files, list) else []):
        if isinstance(file, dict) and file.get("entity") in FIELDS:
            errors += (_error(lines, ("files", number, *path), value, say) for path, value, say in _of_file(file))
    errors += (_error(lines, path, value, say) for path, value, say in _of_map(told))
    if errors or found is None:
        return sorted(dict.fromkeys(errors), key=lambda one: (one.line, one.key))
    return found


Told = Iterator[tuple[tuple[str | int, ...], str, str]]


def _of_file(file: dict[str, Any]) -> Told:
    """What is wrong with one of `files` beyond the types of its values."""
    entity: Entity = file["entity"]
    tables = {name: _table(file.get(name)) for name in _TABLES}
    columns, values, constants = (tables[name] for name in _TABLES)
    fields = names(entity)
    for section, table in tables.items():
        for field in table:
            if field not in fields:
                close = nearest(field, fields)
                hint = f"did you mean {close!r}? " if close else ""
                yield (section, field), "", f"{entity} has no such field: {hint}Use one of {', '.join(fields)}"
    for one in FIELDS[entity]:
        if one.required and one.name not in columns and one.name not in constants:
            yield ("columns", one.name), "", f"missing: name the column that holds the {one.meaning}"
    for field, possible in _TARGETS.items():
        for written, meant in _table(values.get(field)).items():
            if meant not in possible:
                yield ("values", field, written), repr(meant), f"use one of {', '.join(possible)}"
    if entity == "opportunities" and not values.get("outcome"):
        yield (
            ("values", "outcome"),
            "",
            'missing: say which stages are won and lost, such as { "受注" = "won", "*" = "open" }',
        )
    if entity == "revenue" and not {"month", "year"} & {*columns, *constants}:
        yield ("columns", "month"), "", "missing: name the column that holds the month, or `year` and `annual`"
    for key, wanted in (("won_is_revenue", "opportunities"), ("annual", "revenue"), ("repeated", "revenue")):
        if key in file and entity != wanted:
            yield (key,), repr(file[key]), f"only {wanted} can have it: take it out"


def _table(told: Any) -> dict[str, Any]:
    """A table of the map; none where something else stands, which the contract has told."""
    return told if isinstance(told, dict) else {}


def _of_map(told: dict[str, Any]) -> Told:
    """Zones and forms of days, wherever they stand, and what the entries say together."""
    files = told.get("files")
    entries = [file for file in files if isinstance(file, dict)] if isinstance(files, list) else []
    if any(file.get("won_is_revenue") for file in entries) and any(file.get("entity") == "revenue" for file in entries):
        yield (
            ("files",),
            "",
            "won_is_revenue beside files of revenue would say two things of one month: keep one of them",
        )
    places: list[tuple[tuple[str | int, ...], Any]] = [((), told)]
    places += ((("files", n), file) for n, file in enumerate(files if isinstance(files, list) else []))
    for path, place in places:
        if not isinstance(place, dict):
            continue
        zone, dates = place.get("timezone"), place.get("dates")
        if isinstance(zone, str) and zone_named(zone) is None:
            yield (*path, "timezone"), repr(zone), "not a time zone: give one like Asia/Tokyo"
        for form in dates if isinstance(dates, list) else []:
            if isinstance(form, str) and not _tells_a_day(form):
                yield (*path, "dates"), repr(form), "does not tell year, month and day: give one like %Y-%m-%d"


def _tells_a_day(form: str) -> bool:
    """Whether a form of strptime tells which of two days is meant, whatever part of them differs."""
    told = set()
    for day in (datetime(2013, 4, 25), datetime(2014, 4, 25), datetime(2013, 5, 25), datetime(2013, 4, 26)):  # noqa: DTZ001
        try:
            told.add(datetime.strptime(day.strftime(form), form).date())  # noqa: DTZ007
        except ValueError:
            return False
    return len(told) == 4


def _error(lines: dict[tuple[str | int, ...], int], path: tuple[str | int, ...], value: str, say: str) -> MapError:
    # The nearest line above that tells of it: what is missing has none of its own.
    line = next((lines[path[:end]] for end in range(len(path), 0, -1) if path[:end] in lines), 1)
    key = "".join(f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")
    return MapError(line, key, value, say)


def _shown(error: Any) -> str:
    value = error["input"]
    return (
        "" if error["type"] in ("missing", "extra_forbidden") or isinstance(value, dict | list) else repr(value)[:120]
    )


def _remedy(error: Any) -> str:
    if error["type"] == "extra_forbidden":
        at = error["loc"][0] if len(error["loc"]) > 1 else ""
        models = {"files": FileMap.model_fields, "aliases": Aliases.model_fields}
        known = list(models.get(at, CrmMap.model_fields))
        close = nearest(str(error["loc"][-1]), known)
        return f"no such key{f': did you mean {close!r}?' if close else ';'} There are {', '.join(known)}"
    if error["type"] == "missing":
        return "missing: add it"
    return str(error["msg"])


class Reading(NamedTuple):
    """How one file is read: what its FileMap says, else the map."""

    file: FileMap
    zone: ZoneInfo
    currency: str
    numbers: NumberForm
    dates: tuple[str, ...]
    encoding: Encoding
    delimiter: Delimiter


def reading_of(whole: CrmMap, file: FileMap) -> Reading:
    """What holds for one file."""
    return Reading(
        file,
        ZoneInfo(file.timezone or whole.timezone),
        file.currency or whole.currency,
        file.numbers or whole.numbers,
        whole.dates if file.dates is None else file.dates,
        file.encoding or whole.encoding,
        file.delimiter or whole.delimiter,
    )
