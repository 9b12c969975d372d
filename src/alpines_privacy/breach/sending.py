"""Notices sent from a program: the test message first, then one to each person who is left."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from alpines_privacy.breach.database import Database
from alpines_privacy.breach.delivery.connection import Endpoint
from alpines_privacy.breach.delivery.entries import pause_of, was_tested, write_entry
from alpines_privacy.breach.delivery.progress import Ending, Progress
from alpines_privacy.breach.delivery.sender import Sender
from alpines_privacy.breach.delivery.server_check import ServerCheck, send_test
from alpines_privacy.breach.errors import BreachError
from alpines_privacy.breach.incident import Incident
from alpines_privacy.breach.ledger import Counts, Ledger, worker_name
from alpines_privacy.breach.notice.notices import Notices
from alpines_privacy.breach.opening import Policy, ledger_and_incident, settings_of
from alpines_privacy.policy.breach import Breach
from alpines_privacy.policy.smtp import Smtp

__all__ = [
    "Sending",
    "needs_test",
    "prepared",
    "ready",
    "resume_if_paused",
    "send",
    "send_async",
    "send_test_message",
    "sender_of",
]


class Sending(NamedTuple):
    """An incident in an open ledger, its notices, and the mail server that they are given to."""

    database: Database
    incident: Incident
    notices: Notices
    smtp: Smtp


def send(  # noqa: PLR0913 - how it is sent, and what is shown
    name: str | None = None,
    *,
    test_to: str | None = None,
    limit: int | None = None,
    resume: bool = False,
    progress: Callable[[Progress], None] = lambda _: None,
    speedup: float = 1.0,
    ledger: str | None = None,
    policy: Policy = None,
) -> Ending:
    """Send the notices to everybody who is left, and return how it ended: done, paused or stopped.

    There is no dry run and no question: a call sends. A test message goes first, to `test_to` or
    the incident's address, unless one of the same texts was accepted before. `resume` ends a pause.
    `progress` is called once a second with how far it is. `speedup` divides the seconds of leases
    and retries, for drills (2.0: half as long). Raises `BreachError` where the server or the ledger
    cannot be used; nobody is marked as failed for that. Call it again to go on.
    """
    return asyncio.run(
        send_async(
            name,
            test_to=test_to,
            limit=limit,
            resume=resume,
            progress=progress,
            speedup=speedup,
            ledger=ledger,
            policy=policy,
        )
    )


async def send_async(  # noqa: PLR0913 - as above
    name: str | None = None,
    *,
    test_to: str | None = None,
    limit: int | None = None,
    resume: bool = False,
    progress: Callable[[Progress], None] = lambda _: None,
    speedup: float = 1.0,
    ledger: str | None = None,
    policy: Policy = None,
) -> Ending:
    """Do what `send` does, in a running event loop. Cancelled, it lets messages end that have begun."""
    with prepared(name, ledger, policy) as sending:
        ready(sending, resume=resume)
        if needs_test(sending):
            await send_test_message(sending, test_to)
        resume_if_paused(sending)
        return await _run(sender_of(sending, limit=limit, speedup=speedup), progress)


async def _run(sender: Sender, progress: Callable[[Progress], None]) -> Ending:
    running = asyncio.create_task(sender.run(progress))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        sender.stop("cancelled")
        await running
        raise


@contextmanager
def prepared(name: str | None, ledger: str | None, policy: Policy) -> Iterator[Sending]:
    """Open a ledger, and read what is to be sent and to which server; raises `BreachError`."""
    settings = settings_of(policy)
    with ledger_and_incident(name, ledger, settings) as (database, incident):
        yield Sending(database, incident, Notices(incident, settings), _smtp(settings))


def _smtp(settings: Breach | None) -> Smtp:
    if settings is None or settings.smtp is None:
        raise BreachError("there is no mail server; expected [breach.smtp] with host in the policy")
    return settings.smtp


def ready(sending: Sending, *, resume: bool) -> Counts:
    """Return the people by state; raises `BreachError` if the sending is paused or cannot begin."""
    pause = pause_of(sending.database, sending.incident)
    if pause.is_paused and not resume:
        raise BreachError(f"the sending is paused: {pause.reason}; --resume goes on")
    counts = Ledger(sending.database, sending.incident.id).counts()
    if not counts.total:
        raise BreachError("nobody is in the ledger; expected people: breach import FILE")
    Endpoint(sending.smtp)  # its password and certificates are there, before anybody is asked
    return counts


def needs_test(sending: Sending) -> bool:
    """Whether no test message of these very texts was accepted."""
    return not was_tested(sending.database, sending.incident, sending.notices.digest)


async def send_test_message(sending: Sending, address: str | None) -> ServerCheck:
    """Send the test message, to the incident's own address without another, and write that it was accepted."""
    checked = await send_test(
        sending.smtp, sending.notices, address or str(sending.incident.texts["email"])
    )
    said = {"digest": sending.notices.digest, "server": checked.server}
    if checked.reply is not None:
        said |= {"code": str(checked.reply.code), "reply": checked.reply.text}
    write_entry(sending.database, sending.incident, "tested", said)
    return checked


def resume_if_paused(sending: Sending) -> None:
    """End a pause, for all senders of the incident."""
    if pause_of(sending.database, sending.incident).is_paused:
        write_entry(sending.database, sending.incident, "resumed", {"worker": worker_name()})


def sender_of(sending: Sending, *, limit: int | None = None, speedup: float = 1.0) -> Sender:
    """Return a sender, named by this machine and process in the evidence."""
    return Sender(*sending, worker=worker_name(), limit=limit, speedup=speedup)
