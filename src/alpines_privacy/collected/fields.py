"""Which fields of a form, JSON or a query are personal and stand in no declaration."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from itertools import islice
from typing import NamedTuple, TypeAlias

from alpines_privacy.http.body import Fields
from alpines_privacy.http.heads import RequestHead
from alpines_privacy.http.key_names import IN_FORMS, KeyNames
from alpines_privacy.http.routes import Routes
from alpines_privacy.policy import Collection, PrivacyPolicy, Signup

__all__ = ["Declared", "KindOfValue", "PersonalFields", "declared_by"]

KindOfValue: TypeAlias = "Callable[[str], str | None]"
"""Returns the kind of a value that is personal by its shape; None for all others."""

_MOST_FIELDS = 300  # of one body
_MOST_FOUND = 20
_LONGEST_VALUE = 256  # characters of a value whose shape is read
_SHORTEST_VALUE = 6
_MOST_SHAPES = 24  # values of one body whose shape is read
_HAS_SHAPE = re.compile(r"@|(?:[0-9][^0-9]{0,3}){4}")  # as e-mail, or as numbers of all kinds
# Not the visitor's data: tokens of the app's own. Cards have a promise of their own.
_OTHERS = frozenset({"SECRET", "CARD", "CVV"})
_CHOICES = frozenset({"true", "false", "on", "off", "yes", "no", "0", "1", "null"})
_STEP = re.compile(r"[.\[\]]+")


class Declared(NamedTuple):
    """What is declared at a path: names of fields in plain form, and kinds."""

    names: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()


_NOTHING = Declared()


class PersonalFields:
    """The reader of fields under one policy."""

    __slots__ = ("_kind_of_value", "_names", "_routes")

    def __init__(self, policy: PrivacyPolicy, names: KeyNames, kind_of_value: KindOfValue) -> None:
        self._names = names
        self._kind_of_value = kind_of_value
        parts: tuple[Collection | Signup, ...] = (*policy.collections, *policy.signups)
        self._routes = Routes(
            [(part.path, declared_by([part])) for part in parts], cache="collection paths"
        )

    def declared(self, head: RequestHead) -> Declared:
        """Return what is declared for a request's path, whole or below the mount point."""
        found = self._routes.at(head) if self._routes.may_lead[head.local_path] else ()
        if len(found) <= 1:
            return found[0] if found else _NOTHING
        return Declared(
            frozenset().union(*(each.names for each in found)),
            frozenset().union(*(each.kinds for each in found)),
        )

    def undeclared(self, fields: Fields, declared: Declared, *, is_form: bool) -> dict[str, str]:
        """Return the kinds of the personal fields that are not declared, by their plain names."""
        found: dict[str, str] = {}
        shapes = _MOST_SHAPES
        for name, value in islice(fields, _MOST_FIELDS):
            text = value.strip()
            if not text or text.lower() in _CHOICES or len(found) >= _MOST_FOUND:
                continue
            known = plain_name(name)
            if known in declared.names or known in found or self._names.is_safe(name):
                continue
            kind = self._names.kind(IN_FORMS.get(name.lower(), name) if is_form else name)
            if kind is None and shapes and _may_have_shape(text):
                shapes -= 1
                kind = self._kind_of_value(text)
            if kind is not None and kind not in _OTHERS | declared.kinds:
                found[known] = kind
        return found


def declared_by(parts: Iterable[Collection | Signup]) -> Declared:
    """Return what collections and signups declare together."""
    parts = tuple(parts)
    collections = [part for part in parts if isinstance(part, Collection)]
    return Declared(
        frozenset(plain_name(name) for part in parts for name in part.fields),
        frozenset(kind for part in collections for kind in part.kinds),
    )


def _may_have_shape(value: str) -> bool:
    return _SHORTEST_VALUE <= len(value) <= _LONGEST_VALUE and _HAS_SHAPE.search(value) is not None


def plain_name(name: str) -> str:
    """Return a field's name with dots for brackets, without places in lists, in small letters."""
    steps = [step for step in _STEP.split(name[:256]) if step and not step.isdecimal()]
    return ".".join(steps).casefold()
