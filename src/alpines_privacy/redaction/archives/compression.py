"""The compression of an archive: recognised by its first bytes, unpacked, and packed again alike.

Every piece of text is packed as a separate member, as gzip (RFC 1952 §2.2), zstd (RFC 8878 §3.1),
bzip2 and xz allow. So all cores can pack, and each member can be read as soon as it is written.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zlib
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from alpines_privacy.http.coding import zstd_library

__all__ = ["ArchiveError", "Compression", "embedded", "packed", "recognised", "unpacked"]

_HEAD = 512  # bytes by which a file is recognised
_MOST_LAYERS = 3  # layers of compression, one in another
_MOST_TIMES = 1000  # unpacked size over packed size, at most; gzip cannot exceed it
_ANY_SIZE = 256 << 20  # unpacked bytes that are allowed whatever the packed size
_MEMORY = 128 << 20  # bytes of memory that xz may use; `xz -9` needs 65 MiB
_PIECE = 262144  # bytes of text read at once
_ZSTD_PIECE = 1024  # bytes of zstd read at once: its library cannot limit how much text it returns


class ArchiveError(ValueError):
    """An archive that cannot be read as text or rewritten safely; it stays unchanged."""


class Compression(NamedTuple):
    """The format and level of an archive: `Compression("gzip", 6)`; "plain" for no compression."""

    name: str
    level: int
    inside: Compression | None = None  # the packed content is an archive itself


class _Refused(NamedTuple):
    """A form in which personal data cannot be found, and which must not pass as clean."""

    offset: int
    magic: bytes
    what: str


_NOT_TEXT = (
    _Refused(0, b"PK\x03\x04", "a zip archive; unpack it first"),
    _Refused(0, b"7z\xbc\xaf\x27\x1c", "a 7z archive; unpack it first"),
    _Refused(0, b"\x04\x22\x4d\x18", "compressed with lz4; unpack it first"),
    _Refused(0, b"\x1f\x9d", "compressed with compress; unpack it first"),
    _Refused(0, b"LPKSHHRH", "a systemd journal; export it with journalctl first"),
    _Refused(0, b"\xff\xfe", "UTF-16 text; convert it with iconv first"),
    _Refused(0, b"\xfe\xff", "UTF-16 text; convert it with iconv first"),
    _Refused(257, b"ustar", "a tar archive; unpack it first"),
)


# The first bytes of compressed data, as many as the format fixes: no text has these bytes.
_EMBEDDED = (
    b"\x1f\x8b\x08",
    b"\x28\xb5\x2f\xfd",
    b"\xfd7zXZ\x00",
    *(b"BZh%d1AY&SY" % n for n in range(1, 10)),
)


def recognised(head: bytes) -> Compression:
    """Return the compression of an archive that begins with `head` (512 bytes, or the whole archive).

    The level is estimated from what the format stores: gzip its extremes, bzip2 its block size, zstd
    its window. Raises `ArchiveError` for data that is not text in a known compression.
    """
    for magic, name, level in _FORMATS:
        if head.startswith(magic):
            return Compression(name, level(head))
    refuse_unless_text(head)
    return Compression("plain", 0)


def refuse_unless_text(head: bytes) -> None:
    """Raise `ArchiveError` if data that begins with `head` has a known form in which nothing can be found."""
    for offset, magic, what in _NOT_TEXT:
        if head.startswith(magic, offset):
            raise ArchiveError(f"is {what}")


def unpacked(
    file: io.BufferedReader, taken: Callable[[], int]
) -> tuple[Compression, Iterator[bytes]]:
    """Return the compression of an archive, and its text in pieces, each as soon as it is unpacked.

    An archive compressed several times is unpacked fully. `taken` gives the number of bytes read from the
    archive so far. Raises `ArchiveError`, here or later, for an archive that is damaged, ends too early,
    is packed more than three times over, or unpacks to more than a thousand times its size.
    """
    around: list[Compression] = []
    while (compression := recognised(file.peek(_HEAD)[:_HEAD])).name != "plain":
        if len(around) == _MOST_LAYERS:
            raise ArchiveError(
                f"is compressed more than {_MOST_LAYERS} times over; unpack it first"
            )
        around.append(compression)
        file = io.BufferedReader(_Unpacked(_with_head(_read(compression, file))), _PIECE)
    packing = compression
    for layer in reversed(around):
        packing = layer if packing.name == "plain" else layer._replace(inside=packing)
    pieces = _pieces(file)
    return packing, _bounded(pieces, taken) if around else pieces


def _read(compression: Compression, file: Any) -> Iterator[bytes]:
    try:
        yield from _READERS[compression.name](file)
    except (EOFError, gzip.BadGzipFile, zlib.error, lzma.LZMAError, ValueError) as error:
        if isinstance(error, ArchiveError):
            raise
        raise ArchiveError(f"is damaged or incomplete ({compression.name}: {error})") from None


def _with_head(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the pieces; the first is long enough to recognise the format, if there is enough data."""
    head = b""
    for piece in pieces:
        head += piece
        if len(head) >= _HEAD:
            break
    yield head
    yield from pieces


def _bounded(pieces: Iterator[bytes], taken: Callable[[], int]) -> Iterator[bytes]:
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > _ANY_SIZE and size > _MOST_TIMES * taken():
            raise ArchiveError(
                f"unpacks to more than {_MOST_TIMES:,} times its size, as no log does; if it is one, unpack it first"
            )
        yield piece


class _Unpacked(io.RawIOBase):
    """Pieces of unpacked bytes as a file, which may itself be an archive."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        super().__init__()
        self._pieces = pieces
        self._held = memoryview(b"")

    def readable(self) -> bool:
        """Return True: the file can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Copy unpacked bytes into the buffer, up to its length; return how many."""
        while not self._held:
            if (piece := next(self._pieces, None)) is None:
                return 0
            self._held = memoryview(piece)
        size = min(len(buffer), len(self._held))
        buffer[:size] = self._held[:size]
        self._held = self._held[size:]
        return size


def embedded(text: bytes) -> bool:
    """Tell whether text holds compressed data, in which nothing can be found."""
    return any(magic in text for magic in _EMBEDDED)


def packed(compression: Compression, text: bytes) -> bytes:
    """Return a piece of text as a member of an archive; nothing for no text."""
    if not text:
        return b""
    if compression.inside is not None:
        text = packed(compression.inside, text)
    return _PACKERS[compression.name](text, compression.level)


def _pieces(file: Any) -> Iterator[bytes]:
    while piece := file.read1(_PIECE):
        yield piece


def _bzip2(file: Any) -> Iterator[bytes]:
    try:
        yield from _pieces(bz2.BZ2File(file))
    except OSError as error:  # the OSError that bz2 raises for invalid data has no errno
        if error.errno is not None:
            raise
        raise ArchiveError(f"is damaged (bzip2: {error})") from None


def _xz(file: Any) -> Iterator[bytes]:
    stream: lzma.LZMADecompressor | None = None
    while data := file.read1(_PIECE):
        while data or (stream is not None and not stream.needs_input):
            if stream is None:
                stream = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_MEMORY)
            text = stream.decompress(data, _PIECE)
            data = b""
            if text:
                yield text
            if stream.eof:  # more streams may follow, after padding (xz file format, §2.2)
                data, stream = stream.unused_data.lstrip(b"\0"), None
    if stream is not None:
        raise EOFError("it ends inside a stream")


def _zstd(file: Any) -> Iterator[bytes]:
    library = zstd_library()
    if library is None:
        raise ArchiveError(
            "is compressed with zstd; to read it: pip install 'alpines-privacy[zstd]'"
        )
    stream: Any = None
    while data := file.read1(_ZSTD_PIECE):
        while data:
            if stream is None or stream.eof:
                made = library.ZstdDecompressor()
                stream = made.decompressobj() if library.__name__ == "zstandard" else made
            try:
                text = stream.decompress(data)
            except library.ZstdError as error:
                raise ArchiveError(f"is damaged (zstd: {error})") from None
            if text:
                yield text
            data = stream.unused_data if stream.eof else b""
    if stream is not None and not stream.eof:
        raise EOFError("it ends inside a frame")


def _zstd_packed(text: bytes, level: int) -> bytes:
    library = zstd_library()
    if library.__name__ == "zstandard":
        theirs: bytes = library.ZstdCompressor(level=level, write_checksum=True).compress(text)
        return theirs
    names = library.CompressionParameter  # the standard library's module
    own: bytes = library.compress(
        text, options={names.compression_level: level, names.checksum_flag: 1}
    )
    return own


def _zstd_level(head: bytes) -> int:
    """Return the level whose window a frame has: 2 MiB up to level 8, 4 MiB to 15, 8 MiB and more above."""
    if len(head) < 6 or head[4] & 0x20:  # a single segment: its window is its length
        return 3
    window_log = 10 + (head[5] >> 3)
    return 3 if window_log < 22 else 9 if window_log == 22 else 19


_FORMATS: tuple[tuple[bytes, str, Callable[[bytes], int]], ...] = (
    (b"\x1f\x8b\x08", "gzip", lambda head: {2: 9, 4: 1}.get(head[8] if len(head) > 8 else 0, 6)),
    (b"\x28\xb5\x2f\xfd", "zstd", _zstd_level),
    *((bytes((0x50 + n, 0x2A, 0x4D, 0x18)), "zstd", lambda _: 3) for n in range(16)),  # skippable
    (b"BZh", "bzip2", lambda head: head[3] - 0x30 if head[3:4] in {*map(str.encode, "123456789")} else 9),
    (b"\xfd7zXZ\x00", "xz", lambda _: 6),
)  # fmt: skip

_READERS: dict[str, Callable[[Any], Iterator[bytes]]] = {
    "plain": _pieces,
    "gzip": lambda file: _pieces(gzip.GzipFile(fileobj=file)),
    "zstd": _zstd,
    "bzip2": _bzip2,
    "xz": _xz,
}

_PACKERS: dict[str, Callable[[bytes, int], bytes]] = {
    "plain": lambda text, _: text,
    "gzip": lambda text, level: gzip.compress(text, level, mtime=0),
    "zstd": _zstd_packed,
    "bzip2": bz2.compress,
    "xz": lambda text, level: lzma.compress(text, preset=level),
}
