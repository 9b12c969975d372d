"""Names of birth dates and passwords, as signup forms and JSON write them.

A name is a path of steps: `user[profile][birth_date]`, `credentials.password.0`. Every step counts,
because apps put containers around a value: a list, an index, `first` and `second`, an object of
year, month and day. Some write them with the signs of words: `signup-dob`, `user_birth_date`, so
the words of a name count as its steps too.
"""

from __future__ import annotations

import re
from enum import Enum

from alpines_privacy.signups.others import without_others, words_of

__all__ = ["BIRTH_STEP", "PASSWORD_STEP", "SHORTEST", "NameKind", "kind_of"]


class NameKind(Enum):
    """The meaning of a field's name."""

    OTHER = "nothing that tells a signup"
    PASSWORD = "a password"  # noqa: S105 - a kind, no password
    SOMEBODY_ELSE = "somebody else's birth date, or a part of it"
    DATE = "a birth date"
    BIRTHDAY = "a birth date, or the day of one"
    YEAR = "a birth date's year"
    MONTH = "a birth date's month"
    DAY = "a birth date's day"
    WITHIN = "any other value below a birth date's name: `dob.value`, `birth.place`"


_WHOLE = frozenset(
    {"dob", "birthdate", "birthday", "bday", "dateofbirth", "birth", "born", "borndate", "birthdt"}
)
_PART_STEP = (
    r"(?:dob|birth|birthdate|birthday|bday|dateofbirth)(year|month|day)|(year|month|day)ofbirth"
)
_PART = re.compile(_PART_STEP)
_PARTS = {
    "year": NameKind.YEAR, "month": NameKind.MONTH, "day": NameKind.DAY,
    "y": NameKind.YEAR, "m": NameKind.MONTH, "d": NameKind.DAY,
}  # fmt: skip
# One of these steps stands in every name of a birth date; in `year.of_birth` it is the second.
BIRTH_STEP = "|".join([*sorted(_WHOLE), "ofbirth", _PART_STEP.replace("(year", "(?:year")])
PASSWORD_STEP = "pass|passwd|pwd|passphrase|passcode"  # noqa: S105 - beside all with `password` in them
_IS_BIRTH = re.compile(BIRTH_STEP).fullmatch
_IS_PASSWORD = re.compile(PASSWORD_STEP).fullmatch

SHORTEST = 3  # characters of a name that tells a signup: `dob`, `pwd`
_TELLING = re.compile("dob|b(?:irth|day|orn)|pass|pwd")  # what all names of both kinds hold
_SEPARATOR = re.compile(r"(?<!_)_(?!_)|[- ]+")
_STEP = re.compile(r"[^\w -]+|__+")
_INDEX = "0123456789"
_MOST_STEPS = 64


def kind_of(name: str) -> NameKind:
    """Return the meaning of a field's name, which is a path of steps."""
    plain = (name if name.isalnum() else _SEPARATOR.sub("", name)).casefold()
    if _TELLING.search(plain) is None:
        return NameKind.OTHER
    if _is_of_somebody_else(name):
        return NameKind.SOMEBODY_ELSE
    kind = _of_steps(_steps(plain))
    return _of_steps(words_of(name)) if kind is NameKind.OTHER else kind


def _steps(plain: str) -> list[str]:
    """Return the steps of a name without separators. An index is none, nor the end of one: `dob_0`."""
    steps = (step.rstrip(_INDEX) for step in _STEP.split(plain)[-_MOST_STEPS:])
    return [step for step in steps if step]


def _of_steps(steps: list[str]) -> NameKind:
    """Return the kind by the last step that tells one."""
    for step in reversed(steps):
        if _IS_BIRTH(step):
            return _of_birth(steps)
        if "password" in step or _IS_PASSWORD(step):
            return NameKind.PASSWORD
    return NameKind.OTHER


def _of_birth(steps: list[str]) -> NameKind:
    """Return the kind of a birth date's name, by its last step, alone or joined to the one before."""
    last, joined = steps[-1], "".join(steps[-2:])
    if "birthday" in (last, joined):
        return NameKind.BIRTHDAY
    if kind := _PARTS.get(last) or _part_in([last, joined]):
        return kind
    if last in _WHOLE or joined in _WHOLE:
        return NameKind.DATE
    return _part_in(steps) or NameKind.WITHIN


def _part_in(steps: list[str]) -> NameKind | None:
    matches = (_PART.fullmatch(step) for step in steps if step != "birthday")
    return next((_PARTS[match[1] or match[2]] for match in matches if match), None)


def _is_of_somebody_else(name: str) -> bool:
    """Tell whether a name means the birth date, or a part of it, of somebody other than the visitor."""
    steps = [without_others(step) for step in _STEP.split(name)[:_MOST_STEPS]]
    if not any("." in step for step in steps):
        return False
    return any(map(_IS_BIRTH, _steps(".".join(steps))))
