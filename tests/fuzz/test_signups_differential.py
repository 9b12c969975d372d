"""No request that was ever found, and none that is drawn, brings a child's date to an app.

The fuzzer runs for a minute in CI and a quarter of one elsewhere, or for `SIGNUP_FUZZ_SECONDS`;
`python -m tests.fuzz.signups` runs it for fifteen minutes.
"""

from __future__ import annotations

import os
import random
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fuzz.signup_apps import WAYS
from tests.fuzz.signup_servers import SERVERS, Server, serving
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
    "an empty parameter": request_of(FORM, CHILD_FORM, target="/clubs//join-in"),
    "a byte that is dropped": request_of(FORM, CHILD_FORM, target="/regi%FFster"),
    "the date in the query": request_of(FORM, ADULT_FORM, target=f"/register?dob={CHILD}"),
    "two types": Request(head=[("Content-Type", JSON), ("Content-Type", FORM)], body=CHILD_FORM),
    "a type by another name": Request(head=[("Content_Type", FORM)], body=CHILD_FORM),
    "another method": request_of(FORM, CHILD_FORM, method="QUERY", target="/clubs/a/join-in"),
    "another method, astray": request_of(FORM, CHILD_FORM, method="PUT", target="/clubs/a;b/join-in"),
    "no type": Request(body=f'{{"dob":"{CHILD}"}}'.encode()),
}  # fmt: skip


@pytest.fixture(scope="module", params=SERVERS)
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    folder: Path = tmp_path_factory.mktemp("signups")
    with serving(request.param, folder) as server:
        yield server
    assert server.defects == []


def test_an_adults_plain_request_passes_everywhere(server: Server) -> None:
    for app in server.apps:
        for name, way, request in plain_requests():
            start = server.size
            answer = server.send(request.written(app, way), is_whole=True)
            assert [(app, way, [ADULT])] == [
                (app, way, sorted(set(found))) for app, way, found in server.seen(start)
            ], (name, answer)


def test_a_childs_plain_request_passes_nowhere(server: Server) -> None:
    """And bare it does, or else nothing here would show anything."""
    for app in server.apps:
        for name, way, request in plain_requests():
            request.body = request.body.replace(ADULT.encode(), CHILD.encode())
            for is_bare in (True, False):
                start = server.size
                server.send(request.written(app, way, is_bare=is_bare), is_whole=True)
                assert child_seen(server.seen(start)) == is_bare, (app, name)


@pytest.mark.parametrize("find", FINDS)
def test_what_was_found_once_passes_nowhere(server: Server, find: str) -> None:
    request, start = FINDS[find], server.size
    server.send_all(request.written(app, way) for app in server.apps for way in WAYS[:4])
    assert not child_seen(server.seen(start))


def test_nothing_drawn_brings_a_childs_date_to_an_app() -> None:
    seconds = float(
        os.environ.get("SIGNUP_FUZZ_SECONDS") or (60 if os.environ.get("CI") == "true" else 15)
    )
    seed = int(os.environ.get("SIGNUP_FUZZ_SEED") or time.time_ns() % 10**9)
    print(f"seed {seed}")  # shown where it fails
    tally = fuzz(seconds, seed)
    assert tally.finds == []
    assert tally.controls == []
    assert tally.defects == []
    assert tally.passed > 0  # adults', oddities and all


def test_what_is_drawn_would_bring_childs_dates_to_bare_apps(server: Server) -> None:
    start = server.size
    drawn = [draw(random.Random(seed)) for seed in range(150)]  # noqa: S311 - the same each time
    server.send_all(
        each.written(app, "form", is_bare=True) for each in drawn for app in server.apps
    )
    seen = server.seen(start)
    assert {app for app, _, dates in seen if child_seen([(app, "", dates)])} == set(server.apps)
