"""`python -m benchmarks.logs`: what the hook adds to a logging call, measured in pairs of batches.

Each batch with the hook is compared with one without, right before or after it; the median of
the differences counts. Records go to a file, through the formatter most programs use.
"""

from __future__ import annotations

import argparse
import gc
import logging
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter_ns
from typing import Any

from alpines_privacy import PrivacyPolicy, redaction
from alpines_privacy.guard import Guard
from alpines_privacy.wsgi import WSGIRequest
from benchmarks.stopwatch import quartiles

LOG = logging.getLogger("benchmarks.logs")
BATCH = 500  # calls

AGENT = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Firefox/128.0"
ENVIRON = {
    "REQUEST_METHOD": "GET",
    "QUERY_STRING": "q=shoes&page=2",
    "REMOTE_ADDR": "203.0.113.77",
    "HTTP_USER_AGENT": AGENT,
    "HTTP_COOKIE": "sessionid=8d7f4b1c99aa2211; theme=dark; csrftoken=0a1b2c3d4e5f6071",
}

CALLS: dict[str, Callable[[], None]] = {
    "a message": lambda: LOG.info("cache warmed"),
    "four arguments": lambda: LOG.info(
        "order %s of %d items shipped by %s in %s ms", "ab12", 7, "carrier", 13
    ),
    "a long line": lambda: LOG.info("%s", "the quick brown fox jumps over the lazy dog " * 6),
    "extra": lambda: LOG.info("shipped", extra={"order": "ab12", "count": 7}),
}
ACCESS: dict[str, Callable[[], None]] = {
    "uvicorn's line, address": lambda: LOG.info(
        '%s - "%s %s HTTP/%s" %d', "203.0.113.77:5123", "GET", "/search?q=shoes", "1.1", 200
    ),
    "combined line, agent": lambda: LOG.info(
        '%s - - [25/Nov/2026:20:50:37 +0000] "GET /search?q=shoes HTTP/1.1" 200 512 "-" "%s"',
        "203.0.113.77",
        AGENT,
    ),
}


def _timed(call: Callable[[], None]) -> float:
    start = perf_counter_ns()
    for _ in range(BATCH):
        call()
    return (perf_counter_ns() - start) / BATCH / 1000


def _pairs(call: Callable[[], None], rounds: int) -> tuple[list[float], list[float]]:
    bare, added = [], []
    for turn in range(rounds + 2):
        took: dict[bool, float] = {}
        for hooked in (True, False) if turn % 2 else (False, True):
            (redaction.install if hooked else redaction.uninstall)()
            call()
            gc.collect()
            gc.disable()
            took[hooked] = _timed(call)
            gc.enable()
        if turn > 1:  # the first two warm up
            bare.append(took[False])
            added.append(took[True] - took[False])
    return bare, added


def _print(name: str, bare: list[float], added: list[float]) -> None:
    low, middle, high = quartiles(added)
    before = quartiles(bare)[1]
    print(
        f"  {name:<34}{before:>8.1f}{f'{middle:.1f} ({low:.1f}-{high:.1f})':>18}{1 + middle / before:>8.2f}"
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.logs", description=__doc__)
    parser.add_argument("--rounds", type=int, default=61, help="pairs of batches for each row")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        handler = logging.FileHandler(Path(folder) / "log")
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
        LOG.addHandler(handler)
        LOG.propagate = False
        LOG.setLevel(logging.INFO)
        print(f"{'microseconds a record':<36}{'bare':>8}{'added (quartiles)':>18}{'ratio':>8}")
        print("outside a request")
        for name, call in {**CALLS, **ACCESS}.items():
            _print(name, *_pairs(call, asked.rounds))
        visit = Guard(PrivacyPolicy()).visit(WSGIRequest(dict[str, Any](ENVIRON)))
        visit.request()
        print("in a request with cookies and a User-Agent")
        for name, call in {**CALLS, **ACCESS}.items():
            _print(name, *_pairs(call, asked.rounds))
        visit.end()
        handler.close()


if __name__ == "__main__":
    main()
