"""A visitor's request: the parts of its URL, its fields, and its body in pieces."""

from __future__ import annotations

import json as jsonlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias
from urllib.parse import SplitResult, quote, unquote_to_bytes, urlencode, urlsplit

from alpines_privacy.http.heads import Field

__all__ = ["URL", "Body", "FieldsLike", "Request", "encode_body", "listed"]

FieldsLike: TypeAlias = Mapping[str, str] | Iterable[Field]
Body: TypeAlias = bytes | Iterable[bytes]

_PORTS = {"http": 80, "https": 443}
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
# Characters that a path and a query may hold unencoded (RFC 3986 §3.3, §3.4); "%" is not encoded twice.
_PATH_CHARACTERS = "/:@!$&'()*+,;=~%"
_QUERY_CHARACTERS = _PATH_CHARACTERS + "?[]"


class URL:
    """An http or https URL as a browser sends it: host lower case, path and query percent-encoded."""

    __slots__ = ("host", "path", "port", "query", "scheme")

    def __init__(self, text: str) -> None:
        """Raise ValueError for anything but an absolute http or https URL with a host."""
        parts: SplitResult = urlsplit(text)
        if parts.scheme not in _PORTS or not parts.hostname:
            raise ValueError(
                f"{text!r} is no URL of a site; expected one such as https://shop.example"
            )
        self.scheme = parts.scheme
        self.host = parts.hostname
        self.port = parts.port or _PORTS[parts.scheme]
        self.path = quote(parts.path, safe=_PATH_CHARACTERS) or "/"
        self.query = quote(parts.query, safe=_QUERY_CHARACTERS)

    def __str__(self) -> str:
        return self.origin + self.path + (f"?{self.query}" if self.query else "")

    @property
    def authority(self) -> str:
        """The host, with its port where that is not the scheme's own: what `Host` holds."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def origin(self) -> str:
        """Scheme, host and port, as `Origin` holds them."""
        return f"{self.scheme}://{self.authority}"

    @property
    def decoded_path(self) -> bytes:
        """The path's octets, percent-encoding undone."""
        return unquote_to_bytes(self.path)

    @property
    def is_trustworthy(self) -> bool:
        """Whether browsers keep and send Secure cookies here: over https, and on this very machine."""
        return self.scheme == "https" or self.host in _LOOPBACK or self.host.endswith(".localhost")


@dataclass(frozen=True, slots=True)
class Request:
    """A request as a transport sends it. Field names are lower case, values stand for latin-1 octets."""

    method: str
    url: URL
    fields: list[Field]
    body: Body


def encode_body(
    data: Mapping[str, Any] | None, json: Any, content: Body | None
) -> tuple[Body, list[Field]]:
    """Return the body made of a form, a JSON value or bytes, and the fields that describe it.

    Raises TypeError for more than one of them, and for a str as `content`.
    """
    if sum(part is not None for part in (data, json, content)) > 1:
        raise TypeError("a request has one body: give data, json or content")
    if isinstance(content, str):
        raise TypeError("content is bytes, or an iterable of bytes; encode the str first")
    if data is not None:
        form = urlencode(data, doseq=True).encode()
        return form, [("content-type", "application/x-www-form-urlencoded"), _length(form)]
    if json is not None:
        text = jsonlib.dumps(json).encode()
        return text, [("content-type", "application/json"), _length(text)]
    if content is None:
        return b"", []
    if isinstance(content, bytes | bytearray | memoryview):
        content = bytes(content)
        return content, [_length(content)]
    return content, [("transfer-encoding", "chunked")]


def listed(fields: FieldsLike | None) -> list[Field]:
    """Return the fields of a mapping or of pairs, with names in lower case, if HTTP can carry them.

    Raises ValueError for a value beyond latin-1: a header has octets, not characters.
    """
    if fields is None:
        return []
    pairs = fields.items() if isinstance(fields, Mapping) else fields
    listed = [(name.lower(), value) for name, value in pairs]
    for name, value in listed:
        value.encode("latin-1")
        name.encode("ascii")
    return listed


def _length(body: bytes) -> Field:
    return "content-length", str(len(body))
