"""A connection to a server that works, refuses, lies, hangs, drops, or is no mail server at all."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alpines_privacy.breach.delivery.connection import PASSWORD, Connection, Endpoint
from alpines_privacy.breach.delivery.replies import Reply, Verdict, classify
from alpines_privacy.breach.delivery.server_errors import ServerError
from alpines_privacy.breach.errors import BreachError
from alpines_privacy.policy.smtp import Smtp
from tests.breach.delivery.support import letter, local
from tests.support.certificate import Certificate, make_certificate
from tests.support.mail_server import Fault, MailServer, mail_server
from tests.support.processes import free_port
from tests.support.scripted_server import Client, scripted_server

ResultT = TypeVar("ResultT")


def using(smtp: Smtp, work: Callable[[Connection], Awaitable[ResultT]]) -> ResultT:
    """Open a connection, do something with it, and close it."""

    async def whole() -> ResultT:
        connection = await Connection.open(Endpoint(smtp))
        try:
            return await work(connection)
        finally:
            await connection.close()

    return asyncio.run(whole())


def replies(smtp: Smtp, number: int = 1) -> list[Reply]:
    """Deliver messages over one connection, as long as it is open."""

    async def deliver(connection: Connection) -> list[Reply]:
        return [
            await connection.deliver(letter(f"person{index}@example.com"))
            for index in range(number)
            if connection.is_open
        ]

    return using(smtp, deliver)


def refused(smtp: Smtp) -> ServerError:
    """Return why no connection can be opened."""
    with pytest.raises(ServerError) as raised:
        replies(smtp)
    text = str(raised.value)
    assert "\n" not in text
    assert len(text) < 300
    return raised.value


def test_messages_go_one_after_another_over_one_connection() -> None:
    with mail_server() as server:
        found = replies(local(server.port), 3)
        assert [reply.code for reply in found] == [250] * 3
        assert server.connections == 1
        assert sorted(server.recipients()) == [f"person{index}@example.com" for index in range(3)]


@given(
    body=st.lists(st.sampled_from([b".", b"..", b"a", b".b.", b"", b"=2E", b"x" * 900]), max_size=8)
)
@settings(max_examples=20)
def test_a_message_arrives_byte_for_byte(body: list[bytes]) -> None:
    content = b"".join(line + b"\r\n" for line in body)
    with mail_server() as server:
        using(local(server.port), lambda each: each.deliver(letter(body=content)))
        assert server.received[0].content == letter(body=content).content


@pytest.mark.parametrize("stage", ["mail", "rcpt", "data", "content"])
@pytest.mark.parametrize("answer", ["450 4.2.1 later", "550 5.1.1 unknown", "503 5.5.1 nested"])
def test_after_a_refused_message_the_next_is_not_inside_of_it(stage: str, answer: str) -> None:
    """`503 Sender already specified` for everybody after one refusal is what other tools get."""
    waiting = {stage}

    def faults(here: str, _: str) -> str | None:
        if here in waiting:
            waiting.discard(here)
            return answer
        return None

    with mail_server(faults) as server:
        found = replies(local(server.port), 3)
        assert [reply.code for reply in found] == [int(answer[:3]), 250, 250]
        assert server.commands == ["MAIL", "RSET", "MAIL", "MAIL"]
        assert not server.answers["503"] or answer.startswith("503")


@pytest.mark.parametrize("fault", ["500 what", "421 bye", Fault.DROP, Fault.GARBAGE])
def test_a_connection_that_cannot_be_reset_is_ended(fault: Fault | str) -> None:
    def faults(stage: str, _: str) -> Fault | str | None:
        return {"rcpt": "550 5.1.1 unknown", "rset": fault}.get(stage)

    with mail_server(faults) as server:
        assert [reply.code for reply in replies(local(server.port), 2)] == [550]


@pytest.mark.parametrize(
    ("stage", "verdict"),
    [
        ("mail", Verdict.LOST),
        ("rcpt", Verdict.LOST),
        ("data", Verdict.LOST),
        ("content", Verdict.UNKNOWN),
    ],
)
@pytest.mark.parametrize("fault", [Fault.DROP, Fault.GARBAGE, Fault.HANG])
def test_what_is_no_answer_ends_the_connection(stage: str, verdict: Verdict, fault: Fault) -> None:
    def faults(here: str, _: str) -> Fault | None:
        return fault if here == stage else None

    with mail_server(faults) as server:
        found = replies(local(server.port, timeout=0.3 if fault is Fault.HANG else 20), 2)
        assert [classify(reply) for reply in found] == [verdict]
        assert found[0].code is None


def test_an_international_address_needs_a_server_that_takes_it() -> None:
    given = letter("jané@example.com", is_international=True)
    with mail_server(smtputf8=False) as server:
        reply = using(local(server.port), lambda each: each.deliver(given))
        assert classify(reply) is Verdict.UNABLE
        assert not server.received
    with mail_server() as server:
        reply = using(local(server.port), lambda each: each.deliver(given))
        assert classify(reply) is Verdict.ACCEPTED
        assert server.received[0].recipient == "jané@example.com"


# Servers that aiosmtpd cannot be made into.


def greeted(client: Client, **answers: str) -> str:
    client.say("220 mx ESMTP")
    return client.answer(**answers)


def test_a_250_without_354_accepts_nothing() -> None:
    def script(client: Client) -> None:
        greeted(client, data="250 queued")

    with scripted_server(script) as port:
        assert [classify(reply) for reply in replies(local(port))] == [Verdict.LOST]


def test_a_message_that_was_accepted_stays_accepted_though_the_server_is_gone() -> None:
    def script(client: Client) -> None:
        assert greeted(client, data="end") == "DATA"
        client.say("354 go on")
        client.hear_content()
        client.say("250 queued")

    with scripted_server(script) as port:
        assert [classify(reply) for reply in replies(local(port))] == [Verdict.ACCEPTED]


def extra(stage: str) -> Callable[[Client], None]:
    """A server that answers a command twice at once: at DATA, with the 250 of a message it has not read yet."""

    def script(client: Client) -> None:
        client.say(b"220 mx\r\n250 more\r\n" if stage == "open" else "220 mx")
        while verb := client.hear()[:4].upper():
            client.say(b"354 go on\r\n" if verb == "DATA" else b"250 ok\r\n")
            if verb == stage:
                client.say(b"250 queued\r\n")
            if verb == "DATA":
                client.hear_content()
                client.say("550 5.7.1 refused")

    def at_once(client: Client) -> None:
        script(Together(client))

    return at_once


class Together(Client):
    """A client whose next command waits for all answers to the last."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._said = b""

    def say(self, text: str | bytes) -> None:
        self._said += f"{text}\r\n".encode() if isinstance(text, str) else text

    def hear(self) -> str:
        self._flush()
        return self._client.hear()

    def hear_content(self) -> bytes:
        self._flush()
        return self._client.hear_content()

    def _flush(self) -> None:
        self._client.say(self._said)
        self._said = b""


@pytest.mark.parametrize("stage", ["MAIL", "RCPT", "DATA"])
def test_an_answer_ahead_of_its_command_accepts_nothing(stage: str) -> None:
    with scripted_server(extra(stage)) as port:
        found = replies(local(port), 2)
    assert [classify(reply) for reply in found] == [Verdict.LOST]
    assert found[0].text == "two answers to one command"


def test_an_answer_ahead_of_the_first_command_is_no_smtp() -> None:
    with scripted_server(extra("open")) as port:
        assert "two answers" in str(refused(local(port)))


def test_what_is_only_helo_is_greeted_so() -> None:
    heard: list[str] = []

    def script(client: Client) -> None:
        heard.append(greeted(client, ehlo="502 what", data="end"))

    with scripted_server(script) as port:
        assert classify(replies(local(port))[0]) is Verdict.LOST
    assert heard == ["DATA"]


@pytest.mark.parametrize(
    ("said", "kind", "words"),
    [
        (b"220 mx\r\n", "absent", "lost"),
        (b"", "absent", "lost"),
        (b"421 4.3.2 busy\r\n", "busy", "421 4.3.2 busy"),
        (b"450 too many\r\n", "busy", "450"),
        (b"554 no SMTP service here\r\n", "lasting", "554 no SMTP"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "lasting", "does not speak SMTP"),
        (b"\x16\x03\x01\xff\xfe\r\n", "lasting", "does not speak SMTP"),
        (b"220-" + b"x" * 100_000, "lasting", "does not speak SMTP"),
        (b"220-mx\r\n" * 10_000, "lasting", "does not speak SMTP"),
    ],
)
def test_a_greeting_that_is_none_is_told_in_a_line(said: bytes, kind: str, words: str) -> None:
    with scripted_server(lambda client: client.say(said)) as port:
        error = refused(local(port))
        assert (error.kind, words in str(error)) == (kind, True), str(error)


def test_a_server_that_says_nothing_is_not_waited_for_long() -> None:
    def say_nothing(client: Client) -> None:
        client.hear()
        client.hear()

    with scripted_server(say_nothing) as port:
        error = refused(local(port, timeout=0.2))
        assert error.kind == "absent"
        assert "does not answer" in str(error)


def test_nobody_listens() -> None:
    assert "refuses the connection" in str(refused(local(free_port())))


def test_no_such_host() -> None:
    error = refused(Smtp(host="mail.invalid", timeout=20))
    assert error.kind in {"lasting", "absent"}  # a machine without a network cannot ask either
    assert str(error).startswith("mail.invalid:587")


# TLS.


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("right"), "IP:127.0.0.1", "DNS:localhost")


@pytest.fixture(scope="module")
def foreign(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """A certificate of another host."""
    return make_certificate(tmp_path_factory.mktemp("wrong"), "DNS:shop.example")


@pytest.fixture
def secure(certificate: Certificate) -> Iterator[MailServer]:
    with mail_server(tls=certificate.context) as server:
        yield server


def test_starttls_is_used_and_its_certificate_checked(
    secure: MailServer, certificate: Certificate
) -> None:
    smtp = local(secure.port, security="starttls", ca_file=str(certificate.cert))
    assert replies(smtp, 2)[1].code == 250


def test_a_certificate_that_nobody_vouches_for_is_refused(secure: MailServer) -> None:
    error = refused(local(secure.port, security="starttls"))
    assert error.kind == "lasting"
    assert "wrong certificate" in str(error)
    assert not secure.received


def test_a_certificate_of_another_host_is_refused(foreign: Certificate) -> None:
    with mail_server(tls=foreign.context) as server:
        error = refused(local(server.port, security="starttls", ca_file=str(foreign.cert)))
        assert "wrong certificate" in str(error)


def test_without_starttls_nothing_is_sent() -> None:
    with mail_server() as server:
        error = refused(local(server.port, security="starttls"))
        assert error.kind == "lasting"
        assert "offers no STARTTLS" in str(error)
        assert server.commands == []


@pytest.mark.parametrize(
    ("answer", "kind"),
    [("454 TLS not available", "busy"), ("501 no", "lasting"), ("220 go on", "lasting")],
)
def test_a_starttls_that_fails_is_no_way_around_it(
    answer: str, kind: str, certificate: Certificate
) -> None:
    said: list[str] = []

    def script(client: Client) -> None:
        client.say("220 mx")
        client.hear()
        client.say("250-mx")
        client.say("250 STARTTLS")
        said.append(client.hear())
        client.say(answer)
        client.say(b"no TLS at all\r\n" * 3)
        while line := client.hear():
            said.append(line)

    with scripted_server(script) as port:
        smtp = local(port, security="starttls", ca_file=str(certificate.cert))
        assert refused(smtp).kind == kind
    assert not any(line.startswith(("MAIL", "AUTH")) for line in said)


def test_tls_from_the_first_byte(certificate: Certificate) -> None:
    port_of: list[int] = []
    context = certificate.context

    async def whole() -> Reply:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"220 mx\r\n")
            is_content = False
            while line := await reader.readline():
                is_end = is_content and line == b".\r\n"
                if line.startswith(b"DATA"):
                    is_content = True
                    writer.write(b"354 go on\r\n")
                elif is_end or not is_content:
                    is_content = False
                    writer.write(b"250 ok\r\n")
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
        port_of.append(server.sockets[0].getsockname()[1])
        smtp = local(port_of[0], security="tls", ca_file=str(certificate.cert))
        connection = await Connection.open(Endpoint(smtp))
        try:
            return await connection.deliver(letter())
        finally:
            connection.drop()
            server.close()

    assert asyncio.run(whole()).code == 250


def test_tls_where_there_is_none() -> None:
    with mail_server() as server:
        error = refused(local(server.port, security="tls", timeout=5))
        assert error.kind in {"lasting", "absent"}


def test_a_file_of_certificates_that_is_none(tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    for text in (None, "no certificate"):
        if text:
            file.write_text(text)
        with pytest.raises(BreachError, match="ca_file"):
            Endpoint(Smtp(host="mail.example.com", ca_file=str(file)))


def test_old_versions_of_tls_are_refused() -> None:
    tls = Endpoint(Smtp(host="mail.example.com")).tls
    assert tls is not None
    assert tls.minimum_version >= ssl.TLSVersion.TLSv1_2
    assert tls.check_hostname


# Signing in.


def test_the_password_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(PASSWORD, raising=False)
    with pytest.raises(BreachError, match=f"{PASSWORD} is not set"):
        Endpoint(local(25, user="privacy"))
    monkeypatch.setenv(PASSWORD, "hunter22é")
    with mail_server(password="hunter22é") as server:
        assert replies(local(server.port, user="privacy"))[0].code == 250


def test_a_wrong_password_is_told_without_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PASSWORD, "hunter22")
    with mail_server(password="another") as server:
        error = refused(local(server.port, user="privacy"))
        assert error.kind == "lasting"
        assert "refuses the user or the password" in str(error)
        assert "hunter22" not in str(error)


@pytest.mark.parametrize(
    ("offer", "answer", "kind"),
    [
        ("AUTH PLAIN", "454 4.7.0 Temporary authentication failure", "busy"),
        ("AUTH PLAIN", "535 5.7.8 no", "lasting"),
        ("AUTH GSSAPI", "504 what", "lasting"),
        ("SIZE", "502 what", "lasting"),
        ("AUTH CRAM-MD5", "334 abcde", "lasting"),
    ],
)
def test_signing_in_fails(
    offer: str, answer: str, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PASSWORD, "hunter22")

    def script(client: Client) -> None:
        client.say("220 mx")
        client.hear()
        client.say("250-mx")
        client.say(f"250 {offer}")
        client.answer(auth=answer)

    with scripted_server(script) as port:
        assert refused(local(port, user="privacy")).kind == kind
