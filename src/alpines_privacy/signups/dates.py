"""All days that a text under a birth date's name can mean to some app, for signups nobody declared.

A declared signup takes the formats of its declaration. Here an app's own format is unknown, so a
text is read in every way there is: by its numbers, which are the same whatever is written between
them, or by its year alone.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import permutations

from alpines_privacy.policy.age import LOCAL_FORMATS, Birth, read_birth, read_parts

__all__ = ["readings_of", "readings_of_numbers", "readings_of_parts"]

_LONGEST = 96  # characters; a date with month, time and zone in words has fewer
_NUMBER = re.compile(r"[0-9]+")
_YEAR = re.compile(r"(?:1[89]|2[01])[0-9]{2}")  # `GMT+1000` is none
_COMPACT = re.compile(r"([0-9]{8})(?:[0-9]{4}(?:[0-9]{2})?)?")  # `20190301`, with a time or without
# Since 1970: seconds (up to ten digits) or milliseconds, before it with a sign.
_INSTANT = re.compile(r"(?<![0-9])-?([0-9]{9,13})(?![0-9])")
_SECONDS = 10  # digits
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - of a day in UTC
_QUARTER = 900  # seconds; at each of them it is midnight in some time zone
# What Python's `int` and JSON's numbers write for the same number: `2_019`, `2019.0`, `2.019e3`.
_GROUPED = re.compile(r"(?<=[0-9])_(?=[0-9])")
_WHOLE = re.compile(r"([+-]?[0-9]{1,16}(?:\.[0-9]{0,16})?(?:[eE][+]?[0-9]{1,2})?)")
_SHORT_YEAR = re.compile(r"([0-9]{1,2})([/.])([0-9]{1,2})\2([0-9]{2})")
_CENTURY_ENDS = 69  # a year of two digits below it belongs to this century (POSIX strptime, %y)


def readings_of(text: str) -> list[Birth]:
    """Return all possible dates of a text; none if it holds no year. Digits may be of any script."""
    text = _plain(text)
    if len(text) > _LONGEST:
        return []
    if iso := read_birth(text):
        return [iso]
    local = [birth for form in LOCAL_FORMATS if (birth := read_birth(text, (form,)))]
    numbers = _NUMBER.findall(text)
    return (
        local
        or _of_long_numbers(text, numbers)
        or _of_short_year(text)
        or readings_of_numbers(numbers)
    )


def readings_of_numbers(numbers: Sequence[str]) -> list[Birth]:
    """Return all dates of numbers of which one is a year: `2015, 3, 1` in any order, or the year alone.

    Three numbers that are no date in any order are none by their year either.
    """
    years = [at for at, number in enumerate(numbers) if _YEAR.fullmatch(number)]
    if len(years) != 1:
        return []
    year, others = numbers[years[0]], [*numbers[: years[0]], *numbers[years[0] + 1 :]][:2]
    whole = [birth for order in permutations(others) if (birth := read_parts(year, *order))]
    if len(numbers) == 3 or (len(others) == 2 and whole):
        return whole
    return readings_of_parts(year, ())


def readings_of_parts(year: str, orders: Iterable[Sequence[str]]) -> list[Birth]:
    """Return the dates of a year with months and days, or with a month alone; else those of the year alone."""
    year = _plain(year)
    tries = ([_plain(number) for number in order] for order in orders)
    whole = [birth for order in tries if (birth := read_parts(year, *order))]
    alone = read_parts(year)
    return whole or ([alone] if alone else [])


def _plain(text: str) -> str:
    """Return a text with ASCII digits, and a number as an integer is written."""
    text = text.strip()
    if len(text) > _LONGEST:
        return text
    if not text.isascii():
        text = "".join(str(unicodedata.decimal(sign, sign)) for sign in text)
    text = _GROUPED.sub("", text)
    number = _WHOLE.fullmatch(text)
    return text if number is None or text.isdecimal() else str(int(float(number[1])))


def _of_long_numbers(text: str, numbers: list[str]) -> list[Birth]:
    """Read a date without separators, which a time may follow, or a time since 1970.

    Twelve digits may be both: `202003200000` is a midnight of 1976 in milliseconds.
    """
    if not numbers:
        return []
    compact = _of_compact(numbers[0])
    instant = _INSTANT.search(text) if len(numbers) == 1 else None
    if instant is None:
        return compact
    seconds = int(instant[0]) if len(instant[1]) <= _SECONDS else int(instant[0]) // 1000
    if compact and seconds % _QUARTER:
        return compact
    day = (_EPOCH + timedelta(seconds=seconds)).date()
    return [*compact, Birth(day, day)]


def _of_compact(number: str) -> list[Birth]:
    compact = _COMPACT.fullmatch(number)
    if compact is None:
        return []
    digits = compact[1]
    tries = [(digits[:4], digits[4:6], digits[6:])]
    tries += [(digits[4:], digits[at : at + 2], digits[2 - at : 4 - at]) for at in (0, 2)]
    return [birth for parts in tries if (birth := read_parts(*parts))]


def _of_short_year(text: str) -> list[Birth]:
    short = _SHORT_YEAR.fullmatch(text)
    if short is None:
        return []
    year = ("20" if int(short[4]) < _CENTURY_ENDS else "19") + short[4]
    return readings_of_parts(year, ((short[1], short[3]), (short[3], short[1])))
