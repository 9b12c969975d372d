"""The names of accounts in an attempt to sign in: in a form, JSON, the query, or `Authorization: Basic`.

Where parsers may read different names, all of them count, so that no spelling of a body escapes the
count of the account it is about.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import parse_qsl

from alpines_privacy.http.body import Names, names_within, read_fields
from alpines_privacy.http.content_type import Unreadable, content_type_of
from alpines_privacy.http.heads import RequestHead
from alpines_privacy.http.loose_body import readings
from alpines_privacy.http.raw_text import hides_text

__all__ = ["MOST", "Named", "NamedAccounts"]

MOST = 8  # names in one attempt; a person gives one


class Named(NamedTuple):
    """The names of an attempt, each once; whether every parser reads the same."""

    names: tuple[str, ...]
    is_certain: bool


class NamedAccounts:
    """Reads the names out of requests of one route; `fields` are where they stand."""

    def __init__(self, fields: tuple[str, ...]) -> None:
        self._fields = frozenset(fields)
        self._last = frozenset(field.rpartition(".")[2] for field in fields)
        self._names = Names(fields)

    def read(self, head: RequestHead, body: bytes) -> Named:
        """Return the names in a request: at most `MOST` and one more.

        Raises `Unreadable` for a body that hides them: in a charset such as UTF-7, or in pieces.
        """
        found: dict[str, None] = {}
        strict, is_certain = self._in_body(head, body)
        for name in (*_basic_users(head), *self._in_query(head), *strict):
            if name.strip():
                found[name.strip()] = None
            if len(found) > MOST:
                break
        return Named(tuple(found), is_certain and len(found) == 1)

    def _in_query(self, head: RequestHead) -> Iterator[str]:
        if not head.query or not self._fields:
            return
        for name, value in parse_qsl(head.raw_query.decode("utf-8", "replace")):
            if name in self._fields:
                yield value

    def _in_body(self, head: RequestHead, body: bytes) -> tuple[Iterator[str], bool]:
        if not body or not self._fields:
            return iter(()), True
        try:
            return iter(self._read_strictly(head, body)), True
        except Unreadable:
            if hides_text(", ".join(head.values("content-type")), body):
                raise
            return self._read_loosely(body), False

    def _read_strictly(self, head: RequestHead, body: bytes) -> list[str]:
        kind = content_type_of(head)
        values = [v for _, v in read_fields(kind, body, self._names, longest=len(body))]
        if any(names_within(kind, body, self._names)):
            raise Unreadable("a name stands within another's value too")
        return values

    def _read_loosely(self, body: bytes) -> Iterator[str]:
        for reading in readings(body):
            for name, value in reading:
                if name in self._fields or name.rpartition(".")[2] in self._last:
                    yield value


def _basic_users(head: RequestHead) -> Iterator[str]:
    """Yield the user of each Basic Authorization (RFC 7617 §2)."""
    for value in head.values("authorization"):
        scheme, _, token = value.strip().partition(" ")
        if scheme.lower() == "basic":
            try:
                pair = base64.b64decode(token.strip(), validate=True)
            except (binascii.Error, ValueError):
                continue
            yield pair.decode("utf-8", "replace").partition(":")[0]
