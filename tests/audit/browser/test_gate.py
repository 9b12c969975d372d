"""The gate: what goes on to the site, what is answered with nothing, and what is written down."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any, NamedTuple

import httpx
import pytest
from flask import Flask, request
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from alpines_privacy.audit.browser import Scope, served
from alpines_privacy.audit.browser.answers import answer_for, kind_of
from alpines_privacy.audit.browser.certificate import make_certificate
from alpines_privacy.audit.browser.gate import Gate
from alpines_privacy.audit.browser.markers import Markers
from alpines_privacy.audit.browser.passage import without_value
from alpines_privacy.audit.browser.record import LONGEST_URL, Record
from alpines_privacy.audit.browser.scope import Server
from alpines_privacy.audit.browser.upstream import Upstream
from alpines_privacy.audit.model import Signal

HOME = "https://www.tea.example"


def site() -> Flask:
    app = Flask("gate")

    @app.route("/", methods=["GET", "POST"])
    def index() -> Any:
        fields = {name.lower(): value for name, value in request.headers}
        answer = app.make_response({"fields": fields, "url": request.url, "method": request.method})
        answer.set_cookie("seen", "secret")
        return answer

    return app


class Through(NamedTuple):
    """A client behind a gate."""

    client: httpx.AsyncClient
    gate: Gate
    record: Record
    tls: ssl.SSLContext


@asynccontextmanager
async def gate(address: tuple[str, int], signal: Signal = Signal.GPC) -> AsyncIterator[Through]:
    scope = Scope.of(HOME, address=address)
    upstream, made = Upstream(scope), make_certificate()
    opened = Gate(scope, upstream, made.context, signal.fields)
    opened.record = record = Record(Markers())
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    await opened.open()
    try:
        async with httpx.AsyncClient(proxy=opened.url, verify=trusting, trust_env=False) as client:
            yield Through(client, opened, record, trusting)
    finally:
        await opened.close()
        await upstream.close()


def run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(work)


@pytest.fixture(scope="module")
def address() -> Any:
    with served(site(), "https") as found:
        yield found


@pytest.mark.parametrize("scheme", ["https", "http"])
def test_the_site_is_asked_with_the_signal_alone(scheme: str, address: tuple[str, int]) -> None:
    async def ask() -> None:
        async with gate(address) as (client, _, record, _):
            told = {"DNT": "0", "X-Own": "kept"}
            got = await client.get(f"{scheme}://www.tea.example/?a=1", headers=told)
            fields = got.json()["fields"]
            assert fields["sec-gpc"] == "1"
            assert "dnt" not in fields
            assert fields["x-own"] == "kept"
            assert fields["host"] == "www.tea.example"
            assert got.json()["url"] == "https://www.tea.example/?a=1"
            (exchange,) = record.exchanges
            assert exchange.is_own
            assert exchange.url == f"{scheme}://www.tea.example/?a=1"
            assert exchange.set_cookies[0].startswith("seen=")

    run(ask())


@pytest.mark.parametrize(
    "url",
    [
        "https://other.example/x.js",
        "http://other.example:81/",
        "https://203.0.113.9/",
    ],
)
def test_no_other_host_is_asked(
    url: str, address: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def ask() -> None:
        async with gate(address) as (client, _, record, _):
            got = await client.post(url, content=b"data", headers={"Sec-Fetch-Dest": "script"})
            assert got.status_code == 200
            assert got.content == b""
            (exchange,) = record.exchanges
            assert not exchange.is_own

    async def nobody(*_: object) -> None:
        raise AssertionError("it was asked")

    monkeypatch.setattr(Upstream, "ask", nobody)
    monkeypatch.setattr(Upstream, "connect", nobody)
    run(ask())


def test_upstream_refuses_other_hosts_itself(address: tuple[str, int]) -> None:
    async def ask() -> None:
        upstream = Upstream(Scope.of(HOME, address=address))
        with pytest.raises(PermissionError):
            await upstream.ask(Server.of("https://other.example/"), "GET", b"/", [], b"")
        with pytest.raises(PermissionError):
            await upstream.connect(Server.of("wss://other.example/"))
        await upstream.close()

    run(ask())


def test_what_was_typed_is_saved_nowhere(address: tuple[str, int]) -> None:
    async def ask() -> None:
        async with gate(address) as (client, _, record, _):
            assert (await client.post(HOME)).json()["method"] == "POST"
            record.phase = "typing"
            assert (await client.get(HOME)).json()["method"] == "GET"
            assert (await client.post(HOME, headers={"Sec-Fetch-Dest": "empty"})).json() == {}

    run(ask())


def test_markers_are_found_in_addresses_fields_and_bodies(address: tuple[str, int]) -> None:
    async def ask() -> None:
        async with gate(address) as (client, _, record, _):
            marker = record.markers.text("q", 100)
            await client.get(f"https://other.example/?q={marker}")
            await client.post("https://other.example/", content=marker)
            await client.get("https://other.example/", headers={"X-Q": marker})
            await client.get("https://other.example/")
            await client.get(f"{HOME}/?q={marker}")
            assert [len(each.found) for each in record.exchanges] == [1, 1, 1, 0, 0]

    run(ask())


def test_messages_of_websockets_to_others_are_listened_to(address: tuple[str, int]) -> None:
    async def ask() -> None:
        async with gate(address) as (_, opened, record, tls):
            marker = record.markers.text("q", 100)
            async with connect(
                "wss://other.example/chat",
                proxy=opened.url,
                ssl=tls,
                subprotocols=["a", "b"],  # type: ignore[list-item]
            ) as socket_:
                assert socket_.subprotocol == "a"
                await socket_.send(f"said {marker}")
                while not record.exchanges[0].found:  # noqa: ASYNC110 - the gate tells nobody
                    await asyncio.sleep(0.01)
            assert record.exchanges[0].kind == "websocket"

    run(ask())


def test_what_is_typed_is_not_said_to_the_site_by_a_websocket() -> None:
    """A chat saves what it hears; a form's POST is held back too."""

    async def ask() -> None:
        heard: list[str | bytes] = []

        async def listen(connection: ServerConnection) -> None:
            with suppress(ConnectionClosed):  # the close frame is left out too
                async for message in connection:
                    heard.append(message)
                    await connection.send(f"heard {len(heard)}")
            over.set()

        over = asyncio.Event()
        async with serve(listen, "127.0.0.1", 0) as server:
            host, port = server.sockets[0].getsockname()
            async with gate((host, port)) as (_, opened, record, tls):
                async with connect(
                    HOME.replace("https", "wss"), proxy=opened.url, ssl=tls, close_timeout=0.1
                ) as chat:
                    await chat.send("before")
                    assert await chat.recv() == "heard 1"
                    record.phase = "typing"
                    await chat.send("typed")
                    record.phase = "leaving"
                    await chat.send("after")  # a frame after a gap would be another one
                await asyncio.wait_for(over.wait(), 30)
        assert heard == ["before"]

    run(ask())


def test_no_cookies_value_is_kept(address: tuple[str, int]) -> None:
    async def ask() -> None:
        async with gate(address) as (client, _, record, _):
            await client.get(HOME)
            assert record.exchanges[0].set_cookies == ("seen=; Path=/",)

    run(ask())


@pytest.mark.parametrize(
    ("line", "kept"),
    [("a=b; Path=/", "a=; Path=/"), ("a=b=c", "a="), ("secret", "="), ("secret; Secure", "=; Secure"), ("=x", "=")],
)  # fmt: skip
def test_a_field_without_its_value(line: str, kept: str) -> None:
    assert without_value(line) == kept


def test_of_a_long_address_the_beginning_is_kept_and_all_is_searched(
    address: tuple[str, int],
) -> None:
    async def ask() -> None:
        async with gate(address) as (client, _, record, _):
            marker = record.markers.text("q", 100)
            await client.get(f"https://other.example/?{'x' * 20_000}{marker}")
            (exchange,) = record.exchanges
            assert len(exchange.url) == LONGEST_URL
            assert exchange.found

    run(ask())


@pytest.mark.parametrize(
    "data",
    [
        b"", b"\x00" * 50, b"GET / HTTP/1.1\r\n\r\n", b"CONNECT\r\n\r\n", b"CONNECT a:b HTTP/1.1\r\n\r\n",
        b"CONNECT " + b"a" * 20_000, b"GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET http:///x HTTP/1.1\r\nHost: a\r\n\r\n",
        b"CONNECT a:443 HTTP/1.1\r\n\r\n\x16\x03\x01nonsense", b"GET http://[::1 HTTP/1.1\r\nHost: a\r\n\r\n",
    ],
)  # fmt: skip
def test_what_is_no_http_ends_its_connection_only(data: bytes, address: tuple[str, int]) -> None:
    async def ask() -> None:
        async with gate(address) as (client, opened, _, _):
            host, _, port = opened.url.removeprefix("http://").partition(":")
            reader, writer = await asyncio.open_connection(host, int(port))
            writer.write(data)
            writer.write_eof()
            await asyncio.wait_for(reader.read(), 30)
            writer.close()
            assert (await client.get(HOME)).status_code == 200

    run(ask())


KINDS: list[tuple[str, str, dict[str, str], str]] = [
    ("GET", "https://a/x", {"sec-fetch-dest": "script"}, "script"),
    ("GET", "https://a/x", {"sec-fetch-dest": "document", "accept": "text/html"}, "document"),
    ("GET", "https://a/x", {"sec-fetch-dest": "empty"}, "fetch"),
    ("POST", "https://a/x", {"sec-fetch-dest": "empty", "sec-fetch-mode": "no-cors"}, "ping"),
    ("POST", "https://a/x", {"sec-fetch-dest": "empty", "ping-to": "x"}, "ping"),
    (
        "GET",
        "https://a/x",
        {"sec-fetch-dest": "empty", "accept": "text/event-stream"},
        "eventsource",
    ),
    ("GET", "https://a/x", {"service-worker": "script"}, "serviceworker"),
    ("OPTIONS", "https://a/x", {"access-control-request-method": "PUT"}, "preflight"),
    ("GET", "http://a/x.js", {"accept": "*/*"}, "script"),
    ("GET", "http://a/x", {"accept": "image/avif,*/*"}, "image"),
    ("GET", "http://a/x", {"accept": "text/html,*/*"}, "iframe"),
    ("GET", "http://a/x", {"upgrade": "websocket", "sec-websocket-key": "x"}, "websocket"),
]


@pytest.mark.parametrize(("method", "url", "fields", "kind"), KINDS)
def test_kinds(method: str, url: str, fields: dict[str, str], kind: str) -> None:
    assert kind_of(method, url, fields) == kind


def test_a_callback_that_an_address_names_is_called() -> None:
    assert answer_for("script", "https://a/x?callback=load.done").body == b"load.done({})"
    assert answer_for("script", "https://a/x?callback=alert(1)").body == b""


@pytest.mark.parametrize(
    ("site_", "asked", "is_allowed"),
    [
        ("https://a.example", "https://a.example/", True),
        ("https://a.example", "http://a.example/", True),
        ("https://a.example", "wss://A.example./x", True),
        ("https://a.example", "https://a.example:8443/", False),
        ("https://a.example", "https://www.a.example/", False),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000/", True),
        ("http://127.0.0.1:8000", "http://127.0.0.1:6379/", False),
        ("http://127.0.0.1:8000", "http://localhost:8000/", False),
        ("https://a.example", "https://[2001:db8::1]/", False),
        ("https://a.example", "https://cdn.example/", True),
        ("https://a.example", "https://cdn.example:81/", False),
    ],
)
def test_the_scope_is_the_site_and_the_named_hosts(
    site_: str, asked: str, is_allowed: bool
) -> None:
    assert Scope.of(site_, ["cdn.example"]).allows(Server.of(asked)) is is_allowed


def test_an_address_that_is_none_is_an_error() -> None:
    with pytest.raises(ValueError, match="no address of a web server"):
        Server.of("ftp://a/")


def test_a_port_that_nobody_answers_on_is_said() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

    async def ask() -> None:
        async with gate(("127.0.0.1", port)) as (client, _, record, _):
            assert (await client.get(HOME)).status_code == 502
            assert list(record.notes) == ["www.tea.example does not answer: ConnectError"]

    run(ask())
