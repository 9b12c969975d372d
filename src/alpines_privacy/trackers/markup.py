"""Which attributes of which elements load what, and the tags a page has to be searched for.

WHATWG HTML, SVG 2 and AMP say what loads. Each attribute is asked for as the kinds of request it
may make; one that a rule stops is enough.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TypeAlias

from alpines_privacy.http.html import Selection
from alpines_privacy.trackers.marks import carriers
from alpines_privacy.trackers.request import Kind

__all__ = [
    "ALWAYS_READ",
    "AMP",
    "CORE",
    "EDITED",
    "GOING",
    "INERT",
    "LOADING",
    "MODIFIERS",
    "NAMING",
    "NAVIGATING",
    "PINGED",
    "PRELOADED",
    "RELATIONS",
    "REMEMBERED",
    "Kinds",
    "linked",
]

Kinds: TypeAlias = "tuple[Kind, ...]"
Loads: TypeAlias = "tuple[tuple[str, Kinds], ...]"

_SCRIPT: Kinds = ("script",)
_IMAGE: Kinds = ("image",)
_FRAME: Kinds = ("subdocument",)
_OBJECT: Kinds = ("object",)
_MEDIA: Kinds = ("media",)
NAVIGATING: Kinds = ("subdocument", "xmlhttprequest")
PINGED: Kinds = ("ping",)  # EasyPrivacy stops every one that leaves the site
_CONNECTING: Kinds = ("script", "image", "xmlhttprequest", "subdocument", "other")

_LINKED_IMAGE: Loads = (("href", _IMAGE), ("xlink:href", _IMAGE))
_LAZY_IMAGE: Loads = (("src", _IMAGE), ("data-src", _IMAGE))
_LAZY_FRAME: Loads = (("src", _FRAME), ("data-src", _FRAME))

# The element goes, with its content.
GOING: Mapping[str, Loads] = MappingProxyType(
    {
        "script": (
            ("src", _SCRIPT),
            ("href", _SCRIPT),
            ("xlink:href", _SCRIPT),
            ("data-src", _SCRIPT),
        ),
        "iframe": _LAZY_FRAME,
        "frame": _LAZY_FRAME,
        "fencedframe": _LAZY_FRAME,
        "img": _LAZY_IMAGE,
        "image": (*_LAZY_IMAGE, *_LINKED_IMAGE),
        "feimage": _LINKED_IMAGE,
        "use": _LINKED_IMAGE,
        "object": (("data", (*_OBJECT, *_FRAME)),),
        "embed": (("src", (*_OBJECT, *_FRAME)),),
        "video": (("src", _MEDIA),),
        "audio": (("src", _MEDIA),),
        "source": (("src", _MEDIA),),
        "track": (("src", (*_MEDIA, "other")),),
        "amp-pixel": (("src", _IMAGE),),
        "amp-img": (("src", _IMAGE),),
        "amp-iframe": (("src", _FRAME),),
        "amp-analytics": (("config", ("xmlhttprequest",)),),
    }
)

# The attribute goes, the element stays.
EDITED: Mapping[str, Loads] = MappingProxyType(
    {
        "video": (("poster", _IMAGE),),
        "form": (("action", NAVIGATING),),
        "button": (("formaction", NAVIGATING),),
        "input": (("formaction", NAVIGATING),),
    }
)

# A form without its action is sent to the page itself: one that is to go nowhere says so.
INERT: Mapping[str, str] = MappingProxyType(
    {"action": "javascript:void(0)", "formaction": "javascript:void(0)"}
)

# Elements of AMP that are nothing but ads.
AMP = frozenset({"amp-ad", "amp-embed", "amp-auto-ads", "amp-sticky-ad", "amp-story-auto-ads"})

# Whatever is written in the tag, it has to be looked at.
ALWAYS_READ = AMP | {"script", "style", "base", "iframe", "amp-analytics"}

# What is decided on them depends on their tags alone, which pages repeat and which hold nothing
# that a visitor has entered.
REMEMBERED = frozenset(GOING) - {"iframe", "amp-analytics"} | {"link"}

# Their hosts are what the page's CSP has to allow.
NAMING = frozenset({"script", "iframe", "frame", "fencedframe", "object", "embed"})

RELATIONS: Mapping[str, Kinds] = MappingProxyType(
    {
        "stylesheet": ("stylesheet",),
        "icon": _IMAGE,
        "apple-touch-icon": _IMAGE,
        "apple-touch-icon-precomposed": _IMAGE,
        "mask-icon": _IMAGE,
        "manifest": ("other",),
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
PRELOADED: Mapping[str, Kinds] = MappingProxyType(
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


def linked(relation: str, destination: str) -> Kinds:
    """Return the kinds of request that a link makes: of one relation (lower case), and its `as`."""
    kinds = RELATIONS.get(relation, ())
    if relation in ("preload", "prefetch"):
        return PRELOADED.get(destination.strip().lower(), kinds)
    return kinds


# Relations that load nothing, and mean nothing without one that does.
MODIFIERS = frozenset({"alternate", "shortcut", "nofollow", "noopener", "noreferrer"})

# What is looked at whatever attributes it has.
LOADING = frozenset({*GOING, *EDITED, "style", "link", "base"})

# While ads stay.
CORE = Selection(LOADING, carriers)
