"""`[breach]`: notices to the people whom a data breach affects (policy §14)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import Annotated
from urllib.parse import urlsplit

from msgspec import Meta

from alpines_privacy.policy.errors import PolicyError
from alpines_privacy.policy.part import Part
from alpines_privacy.policy.zone import zone_problem

__all__ = ["Breach", "Calendar"]

_Text = Annotated[str, Meta(min_length=1)]
_COUNTRY = re.compile(r"[A-Z]{2,3}")
_LEDGER = re.compile(r"(sqlite|postgresql)(\+[a-z0-9_]+)?")


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


class Breach(Part, frozen=True, kw_only=True):
    """Settings for notices to the people whom a data breach affects (policy §14).

    - `zone`: the operator's time zone, in which days end.
    - `calendars`: whose working days count; of several the one with the earliest deadline. Without
      any, Monday to Friday.
    - `ledger`: the URL of the database that keeps who was told: SQLite's file, or PostgreSQL. A
      password comes from `ALPINES_PRIVACY_BREACH_LEDGER`, never from here.
    - `announcement`: the file by which the site's pages say that there was a breach, while one is announced.
    - `contact`, `email`: whom people may ask, in words, and the address that notices come from.
    """

    zone: str
    calendars: Sequence[Calendar] = ()
    ledger: str = "sqlite:///breach.db"
    announcement: _Text | None = None
    contact: _Text | None = None
    email: _Text | None = None

    def check(self) -> None:
        """Check the zone, and that the ledger's URL is one and holds no password."""
        if problem := zone_problem(self.zone):
            raise PolicyError(problem, key="zone")
        if problem := _ledger_problem(self.ledger):
            raise PolicyError(problem, key="ledger")


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
