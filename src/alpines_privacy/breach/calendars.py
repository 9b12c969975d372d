"""Working days, by the package `holidays`."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import holidays

from alpines_privacy.breach.errors import BreachError
from alpines_privacy.policy.breach import Calendar
from alpines_privacy.policy.errors import nearest

__all__ = ["working_day_after"]

_LONGEST = (
    60  # days in a row without work: more than any country's, so a calendar that has them is wrong
)


def working_day_after(day: date, calendar: Calendar | None) -> date:
    """Return the first working day strictly after a day; without a calendar, Monday to Friday.

    An estimated holiday is a working day unless the calendar confirms its date. Raises
    `BreachError` for a country or a subdivision that `holidays` does not know.
    """
    known = None if calendar is None else _days_off(calendar, day)
    for ahead in range(1, _LONGEST):
        candidate = day + timedelta(days=ahead)
        if calendar is None or known is None:
            if candidate.weekday() < 5:
                return candidate
        elif candidate not in calendar.closed and known.is_working_day(candidate):
            return candidate
    name = "" if calendar is None else calendar.name
    raise BreachError(
        f"the calendar {name} has no working day in {_LONGEST} days; expected fewer closed days"
    )


def _days_off(calendar: Calendar, day: date) -> holidays.HolidayBase:
    last = day + timedelta(days=_LONGEST)
    years = sorted({day.year, last.year})
    known = _country(calendar, years)
    labels = list(_estimated_labels(known))
    for each in list(known):
        is_estimated = all(
            any(label.fullmatch(name) for label in labels) for name in known.get_list(each)
        )
        if is_estimated and each not in calendar.confirmed:
            known.pop(each)
    return known


def _country(calendar: Calendar, years: list[int]) -> holidays.HolidayBase:
    supported = holidays.list_supported_countries()
    if calendar.country not in supported:
        raise BreachError(
            f'no calendar of the country "{calendar.country}" is known'
            f"{nearest(calendar.country, supported)}; expected a code of ISO 3166"
        )
    try:
        country = type(holidays.country_holidays(calendar.country))
        return country(
            subdiv=calendar.subdivision, years=years, expand=False, **_with_estimates(country)
        )
    except NotImplementedError:
        choices = ", ".join(supported[calendar.country][:12]) or "none"
        raise BreachError(
            f'no calendar of "{calendar.name}" is known; the country\'s subdivisions are {choices}'
        ) from None


def _with_estimates(country: type[holidays.HolidayBase]) -> dict[str, Any]:
    """Return the switches by which a country's names say that a date is estimated; some are off by default."""
    switches = inspect.signature(country).parameters
    return {name: True for name in switches if name.endswith("show_estimated")}


def _estimated_labels(known: holidays.HolidayBase) -> Iterator[re.Pattern[str]]:
    """Find the ways in which names say that a date is estimated, in the language that names are in."""
    for attribute in ("estimated_label", "observed_estimated_label"):
        if label := getattr(known, attribute, None):
            for text in (label, known.tr(label)):
                yield re.compile(re.escape(text).replace("%s", ".*"))
