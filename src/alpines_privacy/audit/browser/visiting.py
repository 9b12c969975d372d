"""One page in a fresh context of the browser, under one signal: opened, looked at, typed into, left."""

from __future__ import annotations

import asyncio
import base64
import ssl
import time
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.resources import files
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from alpines_privacy.audit.browser.gate import Gate
from alpines_privacy.audit.browser.markers import Markers
from alpines_privacy.audit.browser.observed import BrowserVisit, SeenCookie, Stored
from alpines_privacy.audit.browser.reading import cookie_of, request_of, requests_of_probes
from alpines_privacy.audit.browser.record import Record
from alpines_privacy.audit.browser.scope import Scope, Server
from alpines_privacy.audit.browser.typing_in import PATH, content_marker, move, type_into
from alpines_privacy.audit.browser.upstream import Upstream
from alpines_privacy.audit.browser.watch import Watch
from alpines_privacy.audit.model import Signal

if TYPE_CHECKING:
    from playwright.async_api import Browser, BrowserContext, Page

__all__ = ["Bounds", "BrowserLost", "Setting", "visit"]

_STORED = (files(__package__) / "stored.js").read_text(encoding="utf-8")
_SIZE = {"width": 1280, "height": 800}
_SCALE = 0.5  # of a screenshot
_TO_THE_END = "() => scrollTo(0, document.documentElement.scrollHeight)"


class BrowserLost(Exception):  # noqa: N818 - what happened, not an error of anybody's
    """The browser has ended or does not answer: it is to be started again."""


@dataclass(frozen=True)
class Bounds:
    """Seconds that parts of a visit may take.

    `load`: until the page is loaded; `quiet`: how long nothing happens before the visit goes on; `settle`: how long
    it waits for that; `step`: anything else.
    """

    load: float = 15.0
    quiet: float = 0.25
    settle: float = 2.0
    step: float = 5.0


@dataclass(frozen=True)
class Setting:
    """What all visits of an audit share.

    `cookies` are given to each context (a login's), as Playwright's `add_cookies` takes them; `known` are the visitor's
    own values, which no other host may get; `own_path` is where this library's own pages and scripts are.
    """

    scope: Scope
    upstream: Upstream
    tls: ssl.SSLContext
    cookies: Sequence[Mapping[str, Any]] = ()
    known: Sequence[str] = ()
    bounds: Bounds = field(default_factory=Bounds)
    own_path: str = "/_privacy/"


async def visit(
    browser: Browser, url: str, signal: Signal, setting: Setting, *, screenshot: bool = False
) -> BrowserVisit:
    """Visit a page; whatever it does, the visit ends. Raises `BrowserLost`."""
    record = Record(Markers(setting.known), PATH if signal is Signal.NONE else ())
    here = _Visit(url, signal, setting, record)
    async with Gate(setting.scope, setting.upstream, setting.tls, record, signal.fields) as gate:
        context = await _context(browser, gate, setting)
        try:
            await here.go(context, screenshot=screenshot)
        finally:
            await _closed(context, setting.bounds.step)
    return here.seen()


async def _context(browser: Browser, gate: Gate, setting: Setting) -> BrowserContext:
    from playwright.async_api import Error  # noqa: PLC0415 - an extra

    try:
        context = await browser.new_context(
            proxy={"server": gate.url, "bypass": "<-loopback>"},
            viewport=_SIZE,  # type: ignore[arg-type]  # its TypedDict
            accept_downloads=False,
            user_agent=_agent(browser.version),
        )
        await context.add_cookies(setting.cookies)  # type: ignore[arg-type]  # its TypedDict
    except Error as error:
        raise BrowserLost(str(error)) from None
    return context


def _agent(version: str) -> str:
    """Return the User-Agent of a visitor's Chrome: a headless one's is treated as a robot's."""
    major = version.partition(".")[0]
    return (
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
        f"Chrome/{major}.0.0.0 Safari/537.36"
    )


async def _closed(context: BrowserContext, seconds: float) -> None:
    from playwright.async_api import Error  # noqa: PLC0415 - an extra

    try:
        await asyncio.wait_for(context.close(), seconds)
    except (TimeoutError, Error) as error:
        raise BrowserLost(str(error)) from None


class _Visit:
    """The course of one visit and what it has seen so far."""

    def __init__(self, url: str, signal: Signal, setting: Setting, record: Record) -> None:
        self._url, self._signal, self._setting, self._record = url, signal, setting, record
        self._bounds = setting.bounds
        self._watch = Watch(record, setting.own_path)
        self._started, self._began = record.clock(), datetime.now(UTC)
        self._status = 0
        self._typed = 0
        self._screenshot = b""
        self._cookies: dict[tuple[str, str, str], SeenCookie] = {}
        self._stored: dict[Stored, None] = {}

    async def go(self, context: BrowserContext, *, screenshot: bool) -> None:
        """Open the page, look, be a visitor, look again, and leave."""
        page = await self._watch.begin(context, self._signal)
        step = self._bounds.step
        if await self._step(self._open(page), self._bounds.load, "the page did not load"):
            await self._settle()
        await self._step(self._scroll(page), step, "the page does not answer")
        if screenshot:
            await self._step(self._photograph(context, page), step, "no picture could be taken")
        await self._step(self._read_cookies(context), step, "its cookies could not be read")
        if self._signal is Signal.NONE:
            await self._step(self._take_part(page), 3 * step, "its fields could not be typed into")
        await self._step(self._read_stored(page), step, "what it stored could not be read")
        await self._step(self._leave(page), step, "the page could not be left")
        await self._step(self._read_cookies(context), step, "its cookies could not be read")

    async def _step(self, work: Awaitable[object], seconds: float, failure: str) -> bool:
        """Do one thing within its time; what fails is written down, and the visit goes on."""
        from playwright.async_api import Error  # noqa: PLC0415 - an extra

        try:
            await asyncio.wait_for(work, seconds)
        except TimeoutError:
            self._record.note(f"{failure}: it took more than {seconds:g} s")
        except Error as error:
            self._record.note(f"{failure}: {error.message.partition(chr(10))[0]}")
        else:
            return True
        return False

    async def _open(self, page: Page) -> None:
        response = await page.goto(self._url, wait_until="commit", timeout=0)
        self._status = response.status if response else 0
        await page.wait_for_load_state("load", timeout=0)

    async def _settle(self) -> None:
        if not await self._record.quiet(self._bounds.quiet, self._bounds.settle):
            self._record.note("the page never stops loading")

    async def _scroll(self, page: Page) -> None:
        """Go to the page's end, where lazy images and frames load."""
        await page.evaluate(_TO_THE_END)
        await self._record.quiet(self._bounds.quiet, self._bounds.settle)

    async def _photograph(self, context: BrowserContext, page: Page) -> None:
        session = await context.new_cdp_session(page)
        await page.evaluate("() => scrollTo(0, 0)")
        clip = {"x": 0, "y": 0, **_SIZE, "scale": _SCALE}
        taken = await session.send("Page.captureScreenshot", {"format": "png", "clip": clip})
        self._screenshot = base64.b64decode(taken["data"])
        await session.detach()

    async def _take_part(self, page: Page) -> None:
        self._record.phase = "typing"
        markers = self._record.markers
        await content_marker(page, markers)
        await move(page)
        self._typed = await type_into(page, markers, self._is_own)
        await self._record.quiet(self._bounds.quiet, self._bounds.settle)

    def _is_own(self, url: str) -> bool:
        try:
            return self._setting.scope.allows(Server.of(url))
        except ValueError:
            return False

    async def _read_cookies(self, context: BrowserContext) -> None:
        for each in await context.cookies():
            cookie = cookie_of(each, self._given(), self._watch.probes, time.time())
            if cookie is not None:
                self._cookies[cookie.name, cookie.domain, cookie.path] = cookie

    def _given(self) -> frozenset[str]:
        return frozenset(str(cookie["name"]) for cookie in self._setting.cookies)

    async def _read_stored(self, page: Page) -> None:
        for frame in page.frames:
            if self._is_own(frame.url):
                origin = "{0.scheme}://{0.netloc}".format(urlsplit(frame.url))
                for where, name, digest in await frame.evaluate(_STORED):
                    self._stored[Stored(where, origin, name, digest)] = None

    async def _leave(self, page: Page) -> None:
        """Go elsewhere, so that what a page sends when it is left is sent."""
        self._record.phase = "leaving"
        await page.goto("about:blank", timeout=0)
        await self._record.quiet(self._bounds.quiet / 2, self._bounds.settle)

    def seen(self) -> BrowserVisit:
        """Return what was seen."""
        requests = [request_of(each, self._watch, self._started) for each in self._record.exchanges]
        return BrowserVisit(
            page=self._url,
            signal=self._signal,
            status=self._status,
            started=self._began,
            requests=(*requests, *requests_of_probes(self._watch.probes)),
            cookies=tuple(self._cookies.values()),
            stored=tuple(self._stored),
            probes=tuple(self._watch.probes),
            messages=tuple(self._watch.messages),
            typed=self._typed,
            seconds=self._record.clock() - self._started,
            notes=tuple(self._record.notes),
            screenshot=self._screenshot,
        )
