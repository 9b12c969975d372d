"""One page in a browser, under one signal: opened, looked at, typed into, left."""

from __future__ import annotations

import asyncio
import base64
import re
import time
from collections.abc import Awaitable
from datetime import UTC, datetime
from importlib.resources import files
from typing import Annotated, Literal, TypeAlias
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta, convert

from alpines_privacy.audit.browser.observed import BrowserVisit, SeenCookie, Stored
from alpines_privacy.audit.browser.reading import cookie_of, request_of, requests_of_probes
from alpines_privacy.audit.browser.scope import Server
from alpines_privacy.audit.browser.setting import Setting
from alpines_privacy.audit.browser.tabs import SIZE, Here
from alpines_privacy.audit.browser.typing_in import content_marker, move, type_into
from alpines_privacy.audit.model import Signal

__all__ = ["visit"]

_STORED = (files(__package__) / "stored.js").read_text(encoding="utf-8")
_SCALE = 0.5  # of a screenshot
_Where: TypeAlias = Literal[
    "localStorage", "sessionStorage", "IndexedDB", "Cache", "service worker"
]
# What the page's own scripts can change before it is read here.
_Entries = Annotated[
    list[tuple[_Where, Annotated[str, Meta(max_length=100)], int]], Meta(max_length=200)
]
_CODE = re.compile(r"net::[A-Z_]{3,60}")  # of Chromium's; the rest of a message quotes the page
_NO_COOKIES = "its cookies could not be read"
_FORGET = "() => { name = ''; try { sessionStorage.clear() } catch { /* it may have none */ } }"
_TO_THE_END = "() => scrollTo(0, document.documentElement.scrollHeight)"


async def visit(
    here: Here, signal: Signal, url: str, setting: Setting, *, screenshot: bool = False
) -> BrowserVisit:
    """Visit a page; whatever it does, the visit ends."""
    course = _Visit(url, signal, setting, here)
    await course.go(screenshot=screenshot)
    return course.seen()


class _Visit:
    """The course of one visit and what it has seen so far."""

    def __init__(self, url: str, signal: Signal, setting: Setting, here: Here) -> None:
        self._url, self._signal, self._setting = url, signal, setting
        self._here, self._page = here, here.page
        self._record, self._watch = here.record, here.watch
        self._bounds = setting.bounds
        self._started, self._began = self._record.clock(), datetime.now(UTC)
        self._status = 0
        self._typed = 0
        self._screenshot = b""
        self._cookies: dict[tuple[str, str, str], SeenCookie] = {}
        self._stored: dict[Stored, None] = {}

    async def go(self, *, screenshot: bool) -> None:
        """Open the page, look, be a visitor, look again, and leave."""
        step = self._bounds.step
        if await self._step(self._open(), self._bounds.load, "the page did not load"):
            await self._settle()
        if await self._step(self._scroll(), step, "the page does not answer"):
            await self._look(screenshot=screenshot)
        await self._step(self._leave(), step, "the page could not be left")
        await self._step(self._read_cookies(), step, _NO_COOKIES)

    async def _look(self, *, screenshot: bool) -> None:
        step = self._bounds.step
        if screenshot:
            await self._step(self._photograph(), step, "no picture could be taken")
        await self._step(self._read_cookies(), step, _NO_COOKIES)
        if self._signal is Signal.NONE:
            await self._step(self._take_part(), 3 * step, "its fields could not be typed into")
        await self._step(self._read_stored(), step, "what it stored could not be read")

    async def _step(self, work: Awaitable[object], seconds: float, failure: str) -> bool:
        """Do one thing within its time; what fails is written down, and the visit goes on."""
        from playwright.async_api import Error  # noqa: PLC0415 - an extra

        try:
            await asyncio.wait_for(work, seconds)
        except TimeoutError:
            self._watch.is_shaken = True
            self._record.note(f"{failure}: it took more than {seconds:g} s")
        except Error as error:
            self._record.note(f"{failure}{_code_of(error.message)}")
        except msgspec.ValidationError:  # the page's scripts have changed what its lists can do
            self._record.note(f"{failure}: its scripts answer in another form")
        else:
            return True
        return False

    async def _open(self) -> None:
        response = await self._page.goto(self._url, wait_until="commit", timeout=0)
        self._status = response.status if response else 0
        await self._page.wait_for_load_state("load", timeout=0)

    async def _settle(self) -> None:
        if not await self._record.quiet(self._bounds.quiet, self._bounds.settle):
            self._record.note("the page never stops loading")

    async def _scroll(self) -> None:
        """Go to the page's end, where lazy images and frames load."""
        await self._page.evaluate(_TO_THE_END)
        await self._record.quiet(self._bounds.quiet / 2, self._bounds.settle)

    async def _photograph(self) -> None:
        await self._page.evaluate("() => scrollTo(0, 0)")
        clip = {"x": 0, "y": 0, **SIZE, "scale": _SCALE}
        asked = {"format": "png", "clip": clip}
        taken = await self._here.session.send("Page.captureScreenshot", asked)
        self._screenshot = base64.b64decode(taken["data"])

    async def _take_part(self) -> None:
        self._record.phase = "typing"
        markers = self._record.markers
        await content_marker(self._page, markers)
        await move(self._page)
        self._typed = await type_into(self._page, markers, self._is_own)
        await self._record.quiet(self._bounds.quiet, self._bounds.settle)

    def _is_own(self, url: str) -> bool:
        try:
            return self._setting.scope.allows(Server.of(url))
        except ValueError:
            return False

    async def _read_cookies(self) -> None:
        for each in await self._here.context.cookies():
            cookie = cookie_of(each, self._given(), self._watch.probes, time.time())
            if cookie is not None:
                self._cookies[cookie.name, cookie.domain, cookie.path] = cookie

    def _given(self) -> frozenset[str]:
        return frozenset(str(cookie["name"]) for cookie in self._setting.cookies)

    async def _read_stored(self) -> None:
        for frame in self._page.frames:
            if self._is_own(frame.url):
                origin = "{0.scheme}://{0.netloc}".format(urlsplit(frame.url))
                for where, name, digest in convert(await frame.evaluate(_STORED), _Entries):
                    self._stored[Stored(where, origin, name, digest)] = None

    async def _leave(self) -> None:
        """Go elsewhere, so that what a page sends when it is left is sent, and keep nothing of the tab's."""
        self._record.phase = "leaving"
        await self._page.evaluate(_FORGET)
        await self._page.goto("about:blank", timeout=0)
        await self._record.quiet(self._bounds.quiet / 2, self._bounds.settle)

    def seen(self) -> BrowserVisit:
        """Return what was seen."""
        requests = [request_of(each, self._watch, self._started) for each in self._record.exchanges]
        return BrowserVisit(
            page=self._url,
            signal=self._signal,
            status=self._status,
            started=self._began,
            requests=(
                *requests,
                *requests_of_probes(self._watch.probes, self._setting.scope.site.host),
            ),
            cookies=tuple(self._cookies.values()),
            stored=tuple(self._stored),
            probes=tuple(self._watch.probes),
            messages=tuple(self._watch.messages),
            typed=self._typed,
            seconds=self._record.clock() - self._started,
            notes=tuple(self._record.notes),
            screenshot=self._screenshot,
        )


def _code_of(message: str) -> str:
    """Return the code in a message of the browser's, without what it quotes: addresses, texts of the page."""
    code = _CODE.search(message)
    return f": {code[0]}" if code else ""
