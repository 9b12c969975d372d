"""One connection to the mail server: opened, secured and signed in; one message to one person at a time.

After an answer that refuses anything comes RSET, and if that fails the connection ends: no message
ever begins inside of another. What is no answer of SMTP ends the connection too, and so does a second
answer to one command: whoever reads on takes it for that of the next, perhaps for an acceptance.
"""

from __future__ import annotations

import asyncio
import os
import re
import socket
import ssl
from collections.abc import Iterator
from contextlib import suppress

from aiosmtplib import SMTP, SMTPException, SMTPResponse
from aiosmtplib.errors import SMTPAuthenticationError, SMTPHeloError, SMTPResponseException

from alpines_privacy.breach.delivery.letters import Letter
from alpines_privacy.breach.delivery.replies import Reply, Stage, cleaned
from alpines_privacy.breach.delivery.server_errors import SERVER_FAULTS, ServerError, explained
from alpines_privacy.breach.errors import BreachError
from alpines_privacy.policy.smtp import Smtp

__all__ = ["PASSWORD", "Connection", "Endpoint"]

PASSWORD = "ALPINES_PRIVACY_BREACH_SMTP_PASSWORD"  # noqa: S105 - the variable's name
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?")
_DOT = re.compile(rb"^\.", re.MULTILINE)
_MORE = "two answers to one command"


class Endpoint:
    """The way to a server, from which connections are opened: its address, certificates, password.

    Raises `BreachError` if the file of certificates or the password is missing.
    """

    def __init__(self, settings: Smtp) -> None:
        self.settings = settings
        host, port = settings.address
        self.name = f"{host}:{port}"
        self.password = _password(settings)
        self.tls = None if settings.security == "none" else _tls(settings)
        self.me: str | None = None  # how EHLO names this machine

    def client(self) -> SMTP:
        """Return a client that is not connected yet."""
        host, port = self.settings.address
        if self.me is None:
            name = socket.getfqdn()
            self.me = name if _HOST.fullmatch(name) else "localhost"
        return SMTP(
            hostname=host,
            port=port,
            timeout=self.settings.timeout,
            use_tls=self.settings.security == "tls",
            start_tls=False,
            tls_context=self.tls,
            local_hostname=self.me,
        )


class Connection:
    """A connection that messages can be given to, one after another."""

    def __init__(self, client: SMTP, name: str, timeout: float) -> None:
        self._client = client
        self._name = name
        self._timeout = timeout
        self.messages = 0  # that were given to it

    @classmethod
    async def open(cls, endpoint: Endpoint) -> Connection:
        """Connect, secure and sign in; raises `ServerError`."""
        client = endpoint.client()
        try:
            with explained(endpoint.name):
                await _enter(client, endpoint)
        except BaseException:
            _drop(client)
            raise
        return cls(client, endpoint.name, endpoint.settings.timeout)

    @property
    def is_open(self) -> bool:
        """Whether another message can be given to it."""
        return self._client.is_connected

    @property
    def extensions(self) -> tuple[str, ...]:
        """What the server offers (RFC 5321 §4.1.1.1)."""
        return tuple(sorted(self._client.esmtp_extensions))

    async def deliver(self, letter: Letter) -> Reply:
        """Give a message to the server, and return its last answer; raises nothing of the server's."""
        self.messages += 1
        if letter.is_international and not self._client.supports_extension("smtputf8"):
            return self._reply(Stage.ADDRESS, None, "the server offers no SMTPUTF8 (RFC 6531)")
        reply = await self._transaction(letter)
        is_accepted = reply.stage is Stage.CONTENT and reply.code == 250
        is_lost = reply.code is None or reply.code == 421 or not 200 <= reply.code < 600
        if is_lost or _says_more(self._client):
            self.drop()
        elif not is_accepted:
            await self._reset()
        return reply

    def drop(self) -> None:
        """End the connection without a word."""
        _drop(self._client)

    async def close(self) -> None:
        """Say QUIT, if the server still listens."""
        with suppress(*SERVER_FAULTS):
            await self._client.execute_command(b"QUIT", timeout=min(self._timeout, 5))
        self.drop()

    async def _transaction(self, letter: Letter) -> Reply:
        stage = Stage.MAIL
        try:
            for stage, command in self._commands(letter):
                said = await self._client.execute_command(*command)
                if said.code // 100 != (3 if stage is Stage.DATA else 2):
                    return self._reply(stage, said.code, said.message)
                if _says_more(self._client):
                    return self._reply(stage, None, _MORE)
            stage = Stage.CONTENT
            said = await self._send(letter.content)
            return self._reply(stage, said.code, said.message)
        except SMTPResponseException as error:  # what is no reply
            return self._reply(stage, None, f"no answer of SMTP: {error.message}")
        except TimeoutError:
            return self._reply(stage, None, f"no answer in {self._timeout:g} seconds")
        except SERVER_FAULTS:
            return self._reply(stage, None, "the connection was lost")

    def _commands(self, letter: Letter) -> Iterator[tuple[Stage, list[bytes]]]:
        offers = self._client.supports_extension
        mail = [b"MAIL", b"FROM:<" + letter.sender.encode() + b">"]
        rcpt = [b"RCPT", b"TO:<" + letter.recipient.encode() + b">"]
        if offers("size"):
            mail.append(b"SIZE=%d" % len(letter.content))
        if offers("8bitmime") and not letter.content.isascii():
            mail.append(b"BODY=8BITMIME")
        if letter.is_international:
            mail.append(b"SMTPUTF8")
        if offers("dsn"):  # RFC 3461: what comes back holds no text
            mail.append(b"RET=HDRS")
            rcpt.append(b"NOTIFY=FAILURE")
        yield Stage.MAIL, mail
        yield Stage.RCPT, rcpt
        yield Stage.DATA, [b"DATA"]

    async def _send(self, content: bytes) -> SMTPResponse:
        """Send the message, its dots doubled (RFC 5321 §4.5.2), and return what the server says."""
        protocol = self._client.protocol
        if protocol is None:
            raise ConnectionError
        end = b".\r\n" if content.endswith(b"\r\n") else b"\r\n.\r\n"
        protocol.write(_DOT.sub(b"..", content) + end)
        return await protocol.read_response(timeout=self._timeout)

    async def _reset(self) -> None:
        """Forget the message that was refused (RFC 5321 §4.1.1.5)."""
        try:
            said = await self._client.execute_command(b"RSET")
        except SERVER_FAULTS:
            self.drop()
        else:
            if said.code != 250 or _says_more(self._client):
                self.drop()

    def _reply(self, stage: Stage, code: int | None, text: str) -> Reply:
        return Reply(stage, code, cleaned(text), self._name)


def _says_more(client: SMTP) -> bool:
    """Whether the server has said more than it was asked: aiosmtplib would keep it for the next command."""
    return client.protocol is not None and bool(client.protocol._buffer)  # noqa: SLF001 - no public name


def _drop(client: SMTP) -> None:
    """End a connection at once, whatever is still to be written to it."""
    if isinstance(client.transport, asyncio.WriteTransport):
        client.transport.abort()
    client.close()


async def _enter(client: SMTP, endpoint: Endpoint) -> None:
    await client.connect()
    await _greet(client)
    if endpoint.settings.security == "starttls":
        await _secure(client, endpoint)
    if endpoint.settings.user is not None:
        await _sign_in(client, endpoint)
    if _says_more(client):
        raise ServerError(f"{endpoint.name}: {_MORE}; expected a server of SMTP")


async def _greet(client: SMTP) -> None:
    if client.is_ehlo_or_helo_needed:
        try:
            await client.ehlo()
        except SMTPHeloError:
            if not client.is_connected:
                raise
            await client.helo()


async def _secure(client: SMTP, endpoint: Endpoint) -> None:
    if not client.supports_extension("starttls"):
        raise ServerError(
            f"{endpoint.name} offers no STARTTLS; expected it, or security "
            '"tls" (port 465) in [breach.smtp]'
        )
    await client.starttls()
    await _greet(client)


async def _sign_in(client: SMTP, endpoint: Endpoint) -> None:
    try:
        await client.login(str(endpoint.settings.user), endpoint.password)
    except SMTPAuthenticationError as error:
        if error.code // 100 == 4:
            raise
        raise ServerError(
            f"{endpoint.name} refuses the user or the password ({error.code}); expected those of "
            f"[breach.smtp] user and {PASSWORD}"
        ) from None
    except (SMTPResponseException, OSError):
        raise
    except SMTPException:  # no method in common, or none at all
        raise ServerError(
            f"{endpoint.name} offers no way to sign in that is known here; expected AUTH PLAIN, LOGIN "
            "or CRAM-MD5"
        ) from None


def _password(settings: Smtp) -> str:
    if settings.user is None:
        return ""
    password = os.environ.get(PASSWORD)
    if not password:
        raise BreachError(f"{PASSWORD} is not set; expected the password of [breach.smtp] user")
    return password


def _tls(settings: Smtp) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=settings.ca_file)
    except (OSError, ValueError):  # ssl.SSLError is an OSError
        raise BreachError(
            f"[breach.smtp] ca_file {settings.ca_file}: cannot be read, or holds no certificate "
            "(PEM)"
        ) from None
