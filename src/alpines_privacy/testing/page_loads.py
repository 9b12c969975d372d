"""The addresses that a page loads by its markup, read by Python's own parser (WHATWG HTML §13)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from html.parser import HTMLParser
from typing import NamedTuple

from alpines_privacy.http.url import Address
from alpines_privacy.http.url import parse as parse_url
from alpines_privacy.trackers import LoadKind

__all__ = ["PageLoad", "loads_of"]

_IMAGE: tuple[LoadKind, ...] = ("image",)
_MEDIA: tuple[LoadKind, ...] = ("media",)
_KINDS: dict[tuple[str, str], tuple[LoadKind, ...]] = {
    ("script", "src"): ("script",),
    ("img", "src"): _IMAGE,
    ("img", "srcset"): _IMAGE,
    ("source", "srcset"): _IMAGE,
    ("source", "src"): _MEDIA,
    ("input", "src"): _IMAGE,
    ("video", "poster"): _IMAGE,
    ("video", "src"): _MEDIA,
    ("audio", "src"): _MEDIA,
    ("track", "src"): _MEDIA,
    ("iframe", "src"): ("subdocument",),
    ("frame", "src"): ("subdocument",),
    ("embed", "src"): ("object",),
    ("object", "data"): ("object",),
    ("a", "ping"): ("ping",),
    ("area", "ping"): ("ping",),
}
_RELATIONS: dict[str, tuple[LoadKind, ...]] = {
    "stylesheet": ("stylesheet",),
    "icon": _IMAGE,
    "modulepreload": ("script",),
}
_PRELOADS: dict[str, tuple[LoadKind, ...]] = {
    "script": ("script",),
    "style": ("stylesheet",),
    "image": _IMAGE,
}
# Elements with text in them, whatever it looks like (§13.1.2.4, §13.1.2.5); `noscript` is read as markup.
_TEXT = frozenset({"textarea", "title", "xmp", "noembed", "noframes", "iframe"})
_CANDIDATE = re.compile(r"([^\s,]\S*+)(?:(?<=,)|[^,]*+)")


class PageLoad(NamedTuple):
    """A load: the element's tag, the address as written, what it may load as, and the base if the page has one."""

    tag: str
    url: str
    kinds: tuple[LoadKind, ...]
    base: Address | None


def loads_of(html: str, page: Address) -> Sequence[PageLoad]:
    """Return the loads of a page's markup in order; scripts and style sheets are not read."""
    reader = _Reader(page)
    reader.feed(html)
    reader.close()
    return reader.loads


class _Reader(HTMLParser):
    def __init__(self, page: Address) -> None:
        super().__init__(convert_charrefs=True)
        self.loads: list[PageLoad] = []
        self._page = page
        self._base: Address | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found: dict[str, str] = {}
        for name, value in attrs:  # of two with one name the first counts
            found.setdefault(name, value or "")
        if tag == "base" and self._base is None and "href" in found:
            self._base = parse_url(found["href"], self._page)
        for url, kinds in (*_by_attribute(tag, found), *_by_relation(tag, found)):
            self.loads.append(PageLoad(tag, url.strip(), kinds, self._base))
        if tag in _TEXT:
            self.set_cdata_mode(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)


def _by_attribute(tag: str, found: dict[str, str]) -> Iterator[tuple[str, tuple[LoadKind, ...]]]:
    for name, value in found.items():
        kinds = _KINDS.get((tag, name))
        if kinds is None:
            continue
        if name == "srcset":
            yield from ((url.rstrip(","), kinds) for url in _CANDIDATE.findall(value))
        elif name == "ping":
            yield from ((url, kinds) for url in value.split())
        else:
            yield value, kinds


def _by_relation(tag: str, found: dict[str, str]) -> Iterator[tuple[str, tuple[LoadKind, ...]]]:
    if tag != "link" or "href" not in found:
        return
    for relation in found.get("rel", "").lower().split():
        kinds = _PRELOADS.get(found.get("as", "").lower()) if relation == "preload" else None
        if kinds := kinds or _RELATIONS.get(relation):
            yield found["href"], kinds
