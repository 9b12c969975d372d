"""No request that was ever found, and none that is drawn, brings a child's date to an app.

The fuzzer runs for a minute in CI and a quarter of one elsewhere, or for `SIGNUP_FUZZ_SECONDS`, and
draws the same each time; `python -m tests.fuzz.signups` runs it for fifteen minutes and draws anew.
"""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fuzz.signup_apps import LAYERS, WAYS
from tests.fuzz.signup_servers import SERVERS, Sent, Server, serving
from tests.fuzz.signups import (
    ADULT,
    CHILD,
    FORM,
    JSON,
    MULTIPART,
    Request,
    child_seen,
    draw,
    fuzz,
    plain_requests,
    request_of,
)

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="gunicorn has no Windows")

ADULT_FORM = f"dob={ADULT}".encode()
CHILD_FORM = f"dob={CHILD}".encode()
BOTH = f"dob={ADULT}&".encode()


def part(name: str, value: str, *more: str, boundary: str = "xyz") -> str:
    head = "".join(f"{line}\r\n" for line in more)
    return f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n{head}\r\n{value}\r\n'


def two_forms(first: str, second: str) -> bytes:
    """Write a form of one boundary within a part of another's: each reader sees one of the dates."""
    inner = part("dob", CHILD, boundary=second) + f"--{second}--\r\n"
    return (
        part("dob", ADULT, boundary=first) + part("x", inner, boundary=first) + f"--{first}--\r\n"
    ).encode()


# Requests that brought a child's date to some app once, or would have.
FINDS: dict[str, Request] = {
    "an extended boundary": request_of(f"{MULTIPART}; boundary=A; boundary*=utf-8''B", two_forms("A", "B")),
    "a boundary in pieces": request_of(f"{MULTIPART}; boundary=A; boundary*0=B", two_forms("A", "B")),
    "a boundary in pieces alone": request_of(f"{MULTIPART}; boundary*0=B", two_forms("B", "A")),
    "an extended charset": request_of(f"{FORM}; charset*=''utf-7", BOTH + f"d+AG8-b={CHILD}".encode()),
    "a charset": request_of(f"{MULTIPART}; boundary=A; charset=utf-7", two_forms("A", "B")),
    "JSON that is a form": request_of(JSON, f'{{"dob":"{ADULT}","x":"&dob={CHILD}&y="}}'.encode()),
    "JSON that is a form, with escapes": request_of(JSON, f'{{"dob":"{ADULT}","x":"&d%6Fb={CHILD}&y="}}'.encode()),
    "JSON in UTF-16 that is a form": request_of(
        JSON, f'{{"dob":"{ADULT}","x":"'.encode("utf-16-le") + b"&&" + CHILD_FORM + b'&"\0}\0',
    ),
    "a form that is JSON": request_of(FORM, f'{{"dob":"{CHILD}","x":"&dob={ADULT}&"}}'.encode()),
    "a form of chunks": request_of(
        FORM, f"f\r\ndob={CHILD}&\r\n0\r\n\r\n&dob={ADULT}".encode(), framing="chunked"
    ),
    "a form in two chunkings": request_of(FORM, CHILD_FORM, framing="chunks within chunks"),
    "two lengths": request_of(FORM, b"dob=2019&" + ADULT_FORM, framing="both, shorter"),
    "no slash": request_of(FORM, CHILD_FORM, target="register"),
    "the target that proxies get": request_of(FORM, CHILD_FORM, target="http://shop.example/register"),
    "the same with parameters": request_of(FORM, CHILD_FORM, target="http://shop.example/register;x=1?y"),
    "a scheme alone": request_of(FORM, CHILD_FORM, target="http:register"),
    "an escaped question mark": request_of(FORM, CHILD_FORM, target="register%3Fx"),
    "a dot segment": request_of(FORM, CHILD_FORM, target="/%2e/register"),
    "dot segments": request_of(FORM, CHILD_FORM, target="/x/../register"),
    "an empty parameter": request_of(FORM, CHILD_FORM, target="/clubs//join"),
    "a byte that is dropped": request_of(FORM, CHILD_FORM, target="/regi%FFster"),
    "the date in the query": request_of(FORM, ADULT_FORM, target=f"/register?dob={CHILD}"),
    "two types": Request(head=[("Content-Type", JSON), ("Content-Type", FORM)], body=CHILD_FORM),
    "a type by another name": Request(head=[("Content_Type", FORM)], body=CHILD_FORM),
    "another method": request_of(FORM, CHILD_FORM, method="QUERY", target="/clubs/a/join"),
    "another method, astray": request_of(FORM, CHILD_FORM, method="PUT", target="/clubs/a;b/join"),
    "no type": Request(body=f'{{"dob":"{CHILD}"}}'.encode()),
}  # fmt: skip


# Signups nobody declared that came to some app once: how it reads, and the request.
BOUNDED = f"{MULTIPART}; boundary=xyz"
SECRET = part("password", "x") + "--xyz--\r\n"
TABLE = f'{{"dob":{{"year":2019,"month":3,"day":1}},"birth":{{"date":"{CHILD}"}},"password":["x"]}}'.encode()
UNDECLARED_FINDS: dict[str, tuple[str, Request]] = {
    "JSON as text": ("json", request_of("text/plain", TABLE)),
    "JSON in latin-1": ("json", request_of(f"{JSON}; charset=latin-1", TABLE)),
    "JSON after a mark": ("json", request_of(JSON, b"\xef\xbb\xbf" + TABLE)),
    "JSON in UTF-16": ("raw", request_of(JSON, TABLE.decode().encode("utf-16"))),
    "JSON after NaN": ("json", request_of(JSON, b'{"x":NaN,' + TABLE[1:])),
    "JSON in containers": ("json", request_of(JSON, TABLE)),
    "a head that ends early": ("form", request_of(BOUNDED, (
        "--xyz\r\nX: y\n\n" + part("dob", CHILD).removeprefix("--xyz\r\n") + SECRET).encode())),
    "a boundary in mid-line": ("form", request_of(BOUNDED, f"--zzz\r\nx{part('dob', CHILD)}{SECRET}".encode())),
    "delimiters of CR": ("form", request_of(BOUNDED, (part("dob", CHILD) + SECRET).replace("\r\n--", "\r--").encode())),
    "names in UTF-7": ("form", request_of(f"{BOUNDED}; charset=utf-7", (
        part("d+AG8-b", CHILD) + part("p+AGE-ssword", "x") + "--xyz--\r\n").encode())),
    "a name of RFC 2231 in UTF-16": ("form", request_of(BOUNDED, (
        part("dob", CHILD) + SECRET).replace('name="dob"', "name*=utf-16''d%00o%00b%00").encode())),
    "a password in containers": ("form", request_of(
        FORM, f"user[dob]={CHILD}&f[plainPassword][first]=x&user[password][]=x".encode())),
    "one name twice": ("form", request_of(FORM, f"dob={CHILD}&dob={ADULT}&password=x".encode())),
    "a file": ("form", request_of(BOUNDED, (
        part("dob", CHILD) + SECRET).replace('"dob"', '"dob"; filename="x"').encode())),
    "a date in the query": ("values", request_of(FORM, b"password=x", target=f"/register?dob={CHILD}")),
    "a date in the query, a form in JSON": (
        "values", request_of(JSON, b'{"a":"&password=x&"}', target=f"/register?dob={CHILD}"),
    ),
}  # fmt: skip


@pytest.fixture(scope="module", params=SERVERS)
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    folder: Path = tmp_path_factory.mktemp("signups")
    with serving(request.param, folder) as server:
        yield server
    assert server.defects == []


def plainly(server: Server, app: str, layer: str, born: str) -> Iterator[tuple[str, str, Sent]]:
    """Yield what ordinary clients send, over all versions that the server speaks."""
    for name, way, request in plain_requests(born):
        yield name, way, request.written(app, way, layer)
        if server.speaks_http2:
            yield f"{name} over HTTP/2", way, request.framed(app, way, layer)


@pytest.mark.parametrize("layer", ["declared", "undeclared"])
def test_an_adults_plain_request_passes_everywhere(server: Server, layer: str) -> None:
    for app in server.apps:
        for name, way, request in plainly(server, app, layer, ADULT):
            start = server.size
            answer = server.send(request, is_whole=True)
            assert [(app, way, {ADULT}, True, layer)] == [
                (seen.app, seen.way, set(seen.dates), seen.has_password, seen.layer)
                for seen in server.seen(start)
            ], (name, answer)


@pytest.mark.parametrize("layer", LAYERS)
def test_a_childs_plain_request_passes_nowhere(server: Server, layer: str) -> None:
    """And bare it does, or else nothing here would show anything."""
    for app in server.apps:
        for name, _, request in plainly(server, app, layer, CHILD):
            start = server.size
            server.send(request, is_whole=True)
            assert any(CHILD in seen.dates for seen in server.seen(start)) == (layer == "bare"), (
                app,
                name,
            )


@pytest.mark.parametrize("find", FINDS)
def test_what_was_found_once_passes_nowhere(server: Server, find: str) -> None:
    request, start = FINDS[find], server.size
    each = [(app, way) for app in server.apps for way in WAYS[:4]]
    server.send_all(request.written(app, way) for app, way in each)
    if server.speaks_http2:
        server.send_all(request.framed(app, way) for app, way in each)
    assert not child_seen(server.seen(start))


def test_what_was_found_undeclared_passes_nowhere(server: Server) -> None:
    finds = list(UNDECLARED_FINDS.values())
    start = server.size
    server.send_all(
        each.written(app, way, "undeclared") for app in server.apps for way, each in finds
    )
    if server.speaks_http2:
        server.send_all(
            each.framed(app, way, "undeclared") for app in server.apps for way, each in finds
        )
    assert [seen for seen in server.seen(start) if CHILD in seen.dates and seen.has_password] == []


def test_nothing_drawn_brings_a_childs_date_to_an_app() -> None:
    seconds = float(
        os.environ.get("SIGNUP_FUZZ_SECONDS") or (60 if os.environ.get("CI") == "true" else 15)
    )
    tally = fuzz(seconds, int(os.environ.get("SIGNUP_FUZZ_SEED") or 1))
    assert tally.finds == []
    assert tally.controls == []
    assert tally.defects == []
    assert tally.passed > 0  # adults', oddities and all
    assert tally.over_http2 > 0
    assert tally.undeclared > 0


@pytest.mark.parametrize("version", ["HTTP/1.1", "HTTP/2"])
def test_what_is_drawn_would_bring_childs_dates_to_bare_apps(server: Server, version: str) -> None:
    if version == "HTTP/2" and not server.speaks_http2:
        return
    start = server.size
    drawn = [draw(random.Random(seed)) for seed in range(150)]  # noqa: S311 - the same each time
    write = Request.written if version == "HTTP/1.1" else Request.framed
    server.send_all(write(each, app, "form", "bare") for each in drawn for app in server.apps)
    assert {seen.app for seen in server.seen(start) if child_seen([seen])} == set(server.apps)
