"""A mail server that keeps what it is given, and behaves as badly as real ones: by seed, so it can be repeated."""

from __future__ import annotations

import asyncio
import random
import re
import threading
from asyncio import WriteTransport
from collections import defaultdict
from types import TracebackType
from typing import Any, Self

from aiosmtpd.smtp import SMTP, Envelope, Session

__all__ = ["Sink"]

_MESSAGE_ID = re.compile(rb"(?im)^Message-ID:[ \t]*+(<[^<>\r\n]{1,300}>)")
_THROTTLED = 12  # messages in a row, at most
_THROTTLING = "454 4.7.0 Throttling failure: maximum sending rate exceeded"
_GREYLISTING = "451 4.7.1 Greylisted, please come again"
# Shares of people, one after the other.
_FATES = {"refused": 0.03, "returned": 0.02, "greylisted": 0.06, "dropped": 0.02}


class Sink:
    """A server on a loopback port, in a thread of its own.

    `received` has the Message-IDs that came for each address, `returned` the envelope's sender and
    the Message-ID of messages that come back. After `hold_after` messages it answers nobody until
    `release` is called, so that a sender can be killed in the middle.
    """

    def __init__(self, seed: int, hold_after: int) -> None:
        self.received: defaultdict[str, list[str]] = defaultdict(list)
        self.returned: dict[str, tuple[str, str]] = {}
        self.is_held = threading.Event()
        self.answers: defaultdict[str, int] = defaultdict(int)
        self.port = 0
        self._seed = seed
        self._hold_after = hold_after
        # A throttled sender is slow from then on: it has few messages left until it is killed.
        self._throttled = min(_THROTTLED, max(1, hold_after // 16))
        self._throttle_after = max(1, hold_after - 2 * self._throttled)
        self._tried: set[str] = set()
        self._is_ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        if not self._is_ready.wait(30):
            raise OSError("the drill's mail server does not start")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._loop.call_soon_threadsafe(self._is_over.set)
        self._thread.join(30)

    def release(self) -> None:
        """Answer again."""
        self._loop.call_soon_threadsafe(self._is_released.set)

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._is_released, self._is_over = asyncio.Event(), asyncio.Event()
        server = await self._loop.create_server(
            lambda: SMTP(self, hostname="sink.example", enable_SMTPUTF8=True, loop=self._loop),
            "127.0.0.1",
            0,
        )
        self.port = server.sockets[0].getsockname()[1]
        self._is_ready.set()
        await self._is_over.wait()
        server.close()

    # What aiosmtpd calls.

    async def handle_MAIL(  # noqa: N802, D102 - the library's name and signature
        self, server: Any, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        del server, session
        number = sum(map(len, self.received.values()))
        if number >= self._throttle_after and self.answers["throttled"] < self._throttled:
            self.answers["throttled"] += 1
            return _THROTTLING
        envelope.mail_from, envelope.mail_options = address, options
        return "250 2.1.0 OK"

    async def handle_RCPT(  # noqa: N802, D102 - the same
        self, server: Any, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        del server, session
        fate = self._fate(address)
        if fate == "refused":
            self.answers["refused"] += 1
            return f"550 5.1.1 <{address}>: user unknown"
        if fate == "greylisted" and self._is_first(address):
            self.answers["greylisted"] += 1
            return _GREYLISTING
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802, D102 - the same
        del session
        address = str(envelope.rcpt_tos[0])
        found = _MESSAGE_ID.search(envelope.original_content or b"")
        message_id = found[1].decode("ascii", "replace") if found else ""
        self.received[address].append(message_id)
        fate = self._fate(address)
        if fate == "returned":
            self.returned[address] = (str(envelope.mail_from), message_id)
        if sum(map(len, self.received.values())) >= self._hold_after:
            self.is_held.set()
            await self._is_released.wait()
        line = server.transport
        if fate == "dropped" and self._is_first(address) and isinstance(line, WriteTransport):
            self.answers["dropped"] += 1
            line.abort()
        return "250 2.0.0 OK: queued"

    def _fate(self, address: str) -> str:
        """Return what happens to a person's message: always the same."""
        if address.endswith("@example.com"):  # the operator's own
            return "delivered"
        dice = random.Random(f"{self._seed} {address}").random()  # noqa: S311 - nothing is secret here
        for fate, share in _FATES.items():
            if dice < share:
                return fate
            dice -= share
        return "delivered"

    def _is_first(self, address: str) -> bool:
        is_first = address not in self._tried
        self._tried.add(address)
        return is_first
