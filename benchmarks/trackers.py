"""`python -m benchmarks.trackers`: what a decision about an address costs, beside PyPI's `adblock`.

The loads of real pages are among them where `python -m benchmarks.corpus` was run. With `--ghostery
FOLDER`, where `npm install @ghostery/adblocker` was run, it also asks that engine about them, counts
both engines' agreement with ours, and lists every verdict that differs.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from operator import itemgetter
from pathlib import Path

import adblock
from tests.support.filter_requests import everyday, made_from
from tests.support.real_requests import loads

from alpines_privacy.trackers import LoadKind, Rules, shipped_rules
from benchmarks import corpus

Asked = Sequence[tuple[str, str, LoadKind]]

_START = """
import gc, time
{imports}
def kilobytes():
    gc.collect()
    status = open("/proc/self/status").read()
    return int(status.partition("VmRSS:")[2].split()[0])
before = kilobytes()
began = time.process_time()
{load}
seconds = time.process_time() - began
print(seconds, kilobytes() - before)
"""
_OURS = (
    "import alpines_privacy.trackers as t",
    "rules = t.shipped_rules()",
)
_THEIRS = (
    "import adblock, pathlib, sys",
    """filters = adblock.FilterSet()
filters.add_filter_list(pathlib.Path(sys.argv[1]).read_text())
engine = adblock.Engine(filters)""",
)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.trackers", description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--ghostery", metavar="FOLDER", type=Path)
    asked = parser.parse_args()
    texts = [rule.text for rule in shipped_rules().tables[0]]
    filters = adblock.FilterSet()
    filters.add_filters(texts)
    engine = adblock.Engine(filters)
    rules = Rules([shipped_rules().tables[0]])
    with tempfile.TemporaryDirectory() as folder:
        lists = Path(folder, "lists.txt")
        lists.write_text("\n".join(texts))
        for name, parts in (("ours", _OURS), ("adblock", _THEIRS)):
            seconds, kilobytes = _started(parts, str(lists))
            print(f"load, {name:8}  {seconds * 1e3:7.1f} ms   {kilobytes / 1024:6.1f} MB")
        real = loads(corpus.pages())
        _decisions(rules, engine, texts, real, asked.rounds)
        if asked.ghostery:
            _compare(rules, engine, _many(texts, real), asked.ghostery, lists)


def _started(parts: tuple[str, str], lists: str) -> tuple[float, float]:
    """Return CPU seconds and kilobytes of loading the rules, the least of five processes."""
    script = _START.format(imports=parts[0], load=parts[1])
    runs = [
        subprocess.run(  # noqa: S603 - this interpreter, a script of ours
            [sys.executable, "-c", script, lists],
            check=True,
            capture_output=True,
            text=True,
            env=dict(os.environ),
        ).stdout.split()
        for _ in range(5)
    ]
    return min(float(run[0]) for run in runs), min(float(run[1]) for run in runs)


def _decisions(
    rules: Rules, engine: adblock.Engine, texts: list[str], real: Asked, rounds: int
) -> None:
    chosen = random.Random(3)  # noqa: S311 - the same addresses every time
    hosts = shipped_rules().companies.hosts
    kinds: list[tuple[str, Asked]] = [
        ("everyday addresses", list(everyday(hosts, chosen, 10_000))),
        ("addresses made from the rules", list(made_from(texts, chosen, 5_000))),
        ("loads of real pages", real),
    ]
    for title, asked in filter(itemgetter(1), kinds):
        pages = [(url, f"https://{page}/", kind) for url, page, kind in asked]

        def ours(asked: Asked = asked) -> None:
            for each in asked:
                rules.explain(*each)

        def theirs(pages: Asked = pages) -> None:
            for each in pages:
                engine.check_network_urls(*each)

        stopped = sum(rules.match(*each) is not None for each in asked) / len(asked)
        mine, other = _least(ours, rounds, len(asked)), _least(theirs, rounds, len(asked))
        print(f"{title} ({stopped:.0%} stopped)")
        print(f"  cold, ours      {mine:7.2f} us   {mine / other:.2f} x adblock")
        print(f"  cold, adblock   {other:7.2f} us")
    match, (url, page, kind) = rules.match, kinds[0][1][0]

    def cached() -> None:
        for _ in range(100_000):
            match(url, page, kind)

    def nothing() -> None:
        for _ in range(100_000):
            len(url)

    least, call = _least(cached, rounds, 100_000), _least(nothing, rounds, 100_000)
    print(f"cached            {least:7.3f} us   (a call of len: {call:.3f})")


def _least(run: Callable[[], None], rounds: int, count: int) -> float:
    """Return the CPU microseconds of one of `count` decisions, the least of some rounds."""
    least = float("inf")
    for _ in range(rounds):
        began = time.process_time()
        run()
        least = min(least, time.process_time() - began)
    return least / count * 1e6


def _many(texts: list[str], real: Asked) -> dict[str, Asked]:
    """Return the loads to compare verdicts on, by what they are."""
    chosen = random.Random(5)  # noqa: S311 - the same addresses every time
    return {
        "addresses made from the rules": list(made_from(texts, chosen, 60_000)),
        "everyday addresses": list(everyday(shipped_rules().companies.hosts, chosen, 40_000)),
        "loads of real pages": real,
    }


def _compare(
    rules: Rules, engine: adblock.Engine, many: dict[str, Asked], folder: Path, lists: Path
) -> None:
    for title, asked in many.items():
        theirs = {
            "adblock": [
                engine.check_network_urls(url, f"https://{page}/", kind).matched
                for url, page, kind in asked
            ],
            "@ghostery/adblocker": _ghostery(asked, folder, lists),
        }
        for name, verdicts in theirs.items():
            _print_differing(f"{title}: {name}", rules, asked, verdicts)


def _ghostery(asked: Asked, folder: Path, lists: Path) -> list[bool]:
    requests, verdicts = lists.with_name("requests.json"), lists.with_name("verdicts.json")
    requests.write_text(json.dumps(asked))
    script = (
        folder / "alpines-privacy-verdicts.mjs"
    )  # beside node_modules, where node looks for packages
    script.write_text(Path(__file__).with_name("ghostery.mjs").read_text())
    subprocess.run(["node", script, lists, requests, verdicts], check=True)  # noqa: S603, S607
    told: list[bool] = json.loads(verdicts.read_text())
    return told


def _print_differing(title: str, rules: Rules, asked: Asked, theirs: Sequence[bool]) -> None:
    differing = [
        (each, rules.explain(*each), verdict)
        for each, verdict in zip(asked, theirs, strict=True)
        if (rules.match(*each) is not None) is not verdict
    ]
    agreement = 1 - len(differing) / max(1, len(asked))
    print(f"{title} agrees on {agreement:.5%} of {len(asked):,}")
    for (url, page, kind), decision, verdict in differing:
        rule = decision.blocking.text if decision.blocking else None
        print(
            f"  {'stopped' if verdict else 'passed'} by theirs: {url} {page} {kind}; our rule: {rule}"
        )


if __name__ == "__main__":
    main()
