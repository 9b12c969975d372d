"""What judging a body costs: no more than a few times its bytes, however they are filled, and time in proportion.

Peaks are tracemalloc's, with everything that holds the body: the server's pieces, what the adapter
keeps for the app, what the reader takes out. The body as it was sent is not counted.
"""

from __future__ import annotations

import asyncio
import io
import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from alpines_privacy import PrivacyPolicy, Signup, asgi, wsgi
from alpines_privacy.guard import Guard
from alpines_privacy.http.loose_body import find_fields
from alpines_privacy.http.outcomes import NeedBody
from tests.http.test_body import FORM, JSON, MULTIPART
from tests.support.sent import Sent

POLICY = PrivacyPolicy(
    signups=[
        Signup("/register", birth_date="dob", max_body=10_000_000),
        Signup("/nested", birth_date=("user.year", "user.month", "user.day"), max_body=10_000_000),
    ],
)
MOST = 6  # times the body
SLACK = 60_000  # bytes, for what a request costs whatever it holds
DOB = b'"dob":"1990-02-03"'


def filled(before: bytes, piece: bytes, after: bytes) -> Callable[[int], bytes]:
    return lambda size: before + piece * ((size - len(before) - len(after)) // len(piece)) + after


def deep(size: int) -> bytes:
    nests = b'{"a":' * 60 + b"1" + b"}" * 60
    return b"[" + b",".join([nests] * (size // len(nests))) + b"]"


PART = b'--xyz\r\nContent-Disposition: form-data; name="a"\r\n\r\n\r\n'
OTHER_PART = b'--xyz\r\nContent-Disposition: form-data; name="a"; filename="b"\r\nContent-Type: a/b\r\n\r\n\r\n'
DOB_PART = b'--xyz\r\nContent-Disposition: form-data; name="dob"\r\n\r\n1990-02-03\r\n--xyz--\r\n'

# A type, and what makes a body of so many bytes.
FILLINGS: dict[str, tuple[str, Callable[[int], bytes]]] = {
    "form: names alone": (FORM, filled(b"dob=1990-02-03&", b"a&", b"")),
    "form: nothing but &": (FORM, filled(b"dob=1990-02-03", b"&", b"")),
    "form: short pairs": (FORM, filled(b"dob=1990-02-03&", b"a=b&", b"")),
    "form: escapes": (FORM, filled(b"dob=1990-02-03&a=", b"%41", b"")),
    "form: a name of escapes": (FORM, filled(b"dob=1990-02-03&", b"%41", b"")),
    "form: the date of escapes": (FORM, filled(b"dob=", b"%31", b"")),
    "form: plus signs": (FORM, filled(b"dob=1990-02-03&a=", b"+", b"")),
    "form: the date again": (FORM, filled(b"", b"dob=1&", b"")),
    "form: a name that begins like the date's": (FORM, filled(b"", b"do&%64o&", b"")),
    "form: an emoji": (FORM, filled(b"dob=1990-02-03&a=\xf0\x9f\x98\x80", b"x", b"")),
    "form: emoji": (FORM, filled(b"dob=1990-02-03&a=", b"\xf0\x9f\x98\x80", b"")),
    "form: semicolons": (FORM, filled(b"dob=1990-02-03&a=", b";", b"")),
    "form: equals signs": (FORM, filled(b"dob=1990-02-03&a=", b"=", b"")),
    "JSON: short members": (JSON, filled(b"{" + DOB, b',"a":1', b"}")),
    "JSON: short members with an escape": (JSON, filled(b'{"\\n":1,' + DOB, b',"a":1', b"}")),
    "JSON: the date again": (JSON, filled(b"{" + DOB, b"," + DOB, b"}")),
    "JSON: empty strings": (JSON, filled(b"{" + DOB + b',"a":[""', b',""', b"]}")),
    "JSON: numbers": (JSON, filled(b"{" + DOB + b',"a":[0', b",1", b"]}")),
    "JSON: one number": (JSON, filled(b"{" + DOB + b',"a":1', b"0", b"}")),
    "JSON: empty arrays": (JSON, filled(b"[[]", b",[]", b"]")),
    "JSON: empty objects": (JSON, filled(b'{"a":[{}', b",{}", b"]}")),
    "JSON: small objects": (JSON, filled(b'[{"a":1}', b',{"a":1}', b"]")),
    "JSON: nests": (JSON, deep),
    "JSON: brackets": (JSON, filled(b"", b"[", b"")),
    "JSON: braces": (JSON, filled(b"", b'{"a":', b"")),
    "JSON: a long string": (JSON, filled(b"{" + DOB + b',"a":"', b"x", b'"}')),
    "JSON: a long string of escapes": (JSON, filled(b"{" + DOB + b',"a":"', b"\\n", b'"}')),
    "JSON: a long string of code points": (JSON, filled(b"{" + DOB + b',"a":"', b"\\u00e9", b'"}')),
    "JSON: a string with an emoji": (JSON, filled(b"{" + DOB + b',"a":"\xf0\x9f\x98\x80', b"x", b'"}')),
    "JSON: the date is long": (JSON, filled(b'{"dob":"', b"1", b'"}')),
    "JSON: the date is long, of escapes": (JSON, filled(b'{"dob":"', b"\\u0031", b'"}')),
    "JSON: a long name": (JSON, filled(b"{" + DOB + b',"', b"x", b'":1}')),
    "JSON: blanks": (JSON, filled(b"{" + DOB, b" ", b"}")),
    "JSON: a string without an end": (JSON, filled(b'{"a":"', b"\\", b"")),
    "JSON: quotes": (JSON, filled(b"{", b'"', b"")),
    "JSON: pairs of a form": (JSON, filled(b"{" + DOB + b',"a":"', b"&a=b", b'"}')),
    "JSON: & alone": (JSON, filled(b"{" + DOB + b',"a":"', b"&", b'"}')),
    "multipart: short parts": (MULTIPART, filled(b"", PART, DOB_PART)),
    "multipart: short files": (MULTIPART, filled(b"", OTHER_PART, DOB_PART)),
    "multipart: delimiters": (MULTIPART, filled(b"", b"--xyz", b"")),
    "multipart: delimiters of lines": (MULTIPART, filled(b"", b"--xyz\r\n", b"")),
    "multipart: a large file": (MULTIPART, filled(OTHER_PART[:-2], b"\0", b"\r\n" + DOB_PART)),
    "multipart: line breaks": (MULTIPART, filled(OTHER_PART[:-2], b"\r\n", b"\r\n" + DOB_PART)),
    "multipart: dashes": (MULTIPART, filled(OTHER_PART[:-2], b"-", b"\r\n" + DOB_PART)),
    "multipart: a large head": (MULTIPART, filled(b"--xyz\r\nA: ", b"x", b"\r\n\r\n\r\n" + DOB_PART)),
    "multipart: many fields of a head": (MULTIPART, filled(b"--xyz\r\n", b"a:\r\n", b"\r\n\r\n" + DOB_PART)),
    "multipart: a long date": (MULTIPART, filled(DOB_PART[:-21], b"1", b"\r\n--xyz--\r\n")),
    "multipart: a long name": (
        MULTIPART, filled(b'--xyz\r\nContent-Disposition: form-data; name="', b"a", b'"\r\n\r\n\r\n' + DOB_PART),
    ),
    "multipart: a long file name": (
        MULTIPART,
        filled(b'--xyz\r\nContent-Disposition: form-data; name="a"; filename="', b"\\a", b'"\r\n\r\n\r\n' + DOB_PART),
    ),
    "another type": ("text/plain", filled(b"dob=1990-02-03", b"&a=b", b"")),
    "UTF-16": (JSON, lambda size: ('{"dob":"' + "x" * (size // 2) + '"}').encode("utf-16")),
}  # fmt: skip
SIZES = (50_000, 100_000, 200_000)


def judged(path: str, content_type: str, body: bytes, *, piece: int = 65536) -> int:
    """Return the peak over what is held already, of a visit that judges a body sent in pieces."""
    guard = Guard(POLICY)
    pieces = [body[at : at + piece] for at in range(0, len(body), piece)]
    for warm in (True, False):
        request = Sent(("content-type", content_type), method="POST", path=path)
        visit = guard.visit(request)
        assert isinstance(visit.request(), NeedBody)
        tracemalloc.start()
        for number, data in enumerate([b""] if warm else pieces):
            visit.body(data, not warm and number < len(pieces) - 1)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        visit.end()
    return peak


@pytest.mark.parametrize("filling", FILLINGS)
def test_judging_a_declared_signup_takes_little_beside_its_body(filling: str) -> None:
    content_type, make = FILLINGS[filling]
    for size in SIZES:
        assert judged("/register", content_type, make(size)) <= MOST * size + SLACK
    assert judged("/nested", content_type, make(SIZES[0])) <= MOST * SIZES[0] + SLACK


@pytest.mark.parametrize("filling", FILLINGS)
def test_judging_an_undeclared_one_takes_little_beside_its_body(filling: str) -> None:
    content_type, make = FILLINGS[filling]
    for size in (16_000, 32_000, 64_000):
        body = make(size).replace(b"dob", b"password=a&dob", 1)
        assert judged("/join", content_type, body[:65_000]) <= MOST * size + SLACK


@pytest.mark.parametrize("filling", FILLINGS)
def test_looking_for_what_is_personal_takes_little_beside_the_body(filling: str) -> None:
    content_type, make = FILLINGS[filling]
    for kind in (content_type, "text/plain"):
        for size in (16_000, 32_000, 64_000):
            body = make(size)
            list(find_fields(kind, body[:100]))
            tracemalloc.start()
            for _ in find_fields(kind, body):
                pass
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            assert peak <= MOST * size + SLACK


def over_asgi(content_type: str, pieces: Callable[[], Iterator[bytes]]) -> int:
    """Return the peak of a protected ASGI app that reads a body of such pieces, message by message."""
    left = pieces()

    async def receive() -> dict[str, Any]:
        piece = next(left, None)
        return {"type": "http.request", "body": piece or b"", "more_body": piece is not None}

    async def app(scope: Any, receive: Any, send: Any) -> None:
        while (await receive())["more_body"]:
            pass

    async def send(message: Any) -> None:
        del message

    headers = [(b"content-type", content_type.encode())]
    scope = {"type": "http", "method": "POST", "path": "/register", "headers": headers}
    layered = asgi.PrivacyMiddleware(app, POLICY)
    tracemalloc.start()
    asyncio.run(layered(scope, receive, send))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


class _Slow(io.BytesIO):
    """A stream that has so many bytes ready at a time."""

    piece = 1

    def read(self, size: int | None = -1) -> bytes:
        return super().read(min(self.piece, size or self.piece) if size else size)


def over_wsgi(content_type: str, body: bytes, piece: int) -> int:
    """Return the peak of a protected WSGI app whose body comes in pieces of so many bytes."""

    def app(environ: Any, start_response: Any) -> list[bytes]:
        environ["wsgi.input"].read(10)
        start_response("200 OK", [])
        return []

    stream = _Slow(body)
    stream.piece = piece
    environ = {
        "REQUEST_METHOD": "POST", "PATH_INFO": "/register", "CONTENT_TYPE": content_type, "wsgi.input": stream,
        "CONTENT_LENGTH": str(len(body)), "wsgi.url_scheme": "http",
    }  # fmt: skip
    layered = wsgi.PrivacyMiddleware(app, POLICY)
    tracemalloc.start()
    layered(environ, lambda *_: lambda data: None)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


SHORT = (25_000, 50_000, 100_000)


@pytest.mark.parametrize("piece", [1, 7, 1000, 65536])
def test_a_body_in_pieces_takes_no_more_over_asgi(piece: int) -> None:
    over_asgi(FORM, lambda: iter([b"dob=1990-02-03"]))
    for size in SHORT:
        body = FILLINGS["form: short pairs"][1](size)

        def pieces(body: bytes = body) -> Iterator[bytes]:
            return (body[at : at + piece] for at in range(0, len(body), piece))

        assert over_asgi(FORM, pieces) <= MOST * size + 500_000  # of a thousand pieces


@pytest.mark.parametrize("piece", [1, 7, 1000, 65536])
def test_a_body_in_pieces_takes_no_more_over_wsgi(piece: int) -> None:
    over_wsgi(FORM, b"dob=1990-02-03", 1)
    for size in SHORT:
        body = FILLINGS["form: short pairs"][1](size)
        assert over_wsgi(FORM, body, piece) <= MOST * size + SLACK
