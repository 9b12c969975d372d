"""A real Postfix: each person's notice arrives once, what it refuses and defers is told apart, what bounces is read."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from email.message import Message
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from alpines_privacy.breach.database import Database
from alpines_privacy.breach.delivery import retries
from alpines_privacy.breach.incidents import Incidents
from alpines_privacy.breach.ledger import Ledger
from alpines_privacy.cli import main
from tests.breach.support import wait_until
from tests.support.postfix import GONE, SLOW, Postfix, postfix

DOMAIN = "mail.example.com"
TOLD = [f"person{number}@{DOMAIN}" for number in range(24)]
LATER = [f"later{number}@{DOMAIN}" for number in range(4)]
REFUSED = [f"refused{number}@{DOMAIN}" for number in range(5)]
LEFT = [f"left{number}@{DOMAIN}" for number in range(3)]  # Postfix finds out later
FULL = [f"full{number}@{DOMAIN}" for number in range(2)]
PEOPLE = [*TOLD[:10], *REFUSED, *LATER, *LEFT, *FULL, *TOLD[10:]]

POLICY = """\
[breach]
zone = "UTC"
contact = "Data protection, 021 111 222 333"
email = "privacy@shop.example"
sender = "The Shop"
bounces = "bounces+{{key}}@shop.example"
ledger = "sqlite:///kept.db"

[breach.smtp]
host = "localhost"
port = {port}
ca_file = "{certificate}"
connections = 3
refusals = 0.6
"""
INCIDENT = """\
name = "lost-laptop"
discovered = 2026-11-27T18:40:00
kinds = ["EMAIL"]
what_happened = "A laptop was stolen."
what_we_do = "Its keys are revoked."
what_you_can_do = "Change your password."
"""


@pytest.fixture(scope="module")
def server() -> Iterator[Postfix]:
    boxes = dict.fromkeys([*TOLD, *LATER], "people")
    boxes |= {"privacy@shop.example": "own", "bounces@shop.example": "bounces"}
    forwarded = dict.fromkeys(LEFT, f"x@{GONE}") | dict.fromkeys(FULL, f"x@{SLOW}")
    with postfix(boxes, forwarded, later=frozenset(LATER)) as running:
        yield running


@pytest.fixture
def folder(server: Postfix, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which commands run, with an incident and its people."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ALPINES_PRIVACY_BREACH_LEDGER", raising=False)
    policy = POLICY.format(port=server.port, certificate=server.certificate)
    Path("alpines-privacy.toml").write_text(policy, "utf-8")
    Path("incident.toml").write_text(INCIDENT, "utf-8")
    rows = (f"{address},Person {number}" for number, address in enumerate(PEOPLE))
    Path("people.csv").write_text("\n".join(["email,name", *rows, ""]), "utf-8")
    run("open", "--file", "incident.toml")
    run("import", "people.csv", "--yes")
    return tmp_path


def run(*arguments: str) -> Result:
    result = CliRunner().invoke(main, ["breach", *arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def field(message: Message, name: str) -> str:
    return " ".join(str(message[name]).split())


def states() -> Counter[str]:
    database = Database("sqlite:///kept.db")
    try:
        incident = Incidents(database).get("lost-laptop")
        return Counter(Ledger(database, incident.id).counts()._asdict())
    finally:
        database.close()


def test_each_person_is_told_once_and_each_way_of_not_being_told_is_known(
    server: Postfix, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retries, "_FIRST", 0.2)
    sent = run("send", "--send", "--yes", "--format", "json")
    assert sent.exit_code in {0, 1}, sent.output  # by the deadline, which the clock decides
    counts = states()
    accepted = [*TOLD, *LATER, *LEFT, *FULL]
    assert counts["accepted"] == len(accepted)
    assert counts["failed"] == len(REFUSED)
    assert server.log.count("come back later") == len(LATER)  # each was put off once

    arrived = len(TOLD) + len(LATER)
    wait_until(lambda: len(server.messages("people")) >= arrived)
    messages = server.messages("people")
    assert Counter(field(each, "Delivered-To") for each in messages) == Counter([*TOLD, *LATER])
    identifiers = {field(each, "Message-ID") for each in messages}
    assert len(identifiers) == arrived
    for message in messages:
        assert_right(message)
    assert [field(each, "Delivered-To") for each in server.messages("own")] == [
        "privacy@shop.example"  # the test message
    ]

    again = run("send", "--send", "--yes")
    assert "Nobody is left" in again.output
    assert len(server.messages("people")) == arrived
    read_bounces(server)


def assert_right(message: Message) -> None:
    """Check what Postfix and the person see of a message."""
    to = field(message, "Delivered-To")
    assert f"<{to}>" in field(message, "To")
    assert field(message, "From") == "The Shop <privacy@shop.example>"
    key = re.fullmatch(r"<bounces\+([a-z0-9]+)@shop\.example>", field(message, "Return-Path"))
    assert key is not None
    assert field(message, "Message-ID").startswith(f"<{key[1]}.")
    assert field(message, "Auto-Submitted") == "auto-generated"
    assert field(message, "Subject") == "Notice of Data Breach"
    assert "with ESMTPS" in field(message, "Received")  # it came encrypted
    parts = [part for part in message.walk() if part.get_content_maintype() == "text"]
    assert [part.get_content_subtype() for part in parts] == ["plain", "html"]
    assert all(b"A laptop was stolen." in (part.get_payload(decode=True) or b"") for part in parts)


def read_bounces(server: Postfix) -> None:
    """Read what Postfix sends back: once what bounced, and nothing of what it goes on with."""
    wait_until(lambda: len(server.messages("bounces")) >= len(LEFT))
    read = " ".join(run("bounces", str(server.maildir("bounces"))).stdout.split())
    assert f"{len(LEFT)} messages read" in read  # a delay is not asked for (RFC 3461 §4.1)
    assert f"{len(LEFT)} came back" in read
    counts = states()
    assert counts["bounced"] == len(LEFT)
    assert counts["accepted"] == len(TOLD) + len(LATER) + len(FULL)
    assert "3 were read before" in " ".join(
        run("bounces", str(server.maildir("bounces"))).stdout.split()
    )
    assert states() == counts
    run("status", "--another-way", "letters.csv")
    letters = Path("letters.csv").read_text("utf-8")
    assert sorted(re.findall(r"[a-z]+\d+@mail\.example\.com", letters)) == sorted([*REFUSED, *LEFT])


def test_a_server_that_goes_away_costs_nobody_and_nobody_is_told_twice(
    server: Postfix, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retries, "_FIRST", 0.2)
    before = len(server.messages("people"))
    run("send", "--send", "--yes", "--limit", "8")
    server.stop()
    try:
        gone = run("send", "--send", "--yes")
        assert gone.exit_code != 0
        assert "localhost" in gone.stderr
        assert states()["failed"] <= len(REFUSED)
    finally:
        server.start()
    run("send", "--send", "--yes")
    arrived = len(TOLD) + len(LATER)
    wait_until(lambda: len(server.messages("people")) - before >= arrived)
    counts = states()
    assert counts["accepted"] == arrived + len(LEFT) + len(FULL)
    assert counts["failed"] == len(REFUSED)
    assert len(server.messages("people")) - before == arrived
