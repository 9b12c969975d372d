"""Loads to ask filter rules about: such as rules were written for, and such as pages make every day."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from typing import Any

from alpines_privacy.http.url import parse
from alpines_privacy.trackers import LoadKind
from tests.support.adblock_plus import KINDS

__all__ = ["everyday", "made_from"]

_PAGES = ("www.example.com", "shop.example.co.uk", "news.site.example")
_PATHS = (
    ("script", "/js/main.min.js?v=1.2.3"),
    ("script", "/npm/jquery@3.7.1/dist/jquery.min.js"),
    ("script", "/wp-content/plugins/woocommerce/assets/js/frontend/cart.min.js?ver=8.2.1"),
    ("script", "/gtag/js?id=G-ABCDEFG"),
    ("script", "/tag/js/gpt.js"),
    ("stylesheet", "/css2?family=Inter:wght@400;700&display=swap"),
    ("image", "/assets/img/2024/05/photo-1024x768.jpg"),
    ("image", "/tr?id=123&ev=PageView&noscript=1"),
    ("image", "/pixel.gif?a=1&b=2"),
    ("xmlhttprequest", "/collect?v=1&tid=UA-1&cid=555&t=pageview&dp=%2Fhome"),
    ("subdocument", "/embed/abc"),
    ("font", "/s/inter/v13/UcC73.woff2"),
)


def everyday(
    hosts: Sequence[str], chosen: random.Random, count: int
) -> Iterator[tuple[str, str, LoadKind]]:
    """Make addresses on known services, the first of `hosts` far more often than the last."""
    names = [host for host in hosts if not host[-1].isdigit()]
    for _ in range(count):
        host = names[min(len(names) - 1, int(chosen.paretovariate(0.4) * 8))]
        kind: Any
        kind, path = chosen.choice(_PATHS)
        yield (
            f"https://{chosen.choice(('', 'www.', 'cdn.'))}{host}{path}",
            chosen.choice(_PAGES),
            kind,
        )


def made_from(
    texts: Sequence[str], chosen: random.Random, count: int
) -> Iterator[tuple[str, str, LoadKind]]:
    """Make addresses that rules were written for, some a character beside the mark."""
    made = 0
    while made < count:
        text = chosen.choice(texts).removeprefix("@@")
        pattern, _, options = text.partition("$")
        if pattern.startswith("/") and pattern.endswith("/"):
            continue
        url = _address(pattern, chosen)
        if chosen.random() < 0.15:
            at = chosen.randrange(len(url))
            url = url[:at] + chosen.choice("aZ/.-?&") + url[at + 1 :]
        page = chosen.choice(_PAGES)
        if (domains := re.search(r"domain=([^,]*)", options)) and chosen.random() < 0.8:
            page = chosen.choice(domains[1].split("|")).lstrip("~").replace(".*", ".com")
        address = parse(url)
        if address is None or not re.fullmatch(r"[a-z0-9_.-]+", page + address.host):
            continue
        kind: Any = chosen.choice([k for k in KINDS if k in options.split(",")] or KINDS)
        made += 1
        yield address.url, page, kind


def _address(pattern: str, chosen: random.Random) -> str:
    body = pattern.strip("|")
    body = re.sub(r"\^$", lambda _: chosen.choice(["/", "?a=1", "/x.js"]), body)
    body = body.replace("^", chosen.choice("/?&="))
    body = re.sub(r"\*+", lambda _: chosen.choice(["", "/a/", "-b", "cc=", "1."]), body)
    end = "" if pattern.endswith("|") else chosen.choice(["", ".js", "?x=1", "&b=2", "z"])
    if pattern.startswith("||"):
        return f"https://{chosen.choice(['', 'a.b.'])}{body}{end}"
    if pattern.startswith("|"):
        return body + end
    start = (
        "cdn.site-1" if body.startswith(".") else f"cdn.site-1.example/{chosen.choice(['', 'js/'])}"
    )
    return f"https://{start}{body}{end}"
