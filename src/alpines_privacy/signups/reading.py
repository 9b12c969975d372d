"""The parts of a request that a signup is decided by: method, body, and the fields of the age."""

from __future__ import annotations

import re

from alpines_privacy.http.body import Fields, Names, names_within, read_fields
from alpines_privacy.http.content_type import ContentType, Unreadable, content_type_of
from alpines_privacy.http.heads import RequestHead
from alpines_privacy.http.methods import methods_of
from alpines_privacy.policy import Signup
from alpines_privacy.policy.age import AgeRule, read_age, read_birth, read_parts

__all__ = [
    "FORM",
    "AskedAge",
    "check_length",
    "has_body",
    "may_create",
]

_LENGTH = re.compile(r"[0-9]*").fullmatch
FORM = ContentType("form", b"")  # as a query is read
_SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})  # they change nothing (RFC 9110 §9.2.1)


def may_create(head: RequestHead) -> bool:
    """Tell whether an app may create something for a request, whatever its method.

    Many views ignore the method and read the body; requests with safe methods seldom have one.
    """
    return any(method not in _SAFE for method in methods_of(head)) or has_body(head)


def has_body(head: RequestHead) -> bool:
    """Tell whether a body may follow a request's head (RFC 9112 §6.3)."""
    if head.values("transfer-encoding"):
        return True
    lengths = [length for value in head.values("content-length") if (length := value.strip(" \t"))]
    return any(length.strip("0") for length in lengths) if lengths else head.needs_no_length


def check_length(head: RequestHead, length: int, body: bytes) -> None:
    """Raise `Unreadable` if the head gives a wrong length, or two framings (RFC 9112 §6.3).

    Servers may go by one of them and frameworks by the other. `length` is the head's.
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


class AskedAge:
    """The fields in which a signup asks for the age, and the decision over their values."""

    __slots__ = ("_asked", "_formats", "_is_age", "_rule", "names")

    def __init__(self, signup: Signup, rule: AgeRule, within: str = "") -> None:
        """`within` is the path of the object that holds the signup's fields, with its last dot."""
        self.names = tuple(within + name for name in signup.fields)
        self._asked = Names(self.names)
        self._is_age = signup.age is not None
        self._formats = signup.formats
        self._rule = rule

    def allows(self, head: RequestHead, body: bytes) -> bool:
        """Tell whether the sender is old enough. Raises `Unreadable` if that is not certain."""
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
        """Tell whether any field of the age occurs in the query."""
        return bool(head.query) and self._asked.occur_in_query(head.query)

    def allows_query(self, head: RequestHead) -> bool:
        """Tell whether the age in the query is high enough. Raises `Unreadable` if that is not certain."""
        fields = read_fields(FORM, head.raw_query, self._asked)
        return self._judge(self._once_each(fields))

    def is_given(self, head: RequestHead, body: bytes) -> bool:
        """Tell whether a request, of any type, has a field of the age.

        Raises `Unreadable` if that is not certain.
        """
        if self.is_in_query(head):
            return True
        if not body:
            return False
        body_type = content_type_of(head)
        # Read to the end of the body.
        found = [name for name, _ in read_fields(body_type, body, self._asked)]
        return bool(found) or any(names_within(body_type, body, self._asked))

    def _values(self, head: RequestHead, body: bytes) -> list[str]:
        """Return the values of the age's fields. Raises `Unreadable` unless each occurs exactly once."""
        body_type = content_type_of(head)
        values = self._once_each(read_fields(body_type, body, self._asked))
        # Some frameworks look into the query first, and some take any body for a form.
        if self.is_in_query(head):
            raise Unreadable("a field of the age stands in the query too")
        if any(names_within(body_type, body, self._asked)):
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
