"""A form filled in as a visitor would fill it in who is made up for the audit."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, NamedTuple

from alpines_privacy.audit.forms import is_of_age
from alpines_privacy.audit.reading.markup import Control, Form
from alpines_privacy.http.heads import Field
from alpines_privacy.signups.names import NameKind, kind_of

__all__ = ["STRONG", "Born", "Person", "fill", "fill_as_json"]

STRONG = "quiet-otter-9-walks-home"
_UNSENT = frozenset({"submit", "button", "image", "reset", "file"})
_DAY_FIRST, _MONTH_FIRST = "dd/mm/yyyy", "mm/dd/yyyy"  # as placeholders say it
_MONTHS = 12
_DAYS_IN_YEAR = 365.2425


class Born(NamedTuple):
    """A day, which may not exist: 29 February of any year."""

    year: int
    month: int
    day: int

    def __str__(self) -> str:
        return f"{self.year:04}-{self.month:02}-{self.day:02}"


class Person(NamedTuple):
    """Who signs up: a birth date (None to leave it out), and a password."""

    born: Born | None
    password: str = STRONG
    name: str = ""

    @classmethod
    def made_up(cls, born: Born | date | None, password: str = STRONG) -> Person:
        """Return somebody with a user name that nobody has."""
        if isinstance(born, date):
            born = Born(born.year, born.month, born.day)
        return cls(born, password, f"audit{secrets.token_hex(4)}")


def fill(form: Form, person: Person) -> tuple[Field, ...]:
    """Return the fields that a browser sends for a form filled in by a person."""
    return tuple(_sent(form, person))


def fill_as_json(form: Form, person: Person, within: str) -> Mapping[str, Any]:
    """Return the fields of a form as JSON, within an object of a name (`user` of `user.birth_date`)."""
    document: dict[str, Any] = {name: value for name, value in fill(form, person) if name}
    for step in reversed(within.split(".")) if within else ():
        document = {step: document}
    return document


def _sent(form: Form, person: Person) -> Iterator[Field]:
    in_parts = any(kind_of(control.name) is NameKind.YEAR for control in form.controls)
    for control in form.controls:
        if not control.name or control.kind in _UNSENT:
            continue
        if is_of_age(control):
            if person.born is not None:
                yield control.name, _age_in(control, person.born, in_parts=in_parts)
            continue
        yield from _other(control, person)


def _other(control: Control, person: Person) -> Iterator[Field]:
    name = control.name
    if control.kind == "password":
        yield name, person.password
    elif control.kind == "checkbox":
        yield name, control.value or "on"
    elif control.kind == "radio":
        if control.is_checked:
            yield name, control.value
    elif control.kind == "hidden" or (control.value and control.kind != "select"):
        yield name, control.value
    elif control.kind == "select":
        yield name, next((option for option in control.options if option), "")
    else:
        yield name, _text(control, person)


def _text(control: Control, person: Person) -> str:
    """Return what is typed into a field of text."""
    said = f"{control.name} {control.autocomplete} {control.kind}".lower()
    if "mail" in said:
        return f"{person.name}@example.org"
    if "tel" in said or "phone" in said:
        return "+12025550143"  # a number that is nobody's (NANPA's 555-01XX)
    if "user" in said or "login" in said or "nick" in said:
        return person.name
    if control.kind == "url":
        return "https://example.org/"
    return "1" if control.kind == "number" else "Audit"


def _age_in(control: Control, born: Born, *, in_parts: bool) -> str:
    """Return a birth date, or the part of it that a field asks for; `birth_day` is a part beside a year's field."""
    asked = (control.autocomplete.split() or [""])[-1]
    kind = kind_of(control.name)
    if kind is NameKind.BIRTHDAY and in_parts:
        kind = NameKind.DAY
    for part, meant in (("year", NameKind.YEAR), ("month", NameKind.MONTH), ("day", NameKind.DAY)):
        if asked == f"bday-{part}" or (kind is meant and asked != "bday"):
            return _chosen(control, getattr(born, part))
    if control.kind == "checkbox":
        return control.value or "on"
    if "age" in control.name.lower() and kind is NameKind.OTHER:
        today = date.today()  # noqa: DTZ011 - years only
        return str(
            int((today - date(born.year, born.month, min(born.day, 28))).days / _DAYS_IN_YEAR)
        )
    if control.kind != "date" and _DAY_FIRST in control.texts.lower():
        return f"{born.day:02}/{born.month:02}/{born.year:04}"
    if control.kind != "date" and _MONTH_FIRST in control.texts.lower():
        return f"{born.month:02}/{born.day:02}/{born.year:04}"
    return str(born)


def _chosen(control: Control, number: int) -> str:
    """Return a number as a list of choices writes it: `03`, or the third of twelve months."""
    for option in control.options:
        if option.isdecimal() and int(option) == number:
            return option
    months = [option for option in control.options if option]
    if len(months) == _MONTHS and number <= _MONTHS:
        return months[number - 1]
    return str(number)
