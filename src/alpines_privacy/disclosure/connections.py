"""Connections of the process, seen by Python's audit events (PEP 578).

An audit hook sees every event of the process and can never be removed, so it is one comparison for
those of other kinds, and one look at an empty list where no policy asks any more. A host is judged
by its name when it is looked up. A connection to an address is judged only if no look-up led there:
what look-ups answer is known by a wrapper of `socket.getaddrinfo`, which is undone with the last
policy.
"""

from __future__ import annotations

import errno
import socket
import sys
from collections.abc import Callable
from typing import Any

from alpines_privacy.disclosure.hosts import as_host
from alpines_privacy.disclosure.under_way import is_active, judge_of_process
from alpines_privacy.http.report import Notices

__all__ = ["RefusedError", "unwatch", "watch"]

_MOST_ADDRESSES = 4096  # that look-ups led to
_INTERNET = (socket.AF_INET, socket.AF_INET6)


class RefusedError(OSError):
    """A connection that the policy refuses; a client takes it for one that the network refused."""

    def __init__(self, host: str) -> None:
        super().__init__(errno.ECONNREFUSED, f"the privacy policy refuses connections to {host}")


class _Seen:
    """The state of the process: whether the hook is in place, and where look-ups led."""

    __slots__ = ("addresses", "has_hook", "is_wrapped", "looks_up", "notices")

    def __init__(self) -> None:
        self.has_hook = False
        self.addresses: dict[str, None] = {}
        self.is_wrapped = False
        # `socket.getaddrinfo` as it was; kept for those who have taken the wrapper from there meanwhile.
        self.looks_up: Callable[..., Any] = socket.getaddrinfo
        self.notices = Notices()


_seen = _Seen()


def watch() -> None:
    """See connections from now on; calling it again changes nothing."""
    if not _seen.has_hook:
        _seen.has_hook = True
        sys.addaudithook(_audited)
    if not _seen.is_wrapped and socket.getaddrinfo is not _noted:
        _seen.looks_up = socket.getaddrinfo
        socket.getaddrinfo = _noted
    _seen.is_wrapped = True


def unwatch() -> None:
    """Undo the wrapper, unless another one stands around it by now, and forget addresses."""
    if socket.getaddrinfo is _noted:
        socket.getaddrinfo = _seen.looks_up
        _seen.is_wrapped = False
    _seen.addresses.clear()


def _noted(*args: Any, **kwargs: Any) -> Any:
    """Look a host up, and note where that led."""
    found = _seen.looks_up(*args, **kwargs)
    if is_active():
        if len(_seen.addresses) > _MOST_ADDRESSES:
            _seen.addresses.clear()
        _seen.addresses.update((as_host(place[4][0]), None) for place in found)
    return found


def _audited(event: str, args: tuple[Any, ...]) -> None:
    """Judge a look-up or a connection; raises `RefusedError`, which the caller of the socket gets."""
    if event not in _EVENTS or not is_active():
        return
    try:
        host = _EVENTS[event](args)
        judged = judge_of_process() if host else None
        refused = judged is not None and judged[0].refuses_connection(host, judged[1])
    except Exception:
        _seen.notices.failure("the judging of a connection")
        return
    if refused:
        raise RefusedError(host)


def _looked_up(args: tuple[Any, ...]) -> str:
    return as_host(args[0])


def _connected(args: tuple[Any, ...]) -> str:
    """Return the host of a connection that no look-up led to; empty for others."""
    connection, address = args[:2]
    if getattr(connection, "family", None) not in _INTERNET or not isinstance(address, tuple):
        return ""
    host = as_host(address[0])
    return "" if host in _seen.addresses else host


_EVENTS: dict[str, Callable[[tuple[Any, ...]], str]] = {
    "socket.getaddrinfo": _looked_up,
    "socket.connect": _connected,
}
