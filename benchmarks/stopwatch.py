"""Measures what a layer adds to a call: batches of the bare app and of the layered one, in turns.

A machine that others use is slow by the second, so each layered batch is compared with the bare
batch right before it, and the median of many such differences is what counts. Garbage
collection is off inside batches; there is no server, no network and no log.
"""

from __future__ import annotations

import asyncio
import gc
import statistics
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from time import perf_counter_ns
from typing import Any

from benchmarks import traffic

Field = traffic.Field
Head = list[Field]

_BATCH = 10_000_000  # ns: short enough that both batches of a pair meet the same machine
_CALIBRATION = 100  # calls


@dataclass(frozen=True)
class Call:
    """One kind of call: `time(n)` makes n of them and returns the nanoseconds, `head()` shows what one answers."""

    time: Callable[[int], int]
    head: Callable[[], Head]


@dataclass
class Layer:
    """A layer around an app, what proves that it worked, and its budget in microseconds."""

    name: str
    call: Call
    proof: Callable[[Head], bool]
    budget: float | None = None
    is_yardstick: bool = False
    added: list[float] = field(default_factory=list)
    total: list[float] = field(default_factory=list)


@dataclass
class Bench:
    """A bare app and the layers compared on it."""

    title: str
    bare: Call
    layers: list[Layer]
    total: list[float] = field(default_factory=list)

    def check(self) -> None:
        """Refuse to time a layer that does not do what its row says."""
        for layer in self.layers:
            if not layer.proof(layer.call.head()):
                raise SystemExit(f"{self.title}: {layer.name} answers {layer.call.head()}")

    def run(self, rounds: int) -> None:
        """Measure every layer `rounds` times, each next to the bare app."""
        self.bare.time(_CALIBRATION)
        counts = [
            max(20, _BATCH * _CALIBRATION // layer.call.time(_CALIBRATION)) for layer in self.layers
        ]
        for turn in range(rounds):
            for layer, count in zip(self.layers, counts, strict=True):
                gc.collect()
                gc.disable()
                self.bare.time(_CALIBRATION)  # collecting has cooled the caches
                pair = [self.bare, layer.call] if turn % 2 else [layer.call, self.bare]
                took = {id(call): call.time(count) / count / 1000 for call in pair}
                gc.enable()
                bare, layered = took[id(self.bare)], took[id(layer.call)]
                self.total.append(bare)
                layer.total.append(layered)
                layer.added.append(layered - bare)


def quartiles(values: list[float]) -> tuple[float, float, float]:
    """Return the lower quartile, the median and the upper quartile."""
    low, middle, high = statistics.quantiles(values, n=4)
    return low, middle, high


_loop = asyncio.new_event_loop()


async def _receive() -> dict[str, Any]:
    return {"type": "http.request", "body": b"", "more_body": False}


async def _send(message: Any) -> None:
    pass


def asgi(app: Any, request: Iterable[Field], path: str = "/api/items") -> Call:
    """Return the call of an ASGI app in a running event loop, as a server makes it: a new scope each time."""
    scope = traffic.scope(tuple(request), path)

    async def timed(count: int) -> int:
        start = perf_counter_ns()
        for _ in range(count):
            await app({**scope}, _receive, _send)
        return perf_counter_ns() - start

    async def shown() -> Head:
        heads: list[Any] = []

        async def send(message: Any) -> None:
            heads.extend(message.get("headers", ()))

        await app({**scope}, _receive, send)
        return [(name.decode(), value.decode()) for name, value in heads]

    return Call(
        lambda count: _loop.run_until_complete(timed(count)),
        lambda: _loop.run_until_complete(shown()),
    )


def wsgi(app: Any, request: Iterable[Field], path: str = "/api/items") -> Call:
    """Return the call of a WSGI app: a new environ, the body read to its end, the iterable closed."""
    environ = traffic.environ(tuple(request), path)

    def start_response(status: str, headers: Head, exc_info: Any = None) -> Any:
        del status, headers, exc_info

    def timed(count: int) -> int:
        start = perf_counter_ns()
        for _ in range(count):
            _drain(app({**environ}, start_response))
        return perf_counter_ns() - start

    def shown() -> Head:
        head: Head = []
        _drain(app({**environ}, lambda status, headers, exc_info=None: head.extend(headers)))  # noqa: ARG005 - PEP 3333
        return head

    return Call(timed, shown)


def _drain(iterable: Any) -> None:
    for _ in iterable:
        pass
    if hasattr(iterable, "close"):
        iterable.close()
