"""What is compared: each check makes rows, and says for each whether it is as expected."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

import httpx

from examples.demo.visits import NOTHING, Fingerprint, Look, seen, whole

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


class Check(Protocol):
    def rows(self, bare: str, protected: str) -> Iterator[Row]:
        """Visit the two addresses and compare."""
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

    def rows(self, bare: str, protected: str) -> Iterator[Row]:
        visits = [(site, SIGNALS[signal]) for signal in self.signals for site in (bare, protected)]
        with ThreadPoolExecutor() as pool:
            cells = list(pool.map(lambda visit: seen(self.look, *visit), visits))
        for signal, before, after in zip(self.signals, cells[::2], cells[1::2], strict=True):
            expected = (self.bare, self.signalled if SIGNALS[signal] else self.silent)
            yield Row(self.what, signal, before, after, (before, after) == expected)


@dataclass(frozen=True)
class Unchanged:
    """A response that leaves as the app made it, head and body, under every signal."""

    path: str

    def rows(self, bare: str, protected: str) -> Iterator[Row]:
        try:
            before = [whole(bare, headers, self.path) for headers in SIGNALS.values()]
            after = [whole(protected, headers, self.path) for headers in SIGNALS.values()]
        except (httpx.TransportError, StopIteration) as error:
            yield Row(self.path, "each", "", f"no answer: {type(error).__name__}", expected=False)
            return
        expected = before == after and before[0][0] == httpx.codes.OK
        yield Row(self.path, "each", _summary(before[0]), _verdict(before, after), expected)


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
