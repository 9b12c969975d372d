"""Every page of ours in Chromium: axe-core finds nothing, and it fits, at two widths, in light and dark.

`SHOTS=folder` in the environment keeps a picture of each.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from playwright.sync_api import Browser, Page

from alpines_privacy import Change, Evidence, protect
from tests.browser.npm.axe import violations
from tests.support.chromium import chromium
from tests.support.operators import FULL
from tests.support.processes import wsgi_origin
from tests.support.secret_keys import KEY

SHOTS = os.environ.get("SHOTS")
HTML = ("Content-Type", "text/html; charset=utf-8")
HOME = b"<!doctype html><html lang=en><title>Shop</title><body><main><h1>Shop</h1></main></body></html>"

# page: its address, and what is done there
PAGES: Mapping[str, str] = {
    "policy": "/privacy",
    "policy in Urdu": "/privacy?language=ur",
    "age screen": "/enter",
    "age screen, wrong date": "/enter",
    "refusal": "/enter",
    "choice": "/_privacy/preference",
    "choice under a signal": "/_privacy/preference",
    "home": "/",
}
WIDTHS = (320, 1280)
SCHEMES = ("light", "dark")


def app(environ: Any, start_response: Any) -> list[bytes]:
    found = environ["PATH_INFO"] == "/"
    start_response("200 OK" if found else "404 Not Found", [HTML])
    return [HOME if found else b"<!doctype html><html lang=en><title>None</title>"]


@pytest.fixture(scope="module")
def origin() -> Iterator[str]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ALPINES_PRIVACY_SECRET_KEY", KEY)
        today = datetime.now(UTC).date()
        policy = msgspec.structs.replace(
            FULL,
            changes=[Change(today, "Names all cookies.")],
            evidence=[Evidence("audit", today, 30, "By Example Ltd.")],
        )
        with wsgi_origin(protect(app, policy)) as port:
            yield f"http://127.0.0.1:{port}"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


def opened(browser: Browser, origin: str, name: str, width: int, scheme: Any) -> Page:
    signal = {"DNT": "1"} if "signal" in name else {}
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme=scheme,
        extra_http_headers=signal,
        bypass_csp=True,  # for axe-core's script alone
    )
    page = context.new_page()
    page.goto(origin + PAGES[name])
    if born := {"age screen, wrong date": ("31", "2", "1990"), "refusal": ("1", "1", "2024")}.get(
        name
    ):
        for label, value in zip(("Day", "Month", "Year"), born, strict=True):
            page.get_by_label(label).fill(value)
        page.get_by_role("button").click()
        page.wait_for_load_state("networkidle")
    return page


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", PAGES)
def test_a_page_of_ours_is_accessible_and_fits(
    browser: Browser, origin: str, name: str, width: int, scheme: str
) -> None:
    page = opened(browser, origin, name, width, scheme)
    try:
        if SHOTS:
            shot = Path(SHOTS) / f"{name.replace(' ', '-').replace(',', '')}-{width}-{scheme}.png"
            page.screenshot(path=shot, full_page=True)
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    finally:
        page.context.close()


def test_the_page_is_styled_under_its_own_policy(browser: Browser, origin: str) -> None:
    context = browser.new_context()
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.goto(f"{origin}/privacy")
    assert page.evaluate("getComputedStyle(document.querySelector('main')).borderRadius") != "0px"
    assert said == []
    page.get_by_role("link", name="اردو").click()
    assert page.evaluate("document.documentElement.dir") == "rtl"
    assert page.get_by_role("heading", level=1).inner_text() == "رازداری کی پالیسی"
    context.close()


def test_the_page_prints_without_its_colours(browser: Browser, origin: str) -> None:
    page = browser.new_page(color_scheme="dark")
    page.goto(f"{origin}/privacy")
    page.emulate_media(media="print", color_scheme="dark")
    colours = page.evaluate(
        "[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]"
    )
    assert colours == ["rgb(255, 255, 255)", "rgb(0, 0, 0)"]
    page.close()


def test_the_link_of_the_home_page_leads_to_the_policy(browser: Browser, origin: str) -> None:
    page = browser.new_page()
    page.goto(f"{origin}/")
    page.get_by_role("link", name="Privacy").click()
    assert page.get_by_role("heading", level=1).inner_text() == "Privacy policy"
    page.close()
