"""`alpines-privacy breach send`: what it says before, what it asks, what it shows, and how it ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from alpines_privacy.breach.database import Database
from alpines_privacy.breach.delivery.connection import PASSWORD
from alpines_privacy.breach.incidents import Incidents
from alpines_privacy.breach.ledger import Counts, Ledger
from alpines_privacy.cli import main
from tests.breach.support import wait_until
from tests.support.mail_server import Fault, MailServer, mail_server, no_faults
from tests.support.processes import free_port

POLICY = """\
[breach]
zone = "Asia/Karachi"
contact = "Data protection, 021 111 222 333"
email = "privacy@example.com"
[breach.smtp]
host = "127.0.0.1"
port = {port}
security = "none"
"""
INCIDENT = """\
name = "lost-laptop"
discovered = {discovered}
kinds = ["EMAIL", "PHONE"]
what_happened = "A laptop was stolen."
what_we_do = "Its keys are revoked."
what_you_can_do = "Change your password."
"""
PAST = "2026-01-05T10:00:00"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("ALPINES_PRIVACY_BREACH_LEDGER", PASSWORD):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def server() -> Iterator[MailServer]:
    with mail_server() as running:
        yield running


def run(*arguments: str, given: str = "") -> Result:
    result = CliRunner().invoke(main, ["breach", *arguments], input=given)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def opened(port: int, people: int = 12, *, discovered: str = "", more: str = "") -> None:
    """Open an incident, found today unless it says else, with people in the ledger."""
    Path("alpines-privacy.toml").write_text(POLICY.format(port=port) + more, "utf-8")
    moment = discovered or _today()
    Path("incident.toml").write_text(INCIDENT.format(discovered=moment), "utf-8")
    assert run("open", "--file", "incident.toml").exit_code == 0
    rows = (
        f"person{index}@mail.example.com,{'ur' if index % 4 == 0 else ''}"
        for index in range(people)
    )
    Path("people.csv").write_text("\n".join(["email,language", *rows]) + "\n", "utf-8")
    if people:
        assert run("import", "people.csv", "--yes").exit_code == 0


def _today() -> str:
    return (datetime.now(UTC) - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")


def counts() -> Counts:
    database = Database("sqlite:///breach.db")
    try:
        return Ledger(database, Incidents(database).get("lost-laptop").id).counts()
    finally:
        database.close()


def history() -> list[str]:
    database = Database("sqlite:///breach.db")
    try:
        return [entry.what for entry in Incidents(database).history("lost-laptop")][2:]
    finally:
        database.close()


def test_without_send_it_only_says_what_it_would_do(server: MailServer) -> None:
    opened(server.port)
    result = run("send")
    assert result.exit_code == 0
    assert all(len(line) <= 80 for line in result.stdout.splitlines())
    for words in (
        "nothing is sent without --send", "12 to be mailed", "en ", f"127.0.0.1:{server.port} (none",
        "as many as the server takes", "none of these texts was accepted yet", "Notice of Data Breach",
        "needs ",
    ):  # fmt: skip
        assert words in result.stdout
    assert "person3" not in result.stdout
    assert server.received == []
    assert history() == []


def test_a_set_rate_that_is_too_slow_is_told(server: MailServer) -> None:
    opened(server.port, 100, more="rate = 0.0001\n")
    assert "TOO LATE" in run("send").stdout


def test_the_server_is_looked_at_without_a_message(server: MailServer) -> None:
    opened(server.port)
    result = run("send", "--check")
    assert result.exit_code == 0
    assert "lets us in" in result.stdout
    assert "smtputf8" in result.stdout
    assert server.received == []


def test_a_test_message_goes_to_the_operator_alone(server: MailServer) -> None:
    opened(server.port)
    assert run("send", "--test").exit_code == 0
    assert run("send", "--test-to", "me@example.com").exit_code == 0
    assert [each.recipient for each in server.received] == ["privacy@example.com", "me@example.com"]
    assert history() == ["tested", "tested"]
    assert "a message of these texts was accepted" in run("send").stdout


def test_nobody_is_mailed_before_a_test_message_is_accepted(server: MailServer) -> None:
    server.faults = lambda stage, who: (
        "550 5.7.1 no" if stage == "rcpt" and who.startswith("privacy") else None
    )
    opened(server.port)
    result = run("send", "--send", "--yes")
    assert result.exit_code == 2
    assert "does not accept the test message, after RCPT TO: 550 5.7.1 no" in result.stderr
    assert server.received == []
    assert counts() == Counts(pending=12)


def test_a_test_of_other_texts_does_not_count(server: MailServer) -> None:
    opened(server.port)
    run("send", "--test")
    run("amend", "--what-happened", "Two laptops were stolen.")
    assert "none of these texts" in run("send").stdout
    run("send", "--send", "--yes", "--limit", "1")
    assert history().count("tested") == 2


def test_everybody_is_told(server: MailServer) -> None:
    opened(server.port)
    result = run("send", "--send", "--yes")
    assert result.exit_code == 0, result.stderr
    assert counts() == Counts(accepted=12)
    assert len(server.received) == 13
    assert server.received[0].recipient == "privacy@example.com"
    assert b"Subject: Notice of Data Breach" in server.received[1].content
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert lines[-1]["ending"] == "done"
    assert lines[-1]["done"] == lines[-1]["people"] == 12
    assert all(line["version"] == 1 and line["incident"] == "lost-laptop" for line in lines)
    assert "person" not in result.stdout.replace('"people"', "")
    assert history() == ["tested", "sending", "finished"]
    again = run("send", "--send", "--yes")
    assert (again.exit_code, len(server.received)) == (0, 13)


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody who can be asked."""
    monkeypatch.setattr("alpines_privacy.cli.breach.send.has_terminal", lambda: True)


@pytest.mark.usefixtures("terminal")
def test_the_name_of_the_incident_is_asked_for(server: MailServer) -> None:
    opened(server.port)
    for wrong in ("", "y", "yes", "lost"):
        result = run("send", "--send", given=f"{wrong}\n")
        assert result.exit_code == 2
        assert "nothing is sent" in result.stderr
        assert counts() == Counts(pending=12)
    result = run("send", "--send", "--format", "text", given="lost-laptop\n")
    assert result.exit_code == 0
    assert "A message goes to 12 people." in result.stderr
    assert "Nobody is left to be mailed: 12 of 12 messages are accepted." in result.stdout
    bars = [part for part in result.stderr.replace("\n", "\r").split("\r") if "|" in part]
    assert bars
    assert all(len(bar) <= 80 for bar in bars)
    assert "12/12" in bars[-1]
    assert "left" in bars[-1]


def test_where_nobody_can_be_asked_nothing_is_sent(server: MailServer) -> None:
    opened(server.port)
    result = run("send", "--send")
    assert result.exit_code == 2
    assert "expected --yes" in result.stderr
    assert counts() == Counts(pending=12)


def test_a_missed_deadline_is_status_1_and_told(server: MailServer) -> None:
    opened(server.port, discovered=PAST)
    result = run("send", "--send", "--yes", "--format", "text")
    assert result.exit_code == 1
    assert "The deadline was missed" in result.stdout
    assert counts() == Counts(accepted=12)


def test_a_pause_holds_until_it_is_ended(server: MailServer) -> None:
    def refuses(stage: str, recipient: str) -> str | None:
        is_other = stage == "rcpt" and not recipient.startswith("privacy")
        return f"550 5.7.1 <{recipient}> relaying denied" if is_other else None

    server.faults = refuses
    opened(server.port, 40)
    result = run("send", "--send", "--yes", "--format", "text")
    assert result.exit_code == 1
    assert "Paused: 0 of 40" in result.stdout
    assert "relaying denied" in result.stdout
    assert "@" not in result.stdout
    assert "--resume" in result.stdout
    assert "PAUSED" in run("send").stdout
    refused = run("send", "--send", "--yes")
    assert refused.exit_code == 2
    assert "is paused: the server refuses everybody" in refused.stderr
    server.faults = no_faults
    assert run("send", "--send", "--yes", "--resume", "--limit", "10").exit_code == 0
    assert counts().accepted == 10
    assert history() == ["tested", "sending", "paused", "resumed", "sending"]


WRONG: dict[str, tuple[Callable[[int], str], str]] = {
    "no table": (lambda _: "", "there is no mail server; expected [breach.smtp] with host"),
    "nobody listens": (
        lambda port: f'[breach.smtp]\nhost="127.0.0.1"\nport={port}\nsecurity="none"',
        "is it running?",
    ),
    "no password": (
        lambda port: f'[breach.smtp]\nhost="127.0.0.1"\nport={port}\nsecurity="none"\nuser="x"',
        f"{PASSWORD} is not set",
    ),
    "unencrypted": (
        lambda _: '[breach.smtp]\nhost="mail.example.com"\nsecurity="none"',
        "breach.smtp.security",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_with_the_server_is_one_line(case: str) -> None:
    opened(25)
    table, words = WRONG[case]
    policy = POLICY.partition("[breach.smtp]")[0] + table(free_port())
    Path("alpines-privacy.toml").write_text(policy, "utf-8")
    result = run("send", "--send", "--yes")
    assert result.exit_code == 2
    assert words in result.stderr
    assert result.stderr.count("\n") == 1
    assert counts() == Counts(pending=12)


def test_an_empty_ledger_is_told(server: MailServer) -> None:
    opened(server.port, 0)
    result = run("send", "--send", "--yes")
    assert result.exit_code == 2
    assert "breach import FILE" in result.stderr


def interrupted(
    holds: Callable[[], bool], *signals: signal.Signals
) -> subprocess.CompletedProcess[str]:
    """Run the command, and send signals to it once something holds, each after the one before was heard."""
    command = [sys.executable, "-c", "from alpines_privacy.cli import main; main()"]
    arguments = ["breach", "send", "--send", "--yes", "--format", "text"]
    process = subprocess.Popen(  # noqa: S603 - our own command
        [*command, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ.copy(),
    )
    try:
        wait_until(lambda: holds() or process.poll() is not None)
        heard = ""
        for index, each in enumerate(signals):
            process.send_signal(each)
            while index + 1 < len(signals) and "Stopping" not in heard:
                heard += process.stderr.readline() if process.stderr else ""
        out, err = process.communicate(timeout=120)
    finally:
        process.kill()
    return subprocess.CompletedProcess(arguments, process.returncode, out, err)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_stops_and_says_how_to_go_on(number: signal.Signals) -> None:
    def slow(stage: str, _: str) -> Fault | None:
        return Fault.SLOW if stage == "rcpt" else None

    with mail_server(slow) as server:
        opened(server.port, 500)
        done = interrupted(lambda: len(server.received) >= 20, number)
        assert done.returncode == 130, done.stderr
        assert "Stopped (interrupted)" in done.stdout
        assert "Go on: alpines-privacy breach send lost-laptop --send" in done.stdout
        assert "Traceback" not in done.stderr
        found = counts()
        assert found.accepted == len(server.received) - 1
        assert (found.sending, found.pending) == (0, 500 - found.accepted)


def _slow(stage: str, _: str) -> Fault | None:
    return Fault.SLOW if stage == "rcpt" else None


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="no pseudo-terminals")
def test_a_terminal_that_closes_stops_the_sending_and_leaves_nobody_in_flight() -> None:
    with mail_server(_slow) as server:
        opened(server.port, 500)
        terminal, its_end = os.openpty()
        process = subprocess.Popen(  # noqa: S603 - our own command
            [sys.executable, "-c", _ON_TERMINAL, "breach", "send", "--send", "--yes"],
            stdin=its_end,
            stdout=its_end,
            stderr=its_end,
            start_new_session=True,
            env=os.environ.copy(),
        )
        try:
            os.close(its_end)
            wait_until(lambda: len(server.received) >= 20 or process.poll() is not None)
            os.close(terminal)  # the kernel tells the session's leader
            assert process.wait(timeout=120) == 130
        finally:
            process.kill()
        found = counts()
        assert found.accepted == len(server.received) - 1
        assert (found.sending, found.pending) == (0, 500 - found.accepted)


# The terminal becomes the session's own, and a hangup is not ignored, whoever runs the tests.
_ON_TERMINAL = """
import fcntl, signal, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
signal.signal(signal.SIGHUP, signal.SIG_DFL)
from alpines_privacy.cli import main
main()
"""


def test_a_second_ctrl_c_ends_at_once() -> None:
    """The server hangs, so the first would wait for it."""
    begun: list[str] = []

    def hangs(stage: str, recipient: str) -> Fault | None:
        if stage != "content" or not recipient.startswith("person"):
            return None
        begun.append(recipient)
        return Fault.HANG

    with mail_server(hangs) as server:
        opened(server.port, 10)
        done = interrupted(lambda: bool(begun), signal.SIGINT, signal.SIGINT)
        assert done.returncode == 130
        assert "Traceback" not in done.stderr
        assert counts().sending == 10
