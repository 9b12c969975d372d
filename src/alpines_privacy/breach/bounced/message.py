"""A message of the bounce mailbox: a bounce, a delay, an automatic reply or other mail, and whom it concerns.

A stranger writes it, so it costs bounded time: only the beginning is read, and lines, folded
fields, parts and nested types are cut to what bounces have. Whom it concerns is told by keys alone.
They are digests under the incident's secret salt, so nobody can forge a bounce of another person.
"""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Iterator, Sequence
from email import message_from_bytes
from email.message import Message
from email.utils import parseaddr
from typing import Literal, NamedTuple

from flufl.bounce import all_failures

logging.getLogger("flufl.bounce").addHandler(logging.NullHandler())  # it logs what it stumbles over

__all__ = ["LONGEST", "Reading", "read_message"]

Kind = Literal["bounce", "delay", "automatic", "other"]

LONGEST = 131_072  # bytes of a message that are worth fetching
_READ = (
    LONGEST // 2
)  # bytes that are read once lines end in LF: status and returned head come first
_IDENTIFYING = 32_768  # bytes of a body that tell one message from another
_LONGEST_LINE = 998  # RFC 5322 §2.1.1
_IN_WORDS = 32_768, 400  # bytes, and bytes of a line, for patterns that go back and forth in them
_FOLDED = 20  # lines of one field
_PARTS = re.compile(rb"(?im)^--|(?:multipart|message)/")
_MOST_PARTS = 200  # delimiters and nested types
_NESTED = re.compile(rb"(?i)(?:multipart|message)/")
_MOST_NESTED = 20  # types that hold others: a parser compares each line with the delimiters of all
_MOST_LINES = 4_000  # 64 KB of a bounce have some 1,500

# Fields that keep their value wherever a message is kept; mailboxes add and change others.
_LASTING = (b"message-id:", b"date:", b"from:", b"subject:")
_ADDRESSED = (
    "To", "Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "Received",
)  # fmt: skip
_KEY = re.compile(r"(?<![0-9a-z])[0-9a-f]{24}(?![0-9a-z])", re.IGNORECASE)
_MOST_KEYS = 20
_DAEMON = re.compile(r"mailer-?daemon|mail-?daemon|postmaster|mail delivery", re.IGNORECASE)
_AUTOMATIC = ("X-Autoreply", "X-Auto-Reply", "X-Autorespond", "X-Autoresponder", "X-Vacation")
_SMTP_REPLY = re.compile(r"\b([245]\d\d)(?=[ -])")
_FAILURE_LINE = re.compile(r"\b5\d\d[ -]\d\.\d{1,3}\.\d{1,3}\b[^\n]{0,300}")


class Reading(NamedTuple):
    """What a message is; the keys of people it may concern, the likeliest first; and what identifies it."""

    kind: Kind
    keys: Sequence[str]
    source: str
    code: int | None = None
    reply: str = ""


def read_message(content: bytes, salt: str, domain: str) -> Reading:
    """Read a message (RFC 5322) about an incident of this salt, whose Message-IDs end in `domain`.

    DSNs are read by RFC 3464 and RFC 6533, other bounces by flufl.bounce. A message that no parser
    can read is other mail.
    """
    content = content.replace(b"\r\n", b"\n")[:_READ]
    source = _source(content)
    try:
        plain = _bounded(content)
        message = message_from_bytes(plain)
        kind, code, reply = _judged(message, content)
        keys = _keys(message, plain.decode(), _message_ids(salt, domain))
    except Exception:  # whatever parsers stumble over: the message is counted, and stops nothing
        return Reading("other", (), source)
    return Reading(kind, keys, source, code, reply)


def _source(content: bytes) -> str:
    """Return a digest that is the same in whichever mailbox the message is kept."""
    head, _, body = content.partition(b"\n\n")
    fields = sorted(
        b" ".join(field.split())
        for field in re.split(rb"\n(?![ \t])", head)
        if field.lower().startswith(_LASTING)
    )
    return hashlib.sha256(b"\n".join([*fields, b"", body[:_IDENTIFYING].rstrip()])).hexdigest()


def _bounded(content: bytes, longest_line: int = _LONGEST_LINE) -> bytes:
    """Return the message in ASCII, with as many parts, folded lines and octets a line as bounces have.

    Parsers take bytes beyond ASCII in a field for something else than text.
    """
    content = content.replace(b"/global-", b"/")  # RFC 6533: the same types with UTF-8 in them
    for parts, most in ((_PARTS, _MOST_PARTS), (_NESTED, _MOST_NESTED)):
        ends = [found.end() for found in parts.finditer(content)]
        if len(ends) > most:
            content = content[: ends[most]]
    lines, folded = [], 0
    for line in content.split(b"\n", _MOST_LINES)[:_MOST_LINES]:
        folded = folded + 1 if line[:1] in {b" ", b"\t"} else 0
        if folded <= _FOLDED:
            lines.append(line[:longest_line])
    return b"\n".join(lines).decode("ascii", "replace").replace("\ufffd", "?").encode()


def _judged(message: Message, content: bytes) -> tuple[Kind, int | None, str]:
    statuses = list(_statuses(message))
    if kind := _reported(statuses):
        return kind, *_diagnosis(statuses)
    is_daemon = _DAEMON.search(parseaddr(str(message.get("From", "")))[1]) is not None
    is_failure = is_daemon or "X-Failed-Recipients" in message
    if not is_failure and (_is_automatic(message) or _is_from_somebody(message)):
        return ("automatic" if _is_automatic(message) else "other"), None, ""
    longest, longest_line = _IN_WORDS
    words = message_from_bytes(_bounded(content[:longest], longest_line))
    if not str(words.get("From", "")).strip():
        del words["From"]  # some detectors stumble over none
        words["From"] = "MAILER-DAEMON"
    temporary, permanent = all_failures(words)
    if permanent:
        return "bounce", *_said(message)
    if temporary:
        return "delay", None, ""
    return ("automatic" if _is_generated(message) else "other"), None, ""


def _statuses(message: Message) -> Iterator[Message]:
    """Yield the blocks of the message's own reports (RFC 3464 §2.1), not those of messages in it."""
    for part in _own_parts(message):
        if part.get_content_type() == "message/delivery-status" and part.is_multipart():
            yield from (block for block in part.get_payload() if isinstance(block, Message))


def _own_parts(message: Message) -> Iterator[Message]:
    yield message
    if message.get_content_maintype() == "multipart" and message.is_multipart():
        for part in message.get_payload():
            if isinstance(part, Message):
                yield from _own_parts(part)


def _reported(statuses: Sequence[Message]) -> Kind | None:
    """Return what the blocks say by their action (RFC 3464 §2.3.3), else by the class of their status."""
    actions = {_word(block, "Action") for block in statuses} - {""}
    if not actions:
        actions = {_CLASSES.get(_word(block, "Status")[:2], "") for block in statuses} - {""}
    if actions & {"failed", "failure", "error"}:
        return "bounce"
    if "delayed" in actions:
        return "delay"
    return "other" if actions else None


_CLASSES = {"5.": "failed", "4.": "delayed", "2.": "delivered"}


def _word(block: Message, field: str) -> str:
    words = str(block.get(field, "")).lower().split()
    return words[0].rstrip(";(") if words else ""


def _diagnosis(statuses: Sequence[Message]) -> tuple[int | None, str]:
    """Return the server's code and reply, of the first recipient that has any."""
    for block in statuses:
        said = " ".join(str(block.get("Diagnostic-Code", "")).partition(";")[2].split())
        status = _word(block, "Status")
        if said or status:
            code = _SMTP_REPLY.search(f"{said} ")
            return int(code[1]) if code else None, said or status
    return None, ""


def _said(message: Message) -> tuple[int | None, str]:
    """Return a reply that a bounce without a report quotes, if it is plain."""
    for part in _own_parts(message):
        text = part.get_payload()
        found = _FAILURE_LINE.search(text) if isinstance(text, str) else None
        if found:
            return int(found[0][:3]), " ".join(found[0].split())
    return None, ""


def _is_automatic(message: Message) -> bool:
    """Whether somebody's program answers in their place (RFC 3834 §3.1.7); one that rejects is no such."""
    said = str(message.get("Auto-Submitted", "")).lower()
    if "auto-replied" in said:
        return "rejected" not in said
    precedence = str(message.get("Precedence", "")).lower()
    return "auto_reply" in precedence or any(name in message for name in _AUTOMATIC)


def _is_generated(message: Message) -> bool:
    return _word(message, "Auto-Submitted") not in {"", "no"}


def _is_from_somebody(message: Message) -> bool:
    """Whether the message has a sender that could be answered: no bounce has (RFC 5321 §4.5.5)."""
    path = message.get("Return-Path")
    return path is not None and parseaddr(str(path))[1] != ""


def _message_ids(salt: str, domain: str) -> re.Pattern[str]:
    return re.compile(rf"\b([0-9a-f]{{24}})\.{salt[:8]}@{re.escape(domain)}", re.IGNORECASE)


def _keys(message: Message, plain: str, message_ids: re.Pattern[str]) -> list[str]:
    """Return keys in the addresses that the message came to (VERP), then those of returned Message-IDs."""
    found = [key for text in _recipients(message) for key in _KEY.findall(text)]
    found += message_ids.findall(plain)
    for part in message.walk():
        if not found and str(part.get("Content-Transfer-Encoding", "")).strip().lower() in _ENCODED:
            payload = part.get_payload(decode=True)
            if isinstance(payload, bytes):
                found += message_ids.findall(payload.decode("ascii", "replace"))
    return list(dict.fromkeys(key.lower() for key in found))[:_MOST_KEYS]


_ENCODED = {"base64", "quoted-printable"}


def _recipients(message: Message) -> Iterator[str]:
    for name in _ADDRESSED:
        yield from map(str, message.get_all(name, []))
    for block in _statuses(message):
        for name in ("Original-Recipient", "Final-Recipient"):
            yield str(block.get(name, ""))
