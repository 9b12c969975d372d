"""Cookies of somebody who is logged in: by a form, or from a file of cookies."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from alpines_privacy.audit.fetching.exchange import Ask
from alpines_privacy.audit.fetching.fetcher import Fetcher, Followed, Session
from alpines_privacy.audit.model import Signal
from alpines_privacy.audit.options import AuditError, LoginForm
from alpines_privacy.audit.reading.markup import Form
from alpines_privacy.audit.visits import Visit, shown_url
from alpines_privacy.http.heads import Field

__all__ = ["cookies_of_file", "log_in"]

_MOST = 10_000_000  # bytes of a file
_FIELDS = 7  # of a line in Netscape's format
_HTTP_ONLY = "#HttpOnly_"
_UNSENT = frozenset({"submit", "button", "image", "reset", "file"})


def log_in(fetcher: Fetcher, login: LoginForm) -> list[Field]:
    """Log in by a form; return the cookies. Raises `AuditError` for a login that fails."""
    if not fetcher.is_here(login.url):
        raise AuditError(f"the login's page {shown_url(login.url)} is not on {fetcher.host}")
    session = Session(fetcher.home, Signal.NONE)
    where = shown_url(login.url)
    got = fetcher.get(login.url, session)
    form = _form_in(got)
    if form is None:
        raise AuditError(f"{where} has no form with a password ({got.last.status})")
    fields = tuple(_filled(form, login))
    after = fetcher.follow(Ask("POST", form.action, form=fields), session)
    if not 0 < after.last.status < 400 or _form_in(after) is not None:
        raise AuditError(f"the login at {where} failed ({after.last.error or after.last.status})")
    return session.jar.sent_to(fetcher.home)


def cookies_of_file(path: Path, host: str) -> list[Field]:
    """Return the cookies of a file in Netscape's format that a browser would send to a host.

    Raises `AuditError` for a file that cannot be read, or that has none for the host.
    """
    try:
        with path.open("rb") as file:
            text = file.read(_MOST).decode("latin-1")  # octets, as they are sent
    except OSError as error:
        raise AuditError(f"{path} cannot be read: {error.strerror}") from None
    found = [cookie for line in text.split("\n") if (cookie := _cookie(line, host))]
    if not found:
        raise AuditError(
            f"{path} has no cookie for {host}; expected Netscape's format, as curl writes it"
        )
    return found


def _cookie(line: str, host: str) -> Field | None:
    parts = line.removeprefix(_HTTP_ONLY).rstrip("\r\n").split("\t")
    if len(parts) != _FIELDS or line.startswith("# "):
        return None
    domain = parts[0].removeprefix(".").lower()
    is_for_subdomains = parts[1].upper() == "TRUE" or parts[0].startswith(".")
    is_for_host = host == domain or (is_for_subdomains and host.endswith(f".{domain}"))
    return (parts[5], parts[6]) if is_for_host else None


def _form_in(got: Followed) -> Form | None:
    visit = Visit(got.last.url, Signal.NONE, got, 0.0)
    return next((form for form in visit.markup.forms if form.of_kind("password")), None)


def _filled(form: Form, login: LoginForm) -> Iterator[Field]:
    """Yield the fields of the form: the user's name in the first field of text, unless the fields are named."""
    named = dict(zip(login.fields or (), (login.user, login.password), strict=False))
    given = False
    for control in form.controls:
        if not control.name or control.kind in _UNSENT:
            continue
        if control.name in named:
            yield control.name, named[control.name]
        elif control.kind == "password":
            yield control.name, login.password
        elif control.kind in {"text", "email", "tel"} and not named and not given:
            given = True
            yield control.name, login.user
        elif control.kind != "checkbox" or control.is_checked:
            yield control.name, control.value
