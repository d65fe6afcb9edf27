"""What a client asks for: the parameters and the body of one HTTP request, as ClickHouse reads them."""

import base64
import binascii
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from starlette.datastructures import Headers, UploadFile
from starlette.requests import Request

from infra.embedded.clickhouse.compression import Decoder, accepted, decoder
from infra.embedded.clickhouse.errors import BAD_ARGUMENTS, QUERY_IS_TOO_LARGE, SYNTAX_ERROR, UNKNOWN_ROLE, QueryError
from infra.embedded.clickhouse.statement import Insert, find_insert

MAX_SQL_BYTES = 1 << 20
_INSERT_HEAD_BYTES = 1 << 18
_MAX_FIELDS = 2000
_MAX_FILES = 64

_RESERVED = frozenset(
    [
        "query",
        "database",
        "default_format",
        "user",
        "password",
        "quota_key",
        "compress",
        "decompress",
        "buffer_size",
        "wait_end_of_query",
        "session_id",
        "session_timeout",
        "session_check",
        "query_id",
        "stacktrace",
        "role",
        "client_protocol_version",
        "close_session",
    ]
)
# Settings of the HTTP layer: they are settings of the engine as well, where they would do nothing.
_TRANSPORT_SETTINGS = frozenset(
    [
        "enable_http_compression",
        "send_progress_in_http_headers",
        "cancel_http_readonly_queries_on_client_close",
        "add_http_cors_header",
        "output_format_parallel_formatting",
    ]
)
_EXTERNAL = re.compile(r"(?P<name>[A-Za-z_]\w*)_(?P<what>format|types|structure)")
_TRUE = ("1", "true", "yes")


@dataclass(frozen=True, slots=True)
class External:
    """A table the client sends along; `columns` is its structure in SQL."""

    name: str
    format: str
    columns: str
    file: UploadFile


@dataclass(slots=True)
class Asked:
    """The parameters of one request. `settings` are for this request only; `parameters` are escaped as in TSV."""

    user: str = ""
    password: str = ""
    query: str = ""
    database: str = ""
    default_format: str = "TabSeparated"
    query_id: str = ""
    session_id: str = ""
    session_timeout: str = ""
    session_check: bool = False
    wait_end_of_query: bool = False
    readonly: bool = False
    encoding: str = ""
    native_body: bool = False
    parameters: dict[str, str] = field(default_factory=dict)
    settings: dict[str, str] = field(default_factory=dict)
    others: dict[str, str] = field(default_factory=dict)
    external: list[External] = field(default_factory=list)


def read_parameters(method: str, query_string: bytes, headers: Headers) -> Asked:
    """Read the URL and the headers. Raises QueryError for text that is not UTF-8."""
    asked = Asked(readonly=method in ("GET", "HEAD"))
    try:
        given = dict(
            parse_qsl(query_string.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_MAX_FIELDS)
        )
    except (UnicodeDecodeError, ValueError):
        raise QueryError(BAD_ARGUMENTS, "The parameters of the URL are not UTF-8, or too many") from None
    asked.user, asked.password = _credentials(given, headers)
    asked.query = given.get("query", "")
    asked.database = given.get("database") or headers.get("X-ClickHouse-Database", "")
    asked.default_format = given.get("default_format") or headers.get("X-ClickHouse-Format", "") or "TabSeparated"
    asked.query_id = given.get("query_id", "")
    asked.session_id = given.get("session_id", "")
    asked.session_timeout = given.get("session_timeout", "")
    asked.session_check = given.get("session_check", "") in _TRUE
    asked.wait_end_of_query = given.get("wait_end_of_query", "") in _TRUE
    asked.native_body = given.get("decompress", "") in _TRUE
    if given.get("compress", "") in _TRUE:
        asked.encoding = "native"
    elif given.get("enable_http_compression", "") in _TRUE:
        asked.encoding = accepted(headers.get("Accept-Encoding", ""))
    if role := given.get("role"):
        raise QueryError(UNKNOWN_ROLE, f"There is no role `{role}`: the embedded server has none to choose from")
    for name, value in given.items():
        if name.startswith("param_"):
            asked.parameters[name.removeprefix("param_")] = value
        elif name not in _RESERVED:
            asked.others[name] = value
    return asked


def settle(asked: Asked, known: Mapping[str, str]) -> None:
    """Take what is left of the URL's parameters as settings. Raises QueryError 115 for an unknown one.

    Settings that already have the value asked for, and those of the HTTP layer, are not worth a statement.
    """
    for name, value in asked.others.items():
        if name not in known:
            raise QueryError(115, f"Unknown setting '{name}'", "UNKNOWN_SETTING")
        if known[name] != value and name not in _TRANSPORT_SETTINGS and not name.startswith("http_"):
            asked.settings[name] = value


async def read_form(request: Request, asked: Asked) -> None:
    """Read a multipart body: `query`, `param_*`, and external tables with their formats and columns."""
    form = await request.form(max_files=_MAX_FILES, max_fields=_MAX_FIELDS, max_part_size=MAX_SQL_BYTES)
    described: dict[str, dict[str, str]] = {}
    for name, value in form.multi_items():
        if not isinstance(value, str):
            continue
        if name == "query":
            asked.query += value
        elif name.startswith("param_"):
            asked.parameters[name.removeprefix("param_")] = value
        else:
            asked.others[name] = value
    files = {name: value for name, value in form.multi_items() if isinstance(value, UploadFile)}
    for name in list(asked.others):
        found = _EXTERNAL.fullmatch(name)
        if found and found["name"] in files:
            described.setdefault(found["name"], {})[found["what"]] = asked.others.pop(name)
    for name, file in files.items():
        if name == "query" or name.startswith("param_"):
            text = (await file.read(MAX_SQL_BYTES)).decode()
            if name == "query":
                asked.query += text
            else:
                asked.parameters[name.removeprefix("param_")] = text
            continue
        about = described.get(name, {})
        columns = about.get("structure") or _numbered(about.get("types", ""))
        if not columns or not re.fullmatch(r"[A-Za-z_]\w*", name):
            raise QueryError(BAD_ARGUMENTS, f"The external table '{name}' needs {name}_structure or {name}_types")
        asked.external.append(External(name, about.get("format") or "TabSeparated", columns, file))


class Body:
    """A request body: the text of a statement, or the head of an INSERT and then a stream of data."""

    def __init__(self, request: Request, asked: Asked) -> None:
        self._chunks = self._decoded(
            request.stream(), decoder(request.headers.get("Content-Encoding", ""), native=asked.native_body)
        )
        self._asked = asked
        self._rest = b""

    async def statement(self) -> str | Insert:
        """Read as much as tells what is asked. Raises QueryError 229 for more text than a statement may have."""
        url = self._asked.query.encode()
        insert = find_insert(url, complete=True) if url else None
        if insert:
            self._rest = url[insert.data_at :]
            return insert
        text = bytearray(url + b"\n" if url.strip() else b"")
        tried = 0
        async for chunk in self._chunks:
            text += chunk
            if len(text) >= 2 * tried and tried <= _INSERT_HEAD_BYTES:
                tried = len(text)
                if insert := find_insert(bytes(text[:_INSERT_HEAD_BYTES]), complete=False):
                    self._rest = bytes(text[insert.data_at :])
                    return insert
            if len(text) > MAX_SQL_BYTES:
                raise QueryError(QUERY_IS_TOO_LARGE, f"The text of a statement is over {MAX_SQL_BYTES} bytes")
        if insert := find_insert(bytes(text), complete=True):
            self._rest = bytes(text[insert.data_at :])
            return insert
        try:
            return text.decode()
        except UnicodeDecodeError:
            raise QueryError(SYNTAX_ERROR, "The text of the statement is not UTF-8") from None

    async def data(self) -> AsyncIterator[bytes]:
        """The data of an INSERT after `statement`, decompressed, as it arrives."""
        if self._rest:
            yield self._rest
        async for chunk in self._chunks:
            yield chunk

    async def drain(self, limit: int) -> None:
        """Read on and forget, so that a client still sending gets to read the answer; up to `limit` bytes."""
        try:
            async for chunk in self._chunks:
                limit -= len(chunk)
                if limit < 0:
                    return
        except QueryError:
            return

    @staticmethod
    async def _decoded(chunks: AsyncIterator[bytes], codec: Decoder | None) -> AsyncIterator[bytes]:
        async for chunk in chunks:
            data = codec.decode(chunk) if codec and chunk else chunk
            if data:
                yield data
        if codec:
            codec.finish()


def _credentials(given: Mapping[str, str], headers: Headers) -> tuple[str, str]:
    authorization = headers.get("Authorization", "")
    if authorization[:6].lower() == "basic ":
        try:
            user, _, password = base64.b64decode(authorization[6:], validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return "", ""
        return user, password
    if "X-ClickHouse-User" in headers or "X-ClickHouse-Key" in headers:
        return headers.get("X-ClickHouse-User", ""), headers.get("X-ClickHouse-Key", "")
    return given.get("user", ""), given.get("password", "")


def _numbered(types: str) -> str:
    """Columns `_1`, `_2`, ... of a list of types; commas inside brackets or quotes belong to a type."""
    parts = re.findall(
        r"(?:[^,(']|'(?:[^'\\]|\\.)*'|\((?:[^()']|'(?:[^'\\]|\\.)*'|\((?:[^()]|\([^()]*\))*\))*\))+", types
    )
    return ", ".join(f"_{number} {part.strip()}" for number, part in enumerate(parts, 1))
