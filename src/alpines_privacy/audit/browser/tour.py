"""All pages under all signals in a browser, a few at a time; a browser that is lost is started again."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Coroutine, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import product
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from alpines_privacy.audit.browser.certificate import Certificate, make_certificate
from alpines_privacy.audit.browser.chromium import opened_browser, playwright_started
from alpines_privacy.audit.browser.gate import Gate
from alpines_privacy.audit.browser.markers import Markers
from alpines_privacy.audit.browser.observed import BrowserVisit
from alpines_privacy.audit.browser.record import Record
from alpines_privacy.audit.browser.scope import Scope, Server
from alpines_privacy.audit.browser.setting import Bounds, BrowserLost, Setting
from alpines_privacy.audit.browser.tabs import Tab
from alpines_privacy.audit.browser.typing_in import PATH
from alpines_privacy.audit.browser.upstream import Upstream
from alpines_privacy.audit.browser.visiting import visit
from alpines_privacy.audit.fetching.names import look_up_once
from alpines_privacy.audit.model import Signal
from alpines_privacy.audit.options import Progress
from alpines_privacy.audit.visits import path_shown

if TYPE_CHECKING:
    import ssl

    from playwright.async_api import Browser, Playwright

__all__ = ["Tour", "in_a_thread", "visit_pages"]

T = TypeVar("T")

_AT_ONCE = min(4, (os.cpu_count() or 1) + 1)  # each visit waits for half of its time
_START = 60.0  # seconds in which a browser has started
_END = 10.0
_TRIES = 2
_LOST = "the browser ended or did not answer, twice"
_PICTURED = (Signal.NONE, Signal.DNT)
_NOBODY = Scope(Server("http", "", 0))


@dataclass(frozen=True)
class Tour:
    """What is visited: pages of one site, with which signals.

    - `scope`: which servers may be asked; everything else is written down and goes nowhere.
    - `cookies`, `known`, `own_path`: see `Setting`. `screenshots`: of how many pages, without a signal and with one.
    - `authorities`: how the site's certificate is verified, by default with the system's authorities.
    - `at_once`: how many visits are made at the same time, each in a browser of its own.
    """

    pages: Sequence[str]
    scope: Scope
    signals: Sequence[Signal] = tuple(Signal)
    cookies: Sequence[Mapping[str, Any]] = ()
    known: Sequence[str] = ()
    own_path: str = "/_privacy/"
    screenshots: int = 12
    bounds: Bounds = Bounds()  # noqa: RUF009 - it is frozen
    authorities: ssl.SSLContext | None = None
    at_once: int = _AT_ONCE
    progress: Progress = lambda what, done, of: None  # noqa: ARG005 - nobody listens


def visit_pages(tour: Tour) -> tuple[BrowserVisit, ...]:
    """Visit all pages under all signals, in the order of pages, then signals.

    Raises `BrowserMissing` if Playwright or a Chromium is not installed. It runs an event loop in a thread of its own,
    so it may be called from anywhere; what interrupts the caller ends the browser.
    """
    return in_a_thread(_toured(tour))


def in_a_thread(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end on a loop of its own, which looks each name up once."""
    loop = asyncio.new_event_loop()
    look_up_once(loop)
    thread = threading.Thread(target=loop.run_forever, name="audit-browser")
    thread.start()
    future: Future[T] = asyncio.run_coroutine_threadsafe(work, loop)
    try:
        return future.result()
    except BaseException:
        future.cancel()
        raise
    finally:
        asyncio.run_coroutine_threadsafe(_emptied(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _emptied() -> None:
    """Wait until all other tasks of the loop have ended."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    await asyncio.get_running_loop().shutdown_asyncgens()


async def _toured(tour: Tour) -> tuple[BrowserVisit, ...]:
    certificate = make_certificate()
    upstream = Upstream(tour.scope, tour.authorities)
    setting = Setting(
        scope=tour.scope,
        upstream=upstream,
        tls=certificate.context,
        cookies=tour.cookies,
        known=tour.known,
        bounds=tour.bounds,
        own_path=tour.own_path,
    )
    nobody = Gate(_NOBODY, upstream, certificate.context)
    await nobody.open()
    try:
        async with playwright_started() as playwright:
            work = _Work(tour, setting)
            seats = [_Seat(playwright, certificate, nobody.url, work) for _ in range(tour.at_once)]
            await asyncio.gather(*(seat.run() for seat in seats))
            return work.visits()
    finally:
        await nobody.close()
        await upstream.close()


class _Work:
    """The visits that are still to be made, and those that are."""

    def __init__(self, tour: Tour, setting: Setting) -> None:
        self.setting = setting
        self._tour = tour
        self._jobs = [_Job(*each) for each in product(tour.pages, tour.signals)]
        self._waiting = iter(self._jobs)
        self._made: dict[_Job, BrowserVisit] = {}
        pictured = tour.pages[: tour.screenshots]
        self._pictured = {_Job(page, signal) for page in pictured for signal in _PICTURED}

    def next(self) -> _Job | None:
        """Take the next visit to make."""
        return next(self._waiting, None)

    def has_picture(self, job: _Job) -> bool:
        """Whether a visit is photographed."""
        return job in self._pictured

    def done(self, job: _Job, seen: BrowserVisit) -> None:
        """Keep a visit, and tell how far the tour is."""
        self._made[job] = seen
        what = f"{path_shown(job.page)} ({job.signal.value})"
        self._tour.progress(what, len(self._made), len(self._jobs))

    def visits(self) -> tuple[BrowserVisit, ...]:
        """Return all visits in order."""
        return tuple(self._made[job] for job in self._jobs)


class _Job(NamedTuple):
    page: str
    signal: Signal


class _Seat:
    """One browser that makes one visit after another: what hangs or breaks it stops nobody else's."""

    def __init__(
        self, playwright: Playwright, certificate: Certificate, nowhere: str, work: _Work
    ) -> None:
        self._playwright, self._certificate, self._nowhere = playwright, certificate, nowhere
        self._work = work
        self._browser: Browser | None = None
        self._tabs: dict[Signal, Tab] = {}

    async def run(self) -> None:
        """Make visits until none is left."""
        try:
            while (job := self._work.next()) is not None:
                self._work.done(job, await self._visited(job))
        finally:
            await self._give_up()

    async def _visited(self, job: _Job) -> BrowserVisit:
        for _ in range(_TRIES):
            try:
                tab = await self._tab(job.signal)
                return await self._visit(tab, job)
            except BrowserLost:
                await self._give_up()
        return BrowserVisit(*job, status=0, started=datetime.now(UTC), notes=(_LOST,))

    async def _visit(self, tab: Tab, job: _Job) -> BrowserVisit:
        """Make a visit; a browser that cannot be tidied up after it is ended, and the visit stands."""
        setting = self._work.setting
        path = PATH if job.signal is Signal.NONE else ()
        here = await tab.enter(Record(Markers(setting.known), path))
        pictured = self._work.has_picture(job)
        seen = await visit(here, job.signal, job.page, setting, screenshot=pictured)
        try:
            await tab.empty(here)
        except BrowserLost:
            await self._give_up()
        return seen

    async def _tab(self, signal: Signal) -> Tab:
        if self._browser is None:
            starting = opened_browser(self._playwright, self._certificate, self._nowhere)
            self._browser = await asyncio.wait_for(starting, _START)
        if signal not in self._tabs:
            tab = self._tabs[signal] = Tab(signal, self._work.setting)
            await tab.open(self._browser)
        return self._tabs[signal]

    async def _give_up(self) -> None:
        """End the browser, whatever state it is in."""
        browser, self._browser = self._browser, None
        tabs, self._tabs = list(self._tabs.values()), {}
        if browser is not None:
            with suppress(Exception):
                await asyncio.wait_for(browser.close(), _END)
        for tab in tabs:
            with suppress(Exception):
                await tab.close()
