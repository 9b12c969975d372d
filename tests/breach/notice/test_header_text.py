"""Names and subjects in a message's head: read back as they were, whatever they hold."""

from __future__ import annotations

from email import message_from_bytes, message_from_string
from email.header import decode_header, make_header
from email.policy import SMTP
from email.utils import getaddresses

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from alpines_privacy.breach.notice.header_text import field, mailbox, name_of, unstructured

WRITTEN = {
    "": "a@example.com",
    "Ayesha Khan": "Ayesha Khan <a@example.com>",
    "Khan, Ayesha": '"Khan, Ayesha" <a@example.com>',
    'Ayesha "Ash" Khan': r'"Ayesha \"Ash\" Khan" <a@example.com>',
    r"Back\slash": r'"Back\\slash" <a@example.com>',
    "A. Khan": '"A. Khan" <a@example.com>',
    "Ayesha (Support)": '"Ayesha (Support)" <a@example.com>',
    "Ayesha <x>": '"Ayesha <x>" <a@example.com>',
    "Ayesha; group:": '"Ayesha; group:" <a@example.com>',
    "Åsa": "=?utf-8?b?w4VzYQ==?= <a@example.com>",
    "=?utf-8?q?a?=": "=?utf-8?b?PT91dGYtOD9xP2E/PQ==?= <a@example.com>",
}


@pytest.mark.parametrize("name", WRITTEN)
def test_a_name_is_written_as_it_needs(name: str) -> None:
    assert mailbox(name, "a@example.com") == WRITTEN[name]


NAMES = {
    "Ayesha\r\nBcc: b@example.com": "",
    "Ayesha\r\nBcc: b": "Ayesha Bcc: b",
    "Ayesha\u2028Khan": "Ayesha Khan",
    "Ayesha\x00Khan\x7f": "Ayesha Khan",
    "Ayesha \u202eevil": "Ayesha evil",
    "\u2066Ayesha\u2069": "Ayesha",
    "نی\u200cلوفر": "نی\u200cلوفر",
    "\u200c \u200d": "",
    "  Ayesha \t Khan ": "Ayesha Khan",
    "\ud800": "",
    "Dr.Smith": "Dr.Smith",
    "A. Khan": "A. Khan",
    "Ayesha K.": "Ayesha K.",
    "Win at https://evil.example/": "",
    "Win at evil.com": "",
    "Win at (evil.com)": "",
    "WWW.EVIL.CO.UK": "",
    "мир.рф": "",
    "ayesha@example.com": "",
    "A" * 100: "A" * 100,
    "A" * 101: "",
}


@pytest.mark.parametrize("given_name", NAMES)
def test_a_name_is_one_line_and_leads_nowhere(given_name: str) -> None:
    assert name_of(given_name) == NAMES[given_name]


# What stands in names that somebody else typed in.
_LETTERS = st.one_of(
    st.characters(),
    st.sampled_from(list('\r\n\t\0,;:<>()[]\\"@.=?_ \u202e\u2066\u2028\u200c\x85')),
)
_NAMES = st.text(_LETTERS, max_size=60)


@given(_NAMES)
@example("a\r\nBcc: b")
@example("=?utf-8?q?a=0d=0aBcc:_b?=")
@example("=?utf-8?q?=2C?= <x@y>,")
@example('"')
@example("\\")
@example("é" * 60 + "," * 20)
def test_any_name_is_read_back_and_adds_nothing(given_name: str) -> None:
    name = name_of(given_name)
    line = field("To", mailbox(name, "a@example.com"))
    head = f"{line}\r\nX-After: here\r\n\r\n"
    assert head.isascii()
    assert all(0 < len(each) <= 76 for each in line.split("\r\n"))
    message = message_from_string(head, policy=SMTP)
    assert message.keys() == ["To", "X-After"]
    assert message["To"].defects == ()
    (address,) = message["To"].addresses
    assert address.addr_spec == "a@example.com"
    # Python 3.11 keeps the space between two encoded words of a name (RFC 2047 §6.2 drops it).
    assert address.display_name.replace(" ", "") == name.replace(" ", "")
    old = message_from_string(head)  # and as older readers do
    ((phrase, spec),) = getaddresses([old["To"]])
    assert spec == "a@example.com"
    assert str(make_header(decode_header(phrase))) == name


@given(st.text(st.characters(categories=["L", "N", "P", "S", "Zs"]), min_size=1, max_size=200))
@example("=?utf-8?q?a?= b")
def test_any_subject_is_read_back(given_subject: str) -> None:
    subject = " ".join(given_subject.split()) or "-"
    line = field("Subject", unstructured(subject))
    assert "=?" not in line or max(map(len, line.split("\r\n"))) <= 76
    head = f"{line}\r\n\r\n".encode("ascii")
    message = message_from_bytes(head, policy=SMTP)
    assert message["Subject"] == subject
    assert message["Subject"].defects == ()


def test_a_name_of_300_letters_that_cannot_be_folded_is_no_longer_than_a_line_may_be() -> None:
    line = field("From", mailbox("A" * 300, f"{'a' * 64}@{'b' * 180}.example.com"))
    assert max(map(len, line.split("\r\n"))) <= 998
