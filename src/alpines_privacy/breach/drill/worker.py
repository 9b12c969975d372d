"""A process that sends the drill's notices, and may be killed: `python -m ... LEDGER POLICY HASTE`."""

from __future__ import annotations

import sys

from alpines_privacy.breach.errors import BreachError
from alpines_privacy.breach.sending import send

__all__ = ["main"]


def main() -> int:
    """Send, and end with 0 if nobody is left."""
    ledger, policy, speedup = sys.argv[1:]
    try:
        ending = send(ledger=ledger, policy=policy, speedup=float(speedup))
    except BreachError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stderr.write(f"{ending.kind} {ending.reason}\n")
    return 0 if ending.kind == "done" else 1


if __name__ == "__main__":
    sys.exit(main())
