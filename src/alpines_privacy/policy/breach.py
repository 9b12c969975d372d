"""`[breach]`: notices to the people whom a data breach affects (policy §14)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import Annotated
from urllib.parse import urlsplit

from msgspec import Meta

from alpines_privacy.policy.errors import PolicyError
from alpines_privacy.policy.language_tag import LANGUAGE_TAG
from alpines_privacy.policy.part import Part
from alpines_privacy.policy.smtp import Smtp
from alpines_privacy.policy.zone import zone_problem

__all__ = ["Breach", "Calendar", "Dkim"]

_Text = Annotated[str, Meta(min_length=1)]
_COUNTRY = re.compile(r"[A-Z]{2,3}")
_LEDGER = re.compile(r"(sqlite|postgresql)(\+[a-z0-9_]+)?")
_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])")
_SELECTOR = re.compile(
    r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*",
    re.IGNORECASE,
)
# An address in ASCII of at most 64 characters before its @ once the 24 of a person's key stand in it.
_BOUNCES = re.compile(r"([A-Za-z0-9!#$%&'*+/=?^_`|~.{}-]{1,45})@([^@]+)")
_DOTTED = re.compile(r"[^.{}]+(?:\.[^.{}]+)*")
_LINE = re.compile(r"[^\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]{1,200}")


class Calendar(Part, frozen=True, kw_only=True):
    """Working days of a country or a part of it, by the package `holidays`.

    `country` and `subdivision` are codes of ISO 3166 (`US`, `CA`). `closed` are more days on which
    nobody works. `confirmed` are dates on which an estimated holiday (Eid) does take place: one
    that is not confirmed is a working day, so no deadline is missed for a moon that was not seen.
    """

    country: str
    subdivision: _Text | None = None
    closed: Sequence[date] = ()
    confirmed: Sequence[date] = ()

    def check(self) -> None:
        """Check what the type cannot say; whether the country is known is seen when days are counted."""
        if not _COUNTRY.fullmatch(self.country):
            raise PolicyError(
                f"{self.country[:60]!r} is no code of a country; expected two or three capitals such as PK",
                key="country",
            )

    @property
    def name(self) -> str:
        """The code of the country, with that of the subdivision."""
        return "-".join(part for part in (self.country, self.subdivision) if part)


class Dkim(Part, frozen=True, kw_only=True):
    """How notices are signed (RFC 6376): with the key whose public half is at `selector`._domainkey.`domain`.

    `key_file` holds the private key (PEM): RSA, or Ed25519 (RFC 8463).
    """

    domain: str
    selector: str
    key_file: _Text

    def check(self) -> None:
        """Check the two names; the key is read when notices are made."""
        _check_host(self.domain, "domain")
        if not _SELECTOR.fullmatch(self.selector):
            raise PolicyError(
                f"{self.selector[:60]!r} is no selector; expected a name such as mail2026",
                key="selector",
            )


class Breach(Part, frozen=True, kw_only=True):
    """Settings for notices to the people whom a data breach affects (policy §14).

    - `zone`: the operator's time zone, in which days end.
    - `calendars`: whose working days count; of several the one with the earliest deadline. Without
      any, Monday to Friday.
    - `ledger`: the URL of the database that keeps who was told: SQLite's file, or PostgreSQL. A
      password comes from `ALPINES_PRIVACY_BREACH_LEDGER`, never from here.
    - `announcement`: the file by which the site's pages say that there was a breach, while one is announced.
    - `contact`, `email`: whom people may ask, in words, and the address that notices come from.
    - `sender`: the name that notices come from; without one that of `[operator]`.
    - `language`: the language that incidents are written in, unless they say another.
    - `templates`: a folder of your own templates (`notice.txt`, `notice.ur.html`, `subject.txt`).
    - `bounces`: the address that the server sends refused notices back to, with `{key}` where each
      person's key goes (`bounces+{key}@example.com`); without one it is `email`.
    - `dkim`: how notices are signed; without it the mail server signs, or nobody does.
    - `smtp`: the mail server that notices are given to.
    """

    zone: str
    calendars: Sequence[Calendar] = ()
    ledger: str = "sqlite:///breach.db"
    announcement: _Text | None = None
    contact: _Text | None = None
    email: _Text | None = None
    sender: _Text | None = None
    language: str = "en"
    templates: _Text | None = None
    bounces: str | None = None
    dkim: Dkim | None = None
    smtp: Smtp | None = None

    def check(self) -> None:
        """Check the zone, the names, and that the ledger's URL is one and holds no password."""
        if problem := zone_problem(self.zone):
            raise PolicyError(problem, key="zone")
        if problem := _ledger_problem(self.ledger):
            raise PolicyError(problem, key="ledger")
        if not LANGUAGE_TAG.fullmatch(self.language):
            raise PolicyError(
                f"{self.language[:60]!r} is no language tag; expected one such as en or pt-BR",
                key="language",
            )
        if self.sender is not None and not (self.sender.strip() and _LINE.fullmatch(self.sender)):
            raise PolicyError("is no name; expected one line of words", key="sender")
        if self.bounces is not None:
            _check_bounces(self.bounces)


def _check_host(host: str, key: str) -> None:
    if not _HOST.fullmatch(host):
        raise PolicyError(
            f"{host[:60]!r} is no domain; expected one in small letters such as example.com",
            key=key,
        )


def _check_bounces(address: str) -> None:
    found = _BOUNCES.fullmatch(address)
    local = found[1].replace("{key}", "0") if found else ""
    if found is None or found[1].count("{key}") != 1 or not _DOTTED.fullmatch(local):
        raise PolicyError(
            f"{address[:60]!r} takes no person's key; expected an address such as bounces+{{key}}@example.com",
            key="bounces",
        )
    _check_host(found[2], "bounces")


def _ledger_problem(url: str) -> str | None:
    expected = "expected sqlite:///breach.db, or postgresql://host/database"
    try:
        parts = urlsplit(url)
        has_password = parts.password is not None
    except ValueError:
        return f"is no URL; {expected}"
    if has_password or "password=" in parts.query:
        return "holds a password; expected none, and the whole URL in ALPINES_PRIVACY_BREACH_LEDGER"
    if not _LEDGER.fullmatch(parts.scheme) or "://" not in url:
        return f"names no database that a ledger can be in; {expected}"
    return None
