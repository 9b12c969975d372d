"""A browser's tab for the visits under one signal, one after another, each of a visitor who was never there before.

A tab and a context of its own for each visit take six times as long, most of it for starting processes: the tab is
emptied instead. One whose visitor has broken something gets a new tab.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from alpines_privacy.audit.browser.gate import Gate
from alpines_privacy.audit.browser.record import Record
from alpines_privacy.audit.browser.setting import BrowserLost, Setting
from alpines_privacy.audit.browser.signs import signs
from alpines_privacy.audit.browser.watch import Watch
from alpines_privacy.audit.model import Signal

if TYPE_CHECKING:
    from playwright.async_api import Browser, BrowserContext, CDPSession, Page
    from playwright.async_api import Request as Asked

__all__ = ["Here", "Tab"]

SIZE = {"width": 1280, "height": 800}
_PROBE = (files(__package__) / "probe.js").read_text(encoding="utf-8")
_BINDING = "__audit"


@dataclass(frozen=True)
class Here:
    """One visit's place: its page, the page's DevTools session, and what is seen and written down."""

    context: BrowserContext
    page: Page
    session: CDPSession
    watch: Watch
    record: Record


class Tab:
    """A context whose requests all pass its own gate. `enter` gives the page of one visit."""

    def __init__(self, signal: Signal, setting: Setting) -> None:
        self.signal = signal
        self._setting = setting
        self._gate = Gate(setting.scope, setting.upstream, setting.tls, signal.fields)
        self._watch = Watch(Record(), setting.own_path)
        self._context: BrowserContext | None = None
        self._tab: tuple[Page, CDPSession] | None = None

    async def open(self, browser: Browser) -> None:
        """Make the context, say the signal to its scripts, and listen. Raises `BrowserLost`."""
        from playwright.async_api import Error  # noqa: PLC0415 - an extra

        await self._gate.open()
        try:
            self._context = context = await browser.new_context(
                proxy={"server": self._gate.url, "bypass": "<-loopback>"},
                viewport=SIZE,  # type: ignore[arg-type]  # its TypedDict
                accept_downloads=False,
                user_agent=_agent(browser.version),
            )
            await context.expose_binding(_BINDING, self._probed)
            script = _PROBE.replace('"%SIGNAL%"', signs(self.signal)).replace("%NAME%", _BINDING)
            await context.add_init_script(script)
        except Error as error:
            raise BrowserLost(str(error)) from None
        context.on("request", self._asked)
        context.on("page", self._opened)

    async def close(self) -> None:
        """End the context, if it lets itself be ended, and the gate."""
        try:
            if self._context is not None:
                await asyncio.wait_for(self._context.close(), self._setting.bounds.step)
        finally:
            await self._gate.close()

    async def enter(self, record: Record) -> Here:
        """Give a visitor who was never there the tab. Raises `BrowserLost`."""
        from playwright.async_api import Error  # noqa: PLC0415 - an extra

        assert self._context is not None
        self._gate.record = record
        self._watch = watch = Watch(record, self._setting.own_path)
        try:
            await self._context.add_cookies(self._setting.cookies)  # type: ignore[arg-type]  # its TypedDict
            page, session = self._tab = self._tab or await self._new_tab(self._context)
        except Error as error:
            raise BrowserLost(str(error)) from None
        return Here(self._context, page, session, watch, record)

    async def empty(self, here: Here) -> None:
        """Forget the visitor. Raises `BrowserLost` if the browser does not do it in time."""
        from playwright.async_api import Error  # noqa: PLC0415 - an extra

        try:
            await asyncio.wait_for(self._emptied(here), self._setting.bounds.step)
        except (Error, TimeoutError) as error:
            raise BrowserLost(str(error)) from None

    async def _new_tab(self, context: BrowserContext) -> tuple[Page, CDPSession]:
        page = await context.new_page()
        for event in ("dialog", "crash", "download", "console", "pageerror"):
            page.on(event, partial(self._told, event))
        session = await context.new_cdp_session(page)
        session.on("Network.requestWillBeSent", self._initiated)
        session.on("Preload.prefetchStatusUpdated", self._prefetched)
        for domain in ("Network", "Preload"):
            await session.send(f"{domain}.enable")
        return page, session

    async def _emptied(self, here: Here) -> None:
        """Forget what the site has stored; files in the cache stay, as the next page would load them again."""
        await here.context.clear_cookies()
        for origin in {each.server.origin for each in here.record.exchanges if each.is_own}:
            cleared = {"origin": origin, "storageTypes": "all"}
            await here.session.send("Storage.clearDataForOrigin", cleared)
        if here.watch.is_shaken:
            self._tab = None
            await here.page.close()

    def _told(self, event: str, what: Any) -> Any:
        return getattr(self._watch, event)(what)

    def _initiated(self, event: dict[str, Any]) -> None:
        self._watch.initiated(event)

    def _prefetched(self, event: dict[str, Any]) -> None:
        self._watch.prefetched(event)

    def _probed(self, source: object, told: object) -> None:
        self._watch.probed(source, told)

    def _asked(self, request: Asked) -> None:
        self._watch.asked(request)

    async def _opened(self, page: Page) -> None:
        """Close a window that the page has opened; the first one is the tab."""
        if self._tab is not None:
            await self._watch.opened(page)


def _agent(version: str) -> str:
    """Return the User-Agent of a visitor's Chrome: a headless one's is treated as a robot's."""
    major = version.partition(".")[0]
    return (
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
        f"Chrome/{major}.0.0.0 Safari/537.36"
    )
