"""Ad containers, which go under a signal: what networks' scripts fill, and the site's own slots."""

from __future__ import annotations

import re
from collections.abc import Iterable
from types import MappingProxyType

from alpines_privacy.http.html import StartTag

__all__ = ["AMP", "Slots"]

# Elements of AMP that are nothing but ads.
AMP = frozenset({"amp-ad", "amp-embed", "amp-auto-ads", "amp-sticky-ad", "amp-story-auto-ads"})

# Networks' classes, and what their elements' ids begin with, in lower case.
_CLASSES = MappingProxyType(
    {
        "adsbygoogle": "Google",
        "dcmads": "Google",
        "outbrain": "Outbrain",
        "ob-widget": "Outbrain",
        "trc_related_container": "Taboola",
        "tbl-feed-container": "Taboola",
        "rc-widget": "Revcontent",
        "criteo-widget": "Criteo",
        "mgbox": "MGID",
    }
)
_IDS = MappingProxyType(
    {
        "div-gpt-ad": "Google",
        "gpt-ad": "Google",
        "google_ads_iframe": "Google",
        "taboola-": "Taboola",
        "outbrain_widget": "Outbrain",
        "crt-": "Criteo",
        "criteo-": "Criteo",
        "rcjsload": "Revcontent",
        "rc-widget": "Revcontent",
        "mgid": "MGID",
        "m-scriptrootc": "MGID",
    }
)
_ATTRIBUTES = MappingProxyType(
    {
        "data-ad-slot": "Google",
        "data-taboola-options": "Taboola",
        "data-ob-template": "Outbrain",
        "data-crt-zone": "Criteo",
        "data-rc-widget": "Revcontent",
        "data-widget-host": "Revcontent",
    }
)
_VALUES = MappingProxyType({("data-type", "_mgwidget"): "MGID"})
_NAMES = tuple(name.encode() for name in _ATTRIBUTES)
_LONGEST_VALUE = 512
_IN_VALUE = re.compile(
    rb"""(?:class|id|data-type)[\t\n\f\r ]*=[\t\n\f\r ]*(?:"[^">]*|'[^'>]*|[^\t\n\f\r "'>]*)\Z"""
).search
_PREFIXES = tuple(_IDS)
_NEVER = frozenset({"html", "head", "body", "script", "style", "link", "meta"})


class Slots:
    """The networks' containers and those a policy declares (`.class`, `#id`)."""

    def __init__(self, declared: Iterable[str] = ()) -> None:
        declared = tuple(declared)
        self._classes = frozenset(slot[1:] for slot in declared if slot.startswith("."))
        self._ids = frozenset(slot[1:] for slot in declared if slot.startswith("#"))
        words = {name.lower() for name in self._classes | self._ids} | {*_CLASSES, *_IDS}
        words |= {value for _, value in _VALUES}
        self._needles = tuple(
            word.encode() for word in sorted(words) if not any(w in word for w in words - {word})
        )

        self.may_be_on = re.compile(
            b"|".join(map(re.escape, (*self._needles, *_NAMES, b"<amp-")))
        ).search

    def may_be_in(self, lower: bytes) -> bool:
        """Tell quickly whether markup, in lower case, may hold one."""
        return (
            b"<amp-" in lower
            or any(name in lower for name in _NAMES)
            or any(needle in lower and _is_in_value(lower, needle) for needle in self._needles)
        )

    def slot(self, tag: StartTag) -> tuple[str, str | None] | None:
        """Return by what a tag is known as an ad's container, and whose it is (None: the site's)."""
        name = tag.name
        if name in AMP:
            return name, None
        if name in _NEVER:
            return None
        return self._by_class(tag) or self._by_id(tag) or _by_attribute(tag)

    def _by_class(self, tag: StartTag) -> tuple[str, str | None] | None:
        for word in (tag.get("class") or "").split():
            if word in self._classes:
                return f".{word}", None
            if company := _CLASSES.get(word.lower()):
                return f".{word.lower()}", company
        return None

    def _by_id(self, tag: StartTag) -> tuple[str, str | None] | None:
        own = tag.get("id")
        if not own:
            return None
        if own in self._ids:
            return f"#{own}", None
        lower = own.lower()
        if lower.startswith(_PREFIXES):
            prefix = next(prefix for prefix in _PREFIXES if lower.startswith(prefix))
            return f"#{prefix}*", _IDS[prefix]
        return None


def _is_in_value(lower: bytes, needle: bytes) -> bool:
    """Tell whether a word stands in an attribute's value somewhere, not only in text or a script."""
    place = lower.find(needle)
    while place >= 0:
        if _IN_VALUE(lower, max(0, place - _LONGEST_VALUE), place):
            return True
        place = lower.find(needle, place + len(needle))
    return False


def _by_attribute(tag: StartTag) -> tuple[str, str | None] | None:
    for name, company in _ATTRIBUTES.items():
        if tag.get(name) is not None:
            return f"[{name}]", company
    for (name, value), company in _VALUES.items():
        if tag.get(name) == value:
            return f"[{name}={value}]", company
    return None
