"""The mailbox that bounces of the drill arrive in: bounces, one of them twice, and what is none."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

__all__ = ["write_mailbox"]

_FROM = "From MAILER-DAEMON Sat Jan  1 00:00:00 2000\n"
_REPORT = """\
Return-Path: <>
From: Mail Delivery System <MAILER-DAEMON@sink.example>
To: {to}
Subject: Undelivered Mail Returned to Sender
Message-ID: <{number}@sink.example>
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="part"

--part
Content-Type: text/plain

This is the mail system at sink.example.

--part
Content-Type: message/delivery-status

Reporting-MTA: dns; sink.example

Final-Recipient: rfc822; {address}
Action: {action}
Status: {status}
Diagnostic-Code: smtp; {code} {status} mailbox unavailable

--part
Content-Type: message/rfc822

Message-ID: {message_id}
Subject: Notice of Data Breach

--part--

"""
_FORGED, _ELSEWHERE = f"bounces+{'f' * 24}@example.com", "<4711@elsewhere.example>"
_VACATION = """\
Return-Path: <>
From: somebody@post.example.net
To: bounces@example.com
Subject: Out of office
Auto-Submitted: auto-replied

I am on holiday.

"""


def write_mailbox(path: Path, returned: Mapping[str, tuple[str, str]]) -> None:
    """Write an mbox with a bounce for each address, from the envelope's sender and the Message-ID."""
    bounces = [
        _report(number, address, to, message_id, "failed", "5.2.1")
        for number, (address, (to, message_id)) in enumerate(returned.items())
    ]
    others = [
        *bounces[:1],
        _report(100_000, "x@post.example.net", "bounces@example.com", _ELSEWHERE, "delayed", "4.4.1"),
        _report(100_001, "y@post.example.net", _FORGED, _ELSEWHERE, "failed", "5.1.1"),
        _VACATION,
    ]  # fmt: skip
    path.write_text("".join(_FROM + each for each in (*bounces, *others)), "utf-8")


def _report(  # noqa: PLR0913, PLR0917 - the fields of a report
    number: int, address: str, to: str, message_id: str, action: str, status: str
) -> str:
    code = f"{status[0]}50"
    return _REPORT.format(
        number=number, address=address, to=to, message_id=message_id, action=action, status=status, code=code,
    )  # fmt: skip
