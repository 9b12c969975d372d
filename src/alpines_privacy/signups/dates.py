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
_COMPACT = re.compile(r"[0-9]{8}")
# Seconds or milliseconds since 1970.
_INSTANT = re.compile(r"([0-9]{10})(?:[0-9]{3})?(?:\.[0-9]*)?")
_SHORT_YEAR = re.compile(r"([0-9]{1,2})([/.])([0-9]{1,2})\2([0-9]{2})")
_CENTURY_ENDS = 69  # a year of two digits below it belongs to this century (POSIX strptime, %y)


def readings_of(text: str) -> list[Birth]:
    """Return all possible dates of a text; none if it holds no year. Digits may be of any script."""
    text = _with_ascii_digits(text.strip())
    if len(text) > _LONGEST:
        return []
    if iso := read_birth(text):
        return [iso]
    local = [birth for form in LOCAL_FORMATS if (birth := read_birth(text, (form,)))]
    return local or _of_one_number(text) or readings_of_numbers(_NUMBER.findall(text))


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
    whole = [birth for order in orders if (birth := read_parts(year, *order))]
    alone = read_parts(year)
    return whole or ([alone] if alone else [])


def _with_ascii_digits(text: str) -> str:
    if text.isascii() or len(text) > _LONGEST:
        return text
    return "".join(str(unicodedata.decimal(sign, sign)) for sign in text)


def _of_one_number(text: str) -> list[Birth]:
    """Read a date without separators, a time since 1970, and a year of two digits."""
    if _COMPACT.fullmatch(text):
        tries = [(text[:4], text[4:6], text[6:])]
        tries += [(text[4:], text[at : at + 2], text[2 - at : 4 - at]) for at in (0, 2)]
        return [birth for parts in tries if (birth := read_parts(*parts))]
    if instant := _INSTANT.fullmatch(text):
        day = datetime.fromtimestamp(int(instant[1]), UTC).date()
        return [Birth(day, day)]
    if short := _SHORT_YEAR.fullmatch(text):
        year = ("20" if int(short[4]) < _CENTURY_ENDS else "19") + short[4]
        return readings_of_parts(year, ((short[1], short[3]), (short[3], short[1])))
    return []
