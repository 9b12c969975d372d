"""Bounces in a mailbox of a real IMAP server."""

from __future__ import annotations

import imaplib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from alpines_privacy.breach.bounced import imap
from alpines_privacy.breach.bounced.collected import Tally, bounces
from alpines_privacy.breach.bounced.imap import VARIABLE, ImapMailbox, read_url
from alpines_privacy.breach.bounced.message import LONGEST
from alpines_privacy.breach.errors import BreachError
from alpines_privacy.breach.ledger import Ledger
from alpines_privacy.policy.smtp import is_this_machine
from tests.breach.bounce_samples import SAMPLES, dsn
from tests.breach.support import bring, fast_folder, opened_ledger, people
from tests.support.dovecot import PASSWORD, Dovecot, dovecot
from tests.support.processes import free_port


@pytest.fixture(scope="module")
def server() -> Iterator[Dovecot]:
    with dovecot() as running:
        yield running


@contextmanager
def logged_in(server: Dovecot, folder: str = "INBOX") -> Iterator[imaplib.IMAP4]:
    with imaplib.IMAP4("127.0.0.1", server.plain) as client:
        client.login("bounces", PASSWORD)
        client.select(folder)
        yield client


@pytest.fixture
def folder(server: Dovecot, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A folder of the test's own; the password and the certificate are known."""
    monkeypatch.setenv(VARIABLE, PASSWORD)
    monkeypatch.setenv("SSL_CERT_FILE", str(server.certificate))
    with logged_in(server) as client:
        client.create("returned")
    yield "returned"
    with logged_in(server) as client:
        client.delete("returned")


class Told:
    """A ledger of three people who were told."""

    def __init__(self, database: Any, incident: Any, keys: list[str]) -> None:
        self.ledger, self.incident, self.keys = database.name, incident, keys
        self.counts = Ledger(database, incident.id).counts

    def bounce(self, number: int, sample: str = "postfix") -> str:
        key = self.keys[number]
        return SAMPLES[sample].write(key, "x@y.example", self.incident.message_id(key))


@pytest.fixture
def told() -> Iterator[Told]:
    with fast_folder() as place, opened_ledger(f"sqlite:///{place / 'l.db'}") as opened:
        database, incident = opened
        bring(database, incident, people(place / "people.csv", 3))
        claims = Ledger(database, incident.id).claim("worker", 10)
        yield Told(database, incident, [claim.key for claim in claims])


def put(server: Dovecot, folder: str, *messages: str) -> None:
    with logged_in(server) as client:
        for message in messages:
            content = message.replace("\n", "\r\n").encode()
            assert (
                client.append(folder, "", imaplib.Time2Internaldate(time.time()), content)[0]
                == "OK"
            )


def flags(server: Dovecot, folder: str) -> list[str]:
    with logged_in(server, folder) as client:
        _, answer = client.fetch("1:*", "(FLAGS)")
        return [
            b" ".join(imaplib.ParseFlags(each)).decode().replace("\\Recent", "").strip()
            for each in answer
            if isinstance(each, bytes)
        ]


def test_a_mailbox_is_read_from_where_it_was_and_stays_as_it_is(
    server: Dovecot, folder: str, told: Told
) -> None:
    put(server, folder, told.bounce(0), told.bounce(1, "delayed"), "Subject: x\n\nother\n")
    url = server.url(folder)
    assert bounces(url, ledger=told.ledger) == Tally(read=3, bounced=1, delayed=1, other=1)
    assert bounces(url, ledger=told.ledger) == Tally()
    put(server, folder, told.bounce(2))
    assert bounces(url, ledger=told.ledger) == Tally(read=1, bounced=1)
    assert told.counts().bounced == 2
    assert flags(server, folder) == ["", "", "", ""]


@pytest.mark.parametrize(
    ("after", "left"), [("seen", ["\\Seen", "", "\\Deleted"]), ("delete", ["", "\\Deleted"])]
)
def test_only_the_incident_s_messages_are_marked_if_that_is_asked(
    server: Dovecot, folder: str, told: Told, after: imap.After, left: list[str]
) -> None:
    """What the operator has marked as deleted is not taken away with them."""
    put(server, folder, told.bounce(0), dsn("failed", "5.1.1"), "Subject: x\n\nmine\n")
    with logged_in(server, folder) as client:
        client.store("3", "+FLAGS", r"(\Deleted)")
    assert bounces(server.url(folder), after=after, ledger=told.ledger).bounced == 1
    assert flags(server, folder) == left


def test_a_folder_that_is_made_anew_is_read_anew(server: Dovecot, folder: str, told: Told) -> None:
    put(server, folder, told.bounce(0), told.bounce(1))
    assert bounces(server.url(folder), ledger=told.ledger).bounced == 2
    with logged_in(server) as client:
        client.delete(folder)
        client.create(folder)
    put(server, folder, told.bounce(1))
    assert bounces(server.url(folder), ledger=told.ledger) == Tally(read=1, repeated=1)


def test_a_lost_connection_keeps_what_was_read(
    server: Dovecot, folder: str, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imap, "_AT_ONCE", 1)
    monkeypatch.setattr("alpines_privacy.breach.bounced.collected._BATCH", 1)
    put(server, folder, *(told.bounce(number) for number in range(3)))
    fetch, calls = ImapMailbox._fetch, []

    def lost(box: ImapMailbox, uids: list[int]) -> Any:
        calls.append(uids)
        if len(calls) == 2:
            box._box.client.shutdown()
        return fetch(box, uids)

    monkeypatch.setattr(ImapMailbox, "_fetch", lost)
    with pytest.raises(BreachError, match="run it again to go on"):
        bounces(server.url(folder), ledger=told.ledger)
    assert told.counts().bounced == 1
    assert bounces(server.url(folder), ledger=told.ledger) == Tally(read=2, bounced=2)


def test_of_a_huge_message_the_beginning_is_fetched(
    server: Dovecot, folder: str, told: Told
) -> None:
    put(server, folder, told.bounce(0) + "x" * 70 * 100_000)
    place = read_url(server.url(folder))
    with ImapMailbox(place, told.incident.opened.date(), [], "keep") as box:
        assert [len(mail.content) for mail in box.mails()] == [LONGEST]
    assert bounces(server.url(folder), ledger=told.ledger).bounced == 1


def test_starttls(
    server: Dovecot, folder: str, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(server, folder, told.bounce(0))
    url = server.url(folder, "imap")
    monkeypatch.setattr("alpines_privacy.breach.bounced.imap.is_this_machine", lambda _: False)
    assert bounces(url, ledger=told.ledger).bounced == 1
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(BreachError, match="TLS fails: self-signed certificate"):
        bounces(url, ledger=told.ledger)


def test_without_tls_only_on_this_machine(server: Dovecot, folder: str, told: Told) -> None:
    put(server, folder, told.bounce(0))
    assert bounces(server.url(folder, "imap"), ledger=told.ledger).bounced == 1
    assert is_this_machine("127.0.0.3")
    assert not is_this_machine("mail.example.com")


class TestErrors:
    def fails(self, told: Told, url: str) -> str:
        with pytest.raises(BreachError) as caught:
            bounces(url, ledger=told.ledger)
        return str(caught.value)

    def test_a_certificate_that_nobody_knows(
        self, server: Dovecot, folder: str, told: Told, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("SSL_CERT_FILE")
        assert "TLS fails: self-signed certificate" in self.fails(told, server.url())

    def test_a_wrong_password(
        self, server: Dovecot, folder: str, told: Told, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv(VARIABLE, "another")
        message = self.fails(told, server.url())
        assert message.endswith(f"the server refuses the user or the password in {VARIABLE}")
        assert "another" not in message

    def test_no_password(self, server: Dovecot, told: Told) -> None:
        assert f"expected it in {VARIABLE}" in self.fails(told, server.url())

    def test_no_such_folder(self, server: Dovecot, folder: str, told: Told) -> None:
        assert "there is no such folder" in self.fails(told, server.url("elsewhere"))

    def test_nobody_listens(self, folder: str, told: Told) -> None:
        url = f"imaps://bounces@127.0.0.1:{free_port()}/INBOX"
        assert "cannot be read: Connection refused" in self.fails(told, url)

    @pytest.mark.parametrize(
        ("url", "message"),
        [
            ("imaps://bounces:secret@127.0.0.1/INBOX", "holds a password"),
            ("imaps://127.0.0.1/INBOX", "names no user or host"),
            ("imaps://bounces@/INBOX", "names no user or host"),
            ("imaps://bounces@127.0.0.1/IN%0D%0ABOX", "names no user or host"),
            ("imaps://bounces@127.0.0.1:port/INBOX", "is none"),
        ],
    )
    def test_urls(self, told: Told, folder: str, url: str, message: str) -> None:
        shown = self.fails(told, url)
        assert message in shown
        assert "secret" not in shown


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("imaps://a@example.com@mail.example.com", ("a@example.com", "mail.example.com", 993, "INBOX")),
        ("imap://a%40b@h.example:1143/Box/Returned%20mail/", ("a@b", "h.example", 1143, "Box/Returned mail")),
    ],
)  # fmt: skip
def test_a_url(url: str, expected: tuple[str, str, int, str]) -> None:
    assert read_url(url)[1:] == expected


def test_a_path_is_no_url(tmp_path: Path) -> None:
    assert not imap.is_imap(str(tmp_path))
    assert not imap.is_imap("imaps")
