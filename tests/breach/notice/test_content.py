"""The parts of a message: any text comes out as it went in, over servers that know 7 bits."""

from __future__ import annotations

from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from typing import get_args

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from alpines_privacy.breach.notice.content import (
    CONTENT_TYPE,
    Encoding,
    alternatives,
    encoding_of,
)

ENCODINGS: tuple[Encoding, ...] = get_args(Encoding)
_TEXTS = st.text(
    st.one_of(
        st.characters(exclude_categories=["Cs"], exclude_characters="\r"),
        st.sampled_from("\n.= -F"),
    )
).map(lambda text: text.rstrip("\n") + "\n")


@given(_TEXTS, _TEXTS, st.sampled_from(ENCODINGS), st.sampled_from(ENCODINGS))
@example("--=_notice--\n", "--=_notice\n", "quoted-printable", "base64")
@example("From here\nFrom From there\n" + "x" * 70 + " From y\n", ".\n..\n", *ENCODINGS)
@example("trailing \t\n \n", "=\n", *ENCODINGS)
def test_any_text_is_read_back(text: str, html: str, one: Encoding, other: Encoding) -> None:
    body = alternatives(text, html, (one, other))
    lines = body.split(b"\r\n")
    assert body.isascii()
    assert b"\n" not in b"".join(lines)
    assert b"\r" not in b"".join(lines)
    assert max(map(len, lines)) <= 76
    assert not any(line.startswith(b"From ") for line in lines)
    head = f"MIME-Version: 1.0\r\nContent-Type: {CONTENT_TYPE}\r\n\r\n".encode()
    message = message_from_bytes(head + body, policy=SMTP)
    assert isinstance(message, EmailMessage)
    parts = list(message.iter_parts())
    assert [part.get_content_type() for part in parts] == ["text/plain", "text/html"]
    assert [part["Content-Transfer-Encoding"] for part in parts] == [one, other]
    assert [part.get_content().replace("\r\n", "\n") for part in parts] == [text, html]
    assert [part.defects for part in message.walk()] == [[], [], []]


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Notice of Data Breach", "quoted-printable"),
        ("Ändern Sie jetzt Ihr Passwort.", "quoted-printable"),
        ("ڈیٹا کی خلاف ورزی کی اطلاع", "base64"),
        ("", "quoted-printable"),
    ],
)
def test_the_shorter_encoding_is_taken(text: str, encoding: Encoding) -> None:
    assert encoding_of(text) == encoding
