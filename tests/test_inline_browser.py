"""Inline loaders in Chromium: every vendor's snippet, edited, asks for nothing, and its page goes on."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Error, Page, Route

from alpines_privacy.http.site import registrable_domain
from alpines_privacy.trackers.inline import Ask, judge
from alpines_privacy.trackers.request import Kind
from alpines_privacy.trackers.rules import Match
from alpines_privacy.trackers.stand_ins import stand_in_for_host
from tests.browser.embeds import TRACKERS, Embed
from tests.browser.pages import page as page_of
from tests.chromium import chromium

SITE = "https://www.shop.example/"
SCRIPT = re.compile(r"(<script\b[^>]*>)(.*?)(</script>)", re.DOTALL | re.IGNORECASE)
EMBEDS = tuple(embed for embed in TRACKERS if embed.way == "inline" or embed.name in (
    "gtag", "analytics-js-static", "amplitude", "adsense", "gpt", "parsely", "hubspot", "optimizely", "plausible",
    "criteo", "outbrain",
))  # fmt: skip


@pytest.fixture(scope="module")
def tab() -> Iterator[Page]:
    """One tab for all pages; a closed port counts as nobody asked, since no browser connects to it."""
    with chromium() as browser:
        yield browser.new_page()


def listed(embed: Embed) -> Ask:
    """Stand in for the lists: what the embed's table says is reached."""
    sites = {registrable_domain(host) for host in embed.listed}

    def ask(url: str, kind: Kind) -> Match | None:
        host = (urlsplit(url).hostname or "") if "//" in url else ""
        if registrable_domain(host) not in sites or not sites:
            return None
        return Match(host, "list", "always", host, is_third_party=True, company=None, category=None)

    return ask


def protected(html: str, ask: Ask) -> str:
    """Return a page with its scripts edited, as the filter does; other markup is not the subject here."""

    def edit(found: re.Match[str]) -> str:
        tag, content, end = found.groups()
        if src := re.search(r"""src=["']([^"']+)""", tag):
            address = urlsplit(src[1])
            if not ask(src[1], "script"):
                return found[0]
            path = address.path or "/"
            return f"<script>{stand_in_for_host(address.hostname or '', path).decode()}</script>"
        loader = judge(content.encode(), ask)
        return found[0] if loader is None else tag + loader.content.decode() + end

    html = SCRIPT.sub(edit, html)
    return re.sub(r"<noscript>.*?</noscript>|<link\b[^>]*>", "", html, flags=re.DOTALL)


class Shown(NamedTuple):
    """What a page asked others for, its errors, and what its own code wrote down."""

    asked: set[str]
    errors: list[str]
    ran: list[str]
    called: list[str]


def shown(tab: Page, embed: Embed, edit: Callable[[str], str]) -> Shown:
    asked: set[str] = set()
    errors: list[str] = []
    html = edit(page_of(embed, "shop.example"))

    def answer(route: Route) -> None:
        if route.request.url == SITE:
            route.fulfill(body=html, content_type="text/html; charset=utf-8")
        else:
            asked.add(urlsplit(route.request.url).hostname or "")
            route.abort()

    def note(error: Error) -> None:
        errors.append(str(error))

    tab.route("**/*", answer)
    tab.on("pageerror", note)
    try:
        tab.goto(SITE)
        tab.wait_for_function("() => own.includes('end')")
        tab.evaluate("() => new Promise(done => setTimeout(done, 30))")
        ran, called = tab.evaluate("() => [own, calls]")
        tab.goto("about:blank")
    finally:
        tab.remove_listener("pageerror", note)
        tab.unroute("**/*")
    return Shown(asked - {"www.shop.example", "localhost"}, errors, ran, called)


@pytest.mark.parametrize("embed", EMBEDS, ids=lambda embed: embed.name)
def test_a_vendors_snippet_asks_for_nothing_and_its_page_goes_on(tab: Page, embed: Embed) -> None:
    seen = shown(tab, embed, lambda html: protected(html, listed(embed)))
    assert not seen.asked
    assert not seen.errors
    assert set(seen.ran) == {*embed.ran, "end"}
    assert set(seen.called) == set(embed.called)


@pytest.mark.parametrize("name", ["hotjar", "gtm", "posthog", "quantcast"])
def test_without_an_edit_the_tracker_is_asked(tab: Page, name: str) -> None:
    embed = next(embed for embed in EMBEDS if embed.name == name)
    assert shown(tab, embed, lambda html: html).asked & embed.listed
