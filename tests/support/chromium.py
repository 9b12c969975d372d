"""Debian's Chromium, headless, with an empty profile, allowed to speak to loopback only."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.conftest import need

__all__ = ["HEADLESS", "chromium", "cookie_jar", "visit", "wait_until"]

expect.set_options(timeout=30_000)  # a busy machine takes its time

# However a browser is used here.
HEADLESS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Run a browser for as long as the block lasts: while it does, the thread has an event loop."""
    executable = shutil.which("chromium")
    need("Chromium", executable is not None, "apt-get install chromium")
    with sync_playwright() as playwright:
        arguments = [*HEADLESS, "--host-resolver-rules=MAP * 127.0.0.1"]
        browser = playwright.chromium.launch(executable_path=executable, args=arguments)
        try:
            yield browser
        finally:
            browser.close()


def visit(browser: Browser, url: str, **options: Any) -> Page:
    """Open a page in a profile of its own."""
    page = browser.new_context(**options).new_page()
    page.goto(url)
    return page


def wait_until(page: Page, holds: Callable[[], bool]) -> None:
    """Wait for what a browser does in its own time, for half a minute at most."""
    deadline = time.monotonic() + 30
    while not holds() and time.monotonic() < deadline:
        page.wait_for_timeout(10)


def cookie_jar(page: Page) -> list[dict[str, Any]]:
    """Return every cookie of the page's profile as the DevTools protocol shows it."""
    session = page.context.new_cdp_session(page)
    try:
        cookies: list[dict[str, Any]] = session.send("Network.getAllCookies")["cookies"]
    finally:
        session.detach()
    return cookies
