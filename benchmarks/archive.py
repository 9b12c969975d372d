"""`python -m benchmarks.archive`: megabytes of log through `redact`, by one process and by two.

By the clock, and per second of all cores together: on a machine that others use, the second is what
says how fast a core is and how much of a second core is lost.

Beside them what the machine itself can do (`zcat` and `wc -l`); what other redactors make of a line
is in `benchmarks.redaction`.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

_AGENTS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:130.0) Gecko/20100101 Firefox/130.0",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/128.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:130.0) Gecko/20100101 Firefox/130.0",
    "curl/8.9.1",
)
_APP = (
    "{time},{ms:03} INFO shop.orders: order {n} placed in {ms} ms",
    "{time},{ms:03} DEBUG sqlalchemy.engine: SELECT id, total FROM orders WHERE orders.id = {n} LIMIT 1",
    '  File "/srv/shop/orders.py", line {ms}, in place',
    "{time},{ms:03} INFO shop.cache: hit 0.97, key 3fa85f64-5717-4562-b3fc-2c963f66afa6, {ms} us",
    "{time},{ms:03} WARNING shop.mail: no answer for user{n}@example.org after 30 s",
)
_LINE = "{:<8}{:<26}{:>12}{:>12}{:>12}"


class _Took(NamedTuple):
    clock: float
    cpu: float


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.archive", description=__doc__)
    parser.add_argument("--megabytes", type=int, default=16, help="of each log")
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    print(_LINE.format("log", "through", "MB/s", "MB/CPU s", "x zcat|wc"))
    with tempfile.TemporaryDirectory() as folder:
        for name, lines in (("access", _access), ("JSON", _json), ("app", _app)):
            path = Path(folder, f"{name}.log.gz")
            text = _until(asked.megabytes * 1_000_000, lines(random.Random(1)))  # noqa: S311 - the same logs each time
            path.write_bytes(gzip.compress(text, 6))
            _measure(name, path, text, asked.rounds)


def _measure(name: str, path: Path, text: bytes, rounds: int) -> None:
    size = len(text) / 1e6
    plain = path.with_suffix("")
    plain.write_bytes(text)
    copied = _least(lambda: _run("sh", "-c", f"zcat {path} | wc -l"), rounds)
    _print(name, "zcat | wc -l", size, copied, copied)
    for title, file, jobs in (
        ("redact, 1 process", plain, "1"),
        ("redact, 2 processes", plain, "2"),
        ("redact .gz, 2 processes", path, "2"),
    ):
        took = _least(lambda file=file, jobs=jobs: _redact(file, jobs), rounds)
        _print(name, title, size, took, copied)


def _print(name: str, title: str, size: float, took: _Took, copied: _Took) -> None:
    rates = (f"{size / part:.{1 if size > part else 4}f}" for part in took)
    print(_LINE.format(name, title, *rates, f"{took.cpu / copied.cpu:.1f}"))


def _redact(path: Path, jobs: str) -> None:
    script = str(Path(sys.executable).with_name("alpines-privacy"))
    _run(script, "redact", "--quiet", "--jobs", jobs, str(path), "-o", f"{path}.clean")


def _run(*command: str) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - commands of ours


def _least(work: Callable[[], Any], rounds: int) -> _Took:
    """Return the least seconds of several rounds, by the clock and of all processes together."""
    took = []
    for _ in range(rounds):
        clock, cpu = time.perf_counter(), _cpu()
        work()
        took.append((time.perf_counter() - clock, _cpu() - cpu))
    return _Took(*map(min, zip(*took, strict=True)))


def _cpu() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def _until(size: int, lines: Iterator[str]) -> bytes:
    made = bytearray()
    while len(made) < size:
        made += next(lines).encode() + b"\n"
    return bytes(made)


def _access(chance: random.Random) -> Iterator[str]:
    while True:
        address = f"{chance.randint(1, 223)}.{chance.randint(0, 255)}.{chance.randint(0, 255)}.{chance.randint(1, 254)}"
        yield (
            f'{address} - - [25/Nov/2026:20:14:{chance.randint(10, 59)} +0000] "GET /items/{chance.randint(1, 9999)}'
            f'?page={chance.randint(1, 9)} HTTP/1.1" 200 {chance.randint(99, 99999)} "https://shop.example/"'
            f' "{chance.choice(_AGENTS)}"'
        )


def _json(chance: random.Random) -> Iterator[str]:
    while True:
        n = chance.randint(1, 999_999)
        yield json.dumps(
            {
                "ts": f"2026-11-25T20:14:{chance.randint(10, 59)}.{chance.randint(100, 999)}Z",
                "level": "info",
                "logger": "shop.orders",
                "msg": "order placed",
                "order": {"id": n, "items": chance.randint(1, 9), "ms": chance.random() * 99},
                "user": {"id": n, "email": f"user{n}@example.org"},
                "client_ip": f"203.0.113.{chance.randint(1, 254)}",
            }
        )


def _app(chance: random.Random) -> Iterator[str]:
    while True:
        line = chance.choices(_APP, (40, 30, 10, 19, 1))[0]
        yield line.format(
            time=f"2026-11-25 20:14:{chance.randint(10, 59)}",
            ms=chance.randint(0, 999),
            n=chance.randint(1, 99999),
        )


if __name__ == "__main__":
    if shutil.which("zcat") is None:
        raise SystemExit("zcat is not there; it is what the rates are compared with")
    main()
