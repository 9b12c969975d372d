"""The browser of an audit: which Chromium is taken, and how it is started so that it asks nobody by itself."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from alpines_privacy.audit.browser.certificate import Certificate
from alpines_privacy.audit.options import AuditError

if TYPE_CHECKING:
    from playwright.async_api import Browser, Playwright

__all__ = ["BrowserMissing", "find_chromium", "opened_browser"]

_PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
_ELSEWHERE = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Google\Chrome\Application\chrome.exe",
)
_ARGUMENTS = (
    # Everything goes through the gate, loopback too, and nothing past it: no names are resolved, no UDP leaves.
    "--proxy-bypass-list=<-loopback>",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--dns-prefetch-disable",
    "--disable-quic",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--disable-domain-reliability",
    "--autofill-server-url=none",
    # As a visitor's browser: pages that behave differently for automation show what visitors get.
    "--disable-blink-features=AutomationControlled",
    "--enable-unsafe-swiftshader",  # WebGL without a graphics card
    "--js-flags=--max-old-space-size=512",  # a page that eats memory ends, not the machine
)
# Popups that no visitor has asked for stay closed, as in everybody's browser.
_NOT_PLAYWRIGHTS = ("--disable-popup-blocking",)


class BrowserMissing(AuditError):  # noqa: N818 - it says what is missing, as FileNotFoundError does
    """Playwright or a Chromium is not installed; the message has the command that installs it."""


def find_chromium(own: str = "") -> str:
    """Return the path of a Chromium: Playwright's `own` if it is there, else one of the system.

    Raises `BrowserMissing`.
    """
    places = (own, *map(shutil.which, _PROGRAMS), *_ELSEWHERE)
    for place in places:
        if place and Path(place).is_file():
            return place
    raise BrowserMissing("no Chromium was found; install one: playwright install chromium")


@asynccontextmanager
async def playwright_started() -> AsyncIterator[Playwright]:
    """Start Playwright for as long as the block lasts; raises `BrowserMissing` if it is not installed."""
    try:
        from playwright.async_api import async_playwright  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as error:
        raise BrowserMissing(
            f'{error.name} is not installed; install it: pip install "alpines-privacy[audit-browser]"'
        ) from None
    async with async_playwright() as playwright:
        yield playwright


async def opened_browser(playwright: Playwright, certificate: Certificate, nowhere: str) -> Browser:
    """Start a Chromium; what it asks outside a visit goes to the proxy `nowhere`. Raises `BrowserMissing`."""
    executable = find_chromium(playwright.chromium.executable_path)
    return await playwright.chromium.launch(
        executable_path=executable,
        args=[*_ARGUMENTS, f"--ignore-certificate-errors-spki-list={certificate.key_hash}"],
        ignore_default_args=list(_NOT_PLAYWRIGHTS),
        chromium_sandbox=_can_sandbox(),
        proxy={"server": nowhere, "bypass": "<-loopback>"},
        handle_sigint=False,
        handle_sigterm=False,
        handle_sighup=False,
    )


def _can_sandbox() -> bool:
    """Whether Chromium can have its sandbox: not as root, and not where users may make no namespaces."""
    if not hasattr(os, "geteuid"):
        return True
    limit = Path("/proc/sys/user/max_user_namespaces")
    return os.geteuid() != 0 and (not limit.is_file() or limit.read_text().strip() != "0")
