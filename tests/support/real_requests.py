"""The loads of real pages, read by independent parsers: lxml for the markup, Ada for addresses.

Each is an address as a browser would ask for it, the page's host, and the kind of load.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, TypeAlias

import ada_url
import lxml.html

from alpines_privacy.trackers import LoadKind

__all__ = ["loads", "read"]

Load: TypeAlias = "tuple[str, str, LoadKind]"

# Element and attribute to the kind of load; of `link` and `meta` more is to be read.
_LOADING: dict[str, tuple[tuple[str, LoadKind], ...]] = {
    "script": (("src", "script"),),
    "img": (("src", "image"), ("srcset", "image"), ("data-src", "image"), ("lowsrc", "image")),
    "source": (("src", "media"), ("srcset", "image")),
    "input": (("src", "image"), ("formaction", "subdocument")),
    "image": (("href", "image"), ("xlink:href", "image")),
    "iframe": (("src", "subdocument"), ("data-src", "subdocument")),
    "frame": (("src", "subdocument"),),
    "embed": (("src", "object"),),
    "object": (("data", "object"), ("classid", "object")),
    "video": (("src", "media"), ("poster", "image")),
    "audio": (("src", "media"),),
    "track": (("src", "media"),),
    "form": (("action", "subdocument"),),
    "button": (("formaction", "subdocument"),),
    "a": (("ping", "ping"),),
    "area": (("ping", "ping"),),
}
_ANYWHERE: tuple[tuple[str, LoadKind], ...] = (("background", "image"),)
_LINKED: dict[str, LoadKind] = {
    "stylesheet": "stylesheet", "icon": "image", "apple-touch-icon": "image", "image_src": "image",
    "manifest": "other", "preload": "other", "prefetch": "other", "modulepreload": "script",
    "preconnect": "other", "dns-prefetch": "other", "prerender": "subdocument",
}  # fmt: skip
_PRELOADED: dict[str, LoadKind] = {
    "script": "script", "style": "stylesheet", "image": "image", "font": "font",
    "fetch": "xmlhttprequest", "audio": "media", "video": "media", "document": "subdocument",
}  # fmt: skip
_ENDINGS: dict[str, LoadKind] = {
    "js": "script", "css": "stylesheet", "html": "subdocument", "json": "xmlhttprequest",
    "gif": "image", "png": "image", "jpg": "image", "jpeg": "image", "svg": "image",
    "ico": "image", "webp": "image", "swf": "object", "mp4": "media", "mp3": "media",
    "woff": "font", "woff2": "font", "ttf": "font", "eot": "font",
}  # fmt: skip

_CANDIDATE = re.compile(r"[\s,]*([^\s,]\S*?),*(?:\s+[^,]*)?(?:,|$)")
_IMPORT = re.compile(r"""@import\s+(?:url\()?\s*["']?([^"')\s;]+)""", re.IGNORECASE)
_CSS_URL = re.compile(r"""url\(\s*["']?([^"')]+?)["']?\s*\)""", re.IGNORECASE)
_LITERAL = re.compile(r"""["'](https?:(?:\\?/){2}[^"'\s<>]+|(?:\\?/){2}[a-z0-9.-]+\.[^"'\s<>]+)""")
_REFRESH = re.compile(r"""[\d.;,\s]*url\s*=\s*["']?([^"']+)""", re.IGNORECASE)
_FETCHED = ("http:", "https:")


def loads(pages: Iterable[tuple[str, bytes]]) -> list[Load]:
    """Return what all the pages load, each once; a page whose address nothing tells is left out."""
    return list(dict.fromkeys(load for _, page in pages for load in read(page)))


def read(page: bytes) -> Iterator[Load]:
    """Yield each load of one page."""
    document = lxml.html.document_fromstring(page)
    address = _address_of(document)
    if address is None:
        return
    (host, base) = address
    for written, kind in _written(document):
        asked = _joined(written.strip(), base)
        if asked is not None:
            yield asked, host, kind


def _address_of(document: Any) -> tuple[str, str] | None:
    """Return the page's host and the address its others are relative to.

    What the page says of itself counts; of one that says nothing, the host most of its links lead to.
    """
    said = [
        *document.xpath("//link[@rel='canonical']/@href"),
        *document.xpath("//meta[@property='og:url']/@content"),
        *(based := document.xpath("//base/@href")),
    ]
    led = Counter(host for href in document.xpath("//a/@href") if (host := _host(href)))
    said += [f"https://{host}/" for host, _ in led.most_common(1)]
    own = next((each for each in said if _host(each)), None)
    if own is None:
        return None
    own = ada_url.URL(own.strip()).href
    return _host(own), next((url for each in based if (url := _joined(each, own))), own)


def _host(url: str) -> str:
    try:
        parsed = ada_url.URL(url.strip())
    except ValueError:
        return ""
    return str(parsed.hostname) if parsed.protocol in _FETCHED else ""


def _joined(written: str, base: str) -> str | None:
    """Return the address a browser would ask for, None for one it would not send anywhere."""
    try:
        url = ada_url.URL(written, base)
    except ValueError:
        return None
    url.hash = ""
    return str(url.href) if url.protocol in _FETCHED and url.hostname else None


def _written(document: Any) -> Iterator[tuple[str, LoadKind]]:
    """Yield each address as it is written, and what asks for it."""
    for element in document.iter(lxml.etree.Element):
        name = element.tag
        for attribute, kind in (*_LOADING.get(name, ()), *_ANYWHERE):
            value = element.get(attribute)
            if value is not None and attribute == "srcset":
                yield from ((candidate, kind) for candidate in _CANDIDATE.findall(value))
            elif value:
                yield value, kind
        if name == "link":
            yield from _linked(element)
        elif name == "meta" and (element.get("http-equiv") or "").lower() == "refresh":
            yield from ((url, "document") for url in _REFRESH.findall(element.get("content") or ""))
        elif name == "script":
            yield from _in_script(element.text or "")
        yield from _in_style((name == "style" and element.text) or element.get("style") or "")


def _linked(link: Any) -> Iterator[tuple[str, LoadKind]]:
    for relation in (link.get("rel") or "").lower().split():
        if relation in _LINKED and link.get("href"):
            as_what = (link.get("as") or "").lower()
            kind = _LINKED[relation]
            yield link.get("href"), _PRELOADED.get(as_what, kind) if kind == "other" else kind


def _in_style(css: str) -> Iterator[tuple[str, LoadKind]]:
    imported = _IMPORT.findall(css)
    yield from ((url, "stylesheet") for url in imported)
    for url in _CSS_URL.findall(css):
        if url not in imported:
            yield url, _by_ending(url, "image")


def _in_script(script: str) -> Iterator[tuple[str, LoadKind]]:
    """Yield the whole addresses in a script: what they are for, their endings suggest."""
    for url in _LITERAL.findall(script):
        plain = url.replace("\\/", "/").replace("\\u0026", "&")
        yield plain, _by_ending(plain, "script")


def _by_ending(url: str, otherwise: LoadKind) -> LoadKind:
    path = re.split(r"[?#]", url, maxsplit=1)[0]
    return _ENDINGS.get(path.rpartition(".")[2].lower(), otherwise)
