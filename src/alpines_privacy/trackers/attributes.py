"""Attributes that load something: the edit and the note for each one that is listed.

Every function reads one tag and yields an `EditedAttribute` for each edit. None of them knows the page.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple, TypeAlias

from alpines_privacy.http.html import StartTag
from alpines_privacy.trackers import css, srcset
from alpines_privacy.trackers.loading_attributes import DRAWING
from alpines_privacy.trackers.loads import Loads, RemovedLoad, RemovedLoads
from alpines_privacy.trackers.markup import (
    BOXES,
    LOADS,
    MODIFIERS,
    NAVIGATING,
    PINGED,
    SVG_LOADS,
    LoadKinds,
    linked,
)
from alpines_privacy.trackers.refresh import refresh_address

__all__ = [
    "EditedAttribute",
    "Edits",
    "addresses",
    "any_element",
    "element",
    "foreign",
    "hidden",
    "is_emptied",
    "link",
    "meta",
    "svg",
]

Edits: TypeAlias = "dict[str, str | None]"
"""Attributes by name: their new value, None for those that go."""

_SPACE = "\t\n\f\r "
_HIDDEN = "display:none!important"
_IMAGE: LoadKinds = ("image",)
_MEDIA = frozenset({"video", "audio"})
_IMAGES = frozenset({"img", "image", "amp-img"})
_STYLES = frozenset({"style", *DRAWING})
_ANIMATED = frozenset({"href", "xlink:href"})
_SET_BY_ANIMATION = ("to", "from", "by", "values")
_MOST_WORDS = 256  # different addresses of one list that are judged


class EditedAttribute(NamedTuple):
    """An attribute that no longer loads: its new value (None: removed), and the loads removed from it."""

    attribute: str
    instead: str | None
    removals: RemovedLoads


def element(tag: StartTag, loads: Loads) -> Iterator[EditedAttribute]:
    """Edit the attributes by which an HTML element itself loads something."""
    yield from addresses(tag, loads)
    yield from _candidates(tag, "srcset", loads)


def addresses(tag: StartTag, loads: Loads) -> Iterator[EditedAttribute]:
    """Edit the attributes whose value is one address."""
    name = tag.name
    for attribute, kinds in LOADS.get(name, ()):
        what = f"{name} {attribute}" if attribute == "poster" else name
        if (noted := loads.taken(what, tag.get(attribute), kinds)) is not None:
            # A media element without `src` would load its sources.
            is_kept = attribute == "src" and name in _MEDIA
            yield EditedAttribute(attribute, "" if is_kept else None, noted)


def hidden(tag: StartTag) -> Edits:
    """Return the attributes that hide an element."""
    own = tag.get("style")
    return {"hidden": "", "style": f"{own};{_HIDDEN}" if own else _HIDDEN}


def is_emptied(tag: StartTag, edits: Edits) -> bool:
    """Tell whether an element shows an empty box after these edits."""
    if (
        tag.name not in BOXES
        or not edits
        or (tag.name == "iframe" and tag.get("srcdoc") is not None)
    ):
        return False
    images = ("src", "srcset") if tag.name in _IMAGES else ()
    return not any(tag.get(name) and edits.get(name, name) for name in images)


def link(tag: StartTag, loads: Loads) -> Iterator[EditedAttribute]:
    """Remove the relations of a link that load a listed address; its address too if no other remains."""
    rel = tag.get("rel")
    if not rel:
        return
    noted: dict[str, RemovedLoads] = {}
    for relation, address, kinds in linked(rel, tag.get("href") or "", tag.get("as") or ""):
        if (why := loads.taken(f"link {relation}", address, kinds)) is not None:
            noted[relation] = why
    if noted:
        kept = [word for word in rel.split() if word.lower() not in noted]
        removals = tuple(removal for why in noted.values() for removal in why)
        if MODIFIERS.issuperset(map(str.lower, kept)):
            yield EditedAttribute("href", None, removals)
        else:
            yield EditedAttribute("rel", " ".join(kept), removals)
    yield from _candidates(tag, "imagesrcset", loads)


def meta(tag: StartTag, loads: Loads) -> Iterator[EditedAttribute]:
    """Remove the address that a page refreshes to."""
    if (tag.get("http-equiv") or "").lower() != "refresh":
        return
    url = refresh_address(tag.get("content") or "") or None
    if (noted := loads.taken("meta refresh", url, NAVIGATING)) is not None:
        yield EditedAttribute("content", None, noted)


def foreign(tag: StartTag, loads: Loads) -> Iterator[EditedAttribute]:
    """Remove what Chromium's preload scanner loads in SVG and MathML: it ignores namespaces."""
    for attribute, kinds in LOADS.get(tag.name, ()):
        if (noted := loads.taken(tag.name, tag.get(attribute), kinds)) is not None:
            yield EditedAttribute(attribute, None, noted)
    yield from _candidates(tag, "srcset", loads)
    if tag.name == "link":
        yield from link(tag, loads)


def svg(tag: StartTag, loads: Loads) -> Iterator[EditedAttribute]:
    """Edit the links of an SVG element: both if one is listed, because the other would load then.

    The listed one comes first.
    """
    links = {
        name: url for name, _ in SVG_LOADS.get(tag.name, ()) if (url := tag.get(name)) is not None
    }
    noted = {
        name: why
        for name, kinds in SVG_LOADS.get(tag.name, ())
        if (why := loads.taken(tag.name, links.get(name), kinds)) is not None
    }
    if noted:
        # A script with an empty address runs nothing; without the attribute it would run its text.
        instead = "" if tag.name == "script" else None
        for name in sorted(links, key=noted.__contains__, reverse=True):
            yield EditedAttribute(name, instead, noted.get(name, ()))
    if tag.name in {"set", "animate"}:
        yield from _animation(tag, loads)


def _animation(tag: StartTag, loads: Loads) -> Iterator[EditedAttribute]:
    """Remove the addresses that an animation would set, of a link or in a presentation attribute."""
    animated = (tag.get("attributename") or "").strip(_SPACE).lower()
    if animated in DRAWING:
        for attribute in _SET_BY_ANIMATION:
            yield from _style(tag, attribute, loads, {})
    if animated not in _ANIMATED:
        return
    for attribute in _SET_BY_ANIMATION:
        for url in (tag.get(attribute) or "").split(";"):
            if (noted := loads.taken(f"{tag.name} {attribute}", url, _IMAGE)) is not None:
                yield EditedAttribute(attribute, None, noted)
                break


def any_element(tag: StartTag, loads: Loads, edits: Edits) -> Iterator[EditedAttribute]:
    """Edit what any element may have: styles, a background, pings. `edits` are the tag's so far."""
    for name in tag.names:
        if name in _STYLES:
            yield from _style(tag, name, loads, edits)
    if (noted := loads.taken(f"{tag.name} background", tag.get("background"), _IMAGE)) is not None:
        yield EditedAttribute("background", None, noted)
    for attribute in ("ping", "attributionsrc"):
        yield from _words(tag, attribute, loads)


def _style(tag: StartTag, attribute: str, loads: Loads, edits: Edits) -> Iterator[EditedAttribute]:
    """Edit the CSS in an attribute; a reference of SVG to another document loads as `other`."""
    more: LoadKinds = () if attribute == "style" else ("other",)
    noted: list[RemovedLoad] = []

    def is_taken(url: str, kinds: LoadKinds) -> bool:
        why = loads.taken(f"{tag.name} {attribute}", url, (*kinds, *more))
        noted.extend(why or ())
        return why is not None

    edited = css.inert(edits.get(attribute) or tag.get(attribute) or "", is_taken)
    if edited is not None:
        yield EditedAttribute(attribute, edited, tuple(noted))


def _candidates(tag: StartTag, attribute: str, loads: Loads) -> Iterator[EditedAttribute]:
    """Remove the listed addresses of a `srcset`."""
    if not (text := tag.get(attribute)):
        return
    noted: list[RemovedLoad] = []

    def is_taken(url: str) -> bool:
        why = loads.taken(f"{tag.name} {attribute}", url, _IMAGE)
        noted.extend(why or ())
        return why is not None

    kept = srcset.without(text, is_taken)
    if kept is not None:
        yield EditedAttribute(attribute, kept or None, tuple(noted))


def _words(tag: StartTag, attribute: str, loads: Loads) -> Iterator[EditedAttribute]:
    """Remove the listed addresses of a list separated by spaces, and those behind the first `_MOST_WORDS`."""
    if not (text := tag.get(attribute)):
        return
    words = text.split()
    judged = islice(dict.fromkeys(words), _MOST_WORDS)
    why = {word: loads.taken(f"{tag.name} {attribute}", word, PINGED) for word in judged}
    kept = [word for word in words if word in why and why[word] is None]
    if len(kept) < len(words):
        removals = tuple(removal for noted in why.values() for removal in noted or ())
        yield EditedAttribute(attribute, " ".join(kept) or None, removals)
