"""§8, disclosure: links to other sites get `rel="noopener noreferrer"` where the policy asks for it."""

from __future__ import annotations

import gzip
import html
import logging
import re
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alpines_privacy import Disclosure, PolicyError, PrivacyPolicy, ThirdParty, current, protect
from alpines_privacy.disclosure.links import Relations
from alpines_privacy.testing import visitor
from alpines_privacy.trackers import shipped_rules
from alpines_privacy.trackers.page import Pages

ASKED = Disclosure(links="noreferrer", allow=["partner.example", "*.ours.example"])
POLICY = PrivacyPolicy(disclosure=ASKED)
PAGES = Pages(POLICY, shipped_rules(), Relations(ASKED, enforces=True))
AWAY = "https://away.example/"
BOTH = "noopener noreferrer"


def edited(page: str, *cuts: int, host: str = "shop.example.com", **of_page: Any) -> str:
    """Return a page as it leaves, cut into pieces."""
    rewrite = PAGES.begin(url=f"https://{host}/a/b", opted_out=False, **of_page)
    data = page.encode()
    edges = [0, *sorted(cuts), len(data)]
    pieces = [rewrite(data[a:b], last=False) for a, b in pairwise(edges)]
    return (b"".join(pieces) + rewrite(b"", last=True)).decode()


@pytest.mark.parametrize(
    ("tag", "left"),
    [
        (f'<a href="{AWAY}">', f'<a rel="{BOTH}" href="{AWAY}">'),
        (f"<A HREF={AWAY} >", f'<A rel="{BOTH}" HREF={AWAY} >'),
        (f'<a\nhref="{AWAY}"target=_blank>', f'<a rel="{BOTH}"\nhref="{AWAY}"target=_blank>'),
        (f'<area href="{AWAY}" shape=rect>', f'<area rel="{BOTH}" href="{AWAY}" shape=rect>'),
        (f'<form action="{AWAY}" id=f>', f'<form rel="{BOTH}" action="{AWAY}" id=f>'),
        ('<a href="//away.example">', f'<a rel="{BOTH}" href="//away.example">'),
        ('<a href="\\\\away.example">', f'<a rel="{BOTH}" href="\\\\away.example">'),
        ('<a href="ht&#116;ps&colon;//away.example">', None),
        ('<a href=" ht\ntps://away.example/ ">', None),
        ('<a href="https://example.com.away.example/">', None),
        ('<a href="https://shop.example.com@away.example/">', None),
        ('<a href="https://8.8.8.8/">', None),
        (f'<a rel="nofollow" href="{AWAY}">', f'<a rel="nofollow {BOTH}" href="{AWAY}">'),
        (f'<a rel="b  a " href="{AWAY}">', f'<a rel="b  a {BOTH}" href="{AWAY}">'),
        (f"<a rel href={AWAY}>", f'<a rel="{BOTH}" href={AWAY}>'),
        (f"<a rel='' href={AWAY}>", f"<a rel='{BOTH}' href={AWAY}>"),
        (f"<a rel=nofollow href={AWAY}>", f'<a rel="nofollow {BOTH}" href={AWAY}>'),
        (f"<a rel='a\"b' href={AWAY}>", f"<a rel='a\"b {BOTH}' href={AWAY}>"),
        (
            f"<a rel=NoReferrer href={AWAY}>",
            f'<a rel="NoReferrer noopener" href={AWAY}>',
        ),
        (
            f'<a rel="noopener\tugc" href={AWAY}>',
            f'<a rel="noopener\tugc noreferrer" href={AWAY}>',
        ),
        (
            f'<svg><a xlink:href="{AWAY}">',
            f'<svg><a rel="{BOTH}" xlink:href="{AWAY}">',
        ),
    ],
)
def test_a_link_to_another_site_gets_what_is_missing(tag: str, left: str | None) -> None:
    page = f"<!doctype html><p title='>'>x</p>{tag}y"
    expected = left or tag.replace("<a", f'<a rel="{BOTH}"', 1)
    assert edited(page) == page.replace(tag, expected)


@pytest.mark.parametrize(
    "tag",
    [
        "<a>",
        "<a name=x>",
        '<a href="">',
        '<a href="/b">',
        '<a href="b?u=https://away.example/">',
        '<a href="https://shop.example.com/">',
        '<a href="https://www.example.com:8443/">',
        '<a href="mailto:a@away.example">',
        '<a href="tel:+4179">',
        '<a href="javascript:void 0">',
        '<a href="data:text/html,x">',
        '<a href="https://">',
        '<a href="https://partner.example/">',
        '<a href="https://www.ours.example/">',
        '<a href="http://localhost:3000/">',
        f'<a rel="opener" href="{AWAY}">',
        f'<a rel="x OPENER" href="{AWAY}" target=_blank>',
        f'<a rel="noreferrer noopener" href="{AWAY}">',
        f'<a rel="{BOTH} nofollow" href="{AWAY}">',
        f'<a href="/first" href="{AWAY}">',
        f'<a data-href="{AWAY}">',
        f'<link rel=canonical href="{AWAY}">',
        f'<abbr href="{AWAY}">',
        f'<button formaction="{AWAY}">',
        f'<!-- <a href="{AWAY}"> -->',
        f'<script>"<a href={AWAY}>"</script>',
        f'<title><a href="{AWAY}"></title>',
        f"<p title='<a href={AWAY}>'>",
        f'<textarea><a href="{AWAY}"></textarea>',
    ],
)
def test_everything_else_stays(tag: str) -> None:
    page = f"<!doctype html><p>x</p>{tag}y"
    assert edited(page) == page


def test_an_attribute_written_twice_counts_once() -> None:
    """The browser takes the first: the second is no longer there to be taken in its place."""
    tag = f'<a href="{AWAY}" rel="nofollow" rel="opener">'
    assert edited(tag).startswith(f'<a href="{AWAY}" rel="nofollow {BOTH}"')


@pytest.mark.parametrize(
    ("base", "href", "leaves"),
    [
        (AWAY, "/b", True),
        (AWAY, "https://www.example.com/", False),
        ("https://static.example.com/", "/b", False),
        ("/c/", "/b", False),
        ("https://ok.ours.example/", "/b", False),
    ],
)
def test_relative_addresses_lead_where_the_base_says(base: str, href: str, leaves: bool) -> None:
    page = f'<base href="{base}"><a href="{href}">'
    for _ in range(2):  # the second time some tags are remembered
        assert (BOTH in edited(page)) == leaves
        assert edited(f'<a href="{href}">') == f'<a href="{href}">'


def test_what_is_remembered_of_one_host_is_not_of_another() -> None:
    page = '<a href="https://shop.example.com/x">'
    for _ in range(2):
        assert edited(page) == page
        assert BOTH in edited(page, host="shop.example.org")


def test_links_are_read_in_templates_and_in_pages_of_frames() -> None:
    assert BOTH in edited(f'<template><a href="{AWAY}"></template>')
    assert BOTH in edited(f'<noscript><a href="{AWAY}"></noscript>')
    assert BOTH in edited(f"<iframe srcdoc=\"<a href='{AWAY}'>\"></iframe>")


@pytest.mark.parametrize("around", ["noscript", "svg", "p"])
@pytest.mark.parametrize("begin", ["", "< "])
def test_an_escaped_end_tag_in_a_value_stays_escaped(around: str, begin: str) -> None:
    """To a browser that runs scripts `noscript` is raw text: an end tag in a value ends it."""
    rel = f"{begin}&lt;/{around}&gt;&lt;img src=x onerror=alert(1)&gt;"
    left = edited(f'<{around}><a rel="{rel}" href="{AWAY}">x</a></{around}>')
    assert BOTH in left
    assert left.count(f"</{around}>") == 1
    assert "<img" not in left


_RELS = st.text("abn or=\t\n\"'&<>", max_size=12)


@given(rels=st.lists(_RELS, max_size=4), cuts=st.lists(st.integers(0, 60), max_size=3))
def test_words_stay_in_their_order_and_only_the_attribute_changes(
    rels: list[str], cuts: list[int]
) -> None:
    written = [html.escape(rel, quote=True) for rel in rels]
    page = "".join(f'<i>&amp;</i><a  href="{AWAY}" rel="{rel}" id=x >' for rel in written)
    cuts = [min(cut, len(page.encode())) for cut in cuts]
    left = edited(page, *cuts)
    assert left == edited(page)
    assert re.sub(r'rel="[^"]*"', "", left) == re.sub(r'rel="[^"]*"', "", page)
    for rel, now in zip(rels, re.findall(r'rel="([^"]*)"', left), strict=True):
        assert "<" not in now
        words = html.unescape(now)
        assert words.startswith(rel)
        assert {"noopener", "noreferrer"} <= set(re.split("[\t\n ]+", words))


class _Every(Relations):
    """Reads every tag that has an attribute, as a judge of the search for the few that matter."""

    def marks(self, data: bytes) -> list[int]:
        return [at for at, byte in enumerate(data) if byte == b"="[0]]


EVERY = Pages(POLICY, shipped_rules(), _Every(ASKED, enforces=True))
_PIECES = st.sampled_from(
    ["h", "ttps", "https:", "HTTP:", "/", "//", "\\", "&#104;", "&sol;", "&#x2f", "&Tab;", "&colon;", ":", "\t",
     "\n", "\r", "\0", "\x01", " ", "away.example", "?", "#", "x", ".", "@", "mailto:", "\xa0", "<", "&amp;"]
)  # fmt: skip
_VALUES = st.lists(_PIECES, max_size=7).map("".join)
_FORMS = st.sampled_from(
    [
        '<a href="%s">',
        "<A\tHREF = '%s'x>",
        '<a/href="%s"/>',
        '<form action\n=\n"%s">',
        '<area hreF="%s" rel=x>',
    ]
)


@given(values=st.lists(st.tuples(_FORMS, _VALUES), min_size=1, max_size=3))
def test_every_address_that_leads_away_is_found(values: list[tuple[str, str]]) -> None:
    page = "".join(f"<p>{form % value}y" for form, value in values).encode()
    pages = [
        each.begin(url="https://shop.example.com/a/b", opted_out=False) for each in (PAGES, EVERY)
    ]
    left, expected = (rewrite(page, last=True) for rewrite in pages)
    assert left == expected


# ----------------------------------------------------------------------------- through the layer

PAGE = f'<!doctype html><title>x</title><a href="{AWAY}">away</a>'.encode()
RELATED = PAGE.replace(b"<a ", f'<a rel="{BOTH}" '.encode())


def wsgi_app(body: bytes = PAGE, *exempt: str, **fields: str) -> Callable[..., Any]:
    def app(environ: Any, start_response: Any) -> list[bytes]:
        if exempt:
            current().exempt(*exempt)
        more = [(name.replace("_", "-"), value) for name, value in fields.items()]
        start_response("200 OK", [("content-type", "text/html; charset=utf-8"), *more])
        return [body[:40], body[40:]]

    return app


async def asgi_app(scope: Any, receive: Any, send: Any) -> None:
    fields = [(b"content-type", b"text/html; charset=utf-8")]
    await send({"type": "http.response.start", "status": 200, "headers": fields})
    await send({"type": "http.response.body", "body": PAGE[:40], "more_body": True})
    await send({"type": "http.response.body", "body": PAGE[40:]})


def got(app: Any, policy: PrivacyPolicy) -> bytes:
    """Return the page that leaves, without the shield's element."""
    response = visitor(protect(app, policy)).get("/")
    return re.sub(rb"<script src=[^>]*></script>", b"", response.content)


@pytest.mark.parametrize("app", [wsgi_app(), asgi_app], ids=["WSGI", "ASGI"])
@pytest.mark.parametrize(
    ("policy", "left"),
    [
        (POLICY, RELATED),
        (PrivacyPolicy(disclosure=Disclosure()), PAGE),
        (PrivacyPolicy(), PAGE),
        (PrivacyPolicy(disclosure=ASKED, mode="report"), PAGE),
        (PrivacyPolicy(disclosure=ASKED, mode="off"), PAGE),
        (PrivacyPolicy(disclosure=ASKED, exempt=["/"]), PAGE),
        (
            PrivacyPolicy(
                disclosure=ASKED, third_parties=[ThirdParty("away.example", purpose="Maps")]
            ),
            RELATED,
        ),
    ],
    ids=["asked", "not asked", "nothing", "report", "off", "exempt path", "third party"],
)
def test_pages_of_an_app(app: Any, policy: PrivacyPolicy, left: bytes) -> None:
    assert got(app, policy) == left


@pytest.mark.parametrize("part", ["disclosure", "markup"])
def test_a_response_can_be_exempted(part: str) -> None:
    assert got(wsgi_app(PAGE, part), POLICY) == PAGE


def test_compressed_pages_are_edited() -> None:
    response = visitor(protect(wsgi_app(gzip.compress(PAGE), content_encoding="gzip"), POLICY)).get(
        "/", headers={"accept-encoding": "gzip"}
    )
    body = response.content
    text = gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body
    assert BOTH.encode() in text


def test_report_says_once_what_would_change(caplog: pytest.LogCaptureFixture) -> None:
    app = visitor(protect(wsgi_app(), PrivacyPolicy(disclosure=ASKED, mode="report")))
    with caplog.at_level(logging.WARNING, "alpines_privacy"):
        app.get("/")
        app.get("/other")
    said = [r.getMessage() for r in caplog.records if "Links to other sites" in r.getMessage()]
    assert said == [f"Links to other sites would get rel={BOTH} (docs/disclosure.md)."]


def test_a_wrong_value_names_the_key() -> None:
    with pytest.raises(PolicyError, match=r"disclosure\.links"):
        PrivacyPolicy.from_mapping({"disclosure": {"links": "noopener"}})
