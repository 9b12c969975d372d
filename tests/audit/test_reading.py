"""Pages as the audit reads them: forms, links, loads."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alpines_privacy.audit.fetching.exchange import Exchange
from alpines_privacy.audit.fetching.fetcher import Followed
from alpines_privacy.audit.model import Signal
from alpines_privacy.audit.reading.loads import read_loads
from alpines_privacy.audit.reading.markup import Markup, read_markup
from alpines_privacy.audit.visits import Visit

URL = "https://shop.example/a/b"


def read(markup: str) -> Markup:
    return read_markup(markup.encode(), URL)


@pytest.mark.parametrize(
    ("markup", "url", "text", "hidden"),
    [
        ("<a href=/p>Privacy</a>", "https://shop.example/p", "Privacy", False),
        ("<a href=p><b>Pri</b>vacy</a>", "https://shop.example/a/p", "Privacy", False),
        ('<a href="/p"><img alt="Privacy"></a>', "https://shop.example/p", "Privacy", False),
        ('<a href=/p aria-label="Privacy">i</a>', "https://shop.example/p", "Privacy i", False),
        ("<a href=/p>Pri&shy;va&#99;y</a>", "https://shop.example/p", "Privacy", False),
        ("<a href=/p hidden>Privacy</a>", "https://shop.example/p", "Privacy", True),
        ("<div style='display: none'><p><a href=/p>x</a></div>", "https://shop.example/p", "x", True),
        ("<details><a href=/p>x</a></details>", "https://shop.example/p", "x", True),
        ("<details open><a href=/p>x</a></details>", "https://shop.example/p", "x", False),
        ("<base href=https://b.example/><a href=p>x</a>", "https://b.example/p", "x", False),
        ("<map><area href=/p alt=x></map>", "https://shop.example/p", "x", False),
        ("<a href=/p>x<a href=/q>y", "https://shop.example/p", "x", False),
        ("<a href=mailto:a@b.example>x</a>", "", "x", False),
    ],
)  # fmt: skip
def test_a_link_has_its_address_and_text(markup: str, url: str, text: str, hidden: bool) -> None:
    link = read(markup).links[0]
    assert (link.url, link.text, link.is_hidden) == (url, text, hidden)


@pytest.mark.parametrize(
    "markup",
    ["<!-- <a href=/p>x</a> -->", "<script>'<a href=/p>x</a>'</script>", "<textarea><a href=/p>x</a></textarea>",
     "<template><a href=/p>x</a></template>", "<style><a href=/p></style>", "<a name=p>x</a>"],
)  # fmt: skip
def test_what_is_no_link_is_none(markup: str) -> None:
    assert read(markup).links == ()


def test_a_form_has_its_fields() -> None:
    form = read(
        "<form method=POST action=/signup><label>Your name <input name=n autocomplete=NAME></label>"
        "<input type=Password name=p placeholder=Secret><select name=y><option>2010<option value=9>2009</select>"
        "<input type=hidden name=t value=1><button name=b>Go</button></form>"
    ).forms[0]
    assert (form.action, form.method) == ("https://shop.example/signup", "post")
    assert [(c.name, c.kind) for c in form.controls] == [
        ("n", "text"), ("p", "password"), ("y", "select"), ("t", "hidden"), ("b", "button"),
    ]  # fmt: skip
    assert (form.controls[0].autocomplete, form.controls[0].texts) == ("name", "Your name")
    assert form.controls[1].texts == "Secret"
    assert form.controls[2].options == ("2010", "9")


@pytest.mark.parametrize(
    ("markup", "actions"),
    [
        ("<form></form>", [URL]),
        ("<form action=/x><form action=/y></form>", ["https://shop.example/x"]),
        ("<form action=/x><input name=a>", ["https://shop.example/x"]),
        ("<form action=https://o.example/></form>", ["https://o.example/"]),
        ("<input name=loose>", [URL]),
    ],
)
def test_forms_are_those_of_a_browser(markup: str, actions: list[str]) -> None:
    assert [form.action for form in read(markup).forms] == actions


def test_metas_times_and_refresh() -> None:
    markup = read(
        "<meta name=Referrer content=origin><meta http-equiv=refresh content='0; url=/next'>"
        "<time datetime=2026-11-01>1 Nov</time>"
    )
    assert markup.metas[0] == ("referrer", "origin")
    assert markup.refresh == "https://shop.example/next"
    assert markup.times == ("2026-11-01",)


@pytest.mark.parametrize(
    ("markup", "hosts"),
    [
        ("<script src=https://t.example/a.js></script>", {"t.example"}),
        ("<img src=/a.png srcset='//t.example/b.png 2x'>", {"t.example"}),
        ("<style>@import url(https://t.example/a.css)</style>", {"t.example"}),
        ("<p style=\"background:url('https://t.example/a.png')\">", {"t.example"}),
        ("<noscript><img src=https://t.example/p></noscript>", {"t.example"}),
        ("<iframe srcdoc='<img src=https://t.example/p>'></iframe>", {"t.example"}),
        ("<link rel=preconnect href=https://t.example>", {"t.example"}),
        ("<a href=https://t.example ping=https://p.example>x</a>", {"p.example"}),
        ("<svg><image href=https://t.example/a.svg /></svg>", {"t.example"}),
        ("<form action=https://t.example/send></form>", set()),
        ("<a href=https://t.example/>x</a>", set()),
        ("<meta http-equiv=refresh content='0;url=https://t.example/'>", set()),
        ("<img src=/own.png><script src=app.js></script>", set()),
        ("<!-- <img src=https://t.example/p> -->", set()),
    ],
)
def test_loads_are_what_a_page_asks_for_by_itself(markup: str, hosts: set[str]) -> None:
    found = read_loads(f"<!doctype html><html><body>{markup}".encode(), URL)
    assert {load.address.host for load in found.named} == hosts


@given(
    st.binary(max_size=400) | st.text("<>/='\" aformscriptinput&;#!-", max_size=400).map(str.encode)
)
def test_any_bytes_are_read(page: bytes) -> None:
    read_markup(page, URL)
    read_loads(page, URL)


XHTML = (
    b"<html xmlns='http://www.w3.org/1999/xhtml'><head><title/><script src='https://t.example/a.js'/></head>"
    b"<body><iframe/><form action='/send'><input name='email'/></form><img src='https://p.example/p'/></body></html>"
)


@pytest.mark.parametrize(
    ("kind", "hosts"),
    [
        ("application/xhtml+xml", {"t.example", "p.example"}),
        ("text/xml; charset=utf-8", {"t.example", "p.example"}),
        ("text/html", set()),
    ],
)
def test_xhtml_is_read_as_xml(kind: str, hosts: set[str]) -> None:
    got = Exchange(URL, 200, (("content-type", kind),), XHTML)
    visit = Visit(URL, Signal.NONE, Followed((got,)), 0.0)
    assert {load.address.host for load in visit.loads.named} == hosts
    assert [form.action for form in visit.markup.forms] == ["https://shop.example/send"] * bool(
        hosts
    )
