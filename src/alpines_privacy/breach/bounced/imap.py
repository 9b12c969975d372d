"""A mailbox on an IMAP server (RFC 9051), read from where the last reading ended.

Messages stay as they are, unread too, unless the operator asks. Of each only the beginning is fetched.
"""

from __future__ import annotations

import hashlib
import imaplib
import os
import re
import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import date
from typing import Any, Literal, NamedTuple, Self
from urllib.parse import unquote, urlsplit

from imap_tools import AND, BaseMailBox, MailBox, MailBoxStartTls, MailBoxUnencrypted
from imap_tools import UidRange as Uids
from imap_tools.errors import ImapToolsError, MailboxFolderSelectError, MailboxLoginError

from alpines_privacy.breach.bounced.mailboxes import Mail
from alpines_privacy.breach.bounced.message import LONGEST
from alpines_privacy.breach.errors import BreachError
from alpines_privacy.policy.smtp import is_this_machine

__all__ = ["VARIABLE", "After", "ImapMailbox", "Place", "is_imap", "read_url"]

VARIABLE = "ALPINES_PRIVACY_BREACH_IMAP_PASSWORD"

After = Literal["keep", "seen", "delete"]

_PATIENCE = 60.0  # seconds for each answer
_AT_ONCE = 20  # messages of one answer
_PORTS = {"imaps": 993, "imap": 143}
_UID = re.compile(rb"\bUID (\d+)")
_EXPECTED = "expected imaps://USER@HOST/INBOX"


class Place(NamedTuple):
    """The place of a mailbox, by its URL (RFC 5092)."""

    is_tls: bool
    user: str
    host: str
    port: int
    folder: str

    @property
    def name(self) -> str:
        """The mailbox without its user."""
        return f"{self.host}/{self.folder}"

    @property
    def identity(self) -> str:
        """A digest that tells this mailbox from others."""
        return hashlib.sha256("\n".join(map(str, self)).encode()).hexdigest()[:32]


def is_imap(text: str) -> bool:
    """Whether a mailbox is named by a URL."""
    return text.partition("://")[0].lower() in _PORTS and "://" in text


def read_url(url: str) -> Place:
    """Read a mailbox's URL; raises `BreachError` for one that cannot be used, or that holds a password."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise BreachError(f"the mailbox's URL is none; {_EXPECTED}") from None
    if parts.password is not None:
        raise BreachError(f"the mailbox's URL holds a password; expected it in {VARIABLE}")
    user, folder = unquote(parts.username or ""), unquote(parts.path.strip("/")) or "INBOX"
    if not parts.hostname or not user or not (user + folder).isprintable():
        raise BreachError(f"the mailbox's URL names no user or host; {_EXPECTED}")
    scheme = parts.scheme.lower()
    return Place(scheme == "imaps", user, parts.hostname, port or _PORTS[scheme], folder)


class ImapMailbox:
    """The messages of a mailbox that came since `since`, and after the last position if it is known.

    A context: it holds a connection. Without TLS (`imap://`) it asks for STARTTLS, except from
    this machine. Methods raise `BreachError`.
    """

    def __init__(
        self, place: Place, since: date, positions: Sequence[Mapping[str, Any]], after: After
    ) -> None:
        self.name = place.name
        self._place = place
        self._since = since
        self._after = after
        self._read = 0
        self._known = [each for each in positions if each.get("identity") == place.identity]

    def __enter__(self) -> Self:
        password = os.environ.get(VARIABLE)
        if not password:
            raise BreachError(f"no password for the mailbox; expected it in {VARIABLE}")
        with self._told():
            self._box = _connect(self._place)
        try:
            self._enter(password)
        except BreachError:
            self.__exit__()
            raise
        known = [each["uid"] for each in self._known if each["uidvalidity"] == self._validity]
        self._read = max(known, default=0)
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError, imaplib.IMAP4.error, ImapToolsError):
            self._box.logout()

    def _enter(self, password: str) -> None:
        with self._told():
            self._box.login_utf8(self._place.user, password, None)
            self._box.folder.set(self._place.folder, readonly=self._after == "keep")
            self._validity = _validity(self._box)
            _, names = self._box.client.capability()
        self._can_delete_alone = b"UIDPLUS" in (names[-1] or b"").split()

    def mails(self) -> Iterator[Mail]:
        """Yield messages in the order in which they came."""
        with self._told():
            wanted = AND(uid=Uids(str(self._read + 1), "*"), date_gte=self._since)
            uids = sorted(map(int, self._box.uids(wanted, None)))
        fresh = [
            uid for uid in uids if uid > self._read
        ]  # `*` is the last one, even if it is known
        for begin in range(0, len(fresh), _AT_ONCE):
            with self._told():
                mails = self._fetch(fresh[begin : begin + _AT_ONCE])
            yield from mails

    def settle(self, read: Sequence[Mail], ours: Sequence[Mail]) -> None:
        """Note how far the ledger is, and mark or delete the incident's messages if that is asked."""
        self._read = max([self._read, *(mail.uid for mail in read)])
        if self._after == "keep" or not ours:
            return
        uids = ",".join(str(mail.uid) for mail in ours)
        with self._told():
            flag = r"(\Seen)" if self._after == "seen" else r"(\Deleted)"
            self._command("STORE", uids, "+FLAGS.SILENT", flag)
            if self._after == "delete" and self._can_delete_alone:  # others may be marked too
                self._command("EXPUNGE", uids)

    def position(self) -> dict[str, Any]:
        """Return the mailbox's identity and the last UID that was read."""
        return {
            "identity": self._place.identity,
            "uidvalidity": self._validity,
            "uid": self._read,
        }

    def _fetch(self, uids: Sequence[int]) -> list[Mail]:
        """Fetch the beginnings of messages, without marking them as read."""
        wanted = ",".join(map(str, uids))
        answer = self._command("FETCH", wanted, f"(UID BODY.PEEK[]<0.{LONGEST}>)")
        mails: dict[int, bytes] = {}
        for place, item in enumerate(answer):
            if isinstance(item, tuple):
                after = answer[place + 1] if place + 1 < len(answer) else b""
                uid = _UID.search(item[0]) or (isinstance(after, bytes) and _UID.search(after))
                if uid:
                    mails[int(uid[1])] = bytes(item[1])[:LONGEST]
        return [Mail(mails[uid], uid) for uid in sorted(mails)]

    def _command(self, *words: str) -> list[Any]:
        status, answer = self._box.client.uid(*words)
        if status != "OK":
            raise imaplib.IMAP4.error
        return answer

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Turn errors into a `BreachError` of one line; what the server says may name people."""
        try:
            yield
        except ssl.SSLError as error:
            reason = getattr(error, "verify_message", "") or error.reason or "unknown"
            raise BreachError(f"{self.name}: TLS fails: {reason.lower()}") from None
        except (MailboxLoginError, MailboxFolderSelectError, imaplib.IMAP4.error) as error:
            raise BreachError(f"{self.name}: {_problem(error, self)}") from None
        except (OSError, ImapToolsError) as error:
            reason = getattr(error, "strerror", None) or "the connection was lost"
            raise BreachError(
                f"{self.name}: cannot be read: {reason}; run it again to go on"
            ) from None


def _problem(error: Exception, mailbox: ImapMailbox) -> str:
    box = getattr(mailbox, "_box", None)
    if isinstance(error, imaplib.IMAP4.abort):
        return "the connection was lost; run it again to go on"
    if isinstance(error, MailboxFolderSelectError):
        return "there is no such folder"
    if box is None:
        return "the server offers no STARTTLS; expected imaps://"
    if box.client.state == "NONAUTH":
        return f"the server refuses the user or the password in {VARIABLE}"
    return "the server refuses a command"


def _connect(place: Place) -> BaseMailBox:
    if place.is_tls:
        context = ssl.create_default_context()
        return MailBox(place.host, place.port, timeout=_PATIENCE, ssl_context=context)
    if is_this_machine(place.host):
        return MailBoxUnencrypted(place.host, place.port, timeout=_PATIENCE)
    context = ssl.create_default_context()
    return MailBoxStartTls(place.host, place.port, timeout=_PATIENCE, ssl_context=context)


def _validity(box: BaseMailBox) -> int:
    """Return the number under which UIDs of the folder mean the same messages (RFC 9051 §2.3.1.1)."""
    _, values = box.client.response("UIDVALIDITY")
    return int(values[-1] or 0) if values else 0
