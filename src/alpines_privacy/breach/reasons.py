"""Why mail does not reach somebody: the reasons that the ledger holds, and what each is called."""

from __future__ import annotations

import re

__all__ = [
    "BOUNCED",
    "INVALID_ADDRESS",
    "LEAKED_MAILBOX",
    "NO_ADDRESS",
    "NO_NOTICE",
    "NO_SMTPUTF8",
    "is_reason",
    "reason_text",
]

NO_ADDRESS = "no-address"
INVALID_ADDRESS = "invalid-address"
LEAKED_MAILBOX = "mailbox-leaked"
BOUNCED = "bounced"
NO_NOTICE = "no-letter"
NO_SMTPUTF8 = "no-smtputf8"

_TEXTS = {
    NO_ADDRESS: "no mail address",
    INVALID_ADDRESS: "an address that no mail can be sent to",
    LEAKED_MAILBOX: "the password of the mailbox leaked",
    BOUNCED: "the notice came back",
    NO_NOTICE: "no notice can be composed for them",
    NO_SMTPUTF8: "the mail server takes no such address (SMTPUTF8)",
}
_REFUSED = re.compile(r"refused-(\d{3}|unknown)")


def is_reason(text: str) -> bool:
    """Whether the ledger may hold a reason of this name."""
    return text in _TEXTS or _REFUSED.fullmatch(text) is not None


def reason_text(reason: str) -> str:
    """Return what a reason is called; one that names a server's code (`refused-550`) says so itself."""
    return _TEXTS.get(reason, reason.replace("-", " "))
