"""Bounces brought from a mailbox into the ledger, each once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from alpines_privacy.breach.bounced.imap import After, ImapMailbox, is_imap, read_url
from alpines_privacy.breach.bounced.mailboxes import FileMailbox, Mail, Mailbox
from alpines_privacy.breach.bounced.message import Reading, read_message
from alpines_privacy.breach.database import Database
from alpines_privacy.breach.errors import BreachError
from alpines_privacy.breach.incident import Incident
from alpines_privacy.breach.incidents import Incidents, append_entry
from alpines_privacy.breach.ledger import Bounce, Ledger
from alpines_privacy.breach.opening import Policy, ledger_and_incident

__all__ = ["Tally", "bounces", "collect"]

READ = "bounces read"  # in the history
_BATCH = 200  # messages of one transaction
_NOTED = 5_000  # messages after which the history keeps the position


class Tally(NamedTuple):
    """The messages of a mailbox: read is the sum of the others."""

    read: int = 0
    bounced: int = 0  # people whose notice came back
    again: int = 0  # another bounce of such a person
    repeated: int = 0  # a bounce that the ledger had already
    unknown: int = 0  # a bounce without a key of this incident
    delayed: int = 0  # a server goes on trying
    automatic: int = 0  # an automatic reply, such as of somebody on holiday
    other: int = 0

    def plus(self, other: Tally) -> Tally:
        """Return the sums."""
        return Tally(*(ours + theirs for ours, theirs in zip(self, other, strict=True)))


def bounces(  # noqa: PLR0913 - a mailbox, how it is read, and for which incident
    mailbox: str | Path,
    name: str | None = None,
    *,
    after: After = "keep",
    progress: Callable[[Tally], None] = lambda _: None,
    ledger: str | None = None,
    policy: Policy = None,
) -> Tally:
    """Bring the bounces of a mailbox into the ledger: mbox, Maildir, a message, or `imaps://USER@HOST/INBOX`.

    `after` says what becomes of the incident's messages on an IMAP server. Raises `BreachError`.
    """
    with ledger_and_incident(name, ledger, policy) as (database, incident):
        if not is_imap(str(mailbox)):
            if after != "keep":
                raise BreachError("messages in files stay as they are; expected imaps://")
            return collect(database, incident, FileMailbox(Path(mailbox)), progress)
        positions = _positions(database, incident)
        place, since = read_url(str(mailbox)), incident.opened.date() - timedelta(days=1)
        with ImapMailbox(place, since, positions, after) as box:
            return collect(database, incident, box, progress)


def _positions(database: Database, incident: Incident) -> list[Mapping[str, Any]]:
    history = Incidents(database).history(incident.name)
    return [entry.body for entry in history if entry.what == READ]


def collect(
    database: Database,
    incident: Incident,
    mailbox: Mailbox,
    progress: Callable[[Tally], None] = lambda _: None,
) -> Tally:
    """Write every bounce of a mailbox into the ledger; `progress` is called with the counts after each batch.

    Raises `BreachError` if the mailbox or the ledger can no longer be read: what was written until
    then stays, and running it again goes on from there.
    """
    ledger, total, noted = Ledger(database, incident.id), Tally(), Tally()
    try:
        for batch in _batches(mailbox.mails()):
            total = total.plus(_store(ledger, incident, mailbox, batch))
            progress(total)
            if total.read - noted.read >= _NOTED:
                _note(database, incident, mailbox, total, noted)
                noted = total
    finally:
        if total != noted:
            _note(database, incident, mailbox, total, noted)
    return total


def _batches(mails: Iterator[Mail]) -> Iterator[list[Mail]]:
    while batch := list(islice(mails, _BATCH)):
        yield batch


def _store(ledger: Ledger, incident: Incident, mailbox: Mailbox, mails: Sequence[Mail]) -> Tally:
    readings = [read_message(mail.content, incident.salt, incident.domain) for mail in mails]
    came_back = [each for each in readings if each.kind == "bounce"]
    outcomes = ledger.bounces(
        [Bounce(each.keys, each.source, each.code, each.reply) for each in came_back]
    )
    mailbox.settle(mails, _ours(ledger, mails, readings))
    others = [each.kind for each in readings]
    return Tally(
        len(mails),
        *(outcomes.count(name) for name in ("bounced", "again", "repeated", "unknown")),
        *(others.count(kind) for kind in ("delay", "automatic", "other")),
    )


def _ours(ledger: Ledger, mails: Sequence[Mail], readings: Sequence[Reading]) -> list[Mail]:
    """Return the messages, of whatever kind, that are about people of the incident."""
    keys = ledger.known({key for each in readings for key in each.keys})
    return [
        mail for mail, each in zip(mails, readings, strict=True) if not keys.isdisjoint(each.keys)
    ]


def _note(
    database: Database, incident: Incident, mailbox: Mailbox, total: Tally, noted: Tally
) -> None:
    """Write into the history what was read, and how far."""
    counts = {name: now - getattr(noted, name) for name, now in total._asdict().items()}
    body = {"mailbox": mailbox.name, **counts, **mailbox.position()}
    with database.write() as connection:
        append_entry(connection, incident.id, READ, body)
