"""An invented incident, and a list of invented people such as lists are: with doubles and mistakes."""

from __future__ import annotations

import csv
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

__all__ = ["NAME", "incident", "write_people", "write_policy"]

NAME = "breach-drill"
_ZONE = "Asia/Karachi"
_LEAKED = "leaked.example.net"
_DOMAINS = (
    "mail.example.com",
    "post.example.net",
    "inbox.example.org",
    "mx.example.com",
)  # RFC 2606
_FIRST = ("Ayesha", "Bilal", "Zoë", "Jürgen", "Mira", "Ali", "Sana", "Ömer", "Lucía", "Noor")
_LAST = ("Khan", "Rossi", "Müller", "O'Brien", "Ahmed", "García", "Iqbal", "Smith", "Malik")
_COLUMNS = ("id", "E-mail", "Name", "Language", "Phone")

_POLICY = """\
[breach]
zone = "{zone}"
contact = "Data protection, 021 111 222 333"
email = "privacy@example.com"
sender = "Invented Shop"
bounces = "bounces+{{key}}@example.com"
ledger = "{ledger}"

[[breach.calendars]]
country = "PK"

[breach.smtp]
host = "127.0.0.1"
port = {port}
security = "none"
refusals = 0.5
"""


def write_policy(path: Path, ledger: str, port: int) -> None:
    """Write the policy of an operator whose mail server listens on a port of this machine."""
    path.write_text(_POLICY.format(zone=_ZONE, ledger=ledger, port=port), "utf-8")


def incident() -> dict[str, Any]:
    """Return an incident that was discovered an hour ago."""
    discovered = datetime.now(ZoneInfo(_ZONE)) - timedelta(hours=1)
    return {
        "name": NAME,
        "discovered": discovered.isoformat(sep=" ", timespec="seconds"),
        "confirmed": datetime.now(UTC).isoformat(sep=" ", timespec="seconds"),
        "kinds": ["NAME", "EMAIL", "PHONE"],
        "what_happened": "This is a drill. An invented laptop with an invented list was stolen.",
        "consequences": "Nothing: the people are invented too.",
        "what_we_do": "We practise.",
        "what_you_can_do": "Nothing.",
        "leaked_mailboxes": [_LEAKED],
    }


def write_people(path: Path, people: int, seed: int) -> None:
    """Write a list of that many people; the same for the same seed."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(_COLUMNS)
        writer.writerows(_rows(people, random.Random(seed)))  # noqa: S311 - nothing is secret here


def _rows(people: int, dice: random.Random) -> Iterator[list[str]]:
    """Yield a row for each person, every fiftieth with a mistake; some twice, and one that is broken."""
    for number in range(people):
        first, last = dice.choice(_FIRST), dice.choice(_LAST)
        address = f"{first[0].lower()}{number}@{dice.choice(_DOMAINS)}".encode("ascii", "ignore")
        row = [
            str(number),
            address.decode(),
            f"{first} {last}",
            dice.choice(("en", "ur", "de", "")),
            "",
        ]
        yield _mistaken(row, number % 50)
        if number % 50 == 7:
            yield [*row[:1], row[1].upper(), *row[2:]]
    yield ["one", "cell", "too", "many", "in", "this", "row"]


def _mistaken(row: list[str], place: int) -> list[str]:
    if place == 3:
        row[1] = "no address at all"
    elif place == 13:
        row[1], row[4] = "", "021 000 000"
    elif place == 23:
        row[1] = f"{row[1].partition('@')[0]}@{_LEAKED}"
    return row
