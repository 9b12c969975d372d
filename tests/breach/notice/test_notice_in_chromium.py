"""The page of a notice in a browser: it loads nothing, fits a telephone, and is read in the dark too."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.breach.notice.support import UR, body_of, claim, notices
from tests.support.chromium import chromium

_TEN_POINTS = 10 * 96 / 72  # in CSS's pixels (Cal. Civ. Code §1798.82(d)(1)(C))
_SIZES = (
    "[...document.querySelectorAll('main *')].map(e => parseFloat(getComputedStyle(e).fontSize))"
)
_COLOURS = """() => {
    const style = getComputedStyle(document.querySelector('main'));
    return [style.color, getComputedStyle(document.documentElement).colorScheme, style.direction];
}"""
# The order in which a telephone number's parts stand from left to right.
_PLACES = """() => {
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const range = document.createRange();
    while (walker.nextNode()) {
        const at = walker.currentNode.data.indexOf('021 111');
        if (at < 0) continue;
        return ['021', '111', '222', '333'].map(part => {
            const start = walker.currentNode.data.indexOf(part);
            range.setStart(walker.currentNode, start);
            range.setEnd(walker.currentNode, start + 3);
            return range.getBoundingClientRect().left;
        });
    }
}"""


def shown(page: Page, language: str) -> list[str]:
    """Show a letter in a page; return what the page asked for."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    made = notices(translations={"ur": UR}, what_happened="A" * 300, kinds=["EMAIL", "schools"])
    page.set_content(body_of(made.letter(claim(name="Ayesha", language=language)), "html"))
    page.wait_for_load_state("networkidle")
    return asked


@pytest.mark.parametrize(("language", "direction"), [("en", "ltr"), ("ur", "rtl")])
def test_a_notice_is_read_everywhere(language: str, direction: str) -> None:
    with chromium() as browser:
        for width, is_dark, colour in (
            (1000, False, "rgb(0, 0, 0)"),
            (320, True, "rgb(255, 255, 255)"),
        ):
            page = browser.new_page(
                viewport={"width": width, "height": 800},
                color_scheme="dark" if is_dark else "light",
            )
            assert shown(page, language) == []
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            assert min(page.evaluate(_SIZES)) >= _TEN_POINTS
            assert page.evaluate(_COLOURS) == [colour, "light dark", direction]
            places = page.evaluate(_PLACES)
            assert places == sorted(places)
            page.close()
