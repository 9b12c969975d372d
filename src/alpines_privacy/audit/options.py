"""What an audit may do, and how far it goes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from msgspec import Struct

from alpines_privacy.policy import PrivacyPolicy

__all__ = ["AuditError", "LoginForm", "Options", "Progress"]

Progress: TypeAlias = "Callable[[str, int, int], object]"
"""Is told what is being done, how many pages are done, and of how many; the last may grow."""


class AuditError(Exception):
    """An audit that cannot be made, for a reason that whoever asks for it can change."""


class LoginForm(Struct, frozen=True):
    """A login that the audit uses: the address of its page, and the user's name and password.

    `fields` are the names of the two fields; without them those of the page's form with a password.
    """

    url: str
    user: str
    password: str
    fields: tuple[str, str] | None = None

    def __repr__(self) -> str:
        """Return what may stand in a traceback: neither the user nor the password."""
        return f"{type(self).__name__}(…)"


class Options(Struct, frozen=True, kw_only=True):
    """How an audit is made.

    - `pages`, `depth`: how many pages are visited, and how many links from the home page.
    - `policy`: what is declared; without it the policy of the protected app, if that can be seen.
    - `active`: also send forms (it creates accounts, and fails to log in many times).
    - `browser`: also look with a browser; `files`: the folder for its screenshots and HAR file.
    - `login`: whom to log in as first; `cookies`: a file of cookies (Netscape's format).
    - `host`: the host that an app in this process is asked for.
    - `page_bytes`, `page_seconds`: how much of one response is read, and how long it is waited for.
    - `seconds`: after so long no further page is visited.
    - `concurrency`: how many requests to a URL are under way at once.
    """

    pages: int = 50
    depth: int = 5
    policy: PrivacyPolicy | None = None
    active: bool = False
    browser: bool = False
    files: Path | None = None
    login: LoginForm | None = None
    cookies: Path | None = None
    host: str = ""
    page_bytes: int = 2_000_000
    page_seconds: float = 15.0
    seconds: float = 600.0
    concurrency: int = 4
