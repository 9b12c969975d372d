"""The columns of a list: mapped by the operator, else guessed and shown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from alpines_privacy.breach.addresses import read_address
from alpines_privacy.breach.errors import BreachError
from alpines_privacy.breach.sources.source import Row

__all__ = ["FIELDS", "Columns", "guess_columns", "named_columns"]

# What the ledger keeps of a person, by the usual names of such columns in small letters.
FIELDS: Mapping[str, str] = {
    "email": r"(user|customer|primary)?e?mail(address)?",
    "name": r"(full|display)?name",
    "language": r"language|lang|locale",
    "person": r"(user|customer|person|account|member|client)?id",
    "phone": r"(tele|mobile)?phone(number)?|mobile|tel",
    "postal": r"(postal|mailing|street)?address",
    "leaked": r"(mailbox|email)?leaked",
}
_FIRST, _LAST = r"first(name)?|givenname", r"(last|family|sur)name|surname|last"
_OPT_OUT = re.compile(
    r"unsubscribed?|opt(ed)?out|(promo|promotions|marketing|newsletter|subscribed)(optin|optout|consent)?"
)


_MOST_SHOWN, _LONGEST_SHOWN = 20, 60  # columns in an error, and letters of each


class Columns(NamedTuple):
    """The columns of each field, by their places; several are joined by a space."""

    places: Mapping[str, Sequence[int]]
    names: Sequence[str]

    def facts(self) -> Sequence[tuple[str, str]]:
        """Return the fields with their columns' names, and what is left out."""
        shown = [
            (field, " + ".join(self.names[place] for place in self.places[field]))
            for field in FIELDS
            if field in self.places
        ]
        taken = {place for places in self.places.values() for place in places}
        rest = [name for place, name in enumerate(self.names) if place not in taken]
        return [*shown, ("not kept", ", ".join(rest))] if rest else shown

    @property
    def opt_outs(self) -> Sequence[str]:
        """The columns that tell who opted out of promotions, which suppresses no notice."""
        return [name for name in self.names if _OPT_OUT.fullmatch(_plain(name))]


def named_columns(pairs: Sequence[str], names: Sequence[str]) -> dict[str, list[int]]:
    """Read `email=Mail` and `name=First name+Last name`; raises `BreachError` for an unknown field or column."""
    places: dict[str, list[int]] = {}
    for pair in pairs:
        field, equals, columns = pair.partition("=")
        if field not in FIELDS or not equals or not columns:
            raise BreachError(
                f'"{pair[:60]}" maps nothing; expected FIELD=COLUMN, with one of {", ".join(FIELDS)}'
            )
        whole = _place(columns, names)
        parts = (
            [whole] if whole is not None else [_place(each, names) for each in columns.split("+")]
        )
        if any(part is None for part in parts):
            raise BreachError(
                f'there is no column "{columns[:60]}"; expected one of {_listed(names)}'
            )
        places[field] = [part for part in parts if part is not None]
    return places


def guess_columns(
    names: Sequence[str], sample: Sequence[Row], said: Mapping[str, Sequence[int]]
) -> Columns:
    """Guess the fields that nobody mapped: the address by what the rows hold, others by their names.

    Raises `BreachError` if no column holds addresses, or several do and none is named like one.
    """
    places: dict[str, Sequence[int]] = dict(said)
    if "email" not in places:
        places["email"] = [_mail_column(names, [row for row in sample if not row.problem])]
    plain = [_plain(name) for name in names]
    for field, pattern in FIELDS.items():
        if field not in places and (found := _first(pattern, plain, _taken(places))) is not None:
            places[field] = [found]
    if "name" not in places:
        first, last = (_first(pattern, plain, _taken(places)) for pattern in (_FIRST, _LAST))
        if parts := [place for place in (first, last) if place is not None]:
            places["name"] = parts
    return Columns(places, names)


def _mail_column(names: Sequence[str], sample: Sequence[Row]) -> int:
    shares = [
        sum(read_address(str(row.cells[place] or "")) is not None for row in sample)
        for place in range(len(names))
    ]
    likely = [place for place, share in enumerate(shares) if share and share * 2 >= max(shares)]
    named = [place for place in likely if re.fullmatch(FIELDS["email"], _plain(names[place]))]
    if len(named or likely) == 1:
        return (named or likely)[0]
    choices = _listed([names[place] for place in likely])
    found = (
        f"several columns hold mail addresses ({choices})"
        if likely
        else "no column holds mail addresses"
    )
    raise BreachError(f"{found}; expected --map email=COLUMN")


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(name[:_LONGEST_SHOWN] for name in names[:_MOST_SHOWN])
    more = len(names) - _MOST_SHOWN
    return f"{shown} and {more:,} more" if more > 0 else shown


def _taken(places: Mapping[str, Sequence[int]]) -> set[int]:
    return {place for each in places.values() for place in each}


def _first(pattern: str, plain: Iterable[str], taken: set[int]) -> int | None:
    matches = (
        place
        for place, name in enumerate(plain)
        if place not in taken and re.fullmatch(pattern, name)
    )
    return next(matches, None)


def _plain(name: str) -> str:
    return re.sub(r"[\W_]+", "", name).lower()


def _place(name: str, names: Sequence[str]) -> int | None:
    if name in names:
        return names.index(name)
    folded = [each.casefold() for each in names]
    wanted = name.strip().casefold()
    return folded.index(wanted) if wanted in folded else None
