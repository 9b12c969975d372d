"""`python -m tests.fuzz.signups`: no request brings a child's date to a view of a signup.

Raw bytes on a socket, request lines and heads included, or frames of HTTP/2, drawn from a grammar of
what clients send and of what parsers differ on, against eight frameworks on five servers. A view
reads in every way its framework offers, and writes down what it finds. Of a declared signup it may
find no child's date. Of an undeclared one it may where the layer saw others' dates beside it: what
may not be is that the view reads a child's signup and the layer judged it none.
`SIGNUP_FUZZ_SECONDS` is the time it takes, `SIGNUP_FUZZ_SEED` draws the same requests again.
"""

from __future__ import annotations

import os
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from alpines_privacy.signups.detection import Finding
from tests.fuzz.signup_apps import DATE_NAMES, FIELD, PASSWORD, PASSWORD_NAMES, WAYS
from tests.fuzz.signup_servers import SERVERS, Frames, Sent, Server, Sight, serving

__all__ = [
    "ADULT", "CHILD", "FORM", "JSON", "MULTIPART", "Find", "Request", "Tally", "child_seen", "draw", "fuzz",
    "plain_requests", "request_of",
]  # fmt: skip

ADULT, CHILD = "1990-05-17", "2019-03-01"
FORM, JSON, MULTIPART = (
    "application/x-www-form-urlencoded",
    "application/json",
    "multipart/form-data",
)
BOUNDARY = "xyz"
_BATCH = 60
_PLAIN = "with its length"  # how browsers' data comes over HTTP/2
_SAYS_EVERY = 20  # seconds

Random = random.Random


@dataclass
class Request:
    """A request in parts that can be changed before it is written."""

    method: str = "POST"
    target: str = "/register"
    version: str = "HTTP/1.1"
    head: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""
    framing: str = "length"

    def written(self, app: str, way: str, layer: str = "declared") -> bytes:
        """Return its bytes, for one framework, one way to read and one policy."""
        fields = [("Host", "shop.example"), *_told(app, way, layer), ("Connection", "close")]
        fields += self.head
        framing, body = _FRAMINGS[self.framing](self.body)
        lines = [f"{self.method} {self.target} {self.version}"]
        lines += [f"{name}: {value}" for name, value in [*fields, *framing]]
        return "\r\n".join(lines).encode("latin-1", "replace") + b"\r\n\r\n" + body

    def framed(self, app: str, way: str, layer: str = "declared", how: str = _PLAIN) -> Frames:
        """Return it for HTTP/2, where `how` says how its data comes."""
        pseudo = [(":method", self.method), (":scheme", "http"), (":path", self.target)]
        fields = [*pseudo, (":authority", "shop.example"), *_told(app, way, layer), *self.head]
        framing, data, trailers = _FRAMES[how](self.body)
        return Frames(_lines([*fields, *framing]), data, _lines(trailers))


def _told(app: str, way: str, layer: str) -> list[tuple[str, str]]:
    return [("X-App", app), ("X-Way", way), ("X-Layer", layer)]


def _lines(fields: list[tuple[str, str]]) -> list[tuple[bytes, bytes]]:
    """Return field lines as HTTP/2 has them: names in lower case (RFC 9113 §8.2)."""
    return [
        (name.lower().encode("latin-1", "replace"), value.encode("latin-1", "replace"))
        for name, value in fields
    ]


def request_of(content_type: str, body: bytes, **parts: str) -> Request:
    """Return an ordinary request of this body."""
    return Request(head=[("Content-Type", content_type)], body=body, **parts)


# --------------------------------------------------------------------------------------- framing


def _chunked(body: bytes, *cuts: int, extension: bytes = b"", trailer: bytes = b"") -> bytes:
    edges = [0, *sorted(cuts), len(body)]
    chunks = [body[a:b] for a, b in pairwise(edges) if a < b]
    written = b"".join(b"%x%s\r\n%s\r\n" % (len(c), extension, c) for c in chunks)
    return written + b"0\r\n" + trailer + b"\r\n"


def _length(body: bytes) -> tuple[str, str]:
    return "Content-Length", str(len(body))


_TE = ("Transfer-Encoding", "chunked")
_FRAMINGS: dict[str, Callable[[bytes], tuple[list[tuple[str, str]], bytes]]] = {
    "length": lambda body: ([_length(body)], body),
    "chunked": lambda body: ([_TE], _chunked(body)),
    "chunks": lambda body: ([_TE], _chunked(body, *range(1, len(body), 7))),
    "chunk extensions": lambda body: ([_TE], _chunked(body, extension=b";a=b")),
    "a trailer": lambda body: ([_TE], _chunked(body, trailer=b"Content-Type: application/json\r\n")),
    "both": lambda body: ([_length(body), _TE], _chunked(body)),
    "both, shorter": lambda body: ([("Content-Length", str(len(body) // 2)), _TE], _chunked(body)),
    "both, the other way round": lambda body: ([_TE, _length(_chunked(body))], _chunked(body)),
    "chunks within chunks": lambda body: ([_TE], _chunked(_chunked(body))),
    "chunks in a length": lambda body: ([_length(_chunked(body))], _chunked(body)),
    "a length twice": lambda body: ([_length(body), _length(body)], body),
    "two lengths": lambda body: ([_length(body), ("Content-Length", str(len(body) // 2))], body),
    "two lengths joined": lambda body: ([("Content-Length", f"{len(body)}, {len(body) // 2}")], body),
    "a shorter length": lambda body: ([("Content-Length", str(len(body) // 2))], body),
    "a signed length": lambda body: ([("Content-Length", f"+{len(body)}")], body),
    "a long length": lambda body: ([("Content-Length", f"000{len(body)}")], body),
    "no length": lambda body: ([], body),
    "another coding": lambda body: ([("Transfer-Encoding", "identity"), _length(body)], body),
    "two codings": lambda body: ([("Transfer-Encoding", "chunked, identity"), _length(body)], _chunked(body)),
    "a coding in capitals": lambda body: ([("Transfer-Encoding", "Chunked")], _chunked(body)),
    "a coding after a tab": lambda body: ([("Transfer-Encoding", "\tchunked"), _length(body)], _chunked(body)),
}  # fmt: skip

Framed = tuple[list[tuple[str, str]], list[bytes], list[tuple[str, str]]]


def _cut(body: bytes, size: int) -> list[bytes]:
    return [body[at : at + size] for at in range(0, len(body), size)]


# How data comes over HTTP/2, where the end of a stream is what ends a body: fields, frames, trailers.
_FRAMES: dict[str, Callable[[bytes], Framed]] = {
    "one": lambda body: ([], [body], []),
    "with its length": lambda body: ([_length(body)], [body], []),
    "pieces": lambda body: ([], _cut(body, 7), []),
    "pieces, with their length": lambda body: ([_length(body)], _cut(body, 5), []),
    "empty frames between": lambda body: ([], [b"", *_cut(body, 9), b""], []),
    "trailers": lambda body: ([], [body], [("content-type", JSON)]),
    "trailers of a pseudo-field": lambda body: ([], [body], [(":path", "/x")]),
    "a shorter length": lambda body: ([("content-length", str(len(body) // 2))], [body], []),
    "a longer length": lambda body: ([("content-length", str(len(body) + 9))], [body], []),
    "no length at all": lambda body: ([("content-length", "")], [body], []),
    "two lengths": lambda body: ([_length(body), ("content-length", "4")], [body], []),
    "a coding": lambda body: ([_TE], [body], []),
    "chunks": lambda body: ([_TE], [_chunked(body)], []),
    "chunks and a length": lambda body: ([_TE, _length(body)], [_chunked(body)], []),
    "nothing": lambda body: ([], [], []),
    "another path": lambda body: ([(":path", "/x")], [body], []),
    "another method": lambda body: ([(":method", "GET")], [body], []),
    "a connection's field": lambda body: ([("connection", "content-type")], [body], []),
}  # fmt: skip

# ------------------------------------------------------------------------------------------ bodies

NAMES = (
    FIELD, "x", "y", "z", "d%6fb", "%64%6F%62", "dob[]", "dob[0]", "a[dob]", "dob.x", "DOB", "Dob", " dob", "dob ",
    "+dob",
    "dob%20", "dob%00", "dob\0", "d+AG8-b", "d%FFob", "d\xffob", "%EF%BB%BFdob", "dob%0d", "=dob", "d%u006fb",
    "=?utf-8?q?dob?=", "d\\ob", '\\"dob', 'dob"', "dob;", "\u017fdob", "dob%2", "&dob", "x&dob", "_charset_",
)  # fmt: skip
VALUES = (
    ADULT,
    CHILD,
    CHILD,
    CHILD,
    CHILD + " ",
    f"{CHILD}%00",
    "x",
    "",
    f"{ADULT}%26dob={CHILD}",
    "utf-7",
    "utf-16",
    f'"{CHILD}"',
    '"\\u0032019-03-01"',
)
SEPARATORS = ("&",) * 20 + (";", "&&", "\n", "\r\n", "\0", " & ", "&amp;", "%26", ",", "|")
TEXTS = (
    f"&dob={CHILD}&", f"&dob={CHILD}", f"\n\ndob={CHILD}\n", f'"dob":"{CHILD}"', f'","dob":"{CHILD}","',
    f"&d%6fb={CHILD}&y",
    f'\r\n--xyz\r\nContent-Disposition: form-data; name="dob"\r\n\r\n{CHILD}\r\n', f"e\r\ndob={CHILD}\r\n0\r\n\r\n",
    f'\n--xyz\nContent-Disposition: form-data; name="dob"\n\n{CHILD}\n--xyz--\n', f"&dob[]={CHILD}&", "--xyz--",
    "--xyz",
    f'\r\n--abc\r\nContent-Disposition: form-data; name="dob"\r\n\r\n{CHILD}\r\n--abc--\r\n', "tea", "\0", "\ufeff",
)  # fmt: skip


_EXTRAS = (0, 1, 1, 1, 1, 2, 2, 3)  # fields beside the adult's date


SECRET = "four-words-in-a-row"
PASSWORDS = (PASSWORD,) * 12 + (
    "pass%77ord", "Password", "user[password]", "pwd", "password1", "passwor\u0064", *PASSWORD_NAMES,
)  # fmt: skip


def _own(rng: Random, layer: str) -> list[tuple[str, str]]:
    """Return what a signup's form holds: an adult's date, or to the undeclared a password and any date."""
    if layer == "declared":
        return [(FIELD, ADULT)] * (rng.random() < 0.8)
    name = rng.choice((FIELD, FIELD, rng.choice(DATE_NAMES)))
    born = [(name, rng.choice((ADULT, CHILD, CHILD)))] * (rng.random() < 0.7)
    return born + [(rng.choice(PASSWORDS), SECRET)] * (rng.random() < 0.95)


def _form(rng: Random, layer: str) -> tuple[str, bytes]:
    pairs = [f"{name}={value}" for name, value in _own(rng, layer)]
    for _ in range(rng.choice(_EXTRAS)):
        value = rng.choice(VALUES if rng.random() < 0.7 else TEXTS)
        pairs.insert(rng.randint(0, len(pairs)), f"{rng.choice(NAMES)}={value}")
    text = pairs[0] if pairs else ""
    for pair in pairs[1:]:
        text += rng.choice(SEPARATORS) + pair
    return FORM, text.encode("latin-1", "replace")


PART_HEADS = (
    'Content-Disposition: form-data; name="{name}"', "Content-Disposition: form-data; name={name}",
    'Content-Disposition: form-data; name="{name}"; filename="f.txt"',
    'Content-Disposition: form-data; name="{name}"; filename=""',
    "Content-Disposition: form-data; name=\"{name}\"; filename*=utf-8''f",
    "Content-Disposition: form-data; name=\"x\"; name*=utf-8''{name}",
    'Content-Disposition: form-data; name="x"; name*0="{name}"', "Content-Disposition: form-data; name='{name}'",
    'Content-Disposition: form-data; filename="f"; name="{name}"', 'content-disposition:form-data;name="{name}"',
    'Content-Disposition: form-data; name="x"\r\nContent-Disposition: form-data; name="{name}"',
    'Content-Disposition: form-data;\r\n name="{name}"', 'Content-Disposition: attachment; name="{name}"',
    'Content-Disposition: form-data; name="{name}"; name="x"', 'Content-Disposition: form-data; name = "{name}"',
    'Content-Disposition: form-data; x="; name=\\"x\\""; name="{name}"',
    'Content-Disposition: form-data; NAME="{name}"',
    'X: y\r\nContent-Disposition: form-data; name="{name}"', 'Content-Disposition : form-data; name="{name}"',
    'Content-Disposition: form-data; name="x\\"; name="{name}"',
    'Content-Disposition: form-data; name="x;name={name}"',
    "Content-Disposition: form-data; name*=utf-16''d%00o%00b%00", "Content-Disposition: form-data; name*=utf-8''d%6Fb",
    "Content-Disposition: form-data; name*=utf-7''+AGQAbwBi-", "Content-Disposition: form-data; name*=cp037''%84%96%82",
    'Content-Disposition: form-data; name="child_{name}"; name="{name}"',
    'Content-Disposition: form-data; name="d\\ob"',
)  # fmt: skip
PART_MORE = (
    "", "", "", "", "Content-Type: text/plain; charset=utf-8", "Content-Type: text/plain; charset=utf-7",
    "Content-Type: text/plain; charset=utf-16", "Content-Transfer-Encoding: base64", "Content-Type: application/json",
    "Content-Transfer-Encoding: quoted-printable", "Content-Length: 10", "Content-Length: 3",
    "Content-Type: multipart/mixed; boundary=abc", "Content-Transfer-Encoding: 8bit", "Content-Encoding: gzip",
)  # fmt: skip
DELIMITERS = ("--xyz\r\n",) * 6 + (
    "--xyz \r\n",
    "--xyz\n",
    "--xyz\r",
    "--abc\r\n",
    "--xyz--\r\n",
    " --xyz\r\n",
    "--XYZ\r\n",
)
ENDS = ("--xyz--\r\n",) * 6 + (
    "--xyz--",
    "--xyz",
    "",
    "--xyz--\r\nmore\r\n",
    "--abc--\r\n",
    "--xyz-\r\n",
    "--xyz--\r\n--xyz\r\n",
)


def _multipart(rng: Random, layer: str) -> tuple[str, bytes]:
    parts = [(PART_HEADS[0], name, "", value) for name, value in _own(rng, layer)]
    for _ in range(rng.choice(_EXTRAS)):
        head = rng.choice(PART_HEADS) if rng.random() < 0.6 else PART_HEADS[0]
        value = rng.choice(VALUES if rng.random() < 0.6 else TEXTS)
        part = (head, rng.choice(NAMES), rng.choice(PART_MORE), value)
        parts.insert(rng.randint(0, len(parts)), part)
    text = rng.choice(("",) * 8 + ("\r\n", "preamble\r\n", "\n"))
    for head, name, more, value in parts:
        lines = [head.format(name=name), *([more] if more else [])]
        rng.shuffle(lines)
        text += rng.choice(DELIMITERS) if rng.random() < 0.3 else "--xyz\r\n"
        text += "\r\n".join(lines) + f"\r\n\r\n{value}\r\n"
    text += rng.choice(ENDS) if rng.random() < 0.3 else "--xyz--\r\n"
    return f"{MULTIPART}; boundary={BOUNDARY}", text.encode("utf-8", "replace")


JSON_ENCODINGS = ("utf-8",) * 8 + (
    "utf-8-sig",
    "utf-16",
    "utf-16-le",
    "utf-16-be",
    "utf-32",
    "utf-7",
    "utf-32-le",
)
JSON_NAMES = (
    FIELD, "x", "y", "z", "d\\u006fb", "\\u0064ob", "DOB", "dob\\u0000", "dob ", "a", "dob.x", "dob[]", "__proto__",
    "user", "",
)  # fmt: skip
JSON_VALUES = (
    f'"{ADULT}"', f'"{CHILD}"', f'"{CHILD}"', "null", f'["{CHILD}"]', f'{{"dob": "{CHILD}"}}', "1", "NaN", "[]", "{}",
    f'"{CHILD}\\u0000"', '"\\u0032019-03-01"', f'"&dob={CHILD}&"', f'"\\u0026dob={CHILD}&"', f'"&d%6Fb={CHILD}&"',
)  # fmt: skip


# Containers of a date, and of a password.
DATED = (
    '"dob": "{}"', '"dob": ["{}"]', '"birth": {{"date": "{}"}}', '"user": {{"dob": "{}"}}', '"dob": {{"value": "{}"}}',
    '"user": [{{"profile": {{"birth": {{"date": ["{}"]}}}}}}]', '"birth": {{"date": "{}", "place": "x"}}',
)  # fmt: skip
IN_PARTS = (
    '"dob": {{"year": {}, "month": {}, "day": {}}}',
    '"dob": [{}, {}, {}]',
    '"birth": {{"date": [{}, {}, {}]}}',
)
SECRET_IN = (
    '"password": "x"', '"password": ["x"]', '"password": {"plain": "x"}', '"user": {"password": ["x"]}',
    '"plainPassword": {"first": "x", "second": "x"}', '"a": [{"password": [{"x": "y"}]}]',
)  # fmt: skip


def _nested(rng: Random) -> list[str]:
    """Return the members of an undeclared signup, in containers."""
    born = rng.choice((ADULT, CHILD, CHILD))
    parts = [part.lstrip("0") for part in born.split("-")]
    dated = rng.choice((rng.choice(DATED).format(born), rng.choice(IN_PARTS).format(*parts)))
    return rng.sample([dated, rng.choice(SECRET_IN)], 2)


def _json(rng: Random, layer: str) -> tuple[str, bytes]:
    members = [f'"{name}": "{value}"' for name, value in _own(rng, layer)]
    if layer == "undeclared" and rng.random() < 0.5:
        members = _nested(rng)
    for _ in range(rng.choice(_EXTRAS)):
        member = f'"{rng.choice(JSON_NAMES)}": {rng.choice(JSON_VALUES)}'
        members.insert(rng.randint(0, len(members)), member)
    text = (
        "{"
        + rng.choice((",", ", ", ",\r\n", ",,") if rng.random() < 0.2 else (",",)).join(members)
        + "}"
    )
    if rng.random() < 0.15:
        extra = (
            f' {{"{FIELD}": "{CHILD}"}}',
            f"&dob={CHILD}",
            "\0",
            "\n",
            " // x",
            ",",
            "]",
            f"\n\ndob={CHILD}",
        )
        text += rng.choice(extra)
    if rng.random() < 0.08:
        text = rng.choice((" ", "\ufeff", "\n", "[", ")]}',\n", f"dob={CHILD}&x=", "\0")) + text
    return JSON, text.encode(rng.choice(JSON_ENCODINGS), "replace")


# ------------------------------------------------------------------------------------------- heads

PARAMETERS = (
    "boundary=xyz", "boundary=abc", 'boundary="xyz"', "boundary*=utf-8''xyz", "boundary*=utf-8''abc",
    "boundary*0=xyz",
    "boundary*0=x; boundary*1=yz", "boundary*0*=utf-8''abc", "Boundary=abc", "boundary = abc", "boundary=xyz ",
    'boundary="x\\yz"', "boundary=xyz,abc", 'boundary="xyz";', "boundary='xyz'", "boundary=x%79z", "boundary=",
    "boundary",
    "charset=utf-8", "charset=UTF-8", 'charset="utf-8"', "charset=utf-7", "charset=utf-16", "charset*=''utf-7",
    "charset=cp037",
    "charset*=utf-8''utf-16le", "charset*0=utf-7", "charset=iso-8859-1", "charset=us-ascii", "charset=cp1252",
    "charset=utf-8,utf-7",
    "charset=unicode-escape", "charset=rot13", "charset=punycode", "charset=idna", "charset=utf-8-sig", "charset=hz",
    "x=y", 'x="; boundary=abc"', 'x="\\"; boundary=abc"', "", ";", "q=1", "_charset_=utf-16", "type=json", "utf-7",
)  # fmt: skip
TYPES = (
    FORM, JSON, MULTIPART, "text/plain", "application/vnd.api+json", "multipart/mixed", "application/json-rpc", "",
    "Application/JSON", "MULTIPART/FORM-DATA", "Application/X-WWW-Form-URLencoded", "application/xml", "*/*",
    "json", "multipart/",
    "application/x-url-encoded", "text/json", "application/msgpack", "application/x-msgpack", "multipart/related",
    "application/jsonx", "xapplication/json", "application/json\0", " application/json", "application /json",
    "application/x-www-form-urlencoded\t", "multipart/form-data\x0b", "application/json/x", "text/html",
)  # fmt: skip
TARGETS = (
    "/register",) * 6 + ("/typed-form", "/typed-json", "/clubs/a/join") + (
    "register", "http://shop.example/register", "//register", "/%2e/register", "/./register", "/x/../register",
    "/register/",
    "/register//", "/REGISTER", "/Register", "/%72egister", "/%2572egister", "/register;x=1", "/register%3Bx",
    "/register%3Fx",
    "/register%23x", "/register%00", "/register%0a", "/register%0d%0a", "/register%20", "/%20register",
    "/register%2f", "/%2fregister",
    "http:register", "http:/register", "https://shop.example/register;x", "register?x=1", "register%3Fx",
    "register;x", "%2Fregister",
    "\\register", "/\\register", "/%5cregister", "/regi%FFster", "/regi%C5%BFter", "*", "/register#x", "/register?",
    "?/register",
    "http://shop.example//register", "http://shop.example", "shop.example/register", "//shop.example/register",
    "///register",
    "/reg\tister", "/register\t", "x://y/register", "/register%09", "/..%2fregister", "/clubs/../register",
    "/clubs/%2e%2e/register",
    "/clubs//join", "/clubs/a%2fb/join", "/clubs/%00/join", "/clubs/a/join/", "/clubs/;/join",
    "/clubs/a;b/join",
    f"/register?dob={CHILD}", f"/register?dob={ADULT}", f"/register?d%6fb={CHILD}", f"/register?a=1;dob={CHILD}",
    f"/register?dob[]={CHILD}",
    f"/register?dob%00={CHILD}", f"/register?x&dob={CHILD}", f"/register?%26dob={CHILD}", f"/register?+dob={CHILD}",
    "/typed-json/",
    "/r\xe9gister", "/register%u0000", "/register.json", "/register.", "/register%e2%80%8b", "/register%c0%ae",
)  # fmt: skip
METHODS = ("POST",) * 12 + ("post", "PUT", "Post", "GET", "POST ", "PATCH", "HEAD", "QUERY")
VERSIONS = ("HTTP/1.1",) * 12 + ("HTTP/1.0", "HTTP/2.0", "http/1.1", "HTTP/1.2", "")
MORE = (
    ("Expect", "100-continue"), ("Content-Encoding", "gzip"), ("Content-Encoding", "identity"), ("Content-Encoding",
    ""),
    ("Content-Encoding", "identity, identity"), ("Content_Type", JSON), ("Content_Type", FORM), ("CONTENT-TYPE",
    JSON),
    ("Content-Type", FORM), ("Content-Type", JSON), ("Content-Type", f"{MULTIPART}; boundary=xyz"),
    ("Content_Length", "3"),
    ("X-HTTP-Method-Override", "POST"), ("X-HTTP-Method-Override", "PUT"), ("X-Http-Method", "POST"),
    ("X-Method-Override", "POST"),
    ("X-Forwarded-Prefix", "/register"), ("X-Script-Name", "/x"), ("X-Original-URL", "/register"), ("X-Rewrite-URL",
    "/register"),
    ("Upgrade", "h2c"), ("Upgrade", "websocket"), ("Trailer", "Content-Type"), ("TE", "trailers"), ("Content-Type",
    ""),
    ("Content-Transfer-Encoding", "base64"), ("Content-Disposition", 'form-data; name="dob"'), ("Cookie",
    f"dob={CHILD}"),
    ("Accept-Charset", "utf-7"), ("Range", "bytes=0-3"), ("Content-Range", "bytes 0-3/9"), ("Content-Type ", JSON),
    (" Content-Type", JSON),
    ("X-Content-Type", JSON), ("Host", "other.example"), ("Content-Type", f"{FORM}, {JSON}"), ("Connection",
    "Content-Type"),
    ("Connection", "keep-alive, Content-Length"), ("Content-MD5", "x"), ("Proxy-Connection", "close"),
    ("Content-Type\0", JSON),
)  # fmt: skip
PIECES = (
    b"\0", b"\r\n", b"\n", b"\r", b" ", b"\t", b";", b"&", b"=", b'"', b"\\", b"%", b"+", b"--xyz", b"--", b"*",
    b",", b":", b"\xff",
    b"\xef\xbb\xbf", f"dob={CHILD}".encode(), f"&dob={CHILD}&".encode(), f'"dob":"{CHILD}",'.encode(), b"utf-7",
    b"{", b"}", b"[",
    b"/", b"?", b"#", b"\x0b", b"\x0c", b"\x85", b"\xa0", b"0\r\n\r\n", b"d", b"%64", b"\\u0064", b"name=",
    b"boundary=abc", b"'",
)  # fmt: skip


# ---------------------------------------------------------------------- what readers cut differently

BREAKS = (
    b"\n",
    b"\r",
    b"\r\n",
    b"\n\n",
    b"\r\r",
    b"\n\r",
    b"\r\n\r\n",
    b"\x0b",
    b"\xc2\x85",
    b"\r\n \r\n",
    b"\r\n\t",
)
FALSE_BEGINNINGS = (
    b"--zzz\r\n", b"--zzz", b"--zzz\r\n\r\nx", b"x", b"\r", b"--abc\r\n\r\n\r\n", b"--xyz--\r\n", b"--", b"\r\n\r\n",
    b"--xyz", b"\xef\xbb\xbf", b"\xff\xfe", b"NaN,", b"{}", b"0\r\n", b"&",
)  # fmt: skip
CODES = (
    "utf-7",
    "utf-16",
    "utf-16-le",
    "utf-16-be",
    "utf-32",
    "utf-8-sig",
    "latin-1",
    "cp037",
    "cp500",
    "hz",
    "rot13",
)


def _in_utf_7(text: bytes) -> bytes:
    """Write one letter of each name in UTF-7."""
    return (
        text.replace(b"dob", b"d+AG8-b")
        .replace(b"password", b"p+AGE-ssword")
        .replace(b"birth", b"+AGI-irth")
    )


def _other_breaks(rng: Random, request: Request) -> None:
    """End lines of heads or all lines otherwise, at some places or everywhere."""
    old = rng.choice((b"\r\n", b"\r\n\r\n"))
    pieces = request.body.split(old)
    share = rng.choice((0.2, 0.5, 1))
    written = pieces[0]
    for piece in pieces[1:]:
        written += (rng.choice(BREAKS) if rng.random() < share else old) + piece
    request.body = written


def _ends_a_head_early(rng: Random, request: Request) -> None:
    """Put a field that ends otherwise before the one that names a part."""
    field = b"X: y" + rng.choice(BREAKS)
    request.body = request.body.replace(
        b"Content-Disposition", field + b"Content-Disposition", rng.randint(1, 3)
    )


def _begins_falsely(rng: Random, request: Request) -> None:
    request.body = rng.choice(FALSE_BEGINNINGS) + request.body


def _in_a_code(rng: Random, request: Request) -> None:
    """Say a charset, and write in it or not."""
    code = rng.choice(CODES)
    name, value = request.head[0]
    quoted = rng.choice(("{}", '"{}"', "{}")).format(code)
    said = rng.choice(
        ("; charset={}", "; charset = {}", "; charset*=''{}", "; charset*0={}", "; CHARSET={}", "")
    )
    request.head[0] = (name, value + said.format(quoted))
    if code == "utf-7":
        request.body = _in_utf_7(request.body)
    elif code not in {"rot13", "hz"} and rng.random() < 0.7:
        text = request.body.decode("latin-1")
        request.body = text.encode(code, "replace")


def _of_no_type(rng: Random, request: Request) -> None:
    name, _ = request.head[0]
    request.head[0] = (
        name,
        rng.choice(("text/plain", "", "text/plain;charset=UTF-8", "application/octet-stream")),
    )


def _packed(rng: Random, layer: str) -> tuple[str, bytes]:
    """Write a signup as MessagePack."""
    del layer
    pairs = rng.sample([(FIELD, rng.choice((ADULT, CHILD))), (PASSWORD, SECRET), ("x", "y")], 3)
    texts = [text.encode() for pair in pairs for text in pair]
    body = b"\x83" + b"".join(bytes([0xA0 + len(text)]) + text for text in texts)
    return rng.choice(("application/x-msgpack", "application/vnd.msgpack", "")), body


_CUTS = (_other_breaks, _ends_a_head_early, _begins_falsely, _in_a_code, _of_no_type)


def draw(rng: Random, layer: str = "declared") -> Request:
    """Draw a request: a body of some kind, and up to four things that are odd about it."""
    kinds = (_form, _multipart, _json)
    kind = rng.choice((*kinds, *kinds, *kinds, _packed) if layer == "undeclared" else kinds)
    content_type, body = kind(rng, layer)
    request = request_of(content_type, body)
    for _ in range(rng.choice((0, 1, 1, 2)) if layer == "undeclared" else 0):
        rng.choice(_CUTS)(rng, request)
    for _ in range(rng.choice((0, 0, 1, 1, 1, 2, 2, 3, 4))):
        rng.choice(_ODDITIES)(rng, request)
    if request.target == "/register" and rng.random() < 0.15:
        request.target = "/typed-json" if kind is _json else "/typed-form"
    return request


def _odd_type(rng: Random, request: Request) -> None:
    name, value = request.head[0]
    kind, *parameters = [part.strip() for part in value.split(";")]
    if rng.random() < 0.35:
        kind = rng.choice(TYPES)
    for _ in range(rng.randint(0, 2)):
        parameters.insert(rng.randint(0, len(parameters)), rng.choice(PARAMETERS))
    request.head[0] = (
        name,
        rng.choice(("; ", "; ", "; ", ";", " ; ", ";\t", ", ")).join([kind, *parameters]),
    )


def _odd_field(rng: Random, request: Request) -> None:
    request.head.insert(rng.randint(0, len(request.head)), rng.choice(MORE))


def _odd_target(rng: Random, request: Request) -> None:
    request.target = rng.choice(TARGETS)


def _odd_line(rng: Random, request: Request) -> None:
    request.method, request.version = rng.choice(METHODS), rng.choice(VERSIONS)


def _odd_framing(rng: Random, request: Request) -> None:
    request.framing = rng.choice(tuple(_FRAMINGS))


def _odd_bytes(rng: Random, request: Request) -> None:
    at = rng.randint(0, len(request.body))
    cut = rng.choice((0, 0, 0, 1, 3, 10))
    request.body = request.body[:at] + rng.choice(PIECES) + request.body[at + cut :]


def _odd_target_bytes(rng: Random, request: Request) -> None:
    at = rng.randint(0, len(request.target))
    piece = rng.choice(PIECES).decode("latin-1")
    request.target = (
        request.target[:at]
        + rng.choice((piece, f"%{rng.randint(0, 255):02x}"))
        + request.target[at:]
    )


_ODDITIES = (
    _odd_type, _odd_type, _odd_type, _odd_field, _odd_target, _odd_line, _odd_framing, _odd_bytes, _odd_bytes,
    _odd_target_bytes,
)  # fmt: skip

# ------------------------------------------------------------------------------------------ the run


@dataclass(frozen=True)
class Find:
    """A request that brought a child's date to a view."""

    server: str
    app: str
    way: str
    seed: int
    request: Sent


@dataclass
class Tally:
    """What came of a run."""

    requests: int = 0
    over_http2: int = 0
    undeclared: int = 0
    passed: int = 0  # dates of adults that views were given
    finds: list[Find] = field(default_factory=list)
    controls: list[str] = field(default_factory=list)  # plain requests of adults that did not pass
    defects: list[str] = field(default_factory=list)  # that the layer says it has
    statuses: Counter[str] = field(default_factory=Counter)


def plain_requests(born: str = ADULT) -> Iterator[tuple[str, str, Request]]:
    """Yield what ordinary clients send: a name, the way it is read, the request."""
    head = 'Content-Disposition: form-data; name="{}"\r\n\r\n{}\r\n'
    parts = [head.format(FIELD, born), head.format(PASSWORD, SECRET)]
    text = "".join(f"--xyz\r\n{part}" for part in parts) + "--xyz--\r\n"
    table = f'{{"{FIELD}": "{born}", "{PASSWORD}": "{SECRET}"}}'
    bodies = {
        "form": request_of(FORM, f"name=x&{FIELD}={born}&{PASSWORD}={SECRET}".encode()),
        "multipart": request_of(f"{MULTIPART}; boundary=xyz", text.encode()),
        "JSON": request_of(JSON, table.encode()),
    }
    for name, request in bodies.items():
        yield name, "json" if name == "JSON" else "form", request


def child_seen(seen: Iterable[Sight]) -> bool:
    """Tell whether any view was given a child's date that it may not be given."""
    return any(map(_is_wrong, seen))


def _is_wrong(sight: Sight) -> bool:
    if sight.layer != "undeclared":
        return any(CHILD in date for date in sight.dates)
    # Undeclared, no path that ends in another word is looked at; of several dates one may be a parent's.
    if sight.way in {"typed form", "typed json"} or sight.judged == Finding.SOMEBODY_ELSE.name:
        return False
    dates = {date.strip() for date in sight.dates}
    return sight.has_password and CHILD in dates and ADULT not in dates


def fuzz(seconds: float, seed: int, *, say: Callable[[str], None] = print) -> Tally:
    """Send drawn requests to all servers in turn until the time is over."""
    tally = Tally()
    with tempfile.TemporaryDirectory() as folder:
        for number, name in enumerate(SERVERS):
            with serving(name, Path(folder)) as server:
                _check_controls(server, tally)
                share = seconds / len(SERVERS)
                _fuzz_server(
                    server, seed + number * 1_000_000, time.monotonic() + share, tally, say
                )
                tally.defects += server.defects
            say(
                f"{name}: {tally.requests} requests, {tally.passed} dates of adults, {len(tally.finds)} children"
            )
    return tally


def _check_controls(server: Server, tally: Tally) -> None:
    for app in server.apps:
        for name, way, request in plain_requests():
            for layer in ("declared", "undeclared"):
                start = server.size
                answer = server.send(request.written(app, way, layer), is_whole=True)
                if not any(ADULT in sight.dates for sight in server.seen(start)):
                    where = f"{server.name}, {app}, {name}, {layer}"
                    tally.controls.append(f"{where}: {answer[:60]!r}")


def _fuzz_server(
    server: Server, seed: int, deadline: float, tally: Tally, say: Callable[[str], None]
) -> None:
    said = time.monotonic()
    while time.monotonic() < deadline:
        start = server.size
        batch = [_drawn(server, seed + number) for number in range(_BATCH)]
        seed += _BATCH
        for drawn, answer in zip(
            batch, server.send_all(each.request for each in batch), strict=True
        ):
            is_framed = isinstance(drawn.request, Frames)
            tally.over_http2 += is_framed
            tally.undeclared += drawn.layer == "undeclared"
            tally.statuses["HTTP/2" if is_framed else answer[9:12].decode("latin-1")] += 1
        seen = server.seen(start)
        tally.requests += len(batch)
        tally.passed += sum(ADULT in date for sight in seen for date in sight.dates)
        if child_seen(seen):
            tally.finds += _found(server, batch, say)
        if time.monotonic() - said > _SAYS_EVERY:
            said = time.monotonic()
            say(
                f"  {server.name}: seed {seed}, {tally.requests} requests, {len(tally.finds)} children"
            )


class Drawn(NamedTuple):
    """A request, and who is to read it how, under which policy."""

    seed: int
    app: str
    way: str
    layer: str
    request: Sent


def _drawn(server: Server, seed: int) -> Drawn:
    rng = random.Random(seed)  # noqa: S311 - to be drawn again
    layer = rng.choice(("declared", "declared", "undeclared"))
    request, app, way = draw(rng, layer), rng.choice(server.apps), rng.choice(WAYS[:4])
    sent: Sent = request.written(app, way, layer)
    if server.speaks_http2 and rng.random() < 0.5:
        how = rng.choice(tuple(_FRAMES)) if rng.random() < 0.6 else _PLAIN
        sent = request.framed(app, way, layer, how)
    return Drawn(seed, app, way, layer, sent)


def _found(server: Server, batch: list[Drawn], say: Callable[[str], None]) -> list[Find]:
    """Send a batch again, one by one, to find which it was."""
    finds = []
    for seed, app, way, layer, request in batch:
        start = server.size
        server.send(request, is_whole=False)
        time.sleep(0.02)
        if wrong := [sight for sight in server.seen(start) if _is_wrong(sight)]:
            finds.append(Find(server.name, app, way, seed, request))
            say(f"A CHILD THROUGH: {server.name}, {layer}, seed {seed}\n{request!r}\n{wrong}")
    return finds or [Find(server.name, "?", "?", batch[0].seed, b"not found again")]


def main() -> int:
    """Fuzz for as long as the environment says, fifteen minutes without; fail if a child came through."""
    seconds = float(os.environ.get("SIGNUP_FUZZ_SECONDS", "900"))
    seed = int(os.environ.get("SIGNUP_FUZZ_SEED", str(time.time_ns() % 10**9)))
    print(f"seed {seed}, {seconds:.0f} seconds", flush=True)
    tally = fuzz(seconds, seed, say=lambda text: print(text, flush=True))
    print(
        f"{tally.requests} requests, {tally.over_http2} of them over HTTP/2, {tally.undeclared} to undeclared signups, "
        f"{tally.passed} dates of adults through, statuses {dict(tally.statuses)}"
    )
    for control in tally.controls:
        print(f"An adult's plain request did not pass: {control}")
    for defect in tally.defects:
        print(defect)
    print(f"Children through: {len(tally.finds)}")
    return 1 if tally.finds or tally.controls or tally.defects else 0


if __name__ == "__main__":
    sys.exit(main())
