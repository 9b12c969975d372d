"""Incidents without a ledger, the people who are told of them, and readers of what they get."""

from __future__ import annotations

from datetime import UTC, datetime
from email import message_from_bytes, message_from_string
from email.errors import NonASCIILocalPartDefect
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from typing import Any
from zoneinfo import ZoneInfo

from alpines_privacy.breach.incident import Incident
from alpines_privacy.breach.ledger import Claim
from alpines_privacy.breach.notice import Letter, Notices
from alpines_privacy.policy import Breach
from tests.breach.support import DRAFT, draft

__all__ = ["KARACHI", "NOW", "UR", "body_of", "claim", "incident", "notices", "read"]

KARACHI = ZoneInfo("Asia/Karachi")
NOW = datetime(2026, 11, 29, 9, 30, tzinfo=UTC)
UR: dict[str, Any] = {
    "kinds": ["EMAIL", "اسکولوں کے نام"],
    "what_happened": "ایک لیپ ٹاپ چوری ہوا",
    "what_we_do": "اس کی کلیدیں منسوخ ہیں",
    "what_you_can_do": "خطوط کا جواب نہ دیں",
    "contact": "ڈیٹا پروٹیکشن، 021 111 222 333",
}


def incident(**changes: Any) -> Incident:
    """An incident that was checked as the ledger's are."""
    texts = draft(**changes)
    said = {key: getattr(texts, key) for key in texts.__struct_fields__}
    plain = {key: list(each) if isinstance(each, tuple) else each for key, each in said.items()}
    return Incident(
        id=1,
        name=texts.name,
        opened=NOW,
        discovered=datetime(2026, 11, 27, 18, 40, tzinfo=KARACHI),
        zone=KARACHI,
        deadline=datetime(2026, 11, 30, 23, 59, 59, tzinfo=KARACHI),
        calendar="PK",
        domain="example.com",
        salt="5a" * 16,
        texts={key: each for key, each in plain.items() if each is not None},
    )


def notices(settings: Breach | None = None, *, templates: Any = None, **changes: Any) -> Notices:
    """The notices of an incident, all composed at the same moment."""
    folder = None if templates is None else str(templates)
    return Notices(incident(**changes), settings, templates=folder, clock=NOW.timestamp)


def claim(
    address: str = "ayesha@example.net", name: str | None = None, language: str | None = None
) -> Claim:
    return Claim(1, "0a" * 12, address, name, language, 1, "token", "worker")


def read(letter: Letter) -> EmailMessage:
    """Read a letter as Python's own reader of messages does; it may find nothing wrong."""
    if letter.is_international:  # the reader of bytes knows no fields in UTF-8
        message = message_from_string(letter.content.decode(), policy=SMTPUTF8)
    else:
        message = message_from_bytes(letter.content, policy=SMTP)
    assert isinstance(message, EmailMessage)
    assert [part.defects for part in message.walk()] == [[], [], []]
    found = {type(each) for value in message.values() for each in value.defects}
    assert found <= ({NonASCIILocalPartDefect} if letter.is_international else set())
    return message


def body_of(letter: Letter, kind: str) -> str:
    """The text or the HTML of a letter."""
    part = read(letter).get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


assert DRAFT["zone"] == KARACHI.key
