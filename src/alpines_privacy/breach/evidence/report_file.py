"""The report in a file, for its owner alone."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, NamedTuple

from sqlalchemy import Connection

from alpines_privacy.breach.evidence.facts import Facts, facts_of
from alpines_privacy.breach.evidence.html_report import html_report
from alpines_privacy.breach.evidence.json_report import json_report
from alpines_privacy.breach.evidence.people import people_of
from alpines_privacy.breach.evidence.withheld import withheld
from alpines_privacy.breach.incident import Incident
from alpines_privacy.breach.opening import Policy, ledger_and_incident
from alpines_privacy.breach.private_file import private_file

__all__ = ["ReportFile", "Style", "report"]

Style = Literal["html", "json"]


class ReportFile(NamedTuple):
    """A report: its file, the digest of its bytes, and the facts in it."""

    path: Path
    sha256: str
    facts: Facts


def report(  # noqa: PLR0913 - what is said of whom, and where
    output: str | os.PathLike[str] | None = None,
    name: str | None = None,
    *,
    style: Style = "html",
    with_addresses: bool = True,
    ledger: str | None = None,
    policy: Policy = None,
) -> ReportFile:
    """Write the evidence of an incident's notices into a new file (mode 600), `NAME-evidence.html` by default.

    Memory stays the same for any number of people. Raises `BreachError` if the file is there
    already or cannot be written.
    """
    with ledger_and_incident(name, ledger, policy) as (database, incident):
        path = Path(output or f"{incident.name}-evidence.{style}")
        with database.snapshot() as connection:
            facts = facts_of(connection, incident)
            facts = facts if with_addresses else withheld(facts)
            parts = _parts(connection, incident, facts, style, with_addresses=with_addresses)
            return ReportFile(path, _write(path, parts), facts)


def _parts(
    connection: Connection, incident: Incident, facts: Facts, style: Style, *, with_addresses: bool
) -> Iterator[str]:
    if style == "json":
        people = people_of(connection, incident)
        return json_report(facts, people, with_addresses=with_addresses)
    others = people_of(connection, incident, another_way=False)
    another_way = people_of(connection, incident, another_way=True)
    return html_report(facts, another_way, others, with_addresses=with_addresses)


def _write(path: Path, parts: Iterator[str]) -> str:
    """Write the file, or none of it; return its digest."""
    digest = hashlib.sha256()
    with private_file(path) as file:
        for part in parts:
            content = part.encode("utf-8", "backslashreplace")
            digest.update(content)
            file.write(content)
    return digest.hexdigest()
