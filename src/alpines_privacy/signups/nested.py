"""JSON within the values of other fields: a part of a form, a file, a string of JSON.

Clients send an account's data as one part beside its photo, and apps read it from there.
"""

from __future__ import annotations

import re

from alpines_privacy.http.body import Fields
from alpines_privacy.http.content_type import Unreadable
from alpines_privacy.http.json_reader import ALL_PATHS, read_json
from alpines_privacy.signups.occurrence import may_name_birth

__all__ = ["with_nested"]

# An object, an array, or a string and nothing else. NULs and marks begin JSON in UTF-16, which some
# parsers recognize.
_LIKE_JSON = re.compile(
    '[\\s\0\ufeff\ufffd\xfe\xff]*+(?:{[\\s\0]*+["}]|\\[[\\s\0]*+[\\[{"]|"[^"]*+"[\\s\0]*+\\Z)'
)
_MOST_LEVELS = 3
_MOST_VALUES = 100  # of JSON; each is read on its own


def with_nested(fields: Fields) -> Fields:
    """Yield fields, and after each the fields of the JSON that its value is: `data.birth.date`.

    Raises `Unreadable` for values that look like JSON with a birth date and cannot be read for sure,
    and for very many of them.
    """
    return _Nested().read(fields, 0)


class _Nested:
    __slots__ = ("_count",)

    def __init__(self) -> None:
        self._count = 0

    def read(self, fields: Fields, level: int) -> Fields:
        for field in fields:
            yield field
            if field[1] and _LIKE_JSON.match(field[1]):
                yield from self._below(*field, level)

    def _below(self, name: str, value: str, level: int) -> Fields:
        self._count += 1
        if self._count > _MOST_VALUES:
            raise Unreadable("more values of a form are JSON than any client's")
        try:
            found = _json(value, level)
            yield from self.read(((f"{name}.{path}", inner) for path, inner in found), level + 1)
        except Unreadable:
            if self._count > _MOST_VALUES or may_name_birth(value):
                raise


def _json(value: str, level: int) -> Fields:
    if level == _MOST_LEVELS:
        raise Unreadable("JSON is nested deeper in strings than any form's")
    array = b"[%s]" % value.encode(errors="replace")  # so that a string alone is a document
    return read_json(array, ALL_PATHS, len(array))
