"""Ad containers, which go under a signal: what networks' scripts fill, and the site's own slots."""

from __future__ import annotations

import re
from collections.abc import Iterable
from types import MappingProxyType

from alpines_privacy.http.html import Selection, StartTag
from alpines_privacy.http.html.lexing import SPACE
from alpines_privacy.trackers.marks import carriers, named
from alpines_privacy.trackers.markup import AMP, LOADING

__all__ = ["Slots"]

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
# Such an attribute's name, in lower case.
_NAMED = re.compile(
    rb"data-(?:%b)"
    % b"|".join(re.escape(name.removeprefix("data-").encode()) for name in _ATTRIBUTES)
).finditer
_VALUE = re.compile(
    named(MappingProxyType(dict.fromkeys((b"class", b"id", b"data-type"), b"")))
    + rb"""(?=[%b]*+("[^"]*+"|'[^']*+'|[^%b"'>]{1,512}+))""" % (SPACE, SPACE)
)
_PREFIXES = tuple(_IDS)
_NEVER = frozenset({"html", "head", "body", "script", "style", "link", "meta"})


class Slots:
    """The networks' containers and those a policy declares (`.class`, `#id`)."""

    def __init__(self, declared: Iterable[str] = ()) -> None:
        declared = tuple(declared)
        self._classes = frozenset(slot[1:] for slot in declared if slot.startswith("."))
        self._ids = frozenset(slot[1:] for slot in declared if slot.startswith("#"))
        values = (value for _, value in _VALUES)
        words = {
            word.encode().lower()
            for word in (*self._classes, *self._ids, *_CLASSES, *_IDS, *values)
        }
        self._needles = tuple(
            word for word in sorted(words) if not any(w in word for w in words - {word})
        )

        self.selection = Selection(LOADING | AMP, self._marks)

    def _marks(self, data: bytes) -> list[int]:
        return sorted(carriers(data) + self._places(data))

    def _places(self, data: bytes) -> list[int]:
        """Return where attributes stand that may make their element one, in any order."""
        lower = data.lower()
        places = [found.start() for found in _NAMED(lower)]
        # A page repeats its classes, so each is looked at once.
        values = b"\n".join(set(_VALUE.findall(lower)))
        needles = [needle for needle in self._needles if needle in values]
        if needles:
            places += [
                found.start()
                for found in _VALUE.finditer(lower)
                if any(needle in found[1] for needle in needles)
            ]
        return places

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


def _by_attribute(tag: StartTag) -> tuple[str, str | None] | None:
    for name, company in _ATTRIBUTES.items():
        if tag.get(name) is not None:
            return f"[{name}]", company
    for (name, value), company in _VALUES.items():
        if tag.get(name) == value:
            return f"[{name}={value}]", company
    return None
