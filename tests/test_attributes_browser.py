"""What attributes load in Chromium: bare, each address is asked for; filtered, none is."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Route

from alpines_privacy import PrivacyPolicy
from alpines_privacy.trackers import shipped_rules
from alpines_privacy.trackers.page import Pages
from tests.chromium import chromium

SITE = "https://www.shop.example/"
TRACKER = "https://c.statcounter.com/"
PAGES = Pages(PrivacyPolicy(), shipped_rules())

SVG = '<svg width=300 height=300><path d="M0 0L9 9L300 300L0 300" {}="{}"/></svg>'
DRAWN = [
    (attribute, SVG.format(attribute, f"url({TRACKER}{attribute}#a)"))
    for attribute in (
        "fill",
        "stroke",
        "mask",
        "clip-path",
        "marker-start",
        "marker-mid",
        "marker-end",
    )
]
DRAWN.append(("cursor", SVG.format("cursor", f"url({TRACKER}cursor), auto")))

HANDLERS = [
    ("onload", f"""<img src="data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAA=" onload="
        var i = new Image; i.src = &quot;{TRACKER}onload?a=1&amp;b=2&quot;">"""),
    ("onerror", f"""<img src="data:," onerror=this.onerror=null;this.src='{TRACKER}onerror'>"""),
    ("svg-onload", f"""<svg/onload='fetch("{TRACKER}svg-onload").then(x => {{ }}, y => {{ }})'></svg>"""),
    ("frame", f"""<iframe src="javascript:void(new Image().src='{TRACKER}frame')"></iframe>"""),
    ("onmousemove", f"""<p style=height:300px onMouseMove = "navigator.sendBeacon('{TRACKER}onmousemove')">"""),
]  # fmt: skip


@pytest.fixture(scope="module")
def tab() -> Iterator[Page]:
    """One tab for all pages."""
    with chromium() as browser:
        yield browser.new_page()


def asked(tab: Page, html: str) -> set[str]:
    """Return which of the tracker's paths a page asks for, with the mouse over it."""
    paths: set[str] = set()

    def answer(route: Route) -> None:
        url = route.request.url
        if url == SITE:
            route.fulfill(body=html, content_type="text/html; charset=utf-8")
        else:
            paths.update([urlsplit(url).path[1:]] if url.startswith(TRACKER) else [])
            route.abort()

    tab.route("**/*", answer)
    try:
        tab.goto(SITE)
        tab.mouse.move(40, 180)
        tab.mouse.move(50, 200)
        tab.evaluate("() => new Promise(done => setTimeout(done, 100))")
        tab.goto("about:blank")
    finally:
        tab.unroute("**/*")
    return paths


def filtered(html: str) -> str:
    page = PAGES.begin(url=SITE, opted_out=False)
    return page(html.encode(), last=True).decode()


LOADING = [*DRAWN, *HANDLERS]


@pytest.mark.parametrize(("path", "markup"), LOADING, ids=[path for path, _ in LOADING])
def test_what_an_attribute_loads_is_not_asked_for(tab: Page, path: str, markup: str) -> None:
    html = f"<!doctype html><title>a</title><body style=margin:0>{markup}"

    assert asked(tab, html) == {path}
    errors: list[str] = []
    tab.on("pageerror", lambda error: errors.append(str(error)))
    assert asked(tab, filtered(html)) == set()
    assert not errors
