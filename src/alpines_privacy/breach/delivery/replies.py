"""What a server's answer means: for the person, for the recipient's domain, or for the sender.

The first digit of a reply says whether to come again (RFC 5321 §4.2.1), the enhanced status code
(RFC 3463) whom it is about: x.1 and x.2 an address and its mailbox, x.3 and x.4 the mail system and
the network, x.7 policy. A reply without one is judged by its code, and by what others get.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import NamedTuple

from alpines_privacy.breach import addresses

__all__ = [
    "Reply",
    "Stage",
    "Verdict",
    "classify",
    "cleaned",
    "without_addresses",
    "without_person",
]

_ENHANCED = re.compile(r"\W{0,2}([245])\.(\d{1,3})\.(\d{1,3})\b")
_GREYLISTED = re.compile(r"gr[ae]y.?list", re.IGNORECASE)  # RFC 6647: come again, at the same pace
_LONGEST = 2000  # characters of a reply


class Stage(Enum):
    """What the server answered to."""

    ADDRESS = "an address that the server does not take"
    MAIL = "MAIL FROM"
    RCPT = "RCPT TO"
    DATA = "DATA"
    CONTENT = "the message"


class Reply(NamedTuple):
    """The last answer to an attempt; without a code the connection was lost, or the answer was none."""

    stage: Stage
    code: int | None
    text: str
    server: str


class Verdict(Enum):
    """What follows from an answer."""

    ACCEPTED = "accepted"
    LATER = "deferred, for this person alone"
    DOMAIN_BUSY = "deferred, and the domain gets fewer messages"
    SERVER_BUSY = "deferred, and the server gets fewer messages"
    LOST = "deferred: the connection was lost before the message"
    UNKNOWN = "deferred: the connection was lost after the message, which may have arrived"
    BROKEN = "deferred: the server does not follow the protocol"
    REFUSED = "failed: the person's address or mailbox"
    UNCLEAR = "failed, unless everybody is refused like this"
    UNABLE = "failed: the server takes no international addresses"
    SENDER_REFUSED = "deferred: the sender is refused, not the person"


def classify(reply: Reply) -> Verdict:
    """Return what follows from an answer."""
    stage, code = reply.stage, reply.code
    if stage is Stage.ADDRESS:
        return Verdict.UNABLE
    if code is not None and stage is Stage.CONTENT and 200 <= code < 300:
        return Verdict.ACCEPTED
    if code is None or not 400 <= code < 600:
        return Verdict.UNKNOWN if stage is Stage.CONTENT else Verdict.LOST
    subject, detail = _enhanced(code, reply.text)
    if code < 500:
        return _deferred(stage, code, subject, reply.text)
    return _refused(stage, code, subject, detail)


def _deferred(stage: Stage, code: int, subject: int | None, text: str) -> Verdict:
    if stage is Stage.MAIL or subject == 3 or code in {421, 454}:
        return Verdict.SERVER_BUSY
    if code == 452 and subject is None:  # insufficient system storage
        return Verdict.SERVER_BUSY
    is_policy = subject == 7 and not _GREYLISTED.search(text)
    return Verdict.DOMAIN_BUSY if is_policy else Verdict.LATER


def _refused(stage: Stage, code: int, subject: int | None, detail: int | None) -> Verdict:
    if code in {530, 534, 535, 538} or (subject == 1 and detail in {7, 8}):
        return Verdict.SENDER_REFUSED  # authentication (RFC 4954 §6); the sender's address
    is_person = subject in {1, 2} or (subject, detail) == (6, 7)
    if is_person and stage is not Stage.MAIL:
        return Verdict.REFUSED
    if code in {500, 502, 503, 504}:
        return Verdict.BROKEN
    return Verdict.SENDER_REFUSED if stage is Stage.MAIL else Verdict.UNCLEAR


def _enhanced(code: int, text: str) -> tuple[int | None, int | None]:
    """Return subject and detail of the enhanced code, if it is of the reply's own class."""
    found = _ENHANCED.match(text)
    if found is None or int(found[1]) != code // 100:
        return None, None
    return int(found[2]), int(found[3])


def cleaned(text: str) -> str:
    """Return a server's text as one line that any database and terminal takes."""
    kept = "".join(each if each.isprintable() else " " for each in text[:_LONGEST])
    return " ".join(kept.split())


def without_addresses(reply: Reply) -> str:
    """Return an answer as it may be shown: without the addresses that servers repeat."""
    said = f"{reply.code} {reply.text}" if reply.code else reply.text
    return addresses.without_addresses(said)[:160]


def without_person(reply: Reply, address: str, name: str | None = None) -> Reply:
    """Return an answer without the person whom it is about: address, local part and name, as servers repeat them."""
    text = addresses.without_addresses(reply.text)
    for known in (address.rpartition("@")[0], name):
        if known:
            text = re.sub(rf"(?i)(?<!\w){re.escape(known)}(?!\w)", "[person]", text)
    return reply._replace(text=text)
