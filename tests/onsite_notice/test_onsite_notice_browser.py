"""The notice in Chromium: accessible, over any layout, folded up by keyboard, and under the strictest policies.

`SHOTS=folder` in the environment keeps a picture of each page.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from examples.shop.app import create_app
from playwright.sync_api import Browser, Page, expect

from alpines_privacy import protect
from alpines_privacy.onsite_notice import notice_file
from tests.browser.npm.axe import violations
from tests.onsite_notice.support import ENGLISH, URDU, announce, policy_with
from tests.support.chromium import chromium, cookie_jar
from tests.support.operators import OPERATOR, TODAY
from tests.support.processes import wsgi_origin

SHOTS = os.environ.get("SHOTS")
BANNER = "#alpines-privacy-notice"
ORDER = "display: flex; min-height: 100vh; margin: 0"

# Bodies' own layouts, in which another child would move the rest.
LAYOUTS: Mapping[str, str] = {
    "block": "margin: 1rem",
    "row": ORDER,
    "column": f"{ORDER}; flex-direction: column; justify-content: space-between",
    "grid": "display: grid; grid-template-rows: auto 1fr auto; min-height: 100vh; gap: 2rem",
    "centred": "display: grid; place-items: center; min-height: 100vh",
    "columns": "columns: 2",
}
# Sheets of apps that style elements of the names that the banner has.
LOUD = """
html { font-size: 62.5%; line-height: 3 }
div, details, p, h2, a { color: #ccc; background: #ddd; font: 7px serif; text-transform: uppercase; margin: 3rem }
h2 { display: none } a { pointer-events: none; text-decoration: none } summary { list-style: none; outline: 0 }
"""
STRICT = {
    "nothing": "default-src 'none'; form-action 'none'; base-uri 'none'",
    "sandbox": "default-src 'none'; form-action 'none'; sandbox",
    "own": "default-src 'self'; style-src 'self'; form-action 'none'",
    "nonce": "default-src 'none'; style-src 'nonce-abc123'",
}


def page_of(style: str = "", *, language: str = "en") -> bytes:
    parts = "".join(
        f"<{tag} id={tag}>{tag} <a href=/>home</a></{tag}>" for tag in ("header", "main", "footer")
    )
    sheet = f"<style>{style}</style>" if style else ""
    return (
        f"<!doctype html><html lang={language}><meta charset=utf-8><meta name=viewport content='width=device-width'>"
        f"<title>Shop</title>{sheet}<body>{parts.replace('>main ', '><h1>Tea</h1>')}</body></html>"
    ).encode()


def app(environ: Any, start_response: Any) -> list[bytes]:
    _, kind, name = f"{environ['PATH_INFO']}//".split("/")[:3]
    fields = [("Content-Type", "text/html; charset=utf-8")]
    style = f"body {{ {LAYOUTS[name]} }}" if kind == "layout" else LOUD if kind == "loud" else ""
    if kind == "strict":
        fields.append(("Content-Security-Policy", STRICT[name]))
    start_response("404 Not Found" if kind == "privacy" else "200 OK", fields)
    return [page_of(style, language="ur" if kind == "urdu" else "en")]


class Place(NamedTuple):
    """A site with a notice, the same without one, and the browser."""

    site: str
    bare: str
    browser: Browser

    def open(self, path: str, **options: Any) -> Page:
        page = self.browser.new_context(**options).new_page()
        page.goto(self.site + path)
        return page


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    file = tmp_path_factory.mktemp("notice") / "notice.json"
    announce(file)
    with (
        wsgi_origin(protect(app, policy_with(file, operator=OPERATOR, effective=TODAY))) as port,
        wsgi_origin(app) as bare,
        chromium() as browser,
    ):
        yield Place(f"http://127.0.0.1:{port}", f"http://127.0.0.1:{bare}", browser)


def shot(page: Page, name: str) -> None:
    if SHOTS:
        page.screenshot(path=Path(SHOTS) / f"{name.strip('/').replace('/', '-') or 'home'}.png")


@pytest.mark.parametrize(
    "path", ["/", "/urdu", "/loud", "/strict/nothing", "/_privacy/notice", "/privacy"]
)
@pytest.mark.parametrize(("width", "scheme"), [(320, "dark"), (1280, "light")])
def test_the_notice_is_accessible_and_fits(
    place: Place, path: str, width: int, scheme: Any
) -> None:
    page = place.open(
        path,
        viewport={"width": width, "height": 640},
        color_scheme=scheme,
        reduced_motion="reduce",
        # For axe-core's script alone: what the banner is without a sheet was decided before.
        bypass_csp=True,
    )
    try:
        shot(page, f"{path}-{width}-{scheme}")
        found = violations(page)
        # The loud sheet is the app's, and so is what is wrong with its own parts.
        assert [each for each in found if path != "/loud" or "alpines-privacy" in each] == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate("document.getAnimations().length") == 0
    finally:
        page.context.close()


BOXES = """() => [...document.querySelectorAll("body > :not(#alpines-privacy-notice)")].map((each) => {
  const { x, y, width, height } = each.getBoundingClientRect();
  return [each.id, x, y, width, height];
})"""


@pytest.mark.parametrize("width", [320, 1280])
def test_the_page_s_own_layout_stays(place: Place, width: int) -> None:
    page = place.open("/", viewport={"width": width, "height": 640})
    try:
        for layout in LAYOUTS:
            page.goto(f"{place.site}/layout/{layout}")
            expect(page.locator(BANNER)).to_be_visible()
            shown = page.evaluate(BOXES)
            assert len(shown) == 3
            page.goto(f"{place.bare}/layout/{layout}")
            assert page.evaluate(BOXES) == shown, layout
    finally:
        page.context.close()


def test_a_loud_style_sheet_of_the_app_changes_nothing_in_it(place: Place) -> None:
    page = place.open("/loud", viewport={"width": 1280, "height": 640})
    try:
        style = "(name) => { const s = getComputedStyle(document.querySelector(name)); return [s.fontSize, s.color]; }"
        assert page.evaluate(style, f"{BANNER} p") == ["16px", "rgb(24, 33, 29)"]
        expect(page.get_by_role("heading", name=ENGLISH.title)).to_be_visible()
        page.get_by_role("link", name=ENGLISH.link).click()
        expect(page.get_by_role("heading", name="What You Can Do")).to_be_visible()
    finally:
        page.context.close()


@pytest.mark.parametrize(
    ("policy", "scripts"), [*((name, True) for name in STRICT), ("own", False)]
)
def test_it_folds_up_by_keyboard_without_script_form_cookie_or_storage(
    place: Place, policy: str, scripts: bool
) -> None:
    page = place.open(
        f"/strict/{policy}",
        extra_http_headers={"Sec-GPC": "1"},
        java_script_enabled=scripts,
        viewport={"width": 1280, "height": 640},
    )
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    try:
        region = page.get_by_role("region", name=ENGLISH.title)
        expect(region).to_be_visible()
        words = region.get_by_text("Do not answer letters")
        expect(words).to_be_visible()
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(words).to_be_hidden()
        expect(region.get_by_role("heading", name=ENGLISH.title)).to_be_visible()
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="What Happened")).to_be_visible()
        assert cookie_jar(page) == []
        assert page.context.storage_state()["origins"] == []
        assert said == []
    finally:
        page.context.close()


@pytest.mark.parametrize("path", ["/strict/own", "/strict/nonce", "/privacy"])
def test_its_sheet_holds_where_the_page_s_policy_lets_it_in(place: Place, path: str) -> None:
    page = place.open(path)
    try:
        assert (
            page.evaluate(f"getComputedStyle(document.querySelector('{BANNER}')).position")
            == "fixed"
        )
    finally:
        page.context.close()


def test_folded_up_it_leaves_the_page_free(place: Place) -> None:
    page = place.open("/", viewport={"width": 1280, "height": 640})
    try:
        page.locator(f"{BANNER} summary").click()
        box = page.locator(BANNER).bounding_box()
        assert box is not None
        assert box["width"] < 400
        assert box["height"] < 60
        assert box["x"] + box["width"] == pytest.approx(1280, abs=1)
        page.goto(place.site + "/urdu")
        page.locator(f"{BANNER} summary").click()
        box = page.locator(BANNER).bounding_box()
        assert box is not None
        assert box["x"] == pytest.approx(0, abs=1)  # the end of a line in Urdu
        expect(page.get_by_role("region", name=URDU.title)).to_be_visible()
    finally:
        page.context.close()


def test_an_example_s_pages_look_as_before_below_it(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notice_file, "INTERVAL", 0.0)
    file = tmp_path / "notice.json"
    shop = create_app(str(tmp_path / "shop.sqlite3"))
    page = place.browser.new_context(viewport={"width": 390, "height": 844}).new_page()
    try:
        with wsgi_origin(protect(shop, policy_with(file, keep_logins="always"))) as port:
            for path in ("/", "/cart/", "/login", "/products/nothing"):
                page.goto(f"http://127.0.0.1:{port}{path}")
                before = page.evaluate(BOXES)
                announce(file)
                page.reload()
                expect(page.locator(BANNER)).to_be_visible()
                shot(page, f"shop{path}")
                assert page.evaluate(BOXES) == before
                file.unlink()
    finally:
        page.context.close()
