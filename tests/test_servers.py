"""A protected app on real servers: what leaves, in what order, and for whom."""

from __future__ import annotations

import contextlib
import http.client
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from h2.connection import H2Connection
from h2.events import Event, InformationalResponseReceived, ResponseReceived, StreamEnded

from tests.support.processes import free_port, program
from tests.support.served import ETAG, HTML

ROOT = Path(__file__).parent.parent

# How each server is told to serve an app on a port; all with room for two visitors at once.
COMMANDS = {
    "uvicorn": "uvicorn tests.support.served:asgi --port {port} --http h11",
    "hypercorn": "hypercorn tests.support.served:asgi --bind 127.0.0.1:{port}",
    "granian over ASGI": "granian tests.support.served:asgi --port {port} --interface asgi",
    "granian over WSGI": "granian tests.support.served:wsgi --port {port} --interface wsgi"
    " --blocking-threads 2",
    "gunicorn": "gunicorn tests.support.served:wsgi --bind 127.0.0.1:{port} --threads 2",
    "waitress": "waitress --listen 127.0.0.1:{port} tests.support.served:wsgi",
}


@pytest.fixture(scope="module", params=COMMANDS)
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, int]]:
    """Serve the app from a process of its own, and see that it ends without a word of error."""
    name: str = request.param
    port = free_port()
    words = COMMANDS[name].format(port=port).split()
    folder = tmp_path_factory.mktemp("server")
    with program([sys.executable, "-m", *words], port, folder, env={"PYTHONPATH": str(ROOT)}):
        yield name, port
    (log,) = folder.glob("*.log")
    assert "Traceback" not in log.read_text("utf-8", "replace")


@contextlib.contextmanager
def connected(port: int) -> Iterator[http.client.HTTPConnection]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        yield connection
    finally:
        connection.close()


def ask(
    connection: http.client.HTTPConnection, path: str, method: str = "GET", **headers: str
) -> tuple[http.client.HTTPResponse, bytes]:
    connection.request(method, path, headers=headers)
    response = connection.getresponse()
    return response, response.read()


def planted(response: http.client.HTTPResponse) -> list[str]:
    return [line.partition("=")[0] for line in response.headers.get_all("Set-Cookie", [])]


Server = tuple[str, int]

NAVIGATING = {"Accept": "text/html", "DNT": "1"}


@pytest.mark.parametrize(
    ("path", "status"), [("/page", 200), ("/nowhere", 404)], ids=["page", "error page"]
)
def test_cookies_leave_without_a_signal_and_under_one_only_what_is_necessary(
    server: Server, path: str, status: int
) -> None:
    with connected(server[1]) as connection:
        plain, _ = ask(connection, path)
        opted_out, _ = ask(connection, path, DNT="1")
    assert (plain.status, opted_out.status) == (status, status)
    assert planted(plain) == ["cart", "_ga"]
    assert planted(opted_out) == ["cart"]
    assert plain.headers["Vary"] == opted_out.headers["Vary"] == "DNT, Sec-GPC"
    assert opted_out.headers["Tk"] == "N"


def test_two_visitors_on_one_connection_do_not_share_a_preference(server: Server) -> None:
    """A proxy sends many visitors' requests over one connection."""
    signals: list[dict[str, str]] = [{}, {"DNT": "1"}, {}, {"Sec-GPC": "1"}, {"DNT": "1"}, {}]
    with connected(server[1]) as connection:
        connection.connect()
        line = connection.sock
        said = [ask(connection, "/page", "GET", **headers)[1].decode() for headers in signals]
        assert connection.sock is line  # it was one connection indeed
    assert said == [next(iter(headers), "None") for headers in signals]


def test_the_first_byte_of_a_stream_arrives_before_the_app_goes_on(server: Server) -> None:
    with connected(server[1]) as streaming, connected(server[1]) as other:
        streaming.request("GET", "/stream", headers={"DNT": "1"})
        response = streaming.getresponse()
        assert response.read(6) == b"first "
        ask(other, "/release")  # only now does the app go on
        assert response.read() == b"DNT"
    assert response.headers["Content-Type"] == HTML[1]
    assert response.headers["Vary"] == "DNT, Sec-GPC"


def test_a_head_request_gets_the_head_the_page_has(server: Server) -> None:
    with connected(server[1]) as connection:
        page, body = ask(connection, "/page", "GET", DNT="1")
        head, nothing = ask(connection, "/page", "HEAD", DNT="1")
    assert (nothing, body) == (b"", b"DNT")
    ours = ("Content-Type", "Set-Cookie", "Vary")
    assert [head.headers.get_all(name) for name in ours] == [
        page.headers.get_all(name) for name in ours
    ]


@pytest.mark.parametrize(
    ("path", "length"), [("/page", None), ("/validated", None), ("/nowhere", None), ("/plain", "5")]
)
def test_a_head_request_tells_no_length_but_one_that_get_has(
    server: Server, path: str, length: str | None
) -> None:
    """What filtering leaves of a page is unknown before: no server puts a 0 in its place."""
    with connected(server[1]) as connection:
        head, _ = ask(connection, path, "HEAD", DNT="1")
        after, body = ask(connection, "/plain")
    assert head.headers["Content-Length"] == length
    assert (after.status, body) == (200, b"plain")


def test_a_304_varies_like_the_page_it_stands_for_and_the_connection_goes_on(
    server: Server,
) -> None:
    with connected(server[1]) as connection:
        page, _ = ask(connection, "/validated", **NAVIGATING)
        has_it = {**NAVIGATING, "If-None-Match": page.headers["ETag"]}
        not_modified, body = ask(connection, "/validated", **has_it)
        after, _ = ask(connection, "/page")
    assert (page.status, not_modified.status, body, after.status) == (200, 304, b"", 200)
    assert planted(not_modified) == ["cart"]
    assert not_modified.headers["Vary"] == page.headers["Vary"] == "DNT, Sec-GPC"
    assert not_modified.headers["ETag"] == page.headers["ETag"]


def test_a_page_stored_before_or_without_a_signal_is_sent_anew(server: Server) -> None:
    with connected(server[1]) as connection:
        others, _ = ask(connection, "/validated", Accept="text/html")
        for stored in (ETAG[1], others.headers["ETag"]):
            page, body = ask(connection, "/validated", **NAVIGATING, **{"If-None-Match": stored})
            assert (page.status, body) == (200, b"ok")
            assert page.headers["ETag"] not in {ETAG[1], others.headers["ETag"]}


def test_an_upload_in_chunks_arrives_whole(server: Server) -> None:
    chunks = [bytes(range(256)) * 40] * 5
    headers = {"Transfer-Encoding": "chunked", "DNT": "1"}
    with connected(server[1]) as connection:
        connection.request("POST", "/upload", iter(chunks), headers, encode_chunked=True)
        response = connection.getresponse()
        assert int(response.read()) == sum(map(sum, chunks))


@pytest.mark.parametrize("server", ["hypercorn"], indirect=True)
def test_early_hints_leave_before_the_response(server: Server) -> None:
    """Hypercorn knows them, over HTTP/2."""
    visitor = H2Connection()
    visitor.initiate_connection()
    request = {":method": "GET", ":scheme": "http", ":authority": "shop.test", ":path": "/hints"}
    visitor.send_headers(1, [*request.items(), ("dnt", "1")], end_stream=True)
    events: list[Event] = []
    with socket.create_connection(("127.0.0.1", server[1]), timeout=60) as line:
        while not any(isinstance(event, StreamEnded) for event in events):
            line.sendall(visitor.data_to_send())
            events += visitor.receive_data(line.recv(65536))
    heads = [e for e in events if isinstance(e, InformationalResponseReceived | ResponseReceived)]
    hint, response = ([(bytes(k), bytes(v)) for k, v in head.headers] for head in heads)
    assert hint[0] == (b":status", b"103")
    assert (b"link", b"</a.css>; rel=preload") in hint
    assert (b":status", b"404") in response
