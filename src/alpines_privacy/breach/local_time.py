"""Times as people write them: a date and a time on the clocks of a place."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from alpines_privacy.breach.errors import BreachError
from alpines_privacy.policy.zone import zone_problem

__all__ = ["AmbiguousTimeError", "end_of_day", "read_time", "shown", "zone_named"]

_TIME = re.compile(
    r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d)?)(?:\.\d{1,9})?\s?(Z|[+-]\d\d:\d\d)?",
    re.ASCII | re.IGNORECASE,
)


class AmbiguousTimeError(BreachError):
    """A time that clocks showed twice, as they were set back; `choices` are both, the earlier first."""

    def __init__(self, text: str, choices: tuple[datetime, datetime]) -> None:
        self.choices = choices
        first, second = (choice.isoformat(sep=" ", timespec="minutes") for choice in choices)
        super().__init__(
            f'"{text}" happened twice in {choices[0].tzinfo}, as clocks were set back; '
            f'expected "{first}" or "{second}"'
        )


def zone_named(name: str) -> ZoneInfo:
    """Return IANA's time zone of a name; raises `BreachError` with the closest one."""
    if problem := zone_problem(name):
        raise BreachError(problem)
    return ZoneInfo(name)


def read_time(text: str, zone: ZoneInfo) -> datetime:
    """Read `2026-11-27 18:40`, on the zone's clocks unless an offset (RFC 3339) follows; aware, in the zone.

    Raises `AmbiguousTimeError` for a time that came twice, and `BreachError` for one that never
    came, since clocks were set forward, or for what is no date and time.
    """
    written = _TIME.fullmatch(text.strip())
    problem = f"{text[:40]!r} is no date and time; expected one such as 2026-11-27 18:40"
    if written is None:
        raise BreachError(problem)
    try:
        local = datetime.fromisoformat(f"{written[1]}T{written[2]}")
        if written[3]:
            exact = datetime.fromisoformat(f"{local.isoformat()}{written[3].upper()}")
            return exact.astimezone(zone)
    except (ValueError, OverflowError):
        raise BreachError(problem) from None
    return _on_clocks(local, zone, text.strip())


def _on_clocks(local: datetime, zone: ZoneInfo, text: str) -> datetime:
    first, second = (local.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    if first.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != local:
        raise BreachError(
            f'"{text}" never was in {zone}: clocks were set forward past it; '
            "expected a time before or after, or one with its offset from UTC"
        )
    if first.utcoffset() != second.utcoffset():
        raise AmbiguousTimeError(text, (first, second))
    return first


def end_of_day(moment: datetime, days: int, zone: ZoneInfo) -> datetime:
    """Return the last second of the day that many days after the one of a moment, on the zone's clocks."""
    day = moment.astimezone(zone).date() + timedelta(days=days)
    return datetime(day.year, day.month, day.day, 23, 59, 59, tzinfo=zone)


def shown(moment: datetime, zone: ZoneInfo) -> str:
    """Write a moment for people: `Mon 2026-11-30 23:59 PKT`."""
    return moment.astimezone(zone).strftime("%a %Y-%m-%d %H:%M %Z")
