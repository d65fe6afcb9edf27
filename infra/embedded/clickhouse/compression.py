"""Compression on the wire: HTTP's own encodings, and ClickHouse's native LZ4 frames (`compress=1`, `decompress=1`)."""

import zlib
from typing import Any, Protocol

import lz4.block
import lz4.frame
import zstandard
from clickhouse_cityhash.cityhash import CityHash128  # type: ignore[import-untyped]

from infra.embedded.clickhouse.errors import INCORRECT_DATA, UNKNOWN_COMPRESSION_METHOD, QueryError

# Cheapest first: on loopback the processor is the bottleneck, not the wire.
_ENCODINGS = ("lz4", "zstd", "gzip", "deflate")
_NATIVE_BLOCK = 1 << 20
_NATIVE_BLOCK_MAX = 1 << 30
_LZ4, _NONE = 0x82, 0x02


class Encoder(Protocol):
    """Compresses a response as it is made."""

    def encode(self, data: bytes) -> bytes: ...

    def finish(self) -> bytes: ...


class Decoder(Protocol):
    """Decompresses a request body as it comes; `finish` raises QueryError when the body stopped in the middle."""

    def decode(self, data: bytes) -> bytes: ...

    def finish(self) -> None: ...


class _Zlib:
    def __init__(self, wbits: int) -> None:
        self._codec = zlib.compressobj(1, wbits=wbits)

    def encode(self, data: bytes) -> bytes:
        return self._codec.compress(data) + self._codec.flush(zlib.Z_SYNC_FLUSH)

    def finish(self) -> bytes:
        return self._codec.flush()


class _Lz4:
    def __init__(self) -> None:
        self._codec = lz4.frame.LZ4FrameCompressor(auto_flush=True)
        self._begun = False

    def encode(self, data: bytes) -> bytes:
        start = b"" if self._begun else self._codec.begin()
        self._begun = True
        return bytes(start + self._codec.compress(data))

    def finish(self) -> bytes:
        return bytes((b"" if self._begun else self._codec.begin()) + self._codec.flush())


class _Zstd:
    def __init__(self) -> None:
        self._codec = zstandard.ZstdCompressor(level=1).compressobj()

    def encode(self, data: bytes) -> bytes:
        return bytes(self._codec.compress(data) + self._codec.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK))

    def finish(self) -> bytes:
        return bytes(self._codec.flush())


def _checksum(block: bytes) -> bytes:
    low, high = divmod(int(CityHash128(block)), 1 << 64)
    return low.to_bytes(8, "little") + high.to_bytes(8, "little")


class _NativeEncoder:
    """Blocks of checksum, method, sizes, data. The checksum is CityHash128 of its version 1.0.2, nothing newer."""

    def encode(self, data: bytes) -> bytes:
        return b"".join(
            self._block(data[start : start + _NATIVE_BLOCK]) for start in range(0, len(data), _NATIVE_BLOCK)
        )

    def finish(self) -> bytes:
        return b""

    def _block(self, data: bytes) -> bytes:
        packed = lz4.block.compress(data, store_size=False)
        block = bytes([_LZ4]) + (len(packed) + 9).to_bytes(4, "little") + len(data).to_bytes(4, "little") + packed
        return bytes(_checksum(block) + block)


class _NativeDecoder:
    def __init__(self) -> None:
        self._held = bytearray()

    def decode(self, data: bytes) -> bytes:
        self._held += data
        out = []
        while len(self._held) >= 25:
            size = int.from_bytes(self._held[17:21], "little")
            plain_size = int.from_bytes(self._held[21:25], "little")
            if not 9 <= size <= _NATIVE_BLOCK_MAX or plain_size > _NATIVE_BLOCK_MAX:
                raise QueryError(INCORRECT_DATA, "The sizes in a compressed block are wrong: is the body compressed?")
            if len(self._held) < 16 + size:
                break
            block = bytes(self._held[16 : 16 + size])
            if _checksum(block) != self._held[:16]:
                raise QueryError(40, "Checksum doesn't match: corrupted data", "CHECKSUM_DOESNT_MATCH")
            del self._held[: 16 + size]
            if block[0] == _LZ4:
                out.append(lz4.block.decompress(block[9:], uncompressed_size=plain_size))
            elif block[0] == _NONE:
                out.append(block[9:])
            else:
                raise QueryError(
                    UNKNOWN_COMPRESSION_METHOD,
                    f"Unknown compression method 0x{block[0]:02x} in a native block: send LZ4 or use Content-Encoding",
                )
        return b"".join(out)

    def finish(self) -> None:
        if self._held:
            raise QueryError(INCORRECT_DATA, "The compressed request body stops in the middle of a block")


class _Members:
    """Decodes bodies of one or several concatenated frames: clients compress each block into a frame of its own."""

    def __init__(self, encoding: str) -> None:
        self._encoding = encoding
        self._codec: Any = self._fresh()
        self._midway = False

    def _fresh(self) -> Any:
        if self._encoding == "gzip":
            return zlib.decompressobj(wbits=31)
        if self._encoding == "deflate":
            return zlib.decompressobj()
        if self._encoding == "zstd":
            return zstandard.ZstdDecompressor().decompressobj()
        return lz4.frame.LZ4FrameDecompressor()

    def decode(self, data: bytes) -> bytes:
        out = []
        try:
            while data:
                out.append(self._codec.decompress(data))
                self._midway, data = not self._codec.eof, b""
                if self._codec.eof:
                    data = self._codec.unused_data or b""
                    self._codec = self._fresh()
        except (zlib.error, zstandard.ZstdError, RuntimeError) as error:
            raise QueryError(
                271, f"Cannot decompress the {self._encoding} body: {error}", "CANNOT_DECOMPRESS"
            ) from error
        return b"".join(out)

    def finish(self) -> None:
        if self._midway:
            raise QueryError(INCORRECT_DATA, f"The {self._encoding} request body stops in the middle")


def encoder(encoding: str) -> Encoder | None:
    """The compressor of a response: an HTTP encoding, `native`, or '' for none."""
    match encoding:
        case "":
            return None
        case "native":
            return _NativeEncoder()
        case "lz4":
            return _Lz4()
        case "zstd":
            return _Zstd()
        case "gzip":
            return _Zlib(31)
        case _:
            return _Zlib(15)


def decoder(content_encoding: str, *, native: bool) -> Decoder | None:
    """The decompressor of a request body, None for a plain one. Raises QueryError for an encoding we do not know."""
    encoding = content_encoding.strip().lower()
    if native:
        if encoding not in ("", "identity"):
            raise QueryError(UNKNOWN_COMPRESSION_METHOD, "decompress=1 together with Content-Encoding: send only one")
        return _NativeDecoder()
    if encoding in ("", "identity"):
        return None
    if encoding not in _ENCODINGS:
        known = ", ".join(_ENCODINGS)
        raise QueryError(UNKNOWN_COMPRESSION_METHOD, f"Unknown Content-Encoding '{encoding}': send one of {known}")
    return _Members(encoding)


def accepted(accept_encoding: str) -> str:
    """The encoding to answer with, '' when the client takes none of ours."""
    offered = {
        part.split(";")[0].strip().lower() for part in accept_encoding.split(",") if "q=0" not in part.split(";")
    }
    return next((encoding for encoding in _ENCODINGS if encoding in offered), "")
