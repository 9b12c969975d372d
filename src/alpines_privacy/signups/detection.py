"""Undeclared signups: a password and a birth date, sent to a path with a signup word.

Only clear cases are refused. A parent may enter a child's date, a clinic a patient's: such a form
has no password, or more than one date, or a field name that tells whose date it is.
"""

from __future__ import annotations

import re
from enum import Enum

from alpines_privacy.http.body import Fields
from alpines_privacy.policy.age import LOCAL_FORMATS, AgeRule, Birth, read_birth, read_parts
from alpines_privacy.signups.others import without_others

__all__ = ["WORDS", "Finding", "classify", "is_of_a_birth"]

WORDS = frozenset(
    {
        "signup", "sign-up", "sign_up", "register", "registration", "join", "create-account", "create_account",
    }
)  # fmt: skip

_WHOLE = frozenset(
    {"dob", "birthdate", "birthday", "bday", "dateofbirth", "birth", "born", "borndate", "birthdt"}
)
_STEMS = r"dob|birth|birthdate|birthday|bday|dateofbirth"
_PART = re.compile(rf"(?:{_STEMS})(year|month|day)|(year|month|day)ofbirth")
_PASSWORDS = frozenset({"pass", "passwd", "pwd", "passphrase", "passcode"})
_SHORTEST = min(map(len, _WHOLE | _PASSWORDS))
_STEP = re.compile(r"[.\[\]]+")
_SEPARATORS = re.compile(r"[-_ ]+")
_OF_A_BIRTH = re.compile(
    "dob|b(?:irth|day|orn)", re.IGNORECASE
)  # what all names of birth dates hold
_MOST_STEPS = 64  # of a name
_MOST_DATES = 64  # of one body; a signup has fewer


class Finding(Enum):
    """What a body of an undeclared signup shows."""

    NO_SIGNUP = "no birth date"
    NO_PASSWORD = "a birth date without a password"  # noqa: S105 - a reason, no password
    SOMEBODY_ELSE = "several birth dates, or somebody else's, as in a parent's form"
    UNREADABLE = "a birth date in a form that cannot be read for sure"
    OLD_ENOUGH = "somebody old enough"
    AMBIGUOUS = "a birth date that can be read in more than one way"
    UNDER_AGE = "somebody under age, whichever way the date is read"


def classify(fields: Fields, rule: AgeRule) -> Finding:
    """Return what the fields show under an age rule."""
    sent = _Sent(fields)
    whole, parts = sent.whole, sent.parts
    if sent.has_others or len(whole) > 1 or len(set(parts.get("year", ()))) > 1:
        return Finding.SOMEBODY_ELSE
    if not (whole or "year" in parts):
        return Finding.NO_SIGNUP
    if not sent.has_password:
        return Finding.NO_PASSWORD
    readings = [birth for text in whole for birth in _readings(text)]
    if not whole:
        birth = _from_parts(parts)
        readings = [birth] if birth else []
    # By the earliest possible day: whoever is under age even then is certainly so.
    verdicts = {rule.allows(Birth(birth.earliest, birth.earliest)) for birth in readings} - {None}
    if not verdicts:
        return Finding.UNREADABLE
    if verdicts == {False}:
        return Finding.UNDER_AGE
    return Finding.AMBIGUOUS if False in verdicts else Finding.OLD_ENOUGH


def is_of_a_birth(name: str) -> bool:
    """Tell whether a field's name means a birth date or a part of one."""
    last, joined = _plain(name)
    return last in _WHOLE or joined in _WHOLE or _part_of(last, joined) is not None


class _Sent:
    """The fields of a body that tell a signup: birth dates, their parts, a password."""

    __slots__ = ("has_others", "has_password", "parts", "whole")

    def __init__(self, fields: Fields) -> None:
        self.has_password = self.has_others = False
        self.parts: dict[str, list[str]] = {}
        self.whole: set[str] = set()  # the texts of whole dates
        days: list[str] = []  # of fields named `birthday`: a date, or the day of one
        for name, value in fields:
            # Too short for any of these names, or an array element, which has no name.
            if len(name) < _SHORTEST or name.rpartition(".")[2].isdigit():
                continue
            if _is_of_somebody_else(name):
                self.has_others = self.has_others or bool(value)
                continue
            last, joined = _plain(name)
            if part := _part_of(last, joined):
                _add(value, self.parts.setdefault(part, []))
            if last == "birthday":
                _add(value, days)
            elif last in _WHOLE or joined in _WHOLE:
                self._add_date(value)
            self.has_password = self.has_password or "password" in last or last in _PASSWORDS
        for value in days if "year" not in self.parts else ():
            self._add_date(value)

    def _add_date(self, value: str) -> None:
        if len(self.whole) < _MOST_DATES:
            self.whole.add(value)


def _is_of_somebody_else(name: str) -> bool:
    """Tell whether a name means the birth date, or a part of it, of somebody other than the visitor."""
    if not _OF_A_BIRTH.search(name):
        return False
    steps = [without_others(step) for step in _STEP.split(name)[:_MOST_STEPS]]
    return any("." in step for step in steps) and is_of_a_birth(".".join(steps))


def _add(value: str, values: list[str]) -> None:
    if len(values) < _MOST_DATES:
        values.append(value)


def _part_of(last: str, joined: str) -> str | None:
    match = _PART.fullmatch(joined) or (_PART.fullmatch(last) if last != joined else None)
    return None if match is None else match[1] or match[2]


def _plain(name: str) -> tuple[str, str]:
    """Return the last step of a name, and the last two joined: `user[dob][year]` -> year, dobyear."""
    if name.isalnum():  # as nearly all are
        last = name.casefold()
        return last, last
    steps = [_SEPARATORS.sub("", step).casefold() for step in _STEP.split(name) if step] or [""]
    return steps[-1], "".join(steps[-2:])


def _readings(text: str) -> list[Birth]:
    """Return all possible dates of a text."""
    if iso := read_birth(text):
        return [iso]
    return [birth for form in LOCAL_FORMATS if (birth := read_birth(text, (form,)))]


def _from_parts(parts: dict[str, list[str]]) -> Birth | None:
    values = [parts[name] for name in ("year", "month", "day") if name in parts]
    if any(len(value) != 1 for value in values) or ("day" in parts and "month" not in parts):
        return None
    return read_parts(*(value[0] for value in values))
