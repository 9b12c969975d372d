"""The steps of the drill, one after the other, and what has to hold at its end."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from alpines_privacy.breach.bounced.collected import Tally, bounces
from alpines_privacy.breach.drill.invented import NAME, incident, write_people, write_policy
from alpines_privacy.breach.drill.returned import write_mailbox
from alpines_privacy.breach.drill.sink import Sink
from alpines_privacy.breach.errors import BreachError
from alpines_privacy.breach.evidence.people import Person, people_of
from alpines_privacy.breach.evidence.report_file import ReportFile, report
from alpines_privacy.breach.importing import import_list
from alpines_privacy.breach.incident_status import status
from alpines_privacy.breach.ledger import ANOTHER_WAY
from alpines_privacy.breach.local_time import shown
from alpines_privacy.breach.opening import ledger_and_incident, open_incident
from alpines_privacy.breach.previewing import preview

__all__ = ["Check", "DrillResult", "drill"]

_SPEEDUP = 200.0  # leases of 3 seconds, retries within one
_PATIENCE = 120.0  # seconds for a process of the drill
_KILLED_AT = 0.4  # of the people


class Check(NamedTuple):
    """Something that has to hold, what was found, and whether it does."""

    what: str
    found: str
    holds: bool


class DrillResult(NamedTuple):
    """The outcome of a drill: what had to hold, and the evidence reports (the page, and JSON)."""

    checks: list[Check]
    page: Path
    data: Path

    @property
    def holds(self) -> bool:
        """Whether everything does."""
        return all(check.holds for check in self.checks)


def drill(
    folder: Path, *, people: int = 500, seed: int = 1, progress: Callable[[str, str], None]
) -> DrillResult:
    """Run a drill in an empty folder; `progress` is called with each step and what came of it.

    Nothing leaves this machine. Raises `BreachError` for a step that cannot be done.
    """
    folder = folder.absolute()  # its processes run elsewhere
    if folder.exists() and any(folder.iterdir()):
        raise BreachError(f"{folder}: is not empty; expected a new folder")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with Sink(seed, hold_after=max(2, round(people * _KILLED_AT))) as sink:
        return _Drill(folder, sink, progress).run(people, seed)


class _Drill:
    def __init__(self, folder: Path, sink: Sink, progress: Callable[[str, str], None]) -> None:
        self._folder, self._sink, self._progress = folder, sink, progress
        self._policy = folder / "alpines-privacy.toml"
        self._ledger = f"sqlite:///{folder / 'breach.db'}"
        write_policy(self._policy, self._ledger, sink.port)

    def run(self, people: int, seed: int) -> DrillResult:
        self._begin(people, seed)
        self._send_and_kill()
        self._send()
        tally = self._read_bounces()
        page, data = self._report("html"), self._report("json")
        self._progress("report", f"{page.path.name}, {data.path.name}")
        return DrillResult(self._checks(people, tally, page), page.path, data.path)

    def _begin(self, people: int, seed: int) -> None:
        opened = open_incident(incident(), ledger=self._ledger, policy=self._policy)
        self._progress("open", f"deadline {shown(opened.deadline, opened.zone)}")
        listed = self._folder / "people.csv"
        write_people(listed, people, seed)
        done = import_list(
            listed, rejects=self._folder / "rejects.csv", ledger=self._ledger, policy=self._policy
        )
        self._progress(
            "import",
            f"{done.rows:,} rows: {done.new:,} people, {done.known:,} known already, "
            f"{done.rejected:,} rejected",
        )
        seen = preview(ledger=self._ledger, policy=self._policy)
        (self._folder / "notice.eml").write_bytes(seen.message)
        self._progress("preview", f"{seen.subject}: notice.eml, {len(seen.message):,} bytes")

    def _send_and_kill(self) -> None:
        """Let one process send, and kill it while the server has several of its messages unanswered."""
        with self._process() as process:
            self._progress("send", f"a test message, then the notices: process {process.pid}")
            try:
                held = self._sink.is_held.wait(_PATIENCE)
            finally:
                process.kill()
            errors = process.stderr.read() if process.stderr else ""
        if not held:
            raise BreachError(f"the first sender got stuck: {errors.strip()[-300:]}")
        counts = status(ledger=self._ledger, policy=self._policy).counts
        self._sink.release()
        self._progress(
            "kill -9",
            f"{counts.accepted:,} are written down as told, {counts.sending:,} are claimed",
        )

    def _send(self) -> None:
        with self._process() as process:
            self._progress(
                "send again", f"process {process.pid} goes on, once the claims have ended"
            )
            try:
                _, errors = process.communicate(timeout=_PATIENCE)
            except subprocess.TimeoutExpired:
                raise BreachError("the second sender does not finish") from None
            finally:
                process.kill()
        if process.returncode != 0:
            raise BreachError(f"the second sender did not finish: {errors.strip()[-300:]}")
        counts = status(ledger=self._ledger, policy=self._policy).counts
        answers = ", ".join(
            f"{name} {number}" for name, number in sorted(self._sink.answers.items())
        )
        self._progress("done", f"{counts.accepted:,} accepted; {answers}")

    def _process(self) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "alpines_privacy.breach.drill.worker"]
        command += [self._ledger, str(self._policy), str(_SPEEDUP)]
        return subprocess.Popen(  # noqa: S603 - our own interpreter and module
            command, cwd=self._folder, env=_environment(), text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        )  # fmt: skip

    def _read_bounces(self) -> Tally:
        path = self._folder / "returned.mbox"
        write_mailbox(path, self._sink.returned)
        tally = bounces(path, ledger=self._ledger, policy=self._policy)
        again = tally.repeated + tally.unknown + tally.delayed + tally.automatic
        self._progress("bounces", f"{tally.bounced:,} came back, {again:,} others are no news")
        return tally

    def _report(self, style: str) -> ReportFile:
        return report(
            self._folder / f"evidence.{style}",
            style="json" if style == "json" else "html",
            ledger=self._ledger,
            policy=self._policy,
        )

    def _checks(self, people: int, tally: Tally, written: ReportFile) -> list[Check]:
        """Compare the ledger with what the server was given."""
        with (
            ledger_and_incident(NAME, self._ledger, self._policy) as (database, meant),
            database.snapshot() as connection,
        ):
            everybody = list(people_of(connection, meant))
        facts = written.facts
        told = [person for person in everybody if person.state == "accepted"]
        others = [person for person in everybody if person.state in ANOTHER_WAY]
        wrong = [person for person in told if not self._is_received(person)]
        twice = [ids for ids in self._sink.received.values() if len(ids) > 1]
        unmailed = [person for person in everybody if not person.events]
        uninvited = set(self._sink.received) - {person.address for person in everybody}
        uninvited |= {str(each.address) for each in unmailed} & set(self._sink.received)
        right = [ids for ids in twice if len(set(ids)) == 1]
        sums = [each for each in facts.sums if each.adds_up]
        return [
            Check(
                "everybody is told, or listed for another way",
                f"{len(told):,} + {len(others):,} of {people:,}",
                len(told) + len(others) == people == len(everybody),
            ),
            Check(
                "the server has the message of each who is told",
                f"{len(told) - len(wrong):,}",
                not wrong,
            ),
            Check(
                "nobody else got one, but the operator's test",
                f"{len(uninvited - {'privacy@example.com'}):,}",
                uninvited <= {"privacy@example.com"},
            ),
            Check(
                "what came twice has the same Message-ID",
                f"{len(right):,} of {len(twice):,}",
                right == twice,
            ),
            Check(
                "each bounce counts once",
                f"{tally.bounced:,} of {len(self._sink.returned):,}",
                tally.bounced == len(self._sink.returned) == facts.states.bounced,
            ),
            Check("the deadline is met", facts.verdict, facts.verdict == "met"),
            Check(
                "numbers add up", f"{len(sums):,} of {len(facts.sums):,}", sums == list(facts.sums)
            ),
            Check(
                "the history is as it was written",
                f"{len(facts.entries):,} entries",
                facts.is_intact,
            ),
        ]

    def _is_received(self, person: Person) -> bool:
        return set(self._sink.received.get(str(person.address), ())) == {person.message_id}


def _environment() -> dict[str, str]:
    """Return the environment without what names the operator's real ledger, server and secrets."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("ALPINES_PRIVACY_BREACH_")
    }
