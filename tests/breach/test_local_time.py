"""Times on the clocks of a place: forward, back, with offsets, and what is no time."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alpines_privacy.breach.errors import BreachError
from alpines_privacy.breach.local_time import AmbiguousTimeError, end_of_day, read_time, zone_named

READ = [
    ("2026-11-27 18:40", "Asia/Karachi", "2026-11-27T13:40:00+00:00"),
    ("2026-11-27T18:40:05", "Asia/Karachi", "2026-11-27T13:40:05+00:00"),
    (" 2026-11-27 18:40 ", "Asia/Karachi", "2026-11-27T13:40:00+00:00"),
    ("2026-11-27 18:40Z", "Asia/Karachi", "2026-11-27T18:40:00+00:00"),
    ("2026-11-27 18:40 +01:00", "Asia/Karachi", "2026-11-27T17:40:00+00:00"),
    ("2026-03-08 01:59", "America/Los_Angeles", "2026-03-08T09:59:00+00:00"),
    ("2026-03-08 03:00", "America/Los_Angeles", "2026-03-08T10:00:00+00:00"),
    ("2026-11-01 01:30-07:00", "America/Los_Angeles", "2026-11-01T08:30:00+00:00"),
    ("2026-11-01 01:30-08:00", "America/Los_Angeles", "2026-11-01T09:30:00+00:00"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "zone", "expected"), READ)
def test_a_time_is_read_on_the_clocks_of_its_zone(text: str, zone: str, expected: str) -> None:
    assert read_time(text, ZoneInfo(zone)).astimezone(UTC).isoformat() == expected


@pytest.mark.parametrize(("zone", "text"), [
    ("America/Los_Angeles", "2026-03-08 02:30"), ("Europe/London", "2026-03-29 01:00"),
    ("Africa/Cairo", "2026-04-24 00:15"),
])  # fmt: skip
def test_a_time_that_never_was_is_refused(zone: str, text: str) -> None:
    with pytest.raises(BreachError, match="never was"):
        read_time(text, ZoneInfo(zone))


@pytest.mark.parametrize(("zone", "text"), [
    ("America/Los_Angeles", "2026-11-01 01:30"), ("Europe/London", "2026-10-25 01:59"),
])  # fmt: skip
def test_a_time_that_came_twice_is_refused_with_both_of_its_readings(zone: str, text: str) -> None:
    with pytest.raises(AmbiguousTimeError) as raised:
        read_time(text, ZoneInfo(zone))
    first, second = raised.value.choices
    assert (second.astimezone(UTC) - first.astimezone(UTC)).total_seconds() == 3600
    for choice in (first, second):  # as the error says, each can be written
        written = choice.isoformat(sep=" ", timespec="minutes")
        assert written in str(raised.value)
        assert read_time(written, ZoneInfo(zone)).timestamp() == choice.timestamp()


@pytest.mark.parametrize("text", [
    "", "yesterday", "2026-11-27", "18:40", "2026-13-01 10:00", "2026-02-30 10:00", "27/11/2026 18:40",
    "2026-11-27 18:40 PKT", "20261127T1840", "2026-W48-5 10:00", "2026-11-27 25:00", "0001-01-01 00:00+14:00",
    "\uff12\uff10\uff12\uff16-11-27 18:40", "2026-11-27 18:40\n2026",
])  # fmt: skip
def test_what_is_no_date_and_time_is_refused(text: str) -> None:
    with pytest.raises(BreachError, match="is no date and time"):
        read_time(text, ZoneInfo("UTC"))


@pytest.mark.parametrize(
    "name", ["Asia/Karachy", "PKT+5", "", "../../etc/passwd", "/etc/localtime", "a/" * 9999]
)
def test_a_wrong_zone_is_refused(name: str) -> None:
    with pytest.raises(BreachError, match="is no time zone"):
        zone_named(name)


@given(
    st.datetimes(datetime(2000, 1, 1), datetime(2040, 1, 1)),  # noqa: DTZ001 - strategies want them so
    st.sampled_from(["Asia/Karachi", "America/Los_Angeles", "Europe/London", "Australia/Lord_Howe", "Asia/Riyadh"]),
)  # fmt: skip
def test_every_moment_can_be_written_and_read(moment: datetime, zone: str) -> None:
    place = ZoneInfo(zone)
    local = moment.replace(microsecond=0, tzinfo=UTC).astimezone(place)
    text = local.replace(tzinfo=None).isoformat(sep=" ")
    assert local.timestamp() in {choice.timestamp() for choice in readings(text, place)}
    assert read_time(local.isoformat(), place).timestamp() == local.timestamp()


def readings(text: str, place: ZoneInfo) -> tuple[datetime, ...]:
    try:
        return (read_time(text, place),)
    except AmbiguousTimeError as error:
        return error.choices


def test_a_day_ends_on_its_zone_s_clocks() -> None:
    """California's clocks go forward in between: fixed offsets are an hour off."""
    place = ZoneInfo("America/Los_Angeles")
    friday = read_time("2026-03-06 12:00", place)
    assert end_of_day(friday, 3, place).astimezone(UTC).isoformat() == "2026-03-10T06:59:59+00:00"
