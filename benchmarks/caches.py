"""`python -m benchmarks.caches`: each cache between a page's tag and its verdict: hits, memory, time with and without.

The real pages (`python -m benchmarks.corpus`) go through the filter, all of them on one host, each twice in a row:
first it is new, then known. Times are CPU time, the least of some rounds for each page, without one of the caches and
with all of them in turns; a cache is switched off by a bound of nothing.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from typing import Any

from alpines_privacy.http import cache

# Those that a page's filter asks.
ASKED = (
    "page outcomes", "tags", "style sheets", "loads", "rules on a host", "rules of a listed host",
    "rules with a word", "page hosts",
)  # fmt: skip
_LINE = "{:<24}{:>10}{:>10}{:>10}{:>10}{:>10}{:>10}"

Counts = dict[str, Counter[str]]


def count() -> Counts:
    """Count the look-ups and hits of every cache made from now on."""
    counts: Counts = {name: Counter() for name in cache.BOUNDS}
    name_of = {id(share): name for name, share in cache._SHARES.items()}  # noqa: SLF001 - the list of all

    def noted(one: Any, key: Any) -> bool:
        tally = counts[name_of[id(one._share)]]  # noqa: SLF001 - as above
        tally["asked"] += 1
        found = dict.__contains__(one, key)
        tally["hits"] += found
        return found

    class Counted(cache.Cache[Any, Any]):
        def __contains__(self, key: Any) -> bool:
            return noted(self, key)

        def __getitem__(self, key: Any) -> Any:
            noted(self, key)
            return super().__getitem__(key)

        def get(self, key: Any, default: Any = None) -> Any:
            noted(self, key)
            return super().get(key, default)

    cache.Cache = Counted  # type: ignore[misc]  # for the modules imported from here on
    return counts


def print_counts() -> None:
    """Print as JSON what each cache was asked for new pages, then for known ones, and what it holds."""
    counts = count()
    from alpines_privacy import PrivacyPolicy  # noqa: PLC0415 - once the caches are counted
    from alpines_privacy.trackers.page import Pages  # noqa: PLC0415
    from benchmarks import corpus, pages  # noqa: PLC0415

    told: dict[str, Any] = {}
    filters = Pages(PrivacyPolicy(), pages.fresh_rules())
    for _, page in corpus.pages():
        for turn in ("new", "known"):
            for tally in counts.values():
                tally.clear()
            pages.through(filters, page, opted_out=False)
            for name in ASKED:
                told.setdefault(turn, {}).setdefault(name, Counter()).update(counts[name])
        told["pages"] = told.get("pages", 0) + 1
        told["held"] = {
            name: max(cache.held(name), told.get("held", {}).get(name, 0)) for name in ASKED
        }
    print(json.dumps(told))


def timed(page: bytes, rounds: int) -> tuple[float, float]:
    """Return the seconds for a page that is new, and for the same one known."""
    from benchmarks import pages  # noqa: PLC0415 - not while they are counted

    new = pages.least_when_new([page], rounds, opted_out=False)
    return new, pages.least_when_known([page], rounds, opted_out=False)


def timed_without(name: str, page: bytes, rounds: int) -> tuple[float, float]:
    """Return the same without a cache."""
    share = cache._SHARES[name]  # noqa: SLF001 - the list of all
    share.drop()
    limit, share.limit = share.limit, 0
    try:
        return timed(page, rounds)
    finally:
        share.limit = limit


def ratios(pages: Sequence[bytes], rounds: int) -> dict[str, tuple[float, float]]:
    """Return how many times as long new and known pages take without each cache."""
    sums = dict.fromkeys(("", *ASKED), (0.0, 0.0))
    for page in pages:
        timed(page, 1)  # what the rules hold about it has been read
        for name in sums:
            new, known = timed_without(name, page, rounds) if name else timed(page, rounds)
            sums[name] = sums[name][0] + new, sums[name][1] + known
    with_all = sums.pop("")
    return {name: (new / with_all[0], known / with_all[1]) for name, (new, known) in sums.items()}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.caches", description=__doc__)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--step", type=int, default=1, help="time one page in so many")
    parser.add_argument("--counts", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.counts:
        print_counts()
        return
    from benchmarks import corpus  # noqa: PLC0415 - not while they are counted

    command = [sys.executable, "-m", "benchmarks.caches", "--counts"]
    told = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)  # noqa: S603 - itself
    pages = [page for _, page in corpus.pages()][:: asked.step]
    print(
        _LINE.format("", "a new page", "hits", "a known", "hits", "KB held", ""),
        "without: new, known",
    )
    for name, (new, known) in ratios(pages, asked.rounds).items():
        print(_row(name, told), f"{new:>9.2f} x{known:>7.2f} x")


def _row(name: str, told: dict[str, Any]) -> str:
    cells: list[str] = []
    for turn in ("new", "known"):
        tally = told[turn][name]
        asked = tally.get("asked", 0)
        cells += (
            f"{asked / told['pages']:.1f}",
            f"{tally.get('hits', 0) / asked:.0%}" if asked else "-",
        )
    return _LINE.format(name, *cells, f"{told['held'][name] / 1024:.0f}", "")


if __name__ == "__main__":
    main()
