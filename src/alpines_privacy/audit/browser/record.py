"""What passes through a gate during one visit, bounded in requests and bytes."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from alpines_privacy.audit.browser.answers import Kind
from alpines_privacy.audit.browser.markers import Found, Keys, Markers, keys_in, moves_in
from alpines_privacy.audit.browser.scope import Server

__all__ = ["LONGEST_URL", "Exchange", "Phase", "Record"]

Phase = Literal["loading", "typing", "leaving"]

LONGEST_URL = 8192
"""Characters of an address that are kept; all of it is searched."""

_MOST_REQUESTS = 1000
_MOST_BYTES = 100_000_000
_TOO_MUCH = f"the page loads more than {_MOST_REQUESTS:,} files or 100 MB: the rest is left out"
_MOST_PAGES = 30  # documents of one visit: one that loads itself again and again is stopped
_SHORTEST_MOVE = 3  # points of the mouse's path that are no coincidence


@dataclass(slots=True)
class Exchange:
    """One request and what came back; bodies and values are searched while they pass, and never kept.

    `began` and `seconds` are times of the record's clock, `size` the bytes of the response's body.
    """

    server: Server
    method: str
    url: str
    kind: Kind
    is_own: bool
    phase: Phase
    began: float
    referrer: str = ""
    status: int = 0
    media_type: str = ""
    size: int = 0
    seconds: float = 0.0
    set_cookies: tuple[str, ...] = ()
    found: frozenset[Found] = frozenset()
    tells_moves: bool = False


@dataclass
class Record:
    """The exchanges of one visit. `phase` is what the visitor does by now; `notes` what was out of bounds."""

    markers: Markers = field(default_factory=Markers)
    path: Sequence[tuple[int, int]] = ()
    clock: Callable[[], float] = time.monotonic
    phase: Phase = "loading"
    exchanges: list[Exchange] = field(default_factory=list)
    notes: dict[str, None] = field(default_factory=dict)
    _under_way: int = 0
    _bytes: int = 0
    _pages: int = 0
    _last: float = 0.0
    _keys: dict[str, Keys] = field(default_factory=lambda: defaultdict(Keys))

    @property
    def is_full(self) -> bool:
        """Whether the visit has asked for more than an audit takes."""
        return len(self.exchanges) >= _MOST_REQUESTS or self._bytes >= _MOST_BYTES

    def begin(self, exchange: Exchange, *parts: bytes) -> bool:
        """Write a request down and search its parts; tell whether it may go on."""
        self._last = self.clock()
        if self.is_full:
            self.note(_TOO_MUCH)
            return False
        self.exchanges.append(exchange)
        if not exchange.is_own and self.markers:
            self._search(exchange, parts)
        if exchange.kind in {"document", "iframe"}:
            self._pages += 1
        if self._pages > _MOST_PAGES:
            self.note(
                f"the page loads itself or frames again and again: stopped after {_MOST_PAGES} documents"
            )
        return self._pages <= _MOST_PAGES

    def _search(self, exchange: Exchange, parts: Sequence[bytes]) -> None:
        host = exchange.server.host
        found = self.markers.find(*parts)
        if self.phase != "loading":
            self._keys[host] = self._keys[host].followed_by(keys_in(*parts))
            found |= self.markers.spelled(self._keys[host])
        exchange.found |= found
        exchange.tells_moves |= moves_in(self.path, *parts) >= _SHORTEST_MOVE

    def message(self, exchange: Exchange, data: bytes) -> None:
        """Search a message that a websocket sends."""
        self._last = self.clock()
        if not exchange.is_own and self.markers:
            self._search(exchange, (data,))

    def takes(self, count: int) -> bool:
        """Count bytes of a response's body; tell whether they are still within the visit's bounds."""
        self._bytes += count
        if self._bytes >= _MOST_BYTES:
            self.note(_TOO_MUCH)
        return self._bytes < _MOST_BYTES

    def note(self, text: str) -> None:
        """Say once what was out of bounds."""
        self.notes.setdefault(text)

    def waits(self, by: int) -> None:
        """Count responses that are waited for: one more, or one less."""
        self._under_way += by
        self._last = self.clock()

    async def quiet(self, seconds: float, longest: float) -> bool:
        """Wait until nothing is under way and nothing new came for so long from now; tell whether it came to that."""
        self._last = self.clock()
        deadline = self.clock() + longest
        while (now := self.clock()) < deadline:
            if not self._under_way and now - self._last >= seconds:
                return True
            await asyncio.sleep(0.02)
        return False
