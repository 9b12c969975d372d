"""Caches bounded in bytes, keyed by parts of requests, pages, logs or the app's heads.

Visitors choose the keys, so a bound on the number of entries is no bound on memory: 600 hosts of
250 KB are 150 MB. `BOUNDS` lists all caches; no other can be made. All caches of one name share
one bound, however many guards there are.

A hit is one look-up in a dictionary, without a call. Nothing is locked: two threads may compute a
value twice, or count an entry twice or not at all.
"""

from __future__ import annotations

from collections.abc import Callable
from sys import getsizeof
from types import MappingProxyType
from typing import Any, Generic, NamedTuple, TypeVar
from weakref import ref

__all__ = ["BOUNDS", "Bound", "Cache", "cached", "held", "size_of"]

KeyT = TypeVar("KeyT")
ValueT = TypeVar("ValueT")

_KB = 1024
# Bytes of a dictionary for each entry, just after it has grown, and of the allocator's rounding.
_ENTRY = 160
_ROUNDING = 16
# Bytes of an object of a class not measured here; a cache of larger ones gets a `weigh`.
_OTHER = 512
_LARGEST_SHARE = 8  # no entry takes more than one part in so many of the bound


class Bound(NamedTuple):
    """A cache's bound: `size` bytes in all, keys of at most `longest` bytes, and why it exists."""

    key: str
    size: int
    longest: int
    reason: str


BOUNDS = MappingProxyType(
    {
        # http
        "registrable domains": Bound("a host", 512 * _KB, 512, "the Public Suffix List takes 10 µs"),
        "sites": Bound("a scheme and an authority", 256 * _KB, 768, "every request with cookies or a page asks"),
        "trusted peers": Bound("an address", 128 * _KB, 256, "parsing and comparing one takes 5 µs"),
        "narrowed codings": Bound("an Accept-Encoding", 128 * _KB, 512, "every request for a page asks"),
        "accepted JSON": Bound("an Accept", 128 * _KB, 1 * _KB, "weighing the members takes 10 µs"),
        "media types": Bound("a Content-Type", 128 * _KB, 512, "every response asks"),
        "field names": Bound("a field's name", 256 * _KB, 256, "every field of every response asks"),
        "raw media types": Bound("a Content-Type in bytes", 128 * _KB, 512, "as above, for ASGI"),
        "raw field names": Bound("a field's name in bytes", 256 * _KB, 256, "as above, for ASGI"),
        "cookie dates": Bound("an Expires", 128 * _KB, 256, "a framework writes the same date all second long"),
        # cookies
        "cookie rules": Bound("a cookie's name", 512 * _KB, 256, "hundreds of known names are one pattern"),
        "unwanted cookies": Bound("a cookie's name", 256 * _KB, 256, "asked for each cookie a browser sends"),
        "cookie verdicts": Bound("a name, its attributes, the second", 1024 * _KB, 1 * _KB, "an app repeats them"),
        "cookie deletions": Bound("a name, a host, a path", 1024 * _KB, 1 * _KB, "a stale cookie comes with each page"),
        # signups
        "signup paths": Bound("a path", 512 * _KB, 512, "every request asks"),
        # intrusion
        "login paths": Bound("a path", 256 * _KB, 512, "every request asks, where logins are declared"),
        # collected
        "collection paths": Bound("a path", 256 * _KB, 512, "every request with fields asks"),
        # trackers
        "page hosts": Bound("a page's host", 512 * _KB, 512, "asked for each new address of a page"),
        "rules on a host": Bound("a host", 2560 * _KB, 512, "its parents' rules too, from all lists"),
        "rules of a listed host": Bound("a host", 3072 * _KB, 512, "understanding a rule takes 20 µs"),
        "rules with a word": Bound("a word of an address", 5120 * _KB, 256, "as above"),
        "loads": Bound("an address, a page's host, kinds", 2048 * _KB, 4 * _KB, "10 µs each; heads repeat theirs"),
        "page outcomes": Bound("a host, a scheme, the visitor's signal", 128 * _KB, 1 * _KB, "whose are the next two"),
        "tags": Bound("a tag's bytes, or their digest", 5120 * _KB, 1 * _KB, "a site's pages repeat their tags"),
        "style sheets": Bound("a digest", 1024 * _KB, 128, "a site's pages repeat their styles"),
        "load policies": Bound("a host, a mount, a length", 512 * _KB, 2 * _KB, "building one takes 50 µs"),
        # shield
        "shield elements": Bound("a mount, a host, the visitor's signal", 512 * _KB, 2 * _KB, "every page has one"),
        # passwords
        "paths of passwords": Bound("a path", 256 * _KB, 512, "every page asks"),
        # redaction
        "clean messages": Bound("a log's template, a name", 256 * _KB, 512, "a program repeats what it says"),
        "log keys": Bound("a key", 512 * _KB, 512, "a log repeats its keys"),
        "readings of keys": Bound("a key and what is around it", 512 * _KB, 1 * _KB, "as above"),
        "forms of cards": Bound("the lengths of five groups", 64 * _KB, 128, "asked at each group of a number"),
        "forms of numbers": Bound("a form", 512 * _KB, 128, "without RE2, numbers of a log repeat their forms"),
        "user agents": Bound("a User-Agent", 512 * _KB, 1 * _KB, "parsing one takes a millisecond"),
    }
)  # fmt: skip


class _Member(ref["Cache[Any, Any]"]):
    """One of the caches of a name, and the bytes it holds."""

    __slots__ = ("held", "place")

    held: int
    place: int


class _Share:
    """The bytes that all caches of one name hold."""

    __slots__ = ("limit", "longest", "members", "used")

    def __init__(self, bound: Bound) -> None:
        self.limit, self.longest = bound.size, bound.longest
        self.used = 0
        self.members: dict[int, _Member] = {}

    def joined(self, cache: Cache[Any, Any]) -> _Member:
        """Count a cache while it lives."""
        member = _Member(cache, self._left)
        member.held, member.place = 0, id(cache)
        self.members[member.place] = member
        return member

    def _left(self, member: ref[Cache[Any, Any]]) -> None:
        assert isinstance(member, _Member)
        self.members.pop(member.place, None)
        self.used = max(0, self.used - member.held)

    def drop(self) -> None:
        """Empty all caches of this name."""
        for member in self.members.copy().values():
            if (cache := member()) is not None:
                cache.clear()
                member.held = 0
        self.used = 0


_SHARES = {name: _Share(bound) for name, bound in BOUNDS.items()}


class Cache(dict[KeyT, ValueT], Generic[KeyT, ValueT]):
    """A function's results: `cache[key]` looks one up, or computes and keeps it.

    A cache without a function is read with `get` and filled with `keep`. A key is a str, bytes, int,
    bool, None, or a tuple or frozenset of those. The result for a longer key, or one of another
    type, is not kept. A full cache is emptied.
    """

    __slots__ = ("__weakref__", "_answer", "_member", "_share", "_weigh")

    def __init__(
        self,
        name: str,
        answer: Callable[[KeyT], ValueT] | None = None,
        weigh: Callable[[ValueT], int] | None = None,
    ) -> None:
        """`name` is one of `BOUNDS`; `weigh` returns the bytes of a value that `size_of` cannot measure."""
        super().__init__()
        self._answer = answer
        self._weigh: Callable[[ValueT], int] = weigh or size_of
        self._share = _SHARES[name]
        self._member = self._share.joined(self)

    def __missing__(self, key: KeyT) -> ValueT:
        if self._answer is None:
            raise KeyError(key)
        value = self._answer(key)
        self.keep(key, value)
        return value

    def keep(self, key: KeyT, value: ValueT) -> None:
        """Remember a value, if its key is not too long."""
        share = self._share
        size = _size_of_key(key)
        if size > share.longest:
            return
        size += _ENTRY if value is None else _ENTRY + self._weigh(value)
        if size > share.limit // _LARGEST_SHARE:
            return
        if share.used + size > share.limit:
            share.drop()
        share.used += size
        self._member.held += size
        self[key] = value


def cached(name: str) -> Callable[[Callable[[KeyT], ValueT]], Callable[[KeyT], ValueT]]:
    """Decorate a function of one argument: its results are kept in a cache of this name."""

    def decorate(answer: Callable[[KeyT], ValueT]) -> Callable[[KeyT], ValueT]:
        return Cache(name, answer).__getitem__

    return decorate


def held(name: str) -> int:
    """Return the bytes that the caches of a name hold, by their own estimate."""
    return _SHARES[name].used


_PLAIN = frozenset({str, bytes, int, float, bool, type(None)})
_SEVERAL = frozenset({tuple, frozenset})
_NEVER = 1 << 60
_OF_TEXT = 96  # bytes of a str without its characters


def size_of(value: object) -> int:
    """Return the bytes of a value and all it holds; shared objects count each time."""
    if type(value) in _PLAIN:
        return getsizeof(value) + _ROUNDING
    if isinstance(value, tuple | list | set | frozenset):
        return getsizeof(value) + _ROUNDING + sum(map(size_of, value))
    if isinstance(value, dict):
        return getsizeof(value) + sum(map(size_of, value)) + sum(map(size_of, value.values()))
    return _OTHER


def _size_of_key(key: object) -> int:
    """Return a key's bytes; for a key of another type more than any bound."""
    kind = type(key)
    if kind is str:
        text: str = key  # type: ignore[assignment]  # just asked
        return _OF_TEXT + (len(text) if text.isascii() else 4 * len(text))
    if kind in _SEVERAL:
        size = getsizeof(key) + _ROUNDING
        for part in key:  # type: ignore[attr-defined]  # a tuple or a frozenset
            # Most parts are ASCII: a call for each would cost as much as all else here.
            size += (
                _OF_TEXT + len(part) if type(part) is str and part.isascii() else _size_of_key(part)
            )
        return size
    return getsizeof(key) + _ROUNDING if kind in _PLAIN else _NEVER
