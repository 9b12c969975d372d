"""`python -m benchmarks`: measure everything, print one table."""

from __future__ import annotations

import argparse
import logging
import os
import platform

from benchmarks.layers import benches
from benchmarks.pages import print_tables
from benchmarks.startup import measured
from benchmarks.table import print_bench, print_head, print_starts


def main() -> None:
    """Print the table; budgets that are not met are shown and change nothing of the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--rounds", type=int, default=101, help="pairs of batches for each layer")
    parser.add_argument("--starts", type=int, default=15, help="interpreters for each way to start")
    parser.add_argument("--only", default="", help="benches whose title holds this text")
    asked = parser.parse_args()
    logging.disable(logging.CRITICAL)  # notices that come once are not what is measured
    print(
        f"{platform.python_implementation()} {platform.python_version()}, {os.cpu_count()} cores, "
        f"median of {asked.rounds} rounds of paired batches\n"
    )
    print_head()
    for bench in benches():
        if asked.only.lower() in bench.title.lower():
            bench.check()
            bench.run(asked.rounds)
            print_bench(bench)
    if asked.only.lower() in "starting":
        print_starts(measured(asked.starts))
    if asked.only.lower() in "real pages":
        print()
        print_tables(rounds=2)


if __name__ == "__main__":
    main()
