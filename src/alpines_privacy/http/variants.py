"""Validators of a page that is not the app's own any more: its ETag says which variant it is.

A browser that stored a page keeps its ETag and later asks "is it still this one?". If the answer
were the app's, a page stored without a signal would come back, ads and all, under one. So a
filtered page's ETag becomes weak (its bytes are not the app's, RFC 9110 §8.8.1) and names the
variant: the rules, the policy, and whether there was a signal. A request that names the variant
it would get now is mapped back for the app; any other would be answered anew.

    "abc"    <->  W/"abc~aps1f2e3d4c"      s: the app's was strong
    W/"abc"  <->  W/"abc~apw1f2e3d4c"      w: it was weak
"""

from __future__ import annotations

import re

__all__ = ["MARK", "mapped_back", "marked", "named_as_asked"]

MARK = "~ap"
_LONGEST = 8192  # characters of an If-None-Match; a longer one is taken for none, so all of the page leaves
_TAG = re.compile(r'(W/)?"([\x21\x23-\x7e\x80-\xff]*)"')
_MARKED = re.compile(r"(.*)~ap([sw])([0-9a-f]{8})", re.DOTALL)


def marked(etag: str, variant: str) -> str | None:
    """Return the ETag of a variant (eight hex digits) of the page with this one; None for no ETag."""
    tag = _TAG.fullmatch(etag.strip(" \t"))
    if tag is None:
        return None
    return f'W/"{tag[2]}{MARK}{"w" if tag[1] else "s"}{variant}"'


def named_as_asked(etag: str, asked: str) -> str:
    """Return the tag among those the app was `asked` about that its 304 means, or its own words.

    They may differ in strength: what compresses a page makes its tag weak, and does not see a 304.
    """
    meant = _TAG.fullmatch(etag.strip(" \t"))
    if meant and len(asked) <= _LONGEST:
        for tag in _TAG.finditer(asked):
            if tag[2] == meant[2]:
                return tag[0]
    return etag


def mapped_back(if_none_match: str, variant: str) -> str | None:
    """Return the If-None-Match the app shall see: the tags of this variant, as the app made them.

    None if there is none of it, or the field is `*`, too long, or no list of tags.
    """
    if len(if_none_match) > _LONGEST:
        return None
    found = []
    for weak_or_strong in _TAG.finditer(if_none_match):
        match = _MARKED.fullmatch(weak_or_strong[2])
        if match and match[3] == variant:
            found.append(("W/" if match[2] == "w" else "") + f'"{match[1]}"')
    return ", ".join(found) or None
