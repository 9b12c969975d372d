"""What is compared: each check makes rows, and says for each whether it is as expected."""

import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from ssl import SSLContext
from tempfile import TemporaryDirectory
from typing import Protocol

import httpx

from examples.demo.browser import Chromium, installed
from examples.demo.internet import tls_context
from examples.demo.markup import names
from examples.demo.vendors import Kind
from examples.demo.visits import ADDRESS, NOTHING, PATIENCE, Fingerprint, Look, seen, whole

SIGNALS: dict[str, dict[str, str]] = {
    "none": {},
    "DNT:1": {"DNT": "1"},
    "GPC:1": {"Sec-GPC": "1"},
    "DNT:0 GPC:1": {"DNT": "0", "Sec-GPC": "1"},
}


@dataclass(frozen=True)
class Row:
    what: str
    signal: str
    bare: str
    protected: str
    expected: bool

    quotes: tuple[tuple[str, str], ...] = ()  # lines to show below it, each with its label


class Site(Protocol):
    """A server that is up: where it is, and the file it logs to."""

    @property
    def address(self) -> str: ...
    @property
    def log(self) -> Path: ...


class Check(Protocol):
    def rows(self, bare: Site, protected: Site) -> Iterator[Row]:
        """Visit the two sites and compare."""
        ...


@dataclass(frozen=True)
class Differs:
    """What the bare app does under any signal, and the protected one without and with one."""

    what: str
    look: Look
    bare: str
    silent: str
    signalled: str = NOTHING
    signals: tuple[str, ...] = tuple(SIGNALS)

    def rows(self, bare: Site, protected: Site) -> Iterator[Row]:
        visits = [(site, SIGNALS[signal]) for signal in self.signals for site in (bare, protected)]
        with ThreadPoolExecutor() as pool:
            cells = list(pool.map(lambda visit: _seen(self.look, *visit), visits))
        for signal, before, after in zip(self.signals, cells[::2], cells[1::2], strict=True):
            expected = (self.bare, self.signalled if SIGNALS[signal] else self.silent)
            yield Row(self.what, signal, before, after, (before, after) == expected)


@dataclass(frozen=True)
class Unchanged:
    """A response that leaves as the app made it, head and body, under every signal."""

    path: str

    def rows(self, bare: Site, protected: Site) -> Iterator[Row]:
        try:
            before = [whole(bare.address, headers, self.path) for headers in SIGNALS.values()]
            after = [whole(protected.address, headers, self.path) for headers in SIGNALS.values()]
        except (httpx.TransportError, StopIteration) as error:
            yield Row(self.path, "each", "", f"no answer: {type(error).__name__}", expected=False)
            return
        expected = before == after and before[0][0] == httpx.codes.OK
        yield Row(self.path, "each", _summary(before[0]), _verdict(before, after), expected)


@dataclass(frozen=True)
class InChromium:
    """What a real browser asks other companies for: by kind, without a signal and under DNT.

    `kept` are the kinds that load without a signal, `necessary` those that load under one too. No
    rows where there is no Chromium.
    """

    path: str
    asked: Mapping[Kind, str]
    kept: frozenset[Kind] = frozenset({"ad", "chat", "payment"})
    necessary: frozenset[Kind] = frozenset({"payment"})

    def rows(self, bare: Site, protected: Site) -> Iterator[Row]:
        if not (chromium := installed()):
            return
        visits = [(site, signal) for signal in ("none", "DNT:1") for site in (bare, protected)]
        with TemporaryDirectory(prefix="examples-demo-") as folder, ThreadPoolExecutor(2) as pool:
            tls = tls_context(Path(folder))
            asked = list(pool.map(lambda visit: self._ask(chromium, tls, *visit), visits))
        for kind, companies in self.asked.items():
            for signal, before, after in zip(
                ("none", "DNT:1"), asked[::2], asked[1::2], strict=True
            ):
                loaded = kind in (self.kept if signal == "none" else self.necessary)
                cells = _cell(before, kind), _cell(after, kind)
                expected = cells == (companies, companies if loaded else NOTHING)
                yield Row(f"Chromium: {kind}s", signal, *cells, expected)

    def _ask(
        self, chromium: Chromium, tls: SSLContext, site: Site, signal: str
    ) -> set[str] | OSError:
        try:
            return chromium.ask(site.address + self.path, tls, do_not_track=signal == "DNT:1")
        except OSError as error:
            return error


def _cell(asked: set[str] | OSError, kind: Kind) -> str:
    return str(asked) if isinstance(asked, OSError) else names(asked, kind)


@dataclass(frozen=True)
class Logged:
    """Which of the things a visitor told the app stand in its log afterwards, and one such line."""

    what: str
    look: Look
    told: Mapping[str, str]
    line: str  # what the line to show has in it

    def rows(self, bare: Site, protected: Site) -> Iterator[Row]:
        before, after = written(self.look, bare), written(self.look, protected)
        cells = self._found(before), self._found(after)
        expected = cells == (" ".join(sorted(self.told)), NOTHING)
        lines = (("bare", before), ("protected", after))
        quotes = tuple((label, _line_with(self.line, text)) for label, text in lines)
        yield Row(self.what, "none", *cells, expected and all(line for _, line in quotes), quotes)

    def _found(self, text: str) -> str:
        return " ".join(sorted(name for name, told in self.told.items() if told in text)) or NOTHING


@dataclass(frozen=True)
class Reported:
    """Whether a site's log tells of something sent to it, in a line that does not hold the thing."""

    what: str
    look: Look
    told: str
    line: str  # what the line to show has in it

    def rows(self, bare: Site, protected: Site) -> Iterator[Row]:
        before, after = written(self.look, bare), written(self.look, protected, self.line)
        line = _line_with(self.line, after)
        cells = self._cell(before), self._cell(after)
        expected = cells == (NOTHING, "reported") and self.told not in after
        yield Row(self.what, "none", *cells, expected, (("protected", line),))

    def _cell(self, log: str) -> str:
        return "reported" if _line_with(self.line, log) else NOTHING


def written(look: Look, site: Site, words: str = "") -> str:
    """Return what a site logs because of a visit; wait for words that it may log after its answer."""
    size = site.log.stat().st_size
    _seen(look, site, {"X-Forwarded-For": ADDRESS})
    end = time.monotonic() + PATIENCE
    while True:
        text = site.log.read_bytes()[size:].decode("utf-8", "replace")
        if words in text or time.monotonic() > end:
            return text
        time.sleep(0.05)


def _line_with(words: str, log: str) -> str:
    return next((line for line in log.splitlines() if words in line), "")


def _seen(look: Look, site: Site, headers: dict[str, str]) -> str:
    return seen(look, site.address, headers)


def _summary(response: Fingerprint) -> str:
    status, _, body = response
    return f"{status} {_kind(response)}" + ("" if _streams(response) else f", {len(body):,} B")


def _kind(response: Fingerprint) -> str:
    return str(httpx.Headers(response[1])["content-type"]).partition(";")[0].rpartition("/")[2]


def _streams(response: Fingerprint) -> bool:
    return _kind(response) == "event-stream"


def _verdict(before: list[Fingerprint], after: list[Fingerprint]) -> str:
    if before == after:
        return "the same, at once" if _streams(before[0]) else "the same, every byte"
    was, now = next(pair for pair in zip(before, after, strict=True) if pair[0] != pair[1])
    changed = {name.decode() for name, _ in set(was[1]) ^ set(now[1])}
    return "differs: " + (" ".join(sorted(changed)) or "status or body")
