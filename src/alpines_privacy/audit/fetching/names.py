"""The names of hosts, each looked up once.

A host's owner says where its name leads, and may say another place with each look-up: to the machine of
the audit, or to one that only this machine reaches (DNS rebinding). Within an audit a name stays where it led first.
"""

from __future__ import annotations

import asyncio
from typing import Any, TypeAlias

__all__ = ["look_up_once"]

_Found: TypeAlias = list[Any]  # as `socket.getaddrinfo` returns it


def look_up_once(loop: asyncio.AbstractEventLoop) -> None:
    """Make all connections of a loop go to where the name of their host led first, whatever their ports."""
    known: dict[str, _Found] = {}
    look_up = loop.getaddrinfo

    async def once(host: Any, port: Any, **options: Any) -> _Found:
        name = host.decode("ascii") if isinstance(host, bytes) else str(host)
        found = known.get(name)
        if found is None:  # of two look-ups at once the first answer counts
            found = known.setdefault(name, await look_up(host, port, **options))
        return [(*rest, (address, port, *more)) for *rest, (address, _, *more) in found]

    loop.getaddrinfo = once  # type: ignore[method-assign]  # sockets and httpx ask the loop
