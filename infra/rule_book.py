"""The rule book that holds: the file that the settings name, else the one shipped here; and its business days."""

from importlib import resources
from pathlib import Path

from holidays import country_holidays, list_supported_countries

from infra.settings import Settings, SettingsError
from models.assessment import RULES
from models.business_days import BusinessCalendar
from models.rules.book import RuleBook, read_rules

# Of which years holidays are known: signals are of these, and next-year's plan is.
_YEARS = range(1995, 2041)


def load_rules(settings: Settings) -> RuleBook:
    """Read the rule book once. Raises SettingsError listing everything that is wrong with it, with lines."""
    own = settings.rules_file
    return read_rule_book(_text(own) if own else default_rules(), str(own) if own else "the shipped one")


def read_rule_book(text: str, where: str) -> RuleBook:
    """A rule book out of its text; where: what errors call it. Raises SettingsError."""
    found = read_rules(text, RULES)
    if isinstance(found, list):
        count = f"{len(found)} {'error' if len(found) == 1 else 'errors'}"
        raise SettingsError(f"the rules have {count}:\n" + "\n".join(f"  - {where}:{one}" for one in found))
    known = list_supported_countries(include_aliases=False)
    if unknown := [country for country in found.calendar.holidays if country not in known]:
        raise SettingsError(f"the rules: {where}: calendar.holidays: no holidays are known of {', '.join(unknown)}")
    return found


def default_rules() -> str:
    """The shipped book as it is written, comments included: what an own one begins with."""
    return (resources.files("infra") / "rule_books" / "default.toml").read_text("utf-8")


def business_calendar(book: RuleBook) -> BusinessCalendar:
    """The business days of a rule book."""
    closed = book.calendar.closures(_YEARS.start, _YEARS.stop - 1)
    for country in book.calendar.holidays:
        closed |= {day.toordinal() for day in country_holidays(country, years=_YEARS)}
    return BusinessCalendar(closed)


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"rules_file {path}: cannot be read: {error}") from error
