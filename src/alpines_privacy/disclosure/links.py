"""Links to other sites get `rel="noopener noreferrer"`: who follows one does not tell from which page.

(WHATWG HTML §4.6.7: `noreferrer` sends no Referer and gives the opened page no `window.opener`.)
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from alpines_privacy.disclosure.hosts import Told
from alpines_privacy.http.html import StartTag
from alpines_privacy.http.report import Notices
from alpines_privacy.http.site import is_same_site
from alpines_privacy.http.url import Address, parse
from alpines_privacy.policy import Disclosure

__all__ = ["Relations"]

_ADDRESSES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"a": ("href", "xlink:href"), "area": ("href",), "form": ("action",)}
)
_ASKED = ("noopener", "noreferrer")
_NOTHING: Mapping[str, str] = MappingProxyType({})
_SPACE = "\t\n\f\r "
# After an attribute's name: a value that may name a host. It begins with a scheme or two slashes, with
# tabs and line feeds between (which browsers drop), or a character reference stands for some of it.
_MAY_NAME_HOST = re.compile(
    rb"[\t\n\f\r ]*+=[\t\n\f\r ]*+[\"']?+[\0- ]*+"
    rb"(?:&|[a-z][a-z0-9+.\-\t\n\r]*+[:&]|[/\\][\t\n\r]*+[/\\&])"
).match
_REPORT = "Links to other sites would get rel=%s (docs/disclosure.md)."


class Relations:
    """The missing words of `rel` on `a`, `area` and `form` that lead to another registrable domain.

    A tag whose `rel` says `opener` stays: `noreferrer` would take away what its author asks for. So
    does one that leads to a host in `allow`.
    """

    part = "disclosure"
    names = frozenset(_ADDRESSES)

    def __init__(self, disclosure: Disclosure, *, enforces: bool) -> None:
        """If the policy enforces nothing, the first such link is reported."""
        self._told = Told(disclosure.allow)
        self._notices = None if enforces else Notices()

    def marks(self, data: bytes) -> list[int]:
        """Return the places of addresses that may lead to another host."""
        lowered = data.lower()  # faster than a search that ignores case
        return sorted([*_addresses(b"href", lowered), *_addresses(b"action", lowered)])

    def __call__(self, tag: StartTag, page: Address, base: Address) -> Mapping[str, str]:
        """Return the new `rel` of a tag, nothing for one that stays."""
        if tag.name not in _ADDRESSES or not self._leaves(tag, page, base):
            return _NOTHING
        rel = tag.get("rel") or ""
        words = _words(rel)
        missing = [word for word in _ASKED if word not in words]
        if not missing or "opener" in words:
            return _NOTHING
        if self._notices:
            self._notices.once(_REPORT, " ".join(_ASKED))
        between = " " if rel and rel[-1] not in _SPACE else ""
        return {"rel": rel + between + " ".join(missing)}

    def _leaves(self, tag: StartTag, page: Address, base: Address) -> bool:
        """Whether a tag leads to another site."""
        text = next(
            (url for name in _ADDRESSES[tag.name] if (url := tag.get(name)) is not None), ""
        )
        address = parse(text, base)
        if address is None or is_same_site(address.host, page.host):
            return False
        return address.host not in self._told


def _addresses(attribute: bytes, lowered: bytes) -> Iterator[int]:
    at = lowered.find(attribute)
    while at >= 0:
        end = at + len(attribute)
        if _MAY_NAME_HOST(lowered, end):
            yield at
        at = lowered.find(attribute, end)


def _words(rel: str) -> set[str]:
    for space in _SPACE:
        rel = rel.replace(space, " ")
    return set(rel.lower().split(" "))
