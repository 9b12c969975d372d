"""The report's page in Chromium: accessible, at any width, in light and dark and on paper, under its own policy."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from playwright.sync_api import Browser, Page

from alpines_privacy.audit.formats.html import html
from tests.audit.formats.test_html import PIXEL
from tests.browser.npm.axe import violations
from tests.support.audit_reports import EVIDENCE, HOSTILE, KEPT_REPORT, report_of
from tests.support.chromium import chromium

LONG = "https://" + "shop-" * 60 + ".example"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("reports")
    (place / "page-01-none.png").write_bytes(PIXEL)
    broken = report_of({**EVIDENCE, "9.hosts": HOSTILE}, target=LONG, files=("page-01-none.png",))
    (place / "broken.html").write_text(html(broken, folder=place, known={"6.hsts"}), "utf-8")
    (place / "kept.html").write_text(html(KEPT_REPORT), "utf-8")
    nothing = msgspec.structs.replace(KEPT_REPORT, verdicts=())
    (place / "empty.html").write_text(html(nothing), "utf-8")
    return place


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


def opened(
    browser: Browser, file: Path, *, width: int = 1000, scheme: Any = "light", axe: bool = False
) -> Page:
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme=scheme,
        java_script_enabled=True,
        bypass_csp=axe,
    )
    page = context.new_page()
    page.goto(file.as_uri())
    return page


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("name", ["broken", "kept", "empty"])
def test_the_page_is_accessible_and_fits(
    browser: Browser, folder: Path, name: str, width: int, scheme: str
) -> None:
    page = opened(browser, folder / f"{name}.html", width=width, scheme=scheme, axe=True)
    try:
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    finally:
        page.context.close()


def test_its_own_policy_lets_its_style_and_pictures_through_and_nothing_else(
    browser: Browser, folder: Path
) -> None:
    page = browser.new_context().new_page()
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("request", lambda request: asked.append(request.url.partition(",")[0]))
    page.goto((folder / "broken.html").as_uri())
    assert (
        page.evaluate("getComputedStyle(document.querySelector('.rows > li')).paddingTop") != "0px"
    )
    page.evaluate("document.querySelector('img').scrollIntoView()")
    page.wait_for_function("document.querySelector('img').naturalWidth === 1")
    assert said == []
    assert {url for url in asked if not url.startswith("file:")} <= {"data:image/png;base64"}
    page.context.close()


def test_evidence_opens_without_a_script(browser: Browser, folder: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((folder / "broken.html").as_uri())
    hidden = page.locator("details:has-text('6.hsts') .mend")
    assert not hidden.is_visible()
    page.locator("details:has-text('6.hsts') summary").click()
    assert hidden.is_visible()
    assert page.locator("details:has-text('12.trackers') .mend").is_visible()
    page.get_by_role("link", name="§12").click()
    assert page.url.endswith("#clause-12")
    context.close()


def test_on_paper_all_evidence_is_there_in_black(browser: Browser, folder: Path) -> None:
    page = opened(browser, folder / "broken.html", scheme="dark")
    page.emulate_media(media="print", color_scheme="dark")
    assert page.locator("details:has-text('6.hsts') .mend").is_visible()
    colours = page.evaluate(
        "[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]"
    )
    assert colours == ["rgb(255, 255, 255)", "rgb(0, 0, 0)"]
    page.context.close()
