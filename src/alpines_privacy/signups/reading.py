"""What a request says of a signup: by which method, and of the age every field once, beyond doubt."""

from __future__ import annotations

import re
from collections.abc import Container
from urllib.parse import unquote_plus

from alpines_privacy.http.body import Fields, Unreadable, read_fields
from alpines_privacy.http.heads import RequestHead, split_list
from alpines_privacy.policy import Signup
from alpines_privacy.policy.age import AgeRule, read_age, read_birth, read_parts

__all__ = ["AskedAge", "body_fields", "content_length", "stands_for"]

_SEPARATORS = re.compile(r"[&;]")
_LONGEST_NUMBER = 18  # digits
# Fields by which some apps let any request stand for one of another method.
_OVERRIDES = ("x-http-method-override", "x-http-method", "x-method-override")


def stands_for(head: RequestHead, methods: frozenset[str]) -> bool:
    """Tell whether an app may take a request for one of these methods; some frameworks ignore their case."""
    if head.method in methods:
        return True
    overriding = (value.strip(" \t") for name in _OVERRIDES for value in head.values(name))
    return any(method.upper() in methods for method in (head.method, *overriding))


def body_fields(head: RequestHead, body: bytes, wanted: Container[str] | None = None) -> Fields:
    """Return the fields of a request's body; raises `Unreadable` unless every parser reads the same.

    `wanted` as `read_fields` has it.
    """
    if any(coding.lower() != "identity" for coding in codings(head)):
        raise Unreadable("the body is compressed")
    kinds = head.values("content-type")
    if len(kinds) != 1:
        raise Unreadable("there is not exactly one Content-Type")
    return read_fields(kinds[0], body, wanted=wanted)


def codings(head: RequestHead) -> list[str]:
    """Return the request's content codings."""
    return [c for value in head.values("content-encoding") for c in split_list(value)]


def content_length(head: RequestHead) -> int:
    """Return how many bytes the body has, as far as its head says so."""
    lengths = [v for v in head.values("content-length") if v.isascii() and v.isdecimal()]
    return max((int(length[:_LONGEST_NUMBER]) for length in lengths), default=0)


class AskedAge:
    """Where a signup asks how old somebody is, and whether the answer is old enough."""

    __slots__ = ("_formats", "_is_age", "_names", "_prefixes", "_rule")

    def __init__(self, signup: Signup, rule: AgeRule) -> None:
        self._names = signup.fields
        self._prefixes = tuple(f"{name}." for name in signup.fields)
        self._is_age = signup.age is not None
        self._formats = signup.formats
        self._rule = rule

    def allows(self, head: RequestHead, body: bytes) -> bool:
        """Tell whether who sent this is old enough. Raises `Unreadable` where nobody can tell."""
        values = self._values(body_fields(head, body, self._names), head.query)
        if self._is_age:
            age = read_age(values[0])
            if age is None:
                raise Unreadable(f"the field {self._names[0]!r} holds no age")
            return self._rule.allows_age(age)
        birth = read_birth(values[0], self._formats) if len(values) == 1 else read_parts(*values)
        allowed = None if birth is None else self._rule.allows(birth)
        if allowed is None:
            names = " and ".join(map(repr, self._names))
            raise Unreadable(f"there is no possible date in {names}")
        return allowed

    def _values(self, fields: Fields, query: str) -> list[str]:
        """Return the values of the fields that are asked for, each of which stands once."""
        found: dict[str, str] = {}
        for name, value in fields:
            if name in self._names:
                if name in found:
                    raise Unreadable(f"the field {name!r} stands twice")
                found[name] = value
            elif name.startswith(self._prefixes):
                raise Unreadable("a field of the age holds more than one value")
        for name in self._names:
            if name not in found:
                raise Unreadable(f"there is no field {name!r}")
        # Some frameworks look into the query first.
        if query and not found.keys().isdisjoint(_names(query)):
            raise Unreadable("a field of the age stands in the query too")
        return [found[name] for name in self._names]


def _names(query: str) -> set[str]:
    return {unquote_plus(pair.partition("=")[0]) for pair in _SEPARATORS.split(query)}
