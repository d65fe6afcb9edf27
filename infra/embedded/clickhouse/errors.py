"""ClickHouse's errors as HTTP knows them: the code, its name, the status, and the body a client parses."""

import re
import secrets

# What the engine wraps around a message, several times when an error crossed several layers.
_PREFIX = re.compile(r"^(?:Code: (\d+)\. DB::Exception: )+")
_TRAILER = re.compile(r"\s*\((?:version [0-9.]+[^()]*)\)\.?\s*$")
_NAME = re.compile(r"\s*\(([A-Z][A-Z0-9_]+)\)\.?\s*$")

# The real server's mapping of exception codes to HTTP statuses; every other code is 500.
_STATUSES: dict[int, frozenset[int]] = {
    400: frozenset(
        {6, 8, 15, 25, 26, 27, 36, 37, 38, 41, 44, 53, 62, 72, 117, 123, 167, 168, 223, 321, 376, 427, 441, 675, 676}
    ),
    401: frozenset({194}),
    403: frozenset({192, 193, 497, 512, 516}),
    404: frozenset({46, 47, 50, 56, 60, 63, 73, 78, 81, 115, 152, 336, 511}),
    408: frozenset({159}),
    411: frozenset({381}),
    413: frozenset({229}),
    415: frozenset({779}),
    501: frozenset({48}),
    503: frozenset({76, 209, 439}),
}
_STATUS_OF = {code: status for status, codes in _STATUSES.items() for code in codes}

BAD_ARGUMENTS = 36
SYNTAX_ERROR = 62
UNKNOWN_COMPRESSION_METHOD = 89
INCORRECT_DATA = 117
READONLY = 164
QUERY_IS_TOO_LARGE = 229
SESSION_NOT_FOUND = 372
SESSION_IS_LOCKED = 373
INVALID_SESSION_TIMEOUT = 374
TOO_MANY_ROWS_OR_BYTES = 396
ACCESS_DENIED = 497
UNKNOWN_ROLE = 511
AUTHENTICATION_FAILED = 516
UNKNOWN_EXCEPTION = 1002

_NAMES = {
    BAD_ARGUMENTS: "BAD_ARGUMENTS",
    SYNTAX_ERROR: "SYNTAX_ERROR",
    UNKNOWN_COMPRESSION_METHOD: "UNKNOWN_COMPRESSION_METHOD",
    INCORRECT_DATA: "INCORRECT_DATA",
    READONLY: "READONLY",
    QUERY_IS_TOO_LARGE: "QUERY_IS_TOO_LARGE",
    SESSION_NOT_FOUND: "SESSION_NOT_FOUND",
    SESSION_IS_LOCKED: "SESSION_IS_LOCKED",
    INVALID_SESSION_TIMEOUT: "INVALID_SESSION_TIMEOUT",
    TOO_MANY_ROWS_OR_BYTES: "TOO_MANY_ROWS_OR_BYTES",
    ACCESS_DENIED: "ACCESS_DENIED",
    UNKNOWN_ROLE: "UNKNOWN_ROLE",
    AUTHENTICATION_FAILED: "AUTHENTICATION_FAILED",
    UNKNOWN_EXCEPTION: "UNKNOWN_EXCEPTION",
}


class QueryError(Exception):
    """A request was refused, by the engine or by us; `code` and `name` are ClickHouse's."""

    def __init__(self, code: int, message: str, name: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.name = name or _NAMES.get(code, "UNKNOWN_EXCEPTION")

    @property
    def status(self) -> int:
        """The HTTP status the real server answers with."""
        return _STATUS_OF.get(self.code, 500)

    def text(self, version: str) -> str:
        """One line as the real server writes it; clients take code and name out of it."""
        return f"Code: {self.code}. DB::Exception: {self.message} ({self.name}) (version {version})\n"


def from_engine(error: Exception) -> QueryError:
    """Turn chDB's exception (its text only) into a QueryError; a text without a code becomes 1002."""
    text = str(error).strip()
    found = _PREFIX.match(text)
    if not found:
        return QueryError(UNKNOWN_EXCEPTION, text)
    message, name = text[found.end() :], ""
    while True:
        if trailer := _TRAILER.search(message):
            message = message[: trailer.start()]
        elif named := _NAME.search(message):
            name, message = named[1], message[: named.start()]
        else:
            return QueryError(int(found[1]), message, name)


def new_tag() -> str:
    """A tag no result can contain by chance; announced in the headers, repeated around an error in mid-stream."""
    return secrets.token_hex(8)


def in_stream(error: QueryError, version: str, tag: str) -> bytes:
    """The block that ends a broken stream, as servers since 25.11 write it; clients look for the tag at the end."""
    text = error.text(version).encode()
    return b"\r\n__exception__\r\n%s\r\n%s%d %s\r\n__exception__\r\n" % (tag.encode(), text, len(text), tag.encode())
