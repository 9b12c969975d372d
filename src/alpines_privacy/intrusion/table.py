"""`Table`: numbers with an expiry by key, in sixteen bytes each, with a bound on the whole.

A dictionary takes over a hundred bytes for an entry, and a stranger decides how many there are.
Here a key is its keyed digest, and entries lie in pages of bytes. A full page is split in two by
the next bit of its digests (extendible hashing), so the table grows with what it holds, and no
operation touches more than a page. When there are as many pages as there may be, a full page drops
the entry that matters least. Whoever invents keys without end therefore drops entries as light as
their own.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from hashlib import blake2b
from struct import Struct
from typing import NamedTuple

__all__ = ["Entry", "Table"]

_SLOT = Struct("<8sII")  # digest, second of expiry, value
_SIZE = _SLOT.size
_PAGE = 64 * _SIZE


class Entry(NamedTuple):
    """A value (of 32 bits), and the second since the epoch at which it expires."""

    expires: int
    value: int


class _Page:
    """Entries whose digests agree in their first `depth` bits."""

    __slots__ = ("depth", "slots")

    def __init__(self, depth: int) -> None:
        self.depth = depth
        self.slots = bytearray()


class Table:
    """Entries by key. Not locked; expired entries count as absent."""

    __slots__ = ("_deepest", "_depth", "_pages", "_salt", "_weight")

    def __init__(self, deepest: int, weight: Callable[[int], int]) -> None:
        """Hold at most 64 * 2**`deepest` entries; of a full page the least `weight` of a value goes first."""
        self._deepest = deepest
        self._weight = weight
        self._salt = secrets.token_bytes(16)
        self.clear()

    def clear(self) -> None:
        """Drop all entries."""
        self._depth = 0
        self._pages = [_Page(0)]

    def get(self, key: str, now: float) -> Entry | None:
        """Return the entry of a key, None if there is none or it has expired."""
        digest = self._digest(key)
        slots = self._page(digest).slots
        if (at := _find(slots, digest)) < 0:
            return None
        _, expires, value = _SLOT.unpack_from(slots, at)
        return Entry(expires, value) if expires > now else None

    def put(self, key: str, entry: Entry, now: float) -> None:
        """Set the entry of a key."""
        digest = self._digest(key)
        slot = _SLOT.pack(digest, *entry)
        page = self._page(digest)
        if (at := _find(page.slots, digest)) >= 0:
            page.slots[at : at + _SIZE] = slot
            return
        while len(page.slots) >= _PAGE:
            self._make_room(page, now)
            page = self._page(digest)
        page.slots += slot

    def drop(self, key: str) -> None:
        """Remove the entry of a key, if there is one."""
        digest = self._digest(key)
        slots = self._page(digest).slots
        if (at := _find(slots, digest)) >= 0:
            del slots[at : at + _SIZE]

    def __len__(self) -> int:
        """Return the number of entries, expired ones that are still there included."""
        return sum(len(page.slots) for page in {id(p): p for p in self._pages}.values()) // _SIZE

    def _digest(self, key: str) -> bytes:
        return blake2b(key.encode(), digest_size=8, key=self._salt).digest()

    def _page(self, digest: bytes) -> _Page:
        return self._pages[_number(digest) & ((1 << self._depth) - 1)]

    def _make_room(self, page: _Page, now: float) -> None:
        """Drop what has expired; if nothing has, split the page, or drop its lightest entry."""
        living = [slot for slot in _slots_of(page) if _SLOT.unpack(slot)[1] > now]
        if len(living) * _SIZE < _PAGE:
            page.slots = bytearray(b"".join(living))
        elif page.depth < self._deepest:
            self._split(page, living)
        else:
            living.remove(min(living, key=self._importance))
            page.slots = bytearray(b"".join(living))

    def _importance(self, slot: bytes) -> tuple[int, int]:
        _, expires, value = _SLOT.unpack(slot)
        return self._weight(value), expires

    def _split(self, page: _Page, slots: list[bytes]) -> None:
        bit = 1 << page.depth
        place = _number(slots[0]) & (bit - 1)
        page.depth += 1
        other = _Page(page.depth)
        page.slots = bytearray(b"".join(slot for slot in slots if not _number(slot) & bit))
        other.slots = bytearray(b"".join(slot for slot in slots if _number(slot) & bit))
        if page.depth > self._depth:
            self._pages += self._pages
            self._depth = page.depth
        for index in range(place | bit, len(self._pages), bit << 1):
            self._pages[index] = other


def _number(digest: bytes) -> int:
    return int.from_bytes(digest[:4], "little")


def _find(slots: bytearray, digest: bytes) -> int:
    """Return where the slot of a digest begins; -1 if there is none."""
    at = slots.find(digest)
    while at > 0 and at % _SIZE:
        at = slots.find(digest, at + 1)
    return at


def _slots_of(page: _Page) -> Iterator[bytes]:
    slots = bytes(page.slots)
    return (slots[at : at + _SIZE] for at in range(0, len(slots), _SIZE))
