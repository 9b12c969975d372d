"""Signups that nobody declared: a password and a birth date, sent to a path that says so.

Only what is beyond doubt is refused. A parent may enter a child's date, a clinic a patient's:
then there is no password, or more than one date.
"""

from __future__ import annotations

import re
from enum import Enum

from alpines_privacy.http.body import Fields
from alpines_privacy.policy.age import LOCAL_FORMATS, AgeRule, Birth, read_birth, read_parts

__all__ = ["WORDS", "Finding", "weigh"]

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
_STEP = re.compile(r"[.\[\]]+")
_SEPARATORS = re.compile(r"[-_ ]+")


class Finding(Enum):
    """What a body of an undeclared signup shows."""

    NO_SIGNUP = "no birth date"
    NO_PASSWORD = "a birth date without a password"  # noqa: S105 - a reason, no password
    UNREADABLE = "a birth date in a form that cannot be read for sure"
    OLD_ENOUGH = "somebody old enough"
    AMBIGUOUS = "a birth date that can be read in more than one way"
    UNDER_AGE = "somebody under age, whichever way the date is read"


def weigh(fields: Fields, rule: AgeRule) -> Finding:
    """Tell what the fields show."""
    has_password, whole, parts = _sorted(fields)
    if not (whole or "year" in parts):
        return Finding.NO_SIGNUP
    if not has_password:
        return Finding.NO_PASSWORD
    readings = [birth for text in whole for birth in _readings(text)]
    if not whole:
        birth = _from_parts(parts)
        readings = [birth] if birth else []
    # The earliest day a reading allows: who is under age even then is so beyond doubt.
    verdicts = {rule.allows(Birth(birth.earliest, birth.earliest)) for birth in readings} - {None}
    if not verdicts:
        return Finding.UNREADABLE
    if verdicts == {False}:
        return Finding.UNDER_AGE
    return Finding.AMBIGUOUS if False in verdicts or len(whole) > 1 else Finding.OLD_ENOUGH


def _sorted(fields: Fields) -> tuple[bool, list[str], dict[str, list[str]]]:
    """Return whether there is a password, the whole dates, and the parts of a date."""
    has_password = False
    whole: list[tuple[str, str]] = []
    parts: dict[str, list[str]] = {}
    for name, value in fields:
        last, joined = _plain(name)
        if match := _PART.fullmatch(joined) or _PART.fullmatch(last):
            parts.setdefault(match[1] or match[2], []).append(value)
        if last in _WHOLE or joined in _WHOLE:
            whole.append((last, value))
        has_password = has_password or "password" in last or last in _PASSWORDS
    if "year" in parts:  # then `birth_day` is the day of it
        whole = [pair for pair in whole if pair[0] != "birthday"]
    return has_password, [value for _, value in whole], parts


def _plain(name: str) -> tuple[str, str]:
    """Return the last step of a name, and the last two joined: `user[dob][year]` -> year, dobyear."""
    steps = [_SEPARATORS.sub("", step).casefold() for step in _STEP.split(name) if step] or [""]
    return steps[-1], "".join(steps[-2:])


def _readings(text: str) -> list[Birth]:
    """Return every date a text may mean."""
    if iso := read_birth(text):
        return [iso]
    return [birth for form in LOCAL_FORMATS if (birth := read_birth(text, (form,)))]


def _from_parts(parts: dict[str, list[str]]) -> Birth | None:
    values = [parts[name] for name in ("year", "month", "day") if name in parts]
    if any(len(value) != 1 for value in values) or ("day" in parts and "month" not in parts):
        return None
    return read_parts(*(value[0] for value in values))
