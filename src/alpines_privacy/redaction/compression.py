"""How an archive is compressed: told by its first bytes, read as text's bytes, packed again alike.

Every piece of text is packed as a member of its own, as gzip (RFC 1952 §2.2), zstd (RFC 8878 §3.1),
bzip2 and xz allow, so that all cores can pack and what has been written can be read at once.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import zlib
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO, NamedTuple

from alpines_privacy.http.coding import zstd_library

__all__ = ["ArchiveError", "Compression", "packed", "recognised", "unpacked"]

_PIECE = 262144  # bytes of text read at once
_ZSTD_PIECE = 1024  # bytes of zstd read at once: its library cannot be told how much text to return


class ArchiveError(ValueError):
    """An archive that cannot be read as text, or not safely rewritten; it is left as it was."""


class Compression(NamedTuple):
    """What an archive is packed with, at which level: `Compression("gzip", 6)`; "plain" for none."""

    name: str
    level: int


class _Refused(NamedTuple):
    """A form in which personal data would not be seen, which must not pass for clean."""

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


def recognised(head: bytes) -> Compression:
    """Tell how an archive that begins with `head` (512 bytes, or all there is) is compressed.

    The level is as near as the format tells: gzip notes its extremes, bzip2 its block size, zstd
    its window. Raises `ArchiveError` for what is no text in any compression known here.
    """
    for magic, name, level in _FORMATS:
        if head.startswith(magic):
            return Compression(name, level(head))
    refuse_unless_text(head)
    return Compression("plain", 0)


def refuse_unless_text(head: bytes) -> None:
    """Raise `ArchiveError` if what begins with `head` is a known form in which nothing would be found."""
    for offset, magic, what in _NOT_TEXT:
        if head.startswith(magic, offset):
            raise ArchiveError(f"is {what}")


def unpacked(compression: Compression, file: BinaryIO) -> Iterator[bytes]:
    """Yield an archive's text in pieces, as soon as there is any; `file` is read with `read1`.

    Raises `ArchiveError` where it is damaged or ends too early.
    """
    try:
        pieces = _READERS[compression.name](file)
        first = next(pieces, b"")
        refuse_unless_text(first)
        yield first
        yield from pieces
    except (EOFError, gzip.BadGzipFile, zlib.error, lzma.LZMAError, ValueError) as error:
        if isinstance(error, ArchiveError):
            raise
        raise ArchiveError(f"is damaged or incomplete ({compression.name}: {error})") from None


def packed(compression: Compression, text: bytes) -> bytes:
    """Return a piece of text as a member of an archive; nothing for no text."""
    return _PACKERS[compression.name](text, compression.level) if text else b""


def _pieces(file: Any) -> Iterator[bytes]:
    while piece := file.read1(_PIECE):
        yield piece


def _bzip2(file: Any) -> Iterator[bytes]:
    try:
        yield from _pieces(bz2.BZ2File(file))
    except OSError as error:  # what bz2 raises for bytes that are not its own has no number
        if error.errno is not None:
            raise
        raise ArchiveError(f"is damaged (bzip2: {error})") from None


def _zstd(file: Any) -> Iterator[bytes]:
    library = zstd_library()
    if library is None:
        raise ArchiveError("is compressed with zstd; install zstandard to read it")
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
    names = library.CompressionParameter  # Python's own
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
    "xz": lambda file: _pieces(lzma.LZMAFile(file)),  # noqa: SIM115 - who opened the file closes it
}

_PACKERS: dict[str, Callable[[bytes, int], bytes]] = {
    "plain": lambda text, _: text,
    "gzip": lambda text, level: gzip.compress(text, level, mtime=0),
    "zstd": _zstd_packed,
    "bzip2": bz2.compress,
    "xz": lambda text, level: lzma.compress(text, preset=level),
}
