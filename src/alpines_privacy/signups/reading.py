"""What a request says of a signup: by which method, and of the age every field once, beyond doubt."""

from __future__ import annotations

from collections.abc import Iterator

from alpines_privacy.http.body import Names, names_within, read_fields
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
    "may_create",
    "stands_for",
]

_LONGEST_NUMBER = 18  # digits
_SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})  # they change nothing (RFC 9110 §9.2.1)
# Fields by which some apps let any request stand for one of another method.
_OVERRIDES = ("x-http-method-override", "x-http-method", "x-method-override")


def stands_for(head: RequestHead, methods: frozenset[str]) -> bool:
    """Tell whether an app may take a request for one of these methods; some frameworks ignore their case."""
    return head.method in methods or any(method in methods for method in _methods(head))


def may_create(head: RequestHead) -> bool:
    """Tell whether an app may create something by a request, whatever its method is called.

    Many views look at no method at all.
    """
    return any(method not in _SAFE for method in _methods(head))


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
        values = self._values(head, body)
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

    def is_given(self, head: RequestHead, body: bytes) -> bool:
        """Tell whether any field of the age is there, in a body that need be no signup's.

        Raises `Unreadable` where nobody can tell.
        """
        if (query := head.query) and self._asked.stand_in(query):
            return True
        if not body:
            return False
        kind = content_type(head)
        found = [name for name, _ in read_fields(kind, body, self._asked)]  # to the end of the body
        return bool(found) or any(names_within(kind, body, self._asked))

    def _values(self, head: RequestHead, body: bytes) -> list[str]:
        """Return the values of the fields that are asked for, each of which stands once, in one place."""
        found: dict[str, str] = {}
        kind = content_type(head)
        for name, value in read_fields(kind, body, self._asked):
            if name in found:
                raise Unreadable(f"the field {name!r} stands twice")
            found[name] = value
        for name in self.names:
            if name not in found:
                raise Unreadable(f"there is no field {name!r}")
        if len(found) > len(self.names):
            raise Unreadable("a field of the age holds more than one value")
        # Some frameworks look into the query first, and some take any body for a form.
        if (query := head.query) and self._asked.stand_in(query):
            raise Unreadable("a field of the age stands in the query too")
        if any(names_within(kind, body, self._asked)):
            raise Unreadable("a field of the age stands within another's value too")
        return [found[name] for name in self.names]
