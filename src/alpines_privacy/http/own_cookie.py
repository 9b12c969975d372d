"""Cookies of the layer's own: the line that sets one, and the values a visitor sends."""

from __future__ import annotations

import re

from alpines_privacy.http.heads import RequestHead
from alpines_privacy.policy import Cookie

__all__ = ["cookie_line", "cookie_values"]

_PREFIX = "__Host-"
# HTTP/2 splits a Cookie into lines (RFC 9113 §8.2.3), and Hypercorn's WSGI joins them by a comma.
_SEPARATORS = re.compile("[;,]")


def cookie_values(head: RequestHead, name: str) -> list[str]:
    """Return the values of each cookie of this name, with and without its prefix."""
    return [
        value.strip(" \t")
        for line in head.values("cookie")
        if name in line
        for found, _, value in (pair.partition("=") for pair in _SEPARATORS.split(line))
        if found.strip(" \t").removeprefix(_PREFIX) == name
    ]


def cookie_line(cookie: Cookie, value: str, *, https: bool) -> str:
    """Return the `Set-Cookie` line of a declared cookie; over https with the prefix `__Host-`."""
    prefix, secure = (_PREFIX, "; Secure") if https else ("", "")
    age = f"; Max-Age={cookie.lifetime}" if isinstance(cookie.lifetime, int) else ""
    return f"{prefix}{cookie.name}={value}; Path=/{age}; HttpOnly; SameSite=Lax{secure}"
