"""Ages: birth dates parsed strictly, and years counted as the law counts them (policy §13).

Each shortcut is wrong somewhere: `days / 365.25` is 12.9993 on the thirteenth birthday, adding
thirteen years to 29 February gives the 28th, `int()` accepts digits of any script,
`date.fromisoformat()` accepts `20131123` and weeks, and lenient parsers fill in today's month.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

__all__ = [
    "LITERAL",
    "LOCAL_FORMATS",
    "AgeRule",
    "Birth",
    "check_formats",
    "read_age",
    "read_birth",
    "read_parts",
]

YOUNGEST = 13  # 16 CFR 312.2: a child is an individual under the age of 13
_OLDEST = 130  # years; nobody on record reached 123

# Where a day begins last on Earth: whoever is thirteen there is thirteen everywhere.
_LAST_ZONE = timezone(timedelta(hours=-12))

# Always accepted. Without a day or a month the latest one counts.
_ISO_FORMATS = ("YYYY-MM-DD", "YYYY-MM", "YYYY")
# The possible formats of an undeclared form: `03/04/2012`.
LOCAL_FORMATS = tuple(f"{a}{s}{b}{s}YYYY" for s in "./-" for a, b in (("D", "M"), ("M", "D")))

# A time after a whole date, as in ISO 8601, RFC 3339 and databases.
_WITH_TIME = re.compile(
    r"(?P<date>[^:T]{5,31}?[^:T ])(?:[Tt]| )(?P<hour>[01][0-9]|2[0-3]):(?P<minute>[0-5][0-9])"
    r"(?::[0-5][0-9](?:[.,][0-9]{1,9})?)?"
    r"(?:[Zz]| ?(?:UTC|GMT)| ?(?P<sign>[+-])(?P<hours>[01][0-9]):?(?P<minutes>[0-5][0-9])?)?"
)
_FIRST_ZONE, _LAST_OFFSET = timedelta(hours=14), timedelta(hours=-12)

_FIELD = re.compile(r"YYYY|MM?|DD?")
_FIELDS = {"Y": r"(?P<year>[0-9]{4})", "M": r"(?P<month>%s)", "D": r"(?P<day>%s)"}
_YEAR = re.compile(r"[0-9]{4}")
# One or two digits next to other digits would be ambiguous.
_UNBOUNDED = re.compile(r"(?<!M)M(?=[DY])|(?<!D)D(?=[MY])|(?<=[DY])M(?!M)|(?<=[MY])D(?!D)")
_SHORT = re.compile(r"[0-9]{1,2}")
_AGE = re.compile(r"0|[1-9][0-9]{0,2}")


class Birth(NamedTuple):
    """The earliest and the latest possible day of birth; equal for a whole date."""

    earliest: date
    latest: date


class AgeRule:
    """The rule of who may sign up: the minimum age, and the time zone of the current day.

    `zone` is an IANA name; without one it is UTC-12.
    """

    __slots__ = ("_minimum", "_zone")

    def __init__(self, minimum: int = YOUNGEST, zone: str | None = None) -> None:
        self._minimum = minimum
        self._zone: tzinfo = ZoneInfo(zone) if zone else _LAST_ZONE

    def allows(self, birth: Birth) -> bool | None:
        """Tell whether a person born on the latest possible day is old enough; None for an impossible date."""
        today = self.today()
        if birth.earliest > today or age_on(birth.latest, today) > _OLDEST:
            return None
        return age_on(min(birth.latest, today), today) >= self._minimum

    def allows_age(self, age: int) -> bool:
        """Tell whether an age is enough."""
        return age >= self._minimum

    def may_sign_up(self, birth_date: object) -> bool:
        """Tell whether somebody born on this date may; no for an impossible date.

        Raises TypeError for what is no date, which says nothing about the visitor.
        """
        if not isinstance(birth_date, date):
            raise TypeError(
                f"found {type(birth_date).__name__}; expected a datetime.date, as date.fromisoformat() makes it of text"
            )
        born = date(birth_date.year, birth_date.month, birth_date.day)  # it may be a datetime
        return self.allows(Birth(born, born)) is True

    def today(self) -> date:
        """Return the current day in the rule's time zone."""
        return _now(self._zone).date()


# The rule of the written policy.
LITERAL = AgeRule()


def age_on(born: date, day: date) -> int:
    """Return an age in years on a day; a person born on 29 February is a year older on 1 March."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def read_birth(text: str, formats: Sequence[str] = ()) -> Birth | None:
    """Read a birth date: ISO 8601's calendar date, its month or year alone, or one of the `formats`.

    A whole date may be followed by a time and an offset. None for all other text; digits must be
    ASCII. Blanks around it are ignored.
    """
    text = text.strip(" \t")
    for pattern in _patterns((*_ISO_FORMATS, *formats)):
        if match := pattern.fullmatch(text):
            found = match.groupdict()
            return _birth(found["year"], found.get("month"), found.get("day"))
    timed = _WITH_TIME.fullmatch(text)
    return None if timed is None else _birth_at(timed, read_birth(timed["date"], formats))


def read_parts(year: str, month: str | None = None, day: str | None = None) -> Birth | None:
    """Read a birth date from separate fields; None if they are no date."""
    parts = [part.strip(" \t") for part in (year, month, day) if part is not None]
    if not _YEAR.fullmatch(parts[0]) or not all(map(_SHORT.fullmatch, parts[1:])):
        return None
    return _birth(*parts)


def read_age(text: str) -> int | None:
    """Read an age in whole years; None for anything else."""
    text = text.strip(" \t")
    if not _AGE.fullmatch(text):
        return None
    age = int(text)
    return age if age <= _OLDEST else None


def check_formats(formats: Iterable[str]) -> str | None:
    """Return what is wrong with the formats of a date, None if nothing is."""
    seen: dict[str, str] = {}
    for form in formats:
        fields = [field[0] for field in _FIELD.findall(form)]
        between = _FIELD.sub("", form)
        if (
            sorted(fields) not in (["Y"], ["M", "Y"], ["D", "M", "Y"])
            or re.search(r"[A-Za-z0-9]", between)
            or form != form.strip()
            or _UNBOUNDED.search(form)
        ):
            return f"{form!r} is no format of a date; expected one such as DD.MM.YYYY or MM/DD/YYYY"
        shape = re.sub(r"MM?|DD?", "#", form)
        if seen.setdefault(shape, form) != form:
            return f"{form!r} cannot be told from {seen[shape]!r}; declare the one your form uses"
    return None


def _birth(year: str, month: str | None = None, day: str | None = None) -> Birth | None:
    numbers = [int(part) for part in (year, month, day) if part is not None]
    try:
        earliest = date(*[*numbers, 1, 1][:3])
    except ValueError:
        return None
    if len(numbers) == 3:
        return Birth(earliest, earliest)
    last_month = numbers[1] if len(numbers) == 2 else 12
    last_day = monthrange(earliest.year, last_month)[1]
    return Birth(earliest, date(earliest.year, last_month, last_day))


def _birth_at(timed: re.Match[str], written: Birth | None) -> Birth | None:
    """Return the possible days of a date with a time: from the written one to the latest on Earth.

    `new Date(1996, 0, 2)` becomes 1996-01-01T19:00:00.000Z in Karachi, so an instant may mean the
    day at UTC+14, where days begin first. A time without an offset may be UTC, too.
    """
    if written is None or written.earliest != written.latest:
        return None
    offset = timedelta(hours=int(timed["hours"] or 0), minutes=int(timed["minutes"] or 0))
    if timed["sign"] == "-":
        offset = -offset
    if not _LAST_OFFSET <= offset <= _FIRST_ZONE:
        return None
    since_midnight = timedelta(hours=int(timed["hour"]), minutes=int(timed["minute"]))
    try:
        # Of 24 hours and more, whole days count.
        latest = written.latest + (since_midnight - offset + _FIRST_ZONE)
    except OverflowError:  # the last day of the year 9999
        return None
    return Birth(written.earliest, latest)


@lru_cache(maxsize=64)  # a policy has a handful
def _patterns(formats: tuple[str, ...]) -> tuple[re.Pattern[str], ...]:
    return tuple(
        re.compile(_FIELD.sub(_expression, re.sub(r"([^\w])", r"\\\1", form))) for form in formats
    )


def _expression(field: re.Match[str]) -> str:
    digits = "[0-9]{2}" if len(field[0]) == 2 else "[0-9]{1,2}"
    return _FIELDS[field[0][0]].replace("%s", digits)


def _now(zone: tzinfo) -> datetime:
    return datetime.now(zone)
