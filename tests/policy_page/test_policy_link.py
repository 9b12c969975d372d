"""Clause 2: the home page has a visible link with the word "Privacy" (CalOPPA)."""

from __future__ import annotations

import asyncio
import gzip
import tracemalloc
import zlib
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.routing import Mount, Route

from alpines_privacy import PrivacyPolicy, current, protect
from alpines_privacy.http.html import StartTag
from alpines_privacy.policy_page.link import PrivacyLink
from alpines_privacy.testing import visitor
from alpines_privacy.trackers import shipped_rules
from alpines_privacy.trackers.page import Pages
from tests.support.operators import FULL
from tests.support.secret_keys import KEY
from tests.trackers.test_page_tree import PIECES, parsed

LINK = b'<div role="region" aria-label="Privacy"><a href="/privacy">Privacy</a></div>'
PLAIN = msgspec.structs.replace(FULL, shield=False, signups=(), site_preference=False)
PAGES = Pages(PrivacyPolicy(ad_slots=[".slot"]), shipped_rules())
HTML = ("Content-Type", "text/html; charset=utf-8")


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALPINES_PRIVACY_SECRET_KEY", KEY)


def linked(page: bytes, *cuts: int, opted_out: bool = False, follows: bool = True) -> bytes:
    """Return a page after the filter, which gets it in pieces."""
    rewrite = PAGES.begin(
        url="https://shop.example/",
        opted_out=opted_out,
        addition=PrivacyLink("/privacy", "/_privacy/", "shop.example", may_follow_page=follows),
    )
    edges = [0, *sorted(cuts), len(page)]
    pieces = [rewrite(page[start:end], last=False) for start, end in pairwise(edges)]
    return b"".join(pieces) + rewrite(b"", last=True)


# Pages whose link says it, as people and screen readers find it.
HAVE = [
    "<a href=/p>Privacy</a>",
    "<a href=/p>Our privacy policy</a>",
    "<A HREF=/p>PRIVACY</A>",
    "<a href=/p><b>Pri</b>vacy</a>",
    "<a href=/p>Priv&#97;cy</a>",
    "<a href=/p>Pri&shy;vacy</a>",
    "<a href=/p>\n  Data\n  <span>privacy</span>\n</a>",
    "<a href=/p><img src=/i.svg alt='Privacy'></a>",
    "<a href=/p><svg aria-label='Your privacy'><path/></svg></a>",
    "<a href=/p><svg><title>Privacy</title></svg></a>",
    "<a href=/p aria-label='Privacy policy'>§</a>",
    "<a href=/p><i class=icon aria-label=privacy></i></a>",
    "<a href=/p title=Privacy>§</a>",
    "<a href=https://shop.example/p>Privacy</a>",
    "<a href=//www.shop.example/p>Privacy</a>",
    "<a href=#privacy>Privacy</a>",
    "<a href=https://policies.google.com/privacy>Privacy</a> <a href=/p>Privacy</a>",
    "<map name=m><area href=/p alt=Privacy></map>",
    "<a href=/home>Home</a> <a href=/p>Privacy</a>",
    "<a href=/p>Privacy",
    "<div hidden>menu</div><a href=/p>Privacy</a>",
    "<p hidden>x<p><a href=/p>Privacy</a>",
    "<input hidden><a href=/p>Privacy</a>",
    "<details open><a href=/p>Privacy</a></details>",
    "<div style='display:block'><a href=/p>Privacy</a></div>",
    "<div style='opacity:0.9'><a href=/p>Privacy</a></div>",
    "<svg><a xlink:href=/p><text>Privacy</text></a></svg>",
]
# Pages that look as if one did.
LACK = [
    "",
    "<p>Privacy matters to us.</p>",
    "<a>Privacy</a>",
    "<a href=''>Privacy</a>",
    "<a name=privacy></a>",
    "<a href=/privacy>Datenschutz</a>",
    "<a href=/a>Home</a> Privacy",
    "<a href=/a>Home</a><p>Privacy</p><a href=/b>Shop</a>",
    "<button>Privacy</button>",
    "<a href=/_privacy/preference>Your privacy preference</a>",
    "<a href='_privacy/preference'>Your privacy preference</a>",
    "<a href='https://shop.example/mount/_privacy/preference'>Your privacy preference</a>",
    "reCAPTCHA: Google's <a href=https://policies.google.com/privacy>Privacy Policy</a> applies.",
    "<a href=//policies.other.example/privacy>Privacy</a>",
    "<a href='\\\\policies.other.example/privacy'>Privacy</a>",
    "<a href=mailto:privacy@shop.example>Privacy</a>",
    "<a href='javascript:open()'>Privacy</a>",
    "<a href=/p hidden>Privacy</a>",
    "<a href=/p style='color:red; DISPLAY : none'>Privacy</a>",
    "<a href=/p style=visibility:hidden>Privacy</a>",
    "<a href=/p style='opacity:0'>Privacy</a>",
    "<a href=/p style='font-size:0px'>Privacy</a>",
    "<a href=/p aria-hidden=true>Privacy</a>",
    "<a href=/p><span hidden>Privacy</span></a>",
    "<a href=/p><img hidden alt=Privacy></a>",
    "<div hidden><p><a href=/p>Privacy</a></p></div>",
    "<DIV HIDDEN><p><a href=/p>Privacy</a></p></DIV>",
    "<nav style='display:none'><ul><li><a href=/p>Privacy</a></ul></nav>",
    "<dialog><a href=/p>Privacy</a></dialog>",
    "<details><summary>More</summary><a href=/p>Privacy</a></details>",
    "<template><a href=/p>Privacy</a></template>",
    "<noscript><a href=/p>Privacy</a></noscript>",
    "<!-- <a href=/p>Privacy</a> -->",
    "<script>document.write('<a href=/p>Privacy</a>')</script>",
    "<style>/* <a href=/p>Privacy</a> */</style>",
    "<textarea><a href=/p>Privacy</a></textarea>",
    "<a href=/p><script>Privacy</script></a>",
    "<a href=/p><!-- Privacy --></a>",
    "<p title='<a href=/p>Privacy</a>'>x</p>",
]
AROUND = {
    "whole": ("<!doctype html><html><head><title>Privacy</title></head><body>", "</body></html>"),
    "short": ("<body>", "</BODY >"),
    "no body": ("", "\n"),
    "shown by a script": ("<body style='opacity:0'>", "</body>"),
}


@pytest.mark.parametrize("opted_out", [False, True])
@pytest.mark.parametrize("around", AROUND)
@pytest.mark.parametrize("body", HAVE)
def test_a_page_with_a_link_stays_as_it_is(body: str, around: str, opted_out: bool) -> None:
    before, after = AROUND[around]
    page = f"{before}{body}{after}".encode()
    assert linked(page, opted_out=opted_out) == page
    for cut in range(len(before), len(page)):
        assert linked(page, cut, opted_out=opted_out) == page, cut


@pytest.mark.parametrize("opted_out", [False, True])
@pytest.mark.parametrize("around", AROUND)
@pytest.mark.parametrize("body", LACK)
def test_a_page_without_one_gets_one_at_its_end(body: str, around: str, opted_out: bool) -> None:
    before, after = AROUND[around]
    page = f"{before}{body}{after}".encode()
    place = len(page) - len(after) if "body" in after.lower() else len(page)
    expected = page[:place] + LINK + page[place:]
    assert linked(page, opted_out=opted_out) == expected
    for cut in range(len(before), len(page)):
        assert linked(page, cut, opted_out=opted_out) == expected, cut


def test_what_a_link_keeps_is_bounded_whatever_is_in_it() -> None:
    """A link that does not end may go on with as many labels as the stream brings."""
    link = PrivacyLink("/privacy", "/_privacy/", "shop.example", may_follow_page=True)
    link.start(StartTag(b"<a href=/p>", "a"), 0, empty=False)
    icon = StartTag(b"<img alt='%b'>" % (b"x" * 4_000), "img")
    tracemalloc.start()
    try:
        for _ in range(2_000):
            link.start(icon, 10, empty=True)
            link.text(b"x" * 4_000)
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()
    assert b"Privacy" in link.closing(has_end_tag=True)


def test_trackers_in_and_around_links_go_all_the_same() -> None:
    pixel = '<img src="https://www.facebook.com/tr?id=1">'
    page = f"<body><a href=/>{pixel}</a><div hidden>{pixel}</div>{pixel}</body>".encode()
    left = linked(page)
    assert b"facebook" not in left
    assert left.endswith(LINK + b"</body>")


def test_an_end_of_the_body_in_a_text_is_none() -> None:
    for text in (
        "<script>'</body>'</script>",
        "<!-- </body> -->",
        "<svg></body></svg>",
        "<p title='</body>'>",
    ):
        page = f"<body>{text}x".encode()
        assert linked(page).count(LINK) == 1
        assert linked(page).endswith(LINK) or b"<svg>" in page


def test_pages_where_it_would_not_show_are_left_alone() -> None:
    for page in (b"<frameset><frame src=/a></frameset>", b"<p>x<!-- open", b"<body><script>let a"):
        assert linked(page) == page


def test_a_part_of_a_page_gets_none() -> None:
    assert linked(b"<li>one</li>", follows=False) == b"<li>one</li>"
    assert linked(b"<p>x</body>", follows=False) == b"<p>x" + LINK + b"</body>"


SOUP = st.lists(
    st.sampled_from(
        [
            *PIECES, "</body>", "<a href=/p>", "</a>", "Privacy", "<p hidden>", "<div style=display:none>",
            "<img alt=privacy>", "<dialog>", "</dialog>", "<details>", "hidden",
        ]
    ),
    max_size=14,
).map("".join).map(str.encode)  # fmt: skip


@given(page=SOUP, cut=st.integers(0, 400), opted_out=st.booleans())
@settings(max_examples=400, deadline=None)
def test_nothing_else_of_a_page_changes_wherever_it_is_cut(
    page: bytes, cut: int, opted_out: bool
) -> None:
    whole = linked(page, opted_out=opted_out)
    assert linked(page, min(cut, len(page)), opted_out=opted_out) == whole
    rewrite = PAGES.begin(url="https://shop.example/", opted_out=opted_out)
    without = rewrite(page, last=True)
    assert whole.count(LINK) <= 1
    assert whole.replace(LINK, b"") == without


TREE = st.lists(
    st.sampled_from(["<p>a</p>", "<ul><li>b</ul>", "<b>c</b>", "<table><tr><td>d</table>", "<svg><g/></svg>", "e"]),
    max_size=6,
).map("".join)  # fmt: skip


@given(body=TREE, end=st.sampled_from(["</body></html>", "</body>", ""]))
@settings(max_examples=100, deadline=None)
def test_the_tree_of_a_page_gets_one_element_at_the_end_of_its_body(body: str, end: str) -> None:
    page = f"<!doctype html><title>T</title><body>{body}{end}".encode()
    old = parsed(page, scripting=True)
    new = parsed(linked(page), scripting=True)
    html = new[2][-1]
    assert html[2][-1][2].pop() == [
        "html div",
        {"role": "region", "aria-label": "Privacy"},
        [["html a", {"href": "/privacy"}, ["Privacy"]]],
    ]
    assert new == old


# -- Through the whole layer


def app_of(body: bytes, *fields: tuple[str, str], status: str = "200 OK") -> Any:
    def app(environ: Any, start_response: Any) -> Iterator[bytes]:
        start_response(status, [HTML, *fields])
        yield body[:20]
        yield body[20:]

    return app


PAGE = b"<!doctype html><title>Shop</title><body><p>caf\xc3\xa9</p></body>"
WITH = PAGE.replace(b"</body>", LINK + b"</body>")


def test_streamed_pages_get_the_link_and_keep_streaming() -> None:
    assert visitor(protect(app_of(PAGE), PLAIN)).get("/").content == WITH


CODINGS: dict[str, tuple[Any, Any]] = {
    "gzip": (gzip.compress, gzip.decompress),
    "deflate": (zlib.compress, zlib.decompress),
}


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("whole", [True, False])
def test_compressed_pages_get_the_link(coding: str, whole: bool) -> None:
    encode, decode = CODINGS[coding]

    def app(environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [HTML, ("Content-Encoding", coding)])
        body = encode(PAGE)
        return [body] if whole else [body[:9], body[9:]]

    got = visitor(protect(app, PLAIN)).get("/", headers={"accept-encoding": coding})
    assert decode(got.body) == WITH


def test_pages_under_a_strict_policy_get_a_link_without_style_or_script() -> None:
    policy = ("Content-Security-Policy", "default-src 'none'; require-trusted-types-for 'script'")
    got = visitor(protect(app_of(PAGE, policy), PLAIN)).get("/")
    assert got.content == WITH
    assert b"style" not in LINK
    assert got.headers["content-security-policy"] == policy[1]


UNTOUCHED: dict[str, tuple[str, dict[str, Any]]] = {
    "another page": ("/about", {}),
    "an error": ("/", {"status": "500 Oops"}),
}


@pytest.mark.parametrize("case", UNTOUCHED)
def test_other_pages_get_none(case: str) -> None:
    path, options = UNTOUCHED[case]
    assert visitor(protect(app_of(PAGE, **options), PLAIN)).get(path).content == PAGE


@pytest.mark.parametrize(
    "change", [{"operator": None}, {"mode": "report"}, {"mode": "off"}, {"exempt": ["/"]}]
)
def test_without_an_operator_or_in_report_mode_there_is_none(change: dict[str, Any]) -> None:
    policy = msgspec.structs.replace(PLAIN, **change)
    assert visitor(protect(app_of(PAGE), policy)).get("/").content == PAGE


def test_a_view_may_do_without() -> None:
    def app(environ: Any, start_response: Any) -> list[bytes]:
        current().exempt("policy_link")
        start_response("200 OK", [HTML])
        return [PAGE]

    assert visitor(protect(app, PLAIN)).get("/").content == PAGE


@pytest.mark.parametrize(
    "asked",
    [{"sec-fetch-dest": "empty"}, {"hx-request": "true"}, {"x-requested-with": "XMLHttpRequest"}],
)
def test_what_scripts_ask_for_gets_it_only_before_an_end_tag(asked: dict[str, str]) -> None:
    fragment = b"<ul><li>Assam</li><li>Bancha</li></ul>"
    assert visitor(protect(app_of(fragment), PLAIN)).get("/", headers=asked).content == fragment
    assert visitor(protect(app_of(PAGE), PLAIN)).get("/", headers=asked).content == WITH


def test_below_a_mount_point_the_link_leads_there() -> None:
    async def page(request: Request) -> StreamingResponse:
        async def body() -> Any:
            yield PAGE[:30]
            await asyncio.sleep(0)
            yield PAGE[30:]

        return StreamingResponse(body(), media_type="text/html")

    inner = protect(Starlette(routes=[Route("/", page)]), PLAIN)
    outer = visitor(Starlette(routes=[Mount("/shop", inner)]))
    assert b'<a href="/shop/privacy">Privacy</a></div></body>' in outer.get("/shop/").content
    assert "Alpines" in outer.get("/shop/privacy").text


def test_anonymous_visits_work_and_the_link_leads_to_the_page() -> None:
    def app(environ: Any, start_response: Any) -> list[bytes]:
        if environ["PATH_INFO"] == "/":
            start_response("200 OK", [HTML, ("Set-Cookie", "_ga=1; Path=/")])
            return [PAGE]
        start_response("404 Not Found", [HTML])
        return [b"nothing here"]

    for signal in ({}, {"DNT": "1"}, {"Sec-GPC": "1"}):
        v = visitor(protect(app, PLAIN))
        home = v.get("/", headers=signal)
        assert home.status_code == 200
        assert 'href="/privacy"' in home.text
        page = v.get("/privacy", headers=signal)
        assert page.status_code == 200
        assert "set-cookie" not in page.headers
        assert '<time datetime="2026-11-01">' in page.text
