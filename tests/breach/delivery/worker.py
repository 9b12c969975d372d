"""A sender in a process of its own: `python -m tests.breach.delivery.worker URL INCIDENT PORT`.

Its leases are short, so that what a killed one held comes back soon.
"""

from __future__ import annotations

import asyncio
import os
import sys

from alpines_privacy.breach.database import Database
from alpines_privacy.breach.delivery import retries
from alpines_privacy.breach.delivery import sender as sending
from alpines_privacy.breach.incidents import Incidents
from tests.breach.delivery.support import Notices, local

__all__ = ["main"]


def main() -> None:
    """Send until nobody is left."""
    url, name, port = sys.argv[1:]
    sending._LEASE, retries._FIRST = 10.0, 1.0
    database = Database(url)
    incident = Incidents(database).get(name)
    sender = sending.Sender(
        database,
        incident,
        Notices(incident),
        local(int(port), timeout=1.0),
        worker=f"worker {os.getpid()}",
    )
    ending = asyncio.run(sender.run())
    assert ending.kind == "done", ending


if __name__ == "__main__":
    main()
