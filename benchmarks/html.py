"""`python -m benchmarks.html`: the HTML rewriter beside its peers, on real pages in 16 KB chunks.

What each does is not the same, which the table says: whether the bytes outside the edits stay as
they were (exact), and whether output leaves before the page has ended (streams). The consumer is
the typical one: it looks at the URL of every tag that can load something, and takes some.
CPU time, the best of several rounds; pages are fetched by `python -m benchmarks.corpus`.
"""

from __future__ import annotations

import argparse
import platform
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from time import process_time
from typing import Any, NamedTuple

from alpines_privacy.http.html import Rewriter, Selection, StartTag
from benchmarks import corpus

CHUNK = 16384
LOADING = "script img iframe link object embed video audio source track input form meta image use"
_LISTED = ("doubleclick", "google-analytics", "facebook.", "scorecardresearch")
_LINE = "{:<34}{:>8}{:>8}{:>9}{:>10}{:>12}{:>10}"

Page = bytes


class Tool(NamedTuple):
    """A way to go through one page; `run` returns what it makes of it."""

    name: str
    run: Callable[[Page], bytes | None]
    streams: bool


def chunks(page: Page) -> Iterator[bytes]:
    """Cut a page as servers do."""
    for start in range(0, len(page), CHUNK):
        yield page[start : start + CHUNK]


def is_listed(url: str | None) -> bool:
    """Stand in for the matcher of tracker rules."""
    return url is not None and any(host in url for host in _LISTED)


def ours(names: str, decide: Callable[[StartTag], Any]) -> Callable[[Page], bytes]:
    selection = Selection(names.split())

    def run(page: Page) -> bytes:
        rewrite = Rewriter(selection, decide)
        return b"".join([*map(rewrite, chunks(page)), rewrite(b"", last=True)])

    return run


def take_listed(tag: StartTag) -> bytes | None:
    """Decide as the typical consumer does."""
    if is_listed(tag.get("src") or tag.get("href")):
        return tag.edited({"src": None, "href": None})
    return None


def html_parser(page: Page) -> None:
    class Parser(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            del tag
            is_listed(dict(attrs).get("src"))

    parser = Parser()
    for chunk in chunks(page):
        parser.feed(chunk.decode("latin-1"))
    parser.close()


def lxml(page: Page) -> bytes:
    html = import_module("lxml.html")
    tree = html.document_fromstring(page, parser=html.HTMLParser(huge_tree=True))
    for element in tree.xpath("//*[@src]"):
        if is_listed(element.get("src")):
            element.drop_tree()
    return bytes(html.tostring(tree))


def selectolax(page: Page) -> bytes:
    tree = import_module("selectolax.lexbor").LexborHTMLParser(page)
    for node in tree.css("[src]"):
        if is_listed(node.attributes.get("src")):
            node.decompose()
    return (tree.html or "").encode()


def lolhtml(page: Page) -> bytes:
    class Handler:
        def element(self, element: Any) -> None:
            if is_listed(element.get_attribute("src")):
                element.remove()

    out = bytearray()
    rewrite = import_module("lolhtml").HTMLRewriter(out.extend)
    rewrite.on(", ".join(LOADING.split()), Handler())
    for chunk in chunks(page):
        rewrite.write(chunk)
    rewrite.end()
    return bytes(out)


def tools() -> Iterator[Tool]:
    """Yield ourselves, and the peers that are installed."""
    yield Tool("ours, scanning (few hits)", ours("object embed", lambda _: None), streams=True)
    yield Tool("ours, every loading tag offered", ours(LOADING, lambda _: None), streams=True)
    yield Tool("ours, typical consumer", ours(LOADING, take_listed), streams=True)
    yield Tool("html.parser (reads only)", html_parser, streams=True)
    for package, run, streams in (
        ("lxml", lxml, False),
        ("selectolax", selectolax, False),
        ("python-lolhtml", lolhtml, True),
    ):
        try:
            yield Tool(f"{package} {version(package)}", run, streams)
        except PackageNotFoundError:
            print(f"{package} is not installed")


def clean(page: Page) -> bool:
    """Tell whether nothing is to be removed from a page, so that its bytes can be compared."""
    return not any(host.encode() in page for host in _LISTED)


def measure(tool: Tool, pages: list[Page], rounds: int) -> str:
    """Return a tool's line of the table."""
    best = float("inf")
    exact = failed = done = 0
    for turn in range(rounds):
        start = process_time()
        for page in pages:
            try:
                result = tool.run(page)
            except Exception:
                failed += not turn
                continue
            if not turn:
                done += len(page)
                exact += result == page
        if turn:
            best = min(best, process_time() - start)
    unchanged = f"{exact}/{len(pages)}"
    return _LINE.format(
        tool.name,
        f"{done / best / 1e6:.0f}",
        f"{best / done * 20_000 * 1e6:.0f}",
        "yes" if tool.streams else "no",
        failed,
        unchanged,
        "",
    ).rstrip()


def main() -> None:
    """Print the table, for all pages and for each package of them."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.html", description=__doc__)
    parser.add_argument("--rounds", type=int, default=6)
    asked = parser.parse_args()
    groups: dict[str, list[Page]] = {}
    for path, page in corpus.pages():
        groups.setdefault(path.partition("/")[0], []).append(page)
    if not groups:
        raise SystemExit("no pages: python -m benchmarks.corpus")
    print(
        f"{platform.python_implementation()} {platform.python_version()}, best of {asked.rounds - 1}"
    )
    for name, pages in groups.items():
        size = sum(map(len, pages))
        print(f"\n{name}: {len(pages)} pages, {size / len(pages) / 1000:.0f} KB each")
        print(_LINE.format("", "MB/s", "us/20KB", "streams", "failed", "unchanged", "").rstrip())
        for tool in tools():
            print(measure(tool, pages, asked.rounds))
        print(f"{sum(map(clean, pages))} pages hold none of the listed hosts")


if __name__ == "__main__":
    main()
