"""What tests of delivery share: short notices, a ledger with people, and a sender run to its end."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from alpines_privacy.breach.database import Database
from alpines_privacy.breach.delivery.progress import Ending, Progress
from alpines_privacy.breach.delivery.sender import Sender
from alpines_privacy.breach.errors import BreachError
from alpines_privacy.breach.incident import Incident
from alpines_privacy.breach.incidents import Incidents
from alpines_privacy.breach.ledger import Claim, Counts, Ledger
from alpines_privacy.policy.smtp import Smtp
from tests.breach.support import bring, fast_folder, opened_ledger, people

__all__ = [
    "Letter",
    "Notices",
    "Sending",
    "entries",
    "letter",
    "local",
    "opened_sending",
    "until",
    "written",
]


class Letter(NamedTuple):
    sender: str
    recipient: str
    content: bytes
    is_international: bool = False


def letter(recipient: str = "jane@example.com", body: bytes = b"Hello.\r\n", **more: Any) -> Letter:
    head = b"Message-ID: <1@example.com>\r\nSubject: Notice\r\n\r\n"
    return Letter("privacy@example.com", recipient, head + body, **more)


class Notices:
    """Notices of three lines; `refuses` names people for whom there can be none."""

    digest = "0" * 64

    def __init__(
        self, incident: Incident, refuses: Callable[[Claim], bool] = lambda _: False
    ) -> None:
        self._incident = incident
        self._refuses = refuses

    def letter(self, claim: Claim) -> Letter:
        if self._refuses(claim):
            raise BreachError("the name holds what no header can")
        head = f"Message-ID: {self._incident.message_id(claim.key)}\r\nSubject: Notice\r\n\r\n"
        return Letter(
            "privacy@example.com",
            claim.address,
            f"{head}Hello.\r\n".encode(),
            not claim.address.isascii(),
        )

    def test_letter(self, address: str) -> Letter:
        return letter(address)


def local(port: int, **settings: Any) -> Smtp:
    """The settings of a server of the tests."""
    common: dict[str, Any] = {
        "host": "127.0.0.1",
        "port": port,
        "security": "none",
        "timeout": 20.0,
    }
    return Smtp(**(common | settings))


class Sending(NamedTuple):
    """A ledger with people in it."""

    database: Database
    incident: Incident
    ledger: Ledger

    def sender(self, smtp: Smtp, **options: Any) -> Sender:
        notices = options.pop("notices", None) or Notices(self.incident)
        common: dict[str, Any] = {"worker": "test", "grace": 20.0}
        return Sender(self.database, self.incident, notices, smtp, **(common | options))

    def run(self, smtp: Smtp, **options: Any) -> Ending:
        """Send until the end."""
        told: list[Progress] = []
        ending = asyncio.run(self.sender(smtp, **options).run(told.append))
        assert ending.kind != "done" or told[-1].people == told[-1].done
        return ending

    def counts(self) -> Counts:
        return self.ledger.counts()

    def due_now(self) -> None:
        """Let everybody who waits be due at once: what follows in half an hour follows now."""
        with self.database.write() as connection:
            connection.exec_driver_sql("UPDATE breach_recipient SET due = 0 WHERE due IS NOT NULL")


@contextmanager
def opened_sending(number: int, url: str | None = None, **changes: Any) -> Iterator[Sending]:
    """A ledger with an incident and that many people, in memory unless a URL is given."""
    with fast_folder() as folder:
        place = url or f"sqlite:///{folder / 'ledger.db'}"
        with opened_ledger(place, **changes) as (database, incident):
            if number:
                bring(database, incident, people(folder / "people.csv", number))
            yield Sending(database, incident, Ledger(database, incident.id))


def entries(sending: Sending) -> list[str]:
    """Return what the history says about the sending."""
    history = Incidents(sending.database).history(sending.incident.name)
    return [entry.what for entry in history if entry.what not in {"opened", "imported"}]


async def until(holds: Callable[[], bool]) -> None:
    """Look again and again until something holds, in the loop of what makes it hold."""
    deadline = time.monotonic() + 120
    while not holds():
        assert time.monotonic() < deadline, "it never came"
        await asyncio.sleep(0.002)


def written(path: Path, addresses: list[str]) -> Path:
    """Write a list of addresses."""
    path.write_text("\n".join(["email", *addresses]) + "\n", "utf-8")
    return path
