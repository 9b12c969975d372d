"""When everybody must have been told, and what other laws ask for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from alpines_privacy.breach.calendars import working_day_after
from alpines_privacy.breach.local_time import end_of_day
from alpines_privacy.policy.breach import Calendar

__all__ = ["Clock", "Deadline", "deadline_of", "other_clocks"]


class Deadline(NamedTuple):
    """The last second in which people may be told, and the calendar that says so."""

    at: datetime
    calendar: str


class Clock(NamedTuple):
    """A duty under another law: whom to tell, until when (None where it names no time), and its source."""

    law: str
    told: str
    until: datetime | None
    source: str


def deadline_of(discovered: datetime, zone: ZoneInfo, calendars: Sequence[Calendar]) -> Deadline:
    """Return the end of the first working day after the day of discovery (policy §14).

    Days are those of the operator's zone. Of several calendars the strictest counts: the one whose
    deadline is first. Raises `BreachError` for a calendar that is not known.
    """
    day = discovered.astimezone(zone).date()
    choices = [(working_day_after(day, each), each.name) for each in calendars]
    last, name = min(choices) if choices else (working_day_after(day, None), "Monday to Friday")
    return Deadline(end_of_day(discovered, (last - day).days, zone), name)


def other_clocks(discovered: datetime, zone: ZoneInfo) -> list[Clock]:
    """Return the clocks of other laws, which may apply as well: for information, no legal advice."""
    later = (discovered.astimezone(UTC) + timedelta(hours=72)).astimezone(
        zone
    )  # of 60 minutes each
    return [
        Clock("GDPR", "the authority", later, "Art. 33(1): 72 hours"),
        Clock("GDPR", "people at high risk", None, "Art. 34(1): without undue delay"),
        Clock(
            "California", "residents", end_of_day(discovered, 30, zone),
            "Civ. Code 1798.82, SB 446 (ch. 319/2025): 30 days",
        ),
        Clock(
            "California", "the Attorney General", None,
            "the same, if over 500 residents: 15 days after them",
        ),
    ]  # fmt: skip
