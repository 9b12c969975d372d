"""All days that a text under a birth date's name can mean to some app, for signups nobody declared.

A declared signup takes the formats of its declaration. Here an app's own format is unknown, so a
text is read in every way there is: by its numbers, which are the same whatever is written between
them, or by its year alone.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import permutations

from alpines_privacy.policy.age import LOCAL_FORMATS, Birth, read_birth, read_parts

__all__ = ["readings_of", "readings_of_numbers", "readings_of_parts"]

_LONGEST = 96  # characters; a date with month, time and zone in words has fewer
_NUMBER = re.compile(r"[0-9]+")
_YEAR = re.compile(r"(?:1[89]|2[01])[0-9]{2}")  # `GMT+1000` is none
_COMPACT = re.compile(r"([0-9]{8})(?:[0-9]{4}(?:[0-9]{2})?)?")  # `20190301`, with a time or without
_INSTANT = re.compile(r"[0-9]{10}(?:[0-9]{3})?")  # seconds or milliseconds since 1970
# What Python's `int` and JSON's numbers write for the same number: `2_019`, `2019.0`, `2.019e3`.
_GROUPED = re.compile(r"(?<=[0-9])_(?=[0-9])")
_WHOLE = re.compile(r"[+]?([0-9]{1,16}(?:\.[0-9]{0,16})?(?:[eE][+]?[0-9]{1,2})?)")
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
        local or _of_long_numbers(numbers) or _of_short_year(text) or readings_of_numbers(numbers)
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


def _of_long_numbers(numbers: list[str]) -> list[Birth]:
    """Read a date without separators, which a time may follow, or a time since 1970."""
    if not numbers:
        return []
    if compact := _COMPACT.fullmatch(numbers[0]):
        text = compact[1]
        tries = [(text[:4], text[4:6], text[6:])]
        tries += [(text[4:], text[at : at + 2], text[2 - at : 4 - at]) for at in (0, 2)]
        return [birth for parts in tries if (birth := read_parts(*parts))]
    if len(numbers) == 1 and _INSTANT.fullmatch(numbers[0]):
        seconds = int(numbers[0][:10])
        day = datetime.fromtimestamp(seconds, UTC).date()
        return [Birth(day, day)]
    return []


def _of_short_year(text: str) -> list[Birth]:
    short = _SHORT_YEAR.fullmatch(text)
    if short is None:
        return []
    year = ("20" if int(short[4]) < _CENTURY_ENDS else "19") + short[4]
    return readings_of_parts(year, ((short[1], short[3]), (short[3], short[1])))
