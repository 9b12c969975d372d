"""The content types of forms and JSON: one grammar, which all frameworks read alike.

Parsers differ over what RFC 9110 §8.3 allows: RFC 2231's extended parameters (`boundary*=`,
`boundary*0=`), escapes in quotes, other parameters, which of two counts. So only the forms that
clients write are accepted:

    form       application/x-www-form-urlencoded [; charset=C]
    multipart  multipart/form-data; boundary=B [; charset=C]      in either order
    JSON       application/json or application/….+json [; charset=utf-8]

`C` is utf-8, us-ascii or iso-8859-1: an app that decodes by them finds the same ASCII. `B` has
the characters that clients use, in quotes or without. Case does not matter; blanks may stand
around a `;`, and one `;` at the end.
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple, TypeAlias

from alpines_privacy.http.heads import RequestHead, split_list

__all__ = [
    "ContentType",
    "Unreadable",
    "UnsupportedType",
    "check_part_type",
    "content_type_of",
    "read_content_type",
]

_NEXT = r"[ ]*;[ ]*"
_UTF_8 = 'charset=(?:utf-?8|"utf-?8")'
_CHARSET = 'charset=(?:utf-?8|us-ascii|iso-8859-1|"(?:utf-?8|us-ascii|iso-8859-1)")'
_BOUNDARY = 'boundary=(?:([0-9a-z_.+-]{1,200})|"([0-9a-z_.+:/?=-]{1,200})")'

_MULTIPART = re.compile(
    rf"multipart/form-data(?:(?:{_NEXT}{_CHARSET})?{_NEXT}{_BOUNDARY}"
    rf"|{_NEXT}{_BOUNDARY}{_NEXT}{_CHARSET})(?:[ ]*;)?",
    re.IGNORECASE,
)
_FORM = re.compile(
    rf"application/x-www-form-urlencoded(?:{_NEXT}{_CHARSET})?(?:[ ]*;)?", re.IGNORECASE
)
_JSON = re.compile(
    rf"application/(?:[0-9a-z.-]+\+)?json(?:{_NEXT}{_UTF_8})?(?:[ ]*;)?", re.IGNORECASE
)
# The type of a part of a multipart form: no nested form, no other charset.
_PART = re.compile(
    rf"(?!multipart|message)[a-z]+/[0-9a-z.+-]+(?:{_NEXT}{_CHARSET})?", re.IGNORECASE
)
_LONGEST = 256  # characters; none of the patterns takes more than 300

Format: TypeAlias = Literal["form", "multipart", "JSON"]


class Unreadable(ValueError):  # noqa: N818 - what a body is, not a defect
    """A body that some parser may read differently; the message tells why, without the body's content."""


class UnsupportedType(Unreadable):
    """A Content-Type or Content-Encoding that is not accepted: 415 (RFC 9110 §15.5.16)."""


class ContentType(NamedTuple):
    """The format of a body, and the boundary of a multipart form."""

    format: Format
    boundary: bytes = b""


def content_type_of(head: RequestHead) -> ContentType:
    """Return the type of a request's body; raises `UnsupportedType` unless it is clearly a form or JSON."""
    for value in head.values("content-encoding"):
        if any(coding.lower() != "identity" for coding in split_list(value)):
            raise UnsupportedType("the body is compressed")
    types = head.values("content-type")
    if len(types) != 1:
        raise UnsupportedType("there is not exactly one Content-Type")
    return read_content_type(types[0])


def read_content_type(text: str) -> ContentType:
    """Read a Content-Type's value; raises `UnsupportedType` for one outside the grammar above."""
    if match := _MULTIPART.fullmatch(text, 0, 512):
        return ContentType("multipart", str(match[match.lastindex or 1]).encode())
    return _without_boundary(text) if len(text) <= _LONGEST else _unsupported()


def _without_boundary(text: str) -> ContentType:
    if _FORM.fullmatch(text):
        return ContentType("form")
    if _JSON.fullmatch(text):
        return ContentType("JSON")
    return _unsupported()


def _unsupported() -> ContentType:
    raise UnsupportedType("the Content-Type is no form's and no JSON's as clients write it")


def check_part_type(text: str) -> None:
    """Raise `Unreadable` for the Content-Type of a part that parsers may decode differently."""
    if not _PART.fullmatch(text, 0, _LONGEST):
        raise Unreadable("a part has a Content-Type of its own that may hide ASCII")
