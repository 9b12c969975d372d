"""The examples in Chromium with the demo's stand-ins for other companies: what a visitor sees and sends."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import pytest
from examples.demo.browser import flags
from examples.demo.exhibits import EXHIBITS
from examples.demo.internet import Internet, internet, tls_context
from examples.demo.servers import Pair, Server, listeners, running
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.conftest import need
from tests.support.chromium import HEADLESS

SIGNALS: Mapping[str, dict[str, str]] = {
    "none": {},
    "GPC": {"Sec-GPC": "1"},
    "DNT": {"DNT": "1"},
}
LOCALHOST = "MAP *.localhost 127.0.0.1"

# What each front page shows of the companies it embeds: an ad, a chat, a payment.
SHOWN = {
    "shop": ("ins.adsbygoogle", "Chat with us (Intercom)", "Card number (Stripe)"),
    "site": ("#div-gpt-ad-12345-0", "Chat with us (Crisp)", "Pay with PayPal"),
    "api": ("[data-ea-publisher]", "Chat with us (Tawk)", "Card number (Stripe)"),
}


class World(NamedTuple):
    """A browser that finds the examples, and stand-ins for everybody else."""

    browser: Browser
    pairs: dict[str, Pair]
    others: Internet

    def open(self, server: Server, path: str = "/", **headers: str) -> Page:
        """Open a page in a profile of its own."""
        page = self.browser.new_context(extra_http_headers=headers).new_page()
        page.goto(f"http://{server.name}.example:{server.port}{path}", wait_until="load")
        return page


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    executable = shutil.which("chromium")
    need("Chromium", executable is not None, "apt-get install chromium")
    need("openssl", shutil.which("openssl") is not None, "apt-get install openssl")
    folder = tmp_path_factory.mktemp("examples")
    sockets = listeners(0, 2 * len(EXHIBITS) + 1)
    with (
        running(EXHIBITS, sockets[:-1], folder) as pairs,
        internet(tls_context(folder), sockets[-1]) as others,
        sync_playwright() as playwright,
    ):
        # Names below localhost are looked up as any browser does it.
        found = [
            flag.replace("MAP *.example", f"{LOCALHOST}, MAP *.example")
            for flag in flags(others.port)
        ]
        browser = playwright.chromium.launch(executable_path=executable, args=[*HEADLESS, *found])
        yield World(browser, {pair.exhibit.name: pair for pair in pairs}, others)
        browser.close()


# A bare page is the same whatever its visitor sends.
VISITS = [("bare", "none"), *(("protected", signal) for signal in SIGNALS)]


@pytest.mark.parametrize(("variant", "signal"), VISITS)
@pytest.mark.parametrize("name", SHOWN)
def test_what_is_shown_and_sent(world: World, name: str, variant: str, signal: str) -> None:
    page = world.open(getattr(world.pairs[name], variant), **SIGNALS[signal])
    slot, chat, payment = SHOWN[name]
    shown = signal == "none"
    expect(page.get_by_text(payment)).to_be_visible()
    expect(page.get_by_text(chat)).to_be_visible(visible=shown)
    expect(page.locator(slot)).to_be_visible(visible=shown)
    expect(page.locator(f"{slot} iframe")).to_have_count(int(shown))
    page.locator("input[name=EMAIL]").fill(f"{name}-{variant}-{signal}@example.org")
    page.get_by_role("button", name="Subscribe").click()
    expect(page.get_by_text("Thank you, you are on the list.")).to_be_visible()
    body = f"EMAIL={name}-{variant}-{signal}%40example.org"
    arrived = [asked.host for asked in world.others.asked if asked.body == body]
    assert arrived == ["alpines.us1.list-manage.com"]
    page.context.close()


@pytest.mark.parametrize("name", SHOWN)
def test_who_asks_for_it_in_the_footer_is_not_tracked(world: World, name: str) -> None:
    page = world.open(world.pairs[name].protected)
    page.get_by_role("link", name="Your privacy preference").click()
    page.get_by_role("button", name="Do not track me here").click()
    expect(page.get_by_text("You asked not to be tracked here")).to_be_visible()
    page.goto(page.url.partition("/_privacy")[0])
    expect(page.get_by_text(SHOWN[name][2])).to_be_visible()
    expect(page.get_by_text(SHOWN[name][1])).to_have_count(0)
    assert {cookie["name"] for cookie in page.context.cookies()} == {"alpines-privacy"}
    page.context.close()


@pytest.mark.parametrize("name", SHOWN)
def test_a_bare_page_has_no_choice(world: World, name: str) -> None:
    page = world.open(world.pairs[name].bare)
    expect(page.get_by_role("link", name="Your privacy preference")).to_have_count(0)
    page.context.close()


@pytest.mark.parametrize("name", SHOWN)
@pytest.mark.parametrize("variant", ["bare", "protected"])
def test_under_localhost_nobody_else_is_asked(world: World, name: str, variant: str) -> None:
    server: Server = getattr(world.pairs[name], variant)
    before = len(world.others.asked)
    page = world.browser.new_context().new_page()
    refused: list[str] = []
    page.on("requestfailed", lambda request: refused.append(str(request.failure)))
    page.goto(server.url, wait_until="networkidle")
    page.locator("input[name=EMAIL]").fill("mira@example.org")
    # Playwright's own click waits for a navigation, which is what does not come.
    page.locator(".newsletter").evaluate("form => form.requestSubmit()")
    page.wait_for_timeout(200)
    assert page.url == server.url
    assert [asked for asked in world.others.asked[before:] if asked.counts] == []
    assert set(refused) == {"csp"}
    page.context.close()


def test_every_example_is_looked_at() -> None:
    assert {exhibit.name for exhibit in EXHIBITS} == set(SHOWN)
