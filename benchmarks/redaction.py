"""`python -m benchmarks.redaction`: what is found in the texts of others, what is wrongly found, and the cost.

Recall and precision by kind on labelled texts (`benchmarks/labelled.py`), the time of a line (by
shape only, as peers look; then redacted by all there is), and with `--logs FILE…` what is found in
logs of programs. Peers that are installed (Presidio's pattern recognizers, scrubadub, datafog,
sentry-relay, loggingredactor) run on the same texts in the same run.
"""

from __future__ import annotations

import argparse
import logging
import sys
import warnings
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from time import process_time

from tests.support.gated_scanner import GatedScanner

from alpines_privacy.redaction import Redactor
from alpines_privacy.redaction.engine.gate import FoldGate
from alpines_privacy.redaction.engine.spans import Span
from benchmarks import labelled
from benchmarks.redactors import PEERS, Engine

_LINES = {
    "clean": "2026-11-25 20:50:38,123 INFO [worker-1] app.orders: request 9f8e7d6c-51b2-4abc-9def-0a1b2c3d4e5f"
    " took 12.3 ms, 3 rows, cache miss, version 2.14.1",
    "uvicorn": 'INFO:     203.0.113.9:54106 - "GET /items/116?page=2 HTTP/1.1" 200 OK',
    "nginx": '203.0.113.9 - - [25/Nov/2026:20:50:38 +0000] "GET /items/116?page=2 HTTP/1.1" 200 512 "-" '
    '"Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0"',
}
_AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0"
_REQUEST = (
    '203.0.113.9 - - [25/Nov/2026:20:50:38 +0000] "GET /items/116?page=2{} HTTP/1.1" 200 512 "-" '
    f'"{_AGENT}"'
)
_WHOLE = {
    **_LINES,
    "nginx, &token=abc123def": _REQUEST.format("&token=abc123def"),
    "nginx, &q=red%20shoes%2Fx": _REQUEST.format("&q=red%20shoes%2Fx"),
    "nginx, &email=a%40b.com": _REQUEST.format("&email=a%40b.com"),
    "JSON": '{"ts": "2026-11-25T20:14:57.767Z", "level": "info", "logger": "shop.orders", "msg": "order placed", '
    '"order": {"id": 882389, "items": 9, "ms": 2.871517600077859}, '
    '"user": {"id": 882389, "email": "user882389@example.org"}, "client_ip": "203.0.113.120"}',
}
_COST_ONLY = {"ours, without RE2", "loggingredactor, 3"}  # the same spans; the user's own patterns
_COVERED = 0.8  # part of a label that has to be found


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.redaction", description=__doc__)
    parser.add_argument("--sentences", type=int, default=4000)
    parser.add_argument(
        "--peer-sentences", type=int, default=500, help="of which peers read so many"
    )
    parser.add_argument(
        "--logs", nargs="*", type=Path, default=[], help="logs that hold no personal data"
    )
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    engines = {
        "ours": GatedScanner().spans,
        "ours, without RE2": GatedScanner(gate=FoldGate).spans,
        **_peers(),
    }
    sources = {
        "presidio-evaluator's sentences and people": [*labelled.everybody(asked.sentences)],
        "the same with Faker's numbers of 32 countries": [*labelled.locales(asked.sentences)],
        "the same with phonenumbers' examples of all regions": [*labelled.examples()],
    }
    for title, samples in sources.items():
        print(f"\n{title}: {len(samples)}")
        for name, engine in engines.items():
            if name not in _COST_ONLY:
                _print_quality(
                    name, engine, samples if name == "ours" else samples[: asked.peer_sentences]
                )
    _print_costs(engines)
    _print_whole()
    if asked.logs:
        _print_wrong(engines["ours"], asked.logs)


def _peers() -> dict[str, Engine]:
    found = {}
    for name, make in PEERS.items():
        try:
            found[name] = make()
        except Exception as error:
            print(f"{name}: left out ({type(error).__name__}: {error})", file=sys.stderr)
    return found


def _print_quality(name: str, engine: Engine, samples: Iterable[labelled.Sample]) -> None:
    right: Counter[str] = Counter()
    missed: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    for text, labels in samples:
        found = engine(text)
        for label in labels:
            counter = right if any(_covers(span, label) for span in found) else missed
            counter[label.kind] += 1
        for span in found:
            if not any(_touches(span, label) for label in labels):
                wrong[span.kind] += 1
    print(f"  {name}")
    for kind in sorted(right | missed):
        count = right[kind] + missed[kind]
        precision = right[kind] / (right[kind] + wrong[kind]) if right[kind] else 0
        print(
            f"    {kind:12} recall {right[kind] / count:.3f}  precision {precision:.3f}  of {count}"
        )


def _covers(span: Span, label: Span) -> bool:
    common = min(span.end, label.end) - max(span.start, label.start)
    return span.kind == label.kind and common >= _COVERED * (label.end - label.start)


def _touches(span: Span, label: Span) -> bool:
    return span.kind == label.kind and span.start < label.end and label.start < span.end


def _print_costs(engines: dict[str, Engine]) -> None:
    print("\nMicroseconds for a line, and as a multiple of ours")
    print(f"  {'':24}" + "".join(f"{line:>20}" for line in _LINES))
    ours = [_cost(engines["ours"], line) for line in _LINES.values()]
    for name, engine in engines.items():
        costs = [_cost(engine, line) for line in _LINES.values()]
        cells = (
            f"{cost:9.2f} ({cost / our:7.1f} x)" for cost, our in zip(costs, ours, strict=True)
        )
        print(f"  {name:24}" + "".join(f"{cell:>20}" for cell in cells))


def _print_whole() -> None:
    print("\nMicroseconds to redact a line, and megabytes a second")
    redact = Redactor().redact
    for name, line in _WHOLE.items():
        cost = _cost(redact, line)
        print(f"  {name:28}{cost:8.1f}{len(line) / cost:8.1f}")


def _cost(engine: Callable[[str], object], line: str) -> float:
    """Return the least of several batches, in microseconds of the processor."""
    start = process_time()
    engine(line)
    count = max(3, min(20_000, int(0.05 / max(process_time() - start, 1e-6))))
    best = float("inf")
    for _ in range(7):
        start = process_time()
        for _ in range(count):
            engine(line)
        best = min(best, (process_time() - start) / count)
    return best * 1e6


def _print_wrong(engine: Engine, logs: Iterable[Path]) -> None:
    print("\nFound in logs")
    total, wrong = 0, 0
    for path in logs:
        lines = path.read_text(errors="surrogateescape").splitlines()
        found = Counter(span.kind for line in lines for span in engine(line))
        total, wrong = total + len(lines), wrong + found.total()
        print(f"  {path.name:24} {len(lines):7} lines  {dict(found) or ''}")
    print(f"  {wrong / max(total, 1) * 10_000:.2f} in 10,000 of {total} lines")


if __name__ == "__main__":
    main()
