"""Bounces: what a message is, whom it concerns, and that each counts once."""

from __future__ import annotations

import mailbox
import os
import re
import tracemalloc
from collections.abc import Iterator
from email import message_from_string
from email.message import Message
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from alpines_privacy.breach import tables
from alpines_privacy.breach.bounced.collected import Tally, bounces, collect
from alpines_privacy.breach.bounced.mailboxes import FileMailbox
from alpines_privacy.breach.bounced.message import LONGEST, _bounded, read_message
from alpines_privacy.breach.database import Database
from alpines_privacy.breach.errors import BreachError
from alpines_privacy.breach.incident import Incident
from alpines_privacy.breach.incidents import Incidents
from alpines_privacy.breach.ledger import Bounce, Ledger, Outcome
from tests.breach.bounce_samples import SAMPLES, dsn
from tests.breach.support import bring, fast_folder, opened_ledger, people

KEY, SALT, DOMAIN = "0123456789abcdef01234567", "ab12cd34" + 24 * "0", "example.com"
MESSAGE_ID = f"<{KEY}.ab12cd34@example.com>"
ADDRESS = "jane@mail.example"


@pytest.fixture
def told() -> Iterator[tuple[Database, Incident, dict[str, str]]]:
    """A ledger with ten people who were told; their keys by address."""
    with fast_folder() as folder, opened_ledger(f"sqlite:///{folder / 'ledger.db'}") as opened:
        database, incident = opened
        bring(database, incident, people(folder / "people.csv", 10))
        ledger = Ledger(database, incident.id)
        claims = ledger.begin(ledger.claim("worker", 100))
        ledger.finish([Outcome(claim, "accepted", 250, "OK") for claim in claims])
        yield database, incident, {claim.address: claim.key for claim in claims}


class Kept:
    """A mailbox in memory."""

    name = "kept"

    def __init__(self, *contents: str | bytes) -> None:
        self.contents = contents

    def write(self, folder: Path, name: str = "bounces.mbox") -> FileMailbox:
        path = folder / name
        with path.open("wb") as file:
            for each in self.contents:
                content = each.encode() if isinstance(each, str) else each
                quoted = b"\n".join(
                    b">" + line if line.lstrip(b">").startswith(b"From ") else line
                    for line in content.split(b"\n")
                )
                file.write(b"From MAILER-DAEMON Sat Nov 28 09:00:00 2026\n" + quoted + b"\n\n")
        return FileMailbox(path)


def written(name: str, key: str, incident: Incident) -> str:
    return SAMPLES[name].write(key, ADDRESS, incident.message_id(key))


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_message_is_read(name: str, end: str) -> None:
    sample = SAMPLES[name]
    content = sample.write(KEY, ADDRESS, MESSAGE_ID).replace("\n", end).encode()
    reading = read_message(content, SALT, DOMAIN)
    assert reading.kind == sample.kind
    if sample.kind in {"bounce", "delay"}:
        assert reading.keys == [KEY]
    assert reading.code == sample.code
    assert sample.reply in reading.reply


@pytest.mark.parametrize(
    "message_id",
    [
        "<other@elsewhere.example>",
        f"<{KEY}.ffffffff@example.com>",  # another incident's
        f"<{KEY}.ab12cd34@other.example>",
        f"<{KEY[1:]}.ab12cd34@example.com>",
    ],
)
def test_a_message_id_that_is_not_ours_names_nobody(message_id: str) -> None:
    content = dsn("failed", "5.1.1", returned=message_id).encode()
    assert read_message(content, SALT, DOMAIN).keys == []


def test_a_bounce_in_a_forwarded_message_is_no_bounce() -> None:
    """Somebody forwards, as an attachment, a bounce of their own."""
    inner = dsn("failed", "5.1.1", to=f"bounces+{KEY}@example.com")
    content = (
        "Return-Path: <jane@mail.example>\nFrom: jane@mail.example\nTo: bounces@example.com\n"
        'Content-Type: multipart/mixed; boundary="f"\n\n--f\nContent-Type: text/plain\n\nLook.\n'
        f"--f\nContent-Type: message/rfc822\n\n{inner}\n--f--\n"
    )
    assert read_message(content.encode(), SALT, DOMAIN).kind == "other"


def test_one_message_is_the_same_in_every_mailbox() -> None:
    """Mailboxes add fields, and change the ends of lines."""
    content = dsn("failed", "5.1.1", to=f"bounces+{KEY}@example.com")
    elsewhere = f"Delivered-To: x@example.com\nStatus: RO\n{content}\n\n".replace("\n", "\r\n")
    sources = {read_message(each.encode(), SALT, DOMAIN).source for each in (content, elsewhere)}
    assert len(sources) == 1
    later = content.replace("09:00:00", "10:00:00")
    assert read_message(later.encode(), SALT, DOMAIN).source not in sources


def test_each_bounce_counts_once_and_another_is_evidence(
    told: tuple[Database, Incident, dict[str, str]], tmp_path: Path
) -> None:
    database, incident, keys = told
    first, second, third, *_ = keys.values()
    other = "f" * 24
    box = Kept(
        written("postfix", first, incident),
        written("postfix", first, incident),
        written("by the returned Message-ID", first, incident),
        written("qmail", second, incident),
        written("postfix", other, incident),
        dsn("failed", "5.1.1"),
        *(written(name, third, incident) for name in ("delayed", "vacation", "an answer")),
    ).write(tmp_path)
    assert collect(database, incident, box) == Tally(
        read=9, bounced=2, again=1, repeated=1, unknown=2, delayed=1, automatic=1, other=1
    )
    again = collect(database, incident, box)
    assert (again.bounced, again.again, again.repeated) == (0, 0, 4)
    counts = Ledger(database, incident.id).counts()
    assert (counts.bounced, counts.accepted) == (2, 8)
    evidence = tables.evidence.c
    with database.read() as connection:
        rows = connection.execute(
            select(evidence.code, evidence.reply, evidence.attempt)
            .where(evidence.what == "bounced")
            .order_by(evidence.id)
        ).all()
    assert [(row.code, row.attempt) for row in rows] == [(550, 1), (552, 1), (None, 1)]
    read = [entry for entry in Incidents(database).history(incident.name) if "read" in entry.what]
    assert [entry.body["read"] for entry in read] == [9, 9]


def test_the_likeliest_key_counts(told: tuple[Database, Incident, dict[str, str]]) -> None:
    database, incident, keys = told
    first, second, *_ = keys.values()
    ledger = Ledger(database, incident.id)
    given = [Bounce(("f" * 24, first, second), "a" * 64), Bounce((second, first), "a" * 64)]
    assert ledger.bounces(given) == ["bounced", "bounced"]
    assert ledger.bounces(given) == ["repeated", "repeated"]
    assert ledger.bounces([Bounce((), "b"), Bounce((first,), "b")]) == ["unknown", "again"]
    assert not ledger.bounce("f" * 24, "c")


def test_bounces_in_postgresql(url: str, tmp_path: Path) -> None:
    with opened_ledger(url) as (database, incident):
        bring(database, incident, people(tmp_path / "people.csv", 3))
        ledger = Ledger(database, incident.id)
        keys = [claim.key for claim in ledger.claim("worker", 10)]
        box = Kept(*(written("postfix", key, incident) for key in (*keys, keys[0], "e" * 24)))
        assert collect(database, incident, box.write(tmp_path)) == Tally(
            read=5, bounced=3, repeated=1, unknown=1
        )
        assert ledger.counts().bounced == 3


class TestMailboxes:
    CONTENTS = ("Subject: a\n\nbody\nFrom here on\n", "Subject: b\n\n>From there\n\nend\n")

    def test_mbox_as_python_reads_it(self, tmp_path: Path) -> None:
        path = tmp_path / "box"
        box = mailbox.mbox(path)
        for each in self.CONTENTS:
            box.add(each)
        box.close()
        found = [message_from_string(mail.content.decode()) for mail in FileMailbox(path).mails()]
        assert [each["Subject"] for each in found] == ["a", "b"]
        assert "From here on" in str(found[0].get_payload())

    def test_mbox_gives_back_what_was_quoted(self, tmp_path: Path) -> None:
        box = Kept(*self.CONTENTS).write(tmp_path)
        assert [mail.content.decode().rstrip() + "\n" for mail in box.mails()] == [*self.CONTENTS]

    @given(
        st.lists(
            st.lists(
                st.sampled_from(
                    [b"From x", b">From x", b">>From", b"", b"text", b"From", b" From x"]
                ),
                max_size=6,
            ),
            max_size=4,
        )
    )
    def test_any_mbox_is_read_as_python_reads_it(self, bodies: list[list[bytes]]) -> None:
        """What its writer has quoted comes back; where messages begin is the same."""
        with fast_folder() as folder:
            box = mailbox.mbox(folder / "box")
            for lines in bodies:
                box.add(b"\n".join([b"Subject: x", b"", *lines, b"end", b""]))
            box.flush()
            theirs = [box.get_bytes(key) for key in box.iterkeys()]
            box.close()
            ours = [mail.content for mail in FileMailbox(folder / "box").mails()]
        assert [each.rstrip() for each in ours] == [
            re.sub(rb"(?m)^>(>*From )", rb"\1", each).rstrip() for each in theirs
        ]

    def test_maildir(self, tmp_path: Path) -> None:
        box = mailbox.Maildir(tmp_path / "box")
        for number, each in enumerate(self.CONTENTS):
            message = mailbox.MaildirMessage(each)
            message.set_subdir("cur" if number else "new")
            box.add(message)
        (tmp_path / "box" / "cur" / "folder").mkdir()
        found = [mail.content.decode() for mail in FileMailbox(tmp_path / "box").mails()]
        assert found == [*self.CONTENTS]

    def test_a_message_that_moves_while_others_are_read_is_found(self, tmp_path: Path) -> None:
        box = mailbox.Maildir(tmp_path / "box")
        for each in self.CONTENTS:
            box.add(each)
        mails = FileMailbox(tmp_path / "box").mails()
        found = [next(mails).content]
        for path in (tmp_path / "box" / "new").iterdir():
            path.rename(tmp_path / "box" / "cur" / f"{path.name}:2,S")
        found += [mail.content for mail in mails]
        assert sorted(found) == sorted(each.encode() for each in self.CONTENTS)

    def test_a_single_message_and_an_empty_file(self, tmp_path: Path) -> None:
        (tmp_path / "one.eml").write_text(self.CONTENTS[0], "utf-8")
        (tmp_path / "empty").write_bytes(b"")
        found = [mail.content.decode() for mail in FileMailbox(tmp_path / "one.eml").mails()]
        assert found == [self.CONTENTS[0]]
        assert list(FileMailbox(tmp_path / "empty").mails()) == []

    @pytest.mark.parametrize("name", ["folder", "pipe"])
    def test_what_is_no_mailbox_is_said(self, tmp_path: Path, name: str) -> None:
        path = tmp_path / name
        path.mkdir() if name == "folder" else os.mkfifo(path)
        with pytest.raises(BreachError, match="is no mailbox"):
            FileMailbox(path)

    def test_what_is_not_there_is_said(self, tmp_path: Path) -> None:
        with pytest.raises(BreachError, match=r"absent: cannot be read: No such file"):
            list(FileMailbox(tmp_path / "absent").mails())

    def test_files_stay_as_they_are(self, tmp_path: Path) -> None:
        with (
            opened_ledger(f"sqlite:///{tmp_path / 'l.db'}") as (database, _),
            pytest.raises(BreachError, match="stay as they are"),
        ):
            bounces(tmp_path, after="seen", ledger=database.name)

    def test_a_huge_message_costs_little_memory(self, tmp_path: Path) -> None:
        path = tmp_path / "box"
        with path.open("wb") as file:
            file.write(b"From x\n" + dsn("failed", "5.1.1", to=f"b+{KEY}@x.example").encode())
            file.truncate(200_000_000)  # one line without an end, of zeros
            file.seek(0, os.SEEK_END)
            file.write(b"\n\nFrom y\nSubject: b\n\n")
        tracemalloc.start()
        try:
            first, second = FileMailbox(path).mails()
            assert tracemalloc.get_traced_memory()[1] < 20_000_000
        finally:
            tracemalloc.stop()
        assert len(first.content) == LONGEST
        assert read_message(first.content, SALT, DOMAIN).kind == "bounce"
        assert second.content == b"Subject: b\n\n"


NESTED = b"".join(
    b'Content-Type: multipart/mixed; boundary="%d"\n\n--%d\n' % (n, n) for n in range(20_000)
)
HOSTILE = {
    "nested": NESTED,
    "nested messages": b"Content-Type: message/rfc822\n\n" * 5_000,
    "many parts": b'Content-Type: multipart/mixed; boundary="b"\n\n' + b"--b\n\n" * 30_000,
    "a field of semicolons": b'Content-Type: multipart/mixed; x="' + b";" * 100_000 + b"\n\n",
    "a folded field": b"Content-Type: text/plain;\n" + b' x="a;b";\n' * 30_000 + b"\n",
    "addresses": b"To: " + b"<a@b.example>, " * 20_000 + b"\n\n",
    "quotes": b"From: " + b'"' * 100_000 + b"\nTo: " + b"(" * 100_000 + b"\n\n",
    "broken bytes": bytes(range(256)) * 500,
    "zeros": bytes(131_072),
    "no end of base64": b"Content-Transfer-Encoding: base64\n\n" + b"=" * 100_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_an_attacker_sends_is_other_mail(name: str) -> None:
    assert read_message(HOSTILE[name], SALT, DOMAIN).kind == "other"


@given(st.sampled_from(sorted(HOSTILE)), st.binary(max_size=50))
def test_what_parsers_get_is_bounded(name: str, noise: bytes) -> None:
    """Whatever a message holds: its lines, their folds, its parts, and only ASCII."""
    bounded = _bounded(noise + HOSTILE[name])
    lines = bounded.split(b"\n")
    folds = "".join("f" if line[:1] in {b" ", b"\t"} else "." for line in lines).split(".")
    assert bounded.isascii()
    assert max(map(len, lines)) <= 998
    assert max(map(len, folds)) <= 20
    assert len(re.findall(rb"(?im)^--|(?:multipart|message)/", bounded)) <= 201


@given(st.binary(max_size=400), st.sampled_from(sorted(SAMPLES)), st.floats(0, 1))
def test_no_bytes_stop_the_reading(noise: bytes, name: str, where: float) -> None:
    content = SAMPLES[name].write(KEY, ADDRESS, MESSAGE_ID).encode()
    place = round(where * len(content))
    reading = read_message(content[:place] + noise + content[place:], SALT, DOMAIN)
    assert set(reading.keys) <= {KEY}
    assert isinstance(reading.reply, str)


@pytest.mark.parametrize("lines", [b"\n", b"-\n", b"A: b\n\n"])
def test_parsers_compare_few_lines_with_few_delimiters(
    lines: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    parsed: list[bytes] = []

    def parse(content: bytes) -> Message:
        parsed.append(content)
        return Message()

    monkeypatch.setattr("alpines_privacy.breach.bounced.message.message_from_bytes", parse)
    read_message(NESTED[:3_000] + lines * 30_000, SALT, DOMAIN)
    assert parsed
    for content in parsed:
        assert content.count(b"multipart/") * content.count(b"\n") <= 100_000


def test_a_parser_that_fails_makes_other_mail(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_: Message) -> None:
        raise RecursionError

    monkeypatch.setattr("alpines_privacy.breach.bounced.message.all_failures", fails)
    assert read_message(b"From: mailer-daemon@x.example\n\n", SALT, DOMAIN).kind == "other"
