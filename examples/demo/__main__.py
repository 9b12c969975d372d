"""Starts all six servers, compares them, and goes on serving until Ctrl-C."""

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

from examples.demo.breach import practised
from examples.demo.browser import installed
from examples.demo.exhibits import EXHIBITS
from examples.demo.internet import Internet, internet, tls_context
from examples.demo.interruption import interruptible
from examples.demo.servers import Failed, Pair, listeners, running, stand
from examples.demo.table import Table


def main() -> int:
    options = _options()
    table = Table(sys.stdout)
    sockets = listeners(options.base_port, 2 * len(EXHIBITS) + 1)
    try:
        with (
            interruptible(),
            tempfile.TemporaryDirectory(prefix="examples-demo-") as folder,
            running(EXHIBITS, sockets[:-1], Path(folder)) as pairs,
            internet(tls_context(Path(folder)), sockets[-1]) as others,
        ):
            _show(table, pairs, Path(folder) / "drill")
            if not options.once:
                table.invitation(pairs, others.port)
                table.evidence(Path(folder) / "drill")
                _serve(table, pairs, others)
            return 1 if table.wrong else 0
    except Failed as failure:
        sys.stderr.write(f"\n{failure}\n")
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # `| head` has seen enough; Python would say so once more at its end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m examples.demo", description=__doc__)
    parser.add_argument(
        "--once", action="store_true", help="end after the table: 0 if all is well, else 1"
    )
    parser.add_argument(
        "--base-port",
        type=int,
        default=8001,
        metavar="N",
        help="the first of seven ports (default: %(default)s; 0: any that are free)",
    )
    return parser.parse_args()


def _show(table: Table, pairs: list[Pair], drill: Path) -> None:
    table.opening(has_browser=installed() is not None)
    for pair in pairs:
        table.heading(pair)
        for check in pair.exhibit.checks:
            for row in check.rows(pair.bare, pair.protected):
                stand(pairs)
                table.row(row)
    table.drill_heading()
    for check in practised(drill, table.step):
        table.check(check)
    table.verdict()


def _serve(table: Table, pairs: list[Pair], others: Internet) -> None:
    """Go on serving, and tell what browsers ask other companies for."""
    told = 0
    try:
        while True:
            stand(pairs)
            for asked in others.asked[told:]:
                told += 1
                if asked.counts:
                    table.asked(asked)
            time.sleep(0.5)
    except KeyboardInterrupt:
        sys.stdout.write("\n")


if __name__ == "__main__":
    sys.exit(main())
