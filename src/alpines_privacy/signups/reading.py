"""What a request says of a signup: by which method, and of the age every field once, beyond doubt."""

from __future__ import annotations

import re
from collections.abc import Iterator

from alpines_privacy.http.body import Fields, Names, names_within, read_fields
from alpines_privacy.http.content_type import (
    ContentType,
    Unreadable,
    UnsupportedType,
    read_content_type,
)
from alpines_privacy.http.heads import RequestHead, split_list
from alpines_privacy.policy import Signup
from alpines_privacy.policy.age import AgeRule, read_age, read_birth, read_parts

__all__ = [
    "AskedAge",
    "check_length",
    "content_length",
    "content_type",
    "has_body",
    "may_create",
    "stands_for",
]

_LONGEST_NUMBER = 18  # digits
_LENGTH = re.compile(r"[0-9]*").fullmatch
_FORM = ContentType("form", b"")  # as a query is read
_SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})  # they change nothing (RFC 9110 §9.2.1)
# Fields by which some apps let any request stand for one of another method.
_OVERRIDES = ("x-http-method-override", "x-http-method", "x-method-override")


def stands_for(head: RequestHead, methods: frozenset[str]) -> bool:
    """Tell whether an app may take a request for one of these methods; some frameworks ignore their case."""
    return head.method in methods or any(method in methods for method in _methods(head))


def may_create(head: RequestHead) -> bool:
    """Tell whether an app may create something by a request, whatever its method is called.

    Many views look at no method at all, and take what a body holds; a safe method seldom has one.
    """
    return any(method not in _SAFE for method in _methods(head)) or has_body(head)


def has_body(head: RequestHead) -> bool:
    """Tell whether a body may follow a request's head (RFC 9112 §6.3)."""
    if head.values("transfer-encoding"):
        return True
    lengths = [length for value in head.values("content-length") if (length := value.strip(" \t"))]
    return any(length.strip("0") for length in lengths) if lengths else head.needs_no_length


def _methods(head: RequestHead) -> Iterator[str]:
    yield head.method.upper()
    for name in _OVERRIDES:
        for value in head.values(name):
            yield value.strip(" \t").upper()


def content_type(head: RequestHead) -> ContentType:
    """Return what a body is to be read as; raises `UnsupportedType` for what is no form and no JSON beyond doubt."""
    for value in head.values("content-encoding"):
        if any(coding.lower() != "identity" for coding in split_list(value)):
            raise UnsupportedType("the body is compressed")
    kinds = head.values("content-type")
    if len(kinds) != 1:
        raise UnsupportedType("there is not exactly one Content-Type")
    return read_content_type(kinds[0])


def check_length(head: RequestHead, length: int, body: bytes) -> None:
    """Raise `Unreadable` where a head says two things of a body, or another than is there (RFC 9112 §6.3).

    Servers go by one of them, and some frameworks by the other. `length` is the head's.
    """
    transfer = head.values("transfer-encoding")
    if not all(
        map(_LENGTH, head.values("content-length"))
    ):  # "+14": some servers read a number there
        raise Unreadable("the head gives a length that is no number")
    if (length or transfer) and (
        length != len(body) if not transfer else length or transfer[0].lower() != "chunked"
    ):
        raise Unreadable("the head does not say how long the body is")


def content_length(head: RequestHead) -> int:
    """Return how many bytes the body has, as far as its head says so."""
    lengths = [v for v in head.values("content-length") if v.isascii() and v.isdecimal()]
    return max((int(length[:_LONGEST_NUMBER]) for length in lengths), default=0)


class AskedAge:
    """Where a signup asks how old somebody is, and whether the answer is old enough."""

    __slots__ = ("_asked", "_formats", "_is_age", "_rule", "names")

    def __init__(self, signup: Signup, rule: AgeRule, within: str = "") -> None:
        """`within` is the path of the object that holds the signup's fields, with its last dot."""
        self.names = tuple(within + name for name in signup.fields)
        self._asked = Names(self.names)
        self._is_age = signup.age is not None
        self._formats = signup.formats
        self._rule = rule

    def allows(self, head: RequestHead, body: bytes) -> bool:
        """Tell whether who sent this is old enough. Raises `Unreadable` where nobody can tell."""
        return self._judge(self._values(head, body))

    def _judge(self, values: list[str]) -> bool:
        if self._is_age:
            age = read_age(values[0])
            if age is None:
                raise Unreadable(f"the field {self.names[0]!r} holds no age")
            return self._rule.allows_age(age)
        birth = read_birth(values[0], self._formats) if len(values) == 1 else read_parts(*values)
        allowed = None if birth is None else self._rule.allows(birth)
        if allowed is None:
            names = " and ".join(map(repr, self.names))
            raise Unreadable(f"there is no possible date in {names}")
        return allowed

    def is_in_query(self, head: RequestHead) -> bool:
        """Tell whether any field of the age stands in the query."""
        return bool(head.query) and self._asked.stand_in(head.query)

    def allows_query(self, head: RequestHead) -> bool:
        """Tell whether who gives an age in the query is old enough. Raises `Unreadable` where nobody can tell."""
        fields = read_fields(_FORM, head.query.encode("latin-1", "replace"), self._asked)
        return self._judge(self._once_each(fields))

    def is_given(self, head: RequestHead, body: bytes) -> bool:
        """Tell whether any field of the age is there, in a body that need be no signup's.

        Raises `Unreadable` where nobody can tell.
        """
        if self.is_in_query(head):
            return True
        if not body:
            return False
        kind = content_type(head)
        found = [name for name, _ in read_fields(kind, body, self._asked)]  # to the end of the body
        return bool(found) or any(names_within(kind, body, self._asked))

    def _values(self, head: RequestHead, body: bytes) -> list[str]:
        """Return the values of the fields that are asked for, each of which stands once, in one place."""
        kind = content_type(head)
        values = self._once_each(read_fields(kind, body, self._asked))
        # Some frameworks look into the query first, and some take any body for a form.
        if self.is_in_query(head):
            raise Unreadable("a field of the age stands in the query too")
        if any(names_within(kind, body, self._asked)):
            raise Unreadable("a field of the age stands within another's value too")
        return values

    def _once_each(self, fields: Fields) -> list[str]:
        found: dict[str, str] = {}
        for name, value in fields:
            if name in found:
                raise Unreadable(f"the field {name!r} stands twice")
            found[name] = value
        for name in self.names:
            if name not in found:
                raise Unreadable(f"there is no field {name!r}")
        if len(found) > len(self.names):
            raise Unreadable("a field of the age holds more than one value")
        return [found[name] for name in self.names]
