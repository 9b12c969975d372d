"""A browser's cookie store: which cookies it keeps, and which it sends.

RFC 6265bis §5.7 (storing) and §5.8 (sending), with the rules of current browsers: `SameSite=None` and
`Partitioned` only with `Secure`, and a cookie that breaks the rule of its prefix is dropped.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping, MutableMapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from alpines_privacy.http.setcookie import SetCookie, parse
from alpines_privacy.http.site import registrable_domain

if TYPE_CHECKING:
    from httpx2 import Response

__all__ = ["CookieJar"]

_MOST = 180  # cookies of a domain, as in Chromium; §5.7 leaves the number open
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class _Place(NamedTuple):
    """What of an address decides on cookies.

    `is_trustworthy` tells whether browsers keep and send Secure ones there: over https, and on this very machine.
    """

    host: str
    path: str
    is_trustworthy: bool


@lru_cache(maxsize=16)  # an address has at most 64 KB
def _place(url: str) -> _Place:
    parts = urlsplit(url)
    host = parts.hostname or ""
    is_local = host in _LOOPBACK or host.endswith(".localhost")
    return _Place(host, parts.path or "/", parts.scheme == "https" or is_local)


class _Key(NamedTuple):
    """The identity of a cookie (§5.7 step 23; a partition is a store of its own)."""

    name: str
    domain: str
    host_only: bool
    path: str
    partitioned: bool


@dataclass(slots=True)
class _Stored:
    value: str
    secure: bool
    expires: float  # Unix time; infinite for a session cookie


class CookieJar(MutableMapping[str, str]):
    """The cookies a visitor has: a mapping from name to value.

    `jar["_ga"] = "1"` gives the visitor a cookie for the site's host and all its paths, as if
    from an earlier visit; `del jar["_ga"]` takes away every cookie of that name. Where several
    have one name, the value is the one a request to the site's `/` would carry first, else any.
    """

    def __init__(self, home: str) -> None:
        """`home` is the site of cookies that are set by hand, by its URL."""
        self._home = home
        self._stored: dict[_Key, _Stored] = {}

    def __getitem__(self, name: str) -> str:
        found = [self._stored[key].value for key in self._alive() if key.name == name]
        if not found:
            raise KeyError(name)
        return next((value for sent, value in self.sent_to(self._home) if sent == name), found[0])

    def __setitem__(self, name: str, value: str) -> None:
        host = _place(self._home).host
        key = _Key(name, host, host_only=True, path="/", partitioned=False)
        self._stored[key] = _Stored(value, secure=False, expires=math.inf)

    def __delitem__(self, name: str) -> None:
        keys = [key for key in self._alive() if key.name == name]
        if not keys:
            raise KeyError(name)
        for key in keys:
            del self._stored[key]

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(key.name for key in self._alive()))

    def __len__(self) -> int:
        return len({key.name for key in self._alive()})

    def __repr__(self) -> str:
        return f"CookieJar({dict(self)!r})"

    def receive(self, line: str, url: str) -> bool:
        """Take one `Set-Cookie` value from a response of `url`; tell whether a browser accepts it.

        An accepted deletion removes the cookie.
        """
        place, cookie = _place(url), parse(line)
        if cookie is None:
            return False
        key = _key(cookie, place)
        if key is None or not self._is_allowed(cookie, key, place):
            return False
        now = time.time()
        lifetime = cookie.lifetime(now)
        expires = math.inf if lifetime is None else now + lifetime
        if expires <= now:
            self._stored.pop(key, None)
        else:
            secure = "secure" in cookie.attributes
            self._stored[key] = _Stored(cookie.value, secure=secure, expires=expires)
            self._evict(key.domain, now)
        return True

    def extract_cookies(self, response: Response) -> None:
        """Take all cookies of a response; httpx2's client calls it."""
        url = str(response.request.url)
        for line in response.headers.get_list("set-cookie"):
            self.receive(line, url)

    def add_cookie_header(self, request: object) -> None:
        """Do nothing where httpx2 would add the field: the visitor adds it, in octets, when it sends."""

    def sent_to(self, url: str) -> list[tuple[str, str]]:
        """Return the names and values a request to `url` carries, longer paths first (§5.8.3)."""
        if not self._stored:
            return []
        host, path, is_trustworthy = _place(url)
        keys = [
            key
            for key in self._alive()
            if (host == key.domain if key.host_only else _is_within(host, key.domain))
            and _path_matches(path, key.path)
            and (is_trustworthy or not self._stored[key].secure)
        ]
        keys.sort(key=lambda key: -len(key.path))
        return [(key.name, self._stored[key].value) for key in keys]

    def header(self, url: str, once: Mapping[str, str] = MappingProxyType({})) -> str:
        """Return the `Cookie` field of a request to `url`, empty where there is none to send.

        Cookies in `once` are sent too, in place of others of the same name.
        """
        held = [(name, value) for name, value in self.sent_to(url) if name not in once]
        return "; ".join(
            f"{name}={value}" if name else value for name, value in (*held, *once.items())
        )

    def _evict(self, domain: str, now: float) -> None:
        """Of a domain with too many cookies, remove an expired one, else one without Secure, the oldest (§5.7)."""
        stored = self._stored
        keys = [key for key in stored if key.domain == domain]
        if len(keys) > _MOST:
            del stored[min(keys, key=lambda key: (stored[key].expires > now, stored[key].secure))]

    def _alive(self) -> list[_Key]:
        now = time.time()
        return [key for key, stored in self._stored.items() if stored.expires > now]

    def _is_allowed(self, cookie: SetCookie, key: _Key, place: _Place) -> bool:
        secure = "secure" in cookie.attributes
        if secure:
            return place.is_trustworthy and _keeps_prefix(cookie, key)
        needs_secure = cookie.attributes.get("samesite", "").lower() == "none" or key.partitioned
        return (
            not needs_secure
            and _keeps_prefix(cookie, key)
            and (place.is_trustworthy or not self._overlays_secure(key))
        )

    def _overlays_secure(self, new: _Key) -> bool:
        """Whether an insecure page tries to replace a secure cookie (§5.7 step 15)."""
        return any(
            self._stored[key].secure
            and key.name == new.name
            and (_is_within(key.domain, new.domain) or _is_within(new.domain, key.domain))
            and _path_matches(new.path, key.path)
            for key in self._alive()
        )


def _key(cookie: SetCookie, place: _Place) -> _Key | None:
    """Return the cookie's domain; None for one that the page may not set (§5.7 steps 9 to 10)."""
    domain = cookie.attributes.get("domain", "").removeprefix(".").lower()
    host_only = not domain
    if domain and registrable_domain(domain) is None:  # a public suffix, one label, or an address
        if domain != place.host:
            return None
        host_only = True
    if domain and not _is_within(place.host, domain):
        return None
    path = cookie.attributes.get("path", "")
    if not path.startswith("/"):
        path = place.path.rpartition("/")[0] or "/"  # §5.1.4
    partitioned = "partitioned" in cookie.attributes
    return _Key(cookie.name, domain or place.host, host_only, path, partitioned)


def _keeps_prefix(cookie: SetCookie, key: _Key) -> bool:
    """Whether the cookie fulfils the rule of its name's prefix (§4.1.3; any case, by §5.4)."""
    if not cookie.name:
        return not cookie.value.lower().startswith(("__secure-", "__host-"))
    name = cookie.name.lower()
    secure = "secure" in cookie.attributes
    if name.startswith("__host-"):
        return secure and key.host_only and cookie.attributes.get("path") == "/"
    return secure or not name.startswith("__secure-")


def _is_within(host: str, domain: str) -> bool:
    """Whether the host is the domain or below it (§5.1.3; a Domain is never an address here)."""
    return host == domain or host.endswith("." + domain)


def _path_matches(path: str, cookie_path: str) -> bool:
    """Whether a request's path is the cookie's or below it (§5.1.4)."""
    if not path.startswith(cookie_path):
        return False
    return (
        len(path) == len(cookie_path) or cookie_path.endswith("/") or path[len(cookie_path)] == "/"
    )
