"""The notice of a data breach on a site's pages: which pages show it, in which language, and what caches keep."""

from __future__ import annotations

import asyncio
import gzip
import logging
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import formatdate
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import msgspec
import pytest
from django.http import HttpRequest, HttpResponse
from django.test import AsyncClient, Client, override_settings
from django.urls import path
from hypothesis import given, settings
from hypothesis import strategies as st

from alpines_privacy import PolicyError, PrivacyPolicy, current, protect
from alpines_privacy.onsite_notice import notice_file
from alpines_privacy.onsite_notice.markup import Banner, notice_page
from alpines_privacy.policy.announcement import Passage, Wording
from alpines_privacy.policy.breach import Breach
from alpines_privacy.testing import visitor
from tests.frameworks.django_site import OURS
from tests.onsite_notice.support import CALIFORNIA, ENGLISH, URDU, announce, notice, policy_with
from tests.support.operators import OPERATOR, TODAY

HTML = ("Content-Type", "text/html; charset=utf-8")
PAGE = b"<!doctype html><html lang=en><title>Shop</title><body class=shop><p>Tea</p></body></html>"
MARK = b'<div id="alpines-privacy-notice"'
PATH = "/_privacy/notice"


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each page looks at the file."""
    monkeypatch.setattr(notice_file, "INTERVAL", 0.0)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "notice.json"


class Site:
    """A page over WSGI and ASGI, streamed in two pieces."""

    def __init__(self, body: bytes = PAGE, *fields: tuple[str, str], status: int = 200) -> None:
        self.body = body
        self.status = status
        self.fields = [*([] if any(f[0] == "Content-Type" for f in fields) else [HTML]), *fields]
        self.before: Callable[[], object] = lambda: None

    def wsgi(self, environ: Any, start_response: Any) -> Any:
        self.before()
        start_response(f"{self.status} Status", self.fields)
        yield self.body[:30]
        yield self.body[30:]

    async def asgi(self, scope: Any, receive: Any, send: Any) -> None:
        self.before()
        fields = [(name.lower().encode(), value.encode()) for name, value in self.fields]
        await send({"type": "http.response.start", "status": self.status, "headers": fields})
        await send({"type": "http.response.body", "body": self.body[:30], "more_body": True})
        await send({"type": "http.response.body", "body": self.body[30:]})

    def seen(self, policy: PrivacyPolicy, protocol: str = "wsgi") -> Any:
        return visitor(protect(getattr(self, protocol), policy))


both = pytest.mark.parametrize("protocol", ["wsgi", "asgi"])


# -- Which pages


@both
def test_pages_show_the_notice_from_when_the_file_is_there_until_it_ends(
    protocol: str, file: Path
) -> None:
    seen = Site().seen(policy_with(file), protocol)
    assert seen.get("/").content == PAGE
    announce(file)
    shown = seen.get("/").content
    before, _, after = PAGE.partition(b"<p>")
    assert shown.startswith(before + MARK)
    assert shown.endswith(b"</details></div><p>" + after)
    assert "A laptop with a list of customers was stolen." in shown.decode()
    announce(file, notice(until=datetime.now(UTC) - timedelta(seconds=1)))
    assert seen.get("/").content == PAGE
    announce(file)
    assert MARK in seen.get("/").content
    file.unlink()
    assert seen.get("/").content == PAGE


def test_a_notice_ends_at_its_time_though_nobody_changes_the_file(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lasting = notice(
        incident="other",
        wordings={"en": Wording(title="T", summary="Other.", link="l", passages=ENGLISH.passages)},
    )
    announce(file, notice(until=datetime.now(UTC) + timedelta(hours=1)), lasting)
    seen = Site().seen(policy_with(file))
    both_shown = seen.get("/").text
    assert "laptop" in both_shown
    assert "Other." in both_shown
    later = datetime.now(UTC) + timedelta(hours=2)
    monkeypatch.setattr(notice_file, "INTERVAL", 1e9)
    monkeypatch.setattr(notice_file, "_now", lambda: later)
    one = seen.get("/").text
    assert "laptop" not in one
    assert "Other." in one


@pytest.mark.parametrize(
    ("status", "fields"),
    [
        (404, ()),
        (500, ()),
        (200, (("Content-Type", "application/xhtml+xml"),)),
        (200, (("Content-Security-Policy", "default-src 'none'; sandbox"),)),
    ],
)
def test_every_kind_of_page_shows_it(status: int, fields: Any, file: Path) -> None:
    announce(file)
    assert MARK in Site(PAGE, *fields, status=status).seen(policy_with(file)).get("/").content


OTHERS: dict[str, tuple[Site, dict[str, str]]] = {
    "JSON": (Site(b'{"a": 1}', ("Content-Type", "application/json")), {}),
    "a drawing": (Site(b"<svg><body/></svg>", ("Content-Type", "image/svg+xml")), {}),
    "a download": (Site(PAGE, ("Content-Disposition", "attachment; filename=a.html")), {}),
    "text of the type of pages": (Site(b"pong"), {}),
    "a part of a page": (Site(b"<li>Assam</li><li>Bancha</li>"), {}),
    "a part that htmx asks for": (Site(b"<title>T</title><li>Assam</li>"), {"hx-request": "true"}),
    "a part that a script asks for": (Site(b"<title>T</title><li>A</li>"), {"sec-fetch-dest": "empty"}),
    "a frame's": (Site(), {"sec-fetch-dest": "iframe"}),
    "an embedded page": (Site(), {"sec-fetch-dest": "embed"}),
    "an object's": (Site(), {"sec-fetch-dest": "object"}),
    "a frame set": (Site(b"<html><frameset><frame src=/a></frameset></html>"), {}),
    "Turbo's stream": (Site(b"<turbo-stream></turbo-stream>", ("Content-Type", "text/vnd.turbo-stream.html")), {}),
}  # fmt: skip


@both
@pytest.mark.parametrize("case", OTHERS)
def test_what_is_no_page_of_its_own_does_not(case: str, protocol: str, file: Path) -> None:
    announce(file)
    site, asked = OTHERS[case]
    assert site.seen(policy_with(file), protocol).get("/", headers=asked).content == site.body


@pytest.mark.parametrize(
    "asked",
    [
        {"sec-fetch-dest": "document"},
        {"sec-fetch-dest": "frame"},
        {"sec-fetch-dest": "empty"},
        {"turbo-frame": "a"},
    ],
)
def test_whole_pages_do_whoever_asks(asked: dict[str, str], file: Path) -> None:
    """A frame set cannot show it, so its frames do; front ends put whole pages in the place of others."""
    announce(file)
    assert MARK in Site().seen(policy_with(file)).get("/", headers=asked).content


def test_a_browser_s_own_page_needs_no_tags(file: Path) -> None:
    announce(file)
    got = Site(b"<p>Tea").seen(policy_with(file)).get("/", headers={"sec-fetch-dest": "document"})
    assert got.content.startswith(MARK)
    assert got.content.endswith(b"<p>Tea")


@pytest.mark.parametrize("part", ["announcement", "markup"])
@both
def test_a_view_may_do_without(part: str, protocol: str, file: Path) -> None:
    announce(file)
    site = Site()
    site.before = lambda: current().exempt(part)
    assert site.seen(policy_with(file), protocol).get("/").content == PAGE


@pytest.mark.parametrize(
    "change", [{"mode": "off"}, {"exempt": ["/"]}, {"breach": Breach(zone="UTC")}]
)
def test_paths_and_modes_do_without(change: dict[str, Any], file: Path) -> None:
    announce(file)
    seen = Site().seen(policy_with(file, **change))
    assert seen.get("/").content == PAGE


def test_report_mode_changes_nothing_and_says_what_it_would(
    file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    announce(file)
    with caplog.at_level(logging.WARNING, logger="alpines_privacy"):
        assert Site().seen(policy_with(file, mode="report")).get("/").content == PAGE
    assert "would have been shown on a page" in caplog.text


def test_a_compressed_page_shows_it(file: Path) -> None:
    announce(file)
    site = Site(gzip.compress(PAGE), ("Content-Encoding", "gzip"))
    got = site.seen(policy_with(file)).get("/", headers={"accept-encoding": "gzip"})
    assert MARK in gzip.decompress(got.body)


def test_a_page_in_another_encoding_shows_it_as_it_is_written(file: Path) -> None:
    announce(file)
    page = "<html lang=ur><body>ä".encode("latin-1")
    got = (
        Site(page, ("Content-Type", "text/html; charset=latin-1")).seen(policy_with(file)).get("/")
    )
    assert got.content.isascii() is False  # the page's own letter
    added = got.content.removesuffix(b"\xe4")
    assert added.isascii()
    assert _words(added.decode("ascii")).count(URDU.title) == 1


@pytest.mark.parametrize("kind", [Client, AsyncClient], ids=["sync", "async"])
def test_django_s_adapter(kind: type[Any], file: Path) -> None:
    announce(file)
    given = {"breach": {"zone": "UTC", "announcement": str(file)}}
    with override_settings(ROOT_URLCONF=__name__, MIDDLEWARE=[OURS], ALPINES_PRIVACY=given):
        client = kind()
        got = client.get("/page") if kind is Client else asyncio.run(client.get("/page"))
        whole = client.get(PATH) if kind is Client else asyncio.run(client.get(PATH))
    assert MARK in got.content
    assert b"What You Can Do" in whole.content


def view(request: HttpRequest) -> HttpResponse:
    return HttpResponse(PAGE)


urlpatterns = [path("page", view)]


def test_the_home_page_s_link_to_the_policy_stands_beside_it(file: Path) -> None:
    announce(file)
    got = (
        Site()
        .seen(policy_with(file, operator=OPERATOR, effective=TODAY, shield=True))
        .get("/")
        .text
    )
    assert (
        got.index("<body") < got.index("alpines-privacy-notice") < got.index('aria-label="Privacy"')
    )


TEMPLATE = "<html lang='$language' dir='$direction'><title>$title</title><p>Before</p>$content"


@both
@pytest.mark.parametrize("template", [None, TEMPLATE])
def test_the_policy_s_own_page_shows_it_too(
    protocol: str, template: str | None, file: Path, tmp_path: Path
) -> None:
    path = tmp_path / "page.html"
    path.write_text(template or "", "utf-8")
    operator = msgspec.structs.replace(OPERATOR, template=str(path) if template else None)
    policy = policy_with(file, operator=operator, effective=TODAY)
    seen = Site(status=404).seen(policy, protocol)
    before = seen.get("/privacy")
    announce(file)
    asked = {"if-none-match": before.headers["etag"], "if-modified-since": formatdate(usegmt=True)}
    shown = seen.get("/privacy", headers=asked)
    assert (shown.status_code, MARK in shown.content) == (200, True)
    begin, banner, end = re.split(
        rb"(<div id=.alpines-privacy-notice.*?</details></div>)", shown.content, flags=re.DOTALL
    )
    assert begin + end == before.content
    assert b"<main>" not in begin
    assert b"/_privacy/notice?language=en" in banner
    sheet = re.search(rb'href="(/_privacy/notice[.][0-9a-f]+[.]css)"', banner)
    assert sheet is not None
    assert seen.get(sheet[1].decode()).status_code == 200
    assert "style-src 'self' " in shown.headers["content-security-policy"]
    assert "Sec-Fetch-Dest" in shown.headers["vary"]
    again = seen.get("/privacy", headers={"if-none-match": shown.headers["etag"]})
    assert (again.status_code, again.headers["etag"]) == (304, shown.headers["etag"])
    assert MARK not in seen.get("/privacy", headers={"sec-fetch-dest": "iframe"}).content
    assert b"notice" not in seen.get("/privacy", headers={"accept": "text/markdown"}).content
    file.unlink()
    ended = seen.get("/privacy", headers={"if-none-match": shown.headers["etag"]})
    assert (ended.status_code, ended.content) == (200, before.content)


def test_where_the_policy_is_only_reported_its_page_shows_none(file: Path) -> None:
    announce(file)
    policy = policy_with(file, operator=OPERATOR, effective=TODAY, mode="report")
    assert MARK not in Site(status=404).seen(policy).get("/privacy").content


# -- Its language


class _Reader(HTMLParser):
    """The start tags and texts of markup."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def _words(markup: str) -> list[str]:
    """Return the texts of markup, as Python's own parser reads it."""
    parser = _Reader()
    parser.feed(markup)
    parser.close()
    return parser.texts


LANGUAGES = {
    "<html lang=ur>": "ur",
    "<html lang=UR-pk>": "ur",
    "<html xml:lang=ur>": "ur",
    "<html lang=en-GB>": "en",
    "<html lang=fr>": "en",
    "<html lang=''>": "en",
    "<html>": "en",
    "": "en",
    f"<html lang={'ur-' * 5000}x>": "ur",
}


@pytest.mark.parametrize("root", LANGUAGES)
def test_it_speaks_the_page_s_language_if_it_can(root: str, file: Path) -> None:
    announce(file)
    got = Site(f"{root}<body>x".encode()).seen(policy_with(file)).get("/").text
    tag = LANGUAGES[root]
    wording = {"en": ENGLISH, "ur": URDU}[tag]
    assert wording.link in _words(got)
    assert f'lang="{tag}" xml:lang="{tag}" dir="{wording.direction}"' in got
    assert f'href="{PATH}?language={tag}"' in got


def test_a_site_s_own_language_is_the_one_for_all_others(file: Path) -> None:
    announce(file, notice(language="ur"))
    assert URDU.link in _words(Site(b"<body>x").seen(policy_with(file)).get("/").text)


# -- The page with the whole notice


def test_the_whole_notice_has_the_five_headings_of_california(file: Path) -> None:
    seen = Site(status=404).seen(policy_with(file))
    assert seen.get(PATH).status_code == 404
    announce(file)
    got = seen.get(PATH)
    assert got.status_code == 200
    at = [got.text.index(f"<h2>{heading}</h2>") for heading in CALIFORNIA]
    assert at == sorted(at)
    assert "What Happened: words.<br/>More." in got.text
    day = datetime.now(UTC).date().isoformat()
    assert f'<time datetime="{day}">{day}</time>' in got.text  # nobody said it in words
    assert "default-src 'none'" in got.headers["content-security-policy"]
    assert seen.post(PATH).status_code == 405
    assert seen.head(PATH).content == b""


def test_the_day_of_the_notice_stands_there_in_the_language_s_words(file: Path) -> None:
    dated = msgspec.structs.replace(ENGLISH, dated="Date of this notice: 1 <May> 2026")
    announce(file, notice(wordings={"en": dated}))
    got = Site(status=404).seen(policy_with(file)).get(PATH)
    assert ">Date of this notice: 1 &lt;May&gt; 2026</time>" in got.text


@pytest.mark.parametrize(
    ("query", "accepted", "expected"),
    [
        ("?language=ur", "en", "ur"),
        ("", "fr, ur-PK;q=0.8, en;q=0.5", "ur"),
        ("", "en, ur;q=0.1", "en"),
        ("", "ur;q=0", "en"),
        ("?language=xx", "", "en"),
        ("?language=<script>", "<script>", "en"),
        (f"?language={'ur-' * 3000}&language=ur", "ur," * 3000, "ur"),
    ],
)
def test_a_visitor_reads_the_whole_notice_in_their_language(
    query: str, accepted: str, expected: str, file: Path
) -> None:
    announce(file)
    seen = Site().seen(policy_with(file))
    got = seen.get(PATH + query, headers={"accept-language": accepted})
    assert f'<html lang="{expected}"' in got.text
    assert "<script>" not in got.text
    assert got.text.count("hreflang=") == 1


def test_below_a_mount_point_the_link_leads_there(file: Path) -> None:
    announce(file)

    def app(environ: Any, start_response: Any) -> Any:
        environ["SCRIPT_NAME"], environ["PATH_INFO"] = "/team", environ["PATH_INFO"][5:]
        return protected(environ, start_response)

    protected = protect(Site().wsgi, policy_with(file))
    seen = visitor(app)
    got = seen.get("/team/").text
    assert 'href="/team/_privacy/notice?language=en"' in got
    assert seen.get("/team/_privacy/notice").status_code == 200


# -- Its style sheet, and the page's own Content-Security-Policy


SHEETS: dict[str, str | None] = {
    "": "",
    "style-src 'self'": "",
    "default-src 'self'": "",
    "default-src 'none'; style-src http:": "",
    "style-src 'none'; style-src-elem 'self'": "",
    "script-src 'none'": "",
    "default-src 'self' 'strict-dynamic' 'nonce-abc'": ' nonce="abc"',
    "default-src 'none'; style-src 'nonce-abc'": ' nonce="abc"',
    "default-src 'none'": None,
    "style-src 'unsafe-inline'": None,
    "default-src 'self'; style-src https://cdn.example": None,
    "style-src 'self', style-src 'none'": None,
}


@pytest.mark.parametrize("policy", SHEETS)
def test_the_style_sheet_comes_where_the_page_s_policy_lets_it_in(
    policy: str, file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    announce(file)
    fields = [("Content-Security-Policy", policy)] if policy else []
    with caplog.at_level(logging.WARNING, logger="alpines_privacy"):
        got = Site(PAGE, *fields).seen(policy_with(file)).get("/").text
    nonce = SHEETS[policy]
    assert ("<link" in got) == (nonce is not None)
    assert ("Add 'self' to its style-src" in caplog.text) == (nonce is None)
    assert nonce is None or f'.css"{nonce}/>' in got
    assert "style=" not in got
    assert "<script" not in got


def test_the_style_sheet_is_kept_for_good_and_is_there_after_the_notice(file: Path) -> None:
    announce(file)
    seen = Site().seen(policy_with(file))
    address = seen.get("/").text.partition('href="')[2].partition('"')[0]
    file.unlink()
    got = seen.get(address)
    assert got.headers["content-type"] == "text/css; charset=utf-8"
    assert "immutable" in got.headers["cache-control"]
    assert "prefers-color-scheme: dark" in got.text


def test_an_amp_page_gets_no_style_sheet(file: Path) -> None:
    announce(file)
    got = Site(b"<html amp><body>x").seen(policy_with(file)).get("/").text
    assert MARK.decode() in got
    assert "<link" not in got


# -- Caches


class Tagged(Site):
    """A page with an ETag, which the app revalidates."""

    def __init__(self) -> None:
        super().__init__(PAGE, ("ETag", '"1"'))

    def wsgi(self, environ: Any, start_response: Any) -> Any:
        if environ.get("HTTP_IF_NONE_MATCH") == '"1"':
            start_response("304 Not Modified", [("ETag", '"1"')])
            return [b""]
        return super().wsgi(environ, start_response)


def test_a_kept_page_is_asked_for_anew_when_the_notice_changes(file: Path) -> None:
    seen = Tagged().seen(policy_with(file))

    def revalidated(etag: str) -> int:
        got = seen.get("/", headers={"if-none-match": etag, "accept": "text/html"})
        return int(got.status_code)

    plain = seen.get("/").headers["etag"]
    assert revalidated(plain) == 304
    announce(file)
    assert revalidated(plain) == 200
    first = seen.get("/")
    assert revalidated(first.headers["etag"]) == 304
    changed = Wording(title="T", summary="More is known.", link="l", passages=ENGLISH.passages)
    announce(file, notice(wordings={"en": changed}))
    assert revalidated(first.headers["etag"]) == 200
    assert "More is known." in seen.get("/").text
    file.unlink()
    assert seen.get("/").headers["etag"] == plain
    assert revalidated(plain) == 304


def test_a_change_within_a_request_leaves_page_and_tag_together(file: Path) -> None:
    site = Tagged()
    seen = site.seen(policy_with(file))
    plain = seen.get("/").headers["etag"]
    site.before = lambda: announce(file)
    got = seen.get("/", headers={"if-none-match": '"0"', "accept": "text/html"})
    assert got.content == PAGE  # as the request's tags were read
    assert got.headers["etag"] == plain


def test_caches_keep_a_frame_s_page_apart_while_a_notice_is_shown(file: Path) -> None:
    seen = Tagged().seen(policy_with(file))
    asked = {"accept": "text/html"}
    assert "Sec-Fetch-Dest" not in seen.get("/", headers=asked).headers["vary"]
    announce(file)
    framed = seen.get("/", headers=asked | {"sec-fetch-dest": "iframe"})
    shown = seen.get("/", headers=asked)
    assert framed.headers["vary"] == shown.headers["vary"] == "DNT, Sec-GPC, Sec-Fetch-Dest"
    assert framed.headers["etag"] != shown.headers["etag"]
    kept = seen.get("/", headers=asked | {"if-none-match": shown.headers["etag"]})
    assert kept.status_code == 304
    assert "Sec-Fetch-Dest" in kept.headers["vary"]


# -- The file


def _instead(file: Path, make: Callable[[Path], None]) -> None:
    file.unlink()
    make(file)


BROKEN: dict[str, Callable[[Path], object]] = {
    "no JSON": lambda file: file.write_text("<html>"),
    "empty": lambda file: file.write_text(""),
    "cut": lambda file: file.write_text('{"notices": [{"incident": "x", "since'),
    "another shape": lambda file: file.write_text('{"notices": [{"incident": "x"}]}'),
    "nested": lambda file: file.write_text("[" * 100_000),
    "no UTF-8": lambda file: file.write_bytes(b'{"notices": "\xff"}'),
    "half a character": lambda file: file.write_text('{"notices": [{"incident": "\\ud800"}]}'),
    "huge": lambda file: file.write_bytes(b" " * (2 << 20)),
    "a folder": lambda file: _instead(file, Path.mkdir),
    "a pipe": lambda file: _instead(file, os.mkfifo),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_file_leaves_the_notice_in_force_and_is_logged_once(
    case: str, file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    announce(file)
    seen = Site().seen(policy_with(file))
    before = seen.get("/").content
    assert MARK in before
    with caplog.at_level(logging.WARNING, logger="alpines_privacy"):
        BROKEN[case](file)
        assert [seen.get("/").content for _ in range(3)] == [before] * 3
    assert caplog.text.count("stay as they were") == 1
    assert str(file) in caplog.text


@pytest.mark.parametrize("case", BROKEN)
def test_an_app_starts_with_a_broken_file(case: str, file: Path) -> None:
    file.touch()
    BROKEN[case](file)
    seen = Site().seen(policy_with(file))
    assert seen.get("/").content == PAGE
    if file.is_dir():
        file.rmdir()
    else:
        file.unlink()
    announce(file)
    assert MARK in seen.get("/").content


def test_the_file_is_looked_at_every_few_seconds_and_by_pages_alone(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[str] = []
    monkeypatch.setattr(notice_file, "INTERVAL", 2.0)
    clock = [1000.0]
    monkeypatch.setattr(
        "alpines_privacy.onsite_notice.notice_file.time.monotonic", lambda: clock[0]
    )
    stamp = notice_file._stamp

    def noted(path: str) -> Any:
        looks.append(path)
        return stamp(path)

    monkeypatch.setattr(notice_file, "_stamp", noted)
    seen = Site().seen(policy_with(file))
    data = Site(b"{}", ("Content-Type", "application/json")).seen(policy_with(file))
    assert looks == []
    for _ in range(5):
        seen.get("/")
        data.get("/")
    assert len(looks) == 1
    clock[0] += 2
    seen.get("/")
    assert len(looks) == 2


FORKED = """
import os, sys, time
from pathlib import Path
from alpines_privacy import protect
from alpines_privacy.onsite_notice import notice_file
from alpines_privacy.testing import visitor
from tests.onsite_notice.test_onsite_notice import MARK, Site
from tests.onsite_notice.support import announce, policy_with
notice_file.INTERVAL = 0.0
file = Path(sys.argv[1])
seen = Site().seen(policy_with(file))
assert MARK not in seen.get("/").content
children = []
for _ in range(2):
    if not (child := os.fork()):
        try:
            assert MARK not in seen.get("/").content
            os.write(1, b"ready\\n")
            while MARK not in seen.get("/").content:
                time.sleep(0.01)
            os._exit(0)
        except BaseException:
            os._exit(1)
    children.append(child)
sys.stdin.readline()
announce(file)
sys.exit(max(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children))
"""


def test_every_worker_takes_it_up_without_a_restart(file: Path) -> None:
    with subprocess.Popen(  # noqa: S603 - this interpreter, a script of ours
        [sys.executable, "-W", "ignore", "-c", FORKED, str(file)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as running:
        assert running.stdout is not None
        assert [running.stdout.readline() for _ in range(2)] == ["ready\n"] * 2
        running.communicate("go\n", timeout=120)
        assert running.returncode == 0


# -- Any text stays text


TEXTS = st.text(
    st.one_of(st.characters(codec="utf-8"), st.sampled_from("<>&\"'`/=\x00\x80\ufffe\u202e\r\n")),
    min_size=1, max_size=60,
).filter(str.strip)  # fmt: skip
WORDINGS = st.builds(
    Wording,
    title=TEXTS,
    summary=TEXTS,
    link=TEXTS,
    passages=st.lists(st.builds(Passage, heading=TEXTS, text=TEXTS), min_size=1, max_size=3),
)


_TAGS_OF_PAGES = frozenset(
    "html head meta title style body main article h1 h2 p br time".split()  # noqa: SIM905 - as pages are read
)


@given(wording=WORDINGS)
@settings(max_examples=300, deadline=None)
def test_any_text_stays_text(wording: Wording) -> None:
    shown = (notice(wordings={"en": wording}),)
    markup = Banner(shown)("en", "/_privacy/notice", "<link/>")
    assert markup.isascii()
    ET.fromstring(markup)  # noqa: S314 - ours: well-formed, or it raises
    reader = _Reader()
    reader.feed(markup.decode())
    paragraphs = [tag for tag in reader.tags if tag not in {"p", "br"}]
    assert paragraphs == ["div", "link", "details", "summary", "h2", "a"]
    page = _Reader()
    page.feed(notice_page(shown, ["en"]))
    assert set(page.tags) <= _TAGS_OF_PAGES


# -- The setting


def test_the_file_s_name_is_relative_to_the_policy_s(tmp_path: Path, monkeypatch: Any) -> None:
    toml = tmp_path / "alpines-privacy.toml"
    toml.write_text('shield = false\n[breach]\nzone = "UTC"\nannouncement = "notice.json"\n')
    announce(tmp_path / "notice.json")
    monkeypatch.chdir("/")
    assert MARK in Site().seen(PrivacyPolicy.load(toml)).get("/").content


def test_a_wrong_setting_is_named() -> None:
    with pytest.raises(PolicyError, match="announcement"):
        PrivacyPolicy.from_mapping({"breach": {"zone": "UTC", "announcement": ""}})


def test_without_the_setting_nothing_is_loaded() -> None:
    code = (
        "import sys; from alpines_privacy import PrivacyPolicy, protect;"
        "protect(lambda e, s: [], PrivacyPolicy());"
        "sys.exit(any('onsite_notice' in name for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=False).returncode == 0  # noqa: S603


def test_the_ledger_s_packages_are_not_needed(file: Path) -> None:
    code = (
        "import sys; sys.modules['sqlalchemy'] = None;"
        "from pathlib import Path; from alpines_privacy import protect;"
        "from tests.onsite_notice.support import announce, policy_with;"
        "file = Path(sys.argv[1]); announce(file);"
        "protect(lambda e, s: [], policy_with(file));"
        "sys.exit(any(name.startswith('alpines_privacy.breach') for name in sys.modules))"
    )
    ran = subprocess.run([sys.executable, "-W", "ignore", "-c", code, str(file)], check=False)  # noqa: S603
    assert ran.returncode == 0
