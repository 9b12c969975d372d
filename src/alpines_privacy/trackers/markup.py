"""Which attributes of which elements load what, and the tags a page has to be searched for.

WHATWG HTML, SVG 2 and AMP say what loads. Each attribute is asked for as the kinds of request it
may make; one that a rule stops is enough. What a visitor follows or sends by an act of their own
(`href` of links, `action`, `formaction`) is no load.
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
# What a report goes as. Not as a ping: the lists stop those to every third party.
REPORTED: LoadKinds = ("xmlhttprequest", "other")
PINGED: LoadKinds = ("ping",)  # EasyPrivacy stops every one that leaves the site
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

# Where a form goes: told, and left.
SENDING: Mapping[str, str] = MappingProxyType(
    {"form": "action", "button": "formaction", "input": "formaction"}
)

# Elements that show a box, with a fallback or a frame, once they load nothing.
BOXES = frozenset(
    ["iframe", "fencedframe", "object", "embed", "img", "image", "amp-iframe", "amp-img"]
)

# Elements of AMP that are nothing but ads.
AMP = frozenset({"amp-ad", "amp-embed", "amp-auto-ads", "amp-sticky-ad", "amp-story-auto-ads"})

# Whatever is written in the tag, it has to be looked at.
ALWAYS_READ = AMP | {"script", "style", "base", "iframe", "amp-analytics", "html", "head"}

# What is decided on them depends on their tags alone, which pages repeat and which hold nothing
# that a visitor has entered.
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
# What `as` says of a preload or prefetch (Fetch §2.2.5, destinations).
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


# What the text of a script element loads, by its `type`.
TYPES: Mapping[str, LoadKinds] = MappingProxyType(
    {
        "module": _SCRIPT,
        "importmap": _SCRIPT,
        "speculationrules": ("subdocument", "other", "xmlhttprequest"),
    }
)
# What is connected to, at an address's host alone.
_CONNECTIONS = frozenset({"preconnect", "dns-prefetch"})


class Linked(NamedTuple):
    """A load that a link makes: by which of its relations (lower case), of what address, as which kinds."""

    relation: str
    address: str
    kinds: LoadKinds


def linked(rel: str, address: str, destination: str) -> Iterator[Linked]:
    """Yield every load of a link, given its `rel`, its address and its `as`."""
    for relation in dict.fromkeys(rel.lower().split()):
        if kinds := RELATIONS.get(relation):
            if relation in ("preload", "prefetch"):
                kinds = PRELOADED.get(destination.strip().lower(), kinds)
            asked = _host_of(address) if relation in _CONNECTIONS else address
            if asked:
                yield Linked(relation, asked, kinds)


def _host_of(address: str) -> str:
    """Return the address of an address's host alone, nothing for what is relative."""
    found = parse(address)
    return f"{found.url[: found.url.index('/', found.host_end)]}/" if found else ""


# Relations that load nothing, and mean nothing without one that does.
MODIFIERS = frozenset({"alternate", "shortcut", "nofollow", "noopener", "noreferrer"})

# What is looked at whatever attributes it has.
LOADING = frozenset({*LOADS, *SVG_LOADS, "style", "link", "base", "set", "animate"})

# What is looked at to find the place for the shield.
SHIELDED = frozenset({"html", "template"})
