"""Which output formats can be sent block by block, and how the header each block repeats is sent only once.

The engine encodes every block of a streamed result as if it were the whole. For formats without a header or footer
the blocks simply follow each other; for those with a header the later ones are cut; all others have to be collected.
"""

from collections.abc import Callable, Iterator

Cut = Callable[[bytes], int]

_PLAIN = [
    "BSONEachRow",
    "CSV",
    "JSONCompactEachRow",
    "JSONCompactStringsEachRow",
    "JSONEachRow",
    "JSONLines",
    "JSONStringsEachRow",
    "LineAsString",
    "MsgPack",
    "NDJSON",
    "Native",
    "Null",
    "Raw",
    "RawBLOB",
    "RowBinary",
    "TSKV",
    "TSV",
    "TSVRaw",
    "TabSeparated",
    "TabSeparatedRaw",
]
_CONTENT_TYPES = {
    "TSV": "text/tab-separated-values; charset=UTF-8",
    "TabSeparated": "text/tab-separated-values; charset=UTF-8",
    "CSV": "text/csv; charset=UTF-8; header=absent",
    "JSON": "application/json; charset=UTF-8",
    "JSONCompact": "application/json; charset=UTF-8",
    "JSONEachRow": "application/x-ndjson; charset=UTF-8",
    "XML": "application/xml; charset=UTF-8",
    "Native": "application/octet-stream",
    "Arrow": "application/octet-stream",
    "ArrowStream": "application/octet-stream",
    "Parquet": "application/octet-stream",
}
# Settings that give a plain format a frame around all rows.
FRAMING_SETTINGS = frozenset({"output_format_json_array_of_rows"})
_ARROW_END = b"\xff\xff\xff\xff\x00\x00\x00\x00"


def _lines(count: int) -> Cut:
    """Formats that escape newlines: the header is `count` lines."""

    def cut(block: bytes) -> int:
        end = 0
        for _ in range(count):
            end = block.index(b"\n", end) + 1
        return end

    return cut


def _csv_lines(count: int) -> Cut:
    """CSV keeps newlines inside quotes: a line ends where the quotes before it are even."""

    def cut(block: bytes) -> int:
        end = 0
        for _ in range(count):
            start = end
            while True:
                end = block.index(b"\n", end) + 1
                if block.count(b'"', start, end) % 2 == 0:
                    break
        return end

    return cut


def _row_binary(strings_per_column: int) -> Cut:
    """RowBinaryWithNames[AndTypes]: a varint of columns, then that many strings once (names) or twice (and types)."""

    def varint(block: bytes, at: int) -> tuple[int, int]:
        value = shift = 0
        while True:
            byte = block[at]
            value, shift, at = value | (byte & 0x7F) << shift, shift + 7, at + 1
            if byte < 0x80:
                return value, at

    def cut(block: bytes) -> int:
        columns, at = varint(block, 0)
        for _ in range(columns * strings_per_column):
            length, at = varint(block, at)
            at += length
        return at

    return cut


def _arrow_schema(block: bytes) -> int:
    """The schema message of an Arrow stream: marker, length of metadata, metadata; it has no body."""
    return 8 + int.from_bytes(block[4:8], "little")


_HEADERS: dict[str, Cut] = {"ArrowStream": _arrow_schema}
for _base in ("TSV", "TabSeparated", "JSONCompactEachRow", "JSONCompactStringsEachRow"):
    _HEADERS |= {f"{_base}WithNames": _lines(1), f"{_base}WithNamesAndTypes": _lines(2)}
_HEADERS |= {"CSVWithNames": _csv_lines(1), "CSVWithNamesAndTypes": _csv_lines(2)}
_HEADERS |= {"RowBinaryWithNames": _row_binary(1), "RowBinaryWithNamesAndTypes": _row_binary(2)}

STREAMING = frozenset(_PLAIN) | frozenset(_HEADERS)


def content_type(name: str) -> str:
    """The media type of an output format; text for what has none of its own."""
    return _CONTENT_TYPES.get(name, "text/plain; charset=UTF-8")


def joined(name: str, blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Join the blocks of a streaming format into one document. `name` must be in STREAMING."""
    cut = _HEADERS.get(name)
    if cut is None:
        yield from blocks
        return
    footer = _ARROW_END if name == "ArrowStream" else b""
    header = b""
    for block in blocks:
        if not block:
            continue
        end = len(block) - len(footer) if footer and block.endswith(footer) else len(block)
        if not header:
            header = block[: cut(block)]
            yield block[:end]
        else:
            # The block of totals and the empty last block may come without the header.
            yield block[len(header) if block.startswith(header) else 0 : end]
    if header:
        yield footer
