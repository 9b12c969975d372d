"""Pages that no Content-Type calls one: what a browser shows as a page is filtered as one, and nothing else."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from playwright.sync_api import Browser, Error

from alpines_privacy import PrivacyPolicy, asgi, wsgi
from alpines_privacy.guard import Guard
from alpines_privacy.http.heads import HTML_TYPES, Field, ResponseHead, media_type
from alpines_privacy.http.sniffing import sniffed
from alpines_privacy.testing import Response, visitor
from tests.support.chromium import chromium
from tests.support.processes import wsgi_origin
from tests.support.sent import Sent

TRACKER = b'<img src="https://www.facebook.com/tr?id=1">'
NOSNIFF: Field = ("X-Content-Type-Options", "nosniff")
GUARD = Guard(PrivacyPolicy())

over_both = pytest.mark.parametrize("protocol", ["asgi", "wsgi"])

# What is said of the type; whether that says anything.
TYPES: dict[str, str] = {
    "text/html": "text/html",
    "TEXT/Html ; charset=utf-8": "text/html",
    "text/html;": "text/html",
    "text/html(comment)": "text/html",
    "text/html, */*": "text/html",
    "text/html, garbage": "text/html",
    "text/plain, text/html": "text/html",
    "text/html, text/plain": "text/plain",
    'multipart/mixed; boundary="a, text/html"': "multipart/mixed",
    'multipart/mixed; boundary="a\\", text/html': "multipart/mixed",
    "application/json": "application/json",
    "": "",
    "*/*": "",
    "*/*; q=1": "",
    "unknown/unknown": "",
    "Application/Unknown": "",
    "text": "",
    "/": "",
    "text/": "",
    "text /html": "",
    ";charset=utf-8": "",
}


@pytest.mark.parametrize(("content_type", "essence"), TYPES.items())
def test_a_type_is_read_as_browsers_read_it(content_type: str, essence: str) -> None:
    assert media_type(content_type) == essence


XMLNS = b'xmlns="http://www.w3.org/1999/xhtml"'
PAGES: dict[str, bytes] = {
    "a doctype": b"<!DOCTYPE html><p>",
    "a doctype in small": b" \n\t\r\x0c<!doctype HTML>",
    "html": b"<html>",
    "html with attributes": b"<HTML lang=en>",
    "a comment": b"<!-- made by us --><p>",
    "a script": b"<script>",
    "a paragraph": b"<p class=a>",
    "a picture (Firefox)": TRACKER,
    "a meta (Firefox)": b"<meta charset=utf-8>",
    "a line": b"<br/>",
    "XHTML": b'<?xml version="1.0"?>\n<!DOCTYPE html [<!ENTITY a "b">]>\n<html ' + XMLNS + b">",
}
OTHERS: dict[str, bytes] = {
    "nothing": b"",
    "text": b"body",
    "a tag after text": b"a <p>",
    "JSON": b'{"a": "<html>"}',
    "less than": b"< html>",
    "an end tag": b"</html>",
    "a tag nobody knows": b"<svg>",
    "XML": b"<?xml version='1.0'?><rss>",
    "a feed with XHTML inside": b"<?xml version='1.0'?><feed><div " + XMLNS + b">",
    "blanks as far as anybody looks": b" " * 1445 + b"<html>",
    "UTF-16": "<html>".encode("utf-16"),
    "a picture": b"\x89PNG\r\n\x1a\n<html>",
}
XML_PAGES: dict[str, bytes] = {
    "XHTML": PAGES["XHTML"],
    "no declaration": b"<html lang='en' " + XMLNS + b"/>",
    "a byte order mark": b"\xef\xbb\xbf<html " + XMLNS + b">",
    "a root with a prefix": b"<x:html xmlns:x='http://www.w3.org/1999/xhtml'>",
    "comments": b"<!-- - -- <a> --><?a ?b?><html " + XMLNS + b">",
    "a root cut in the middle": b"<html " + XMLNS,
    "a quoted bracket": b"<html a='>' " + XMLNS + b">",
}
XML_OTHERS: dict[str, bytes] = {
    "nothing": b"",
    "a feed": b"<?xml version='1.0'?><feed xmlns='http://www.w3.org/2005/Atom'><div " + XMLNS + b">",
    "HTML without a namespace": b"<!DOCTYPE html><html>",
    "in a comment": b"<!-- <html " + XMLNS + b"> --><rss>",
}  # fmt: skip


def told(content_type: str | None, start: bytes, *fields: Field) -> str | None:
    """Return the type that is worked out for a head and its first bytes; None where nobody looks at them."""
    typed = [] if content_type is None else [("Content-Type", content_type)]
    head = ResponseHead(200, [*typed, *fields])
    return sniffed(head, start) if head.is_undecided else None


@pytest.mark.parametrize("content_type", [None, "", "*/*", "unknown/unknown", "application/unknown", "x"])  # fmt: skip
def test_of_no_type_what_begins_like_a_page_is_one(content_type: str | None) -> None:
    for start in PAGES.values():
        assert told(content_type, start) in {"text/html", "application/xhtml+xml"}, start
        assert told(content_type, start, NOSNIFF) is None
    for start in OTHERS.values():
        assert told(content_type, start) == "", start


@pytest.mark.parametrize("content_type", ["application/xml", "text/xml; charset=utf-8"])
def test_xml_is_a_page_if_its_root_is_one(content_type: str) -> None:
    for start in XML_PAGES.values():
        assert told(content_type, start) == "application/xhtml+xml", start
        assert (
            told(content_type, start, NOSNIFF) == "application/xhtml+xml"
        )  # its own word, no guess
    for start in XML_OTHERS.values():
        assert told(content_type, start) == media_type(content_type), start


@pytest.mark.parametrize("content_type", ["text/plain", "application/json", "image/svg+xml", "text/css"])  # fmt: skip
def test_no_other_type_is_looked_into(content_type: str) -> None:
    assert told(content_type, b"<!doctype html>") is None


NOSNIFFS: dict[str, bool] = {
    "nosniff": True,
    "NoSniff, x": True,
    " nosniff ": True,
    "x, nosniff": False,
    "no-sniff": False,
    "": False,
}


@pytest.mark.parametrize(("value", "holds"), NOSNIFFS.items())
def test_nosniff_is_the_first_value_of_its_field(value: str, holds: bool) -> None:
    """(Fetch §3.5, "determine nosniff".)"""
    found = told(None, b"<html>", ("x-content-type-options", value), NOSNIFF)
    assert found == (None if holds or not value else "text/html")


PIECES = [
    b"<",
    b"<?",
    b"?>",
    b"<!--",
    b"-->",
    b"<!DOCTYPE",
    b"'",
    b'"',
    b"[",
    b"<html ",
    XMLNS,
    b">",
]


@given(st.binary() | st.lists(st.sampled_from(PIECES)).map(b"".join))
def test_no_bytes_make_it_fail(start: bytes) -> None:
    for content_type in (None, "text/xml"):
        assert isinstance(told(content_type, start), str)


# -- Through the layer


def got(protocol: str, fields: list[Field], *chunks: bytes, method: str = "GET") -> Response:
    async def asgi_app(scope: Any, receive: Any, send: Any) -> None:
        raw = [(name.encode(), value.encode()) for name, value in fields]
        await send({"type": "http.response.start", "status": 200, "headers": raw})
        for chunk in chunks:
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    def wsgi_app(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", list(fields))
        return iter(chunks)

    app = (
        asgi.PrivacyMiddleware(asgi_app, GUARD)
        if protocol == "asgi"
        else wsgi.PrivacyMiddleware(wsgi_app, GUARD)
    )
    return visitor(app).request(method, "/", headers={"accept": "text/html"})


@over_both
def test_a_page_without_a_type_leaves_as_a_page(protocol: str) -> None:
    response = got(protocol, [("ETag", '"1"')], b"<p>", TRACKER + b"hello")
    assert b"facebook" not in response.content
    assert b"hello" in response.content
    assert response.headers["vary"] == "DNT, Sec-GPC"
    assert "permissions-policy" in response.headers
    assert "content-type" not in response.headers
    assert response.headers["etag"] != '"1"'


@over_both
def test_a_compressed_page_without_a_type_is_looked_into(protocol: str) -> None:
    body = gzip.compress(b"<p>" + TRACKER + b"hello")
    response = got(protocol, [("Content-Encoding", "gzip")], body)
    assert b"facebook" not in gzip.decompress(response.body)


@over_both
@pytest.mark.parametrize("fields", [[], [NOSNIFF], [("content-type", "application/xml")]])
def test_anything_else_leaves_as_it_is(protocol: str, fields: list[Field]) -> None:
    body = TRACKER if NOSNIFF in fields else b"<?xml version='1.0'?><a>" + TRACKER
    response = got(protocol, [*fields, ("ETag", '"1"')], body)
    assert response.content == body
    assert response.fields == [*fields, ("ETag", '"1"')]


@over_both
def test_of_head_nothing_is_worked_out(protocol: str) -> None:
    response = got(protocol, [("Content-Length", "9")], method="HEAD")
    assert response.fields == [("Content-Length", "9")]


def test_a_chunk_that_is_no_bytes_is_the_servers_to_refuse() -> None:
    visit = GUARD.visit(Sent())
    head = ResponseHead(200, [])
    visit.response(head)
    visit.settle("text", last=False)  # type: ignore[arg-type]
    assert not head.changed


# -- In a browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


# Text and what is no XML are shown in a page of the browser's own.
IS_PAGE = """!document.contentType.match(/^text\\/plain|^image/) &&
!document.querySelector("parsererror, #webkit-xml-viewer-source-xml") && document.documentElement.namespaceURI === "http://www.w3.org/1999/xhtml\""""


def test_chromium_shows_no_page_that_is_not_taken_for_one(browser: Browser) -> None:
    cases = [
        (content_type, body)
        for content_type in (None, "*/*", "text/xml", "text/plain", "text/html, text/plain")
        for table in (PAGES, OTHERS, XML_PAGES, XML_OTHERS)
        for body in table.values()
    ]

    def app(environ: Any, start_response: Any) -> list[bytes]:
        if not (number := environ["PATH_INFO"].strip("/")).isdecimal():  # its icon
            start_response("404 Not Found", [("Content-Type", "image/png")])
            return [b""]
        content_type, body = cases[int(number)]
        start_response("200 OK", [("Content-Type", content_type)] if content_type else [])
        return [body.ljust(2000)]  # as much as Chromium waits for

    shown = []
    with wsgi_origin(app) as port:
        tab = browser.new_context().new_page()
        for number, (content_type, body) in enumerate(cases):
            with suppress(Error):  # what it saves as a file is no page
                tab.goto(f"http://127.0.0.1:{port}/{number}")
                if not tab.evaluate(IS_PAGE):
                    continue
                shown.append((content_type, body))
                found = told(content_type, body.ljust(2000)) or media_type(content_type or "")
                assert found in HTML_TYPES, (content_type, body)
    assert (None, PAGES["a doctype"]) in shown
    assert ("text/xml", XML_PAGES["no declaration"]) in shown
