"""A start tag: its bytes, its attributes as a browser reads them, and its edited bytes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from alpines_privacy.http.html import references
from alpines_privacy.http.html.attributes import (
    Attribute,
    attributes,
    is_self_closing,
    remove,
    set_value,
    values,
)
from alpines_privacy.http.html.lexing import NAME
from alpines_privacy.http.html.namespaces import Namespace

__all__ = ["PLAIN", "Place", "StartTag", "is_amp"]

_AMP = frozenset({"amp", "\u26a1"})


class Place(NamedTuple):
    """The place of a start tag: its element's namespace, and the elements around it.

    `is_inert`: in a `template` or `noscript`, where browsers run no script. `is_enclosed`: in an
    element for which the consumer returned `encloses`. `is_foreign`: in `svg` or `math`, integration
    points included.
    """

    namespace: Namespace = Namespace.HTML
    is_inert: bool = False
    is_enclosed: bool = False
    is_foreign: bool = False


PLAIN = Place()
"""The place of most tags: in HTML, in none of these elements."""


class StartTag:
    """A start tag: its `raw` bytes, its `name` in lower case and its `place`.

    An `<image>` in HTML is an `img` to browsers; its name here is as written. `is_marked` tells
    that it holds one of the positions of the selection.
    """

    __slots__ = ("_values", "is_marked", "name", "place", "raw")

    def __init__(
        self,
        raw: bytes,
        name: str,
        place: Place = PLAIN,
        is_marked: bool = False,  # noqa: FBT001, FBT002 - made for each tag: keywords cost
    ) -> None:
        self.raw = raw
        self.name = name
        self.place = place
        self.is_marked = is_marked
        self._values: dict[bytes, bytes] | None = None

    def __repr__(self) -> str:
        return f"StartTag({self.raw!r}, {self.name!r}, {self.place})"

    @property
    def namespace(self) -> Namespace:
        """The namespace of its element."""
        return self.place.namespace

    @property
    def attributes(self) -> tuple[Attribute, ...]:
        """All attributes as written; of two with one name the first counts."""
        return tuple(attributes(self.raw))

    @property
    def is_self_closing(self) -> bool:
        """Whether the tag ends in `/>`, which has a meaning outside the HTML namespace only."""
        return is_self_closing(self.raw)

    @property
    def names(self) -> list[str]:
        """Its attributes' names in lower case, each once."""
        return [name.decode("utf-8", "surrogateescape") for name in self._read()]

    def get(self, name: str) -> str | None:
        """Return an attribute's value as a browser reads it, None if there is no such attribute.

        Bytes that are not UTF-8 become lone surrogates (PEP 383); `edited` writes them back.
        """
        key = name.encode() if name.isascii() else name.encode("utf-8", "surrogateescape")
        raw = self._read().get(key)
        return None if raw is None else references.value(raw)

    def _read(self) -> dict[bytes, bytes]:
        if self._values is None:
            self._values = values(self.raw, 1 + len(self.name))
        return self._values

    def edited(self, edits: Mapping[str, str | None]) -> bytes:
        """Return the tag's bytes with attributes set to new values; None removes an attribute.

        Names are in lower case. A new attribute is added after the tag's name. Of two with one name
        both are removed: otherwise a browser would take the second.
        """
        parts: list[bytes] = []
        copied = 0
        new = {name: text for name, text in edits.items() if text is not None}
        for attribute in attributes(self.raw):
            if attribute.name in new:
                splice = set_value(self.raw, attribute, new.pop(attribute.name))
            elif attribute.name in edits and edits[attribute.name] is None:
                splice = remove(self.raw, attribute)
            else:
                continue
            start, end, instead = splice
            parts += self.raw[copied:start], instead
            copied = end
        parts.append(self.raw[copied:])
        return self._closed_as_before(_with_added(b"".join(parts), new))

    def _closed_as_before(self, raw: bytes) -> bytes:
        if is_self_closing(raw) and not self.is_self_closing:
            return raw[:-1] + b" >"  # `<svg/id="x">` without its `id`
        return raw


def _with_added(raw: bytes, new: Mapping[str, str]) -> bytes:
    name = NAME(raw)
    if not new or name is None:
        return raw
    added = (
        b" %b=%b" % (key.encode("utf-8", "surrogateescape"), references.quoted(text))
        for key, text in new.items()
    )
    return b"".join((raw[: name.end()], *added, raw[name.end() :]))


def is_amp(tag: StartTag) -> bool:
    """Tell whether a page's `html` tag says AMP, which forbids other scripts and sheets (`<html ⚡4ads>`)."""
    return any(name.removesuffix("4ads").removesuffix("4email") in _AMP for name in tag.names)
