"""A mail server on 127.0.0.1 that fails as it is told: aiosmtpd, which knows the protocol, with faults.

It keeps what it received, and counts commands that came out of order: a MAIL inside of another
message is answered with 503, as servers do.
"""

from __future__ import annotations

import asyncio
import random
import re
import ssl
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from enum import Enum
from typing import Any, NamedTuple

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from tests.support.processes import free_port

__all__ = ["Fault", "Faults", "MailServer", "Received", "mail_server", "no_faults", "random_faults"]


class Fault(Enum):
    """What a server does instead of an answer."""

    DROP = "the connection is lost"
    HANG = "no answer comes"
    GARBAGE = "something comes that is no answer"
    SLOW = "the answer takes a while"
    TAKE_AND_DROP = "the message is taken, and the connection lost before the answer"


# What happens at a stage (connect, ehlo, mail, rcpt, data, content) for a recipient, if they are known.
Faults = Callable[[str, str], "Fault | str | None"]


class Received(NamedTuple):
    """A message that the server took."""

    sender: str
    recipient: str
    message_id: str
    content: bytes
    was_answered: bool


class MailServer:
    """A server: its port, what it received, and how its clients behaved."""

    def __init__(self, faults: Faults) -> None:
        self.faults = faults
        self.port = 0
        self.received: list[Received] = []
        self.answers: Counter[str] = Counter()
        self.commands: list[str] = []
        self.connections = 0  # that said EHLO

    def recipients(self) -> Counter[str]:
        """Count the messages that each recipient got."""
        return Counter(each.recipient for each in self.received)


def no_faults(_: str, __: str) -> None:
    """Do what is asked."""


def random_faults(
    seed: int, share: float, stages: tuple[str, ...] = ("mail", "rcpt", "data", "content")
) -> Faults:
    """Return faults of all kinds that pass by themselves, at random."""
    dice = random.Random(seed)  # noqa: S311 - the same server each time

    def faults(stage: str, _: str) -> Fault | str | None:
        if stage not in stages or dice.random() >= share:
            return None
        passing = [
            "421 4.3.2 shutting down",
            "450 4.2.1 try later",
            "451 4.7.1 Greylisted",
            "454 Throttling",
        ]
        kinds: list[Fault | str] = [Fault.DROP, Fault.GARBAGE, Fault.SLOW, *passing]
        if stage == "content":
            kinds.append(Fault.TAKE_AND_DROP)
        return dice.choice(kinds)

    return faults


class _FailingSMTP(SMTP):
    """aiosmtpd, asked at each stage whether to fail."""

    def __init__(self, server: MailServer, *args: Any, **kwargs: Any) -> None:
        self._kept = server
        super().__init__(*args, **kwargs)

    async def push(self, status: Any) -> None:
        text = status if isinstance(status, str) else status.decode("utf-8", "replace")
        self._kept.answers[text[:3]] += 1
        if text.startswith("220") and "STARTTLS" not in text and await self._fails("connect"):
            return
        with suppress(ConnectionError):
            await super().push(status)

    async def smtp_EHLO(self, hostname: str) -> None:  # noqa: N802 - aiosmtpd's names
        self._kept.connections += 1
        if not await self._fails("ehlo"):
            await super().smtp_EHLO(hostname)

    async def smtp_MAIL(self, arg: str | None) -> None:  # noqa: N802
        self._kept.commands.append("MAIL")
        if not await self._fails("mail"):
            await super().smtp_MAIL(arg)

    async def smtp_RCPT(self, arg: str | None) -> None:  # noqa: N802
        recipient = re.search("<(.*)>", arg or "")
        if not await self._fails("rcpt", recipient[1] if recipient else ""):
            await super().smtp_RCPT(arg)

    async def smtp_RSET(self, arg: str) -> None:  # noqa: N802
        self._kept.commands.append("RSET")
        if not await self._fails("rset"):
            await super().smtp_RSET(arg)

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802
        if not await self._fails("data", self._recipient()):
            await super().smtp_DATA(arg)

    def _recipient(self) -> str:
        envelope = self.envelope
        return envelope.rcpt_tos[0] if envelope and envelope.rcpt_tos else ""

    async def _fails(self, stage: str, recipient: str = "") -> bool:
        """Fail if it is time to; True if the command has its answer already."""
        fault = self._kept.faults(stage, recipient)
        if fault is None or fault is Fault.SLOW:
            await asyncio.sleep(0.01 if fault else 0)
            return False
        if isinstance(fault, str):
            self._kept.answers[fault[:3]] += 1
            await super().push(fault)
        elif fault is Fault.GARBAGE:
            await super().push("HTTP/1.1 400 Bad Request")
        elif fault is Fault.HANG:
            await asyncio.sleep(3600)
        if fault is Fault.DROP or str(fault).startswith("421"):
            self._drop()
        return True

    def _drop(self) -> None:
        if self.transport is not None:
            self.transport.close()

    async def take(self, envelope: Envelope) -> str:
        """Take a message, or fail at it."""
        recipient = self._recipient()
        fault = self._kept.faults("content", recipient)
        if isinstance(fault, str):
            return fault
        is_taken = fault in {None, Fault.SLOW, Fault.TAKE_AND_DROP}
        if is_taken:
            content = bytes(envelope.original_content or b"")
            found = re.search(rb"^Message-ID:\s*(\S+)", content, re.MULTILINE | re.IGNORECASE)
            named = found[1].decode() if found else ""
            was_answered = fault is not Fault.TAKE_AND_DROP
            sender = str(envelope.mail_from)
            self._kept.received.append(Received(sender, recipient, named, content, was_answered))
        if fault is Fault.HANG:
            await asyncio.sleep(3600)
        if fault in {Fault.DROP, Fault.TAKE_AND_DROP}:
            self._drop()
        return "HTTP/1.1 400 Bad Request" if fault is Fault.GARBAGE else "250 2.0.0 Ok: queued"


class _Handler:
    async def handle_DATA(self, server: _FailingSMTP, _: Session, envelope: Envelope) -> str:  # noqa: N802
        return await server.take(envelope)


class _Controller(Controller):
    def __init__(self, server: MailServer, port: int, **options: Any) -> None:
        self._server, self._options = server, options
        super().__init__(_Handler(), hostname="127.0.0.1", port=port)

    def factory(self) -> SMTP:
        with (
            warnings.catch_warnings()
        ):  # nothing leaves this machine: a password may go unencrypted
            warnings.simplefilter("ignore", UserWarning)
            return _FailingSMTP(self._server, self.handler, loop=self.loop, **self._options)


@contextmanager
def mail_server(
    faults: Faults = no_faults,
    *,
    port: int = 0,
    tls: ssl.SSLContext | None = None,
    password: str | None = None,
    smtputf8: bool = True,
) -> Iterator[MailServer]:
    """Run a server in a thread until the block ends; with a password, whoever says it may sign in."""
    server = MailServer(faults)
    server.port = port or free_port()
    options: dict[str, Any] = {
        "enable_SMTPUTF8": smtputf8,
        "tls_context": tls,
        "hostname": "mx.example.com",
    }
    if password is not None:
        options |= {
            "auth_required": True,
            "auth_require_tls": False,
            "authenticator": _only(password),
        }
    running = _Controller(server, server.port, **options)
    running.start()
    try:
        yield server
    finally:
        running.stop()


def _only(password: str) -> Callable[..., AuthResult]:
    def authenticate(_: Any, __: Any, ___: Any, ____: str, said: Any) -> AuthResult:
        return AuthResult(success=said.password == password.encode(), handled=False)

    return authenticate
