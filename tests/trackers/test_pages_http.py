"""Pages through the whole layer: what is filtered, how it is coded, cached, sent, and what is told of it."""

from __future__ import annotations

import asyncio
import gzip
import io
import os
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple
from wsgiref.handlers import SimpleHandler
from wsgiref.util import FileWrapper, setup_testing_defaults

import flask
import pytest
import starlette.applications
import starlette.responses
import starlette.routing
from django.core.handlers.wsgi import WSGIHandler
from django.http import FileResponse, HttpRequest, HttpResponse, StreamingHttpResponse
from django.test import AsyncClient, Client
from django.views.decorators.http import condition
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from playwright.sync_api import Browser

from alpines_privacy import Privacy, PrivacyPolicy, asgi, current, protect, wsgi
from alpines_privacy.guard import Guard
from alpines_privacy.http.coding import DECODABLE
from alpines_privacy.http.context import RequestContext
from alpines_privacy.http.heads import ResponseHead
from alpines_privacy.testing import Response, strategies, visitor
from alpines_privacy.trackers import shipped_rules
from alpines_privacy.trackers.page import Pages
from alpines_privacy.trackers.responses import TrackersInResponses
from tests.conftest import need
from tests.frameworks.django_site import OURS
from tests.frameworks.exhibits_django import site, under
from tests.frameworks.test_django import Site
from tests.support.chromium import chromium
from tests.support.processes import wsgi_origin
from tests.support.wire import ASGIServer, WSGIServer, scope_of

TRACKER = b'<img src="https://www.facebook.com/tr?id=1&amp;ev=PageView">'
AD = b'<img src="https://ib.adnxs.com/px?id=7">'
BEGIN, END = b"<!doctype html><title>Shop</title><p>caf\xc3\xa9</p>", b"<p>hello</p>\n" * 20
PAGE = BEGIN + TRACKER + AD + END
EMPTY = b'<img hidden="" style="display:none!important">'
KEPT = BEGIN + EMPTY + AD + END  # without a signal
CLEAN = BEGIN + EMPTY + EMPTY + END

HTML = ("content-type", "text/html; charset=utf-8")
NAVIGATION = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
ENFORCED, REPORTED = "content-security-policy", "content-security-policy-report-only"
OF_A_PAGE = "permissions-policy"  # what every page says
DECLARED, REPORTING = PrivacyPolicy(loads="declared"), PrivacyPolicy(loads="report")

Fields = list[tuple[str, str]]

over_both = pytest.mark.parametrize("protocol", ["asgi", "wsgi"])


class Made(NamedTuple):
    """What an app answers: `chunks` of one are a whole body, of more a stream."""

    fields: Fields
    chunks: tuple[bytes, ...]
    status: int = 200
    exempt: tuple[str, ...] = ()


class Asked(NamedTuple):
    """What an app saw of a request, and the privacy it was given."""

    fields: dict[str, str]
    privacy: Privacy


class App:
    """Answers every request over both protocols with what it was given, or makes for the request."""

    def __init__(self, made: Made | Callable[[dict[str, str]], Made]) -> None:
        self._made = made
        self.asked: list[Asked] = []

    def _answer(self, fields: dict[str, str]) -> Made:
        self.asked.append(Asked(fields, current()))
        made = self._made if isinstance(self._made, Made) else self._made(fields)
        current().exempt(*made.exempt)
        return made

    async def asgi(self, scope: Any, receive: Any, send: Any) -> None:
        made = self._answer({name.decode(): value.decode() for name, value in scope["headers"]})
        raw = [(name.encode(), value.encode()) for name, value in made.fields]
        await send({"type": "http.response.start", "status": made.status, "headers": raw})
        *first, last = made.chunks or (b"",)
        for chunk in first:
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": last})

    def wsgi(self, environ: Any, start_response: Any) -> Iterable[bytes]:
        fields = {
            key[5:].lower().replace("_", "-"): value
            for key, value in environ.items()
            if key.startswith("HTTP_")
        }
        made = self._answer(fields)
        start_response(f"{made.status} Whatever", list(made.fields))
        return list(made.chunks) if len(made.chunks) == 1 else iter(made.chunks)


@cache
def guard(policy: PrivacyPolicy | None = None) -> Guard:
    return Guard(policy or PrivacyPolicy())


def layered(protocol: str, app: App, policy: PrivacyPolicy | None = None) -> Any:
    if protocol == "asgi":
        return asgi.PrivacyMiddleware(app.asgi, guard(policy))
    return wsgi.PrivacyMiddleware(app.wsgi, guard(policy))


def page(*chunks: bytes, fields: Fields = [], **more: Any) -> Made:  # noqa: B006 - never changed
    """Return a page with its length, if it is whole."""
    length = [("content-length", str(len(chunks[0])))] if len(chunks) == 1 else []
    return Made([HTML, *fields, *length], chunks, **more)


def got(
    protocol: str,
    made: Made,
    policy: PrivacyPolicy | None = None,
    method: str = "GET",
    **headers: str,
) -> Response:
    """Ask for a page as browsers do, and return what came."""
    fields = NAVIGATION | {name.replace("_", "-"): value for name, value in headers.items()}
    return visitor(layered(protocol, App(made), policy)).request(method, "/", headers=fields)


def untouched(response: Response, made: Made) -> bool:
    """Whether a response has the app's very bytes, and its length if it gave one."""
    length = dict(made.fields).get("content-length")
    return response.body == b"".join(made.chunks) and (
        response.headers.get("content-length") == length
    )


# -- Which responses

TYPES = {
    "text/html": True,
    "text/html; charset=utf-8": True,
    "TEXT/HTML;charset=UTF-8": True,
    " text/html ;": True,
    "application/xhtml+xml": True,
    "text/vnd.turbo-stream.html; charset=utf-8": True,
    "text/plain, text/html": True,
    "text/html (a comment)": True,
    "text/html, text/plain": False,
    'multipart/mixed; boundary="a,text/html;"': False,
    "text/plain": False,
    "application/json": False,
    "application/xml": False,
    "image/svg+xml": False,
    "text/event-stream": False,
    "text/htmlx": False,
    "multipart/byteranges; boundary=x": False,
}


@over_both
@pytest.mark.parametrize(("content_type", "is_page"), TYPES.items())
def test_only_html_and_xhtml_are_pages(protocol: str, content_type: str, is_page: bool) -> None:
    made = Made([("content-type", content_type), ("content-length", str(len(PAGE)))], (PAGE,))
    response = got(protocol, made)
    assert (OF_A_PAGE in response.headers) is is_page
    if is_page:
        assert response.content == KEPT
        assert response.headers["content-length"] == str(len(KEPT))
    else:
        assert response.fields == made.fields
        assert response.content == PAGE


XHTML = (
    b'<html xmlns="http://www.w3.org/1999/xhtml"><head><title/><script src="https://www.facebook.com/tr"/>',
    b"</head><body><p>then</p></body></html>",
)


@over_both
@pytest.mark.parametrize(
    "kind", ["application/xhtml+xml", "application/xml", "text/xml; charset=utf-8"]
)
@pytest.mark.parametrize("chunks", [XHTML, (b"".join(XHTML),)])
def test_xhtml_is_read_as_xml(protocol: str, kind: str, chunks: tuple[bytes, ...]) -> None:
    response = got(protocol, Made([("content-type", kind)], chunks))
    assert response.content.startswith(
        XHTML[0].partition(b"<script")[0] + b'<script src="/_privacy/'
    )
    assert response.content.endswith(b' type="text/plain" />' + XHTML[1])


STATUSES = {200: True, 201: True, 302: True, 403: True, 404: True, 410: True, 500: True, 206: False}


@over_both
@pytest.mark.parametrize(("status", "is_filtered"), STATUSES.items())
def test_pages_of_every_status_are_filtered_but_parts_of_one(
    protocol: str, status: int, is_filtered: bool
) -> None:
    made = page(PAGE, status=status, fields=[("etag", '"1"'), ("content-range", "bytes 0-9/10")])
    response = got(protocol, made)
    assert response.status_code == status
    if is_filtered:
        assert response.content == KEPT
    else:
        assert untouched(response, made)
        assert response.headers["etag"] == '"1"'


@over_both
@pytest.mark.parametrize("status", [204, 304])
def test_a_response_without_a_body_stays_one(protocol: str, status: int) -> None:
    response = got(protocol, Made([HTML, ("etag", '"1"')], (b"",), status))
    assert response.status_code == status
    assert response.content == b""
    assert "content-length" not in response.headers


@over_both
def test_an_empty_page_is_one(protocol: str) -> None:
    response = got(protocol, page(b""))
    assert response.headers["content-length"] == "0"
    assert OF_A_PAGE in response.headers


# Fields, and what else the app says; whether HEAD still tells of bytes that only GET would make.
HEADS: dict[str, tuple[Fields, dict[str, Any], bool]] = {
    "a page": ([], {}, False),
    "an error page": ([], {"status": 404}, False),
    "a compressed page": ([("content-encoding", "gzip")], {}, False),
    "a coding nobody reads": ([("content-encoding", "compress")], {}, True),
    "a charset that is no ASCII": ([("content-type", "text/html; charset=utf-16")], {}, True),
    "no-transform": ([("cache-control", "no-transform")], {}, True),
    "exempt": ([], {"exempt": ("markup",)}, True),
    "a part": ([("content-range", "bytes 0-9/10")], {"status": 206}, True),
    "no page": ([("content-type", "text/plain")], {}, True),
}


@over_both
@pytest.mark.parametrize(("fields", "more", "is_told"), HEADS.values(), ids=HEADS)
def test_head_tells_nothing_of_bytes_that_filtering_may_change(
    protocol: str, fields: Fields, more: dict[str, Any], is_told: bool
) -> None:
    said = {**OF_THE_BYTES, "content-length": str(len(PAGE))}
    made = Made([HTML, *said.items(), *fields], (PAGE,), **more)
    response = got(protocol, made, method="HEAD")
    assert response.content == b""
    told = {name: response.headers.get(name) for name in said}
    assert told == (said if is_told else dict.fromkeys(said))


@over_both
def test_head_names_the_variant_get_would_have(protocol: str) -> None:
    made = page(PAGE, fields=[("etag", '"1"')])
    response = got(protocol, made, method="HEAD")
    assert response.headers["etag"] == got(protocol, made).headers["etag"] != '"1"'


BODIES: dict[str, Callable[[], Iterable[bytes]]] = {
    "none": list,
    "an empty chunk": lambda: [b""],
    "all of it": lambda: [PAGE],
    "a stream": lambda: iter([BEGIN, END]),
    "a stream of nothing": lambda: iter([]),
    "a file": lambda: FileWrapper(io.BytesIO(PAGE)),
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_no_wsgi_server_takes_a_length_for_head_from_what_the_app_returns(
    body: Callable[[], Iterable[bytes]],
) -> None:
    """PEP 3333 lets a server measure a sole chunk; its own reference takes none at all for 0 bytes."""

    def app(environ: Any, start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", [HTML, ("content-length", str(len(PAGE)))])
        return body()

    sent = io.BytesIO()
    server = SimpleHandler(io.BytesIO(), sent, sys.stderr, {"REQUEST_METHOD": "HEAD"})
    server.origin_server = False
    server.run(protect(app))
    head = sent.getvalue().partition(b"\r\n\r\n")[0].lower()
    assert b"text/html" in head
    assert b"content-length" not in head


@pytest.mark.parametrize("kind", ["body", "pathsend", "zerocopysend"])
def test_no_asgi_server_takes_a_length_for_head_from_what_the_app_sends(kind: str) -> None:
    payload = {"body": PAGE} if kind == "body" else {"path": "/page.html", "file": None}

    async def app(scope: Any, receive: Any, send: Any) -> None:
        headers = [(b"content-type", b"text/html"), (b"content-length", b"9")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": f"http.response.{kind}", **payload})

    server = ASGIServer()
    asyncio.run(protect(app)(scope_of(method="HEAD"), server.receive, server.send))
    assert server.sent[1:] == [{"type": "http.response.body", "body": b"", "more_body": False}]
    assert b"content-length" not in dict(server.sent[0]["headers"])


# -- What the bytes mean

SHIFT_JIS = "表示<p>ソ</p>".encode("shift_jis")  # trail bytes 0x5C
TEXTS = {
    "UTF-8 BOM": (HTML[1], b"\xef\xbb\xbf" + PAGE, True),
    "UTF-8 BOM beats the header": ("text/html; charset=utf-16", b"\xef\xbb\xbf" + PAGE, True),
    "meta": ("text/html", b"<meta charset=windows-1252>" + PAGE, True),
    "a meta cannot mean UTF-16": ("text/html", b"<meta charset=utf-16>" + PAGE, True),
    "Shift_JIS": ("text/html; charset=Shift_JIS", SHIFT_JIS + PAGE, True),
    "not UTF-8 at all": (HTML[1], b"\xff\xc0\x80\x00" + PAGE, True),
    "UTF-16LE BOM": ("text/html", PAGE.decode().encode("utf-16"), False),
    "UTF-16BE BOM": ("text/html", b"\xfe\xff" + PAGE.decode().encode("utf-16be"), False),
    "the BOM beats the header": (HTML[1], PAGE.decode().encode("utf-16"), False),
    "UTF-16 by header": ("text/html; charset=UTF-16LE", PAGE.decode().encode("utf-16le"), False),
    "ISO-2022-JP by header": ("text/html; charset=iso-2022-jp", PAGE, False),
    "ISO-2022-JP by meta": ("text/html", b"<meta charset='iso-2022-jp'>" + PAGE, False),
}


@over_both
@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize(("content_type", "body", "is_read"), TEXTS.values(), ids=TEXTS)
def test_what_is_no_ascii_markup_passes_byte_for_byte_and_its_policy_stands(
    protocol: str, streamed: bool, content_type: str, body: bytes, is_read: bool
) -> None:
    chunks = (body[:40], body[40:]) if streamed else (body,)
    made = Made([("content-type", content_type), ("etag", '"1"')], chunks)
    response = got(protocol, made, DECLARED)
    assert response.content == (body.replace(TRACKER, EMPTY) if is_read else body)
    assert ENFORCED in response.headers


# -- Content codings, by decoders that are not ours


class Coding(NamedTuple):
    """A coding's compressor and decompressor: objects that take chunks, and the flush of one."""

    compress: Callable[[Iterable[bytes]], list[bytes]]
    decompress: Callable[[], Callable[[bytes], bytes]]


def _zlib(wbits: int) -> Coding:
    def compress(chunks: Iterable[bytes]) -> list[bytes]:
        stream = zlib.compressobj(wbits=wbits)
        coded = [stream.compress(chunk) + stream.flush(zlib.Z_SYNC_FLUSH) for chunk in chunks]
        return [*coded[:-1], coded[-1] + stream.flush()]

    return Coding(compress, lambda: zlib.decompressobj(wbits).decompress)


def _brotli() -> Coding:
    brotli = pytest.importorskip("brotli")

    def compress(chunks: Iterable[bytes]) -> list[bytes]:
        stream = brotli.Compressor()
        coded = [stream.process(chunk) + stream.flush() for chunk in chunks]
        return [*coded[:-1], coded[-1] + stream.finish()]

    return Coding(compress, lambda: brotli.Decompressor().process)


def _zstd() -> Coding:
    zstd = pytest.importorskip("zstandard")

    def compress(chunks: Iterable[bytes]) -> list[bytes]:
        stream = zstd.ZstdCompressor().compressobj()
        block = zstd.COMPRESSOBJ_FLUSH_BLOCK
        coded = [stream.compress(chunk) + stream.flush(block) for chunk in chunks]
        return [*coded[:-1], coded[-1] + stream.flush()]

    return Coding(compress, lambda: zstd.ZstdDecompressor().decompressobj().decompress)


CODINGS: dict[str, Callable[[], Coding]] = {
    "gzip": lambda: _zlib(31),
    "deflate": lambda: _zlib(15),
    "br": _brotli,
    "zstd": _zstd,
}
each_coding = pytest.mark.parametrize("name", CODINGS)


def coding(name: str) -> Coding:
    need(f"the coding {name}", name in DECODABLE, "pip install brotli zstandard")
    return CODINGS[name]()


@over_both
@each_coding
def test_a_whole_coded_page_is_filtered_and_coded_again(protocol: str, name: str) -> None:
    code = coding(name)
    (body,) = code.compress([PAGE])
    made = page(body, fields=[("content-encoding", name.upper())])
    response = got(protocol, made, accept_encoding=name)
    assert code.decompress()(response.body) == KEPT
    assert response.headers["content-encoding"] == name.upper()
    assert response.headers["content-length"] == str(len(response.body))


@over_both
@each_coding
def test_a_coded_page_without_trackers_keeps_its_very_bytes(protocol: str, name: str) -> None:
    (body,) = coding(name).compress([CLEAN])
    made = page(body, fields=[("content-encoding", name), ("accept-ranges", "bytes")])
    response = got(protocol, made)
    assert untouched(response, made)
    assert response.headers["accept-ranges"] == "bytes"


# The tracker's tag is cut, and a chunk that holds only its beginning comes to nothing.
CUT = (
    BEGIN,
    b"<p>now</p><im",
    b'g src="https://www.faceb',
    b'ook.com/tr?id=1">',
    b"<p>then</p>",
    END,
)
LEFT = [BEGIN, b"<p>now</p>", EMPTY, b"<p>then</p>", END]


@over_both
@each_coding
def test_each_chunk_of_a_coded_stream_can_be_decoded_at_once(protocol: str, name: str) -> None:
    code = coding(name)
    made = page(*code.compress(CUT), fields=[("content-encoding", name)])
    decompress = code.decompress()
    decoded = [decompress(chunk) for chunk in got(protocol, made).chunks]
    assert [chunk for chunk in decoded if chunk] == LEFT
    assert [chunk for chunk in got(protocol, page(*CUT)).chunks if chunk] == LEFT


def test_frames_of_zstd_and_members_of_gzip_may_follow_one_another() -> None:
    (first,), (second,) = coding("zstd").compress([BEGIN]), coding("zstd").compress([PAGE])
    for chunks in [(first + second,), (first, second)]:
        response = got("wsgi", page(*chunks, fields=[("content-encoding", "zstd")]))
        decoded = coding("zstd").decompress()(response.body)
        assert decoded == BEGIN + KEPT
    chunks = (gzip.compress(BEGIN) + gzip.compress(PAGE),)
    response = got("wsgi", page(*chunks, fields=[("content-encoding", "gzip")]))
    assert gzip.decompress(response.body) == BEGIN + KEPT


UNDECODABLE = {
    "a coding nobody here knows": ("compress", PAGE),
    "two codings": ("gzip, gzip", gzip.compress(gzip.compress(PAGE))),
    "not what it says": ("gzip", PAGE),
    "broken after its beginning": ("gzip", gzip.compress(PAGE)[:-40] + b"\x00" * 40),
}


@over_both
@pytest.mark.parametrize(("name", "body"), UNDECODABLE.values(), ids=UNDECODABLE)
def test_what_cannot_be_decoded_passes_and_its_policy_stands(
    protocol: str, name: str, body: bytes
) -> None:
    made = page(body, fields=[("content-encoding", name), ("digest", "x")])
    response = got(protocol, made, DECLARED)
    assert untouched(response, made)
    assert response.headers["digest"] == "x"
    assert ENFORCED in response.headers


ACCEPTED = [
    ({}, "gzip, compress;q=0.5, *", "gzip"),
    ({}, "compress", "identity"),
    ({}, "gzip, deflate", "gzip, deflate"),
    ({"accept": "application/json"}, "gzip, compress", "gzip, compress"),
    ({"accept": "*/*"}, "*", "*"),
]


@over_both
@pytest.mark.parametrize(("headers", "sent", "seen"), ACCEPTED)
def test_pages_are_asked_for_in_a_coding_that_can_be_decoded(
    protocol: str, headers: dict[str, str], sent: str, seen: str
) -> None:
    app = App(page(CLEAN))
    visitor(layered(protocol, app)).get(
        "/", headers=NAVIGATION | {"accept-encoding": sent} | headers
    )
    assert app.asked[0].fields["accept-encoding"] == seen


EDITED = {
    "accept": "text/html",
    "accept-encoding": "gzip, compress",
    "if-none-match": '"a"',
    "range": "bytes=0-1",
}


def test_the_scope_is_left_as_it_came() -> None:
    raw = [(name.encode(), value.encode()) for name, value in EDITED.items()]
    scope, app = scope_of("/", *raw), App(page(PAGE))
    headers = scope["headers"]
    before = list(headers)
    ASGIServer().run(layered("asgi", app), scope)
    assert scope["headers"] is headers
    assert headers == before
    assert app.asked[0].fields["accept-encoding"] == "gzip"


def test_the_environ_is_left_as_it_came() -> None:
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "HTTP_HOST": "shop.example"}
    environ |= {wsgi.variable(name): value for name, value in EDITED.items()}
    before, app = dict(environ), App(page(PAGE))
    WSGIServer().run(layered("wsgi", app), environ)
    assert environ == before
    assert app.asked[0].fields["accept-encoding"] == "gzip"


# -- What is said of the bytes

OF_THE_BYTES = {
    "content-md5": "Q2hlY2sgSW50ZWdyaXR5IQ==",
    "digest": "sha-256=x",
    "content-digest": "sha-256=:x:",
    "repr-digest": "sha-256=:x:",
    "accept-ranges": "bytes",
}
SAID = [(name.title(), value) for name, value in OF_THE_BYTES.items()]


@over_both
@pytest.mark.parametrize("chunks", [(PAGE,), (PAGE[:70], PAGE[70:])], ids=["whole", "streamed"])
def test_a_filtered_page_says_nothing_any_more_of_the_apps_bytes(
    protocol: str, chunks: tuple[bytes, ...]
) -> None:
    length = ("Content-Length", str(len(PAGE)))
    response = got(protocol, Made([HTML, length, *SAID], chunks))
    assert response.content == KEPT
    assert OF_THE_BYTES.keys().isdisjoint(response.headers)
    assert response.headers.get_list("content-length") == (
        [str(len(KEPT))] if len(chunks) == 1 else []
    )


@over_both
def test_a_page_without_trackers_keeps_its_bytes_and_all_that_is_said_of_them(
    protocol: str,
) -> None:
    made = page(CLEAN, fields=[*SAID, ("last-modified", "Mon, 01 Jan 2024 00:00:00 GMT")])
    response = got(protocol, made)
    assert untouched(response, made)
    assert set(made.fields) <= set(response.fields)
    assert len(response.chunks) == 1


@over_both
def test_a_page_in_one_chunk_of_the_declared_length_is_whole(protocol: str) -> None:
    """An app that streams may still send all at once: then the length is known."""
    length = ("content-length", str(len(PAGE)))
    response = got(protocol, Made([HTML, length], (PAGE, b"")))
    assert response.content == KEPT
    assert response.headers["content-length"] == str(len(KEPT))


# -- Validators


def validating(fields: dict[str, str]) -> Made:
    """Answer 304 to the tag of the copy a visitor holds, as apps do."""
    tags = ['"v1"', 'W/"w"', "*"]
    tag = 'W/"w"' if fields.get("x-weak") else '"v1"'
    held = [t for t in tags if t in fields.get("if-none-match", "").split(", ")]
    if held and (tag in held or "*" in held):
        return Made([("etag", tag)], (b"",), 304)
    return page(PAGE, fields=[("etag", tag)])


@over_both
@pytest.mark.parametrize("weak", [{}, {"x-weak": "1"}], ids=["strong", "weak"])
@pytest.mark.parametrize("gpc", [False, True])
def test_a_copy_of_this_variant_is_confirmed_under_the_name_it_has_in_the_browser(
    protocol: str, weak: dict[str, str], gpc: bool
) -> None:
    app = App(validating)
    visit = visitor(layered(protocol, app), gpc=gpc, headers=NAVIGATION | weak)
    tag = visit.get("/").headers["etag"]
    assert tag.startswith('W/"')
    answer = visit.get("/", headers={"if-none-match": tag})
    assert app.asked[-1].fields["if-none-match"] == ('W/"w"' if weak else '"v1"')
    assert answer.status_code == 304
    assert answer.headers.get_list("etag") == [tag]
    assert ENFORCED not in answer.headers


@over_both
def test_a_copy_of_another_variant_or_from_elsewhere_is_not_confirmed(protocol: str) -> None:
    app = App(validating)
    visit = visitor(layered(protocol, app), headers=NAVIGATION)
    with_ads = visit.get("/").headers["etag"]
    visit.gpc = True
    without_ads = visit.get("/").headers["etag"]
    assert with_ads != without_ads
    for held in [with_ads, '"v1"', 'W/"v1"', "*", f'"x", {with_ads}', "\u00e9 garbage \xff"]:
        answer = visit.get("/", headers={"if-none-match": held})
        assert answer.status_code == 200
        assert "if-none-match" not in app.asked[-1].fields
        assert AD not in answer.content
    answer = visit.get("/", headers={"if-none-match": f'"x", {with_ads}, {without_ads}'})
    assert answer.status_code == 304
    assert app.asked[-1].fields["if-none-match"] == '"v1"'
    assert answer.headers["etag"] == without_ads


@over_both
def test_the_tag_of_a_page_a_script_fetched_is_mapped_back_too(protocol: str) -> None:
    app = App(validating)
    visit = visitor(layered(protocol, app))
    tag = visit.get("/").headers["etag"]  # Accept: */*
    assert visit.get("/", headers={"if-none-match": tag}).status_code == 304


def test_another_policy_is_another_variant() -> None:
    tags = {
        got("wsgi", page(PAGE, fields=[("etag", '"1"')]), policy).headers["etag"]
        for policy in [None, PrivacyPolicy(loads="declared"), PrivacyPolicy(ad_slots=[".ad"])]
    }
    assert len(tags) == 3


CONDITIONAL = {
    "if-modified-since": "Mon, 01 Jan 2024 00:00:00 GMT",
    "range": "bytes=0-99",
    "if-range": '"v1"',
}
SHOWN = [
    ({}, True),
    ({"sec-fetch-dest": "document"}, True),
    ({"sec-fetch-dest": "iframe"}, True),
    ({"sec-fetch-dest": "embed"}, True),
    ({"sec-fetch-dest": "document", "x-method": "HEAD"}, True),
    ({"sec-fetch-dest": "empty"}, True),
    ({"sec-fetch-dest": "object", "accept": "*/*"}, True),
    ({"sec-fetch-dest": "empty", "accept": "*/*"}, False),
    ({"sec-fetch-dest": "video"}, False),
    ({"accept": "*/*"}, False),
    ({"accept": "image/avif,image/webp,*/*"}, False),
    ({"x-method": "PUT"}, False),
    ({"x-method": "POST"}, False),
]


@over_both
@pytest.mark.parametrize(("headers", "shown"), SHOWN)
def test_what_will_be_shown_as_a_page_is_asked_for_as_a_whole(
    protocol: str, headers: dict[str, str], shown: bool
) -> None:
    app = App(page(CLEAN))
    fields = NAVIGATION | CONDITIONAL | {"if-none-match": "*"} | headers
    visitor(layered(protocol, app)).request(headers.get("x-method", "GET"), "/", headers=fields)
    left = {name for name in fields if name in app.asked[0].fields}
    assert left == (
        fields.keys() - CONDITIONAL.keys() - {"if-none-match"} if shown else set(fields)
    )


@over_both
def test_a_304_of_something_else_is_left_alone(protocol: str) -> None:
    made = Made([("etag", '"v1"'), ("vary", "Accept-Encoding")], (b"",), 304)
    response = got(protocol, made, accept="*/*", if_none_match='"v1"')
    assert response.fields == made.fields


LEFT_ALONE = {
    "no-transform": page(PAGE, fields=[("cache-control", "no-transform")]),
    "UTF-16": Made([("content-type", "text/html; charset=utf-16")], (PAGE.decode().encode("utf-16"),)),
    "a coding nobody reads": page(PAGE, fields=[("content-encoding", "compress")]),
}  # fmt: skip


# -- The shield


class Shield:
    """What stands in for the shield: its element for each file, none for what a script fetches."""

    def __init__(self, file: str = "1") -> None:
        self.file = file
        self.heads: list[ResponseHead] = []

    def __call__(self, context: RequestContext, head: ResponseHead) -> bytes:
        self.heads.append(head.copy())
        if context.request.values("sec-fetch-dest") == ["empty"]:
            return b""
        return f"<script src=/_privacy/shield.{self.file}.js></script>".encode()


def shielded(shield: Callable[[RequestContext, ResponseHead], bytes], app: App) -> Any:
    promise = TrackersInResponses(DECLARED, shipped_rules(), shield=shield)
    return asgi.PrivacyMiddleware(app.asgi, Guard(DECLARED, promises=[promise]))


@pytest.mark.parametrize("chunks", [(PAGE,), (PAGE[:70], PAGE[70:])], ids=["whole", "streamed"])
def test_the_shield_is_asked_with_the_apps_own_head(chunks: tuple[bytes, ...]) -> None:
    shield = Shield()
    own = (ENFORCED, "script-src 'self'")
    visitor(shielded(shield, App(page(*chunks, fields=[own])))).get("/")
    (head,) = shield.heads
    assert head.values(ENFORCED) == [own[1]]


def test_the_shield_is_not_asked_for_what_is_no_page_or_stays_as_it_is() -> None:
    shield = Shield()
    for made in (*LEFT_ALONE.values(), page(PAGE, exempt=("markup",)), Made([], (b"text",))):
        visitor(shielded(shield, App(made))).get("/")
    assert shield.heads == []


def test_a_defect_of_the_shields_costs_the_shield_alone() -> None:
    def broken(context: RequestContext, head: ResponseHead) -> bytes:
        raise RuntimeError

    response = visitor(shielded(broken, App(page(PAGE, fields=[("etag", '"1"')])))).get("/")
    assert response.content == KEPT
    assert response.headers["etag"].startswith('W/"1~ap')


def test_a_copy_with_another_shield_or_without_one_is_not_confirmed() -> None:
    app = App(validating)
    shield = Shield()
    visit = visitor(shielded(shield, app), headers=NAVIGATION)
    navigation, fetched = {"sec-fetch-dest": "document"}, {"sec-fetch-dest": "empty"}
    with_shield = visit.get("/", headers=navigation).headers["etag"]
    without = visit.get("/", headers=fetched).headers["etag"]
    assert with_shield != without
    for fields, held, status in (
        (navigation, with_shield, 304),
        (navigation, without, 200),
        (fetched, without, 304),
        (fetched, with_shield, 200),
    ):
        assert visit.get("/", headers=fields | {"if-none-match": held}).status_code == status
    assert visit.head("/", headers=navigation).headers["etag"] == with_shield
    shield.file = "2"  # the site was deployed anew
    assert visit.get("/", headers=navigation | {"if-none-match": with_shield}).status_code == 200


# -- What the app wants left alone


@over_both
@pytest.mark.parametrize("value", ["no-transform", "public, No-Transform , max-age=1"])
@pytest.mark.parametrize("chunks", [(PAGE,), (PAGE[:70], PAGE[70:])], ids=["whole", "streamed"])
def test_no_transform_is_respected(protocol: str, value: str, chunks: tuple[bytes, ...]) -> None:
    made = page(*chunks, fields=[("cache-control", value), *SAID])
    response = got(protocol, made)
    assert untouched(response, made)
    assert set(SAID) <= set(response.fields)


@over_both
@pytest.mark.parametrize("made", LEFT_ALONE.values(), ids=LEFT_ALONE)
def test_why_pages_are_left_as_they_are_is_said_once(
    protocol: str, made: Made, caplog: pytest.LogCaptureFixture
) -> None:
    guard.cache_clear()  # as in a new process
    for _ in range(3):
        assert untouched(got(protocol, made), made)
    (record,) = (r for r in caplog.records if r.name == "alpines_privacy")
    assert "leave as the app made them: trackers in their markup stay" in record.getMessage()
    assert record.levelname == "WARNING"


def test_of_a_page_that_is_read_or_exempt_only_what_it_loses_is_said(
    caplog: pytest.LogCaptureFixture,
) -> None:
    guard.cache_clear()
    for made in (page(PAGE), page(PAGE, exempt=("markup",))):
        got("asgi", made)
    said = [r.getMessage() for r in caplog.records if r.name == "alpines_privacy"]
    assert [message for message in said if " is taken out of responses (" not in message] == []


@over_both
def test_a_page_left_as_it_is_may_load_no_more_than_any(protocol: str) -> None:
    for made in (
        page(PAGE, fields=[("cache-control", "no-transform")]),
        page(PAGE, exempt=("markup",)),
    ):
        response = got(protocol, made, DECLARED)
        assert untouched(response, made)
        assert response.headers[ENFORCED] == got(protocol, page(CLEAN), DECLARED).headers[ENFORCED]


@over_both
@pytest.mark.parametrize("chunks", [(PAGE,), (PAGE[:70], PAGE[70:])], ids=["whole", "streamed"])
def test_exempt_markup_stays_and_keeps_its_etag(protocol: str, chunks: tuple[bytes, ...]) -> None:
    made = page(*chunks, fields=[("etag", '"1"'), *SAID], exempt=("markup",))
    response = got(protocol, made, DECLARED)
    assert untouched(response, made)
    assert response.headers["etag"] == '"1"'
    assert ENFORCED in response.headers


@over_both
@pytest.mark.parametrize("policy", [DECLARED, REPORTING], ids=["declared", "report"])
def test_exempt_policy_stays_away_and_the_page_is_filtered(
    protocol: str, policy: PrivacyPolicy
) -> None:
    response = got(protocol, page(PAGE, exempt=("csp",)), policy)
    assert response.content == KEPT
    assert ENFORCED not in response.headers
    assert REPORTED not in response.headers


def test_markup_exempted_before_the_first_chunk_is_exempt_altogether() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        head = [(b"content-type", b"text/html"), (b"etag", b'"1"')]
        await send({"type": "http.response.start", "status": 200, "headers": head})
        current().exempt("markup")
        await send({"type": "http.response.body", "body": PAGE})

    response = visitor(asgi.PrivacyMiddleware(app, guard())).get("/")
    assert response.content == PAGE
    assert response.headers["etag"] == '"1"'


@over_both
@pytest.mark.parametrize("chunks", [(PAGE,), (PAGE[:70], PAGE[70:])], ids=["whole", "streamed"])
def test_mode_report_changes_nothing(protocol: str, chunks: tuple[bytes, ...]) -> None:
    made = page(*chunks, fields=[("etag", '"1"'), *SAID])
    app = App(made)
    held = {"if-none-match": '"x"', "accept-encoding": "compress", **CONDITIONAL}
    visit = visitor(layered(protocol, app, PrivacyPolicy(mode="report")), gpc=True)
    response = visit.get("/", headers=NAVIGATION | held)
    assert response.fields == made.fields
    assert response.chunks == list(chunks)
    assert held.items() <= app.asked[0].fields.items()


# -- What is told


@over_both
@pytest.mark.parametrize("chunks", [(PAGE,), (PAGE[:70], PAGE[70:])], ids=["whole", "streamed"])
def test_the_report_tells_what_went_by_which_rule_and_whose_it_is(
    protocol: str, chunks: tuple[bytes, ...]
) -> None:
    app = App(page(*chunks))
    assert visitor(layered(protocol, app), gpc=True).get("/").content == CLEAN
    pixel, ad = app.asked[0].privacy.report
    assert (pixel.what, pixel.host) == ("img", "www.facebook.com")
    assert pixel.list in {info.name for info in shipped_rules().lists if info.when == "always"}
    assert pixel.rule
    assert pixel.company == "Facebook"
    assert (ad.what, ad.host, ad.list) == ("img", "ib.adnxs.com", "EasyList")
    for secret in ("PageView", "id=1", "id=7", "/px"):
        assert secret not in f"{pixel.what} {pixel.host} {pixel.company} {ad.what} {ad.host}"


@over_both
def test_the_report_of_a_coded_stream_is_whole_when_it_has_left(protocol: str) -> None:
    coded = _zlib(31).compress([BEGIN, TRACKER, AD, END])
    app = App(page(*coded, fields=[("content-encoding", "gzip")]))
    visitor(layered(protocol, app), gpc=True).get("/")
    assert [told.host for told in app.asked[0].privacy.report] == [
        "www.facebook.com",
        "ib.adnxs.com",
    ]


@over_both
def test_of_a_page_that_stays_as_it_is_nothing_is_told(protocol: str) -> None:
    for made in [page(CLEAN), page(PAGE, exempt=("markup",))]:
        app = App(made)
        visitor(layered(protocol, app)).get("/")
        assert app.asked[0].privacy.report == ()


# -- Streams


LOADS: dict[str, tuple[PrivacyPolicy | None, set[str]]] = {
    "listed": (None, set()),
    "declared": (DECLARED, {ENFORCED}),
    "report": (REPORTING, {REPORTED}),
}


@over_both
@pytest.mark.parametrize("chunks", [(PAGE,), (PAGE[:70], PAGE[70:])], ids=["whole", "streamed"])
@pytest.mark.parametrize(("policy", "says"), LOADS.values(), ids=LOADS)
def test_what_pages_may_load_is_said_once_and_by_default_not_at_all(
    protocol: str, policy: PrivacyPolicy | None, says: set[str], chunks: tuple[bytes, ...]
) -> None:
    own = [(ENFORCED, "frame-ancestors 'none'"), (REPORTED, "img-src 'self'")]
    response = got(protocol, page(*chunks, fields=own), policy)
    assert response.content == KEPT
    for name, value in own:
        assert response.headers.get_list(name)[0] == value
        assert len(response.headers.get_list(name)) == 1 + (name in says)


@pytest.mark.parametrize("coded", [False, True], ids=["plain", "gzip"])
def test_a_chunk_has_arrived_before_the_app_makes_the_next_over_asgi(coded: bool) -> None:
    chunks = _zlib(31).compress([BEGIN, TRACKER, END]) if coded else [BEGIN, TRACKER, END]
    decode = zlib.decompressobj(31).decompress if coded else bytes
    arrived: list[bytes] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        head = [(b"content-type", b"text/html")] + [(b"content-encoding", b"gzip")] * coded
        await send({"type": "http.response.start", "status": 200, "headers": head})
        for chunk, expected in zip(
            chunks, [BEGIN, BEGIN + EMPTY, BEGIN + EMPTY + END], strict=True
        ):
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
            assert b"".join(arrived) == expected
        await send({"type": "http.response.body", "body": b""})

    async def send(message: Any) -> None:
        arrived.append(decode(message.get("body", b"")))

    async def run() -> None:
        await asgi.PrivacyMiddleware(app, guard())(scope_of("/"), ASGIServer().receive, send)

    asyncio.run(run())
    assert b"".join(arrived) == BEGIN + EMPTY + END


@pytest.mark.parametrize("coded", [False, True], ids=["plain", "gzip"])
def test_a_chunk_has_arrived_before_the_app_makes_the_next_over_wsgi(coded: bool) -> None:
    chunks = _zlib(31).compress([BEGIN, TRACKER, END]) if coded else [BEGIN, TRACKER, END]
    decode = zlib.decompressobj(31).decompress if coded else bytes
    server = WSGIServer()

    def app(environ: Any, start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", [HTML] + [("content-encoding", "gzip")] * coded)
        for chunk, expected in zip(chunks, [BEGIN, EMPTY, END], strict=True):
            before = len(server.chunks)
            yield chunk
            assert decode(b"".join(server.chunks[before:])) == expected

    server.run(wsgi.PrivacyMiddleware(app, guard()), dict(ENVIRON))


ENVIRON = {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "HTTP_HOST": "shop.example"}


def test_what_is_written_is_filtered_too() -> None:
    def app(environ: Any, start_response: Any) -> list[bytes]:
        write = start_response("200 OK", [HTML])
        for chunk in CUT:
            write(chunk)
        return [TRACKER, END]

    server = WSGIServer().run(wsgi.PrivacyMiddleware(app, guard()), dict(ENVIRON))
    assert server.body == b"".join(LEFT) + EMPTY + END


@pytest.mark.parametrize("content_type", ["text/html", "application/json"])
def test_an_app_that_starts_over_after_an_error_sends_one_response(content_type: str) -> None:
    fields = [("content-type", content_type), ("content-length", str(len(PAGE)))]

    def app(environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [HTML, ("content-length", "7")])
        try:
            raise RuntimeError
        except RuntimeError:
            start_response("500 Oh", list(fields), sys.exc_info())
        return [PAGE]

    response = visitor(wsgi.PrivacyMiddleware(app, guard())).get("/")
    assert response.status_code == 500
    if content_type == "text/html":
        assert response.content == KEPT
        assert response.headers["content-length"] == str(len(KEPT))
        assert len(response.headers.get_list(OF_A_PAGE)) == 1
    else:
        assert response.content == PAGE
        assert response.fields == fields


def test_trailers_are_kept() -> None:
    trailers = {"type": "http.response.trailers", "headers": [(b"server-timing", b"db;dur=5")]}

    async def app(scope: Any, receive: Any, send: Any) -> None:
        head = {"status": 200, "headers": [(b"content-type", b"text/html")], "trailers": True}
        await send({"type": "http.response.start", **head})
        await send({"type": "http.response.body", "body": PAGE})
        await send(trailers)

    sent = ASGIServer().run(asgi.PrivacyMiddleware(app, guard()), scope_of("/"))
    assert [m["type"].rpartition(".")[2] for m in sent] == ["start", "body", "trailers"]
    assert sent[0]["trailers"] is True
    assert sent[1]["body"] == KEPT
    assert sent[2] == trailers


# -- HTML sent as a file

LONG = BEGIN + (TRACKER + b"<p>text</p>" * 500) * 30  # more than two blocks of any adapter
FILES = {
    "small": (PAGE, KEPT),
    "long": (LONG, LONG.replace(TRACKER, EMPTY)),
    "clean": (CLEAN, CLEAN),
}
each_file = pytest.mark.parametrize(("content", "left"), FILES.values(), ids=FILES)


@pytest.fixture
def sent_file(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / "page.html"
    path.write_bytes(content)
    return path


@each_file
@pytest.mark.parametrize("way", ["pathsend", "zerocopysend"])
def test_html_the_asgi_server_was_to_send_is_filtered(
    sent_file: Path, way: str, content: bytes, left: bytes
) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        length = str(len(content)).encode()
        head = [(b"content-type", b"text/html"), (b"content-length", length)]
        await send({"type": "http.response.start", "status": 200, "headers": head})
        if way == "pathsend":
            await send({"type": "http.response.pathsend", "path": str(sent_file)})
            return
        file = os.open(sent_file, os.O_RDONLY)
        try:
            await send({"type": "http.response.zerocopysend", "file": file})
        finally:
            os.close(file)

    extensions: dict[str, Any] = {f"http.response.{way}": {}}
    response = visitor(asgi.PrivacyMiddleware(app, guard()), extensions=extensions).get("/")
    assert response.content == left
    assert response.headers.get("content-length") in {None, str(len(left))}
    if content == left:
        assert response.messages[1]["type"] == f"http.response.{way}"


@each_file
def test_html_in_a_file_wrapper_is_filtered_and_its_file_closed(
    sent_file: Path, content: bytes, left: bytes
) -> None:
    files = []

    def app(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [HTML, ("content-length", str(len(content)))])
        files.append(sent_file.open("rb"))
        return environ["wsgi.file_wrapper"](files[0])

    response = visitor(wsgi.PrivacyMiddleware(app, guard())).get("/")
    assert response.content == left
    assert response.headers.get("content-length") in {None, str(len(left))}
    assert files[0].closed


# -- Frameworks


@pytest.mark.parametrize("kind", [Client, AsyncClient], ids=["sync", "async"])
@each_file
@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume:Warning")
def test_djangos_file_response_is_filtered(
    kind: type, sent_file: Path, content: bytes, left: bytes
) -> None:
    def send(request: HttpRequest) -> FileResponse:
        return FileResponse(sent_file.open("rb"))

    with under(ROOT_URLCONF=Site(file=send)):
        response, body = visited(kind, "/file")
    assert body == left
    assert response.get("Content-Length") in {None, str(len(left))}
    response.close()


@pytest.mark.parametrize(("kind", "is_given"), [("text/html", False), ("text/plain", True)])
@pytest.mark.parametrize("content", [PAGE])
def test_django_gives_no_page_as_a_file_to_a_server_that_would_measure_it_for_head(
    sent_file: Path, kind: str, is_given: bool
) -> None:
    def send(request: HttpRequest) -> FileResponse:
        return FileResponse(sent_file.open("rb"), content_type=kind)

    environ = {"REQUEST_METHOD": "HEAD", "PATH_INFO": "/file", "wsgi.file_wrapper": FileWrapper}
    setup_testing_defaults(environ)
    with under(ROOT_URLCONF=Site(file=send)):
        server = WSGIServer().run(site(WSGIHandler), environ)
    assert isinstance(server.iterable, FileWrapper) is is_given
    assert server.head is not None
    assert ("Content-Length" in dict(server.head[1])) is is_given


def visited(kind: type, path: str) -> tuple[Any, bytes]:
    """Return a response of Django's and its body, read on the loop it was made on."""
    client = site(kind)
    if kind is Client:
        response = client.get(path)
        return response, response.getvalue()

    async def read() -> tuple[Any, bytes]:
        response = await client.get(path)
        if not (response.streaming and response.is_async):
            return response, response.getvalue()
        return response, b"".join([chunk async for chunk in response])

    return asyncio.run(read())


@pytest.mark.parametrize("kind", [Client, AsyncClient], ids=["sync", "async"])
def test_djangos_pages_streams_and_error_pages_are_filtered(kind: type) -> None:
    def whole(request: HttpRequest) -> HttpResponse:
        return HttpResponse(PAGE, headers={"Digest": "x"}, status=404)

    def stream(request: HttpRequest) -> StreamingHttpResponse:
        if kind is Client:
            return StreamingHttpResponse(iter(CUT))

        async def chunks() -> Any:
            for chunk in CUT:
                yield chunk

        return StreamingHttpResponse(chunks())

    with under(ROOT_URLCONF=Site(whole=whole, stream=stream)):
        response, body = visited(kind, "/whole")
        assert body == KEPT
        assert response["Content-Length"] == str(len(KEPT))
        assert OF_A_PAGE in response
        assert "digest" not in response
        response, body = visited(kind, "/stream")
        assert body == b"".join(LEFT)
        assert OF_A_PAGE in response


def test_djangos_gzip_and_conditional_middleware_see_their_own() -> None:
    seen: list[str] = []

    def etag(request: HttpRequest) -> str:
        seen.append(request.headers.get("If-None-Match", ""))
        return '"v1"'

    @condition(etag_func=etag)
    def look(request: HttpRequest) -> HttpResponse:
        return HttpResponse(PAGE)

    gzips = [OURS, "django.middleware.gzip.GZipMiddleware"]
    with under(ROOT_URLCONF=Site(look=look), MIDDLEWARE=gzips):
        client = Client()
        headers = NAVIGATION | {"accept-encoding": "gzip, br"}
        response = client.get("/look", headers=headers)
        assert gzip.decompress(response.content) == KEPT
        assert response["Content-Length"] == str(len(response.content))
        held = headers | {"if-none-match": response["ETag"]}
        again = client.get("/look", headers=held)
        assert (again.status_code, again["ETag"]) == (304, response["ETag"])
        assert client.get("/look", headers=held | {"sec-gpc": "1"}).status_code == 200
    assert seen == ["", 'W/"v1"', ""]  # Django's GZipMiddleware had made it weak


def test_error_pages_a_framework_makes_are_filtered() -> None:
    flasks = flask.Flask("shop")
    flasks.register_error_handler(500, lambda error: (PAGE, 500))
    flasks.register_error_handler(404, lambda error: (PAGE, 404))

    @flasks.get("/boom")
    def boom() -> str:
        raise RuntimeError

    def failed(request: Any, error: Exception) -> starlette.responses.Response:
        return starlette.responses.HTMLResponse(PAGE, status_code=500)

    def fail(request: Any) -> starlette.responses.Response:
        raise RuntimeError

    starlettes = starlette.applications.Starlette(
        routes=[starlette.routing.Route("/boom", fail)],
        exception_handlers={500: failed, 404: failed},
    )
    for app in (protect(flasks), protect(starlettes)):
        visit = visitor(app, raise_app_exceptions=False)
        for path in ("/boom", "/nowhere"):
            response = visit.get(path)
            assert response.content == KEPT
            assert OF_A_PAGE in response.headers


# -- Whatever comes

PIECES = [
    BEGIN, END, TRACKER, AD, b"<", b">", b"<im", b'g src="', b'"', b"'", b"<!--", b"-->", b"<script>", b"</script>",
    b'<script src="https://www.googletagmanager.com/gtag/js?id=G-1"></script>', b"<style>", b"</style>", b"<a b='>'>",
    b'<noscript><iframe src="//www.googletagmanager.com/ns.html"></iframe></noscript>', b"text ", b"\x00", b"\xff\xfe",
    b"<base href=//cdn.example/>", b'<a ping="https://www.google-analytics.com/collect" href=/>', b"<textarea>",
    b"fbq('init', '1');", b'<div style="background:url(https://www.facebook.com/tr)">', b"</template>", b"<svg>",
]  # fmt: skip
pages = st.lists(st.sampled_from(PIECES) | st.binary(max_size=6), max_size=20).map(
    lambda pieces: b"<!doctype html>" + b"".join(pieces)  # no byte order mark
)


@cache
def rules() -> Pages:
    return Pages(PrivacyPolicy(), shipped_rules())


UNSHIELDED = PrivacyPolicy(shield=False)  # the filter alone


def carried(protocol: str, app: App, signal: dict[str, str]) -> tuple[dict[str, str], bytes]:
    """Return the fields and the bytes a strict server was given."""
    if protocol == "asgi":
        raw = [(name.encode(), value.encode()) for name, value in signal.items()]
        server = ASGIServer()
        server.run(layered("asgi", app, UNSHIELDED), scope_of("/", *raw))
        return {n.decode(): v.decode() for n, v in server.head["headers"]}, server.body
    sent = {wsgi.variable(name): value for name, value in signal.items()}
    done = WSGIServer().run(layered("wsgi", app, UNSHIELDED), ENVIRON | sent)
    assert done.head is not None
    return dict(done.head[1]), done.body


@over_both
@pytest.mark.parametrize("name", ["identity", *CODINGS])
@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow], database=None)
@given(chunks=strategies.chunked(pages), gpc=st.booleans(), has_length=st.booleans())
def test_whatever_the_page_its_cuts_and_its_coding_the_filters_bytes_arrive(
    protocol: str, name: str, chunks: list[bytes], gpc: bool, has_length: bool
) -> None:
    body = b"".join(chunks)
    url = "http://shop.example/"
    expected = rules().begin(url=url, opted_out=gpc)(body, last=True)
    code = None if name == "identity" else coding(name)
    sent = code.compress(chunks) if code else chunks
    fields: Fields = [HTML, ("content-encoding", name)]
    if has_length:
        fields.append(("content-length", str(sum(map(len, sent)))))
    notices = guard(UNSHIELDED).runtime.notices
    notices._said.clear()  # each is said once
    app = App(Made(fields, tuple(sent)))
    left, content = carried(protocol, app, {"sec-gpc": "1"} if gpc else {})
    assert [said for said in notices._said if said[0].startswith("A defect")] == []
    assert left.get("content-length") in {None, str(len(content))}
    assert (code.decompress()(content) if code and content else content) == expected


# -- In a browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


def shown_before_and_under_a_signal(browser: Browser, app: App, wrapped: Any) -> list[bool]:
    """Visit a page without a signal and twice with one; tell of each time whether the ad was there."""
    with wsgi_origin(wrapped) as port:
        context = browser.new_context()
        tab = context.new_page()
        shown = []
        for signal in ({}, {"Sec-GPC": "1"}, {"Sec-GPC": "1"}):
            context.set_extra_http_headers(signal)
            tab.goto(f"http://127.0.0.1:{port}/")
            assert "hello" in tab.content()
            shown.append("ib.adnxs.com" in tab.content())
            tab.goto("about:blank")
        context.close()
    return shown


CACHING = {
    "revalidated": [("cache-control", "no-cache"), ("etag", '"v1"')],
    "fresh for an hour": [("cache-control", "max-age=3600"), ("etag", '"v1"')],
    "dated": [("cache-control", "no-cache"), ("last-modified", "Mon, 01 Jan 2024 00:00:00 GMT")],
}


@pytest.mark.parametrize("fields", CACHING.values(), ids=CACHING)
def test_a_browser_does_not_show_its_copy_with_ads_under_a_signal(
    browser: Browser, fields: Fields
) -> None:
    app = App(lambda asked: _unless_held(asked, fields))
    shown = shown_before_and_under_a_signal(browser, app, layered("wsgi", app))
    assert shown == [True, False, False]
    pages = [asked.fields for asked in app.asked if asked.fields["accept"].startswith("text/html")]
    if "etag" in dict(fields):
        assert "if-none-match" not in pages[1]
        # Its copy without ads is good: confirmed by the app, or not even asked for.
        assert [fields.get("if-none-match") for fields in pages[2:]] in ([], ['"v1"'])


def test_without_the_layer_the_browser_shows_its_copy_with_ads(browser: Browser) -> None:
    """(What the test above would see if validators were left as they are.)"""
    app = App(lambda asked: _unless_held(asked, CACHING["revalidated"]))
    assert shown_before_and_under_a_signal(browser, app, app.wsgi) == [True, True, True]


def _unless_held(asked: dict[str, str], fields: Fields) -> Made:
    """Answer with the page (the app's own has no ad under a signal), or 304 to whom has a copy."""
    if '"v1"' in asked.get("if-none-match", "") or "if-modified-since" in asked:
        return Made(list(fields), (b"",), 304)
    return page(PAGE, fields=fields)
