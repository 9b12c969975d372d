"""Sites that would keep an audit for ever, fill its memory, lead it elsewhere, or write into its report."""

from __future__ import annotations

import asyncio
import gzip
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, cast
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alpines_privacy.audit import AuditError, Evidence, Options, Report, run
from alpines_privacy.audit.fetching import in_process
from alpines_privacy.audit.fetching.exchange import Refused
from alpines_privacy.audit.fetching.network import OneHost
from alpines_privacy.audit.model import LONGEST_TEXT, shown
from alpines_privacy.testing import lifespan
from tests.support.processes import wsgi_origin

HTML = [("Content-Type", "text/html; charset=utf-8")]
SECRET = "Zq81xSecretOfAVisitor"


class Counted:
    """A site of pages, by path, which counts what is asked of it."""

    def __init__(
        self,
        answer: Callable[[str], bytes | Iterable[bytes]],
        fields: dict[str, list[tuple[str, str]]] | None = None,
    ) -> None:
        self.asked: list[str] = []
        self._answer = answer
        self._fields = fields or {}

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        self.asked.append(path)
        fields = self._fields.get(path, HTML)
        status = "302 Found" if any(name == "Location" for name, _ in fields) else "200 OK"
        start_response(status, fields)
        body = self._answer(path)
        return [body] if isinstance(body, bytes) else body

    @property
    def pages(self) -> set[str]:
        return {path for path in self.asked if not path.startswith("/.well-known/")}


def links(*urls: str) -> bytes:
    return "".join(f'<a href="{url}">x</a>' for url in urls).encode()


def audited(app: WSGIApplication, **options: object) -> Report:
    return run(app, Options(**options), name="site")  # type: ignore[arg-type]  # a test's own choice


def test_endless_links_use_up_no_more_than_the_pages_asked_for() -> None:
    def page(path: str) -> bytes:
        depth = path.count("/")
        return links("/about", *(f"/calendar/{depth}{n}/next" for n in range(50)))

    site = Counted(page)
    report = audited(site, pages=12)
    assert report.pages == 12
    assert "/about" in site.pages
    assert len(site.asked) <= 12 * 4 + 30


def test_a_page_without_end_is_read_up_to_its_bound() -> None:
    taken = 0

    def endless() -> Iterator[bytes]:
        nonlocal taken
        while True:
            taken += 1
            yield b"<p>" + b"a" * 100_000

    site = Counted(lambda path: endless() if path == "/long" else links("/long"))
    report = audited(site, page_bytes=300_000, pages=3)
    assert report.pages == 3
    assert taken <= 4 * 6  # of each visit a few pieces


def writing(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    write = start_response("200 OK", HTML)
    while True:
        write(b"<p>" + b"a" * 100_000)


def exiting(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    raise SystemExit


class Asgi:
    """An ASGI app that answers `/` with a link to `/odd`, and that by a function."""

    def __init__(self, answer: Callable[..., Any], *, ends: bool = True) -> None:
        self._answer = answer
        self._ends = ends

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            if self._ends:
                raise KeyError("shutdown")
            await asyncio.Event().wait()
        start = {
            "type": "http.response.start",
            "status": 200,
            "headers": [(b"content-type", b"text/html")],
        }
        await send(start)
        if scope["path"] == "/odd":
            await self._answer(send)
        await send({"type": "http.response.body", "body": links("/odd")})


async def stubborn(send: Any) -> None:
    """Send on and on, whatever is said about it."""
    while True:
        with suppress(Exception):
            await send({"type": "http.response.body", "body": b"a" * 1000, "more_body": True})


async def empty(send: Any) -> None:
    while True:
        await send({"type": "http.response.body", "body": b"", "more_body": True})


async def uncancelled(send: Any) -> None:
    with suppress(asyncio.CancelledError):
        await asyncio.Event().wait()
    await asyncio.Event().wait()


async def leaving(send: Any) -> None:
    await asyncio.gather(exits())


async def exits() -> None:
    raise SystemExit


@pytest.mark.parametrize("app", [writing, exiting])
def test_a_wsgi_app_that_writes_without_end_or_exits_is_audited(app: WSGIApplication) -> None:
    assert audited(app, page_bytes=300_000, page_seconds=5.0, pages=1).pages == 1


@pytest.mark.parametrize("answer", [stubborn, empty, uncancelled, leaving])
def test_an_asgi_app_that_goes_on_when_it_is_stopped_is_audited(
    answer: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(in_process, "_MOMENT", 0.1)
    report = audited(cast("Any", Asgi(answer)), page_bytes=300_000, page_seconds=1.0, pages=2)
    assert report.pages == 2


def test_an_app_that_never_ends_does_not_keep_the_report(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lifespan, "PATIENCE", 0.3)
    app = Asgi(lambda _: asyncio.sleep(0), ends=False)
    assert audited(cast("Any", app), pages=1).pages == 1


def test_a_coded_page_inflates_no_further_than_its_bound() -> None:
    bomb = gzip.compress(bytes(200_000_000))
    fields = {"/bomb": [*HTML, ("Content-Encoding", "gzip")]}
    report = audited(
        Counted(lambda p: bomb if p == "/bomb" else links("/bomb"), fields),
        page_bytes=500_000,
        pages=2,
    )
    assert report.pages == 2


def test_redirects_in_a_circle_end() -> None:
    fields = {
        "/round": [("Location", "/and-round")],
        "/and-round": [("Location", "/round")],
    }
    site = Counted(lambda _: links("/round"), fields)
    assert audited(site, pages=4).pages == 4
    assert site.asked.count("/round") < 60


BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE urlset [<!ENTITY a "/aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">'
    b'<!ENTITY file SYSTEM "file:///etc/passwd">]><urlset><url><loc>https://testserver/in-the-map</loc></url>'
    b"<url><loc>https://testserver/&b;&b;&file;</loc></url><url><loc>https://other.example/x</loc></url></urlset>"
)
CHAIN = b"<sitemapindex>%s</sitemapindex>" % b"".join(
    b"<sitemap><loc>https://testserver/map%d.xml</loc></sitemap>" % n for n in range(10_000)
)


@pytest.mark.parametrize("sitemap", [BOMB, CHAIN, b"<loc>" * 400_000, b"\x1f\x8b" + bytes(100)])
def test_a_hostile_sitemap_is_read_in_bounds(sitemap: bytes) -> None:
    site = Counted(lambda path: sitemap if path.endswith(".xml") else b"home")
    audited(site, pages=5)
    assert len([path for path in site.asked if path.endswith(".xml")]) <= 5
    assert ("/in-the-map" in site.pages) == (sitemap is BOMB)


def test_what_changes_something_by_a_link_is_not_followed() -> None:
    site = Counted(
        lambda _: links("/logout", "/account/sign-out?next=/", "/item/3/delete", "/plain")
    )
    audited(site, pages=10)
    assert "/plain" in site.pages
    assert not site.pages & {"/logout", "/account/sign-out", "/item/3/delete"}


HOSTILE = [
    "/\x1b[2Jx",
    "/<script>alert(1)</script>",
    "/##[error]here",
    "/::set-output name=x::y",
    "/" + "long" * 200,
    "/\u202e\u2066reversed",
]


def test_a_report_is_printable_and_bounded_and_holds_no_value() -> None:
    def page(path: str) -> bytes:
        if path == "/":
            return links(
                *(f"{url}?token={SECRET}" for url in HOSTILE), f"https://other.example/?id={SECRET}"
            )
        return (
            f'<script src="https://www.googletagmanager.com/gtag/js?id={SECRET}"></script>'.encode()
        )

    cookie = [*HTML, ("Set-Cookie", f"id\u202e={SECRET}".encode().decode("latin-1"))]
    site = Counted(page, {"/": [*cookie, ("Set-Cookie", f"plain={SECRET}")]})
    report = audited(site, pages=20)
    texts = [
        text
        for v in report.verdicts
        for e in v.evidence
        for text in (e.request, e.excerpt, e.rule, e.company)
    ]
    assert len(texts) > 20
    assert all(text.isprintable() and len(text) <= LONGEST_TEXT for text in texts)
    assert SECRET not in report.to_json().decode()
    assert not any(text.lstrip().startswith("::") or "##" in text for text in texts)


@given(st.text(max_size=2000))
def test_whatever_is_shown_is_printable_bounded_and_no_command(text: str) -> None:
    said = shown(text)
    assert said.isprintable()
    assert len(said) <= LONGEST_TEXT
    assert "##" not in said
    assert not said.lstrip().startswith("::")
    assert shown(said) == said
    assert Evidence(text, text, text, text).excerpt == said


def test_a_report_is_read_as_it_was_written() -> None:
    report = audited(Counted(lambda _: b"home"), pages=1)
    assert Report.from_json(report.to_json()) == report


# -- Other hosts


@contextmanager
def counting() -> Iterator[tuple[Counted, str]]:
    site = Counted(lambda _: b"another host")
    with served(site) as origin:
        yield site, origin


@contextmanager
def served(site: Counted) -> Iterator[str]:
    with wsgi_origin(site) as port:
        yield f"http://127.0.0.1:{port}"


def test_nothing_is_sent_to_any_host_but_the_one_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither by redirects, links, loads, forms and sitemaps, nor through a proxy of the environment."""
    with counting() as (others, other):
        for name in (
            "HTTP_PROXY",
            "HTTPS_PROXY",
            "ALL_PROXY",
            "http_proxy",
            "https_proxy",
            "all_proxy",
        ):
            monkeypatch.setenv(name, other)
        elsewhere = other.replace("127.0.0.1", "localhost")
        page = (
            links(f"{elsewhere}/link", "/away", "/round")
            + (
                f'<link rel=stylesheet href="{elsewhere}/a.css"><img src="{elsewhere}/a.png">'
                f'<form action="{elsewhere}/signup" method=post><input type=password name=p><input name=dob></form>'
                f'<meta http-equiv=refresh content="0;url={elsewhere}/refresh"><base href="{elsewhere}/">'
            ).encode()
        )
        fields = {"/away": [("Location", f"{elsewhere}/away")]}
        robots = f"User-agent: *\nSitemap: {elsewhere}/sitemap.xml\n".encode()
        site = Counted(lambda path: robots if path == "/robots.txt" else page, fields)
        with served(site) as origin:
            report = run(origin, Options(active=True, pages=10))
    assert report.pages > 1
    assert "/away" in site.asked
    assert others.asked == []


def test_another_host_is_refused_before_any_look_up() -> None:
    transport = OneHost("https://named.invalid")
    try:
        with pytest.raises(Refused, match="not the host that was named"):
            transport.handle_request(httpx.Request("GET", "https://other.invalid/"))
    finally:
        transport.close()


def test_a_home_page_that_leads_elsewhere_is_no_audit() -> None:
    site = Counted(lambda _: b"", {"/": [("Location", "https://www.other.example/")]})
    with pytest.raises(AuditError, match=r"leads to www\.other\.example"):
        audited(site)


# -- Slow, silent and closed sites


@contextmanager
def dripping(head: bytes, drop: bytes) -> Iterator[str]:
    """A server that sends a few bytes now and then, for ever."""
    over = threading.Event()

    def serve() -> None:
        while not over.is_set():
            try:
                connection, _ = listener.accept()
            except TimeoutError:
                continue
            with connection:
                try:
                    connection.sendall(head)
                    while not over.wait(0.05):
                        connection.sendall(drop)
                except OSError:
                    pass

    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.1)
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            over.set()
            thread.join()


@pytest.mark.parametrize(
    ("head", "drop"),
    [(b"HTTP/1.1 200 OK\r\nX: ", b"a"), (b"", b""), (b"HTTP/1.1 200 OK\r\n\r\n", b"a")],
)
def test_a_server_that_drips_is_waited_for_no_longer_than_allowed(head: bytes, drop: bytes) -> None:
    options = Options(page_seconds=2.0, seconds=3.0)  # the head comes well before
    with dripping(head, drop) as origin:
        if head.endswith(b"\r\n\r\n"):  # what has come by then counts
            assert run(origin, options).pages == 1
        else:
            with pytest.raises(AuditError):
                run(origin, options)


@pytest.mark.parametrize(
    "url",
    ["ftp://example.org", "example.org", "https://", "javascript:alert(1)", "http://127.0.0.1:1/"],
)
def test_what_cannot_be_audited_is_said(url: str) -> None:
    with pytest.raises(AuditError):
        run(url, Options(page_seconds=2))
