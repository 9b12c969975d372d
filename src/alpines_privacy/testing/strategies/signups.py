"""Bodies of signups: forms, JSON and multipart, dated and undated, and those that parsers read differently."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple
from urllib.parse import urlencode

from hypothesis import strategies as st

from alpines_privacy.testing.strategies.births import birth_dates

__all__ = ["SignupBody", "multipart", "odd_signup_bodies", "part", "signup_bodies"]

_FORM = "application/x-www-form-urlencoded"
_MULTIPART = "multipart/form-data; boundary=xyz"
_JSON = "application/json"
_PERSON = {"name": "Ayesha Khan", "email": "ayesha@example.com", "password": "mountain-lake-73"}


class SignupBody(NamedTuple):
    """A signup's body; `birth` is the date in it, None where it has none."""

    content_type: str
    content: bytes
    birth: date | None


def signup_bodies(
    birth_date: str | Sequence[str] = "birth_date",
    births: st.SearchStrategy[date] | None = None,
    *,
    fields: Mapping[str, str] = _PERSON,
    undated: bool = True,
) -> st.SearchStrategy[SignupBody]:
    """Return what a signup page's form, script or app client sends.

    `birth_date` is the field of the date, or the names of those for year, month and day, as in a
    policy's `Signup`; a dotted name is nested in JSON. `fields` are the form's others. With
    `undated` some bodies have no date.
    """
    births = birth_dates() if births is None else births
    names = (birth_date,) if isinstance(birth_date, str) else tuple(birth_date)
    return st.builds(
        lambda kind, birth: _body(kind, {**fields, **_dated(names, birth)}, birth),
        st.sampled_from((_FORM, _MULTIPART, _JSON)),
        (st.none() | births) if undated else births,
    )


def part(name: str, value: str, more: str = "") -> str:
    """Return one part of a multipart form: its head, an empty line and its content."""
    return f'Content-Disposition: form-data; name="{name}"{more}\r\n\r\n{value}'


def multipart(*parts: str, before: str = "", after: str = "\r\n") -> bytes:
    """Return a multipart body (RFC 7578) of whole parts, with the boundary `xyz`."""
    lines = "".join(f"--xyz\r\n{written}\r\n" for written in parts)
    return f"{before}{lines}--xyz--{after}".encode()


def _dated(names: Sequence[str], birth: date | None) -> dict[str, str]:
    if birth is None:
        return {}
    texts = birth.isoformat().split("-") if len(names) > 1 else [birth.isoformat()]
    return dict(zip(names, texts, strict=False))


def _body(kind: str, fields: Mapping[str, str], birth: date | None) -> SignupBody:
    if kind == _FORM:
        return SignupBody(kind, urlencode(fields).encode(), birth)
    if kind == _JSON:
        return SignupBody(kind, json.dumps(_nested(fields)).encode(), birth)
    return SignupBody(kind, multipart(*(part(*field) for field in fields.items())), birth)


def _nested(fields: Mapping[str, str]) -> dict[str, Any]:
    """Return the fields with dotted names as nested objects."""
    nested: dict[str, Any] = {}
    for name, value in fields.items():
        *steps, last = name.split(".")
        place = nested
        for step in steps:
            place = place.setdefault(step, {})
        place[last] = value
    return nested


# Pieces that do harm wherever they stand in a body.
_PIECES = (
    b"--xyz", b"--xyz--", b"--xyz \r\n", b"\r\n", b"\n", b"\r", b"\r\n\r\n", b"\n\n", b"\0", b" ", b"\t", b";", b"&",
    b"=", b'"', b"\\", b"%", b"+", b"%64", b"dob", b"dob=2015-01-01", b"&dob=2015-01-01", b";dob=2015-01-01", b"--",
    b'; name="dob"', b"; name=dob", b"; name*=utf-8''dob", b'; name*0="dob"', b'; filename="a"', b"; filename=",
    b"; filename*=utf-8''a", b'Content-Disposition: form-data; name="dob"\r\n', b"\r\n ", b"name=", b"form-data",
    b"Content-Transfer-Encoding: base64\r\n", b"Content-Type: text/plain; charset=utf-7\r\n", b"_charset_=utf-16&",
    b'--xyz\r\nContent-Disposition: form-data; name="dob"\r\n\r\n2015-01-01\r\n', b"2015-01-01", b"\xff\xfe",
    b'--xyz\r\nContent-Disposition: form-data; name="_charset_"\r\n\r\nutf-16\r\n', b"\xef\xbb\xbf", b"{", b"}",
    b'"dob": "2015-01-01", ', b',"dob":"2015-01-01"', b'"', b"[", b"]", b":", b"\\u0064", b"null", b"NaN", b"\xa0",
)  # fmt: skip
_TYPES = (
    _FORM, _MULTIPART, _JSON, "Multipart/Form-Data;Boundary=xyz",
    'multipart/form-data; boundary="xyz"; charset=utf-16', "multipart/form-data; boundary=xyz; boundary=abc",
    'multipart/form-data; boundary="xyz "', _FORM + ";charset=utf-7", "multipart/form-data; boundary*=utf-8''xyz",
    "multipart/form-data; boundary=xyz;", "multipart/mixed; boundary=xyz", _FORM + "; charset=cp037",
    f"{_FORM}, {_JSON}", "application/ld+json", "multipart/form-data; boundary*0=x; boundary*1=yz",
)  # fmt: skip
_WHOLE: Sequence[tuple[str, bytes]] = (
    (_FORM, b"a=1&dob=2001-02-03&b=2"),
    (
        _MULTIPART,
        multipart(part("a", "1"), part("dob", "2001-02-03"), part("f", "hi", '; filename="f.txt"')),
    ),
    (_JSON, b'{"a": 1, "dob": "2001-02-03", "user": {"dob": "2001-02-03"}}'),
)


@st.composite
def odd_signup_bodies(draw: st.DrawFn, more: Iterable[str] = ()) -> tuple[str, bytes]:
    """Return a content type and a body that some parser may still read, with up to four things wrong with it.

    An adult's date (2001-02-03) stands in the field `dob`, and a child's (2015-01-01) may have been
    put anywhere. `more` are further content types.
    """
    kind, body = draw(st.sampled_from(_WHOLE))
    if not draw(st.integers(0, 3)):
        kind = draw(st.sampled_from((*_TYPES, *more)))
    for _ in range(draw(st.integers(0, 4))):
        start = draw(st.integers(0, len(body)))
        length = draw(st.sampled_from((0, 0, 0, 1, 2, 4, 12)))
        body = body[:start] + draw(st.sampled_from(_PIECES)) + body[start + length :]
    return kind, body
