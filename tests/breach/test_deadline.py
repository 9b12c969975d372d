"""The deadline: end of the first working day after discovery, by the strictest calendar."""

from __future__ import annotations

from datetime import UTC, date, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alpines_privacy.breach.calendars import working_day_after
from alpines_privacy.breach.deadline import deadline_of, other_clocks
from alpines_privacy.breach.errors import BreachError
from alpines_privacy.breach.local_time import read_time
from alpines_privacy.policy import Calendar

KARACHI, LOS_ANGELES, LONDON, RIYADH = (
    "Asia/Karachi",
    "America/Los_Angeles",
    "Europe/London",
    "Asia/Riyadh",
)
PK, US, GB, SA = (Calendar(country=code) for code in ("PK", "US", "GB", "SA"))
US_CA = Calendar(country="US", subdivision="CA")

# Discovered, the zone, the calendars, and the last second in UTC.
DEADLINES = {
    "a weekday": ("2026-11-24 18:40", KARACHI, [PK], "2026-11-25T18:59:59"),
    "just before midnight": ("2026-11-24 23:59", KARACHI, [PK], "2026-11-25T18:59:59"),
    "just after midnight": ("2026-11-25 00:00", KARACHI, [PK], "2026-11-26T18:59:59"),
    "Friday": ("2026-11-27 18:40", KARACHI, [PK], "2026-11-30T18:59:59"),
    "Saturday": ("2026-11-28 01:30", KARACHI, [PK], "2026-11-30T18:59:59"),
    "the same moment, Friday there": ("2026-11-27 12:30", LOS_ANGELES, [US], "2026-12-01T07:59:59"),
    "Saturday is no Friday": ("2026-11-28 10:00", LOS_ANGELES, [US], "2026-12-01T07:59:59"),
    "no calendar": ("2026-11-27 10:00", "UTC", [], "2026-11-30T23:59:59"),
    "the day after Thanksgiving": ("2026-11-25 10:00", LOS_ANGELES, [US], "2026-11-28T07:59:59"),
    "the same in California": ("2026-11-25 10:00", LOS_ANGELES, [US_CA], "2026-12-01T07:59:59"),
    "the strictest of both": ("2026-11-25 10:00", LOS_ANGELES, [US_CA, US], "2026-11-28T07:59:59"),
    "clocks go forward": ("2026-03-06 10:00", LOS_ANGELES, [US], "2026-03-10T06:59:59"),
    "clocks go back": ("2026-10-30 10:00", LOS_ANGELES, [US], "2026-11-03T07:59:59"),
    "Christmas and Boxing Day": ("2026-12-24 10:00", LONDON, [GB], "2026-12-29T23:59:59"),
    "over a new year": ("2026-12-31 10:00", LONDON, [GB], "2027-01-04T23:59:59"),
    "a weekend of Friday and Saturday": ("2026-11-26 10:00", RIYADH, [SA], "2026-11-29T20:59:59"),
    "a Sunday among Saudis": ("2026-11-28 10:00", RIYADH, [SA], "2026-11-29T20:59:59"),
    "Pakistan's Eid, known": ("2026-03-19 10:00", KARACHI, [PK], "2026-03-24T18:59:59"),
    "Pakistan's Eid, an estimate": ("2027-03-09 10:00", KARACHI, [PK], "2027-03-10T18:59:59"),
}  # fmt: skip


@pytest.mark.parametrize("case", DEADLINES)
def test_the_deadline_is_the_end_of_the_first_working_day(case: str) -> None:
    text, zone, calendars, expected = DEADLINES[case]
    place = ZoneInfo(zone)
    deadline = deadline_of(read_time(text, place), place, calendars)
    assert deadline.at.astimezone(UTC).isoformat() == f"{expected}+00:00"


def test_the_calendar_that_decides_is_named() -> None:
    place = ZoneInfo(LOS_ANGELES)
    assert deadline_of(read_time("2026-11-25 10:00", place), place, [US_CA, US]).calendar == "US"


def test_an_estimated_holiday_counts_once_it_is_confirmed() -> None:
    """Eid al-Fitr of 2027 in `holidays` is an estimate: Wednesday 10 March, then Thursday and Friday."""
    eid = [date(2027, 3, day) for day in (10, 11, 12)]
    assert working_day_after(date(2027, 3, 9), PK) == eid[0]
    confirmed = Calendar(country="PK", confirmed=eid)
    assert working_day_after(date(2027, 3, 9), confirmed) == date(2027, 3, 15)
    in_part = Calendar(country="PK", confirmed=eid[:1])
    assert working_day_after(date(2027, 3, 9), in_part) == eid[1]


@pytest.mark.parametrize("language", ["ar", "en_US", "ur_PK"])
def test_estimates_are_told_in_every_language(
    language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`holidays` names days in the language of the machine."""
    monkeypatch.setenv("LANGUAGE", language)
    assert working_day_after(date(2027, 3, 8), SA) == date(2027, 3, 9)
    assert working_day_after(date(2027, 3, 9), PK) == date(2027, 3, 10)


def test_closed_days_are_no_working_days() -> None:
    closed = Calendar(country="PK", closed=[date(2026, 11, 30)])
    assert working_day_after(date(2026, 11, 27), closed) == date(2026, 12, 1)


def test_a_calendar_without_working_days_is_refused() -> None:
    never = Calendar(
        country="PK", closed=[date(2026, 11, 1) + timedelta(days=n) for n in range(200)]
    )
    with pytest.raises(BreachError, match="has no working day"):
        working_day_after(date(2026, 11, 27), never)


@pytest.mark.parametrize(("country", "subdivision", "problem"), [
    ("ZZ", None, "no calendar of the country"), ("US", "XX", "subdivisions are AK"), ("PK", "SD", "none"),
])  # fmt: skip
def test_an_unknown_calendar_is_refused(
    country: str, subdivision: str | None, problem: str
) -> None:
    with pytest.raises(BreachError, match=problem):
        working_day_after(date(2026, 11, 27), Calendar(country=country, subdivision=subdivision))


@given(
    st.dates(date(2020, 1, 1), date(2030, 12, 31)), st.sampled_from([PK, US, US_CA, GB, SA, None])
)
def test_a_working_day_is_later_and_no_weekend(day: date, calendar: Calendar | None) -> None:
    found = working_day_after(day, calendar)
    assert found > day
    weekend = {4, 5} if calendar is SA else {5, 6}
    assert found.weekday() not in weekend


@pytest.mark.parametrize(("found", "until"), [
    ("2026-10-30 10:00", "2026-11-02 09:00:00-08:00"), ("2026-03-06 10:00", "2026-03-09 11:00:00-07:00"),
])  # fmt: skip
def test_seventy_two_hours_have_sixty_minutes_each_when_clocks_change(
    found: str, until: str
) -> None:
    place = ZoneInfo(LOS_ANGELES)
    clocks = other_clocks(read_time(found, place), place)
    assert str(clocks[0].until) == until


def test_a_day_that_ends_twice_ends_the_first_time() -> None:
    """Egypt sets its clocks back at midnight, so the last hour of Thursday, 29 October 2026 comes twice."""
    place = ZoneInfo("Africa/Cairo")
    found = deadline_of(read_time("2026-10-28 10:00", place), place, [Calendar(country="EG")])
    assert found.at.astimezone(UTC).isoformat() == "2026-10-29T20:59:59+00:00"


def test_other_laws_are_listed_with_their_sources() -> None:
    place = ZoneInfo(KARACHI)
    clocks = other_clocks(read_time("2026-11-27 18:40", place), place)
    until = {(clock.law, clock.told): clock.until for clock in clocks}
    assert str(until["GDPR", "the authority"]) == "2026-11-30 18:40:00+05:00"
    assert str(until["California", "residents"]) == "2026-12-27 23:59:59+05:00"
    assert all(clock.source for clock in clocks)
