"""`python -m benchmarks.pages`: the promise's own page filter, end to end, on real pages in 16 KB chunks.

Searching, deciding by the shipped rules and editing, as a response is filtered. "Known" pages were seen
before, as most of a site's are; for "new" ones everything remembered is dropped before each page.
Beside it, in the same run: parsers that only read, and lol-html asking PyPI's `adblock` about each
address, in which styles stay. CPU time, the least of several rounds for each page; pages come from
`python -m benchmarks.corpus`.
"""

from __future__ import annotations

import argparse
import platform
from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from time import process_time
from typing import Any

from alpines_privacy import PrivacyPolicy
from alpines_privacy.http.html import Rewriter, Selection
from alpines_privacy.trackers import Rules, shipped_rules
from alpines_privacy.trackers.page import Pages
from benchmarks import corpus, html

_FEW = Selection(("object", "embed"))
_URL = "https://www.example.com/a/b.html"
_LINE = "{:<40}{:>8}{:>15}{:>8}{:>10}"
_TWENTY_KB = range(17_000, 23_000)
_KINDS = {
    "script": "script", "img": "image", "iframe": "sub_frame", "link": "stylesheet",
    "video": "media", "audio": "media", "source": "media",
}  # fmt: skip

Page = bytes
Filter = Callable[[Page], Any]


def through(pages: Pages, page: Page, *, opted_out: bool) -> bytes:
    """Filter one page as it streams."""
    rewrite = pages.begin(url=_URL, opted_out=opted_out)
    pieces = [rewrite(chunk, last=False) for chunk in html.chunks(page)]
    return b"".join([*pieces, rewrite(b"", last=True)])


def fresh_rules() -> Rules:
    """Return the shipped rules with nothing decided yet; what they hold has been read."""
    shipped = shipped_rules()
    return Rules(shipped.tables, lambda: shipped.companies)


def least(run: Filter, pages: Sequence[Page], rounds: int) -> float:
    """Return the seconds for all pages, the least of some rounds for each, after one more."""
    seconds = 0.0
    for page in pages:
        run(page)
        seconds += min(_timed(run, page) for _ in range(rounds))
    return seconds


def least_when_new(pages: Sequence[Page], rounds: int, *, opted_out: bool) -> float:
    """Return the seconds for pages none of which has been seen, nor anything they name."""
    seconds = 0.0
    for page in pages:
        runs = []
        for _ in range(rounds):
            filters = Pages(PrivacyPolicy(), fresh_rules())

            def run(page: Page, filters: Pages = filters) -> bytes:
                return through(filters, page, opted_out=opted_out)

            runs.append(_timed(run, page))
        seconds += min(runs)
    return seconds


def least_when_known(pages: Sequence[Page], rounds: int, *, opted_out: bool) -> float:
    """Return the seconds for pages each of which was seen just before."""
    filters = Pages(PrivacyPolicy(), fresh_rules())
    return least(lambda page: through(filters, page, opted_out=opted_out), pages, rounds)


def _timed(run: Filter, page: Page) -> float:
    began = process_time()
    run(page)
    return process_time() - began


def scan(page: Page) -> None:
    """Search a page in which hardly a tag matters."""
    rewrite = Rewriter(_FEW, lambda _: None)
    for chunk in html.chunks(page):
        rewrite(chunk)
    rewrite(b"", last=True)


def lolhtml_with_adblock() -> Filter:
    """Return a filter made of both packages: the elements whose address is listed go."""
    adblock: Any = import_module("adblock")
    rewriter = import_module("lolhtml").HTMLRewriter
    filters = adblock.FilterSet()
    filters.add_filters([rule.text for rule in shipped_rules().tables[0]])
    engine = adblock.Engine(filters)

    class Handler:
        def element(self, element: Any) -> None:
            url = element.get_attribute("src") or element.get_attribute("href")
            if not url or not url.startswith(("http", "//")):
                return
            url = "https:" + url if url.startswith("//") else url
            kind = _KINDS.get(element.tag_name, "other")
            if engine.check_network_urls(url, _URL, kind).matched:
                element.remove()

    def run(page: Page) -> bytes:
        out = bytearray()
        rewrite = rewriter(out.extend)
        rewrite.on(", ".join(_KINDS), Handler())
        try:
            for chunk in html.chunks(page):
                rewrite.write(chunk)
            rewrite.end()
        except RuntimeError:  # markup it refuses: it has read up to there
            return page
        return bytes(out)

    return run


class Report:
    """Prints a line for each filter: its speed, and how it compares with the two parsers."""

    def __init__(self, pages: Sequence[Page], rounds: int) -> None:
        self._size = sum(map(len, pages))
        self._parser = least(html.html_parser, pages, rounds)
        self._lxml = least(html.lxml, pages, rounds) if _is_installed("lxml") else 0.0

    def line(self, name: str, seconds: float, count: int) -> None:
        """Print what filtering all pages took."""
        rate = self._size / seconds / 1e6
        ratios = self._parser / seconds, self._lxml / seconds
        print(
            _LINE.format(
                f"  {name}",
                f"{rate:.0f}",
                f"{ratios[0]:.2f}",
                f"{ratios[1]:.2f}" if self._lxml else "-",
                f"{seconds / count * 1e6:.0f}",
            )
        )

    def parsers(self, count: int) -> None:
        """Print the two it compares with."""
        self.line("html.parser, reads only", self._parser, count)
        if self._lxml:
            self.line(f"lxml {version('lxml')}, whole page", self._lxml, count)


def _is_installed(package: str) -> bool:
    try:
        return bool(version(package))
    except PackageNotFoundError:
        return False


def measure(
    title: str, pages: Sequence[Page], rounds: int, peers: Sequence[tuple[str, Filter]]
) -> None:
    """Print the table for some pages."""
    print(f"\n{title}: {len(pages)} pages, {sum(map(len, pages)) / len(pages) / 1000:.0f} KB each")
    print(_LINE.format("", "MB/s", "x html.parser", "x lxml", "us/page"))
    report = Report(pages, rounds)
    report.line("ours, searching (few hits)", least(scan, pages, rounds), len(pages))
    for said, opted_out in (("no signal", False), ("DNT: 1", True)):
        seconds = least_when_known(pages, rounds, opted_out=opted_out)
        report.line(f"ours, {said}, known page", seconds, len(pages))
        seconds = least_when_new(pages, 2, opted_out=opted_out)
        report.line(f"ours, {said}, new page", seconds, len(pages))
    report.parsers(len(pages))
    for name, peer in peers:
        report.line(name, least(peer, pages, rounds), len(pages))


def peers() -> list[tuple[str, Filter]]:
    """Return those that are installed, beside lxml."""
    found: list[tuple[str, Filter]] = []
    if _is_installed("selectolax"):
        found.append((f"selectolax {version('selectolax')}, whole page", html.selectolax))
    if _is_installed("python-lolhtml") and _is_installed("adblock"):
        found.append(("python-lolhtml + adblock", lolhtml_with_adblock()))
    return found


def main() -> None:
    """Print both tables: all pages, and those of about 20 KB."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pages", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    print_tables(asked.rounds)


def print_tables(rounds: int) -> None:
    """Measure on the corpus, if it has been fetched."""
    pages = [page for _, page in corpus.pages()]
    if not pages:
        print("no real pages to filter: fetch them with python -m benchmarks.corpus")
        return
    print(
        f"{platform.python_implementation()} {platform.python_version()}, "
        f"CPU time, least of {rounds} rounds a page"
    )
    others = peers()
    measure("Real pages", pages, rounds, others)
    measure("Of about 20 KB", [p for p in pages if len(p) in _TWENTY_KB], 5 * rounds, others)


if __name__ == "__main__":
    main()
