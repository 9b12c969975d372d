"""User-Agent strings: the products and comments (RFC 9110 §10.1.5) that name a browser or client."""

from __future__ import annotations

import re
from collections.abc import Iterator

from alpines_privacy.redaction.kinds.shape import Bounds, Shape, around

__all__ = ["SHAPES"]

_LONGEST = 1024  # characters
_COMMENT = r"\([^()\"]*(?:\([^()\"]*\)[^()\"]*)*\)"
_PRODUCT = r"[A-Za-z][0-9A-Za-z._+-]*/[0-9A-Za-z][0-9A-Za-z._+;-]*"
_AGENT = re.compile(
    rf"{_PRODUCT}(?: (?:{_COMMENT}|{_PRODUCT}|(?:Mobile|Tablet|Safari|like|Gecko|Silk|Kindle)(?= )))*"
)
_CLIENTS = (
    # libraries and tools
    *("curl", "Wget", "HTTPie", "PostmanRuntime", "insomnia", "python-requests", "python-httpx"),
    *("python-urllib3", "Python-urllib", "aiohttp", "okhttp", "Go-http-client", "axios", "undici"),
    *("node-fetch", "libwww-perl", "Dalvik", "CFNetwork", "Apache-HttpClient", "GuzzleHttp"),
    *("Faraday", "WhatsApp"),
    # crawlers and probes
    *("Googlebot", "bingbot", "facebookexternalhit", "Twitterbot", "TelegramBot", "Discordbot"),
    *("kube-probe", "ELB-HealthChecker", "GoogleHC", "Prometheus"),
)


def _find(text: str, start: int, end: int) -> Iterator[Bounds]:
    """Give the text up to the closing quote, or the products and comments that follow one another.

    If the text up to the quote holds a `{`, the quote belongs to something else.
    """
    quote = text[start - 1 : start]
    if quote in {'"', "'"}:
        closing = text.find(quote, end, start + _LONGEST)
        if closing != -1 and text.find("{", end, closing) < 0:
            yield start, closing - text.startswith("\\", closing - 1)
            return
    match = _AGENT.match(text, start, start + _LONGEST)
    yield start, match.end() if match else end


_BROWSER = r"\b(?:Mozilla|Opera)/[0-9]{1,3}\.[0-9]"
SHAPES = (
    Shape(
        "USER_AGENT",
        _BROWSER,
        _find,
        ("mozilla/", "opera/"),
        around(_BROWSER, "Mozilla/", "Opera/"),
    ),
    Shape(
        "USER_AGENT",
        rf"\b(?:{'|'.join(_CLIENTS)})/v?[0-9]",
        _find,
        tuple(f"{client.lower()}/" for client in _CLIENTS),
    ),
)
