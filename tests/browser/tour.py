"""Showing many pages in one browser, and telling what became of each."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count, islice
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Error,
    Frame,
    sync_playwright,
)

from tests.browser.embeds import Embed
from tests.browser.internet import Arrival, Internet
from tests.browser.sites import SITES, Site, Sites
from tests.conftest import need
from tests.support.chromium import HEADLESS

__all__ = ["SIGNALS", "Visit", "World", "open_browser"]

_AT_ONCE = 8
_LONGEST = 10.0  # seconds that what must happen may take on a busy machine
_PATIENCE = 10_000  # milliseconds that a page's own code may take on a busy machine
_QUIET = 300  # milliseconds in which a tracker that is going to be reached would be

_ARGUMENTS = [
    *HEADLESS,
    "--ignore-certificate-errors",
    "--disable-site-isolation-trials",  # a process for each frame's site: none of this depends on it
]

SIGNALS: Mapping[str, Mapping[str, str]] = {"DNT": {"DNT": "1"}, "Sec-GPC": {"Sec-GPC": "1"}}

# Waits for what the page's own code is to have done.
_OWN_CODE = """async ([ran, called, longest]) => {
  const missing = () => ran.some(one => !own.includes(one)) || called.some(one => !calls.includes(one));
  const end = performance.now() + longest;
  while (typeof own !== "undefined" && missing() && performance.now() < end) {
    await new Promise(done => setTimeout(done, 20));
  }
}"""

_HOST = re.compile(r"//([^/>:]+)")
_STATE = """slots => ({
  text: document.querySelector("main")?.innerText ?? null,
  ran: typeof own === "undefined" ? [] : own,
  called: typeof calls === "undefined" ? [] : calls,
  slots: slots ? [...document.querySelectorAll(slots)].filter(slot => slot.checkVisibility()).length : 0,
  named: [...document.querySelectorAll("link[href]")].map(link => new URL(link.href).hostname),
})"""


@dataclass
class Visit:
    """What one visit to one page showed, and what arrived elsewhere because of it."""

    embed: Embed
    url: str
    name: str = ""
    text: str | None = None
    ran: list[str] = field(default_factory=list)
    called: list[str] = field(default_factory=list)
    slots: int = 0
    named: frozenset[str] = frozenset()
    errors: list[str] = field(default_factory=list)
    console: list[str] = field(default_factory=list)
    arrivals: Sequence[Arrival] = ()  # it grows with what arrives late

    @property
    def reached(self) -> frozenset[str]:
        """The hosts of everybody else that a request of this visit reached."""
        return frozenset(arrival.host for arrival in self.arrivals)

    def sent_to(self, hosts: Iterable[str]) -> list[str]:
        """Return the requests that reached one of `hosts`, readable."""
        wanted = set(hosts)
        return [f"{one.method} {one.host}{one.path}" for one in self.arrivals if one.host in wanted]


_NOWHERE = Visit(Embed(name="nowhere", way="control"), "about:blank")


class Seat:
    """A profile of the browser's with one page, which shows one embed after another.

    The visit's name stands in the User-Agent of its requests, and what the page says before the next
    has come is its own: nothing that is late is told of another visit.
    """

    def __init__(self, browser: Browser, name: str, *, scripts: bool) -> None:
        self._name = name
        self._opened = count()
        self.context: BrowserContext = browser.new_context(
            ignore_https_errors=True,
            java_script_enabled=scripts,
            viewport={"width": 800, "height": 700},
        )
        self.page = self.context.new_page()
        self._session = self.context.new_cdp_session(self.page)
        self._visit = self._shown = _NOWHERE
        self._scripts = scripts
        self.page.on("pageerror", lambda error: self._note("errors", str(error)))
        self.page.on("console", self._console)
        self.page.on("framenavigated", self._navigated)

    def open(self, visit: Visit, signal: Mapping[str, str], internet: Internet) -> None:
        """Go to a page; return once its answer has begun."""
        name = f"{self._name}.{next(self._opened)}"
        self._visit, visit.name, visit.arrivals = visit, name, internet.arrivals(name)
        agent = {"userAgent": f"{_AGENT} visit/{name}"}
        self._session.send("Emulation.setUserAgentOverride", agent)
        self.context.set_extra_http_headers(dict(signal))
        response = self.page.goto(visit.url, wait_until="commit")
        assert response is not None
        assert response.status == 200, f"{visit.url}: {response.status}"
        visit.named = frozenset(_HOST.findall(response.headers.get("link", "")))

    def wait(self, expected: set[str], internet: Internet) -> None:
        """Wait until the page is loaded, its own code has run and all `expected` hosts are reached."""
        embed = self._visit.embed
        self.page.wait_for_load_state("load")
        internet.wait_for(self._visit.name, expected, _LONGEST)
        if self._scripts:
            with suppress(Error):  # it left for another page meanwhile
                self.page.evaluate(_OWN_CODE, [embed.ran, embed.called, _PATIENCE])
        else:
            self.page.wait_for_load_state("networkidle")

    def look(self) -> Visit:
        """Return the visit with what the page shows by now."""
        visit = self._visit
        state = self._state(visit.embed.slots)
        visit.text, visit.ran, visit.called = state["text"], state["ran"], state["called"]
        visit.slots, visit.named = state["slots"], visit.named.union(state["named"])
        return visit

    def _state(self, slots: str) -> dict[str, Any]:
        """Ask the page; if it leaves for another meanwhile, that one."""
        self.page.wait_for_load_state("load")
        try:
            found: dict[str, Any] = self.page.evaluate(_STATE, slots)
        except Error as error:
            if "navigation" not in str(error):
                raise
            return self._state(slots)
        return found

    def _navigated(self, frame: Frame) -> None:
        if frame.parent_frame is None:
            self._shown = self._visit

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self._note("console", message.text)

    def _note(self, where: Literal["errors", "console"], text: str) -> None:
        getattr(self._shown, where).append(text)


@dataclass
class World:
    """A browser, the site's servers, and the rest of the internet."""

    browser: Browser
    sites: Sites
    internet: Internet
    _seats: dict[bool, list[Seat]] = field(default_factory=dict)

    def tour(
        self,
        site: Site,
        embeds: Iterable[Embed],
        *,
        folder: str = "embed",
        signal: Mapping[str, str] | None = None,
        scripts: bool = True,
        shots: Path | None = None,
    ) -> dict[str, Visit]:
        """Show each embed's page, several at once; return what happened by embed.

        A visit lasts until all that must arrive has arrived, and for a while more.
        """
        visits: dict[str, Visit] = {}
        waiting = iter(embeds)
        while batch := list(islice(waiting, _AT_ONCE)):
            seats = self.seats(scripts=scripts)[: len(batch)]
            for seat, embed in zip(seats, batch, strict=True):
                visit = Visit(embed, f"{embed.scheme}://{site.host}/{folder}/{embed.name}")
                seat.open(visit, signal or {}, self.internet)
            for seat, embed in zip(seats, batch, strict=True):
                seat.wait(
                    _expected(site, embed, signal=bool(signal), scripts=scripts), self.internet
                )
            seats[-1].page.wait_for_timeout(_QUIET)
            for seat, embed in zip(seats, batch, strict=True):
                visits[embed.name] = seat.look()
                if shots is not None:
                    seat.page.screenshot(path=shots / f"{embed.name}.png", full_page=True)
        return visits

    def show(self, site: Site, embed: Embed, path: str, signal: Mapping[str, str]) -> Visit:
        """Show one page in the first profile, whatever that has in its cache.

        Over http: what comes with a certificate nobody signed is not cached.
        """
        seat = self.seats()[0]
        seat.page.goto("about:blank")
        seat.open(Visit(embed, f"http://{site.host}{path}"), signal, self.internet)
        seat.wait(_expected(site, embed, signal=bool(signal), scripts=True), self.internet)
        seat.page.wait_for_timeout(_QUIET)
        return seat.look()

    def seats(self, *, scripts: bool = True) -> list[Seat]:
        """Return the browser's profiles, with or without scripts: made once, for they are slow to make."""
        if scripts not in self._seats:
            kind = "s" if scripts else "n"
            self._seats[scripts] = [
                Seat(self.browser, f"{kind}{number}", scripts=scripts) for number in range(_AT_ONCE)
            ]
        return self._seats[scripts]


def _expected(site: Site, embed: Embed, *, signal: bool, scripts: bool) -> set[str]:
    """Return the hosts that must be reached: bare all, protected what nothing may stop."""
    reached = {host.format(domain=site.domain) for host in embed.reached}
    if site.loads is None:
        return embed.expected(scripts=scripts) | reached
    if signal or not scripts:
        return set()
    if site.loads == "declared":
        return reached
    acts = embed.always if embed.way == "act" else ()
    named = embed.ads[:1] if embed.way in {"markup", "inline"} else ()
    return {*embed.left, *acts, *named, *reached}


_AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Safari/537.36"


@contextmanager
def open_browser(sites: Sites, internet: Internet) -> Iterator[World]:
    """Start Chromium with a resolver that knows the sites, and takes every other name elsewhere."""
    executable = shutil.which("chromium")
    need("Chromium", executable is not None, "apt-get install chromium")
    rules = [
        f"MAP {site.host}{port} 127.0.0.1:{number}"
        for site in SITES
        for port, number in ((":80", sites.http_port), (":443", sites.https_port))
    ]
    rules.append(f"MAP * 127.0.0.1:{internet.port}")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=executable,
            args=[*_ARGUMENTS, f"--host-resolver-rules={','.join(rules)}"],
        )
        try:
            yield World(browser, sites, internet)
        finally:
            browser.close()
