"""Ad containers, hidden under a signal: those that networks' scripts fill, and the site's own."""

from __future__ import annotations

import re
from collections.abc import Iterable
from types import MappingProxyType

from alpines_privacy.http.html import StartTag
from alpines_privacy.http.html.lexing import SPACE, letters
from alpines_privacy.trackers.loading_attributes import CARRIERS, finder
from alpines_privacy.trackers.markup import AMP

__all__ = ["Slots"]

# The networks' classes, and the beginnings of their elements' ids, in lower case.
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
# The name of such an attribute, in lower case.
_NAMED = re.compile(
    rb"data-(?:%b)"
    % b"|".join(re.escape(name.removeprefix("data-").encode()) for name in _ATTRIBUTES)
).finditer
# A class attribute and its value, in lower case. A longer value without quotes is ignored.
_CLASS = re.compile(
    rb"""class(?=[%b]*+=[%b]*+("[^"]*+"|'[^']*+'|[^%b"'>]{1,512}+))""" % (SPACE, SPACE, SPACE)
)
_PREFIXES = tuple(_IDS)
_NEVER = frozenset({"html", "head", "body", "script", "style", "link", "meta"})


class Slots:
    """The networks' containers and those a policy declares (`.class`, `#id`)."""

    def __init__(self, declared: Iterable[str] = ()) -> None:
        declared = tuple(declared)
        self._classes = frozenset(slot[1:] for slot in declared if slot.startswith("."))
        self._ids = frozenset(slot[1:] for slot in declared if slot.startswith("#"))
        classes = {word.encode().lower() for word in (*self._classes, *_CLASSES)}
        self._class_words = tuple(
            word for word in sorted(classes) if not any(w in word for w in classes - {word})
        )
        self._carriers = finder(
            {
                **CARRIERS,
                b"id": _one_of([*self._ids, *_IDS]),
                **{name.encode(): _one_of([value]) for name, value in _VALUES},
            }
        )

    def marks(self, data: bytes) -> list[int]:
        """Return the places of attributes that load something or may mark a slot."""
        lower = data.lower()
        marks = self._carriers(data)
        marks += [found.start() for found in _NAMED(lower)]
        # A page repeats its classes, so each value is tested once.
        classes = b"\n".join(set(_CLASS.findall(lower)))
        words = [word for word in self._class_words if word in classes]
        if words:
            marks += [
                found.start()
                for found in _CLASS.finditer(lower)
                if any(word in found[1] for word in words)
            ]
        marks.sort()
        return marks

    def slot(self, tag: StartTag) -> tuple[str, str | None] | None:
        """Return the class, id or attribute that marks an ad's container, and its network (None: the site's)."""
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


def _one_of(values: Iterable[str]) -> bytes:
    """Return a pattern for the beginning of a value, or for an entity in it."""
    return rb"""(?=[%b]*+["']?+(?:&|%b))""" % (
        SPACE,
        b"|".join(letters(v.encode()) for v in values),
    )


def _by_attribute(tag: StartTag) -> tuple[str, str | None] | None:
    for name, company in _ATTRIBUTES.items():
        if tag.get(name) is not None:
            return f"[{name}]", company
    for (name, value), company in _VALUES.items():
        if tag.get(name) == value:
            return f"[{name}={value}]", company
    return None
