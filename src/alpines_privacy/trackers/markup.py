"""The attributes that load something, by element, and the tags to search a page for.

WHATWG HTML, SVG 2 and AMP define the loads. Each attribute has the kinds of request it may make; it is
stopped if a rule stops one of them. Addresses that a visitor follows or sends to (`href` of links,
`action`, `formaction`) are no loads.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple, TypeAlias

from alpines_privacy.http.url import parse
from alpines_privacy.trackers.request import LoadKind

__all__ = [
    "ALWAYS_READ",
    "AMP",
    "BOXES",
    "LOADING",
    "LOADS",
    "MODIFIERS",
    "NAVIGATING",
    "PINGED",
    "PRELOADED",
    "RELATIONS",
    "REMEMBERED",
    "REPORTED",
    "RULES",
    "SENDING",
    "SHIELDED",
    "SVG_LOADS",
    "TYPES",
    "Linked",
    "LoadKinds",
    "linked",
]

LoadKinds: TypeAlias = "tuple[LoadKind, ...]"
AttributeLoads: TypeAlias = "tuple[tuple[str, LoadKinds], ...]"

_SCRIPT: LoadKinds = ("script",)
_IMAGE: LoadKinds = ("image",)
_FRAME: LoadKinds = ("subdocument",)
_OBJECT: LoadKinds = ("object",)
_MEDIA: LoadKinds = ("media",)
NAVIGATING: LoadKinds = ("subdocument", "xmlhttprequest", "document")
RULES = _SCRIPT  # a file of speculation rules
# The kinds of a report. It is no ping: the lists stop pings to every third party.
REPORTED: LoadKinds = ("xmlhttprequest", "other")
PINGED: LoadKinds = ("ping",)  # EasyPrivacy stops every ping to a third party
_CONNECTING: LoadKinds = ("script", "image", "xmlhttprequest", "subdocument", "other")

_LINKED_IMAGE: AttributeLoads = (("href", _IMAGE), ("xlink:href", _IMAGE))
_LAZY_IMAGE: AttributeLoads = (("src", _IMAGE), ("data-src", _IMAGE))
_LAZY_FRAME: AttributeLoads = (("src", _FRAME), ("data-src", _FRAME))

LOADS: Mapping[str, AttributeLoads] = MappingProxyType(
    {
        "script": (("src", _SCRIPT), ("data-src", _SCRIPT)),
        "iframe": _LAZY_FRAME,
        "frame": _LAZY_FRAME,
        "fencedframe": _LAZY_FRAME,
        "img": _LAZY_IMAGE,
        "image": _LAZY_IMAGE,
        "object": (("data", (*_OBJECT, *_FRAME)),),
        "embed": (("src", (*_OBJECT, *_FRAME)),),
        "video": (("src", _MEDIA), ("poster", _IMAGE)),
        "audio": (("src", _MEDIA),),
        "source": (("src", _MEDIA),),
        "track": (("src", (*_MEDIA, "other")),),
        "input": (("src", _IMAGE),),
        "amp-pixel": (("src", _IMAGE),),
        "amp-img": (("src", _IMAGE),),
        "amp-iframe": (("src", _FRAME),),
        "amp-analytics": (("config", ("xmlhttprequest",)),),
    }
)
SVG_LOADS: Mapping[str, AttributeLoads] = MappingProxyType(
    {
        "script": (("href", _SCRIPT), ("xlink:href", _SCRIPT)),
        "image": _LINKED_IMAGE,
        "feimage": _LINKED_IMAGE,
        "use": _LINKED_IMAGE,
    }
)

# The targets of forms: logged, and left as they are.
SENDING: Mapping[str, str] = MappingProxyType(
    {"form": "action", "button": "formaction", "input": "formaction"}
)

# Elements that show an empty box (a fallback or a frame) when they load nothing.
BOXES = frozenset(
    ["iframe", "fencedframe", "object", "embed", "img", "image", "amp-iframe", "amp-img"]
)

# AMP elements that only show ads.
AMP = frozenset({"amp-ad", "amp-embed", "amp-auto-ads", "amp-sticky-ad", "amp-story-auto-ads"})

# Tags that are always read, whatever they contain.
ALWAYS_READ = AMP | {"script", "style", "base", "iframe", "amp-analytics", "html", "head"}

# Tags whose bytes alone decide their outcome. Pages repeat them, and they hold nothing that a visitor
# has entered.
REMEMBERED = frozenset(LOADS) - {"iframe", "frame", "object", "embed", "input", "amp-analytics"} | {
    "link"
}

RELATIONS: Mapping[str, LoadKinds] = MappingProxyType(
    {
        "stylesheet": ("stylesheet",),
        "icon": _IMAGE,
        "apple-touch-icon": _IMAGE,
        "apple-touch-icon-precomposed": _IMAGE,
        "apple-touch-startup-image": _IMAGE,
        "mask-icon": _IMAGE,
        "manifest": ("other",),
        "search": ("other",),
        "compression-dictionary": ("other",),
        "modulepreload": _SCRIPT,
        "prerender": _FRAME,
        "preconnect": _CONNECTING,
        "dns-prefetch": _CONNECTING,
        "preload": _CONNECTING,
        "prefetch": _CONNECTING,
    }
)
# The kinds of a preload or prefetch by its `as` (Fetch §2.2.5, destinations).
PRELOADED: Mapping[str, LoadKinds] = MappingProxyType(
    {
        **dict.fromkeys(("script", "worker", "sharedworker", "serviceworker"), _SCRIPT),
        **dict.fromkeys(("audioworklet", "paintworklet"), _SCRIPT),
        **dict.fromkeys(("audio", "video", "track"), _MEDIA),
        **dict.fromkeys(("document", "frame", "iframe"), _FRAME),
        **dict.fromkeys(("object", "embed"), _OBJECT),
        "style": ("stylesheet",),
        "image": _IMAGE,
        "font": ("font",),
        "fetch": ("xmlhttprequest",),
        "manifest": ("other",),
    }
)


# The kinds that the text of a script element loads, by its `type`.
TYPES: Mapping[str, LoadKinds] = MappingProxyType(
    {
        "module": _SCRIPT,
        "importmap": _SCRIPT,
        "speculationrules": ("subdocument", "other", "xmlhttprequest"),
    }
)
# Relations that connect to an address's host only.
_CONNECTIONS = frozenset({"preconnect", "dns-prefetch"})


class Linked(NamedTuple):
    """One load of a link: its relation (lower case), the address and the kinds."""

    relation: str
    address: str
    kinds: LoadKinds


def linked(rel: str, address: str, destination: str) -> Iterator[Linked]:
    """Yield the loads of a link with this `rel`, address and `as`."""
    for relation in dict.fromkeys(rel.lower().split()):
        if kinds := RELATIONS.get(relation):
            if relation in ("preload", "prefetch"):
                kinds = PRELOADED.get(destination.strip().lower(), kinds)
            asked = _host_of(address) if relation in _CONNECTIONS else address
            if asked:
                yield Linked(relation, asked, kinds)


def _host_of(address: str) -> str:
    """Return the address of the host alone, empty for a relative address."""
    found = parse(address)
    return f"{found.url[: found.url.index('/', found.host_end)]}/" if found else ""


# Relations that load nothing and only modify others.
MODIFIERS = frozenset({"alternate", "shortcut", "nofollow", "noopener", "noreferrer"})

# Tags to read whatever attributes they have.
LOADING = frozenset({*LOADS, *SVG_LOADS, "style", "link", "base", "set", "animate"})

# Tags to read to find the place for the shield.
SHIELDED = frozenset({"html", "template"})
