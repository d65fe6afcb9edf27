"""Who may run what. Pure: text in canonical form and names in, a refusal or nothing out.

The engine enforces the grants of a role (config.py). What is refused here is what grants do not cover in an embedded
engine: the host's files by scalar function or INTO OUTFILE, Python's objects, other users' statements.
"""

import hmac
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from infra.embedded.clickhouse import policy
from infra.embedded.clickhouse.config import BI_ROLE, SETTEN_ROLE
from infra.embedded.clickhouse.errors import ACCESS_DENIED, AUTHENTICATION_FAILED, READONLY, SYNTAX_ERROR, QueryError
from infra.embedded.clickhouse.statement import Canonical, Token

User = Literal["setten", "bi"]
ROLES: Mapping[User, str] = {"setten": SETTEN_ROLE, "bi": BI_ROLE}


class UsersFileUnusable(Exception):
    """The file of users cannot be used; the message says why and what to do, on one line."""


@dataclass(frozen=True, slots=True)
class Users:
    """The passwords of the two users."""

    passwords: Mapping[User, str]

    def authenticate(self, name: str, password: str) -> User:
        """Answer the user. Takes the same time whoever asks. Raises QueryError 516."""
        found: User | None = None
        for user, expected in self.passwords.items():
            same_name = hmac.compare_digest(user.encode(), name.encode())
            if hmac.compare_digest(expected.encode(), password.encode()) & same_name:
                found = user
        if found is None:
            raise QueryError(
                AUTHENTICATION_FAILED,
                f"{name or 'default'}: Authentication failed: password is incorrect,"
                " or there is no user with such name.",
            )
        return found


def read_users(path: Path) -> Users:
    """Read the TOML file of users. Raises UsersFileUnusable; a file others can read is refused."""
    try:
        if path.stat().st_mode & 0o077:
            raise UsersFileUnusable(f"{path}: others can read the passwords: chmod 600 it")
        content = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise UsersFileUnusable(f"{path}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsersFileUnusable(f"{path}: not TOML: {error}") from None
    passwords: dict[User, str] = {}
    for user in ROLES:
        password = content.get(user, {}).get("password") if isinstance(content.get(user), dict) else None
        if not isinstance(password, str) or not password:
            raise UsersFileUnusable(f'{path}: [{user}] needs password = "..."')
        passwords[user] = password
    if unknown := set(content) - set(ROLES):
        raise UsersFileUnusable(f"{path}: unknown users {', '.join(sorted(unknown))}: there are setten and bi")
    return Users(passwords)


def check_statement(
    user: User, statement: Canonical, parameters: Mapping[str, str], table_functions: Iterable[str]
) -> None:
    """Refuse a statement that reaches outside of the database, or for `bi` outside of what it may read.

    Raises QueryError 497 (what is reached) or 164 (the kind of statement).
    """
    tokens = list(statement.tokens(parameters))
    if any(token.kind == "mark" and token.text in "'`\"{" for token in tokens):
        raise QueryError(SYNTAX_ERROR, "The statement cannot be read: it has an unclosed quote or brace")
    safe = policy.SAFE_TABLE_FUNCTIONS | (policy.WRITER_TABLE_FUNCTIONS if user == "setten" else frozenset())
    denied_calls = (frozenset(table_functions) - safe) | policy.DENIED_FUNCTIONS | policy.DENIED_SOURCES
    for before, token, after in _with_neighbours(tokens):
        if token.kind not in ("word", "name"):
            continue
        name = token.text.lower()
        if token.kind == "word" and name in ("outfile", "infile"):
            raise _denied(f"{token.text}: files of the host are out of reach")
        if before != "." and (name in policy.DENIED_FUNCTIONS or (after == "(" and name in denied_calls)):
            raise _denied(f"the function or source `{token.text}` is not allowed (a column is `table.{token.text}`)")
        if after == "=" and name in policy.DENIED_SETTINGS:
            raise _denied(f"the setting `{token.text}` is not allowed")
    if user == "bi":
        _check_reader(statement, tokens)


def check_class(user: User, name: str, count: int, *, readonly: bool) -> None:
    """Refuse by the engine's own classification. Raises QueryError 62 (several statements) or 164 (not a query)."""
    if count > 1:
        raise QueryError(SYNTAX_ERROR, "Syntax error (Multi-statements are not allowed)")
    if (readonly or user == "bi") and name != "READ_ONLY":
        raise QueryError(READONLY, f"{user}: Cannot execute query in readonly mode.")


def readable_settings(settings: Mapping[str, str]) -> dict[str, str]:
    """The URL settings `bi` may have; those every client sends are left out. Raises QueryError 164 for another."""
    kept = {}
    for name, value in settings.items():
        if name in policy.BI_IGNORED:
            continue
        if name not in policy.BI_SETTINGS and not name.startswith(policy.BI_SETTING_PREFIXES):
            raise QueryError(READONLY, f"Cannot modify '{name}' setting in readonly mode.")
        kept[name] = value
    return kept


def check_settings(settings: Iterable[str]) -> None:
    """Refuse settings of the URL that nobody may have. Raises QueryError 497."""
    for name in settings:
        if name in policy.DENIED_SETTINGS:
            raise _denied(f"the setting `{name}` is not allowed")


def _check_reader(statement: Canonical, tokens: list[Token]) -> None:
    words = statement.words
    if (
        not words
        or words[0] not in policy.BI_STATEMENTS
        or (words[0] == "SHOW" and not {*words[1:2]} <= policy.BI_SHOWS)
    ):
        raise QueryError(READONLY, "bi: Cannot execute query in readonly mode.")
    if words[0] != "SHOW" and Token("word", "SETTINGS") in tokens:
        # The engine's readonly guards the outermost SETTINGS only, not those of a subquery.
        raise QueryError(READONLY, "bi: Cannot modify settings in readonly mode.")
    for before, token, after in _with_neighbours(tokens):
        if (
            before == "system."
            and token.text not in policy.BI_SYSTEM_TABLES
            and token.kind in ("word", "name", "parameter")
        ):
            raise _denied(f"bi: there is no grant to read system.{token.text}")
        if token.kind in ("word", "name") and "\\" in token.text and after == ".":
            raise _denied(f"bi: the name `{token.text}` is not allowed")


def _with_neighbours(tokens: list[Token]) -> Iterable[tuple[str, Token, str]]:
    """Each token with the text before (`system.` for a table of that database) and the text after it."""
    for at, token in enumerate(tokens):
        before = tokens[at - 1].text if at else ""
        if before == "." and at > 1 and tokens[at - 2].text == "system":
            before = "system."
        yield before, token, tokens[at + 1].text if at + 1 < len(tokens) else ""


def _denied(what: str) -> QueryError:
    return QueryError(ACCESS_DENIED, f"Not enough privileges: {what}")
