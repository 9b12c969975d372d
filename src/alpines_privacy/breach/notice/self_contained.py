"""What a message may not hold: loads from elsewhere, code, and links that tell one reader from another.

A load tells a server that, when and where somebody reads; a link of one person's own tells who
follows it. Neither belongs into a notice, so a template that makes one is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from html.parser import HTMLParser
from typing import NamedTuple

__all__ = ["Found", "links", "loads"]

_CODE = frozenset({
    "applet", "base", "embed", "form", "frame", "frameset", "iframe", "link", "object", "portal", "script",
})  # fmt: skip
# Attributes that load; a link's href is followed, not loaded.
_LOADING = frozenset({
    "action", "archive", "background", "cite", "classid", "codebase", "data", "dynsrc", "formaction", "icon",
    "imagesrcset", "longdesc", "lowsrc", "manifest", "ping", "poster", "profile", "src", "srcdoc", "srcset", "usemap",
})  # fmt: skip
_LINKS = frozenset({"a", "area"})
_CSS_LOAD = re.compile(
    r"url\s*\(\s*[\"']?(?!\s*data:)[^)]|@import|image-set\s*\(|expression\s*\(|src\s*\(",
    re.IGNORECASE,
)
_CSS_ESCAPE = re.compile(
    r"\\([0-9a-fA-F]{1,6})\s?|\\(.)|/\*(?:[^*]++|\*(?!/))*+(?:\*/|\Z)", re.DOTALL
)
_URL = re.compile(r"(?<![a-z0-9+.-])[0-9+.-]*+[a-z][a-z0-9+.-]*+:[^\s<>\"']++", re.IGNORECASE)
_WITHOUT_SCHEME = re.compile(r"\bwww\.[^\s<>\"']++", re.IGNORECASE)
_FOLLOWED = re.compile(r"(?:https?://|mailto:|tel:|sms:|#)", re.IGNORECASE)
_BLANKS = re.compile(r"[\x00-\x20]+")


class Found(NamedTuple):
    """Something that may not be there: what it is, and its text, by which its line is found."""

    what: str
    text: str


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[Found] = []
        self.links: list[str] = []
        self._style: list[str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _CODE:
            self.found.append(Found(f"the element {tag}", f"<{tag}"))
        for name, value in attrs:
            self._read(tag, name, _BLANKS.sub("", value or ""), value or "")
        if tag == "style":
            self._style = []

    handle_startendtag = handle_starttag

    def handle_data(self, data: str) -> None:
        if self._style is not None:
            self._style.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "style" and self._style is not None:
            self._read_style("".join(self._style))
            self._style = None

    def close(self) -> None:
        self.handle_data(self.rawdata)  # the rest of a sheet that nothing ends
        self.handle_endtag("style")
        super().close()

    def _read(self, tag: str, name: str, value: str, written: str) -> None:
        local = name.rpartition(":")[2]
        if name.startswith("on") or (name == "http-equiv" and value.lower() == "refresh"):
            self.found.append(Found(f"the attribute {name}", name))
        elif local == "href" and tag in _LINKS:
            self.links.append(value)
            if not _FOLLOWED.match(value):
                self.found.append(Found("a link that is neither of the web nor of mail", written))
        elif local in _LOADING or local == "href":
            if value and not value.lower().startswith("data:image/"):
                self.found.append(Found(f"{name}, which loads", written))
        elif name == "style" or "url(" in value.lower():
            self._read_style(written)

    def _read_style(self, css: str) -> None:
        plain = _CSS_ESCAPE.sub(_unescaped, css)
        if load := _CSS_LOAD.search(plain):
            self.found.append(Found("a style that loads", css[load.start() : load.end()].strip()))


def _unescaped(match: re.Match[str]) -> str:
    """Return what CSS reads for an escape; nothing for a comment."""
    if match[1]:
        number = int(match[1], 16)
        return chr(number) if 0 < number < 0x110000 else "\ufffd"
    return match[2] or ""


def _read(html: str) -> _Reader:
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader


def loads(html: str) -> Sequence[Found]:
    """Return the loads, the code, and the links of other schemes that a page holds."""
    return _read(html).found


def links(content: str) -> Iterator[str]:
    """Yield the addresses that a text or a page leads to, `mailto:` and such among them."""
    yield from _URL.findall(content)
    yield from _WITHOUT_SCHEME.findall(content)
    yield from _read(content).links
