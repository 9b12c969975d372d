"""What every framework's app is shown to do, bare and protected: one shape for all of them.

Each exhibit is a little app in its framework's own words with the same pages:

    /         a page; sets `cart`, `_ga` and the framework's session, deletes `old`
    /about    a page without cookies
    /away     a redirect that sets `cart` and `_ga`
    /missing  nothing there: the app's own 404 page, which sets them too
    /boom     an exception: the app's own 500 page, which sets them too
    /data     JSON
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from alpines_privacy import Cookie, PrivacyPolicy, protect
from alpines_privacy.http import setcookie

__all__ = ["COOKIES", "GONE", "PAGE", "POLICY", "Exhibit", "Fetch", "Reply"]

PAGE = "<!doctype html><title>A shop</title><p>Welcome"
COOKIES = {"cart": "tea", "_ga": "GA1.1.1"}
GONE = "old"
POLICY = PrivacyPolicy(
    cookies=[Cookie("cart", purpose="Holds what you are about to buy", necessary=True)]
)


@dataclass(frozen=True)
class Reply:
    """A response as a visitor gets it; names of its fields in lower case."""

    status: int
    fields: list[tuple[str, str]]
    body: bytes

    @classmethod
    def of(cls, status: int, fields: Iterable[tuple[str, str]], body: bytes) -> Reply:
        return cls(status, [(name.lower(), value) for name, value in fields], body)

    def values(self, name: str) -> list[str]:
        return [value for field, value in self.fields if field == name]

    @property
    def cookies(self) -> set[str]:
        """The names of the cookies that it sets or deletes."""
        parsed = [setcookie.parse(line) for line in self.values("set-cookie")]
        return {cookie.name for cookie in parsed if cookie is not None}

    @property
    def vary(self) -> set[str]:
        return {
            token.strip().lower() for value in self.values("vary") for token in value.split(",")
        }

    @property
    def as_sent(self) -> tuple[int, list[tuple[str, str]], bytes]:
        """All of it but the clock."""
        return self.status, [field for field in self.fields if field[0] != "date"], self.body


Fetch: TypeAlias = Callable[[Any, str, Mapping[str, str]], Reply]


@dataclass(frozen=True)
class Exhibit:
    """A framework, an app in it, and that framework's own way to send a request to an app."""

    name: str
    build: Callable[[], Any]
    fetch: Fetch
    session: str = ""
    stays_itself: bool = False
    protect: Callable[[Any, Any], Any] = protect
