"""Birth dates: near the birthday that decides, on 29 February, and impossible ones (policy §13)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from hypothesis import strategies as st

__all__ = ["adults", "birth_dates", "children", "is_old_enough", "odd_birth_dates"]

_OLDEST = 120  # years
_DAY = timedelta(days=1)
_IMPOSSIBLE = (
    "", " ", "2001-02-30", "2001-13-01", "2001-00-10", "0000-00-00", "1700-01-01", "9999-12-31", "yesterday",
    "20010203", "\uff12\uff10\uff10\uff11-02-03", "2001-W05-3", "-2001-02-03", "null", "2001-02-03 or 2015-01-01",
)  # fmt: skip


def is_old_enough(birth: date, today: date, age: int = 13) -> bool:
    """Tell whether somebody is `age` years old; a person born on 29 February is a year older on 1 March."""
    return (birth.year + age, birth.month, birth.day) <= (today.year, today.month, today.day)


def birth_dates(today: date | None = None, age: int = 13) -> st.SearchStrategy[date]:
    """Return possible birth dates, many of them a few days from the birthday that decides.

    `today` is the day that counts; without it, the day of the test run where it begins last on
    Earth (UTC-12), which is what a policy without `age_zone` counts by.
    """
    day = _last_day_begun() if today is None else today
    oldest = _years_before(day, _OLDEST)
    near = st.integers(-3, 3).map(lambda days: _years_before(day, age) + days * _DAY)
    leap = st.integers(oldest.year // 4 + 1, day.year // 4 - 1).map(_leap_day)
    return st.one_of(near, leap, st.dates(oldest, day), st.dates(_years_before(day, age + 2), day))


def children(today: date | None = None, age: int = 13) -> st.SearchStrategy[date]:
    """Return birth dates of people who are younger than `age` on the day, as in `birth_dates`."""
    day = _last_day_begun() if today is None else today
    oldest = _years_before(day, age) + _DAY
    return st.one_of(
        st.integers(0, 3).map(lambda days: oldest + days * _DAY), st.dates(oldest, day)
    )


def adults(today: date | None = None, age: int = 13) -> st.SearchStrategy[date]:
    """Return birth dates of people who are `age` or older on the day, as in `birth_dates`."""
    day = _last_day_begun() if today is None else today
    youngest = _years_before(day, age)
    near = st.integers(0, 3).map(lambda days: youngest - days * _DAY)
    return st.one_of(near, st.dates(_years_before(day, _OLDEST), youngest))


def odd_birth_dates() -> st.SearchStrategy[str]:
    """Return what is no possible birth date: no such day, not yet come, too long ago, or no date at all."""
    return st.one_of(
        st.sampled_from(_IMPOSSIBLE),
        st.integers(2, 900).map(lambda days: (_last_day_begun() + days * _DAY).isoformat()),
        st.text(max_size=6).filter(lambda text: not any(map(str.isdigit, text))),
    )


def _last_day_begun() -> date:
    return (datetime.now(UTC) - timedelta(hours=12)).date()


def _years_before(day: date, years: int) -> date:
    """Return the last birth date of somebody who is `years` old on the day."""
    if (day.month, day.day) == (2, 29):
        return date(day.year - years, 3, 1) - _DAY
    return day.replace(year=day.year - years)


def _leap_day(quarter: int) -> date:
    year = quarter * 4
    return date(year, 3, 1) - _DAY
