"""Undeclared signups: a password and a birth date, sent to a path with a signup word.

Only clear cases are refused. A parent may enter a child's date, a clinic a patient's: such a form
has no password, or more than one date, or a field name that tells whose date it is.
"""

from __future__ import annotations

import re
from enum import Enum
from itertools import product

from alpines_privacy.http.body import Fields
from alpines_privacy.policy.age import AgeRule, Birth
from alpines_privacy.signups.dates import readings_of, readings_of_numbers, readings_of_parts
from alpines_privacy.signups.names import SHORTEST, NameKind, kind_of

__all__ = ["WORDS", "Finding", "classify"]

WORDS = frozenset(
    {
        "signup", "sign-up", "sign_up", "register", "registration", "join", "create-account", "create_account",
    }
)  # fmt: skip

_PARTS = (NameKind.YEAR, NameKind.MONTH, NameKind.DAY)
_OWN = frozenset({NameKind.DATE, NameKind.BIRTHDAY, NameKind.YEAR})
_NUMBER = re.compile(r"[0-9]{1,4}")
_OF_A_DATE = 3  # numbers
_MOST_FIELDS = 64  # of birth dates in one body; a signup has fewer
_LONGEST = 96  # characters of a value that may be a date


class Finding(Enum):
    """What a body of an undeclared signup shows."""

    NO_SIGNUP = "no birth date"
    NO_PASSWORD = "a birth date without a password"  # noqa: S105 - a reason, no password
    SOMEBODY_ELSE = "several birth dates, or somebody else's, as in a parent's form"
    REPEATED = "birth dates of which parsers read one or the other: one name with two, or very many"
    UNREADABLE = "a birth date in a form that cannot be read for sure"
    OLD_ENOUGH = "somebody old enough"
    AMBIGUOUS = "a birth date that can be read in more than one way"
    UNDER_AGE = "somebody under age, whichever way the date is read"


def classify(fields: Fields, rule: AgeRule) -> Finding:
    """Return what the fields show under an age rule."""
    sent = _Sent(fields)
    if sent.has_own and sent.has_password:
        return _of_signup(sent, rule)
    if sent.has_others:
        return Finding.SOMEBODY_ELSE
    return Finding.NO_PASSWORD if sent.has_own else Finding.NO_SIGNUP


def _of_signup(sent: _Sent, rule: AgeRule) -> Finding:
    if sent.is_repeated:
        return Finding.REPEATED
    if sent.are_several:
        return Finding.SOMEBODY_ELSE
    if sent.are_too_many:
        return Finding.REPEATED
    finding = _judged(sent.readings(), rule)
    if sent.has_others and finding is not Finding.UNDER_AGE:  # who is, is nobody's parent
        return Finding.SOMEBODY_ELSE
    return finding


def _judged(readings: list[Birth], rule: AgeRule) -> Finding:
    # By the earliest possible day: whoever is under age even then is certainly so.
    verdicts = {rule.allows(Birth(birth.earliest, birth.earliest)) for birth in readings} - {None}
    if not verdicts:
        return Finding.UNREADABLE
    if verdicts == {False}:
        return Finding.UNDER_AGE
    return Finding.AMBIGUOUS if False in verdicts else Finding.OLD_ENOUGH


class _Sent:
    """The fields of a body that tell a signup: birth dates, their parts, a password."""

    __slots__ = (
        "_count", "_names", "_numbers", "_parts", "_readings",
        "are_several", "has_others", "has_own", "has_password", "is_repeated",
    )  # fmt: skip

    def __init__(self, fields: Fields) -> None:
        self.has_password = self.has_others = self.has_own = False
        self.is_repeated = self.are_several = False
        self._count = 0  # of fields of birth dates
        self._names: dict[str, str] = {}  # own names and their values
        self._readings: list[Birth] = []  # that all whole dates have in common
        self._numbers: list[str] = []  # that may be a date's parts, in their order: `[2015, 3, 1]`
        self._parts: dict[NameKind, list[str]] = {}
        kinds: dict[str, NameKind] = {}  # of names that repeat
        for name, value in fields:
            if len(name) < SHORTEST:
                continue
            kind = kinds.get(name) or kind_of(name)
            if kind is not NameKind.OTHER:
                if len(kinds) < _MOST_FIELDS:
                    kinds[name] = kind
                self._take(name, kind, value)
        if len(self._numbers) == _OF_A_DATE:
            self._add_readings(readings_of_numbers(self._numbers))
        self.are_several = self.are_several or len(self._parts.get(NameKind.YEAR, ())) > 1

    @property
    def are_too_many(self) -> bool:
        """Whether there are more fields of birth dates than are read."""
        return self._count > _MOST_FIELDS

    def readings(self) -> list[Birth]:
        """Return all possible dates of the one birth date; none if it cannot be read."""
        years, months, days = (self._parts.get(kind, []) for kind in _PARTS)
        if self._readings or not years:
            return self._readings
        return readings_of_parts(years[0], product(months, days) if days else product(months))

    def _take(self, name: str, kind: NameKind, value: str) -> None:
        if kind is NameKind.PASSWORD:
            self.has_password = True
        elif kind is NameKind.SOMEBODY_ELSE:
            self.has_others = self.has_others or bool(value)
        else:
            self._add(name, kind, value.strip())

    def _add(self, name: str, kind: NameKind, value: str) -> None:
        self.has_own = self.has_own or kind in _OWN
        self._count += 1
        if self.are_too_many:
            return
        value = value[: _LONGEST + 1]  # what is longer is no date, whole or cut
        if self._names.setdefault(name, value) != value and not name.endswith("[]"):
            self.is_repeated = True
        if kind in _PARTS or kind is NameKind.BIRTHDAY:
            part = self._parts.setdefault(NameKind.DAY if kind is NameKind.BIRTHDAY else kind, [])
            part += [] if value in part else [value]
        if kind not in _PARTS:
            self._add_date(value)
        self.has_own = self.has_own or bool(self._readings)

    def _add_date(self, value: str) -> None:
        if _NUMBER.fullmatch(value):
            self._numbers.append(value)
        self._add_readings(readings_of(value))

    def _add_readings(self, readings: list[Birth]) -> None:
        """Keep what all dates have in common; two without it are two birth dates."""
        common = [both for a in self._readings for b in readings if (both := _common(a, b))]
        if self._readings and readings and not common:
            self.are_several = True
        self._readings = list(dict.fromkeys(common)) or self._readings or readings


def _common(a: Birth, b: Birth) -> Birth | None:
    earliest, latest = max(a.earliest, b.earliest), min(a.latest, b.latest)
    return Birth(earliest, latest) if earliest <= latest else None
