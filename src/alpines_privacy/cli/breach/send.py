"""`breach send`: what would be sent, a test message, and then the notices."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from types import FrameType
from typing import Any, NamedTuple, Protocol, TypeVar

import click

from alpines_privacy.breach.delivery.progress import Ending
from alpines_privacy.breach.delivery.sender import Sender
from alpines_privacy.breach.delivery.server_check import check_server
from alpines_privacy.breach.errors import BreachError
from alpines_privacy.breach.incident import Incident
from alpines_privacy.breach.ledger import Counts, Ledger, people
from alpines_privacy.breach.local_time import shown
from alpines_privacy.breach.sending import (
    Sending,
    needs_test,
    prepared,
    ready,
    resume_if_paused,
    send_test_message,
    sender_of,
)
from alpines_privacy.cli.breach.send_plan import plan_lines
from alpines_privacy.cli.breach.send_progress import Bar, Lines, ProgressDisplay
from alpines_privacy.cli.breach.settings import has_terminal, ledger_options
from alpines_privacy.cli.output import printable
from alpines_privacy.policy.smtp import Smtp

__all__ = ["send", "stopped_by_signals"]

ResultT = TypeVar("ResultT")
_INTERRUPTED = "interrupted"
_EXIT_LATE, _EXIT_INTERRUPTED = 1, 130
_URGENT = (signal.SIGINT, signal.SIGTERM)
_HANGUP = (signal.SIGHUP,) if hasattr(signal, "SIGHUP") else ()  # Windows has none


class Stoppable(Protocol):
    """What a signal stops."""

    def stop(self, reason: str) -> None:
        """Stop, and say why."""


class _Asked(NamedTuple):
    test_to: str | None
    limit: int | None
    style: str | None
    resume: bool
    yes: bool


@click.command(short_help="Send the notices.", context_settings={"max_content_width": 80})
@click.argument("name", required=False)
@click.option("--send", "is_real", is_flag=True, help="Send. Without it only say what would be.")
@click.option("--check", is_flag=True, help="Connect to the mail server, and send nothing.")
@click.option("--test", is_flag=True, help="Send the test message, and nothing else.")
@click.option(
    "--test-to", metavar="ADDRESS", help="Where it goes.  [default: the incident's address]"
)
@click.option("--resume", is_flag=True, help="With --send: end a pause.")
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Stop after N people.")
@click.option(
    "--format", "style", type=click.Choice(["text", "json"]), help="[default: json, if no terminal]"
)
@click.option("-y", "--yes", is_flag=True, help="Do not ask for the incident's name.")
@ledger_options
def send(  # noqa: PLR0913, PLR0917 - each option is a parameter
    name: str | None,
    test_to: str | None,
    limit: int | None,
    style: str | None,
    policy: str | None,
    ledger: str | None,
    *,
    is_real: bool,
    check: bool,
    test: bool,
    resume: bool,
    yes: bool,
) -> None:
    """Say what would be sent; with --send, send it: one message to each person who is left.

    First a test message goes to your own address, and has to be accepted. Run it again whenever it
    has stopped: it goes on where it was. Several may run at once, on one ledger.

    Exit status 0: everybody is told, or the limit is reached. 1: after the deadline, or paused.
    130: interrupted.
    """
    with prepared(name, ledger, policy) as sending:
        if check:
            _check(sending.smtp)
        elif is_real:
            _send(sending, _Asked(test_to, limit, style, resume, yes))
        elif test or test_to:
            _test(sending, test_to)
        else:
            click.echo("\n".join(plan_lines(*sending)))


def _check(smtp: Smtp) -> None:
    checked = _run(check_server(smtp))
    click.echo(f"{checked.server} lets us in ({smtp.security}).")
    click.echo(f"  signed in   {'yes' if smtp.user else 'no user is set'}")
    click.echo(_cut(f"  offers      {' '.join(map(printable, checked.offers)) or 'nothing'}"))


def _cut(line: str) -> str:
    return line if len(line) <= 80 else f"{line[:77]}..."


def _test(sending: Sending, test_to: str | None) -> None:
    checked = _run(send_test_message(sending, test_to))
    click.echo(
        f"{checked.server} has accepted the test message. Read it where it arrives.", err=True
    )


def _send(sending: Sending, asked: _Asked) -> None:
    counts = ready(sending, resume=asked.resume)
    if needs_test(sending):
        _test(sending, asked.test_to)
    _confirm(sending.incident, counts, yes=asked.yes)
    resume_if_paused(sending)
    ending = _run_sender(sending, asked)
    with suppress(OSError):  # the terminal may be gone, and the exit status tells too
        click.echo("\n".join(_ending_lines(sending, ending)), err=not _is_text(asked))
    click.get_current_context().exit(_status(sending.incident, ending))


def _confirm(incident: Incident, counts: Counts, *, yes: bool) -> None:
    """Ask for the incident's name."""
    if yes or not counts.remaining:
        return
    if not has_terminal():
        raise BreachError("nobody can be asked here; expected --yes, once the test message is read")
    click.echo(f"A message goes to {people(counts.remaining)}. It cannot be undone.", err=True)
    answer = click.prompt(f"Type {incident.name} to send", err=True, default="", show_default=False)
    if answer.strip() != incident.name:
        raise BreachError("that is not the incident's name; nothing is sent")


def _run_sender(sending: Sending, asked: _Asked) -> Ending:
    sender = sender_of(sending, limit=asked.limit)
    shows: ProgressDisplay = (
        Bar(sending.incident.zone) if _is_text(asked) else Lines(sending.incident.name)
    )
    ending = None
    try:
        ending = _run(_interruptible(sender, shows))
    finally:
        shows.end(ending)
    return ending


async def _interruptible(sender: Sender, shows: ProgressDisplay) -> Ending:
    with stopped_by_signals(asyncio.get_running_loop(), sender):
        return await sender.run(shows.show)


@contextmanager
def stopped_by_signals(loop: asyncio.AbstractEventLoop, sender: Stoppable) -> Iterator[None]:
    """Stop at the first signal, and end at once at the second.

    A terminal that closes stops it too, and never ends it at once: kernel, shell and session may all tell
    of it. A hangup that was ignored (`nohup`) stays ignored.
    """

    def stop(number: int, __: FrameType | None) -> None:
        if number in _URGENT:
            for each in _URGENT:
                signal.signal(each, _end_at_once)
        loop.call_soon_threadsafe(sender.stop, _INTERRUPTED)
        with suppress(OSError, RuntimeError):  # the terminal is gone, or is being written to
            click.echo("\nStopping: messages that have begun end. Again: at once.", err=True)

    hangup = [each for each in _HANGUP if signal.getsignal(each) != signal.SIG_IGN]
    before = {number: signal.signal(number, stop) for number in (*_URGENT, *hangup)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _end_at_once(_: int, __: FrameType | None) -> None:
    os._exit(_EXIT_INTERRUPTED)


def _ending_lines(sending: Sending, ending: Ending) -> list[str]:
    counts = Ledger(sending.database, sending.incident.id).counts()
    told = f"{counts.accepted:,} of {counts.total:,} messages are accepted"
    again = f"alpines-privacy breach send {sending.incident.name} --send"
    if ending.kind == "done":
        lines = [f"Nobody is left to be mailed: {told}."]
        if other := counts.failed + counts.bounced:
            lines.append(f"To be told another way: {people(other)} (breach status)")
        if datetime.now(UTC) > sending.incident.deadline:
            deadline = shown(sending.incident.deadline, sending.incident.zone)
            lines.append(f"The deadline was missed: {deadline}.")
        return lines
    if ending.kind == "paused":
        return [f"Paused: {told}.", f"  {printable(ending.reason)}", f"Go on: {again} --resume"]
    return [f"Stopped ({ending.reason}): {told}.", f"Go on: {again}"]


def _status(incident: Incident, ending: Ending) -> int:
    if ending.kind == "stopped":
        return _EXIT_INTERRUPTED if ending.reason == _INTERRUPTED else 0
    is_late = ending.kind == "paused" or datetime.now(UTC) > incident.deadline
    return _EXIT_LATE if is_late else 0


def _is_text(asked: _Asked) -> bool:
    return asked.style == "text" or (asked.style is None and sys.stderr.isatty())


def _run(work: Coroutine[Any, Any, ResultT]) -> ResultT:
    return asyncio.run(work)
