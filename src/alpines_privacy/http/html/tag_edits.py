"""Edits of a page's start tags that another promise than the one about trackers asks for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from alpines_privacy.http.html.tags import StartTag
from alpines_privacy.http.url import Address

__all__ = ["TagEdits"]


class TagEdits(Protocol):
    """Attributes to set on the start tags of some elements, compiled once for all pages of a policy.

    They are decided in the one pass over a page. `part` is the name by which an app exempts a
    response from them. `names` are the elements (lower case) whose tags may be edited.
    """

    @property
    def part(self) -> str: ...  # noqa: D102 - the class says it

    @property
    def names(self) -> frozenset[str]: ...  # noqa: D102 - the class says it

    def marks(self, data: bytes) -> list[int]:
        """Return places in tags that may be edited, in order (as `FindPositions`).

        If the page's `<base>` leads to another host, every tag of `names` is read instead.
        """
        ...

    def __call__(self, tag: StartTag, page: Address, base: Address) -> Mapping[str, str]:
        """Return new values of attributes by name, none for a tag that stays.

        They depend on the tag, the page's host and the `base` of its addresses alone: a tag that stays
        is remembered.
        """
        ...
