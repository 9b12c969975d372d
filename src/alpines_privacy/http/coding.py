"""Content codings: a compressed page decoded, and encoded again as it streams.

gzip and deflate are zlib's; br and zstd come with their libraries where those are installed
(`brotli` or `brotlicffi`; `zstandard`, or Python 3.14's own). RFC 9110 §8.4.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any, Protocol

from alpines_privacy.http.cache import cached
from alpines_privacy.http.heads import split_list

__all__ = [
    "DECODABLE",
    "Decoder",
    "Encoder",
    "beginning",
    "decoder",
    "encoder",
    "narrowed",
    "zstd_library",
]

_GZIP = 0x1F  # the first byte of a member
_PIECE = 262144  # bytes decoded at once: a chunk that inflates a thousandfold stays within bounds


class Decoder(Protocol):
    """Turns coded bytes back, piece by piece."""

    def __call__(self, data: bytes) -> Iterator[bytes]:
        """Decode the next bytes. Raises ValueError for bytes that are not in this coding."""
        ...


class Encoder(Protocol):
    """Codes bytes so that what has been given can be decoded at once."""

    def __call__(self, data: bytes, *, last: bool) -> bytes:
        """Encode and flush the next bytes; with `last`, end the stream."""
        ...


@cached("narrowed codings")
def narrowed(accept_encoding: str) -> str | None:
    """Return an Accept-Encoding without codings that cannot be decoded here; None if it needs no change.

    `*` means any coding, so it is removed. If nothing is left, the result is `identity`.
    """
    members = split_list(accept_encoding)
    kept = [m for m in members if m.partition(";")[0].strip().lower() in DECODABLE | {"identity"}]
    return None if kept == members else ", ".join(kept) or "identity"


def decoder(coding: str) -> Decoder:
    """Return a decoder for a coding of `DECODABLE`."""
    return _CODINGS[coding][0]()


def beginning(coding: str, first: bytes) -> bytes | None:
    """Return the first decoded piece of a body that begins with `first`; None if it cannot be decoded.

    `coding` is a Content-Encoding in lower case; nothing and `identity` are none.
    """
    if coding in {"", "identity"}:
        return first
    if coding not in DECODABLE:
        return None
    try:
        return next(decoder(coding)(first), b"")
    except ValueError:
        return None


def encoder(coding: str) -> Encoder:
    """Return an encoder for a coding of `DECODABLE`."""
    return _CODINGS[coding][1]()


def _gzip_decoder() -> Decoder:
    return _ZlibDecoder(lambda _: zlib.decompressobj(31), members=True)


def _deflate_decoder() -> Decoder:
    """Decode a zlib stream, or the raw DEFLATE some servers send for "deflate": two bytes tell."""
    return _ZlibDecoder(
        lambda start: zlib.decompressobj(15 if _is_zlib(start) else -15), members=False
    )


def _is_zlib(start: bytes) -> bool:
    return start[0] & 15 == 8 and (len(start) < 2 or int.from_bytes(start[:2]) % 31 == 0)


class _ZlibDecoder:
    """Decodes a zlib stream; `members` of gzip may follow one another (RFC 1952 §2.2).

    Other bytes after the end are ignored, as in browsers: some apps pad with zeros.
    """

    def __init__(self, begin: Callable[[bytes], Any], *, members: bool) -> None:
        self._begin = begin
        self._members = members
        self._stream: Any = None

    def __call__(self, data: bytes) -> Iterator[bytes]:
        try:
            more = bool(data)
            while more:
                if self._stream is None:
                    self._stream = self._begin(data)
                elif self._stream.eof:
                    if not self._members or data[0] != _GZIP:
                        return
                    self._stream = self._begin(data)
                stream = self._stream
                yield (piece := stream.decompress(data, _PIECE))
                data = stream.unused_data if stream.eof else stream.unconsumed_tail
                # A full piece may have more behind it, though all that was coded is taken in.
                more = bool(data) or (len(piece) == _PIECE and not stream.eof)
        except zlib.error as error:
            raise ValueError(str(error)) from None


def _zlib_encoder(wbits: int) -> Encoder:
    stream = zlib.compressobj(6, zlib.DEFLATED, wbits)

    def encode(data: bytes, *, last: bool) -> bytes:
        return stream.compress(data) + stream.flush(zlib.Z_FINISH if last else zlib.Z_SYNC_FLUSH)

    return encode


def _gzip_encoder() -> Encoder:
    return _zlib_encoder(31)


def _deflate_encoder() -> Encoder:
    return _zlib_encoder(15)


def _brotli() -> tuple[Callable[[], Decoder], Callable[[], Encoder]] | None:
    brotli = _first("brotli", "brotlicffi")
    if brotli is None:
        return None

    def begin_decoder() -> Decoder:
        stream = brotli.Decompressor()

        def decode(data: bytes) -> Iterator[bytes]:
            try:
                yield stream.process(data)
            except brotli.error as error:
                raise ValueError(str(error)) from None

        return decode

    def begin_encoder() -> Encoder:
        stream = brotli.Compressor(quality=4)

        def encode(data: bytes, *, last: bool) -> bytes:
            return bytes(stream.process(data) + (stream.finish() if last else stream.flush()))

        return encode

    return begin_decoder, begin_encoder


def _zstd() -> tuple[Callable[[], Decoder], Callable[[], Encoder]] | None:
    zstd = zstd_library()
    if zstd is None:
        return None
    own = zstd.__name__ != "zstandard"  # Python's own names it otherwise

    def begin_decoder() -> Decoder:
        stream: Any = None

        def decode(data: bytes) -> Iterator[bytes]:
            nonlocal stream
            try:
                while data:
                    if stream is None or stream.eof:  # frames may follow one another, RFC 8878 §3
                        made = zstd.ZstdDecompressor()
                        stream = made if own else made.decompressobj()
                    yield stream.decompress(data)
                    data = stream.unused_data if stream.eof else b""
            except zstd.ZstdError as error:
                raise ValueError(str(error)) from None

        return decode

    def begin_encoder() -> Encoder:
        if own:
            stream = zstd.ZstdCompressor()
            block, end = stream.FLUSH_BLOCK, stream.FLUSH_FRAME
        else:
            stream = zstd.ZstdCompressor().compressobj()
            block, end = zstd.COMPRESSOBJ_FLUSH_BLOCK, zstd.COMPRESSOBJ_FLUSH_FINISH

        def encode(data: bytes, *, last: bool) -> bytes:
            return bytes(stream.compress(data) + stream.flush(end if last else block))

        return encode

    return begin_decoder, begin_encoder


def zstd_library() -> Any:
    """Return Python's own `compression.zstd` (3.14) or `zstandard`; None where there is neither."""
    return _first("compression.zstd", "zstandard")


def _first(*names: str) -> Any:
    for name in names:
        try:
            return import_module(name)
        except ImportError:
            continue
    return None


_CODINGS: dict[str, tuple[Callable[[], Decoder], Callable[[], Encoder]]] = {
    "gzip": (_gzip_decoder, _gzip_encoder),
    "x-gzip": (_gzip_decoder, _gzip_encoder),
    "deflate": (_deflate_decoder, _deflate_encoder),
}
_CODINGS |= {name: coding for name, coding in (("br", _brotli()), ("zstd", _zstd())) if coding}

DECODABLE = frozenset(_CODINGS)
