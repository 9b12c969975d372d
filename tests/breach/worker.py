"""A sender whose server is a file: `python -m tests.breach.worker URL INCIDENT LEASE SEED FILE`.

Each message that leaves is a line of FILE, written before the ledger hears of it: as with a server,
what happened is known even if the sender is killed in the next moment.
"""

from __future__ import annotations

import os
import random
import sys
import time
from datetime import UTC, datetime, timedelta

from alpines_privacy.breach.database import Database
from alpines_privacy.breach.ledger import Claim, Ledger, Outcome

__all__ = ["main"]


def main() -> None:
    """Send until nobody is left."""
    url, incident, lease, seed, file = sys.argv[1:]
    dice = random.Random(int(seed))  # noqa: S311 - the same server each time
    ledger = Ledger(Database(url), int(incident))
    sink = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    while (waiting := ledger.remaining()) is not None:
        claims = ledger.claim(f"worker {seed}", 10, lease=float(lease))
        for claim in claims:
            os.write(sink, f"claimed {claim.key}\n".encode())
        if not claims:
            time.sleep(min(waiting.seconds, 0.1))
        for begin in range(0, len(claims), 3):
            _send(ledger, claims[begin : begin + 3], float(lease), dice, sink)


def _send(
    ledger: Ledger, claims: list[Claim], lease: float, dice: random.Random, sink: int
) -> None:
    begun = ledger.begin(claims, lease=lease)
    for claim in begun:
        os.write(sink, f"sent {claim.key}\n".encode())
    ledger.finish([_answered(claim, dice) for claim in begun])


def _answered(claim: Claim, dice: random.Random) -> Outcome:
    luck = dice.random()
    if luck < 0.1:
        retry = datetime.now(UTC) + timedelta(milliseconds=50)
        return Outcome(claim, "deferred", 454, "4.7.0 Throttling", "mx", retry)
    if luck < 0.15:
        return Outcome(claim, "failed", 550, "5.1.1 unknown", "mx")
    return Outcome(claim, "accepted", 250, "2.0.0 queued", "mx")


if __name__ == "__main__":
    main()
