"""A visitor's request: the parts of its URL, its fields, and its body in pieces."""

from __future__ import annotations

from collections.abc import AsyncIterable, Iterable
from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import SplitResult, quote, unquote_to_bytes, urlsplit

from alpines_privacy.http.heads import Field

__all__ = ["URL", "Body", "Request"]

Body: TypeAlias = bytes | Iterable[bytes] | AsyncIterable[bytes]

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
