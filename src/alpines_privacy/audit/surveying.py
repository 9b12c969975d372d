"""Visiting a site: its pages under each signal, and what else is asked of it once."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import urlsplit

from alpines_privacy.audit.crawl import MISSING, Frontier
from alpines_privacy.audit.fetching.exchange import NO_ANSWER, Ask, Exchange
from alpines_privacy.audit.fetching.fetcher import Fetcher, Followed, Session
from alpines_privacy.audit.model import Signal, shown
from alpines_privacy.audit.observations import Observations, Revalidation, Site
from alpines_privacy.audit.options import AuditError, Options, Progress
from alpines_privacy.audit.policy_pages import items_said, privacy_links
from alpines_privacy.audit.robots import Robots, sitemap_pages
from alpines_privacy.audit.variants import differences
from alpines_privacy.audit.visits import Page, Visit, path_shown, shown_url
from alpines_privacy.http.heads import Field

__all__ = ["Survey"]

_VALIDATORS = (("etag", "If-None-Match"), ("last-modified", "If-Modified-Since"))
_MOST_REVALIDATED = 10  # pages
_MOST_ALLOWED = 10_000  # addresses that robots.txt is asked about
_MOST_KEPT = 256_000_000  # bytes of pages; what is more is not begun
_MOST_POLICIES = 5  # links that say Privacy


class Survey:
    """Visits one site; `cookies` are those of somebody who is logged in."""

    def __init__(
        self,
        fetcher: Fetcher,
        options: Options,
        progress: Progress,
        cookies: Iterable[Field] = (),
        *,
        in_process: bool,
    ) -> None:
        self._fetcher = fetcher
        self._options = options
        self._progress = progress
        self._cookies = tuple(cookies)
        self._end = time.monotonic() + options.seconds
        self._in_process = in_process
        self._allowed: dict[str, bool] = {}
        self._kept = 0  # bytes of pages
        self._robots = Robots(None if in_process else self._ask("/robots.txt"))
        workers = 1 if in_process else max(1, options.concurrency)
        self._pool = ThreadPoolExecutor(workers) if workers > 1 else None
        if self._robots.delay:
            self._fetcher.before = lambda: time.sleep(self._robots.delay)

    def session(self, signal: Signal) -> Session:
        """Return a new visitor."""
        return Session(self._fetcher.home, signal, self._cookies)

    def pages(self, path: str = "/") -> list[Page]:
        """Visit the pages, the home page at `path` first; raises `AuditError` for a site that cannot be visited."""
        home = self._fetcher.home + path
        if not self._robots.allows(home):
            raise AuditError(
                f"robots.txt of {self._fetcher.host} does not allow a crawler's visits"
            )
        frontier = Frontier(self._options.pages, self._options.depth, self._may_visit)
        frontier.add([home], 0)
        pages: list[Page] = []
        for url, depth in frontier:
            self._progress(path_shown(url), len(pages), frontier.expected)
            pages.append(self._page(url))
            self._follow(frontier, pages[-1].plain, depth)
            if len(pages) == 1:
                self._check_home(pages[0].plain)
                frontier.add([self._fetcher.home + MISSING], 0)
                frontier.add(sitemap_pages(self._fetcher, self._robots, self._robots.allows), 1)
            if time.monotonic() > self._end or self._kept > _MOST_KEPT:
                break
        return pages

    def observe(self, site: Site, pages: Sequence[Page]) -> Observations:
        """Ask for what is asked once, and return all that was seen."""
        pages = [self._confirmed(page) for page in pages]
        home = pages[0]
        self._progress("well-known resources", len(pages), len(pages))
        return Observations(
            site=site,
            pages=pages,
            home=home,
            today=datetime.now(UTC).date(),
            policy_page=self._policy_page(home.plain),
            over_http=self._over_http(),
            gpc_json=self._ask("/.well-known/gpc.json"),
            dnt_status=self._ask("/.well-known/dnt/", Signal.DNT),
            revalidations=tuple(self._revalidations(pages)),
        )

    def close(self) -> None:
        """End the threads."""
        if self._pool:
            self._pool.shutdown()

    def _may_visit(self, url: str) -> bool:
        """Tell whether an address may be visited.

        Rules can be many, so they are asked about a bounded number of addresses, and after the first one, the
        home page's, as long as there is time.
        """
        if not self._fetcher.is_here(url):
            return False
        asked = len(self._allowed)
        goes_on = not asked or (asked < _MOST_ALLOWED and time.monotonic() < self._end)
        if url not in self._allowed and goes_on:
            self._allowed[url] = self._robots.allows(url)
        return self._allowed.get(url, False)

    def _follow(self, frontier: Frontier, visit: Visit, depth: int) -> None:
        frontier.follow(visit.markup, depth)
        frontier.add(filter(None, (each.url for each in visit.followed.exchanges[1:])), depth)
        frontier.add(filter(None, [visit.markup.refresh]), depth + 1)

    def _check_home(self, visit: Visit) -> None:
        if visit.status == NO_ANSWER:
            raise AuditError(f"{shown_url(visit.url)} gives no answer ({shown(visit.last.error)})")
        if away := visit.followed.away:
            host = urlsplit(away).hostname
            raise AuditError(
                f"{shown_url(visit.url)} leads to {host}: name that host, no other is visited"
            )

    def _page(self, url: str) -> Page:
        signals = list(Signal)
        plain, *others = self._all(lambda signal: self.visit(url, signal), signals)
        visits = [plain, *(_shared(visit, plain) for visit in others)]
        self._kept += sum({id(visit.last.body): len(visit.last.body) for visit in visits}.values())
        return Page(url, dict(zip(signals, visits, strict=True)))

    def _confirmed(self, page: Page) -> Page:
        """Visit a page whose visits differ by signal once more without one: what differs then is chance."""
        if not any(True for _ in differences(page)):
            return page
        return page._replace(again=self.visit(page.url, Signal.NONE))

    def visit(self, url: str, signal: Signal, fields: Iterable[Field] = ()) -> Visit:
        """Visit an address as a new visitor."""
        followed = self._fetcher.get(url, self.session(signal), fields)
        return Visit(url, signal, followed, time.time())

    def _all(self, call: Callable[[Signal], Visit], signals: Sequence[Signal]) -> Iterator[Visit]:
        return self._pool.map(call, signals) if self._pool else map(call, signals)

    def _ask(self, path: str, signal: Signal = Signal.NONE) -> Exchange:
        home = self._fetcher.home
        return self._fetcher.get(home + path, Session(home, signal)).last

    def _policy_page(self, home: Visit) -> Visit | None:
        """Visit where the home page's links say that the policy is; of several, the one that says most."""
        urls = dict.fromkeys(link.url for link in privacy_links(home) if self._may_visit(link.url))
        visits = [self.visit(url, Signal.NONE) for url in list(urls)[:_MOST_POLICIES]]
        return max(visits, key=items_said, default=None)

    def _over_http(self) -> Visit | None:
        """Visit the home page over http, on the port that http has, as somebody who types the name."""
        if not self._fetcher.home.startswith("https:"):
            return None
        host = urlsplit(self._fetcher.home).hostname or ""
        name = f"[{host}]" if ":" in host else host
        got = self._fetcher.ask(Ask("GET", f"http://{name}/"), self.session(Signal.NONE))
        return Visit(got.url, Signal.NONE, _followed(got), time.time())

    def _revalidations(self, pages: Sequence[Page]) -> Iterator[Revalidation]:
        """Ask again with a signal for pages that a browser holds from before it."""
        validated = [(page, fields) for page in pages if (fields := _validators(page.plain))]
        for page, fields in validated[:_MOST_REVALIDATED]:
            for signal in (Signal.DNT, Signal.GPC):
                ask = Ask("GET", page.plain.last.url, fields)
                yield Revalidation(page.url, signal, self._fetcher.ask(ask, self.session(signal)))


def _shared(visit: Visit, plain: Visit) -> Visit:
    """Return a visit that keeps no second copy of a page that is the same without a signal."""
    if visit.last.body != plain.last.body:
        return visit
    last = visit.last._replace(body=plain.last.body)
    followed = visit.followed._replace(exchanges=(*visit.followed.exchanges[:-1], last))
    return replace(visit, followed=followed)


def _followed(got: Exchange) -> Followed:
    return Followed((got,))


def _validators(visit: Visit) -> tuple[Field, ...]:
    if visit.status != 200 or not visit.is_page:
        return ()
    found: Mapping[str, str] = dict(visit.last.fields)
    return tuple((asked, found[name]) for name, asked in _VALIDATORS if name in found)
