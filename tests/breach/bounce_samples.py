"""Messages as mail servers, and people's programs, send them back: about one notice each."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

__all__ = ["SAMPLES", "Sample", "dsn"]


class Sample(NamedTuple):
    """A message from a recipient's key, address and the notice's Message-ID, and what it is."""

    write: Callable[[str, str, str], str]
    kind: str
    code: int | None = None
    reply: str = ""  # a part of it


def dsn(  # noqa: PLR0917 - a report's fields
    action: str,
    status: str,
    diagnostic: str = "",
    to: str = "bounces@example.com",
    returned: str = "",
    extra: str = "",
    kind: str = "delivery-status",
    address: str = "rfc822; jane@mail.example",
) -> str:
    """Return a report by RFC 3464."""
    said = f"Diagnostic-Code: smtp; {diagnostic}\n" if diagnostic else ""
    return f"""\
Return-Path: <>
From: MAILER-DAEMON@mx.example (Mail Delivery System)
To: {to}
Subject: Undelivered Mail Returned to Sender
Date: Sat, 28 Nov 2026 09:00:00 +0000
Message-ID: <20261128090000.4711@mx.example>
Auto-Submitted: auto-replied
{extra}MIME-Version: 1.0
Content-Type: multipart/report; report-type={kind}; boundary="b1"

--b1
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

This is the mail system at host mx.example.

--b1
Content-Description: Delivery report
Content-Type: message/{kind}

Reporting-MTA: dns; mx.example

Final-Recipient: {address}
Action: {action}
Status: {status}
{said}
--b1
Content-Description: Undelivered Message
Content-Type: message/rfc822

Message-ID: {returned or "<other@elsewhere.example>"}
Subject: Notice of Data Breach

--b1--
"""


def verp(key: str) -> str:
    return f"bounces+{key}@example.com"


def _postfix(key: str, address: str, message_id: str) -> str:
    return dsn("failed", "5.1.1", f"550 5.1.1 <{address}>: user unknown", verp(key))


def _by_message_id(key: str, address: str, message_id: str) -> str:
    return dsn("failed", "5.2.2", "552-5.2.2 mailbox\n    full", returned=message_id)


def _expired(key: str, address: str, message_id: str) -> str:
    return dsn("failed (expired)", "4.4.7", to=verp(key))


def _without_an_action(key: str, address: str, message_id: str) -> str:
    return dsn("", "5.7.1", "550 denied", verp(key))


def _delivered_to(key: str, address: str, message_id: str) -> str:
    return dsn("failed", "5.0.0", extra=f"Delivered-To: {verp(key.upper())}\n")


def _rewritten(key: str, address: str, message_id: str) -> str:
    """A relay has signed the sender (BATV)."""
    return dsn("failed", "5.0.0", to=f"prvs=1234567890=bounces+{key}@example.com")


def _original_recipient(key: str, address: str, message_id: str) -> str:
    return dsn("failed", "5.0.0", address=f"rfc822; {verp(key)}")


def _international(key: str, address: str, message_id: str) -> str:
    """RFC 6533: an address beyond ASCII, and a field in raw UTF-8."""
    return dsn(
        "failed", "5.1.1", "550 5.1.1 no mailbox zoë", verp(key),
        kind="global-delivery-status", address="utf-8; zoë@bücher.example", extra="X-Ort: Zürich\n",
    )  # fmt: skip


def _delayed(key: str, address: str, message_id: str) -> str:
    return dsn("delayed", "4.4.1", "421 try later", verp(key))


def _relayed(key: str, address: str, message_id: str) -> str:
    return dsn("relayed", "2.0.0", to=verp(key))


def _exim(key: str, address: str, message_id: str) -> str:
    return f"""\
Return-path: <>
From: Mail Delivery System <Mailer-Daemon@exim.example>
To: {verp(key)}
Auto-Submitted: auto-replied
X-Failed-Recipients: {address}
Subject: Mail delivery failed: returning message to sender
Message-Id: <E1abc-0001@exim.example>

A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

  {address}
    550 5.1.1 The mailbox is unavailable
"""


def _qmail(key: str, address: str, message_id: str) -> str:
    return f"""\
From: MAILER-DAEMON@qmail.example
To: bounces@example.com
Subject: failure notice

Hi. This is the qmail-send program at qmail.example.
I'm afraid I wasn't able to deliver your message to the following addresses.

<{address}>:
Sorry, no mailbox here by that name. (#5.1.1)

--- Below this line is a copy of the message.

Message-ID: {message_id}
Subject: Notice of Data Breach
"""


def _encoded(key: str, address: str, message_id: str) -> str:
    """The returned head is in quoted-printable, and its lines are broken."""
    broken = f"{message_id[:20]}=\n{message_id[20:]}"
    return dsn("failed", "5.1.1").replace(
        "Content-Type: message/rfc822\n\nMessage-ID: <other@elsewhere.example>",
        f"Content-Type: text/rfc822-headers\nContent-Transfer-Encoding: quoted-printable\n\nMessage-ID: {broken}",
    )


def _vacation(key: str, address: str, message_id: str) -> str:
    return f"""\
Return-Path: <>
From: Jane <{address}>
To: {verp(key)}
Subject: Out of office
Auto-Submitted: auto-replied (vacation)
In-Reply-To: {message_id}

Your message could not be delivered to me personally: <{address}>: I am away.
"""


def _old_autoresponder(key: str, address: str, message_id: str) -> str:
    return f"From: {address}\nTo: {verp(key)}\nX-Autoreply: yes\nSubject: Away\n\nI am away.\n"


def _answer(key: str, address: str, message_id: str) -> str:
    return f"""\
Return-Path: <{address}>
From: Jane <{address}>
To: bounces@example.com
Subject: Re: Notice of Data Breach
References: {message_id}

Hi. This is the first I hear of it.

<{address}>: can you call me?
"""


def _over_quota(key: str, address: str, message_id: str) -> str:
    """Dovecot's rejection is a disposition notification, and says that it is automatic."""
    return f"""\
Return-Path: <>
From: Mail Delivery Subsystem <postmaster@dovecot.example>
To: {verp(key)}
Subject: Rejected: Notice of Data Breach
Auto-Submitted: auto-replied (rejected)
MIME-Version: 1.0
Content-Type: multipart/report; report-type=disposition-notification; boundary="d"

--d
Content-Type: text/plain; charset=utf-8

Your message to <{address}> was automatically rejected:
Quota exceeded (mailbox for user is full)

--d
Content-Type: message/disposition-notification

Reporting-UA: dovecot.example; Dovecot Mail Delivery Agent
Final-Recipient: rfc822; {address}
Disposition: automatic-action/MDN-sent-automatically; deleted

--d--
"""


def _filtered(key: str, address: str, message_id: str) -> str:
    """A person's own filter refuses the message in their name (RFC 5429)."""
    over_quota = _over_quota(key, address, message_id)
    return over_quota.replace("<postmaster@dovecot.example>", f"<{address}>")


def _newsletter(key: str, address: str, message_id: str) -> str:
    return (
        "From: news@shop.example\nTo: bounces@example.com\nSubject: Sale\n\nEverything must go.\n"
    )


def _without_a_sender(key: str, address: str, message_id: str) -> str:
    return _qmail(key, address, message_id).partition("\n")[2]


SAMPLES = {
    "without a sender": Sample(_without_a_sender, "bounce"),
    "postfix": Sample(_postfix, "bounce", 550, "550 5.1.1 <"),
    "by the returned Message-ID": Sample(_by_message_id, "bounce", 552, "mailbox full"),
    "given up after four days": Sample(_expired, "bounce", None, "4.4.7"),
    "without an action": Sample(_without_an_action, "bounce", 550, "denied"),
    "Delivered-To in capitals": Sample(_delivered_to, "bounce"),
    "rewritten on the way": Sample(_rewritten, "bounce"),
    "key in the report": Sample(_original_recipient, "bounce"),
    "international": Sample(_international, "bounce", 550, "no mailbox zo"),
    "exim": Sample(_exim, "bounce", 550, "The mailbox is unavailable"),
    "qmail": Sample(_qmail, "bounce"),
    "encoded returned head": Sample(_encoded, "bounce"),
    "over quota": Sample(_over_quota, "bounce"),
    "refused by a filter": Sample(_filtered, "bounce"),
    "delayed": Sample(_delayed, "delay", 421, "try later"),
    "relayed": Sample(_relayed, "other"),
    "vacation": Sample(_vacation, "automatic"),
    "an old autoresponder": Sample(_old_autoresponder, "automatic"),
    "an answer": Sample(_answer, "other"),
    "a newsletter": Sample(_newsletter, "other"),
}
