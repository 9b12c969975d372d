"""`[breach]`: notices to the people whom a data breach affects (policy §14)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from ipaddress import ip_address
from typing import Annotated, Literal
from urllib.parse import urlsplit

from msgspec import Meta

from alpines_privacy.policy.errors import PolicyError
from alpines_privacy.policy.part import Part
from alpines_privacy.policy.zone import zone_problem

__all__ = ["Breach", "Calendar", "Smtp"]

_Text = Annotated[str, Meta(min_length=1)]
_COUNTRY = re.compile(r"[A-Z]{2,3}")
_LEDGER = re.compile(r"(sqlite|postgresql)(\+[a-z0-9_]+)?")
_HOST = re.compile(r"(?=.{1,253}\Z)[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?\.?")
_Rate = Annotated[float, Meta(gt=0, le=100_000)]


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


class Smtp(Part, frozen=True, kw_only=True):
    """The mail server that notices are given to.

    - `host`, `port`: without a port 587 (RFC 6409), and 465 for `tls` (RFC 8314).
    - `security`: `starttls` and `tls` are required of the server, and its certificate is checked,
      against `ca_file` if there is one; `none` is for a server on this machine.
    - `user`: who signs in. The password comes from `ALPINES_PRIVACY_BREACH_SMTP_PASSWORD`.
    - `connections`: how many one process keeps open; `timeout`: seconds that an answer may take.
    - `rate`, `domain_rate`: messages a second of one process, to the server and to one recipient
      domain; without one, as many as the server takes.
    - `refusals`: the share of the last hundred answers which, refused for good, pauses the sending.
    """

    host: _Text
    port: Annotated[int, Meta(ge=1, le=65535)] | None = None
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: _Text | None = None
    connections: Annotated[int, Meta(ge=1, le=100)] = 4
    rate: _Rate | None = None
    domain_rate: _Rate | None = None
    ca_file: _Text | None = None
    timeout: Annotated[float, Meta(ge=0.1, le=600)] = 60
    refusals: Annotated[float, Meta(gt=0, le=1)] = 0.2

    def check(self) -> None:
        """Check the host, and that notices leave this machine encrypted."""
        if not _HOST.fullmatch(self.host) and _ip(self.host) is None:
            raise PolicyError(
                f"{self.host[:60]!r} is no host; expected a name such as mail.example.com, "
                "the port apart",
                key="host",
            )
        if self.security == "none" and not _is_loopback(self.host):
            raise PolicyError(
                f'"none" sends notices unencrypted to {self.host[:60]}; expected "starttls" or '
                '"tls", or a host such as localhost',
                key="security",
            )

    @property
    def address(self) -> tuple[str, int]:
        """The host and the port."""
        return self.host, self.port or (465 if self.security == "tls" else 587)


class Breach(Part, frozen=True, kw_only=True):
    """Settings for notices to the people whom a data breach affects (policy §14).

    - `zone`: the operator's time zone, in which days end.
    - `calendars`: whose working days count; of several the one with the earliest deadline. Without
      any, Monday to Friday.
    - `ledger`: the URL of the database that keeps who was told: SQLite's file, or PostgreSQL. A
      password comes from `ALPINES_PRIVACY_BREACH_LEDGER`, never from here.
    - `contact`, `email`: whom people may ask, in words, and the address that notices come from.
    - `smtp`: the mail server that notices are given to.
    """

    zone: str
    calendars: Sequence[Calendar] = ()
    ledger: str = "sqlite:///breach.db"
    contact: _Text | None = None
    email: _Text | None = None
    smtp: Smtp | None = None

    def check(self) -> None:
        """Check the zone, and that the ledger's URL is one and holds no password."""
        if problem := zone_problem(self.zone):
            raise PolicyError(problem, key="zone")
        if problem := _ledger_problem(self.ledger):
            raise PolicyError(problem, key="ledger")


def _ip(host: str) -> bool | None:
    """Return whether an IP address is this machine's own; None for a name."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return None


def _is_loopback(host: str) -> bool:
    return host.lower().rstrip(".") == "localhost" or _ip(host) is True


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
