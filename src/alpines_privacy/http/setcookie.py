"""`Set-Cookie` read as a browser reads it.

RFC 6265bis §5.6 is an algorithm that accepts nearly everything, and a filter that reads
differently from the browser lets cookies through. The facts that decide:

- a pair without "=" is a cookie without a name (its value is the whole pair);
- control characters except tab void the header, as do name and value of over 4096 octets;
- an attribute of over 1024 octets is ignored, and so is a Max-Age that is no number and an
  Expires that is no date; of repeated attributes the last counts; Max-Age beats Expires;
- no lifetime lasts beyond 400 days.

What this module cannot read (`parse` returns None) a browser ignores.

Browsers follow the algorithm except for odd lifetimes: in Chromium an unreadable last `Max-Age` or
`Expires` undoes an earlier one, `Max-Age=+100` is valid, and other dates than the standard's are
read. So a lifetime in any but the plain forms is `doubtful`, and counts for no deletion.
"""

from __future__ import annotations

import re
from calendar import timegm
from collections.abc import Mapping

from alpines_privacy.http.cache import cached

__all__ = ["LONGEST_LIFETIME", "SetCookie", "parse", "parse_date"]

LONGEST_LIFETIME = 400 * 86400  # seconds; RFC 6265bis §5.5
_LARGEST_PAIR = 4096
_LARGEST_ATTRIBUTE = 1024

_CONTROL = re.compile("[\x00-\x08\x0a-\x1f\x7f]")
_WSP = " \t"
_MAX_AGE = re.compile(r"-?[0-9]+", re.ASCII)
_LIFETIME = frozenset({"max-age", "expires"})
_UNDOUBTED: frozenset[str] = frozenset()

# The dates that every browser reads alike: RFC 9110 §5.6.7 and Netscape's, with four-digit years.
_DAY_NAME = r"(?:Mon|Tues?|Wed(?:nes)?|Thu(?:rs)?|Fri|Sat(?:ur)?|Sun)(?:day)?"
_PLAIN_DATE = re.compile(
    rf"{_DAY_NAME}, \d\d([ -])[A-Z][a-z]{{2}}\1\d{{4}} \d\d:\d\d:\d\d (?:GMT|UTC|[+-]0000)"
    rf"|{_DAY_NAME} [A-Z][a-z]{{2}} [ \d]\d \d\d:\d\d:\d\d \d{{4}}",
    re.ASCII,
)

# §5.1.1: a date is a run of tokens between delimiters, each tried as time, day, month and year.
_DELIMITER = re.compile("[\x09\x20-\x2f\x3b-\x40\x5b-\x60\x7b-\x7e]+")
_TIME = re.compile(r"(\d{1,2}):(\d{1,2}):(\d{1,2})(?:\D.*)?", re.ASCII | re.DOTALL)
_DAY = re.compile(r"(\d{1,2})(?:\D.*)?", re.ASCII | re.DOTALL)
_YEAR = re.compile(r"(\d{2,4})(?:\D.*)?", re.ASCII | re.DOTALL)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = {name: number for number, name in enumerate(_MONTHS, start=1)}
_DAYS_IN_MONTH = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


class SetCookie:
    """One `Set-Cookie` value: the pair, the attributes that count, and the text they came from.

    `attributes` maps lower-case names to stripped values, the last valid one of each name;
    `doubtful` has the names of those, of `max-age` and `expires`, that browsers read differently.
    """

    __slots__ = ("attributes", "doubtful", "name", "text", "value")

    def __init__(
        self,
        text: str,
        name: str,
        value: str,
        attributes: Mapping[str, str],
        doubtful: frozenset[str] = _UNDOUBTED,
    ) -> None:
        self.text = text
        self.name = name
        self.value = value
        self.attributes = attributes
        self.doubtful = doubtful

    def lifetime(self, now: float) -> float | None:
        """Return the seconds the browser would keep it from `now` (Unix time); None for a session cookie."""
        if (max_age := self.attributes.get("max-age")) is not None:
            return min(_whole(max_age), LONGEST_LIFETIME)
        if (expires := self.attributes.get("expires")) is not None:
            date = parse_date(expires)
            return None if date is None else min(date - now, LONGEST_LIFETIME)
        return None

    def is_deletion(self, now: float) -> bool:
        """Whether all browsers delete a cookie on this line (§5.7: an expiry in the past).

        An `Expires` alone is compared with this clock; see `expires_only`.
        """
        if self.doubtful and ("max-age" in self.doubtful or self.expires_only):
            return False
        lifetime = self.lifetime(now)
        return lifetime is not None and lifetime <= 0

    @property
    def expires_only(self) -> bool:
        """Whether its lifetime is a date alone, so that it depends on clocks and the response's `Date`."""
        return "max-age" not in self.attributes

    def edited(self, remove: frozenset[str] = frozenset(), add: tuple[str, ...] = ()) -> str:
        """Return the text without the attributes named in `remove` (lower case) and with those in `add`."""
        return edited(self.text, remove, add)


def parse(text: str) -> SetCookie | None:
    """Read one `Set-Cookie` value (a str that stands for its octets); None for one browsers ignore."""
    parts = split(text)
    if parts is None:
        return None
    name, value, rest = parts
    return SetCookie(text, name, value, *read_attributes(rest))


def edited(text: str, remove: frozenset[str], add: tuple[str, ...]) -> str:
    """Return a `Set-Cookie` value without the attributes named in `remove` (lower case) and with those in `add`."""
    if remove:
        pair, *rest = text.split(";")
        text = ";".join([pair, *(part for part in rest if _attribute_name(part) not in remove)])
    return "; ".join([text.rstrip(" \t;"), *add]) if add else text


def split(text: str) -> tuple[str, str, str] | None:
    """Return a cookie's name, its value, and the text of its attributes; None for one browsers ignore."""
    if not text.isprintable() and _CONTROL.search(text):
        return None
    pair, _, rest = text.partition(";")
    name, equals, value = pair.partition("=")
    if not equals:
        name, value = "", pair
    name, value = name.strip(_WSP), value.strip(_WSP)
    if not (name or value) or len(name) + len(value) > _LARGEST_PAIR:
        return None
    return name, value, rest


def read_attributes(text: str) -> tuple[Mapping[str, str], frozenset[str]]:
    """Return the valid attributes after the pair, and the names of the doubtful ones."""
    attributes: dict[str, str] = {}
    doubtful = _UNDOUBTED
    for part in text.split(";"):
        key, _, content = part.partition("=")
        key, content = key.strip(_WSP).lower(), content.strip(_WSP)
        readable = len(content) <= _LARGEST_ATTRIBUTE
        if key in _LIFETIME:
            readable = readable and _is_lifetime(key, content)
            if not readable or (key == "expires" and not _PLAIN_DATE.fullmatch(content)):
                doubtful |= {key}
        if readable and key:
            attributes[key] = content
    return attributes, doubtful


def _is_lifetime(key: str, content: str) -> bool:
    if key == "max-age":
        return _MAX_AGE.fullmatch(content) is not None
    return parse_date(content) is not None


@cached("cookie dates")
def parse_date(text: str) -> int | None:
    """Return the Unix time of a cookie date (RFC 6265bis §5.1.1), None for what is no date."""
    found: dict[str, tuple[int, ...]] = {}
    for token in _DELIMITER.split(text):
        if "time" not in found and (match := _TIME.fullmatch(token)):
            found["time"] = (int(match[1]), int(match[2]), int(match[3]))
        elif "day" not in found and (match := _DAY.fullmatch(token)):
            found["day"] = (int(match[1]),)
        elif "month" not in found and (month := _MONTH.get(token[:3].lower())):
            found["month"] = (month,)
        elif "year" not in found and (match := _YEAR.fullmatch(token)):
            found["year"] = (_full_year(int(match[1])),)
    if len(found) < 4:  # time, day, month and year
        return None
    (hour, minute, second), (day,), (month,), (year,) = (
        found[key] for key in ("time", "day", "month", "year")
    )
    if (
        hour > 23 or minute > 59 or second > 59 or year < 1601 or not 1 <= day <= _days(month, year)
    ):  # §5.1.1 step 5
        return None
    return timegm((year, month, day, hour, minute, second))


def _full_year(year: int) -> int:
    if 70 <= year <= 99:  # §5.1.1 steps 3 and 4
        return year + 1900
    return year + 2000 if year <= 69 else year


def _days(month: int, year: int) -> int:
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return 28 if month == 2 and not leap else _DAYS_IN_MONTH[month - 1]  # February


def _attribute_name(part: str) -> str:
    return part.partition("=")[0].strip(_WSP).lower()


def _whole(max_age: str) -> int:
    """Return a Max-Age of any number of digits: ten already exceed 400 days."""
    digits = max_age.lstrip("-0")
    value = LONGEST_LIFETIME if len(digits) > 10 else int(digits or "0")
    return -value if max_age.startswith("-") else value
