"""A name that leads elsewhere later takes the audit nowhere: not to this machine, nor to its neighbours."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

import httpx
import pytest

from alpines_privacy.audit import Options, run
from alpines_privacy.audit.browser import tour
from alpines_privacy.audit.browser.scope import Scope, Server
from alpines_privacy.audit.browser.upstream import Upstream
from alpines_privacy.audit.fetching.names import look_up_once
from tests.conftest import need
from tests.support.processes import wsgi_origin

HOST = "rebinding.example"
NEIGHBOUR = "127.0.0.2"


class Rebinding:
    """A name server whose answer for `HOST` is this machine once, and then its neighbour; it counts."""

    def __init__(self) -> None:
        self.asked = 0
        self._look_up = socket.getaddrinfo

    def __call__(self, host: Any, port: Any, *rest: Any, **more: Any) -> list[Any]:
        if host not in {HOST, HOST.encode()}:
            return self._look_up(host, port, *rest, **more)
        self.asked += 1
        address = "127.0.0.1" if self.asked == 1 else NEIGHBOUR
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]


@pytest.fixture
def rebinding(monkeypatch: pytest.MonkeyPatch) -> Rebinding:
    names = Rebinding()
    monkeypatch.setattr(socket, "getaddrinfo", names)
    return names


@contextmanager
def neighbour(port: int) -> Iterator[socket.socket]:
    """A socket at the neighbour's address, on the same port, which nobody may connect to."""
    try:
        listener = socket.create_server((NEIGHBOUR, port))
    except OSError:
        need("a second address", False, f"Linux, where {NEIGHBOUR} is this machine")
        raise
    with listener:
        listener.setblocking(False)
        yield listener
        with pytest.raises(BlockingIOError):
            listener.accept()


def site(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    start_response("200 OK", [("Content-Type", "text/html"), ("Connection", "close")])
    return [
        b"<a href=/a>a</a><form action=/delete method=post><input type=password name=p><input name=dob></form>"
    ]


def test_an_audit_stays_where_the_name_led_first(rebinding: Rebinding) -> None:
    with wsgi_origin(site) as port, neighbour(port):
        report = run(f"http://{HOST}:{port}/", Options(pages=3, active=True))
    assert (report.pages, rebinding.asked) == (3, 1)


def test_so_does_its_browser(rebinding: Rebinding) -> None:
    async def ask(server: Server) -> list[int]:
        upstream = Upstream(Scope(server))
        try:
            return [await status(upstream, server) for _ in range(3)]
        finally:
            await upstream.close()

    async def status(upstream: Upstream, server: Server) -> int:
        response = await upstream.ask(server, "GET", b"/", [(b"Host", HOST.encode())], b"")
        assert isinstance(response.stream, httpx.AsyncByteStream)
        async for _ in response.stream:
            pass
        await response.aclose()
        _, writer = await upstream.connect(server)
        writer.close()
        return response.status_code

    with wsgi_origin(site) as port, neighbour(port):
        assert tour.in_a_thread(ask(Server("http", HOST, port))) == [200] * 3
    assert rebinding.asked == 1


async def places(*ports: int) -> list[Any]:
    """Look a name up for several ports at once."""
    loop = asyncio.get_running_loop()
    asked = (loop.getaddrinfo(HOST, port, type=socket.SOCK_STREAM) for port in ports)
    return [each[4] for found in await asyncio.gather(*asked) for each in found]


def test_other_ports_of_a_name_are_at_the_same_place(rebinding: Rebinding) -> None:
    async def twice() -> list[Any]:
        look_up_once(asyncio.get_running_loop())
        return [*await places(80), *await places(443)]

    assert asyncio.run(twice()) == [("127.0.0.1", 80), ("127.0.0.1", 443)]


def test_names_looked_up_at_once_lead_to_one_place(rebinding: Rebinding) -> None:
    async def at_once() -> list[Any]:
        look_up_once(asyncio.get_running_loop())
        return await places(80, 443)

    assert len({address for address, _ in asyncio.run(at_once())}) == 1


def test_a_name_that_leads_nowhere_is_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = 0

    def nowhere(*_: Any, **__: Any) -> list[Any]:
        nonlocal asked
        asked += 1
        raise socket.gaierror(-2, "Name or service not known")

    async def twice() -> None:
        loop = asyncio.get_running_loop()
        look_up_once(loop)
        for _ in range(2):
            with pytest.raises(socket.gaierror):
                await loop.getaddrinfo(HOST, 80)

    monkeypatch.setattr(socket, "getaddrinfo", nowhere)
    asyncio.run(twice())
    assert asked == 2
