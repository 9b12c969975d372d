"""ETags of filtered pages: each names its variant.

A browser revalidates a stored page by its ETag. With the app's ETag, a page stored without a signal
would be reused under one, ads included. So a filtered page's ETag becomes weak (its bytes are not the
app's, RFC 9110 §8.8.1) and names the variant: the rules, the policy, and whether there was a signal.
In a request, tags of the current variant are mapped back to the app's; others are dropped.

    "abc"    <->  W/"abc~aps1f2e3d4c"      s: the app's was strong
    W/"abc"  <->  W/"abc~apw1f2e3d4c"      w: it was weak
"""

from __future__ import annotations

import re

__all__ = ["MARK", "mapped_back", "marked", "named_as_asked"]

MARK = "~ap"
_LONGEST = 8192  # characters of an If-None-Match; a longer one is ignored, so the whole page leaves
_TAG = re.compile(r'(W/)?"([\x21\x23-\x7e\x80-\xff]*)"')
_MARKED = re.compile(r"(.*)~ap([sw])([0-9a-f]{8})", re.DOTALL)


def marked(etag: str, variant: str) -> str | None:
    """Return a page's ETag marked with a variant (eight hex digits); None for an invalid ETag."""
    tag = _TAG.fullmatch(etag.strip(" \t"))
    if tag is None:
        return None
    return f'W/"{tag[2]}{MARK}{"w" if tag[1] else "s"}{variant}"'


def named_as_asked(etag: str, asked: str) -> str:
    """Return the tag in `asked`, the app's If-None-Match, that the ETag of its 304 means, else that ETag.

    They may differ in strength: compression makes a page's tag weak, and does not see a 304.
    """
    meant = _TAG.fullmatch(etag.strip(" \t"))
    if meant and len(asked) <= _LONGEST:
        for tag in _TAG.finditer(asked):
            if tag[2] == meant[2]:
                return tag[0]
    return etag


def mapped_back(if_none_match: str, variant: str) -> str | None:
    """Return the If-None-Match for the app: the tags of this variant, as the app made them.

    None if there are none, or if the field is `*`, too long, or no list of tags.
    """
    if len(if_none_match) > _LONGEST:
        return None
    found = []
    for weak_or_strong in _TAG.finditer(if_none_match):
        match = _MARKED.fullmatch(weak_or_strong[2])
        if match and match[3] == variant:
            found.append(("W/" if match[2] == "w" else "") + f'"{match[1]}"')
    return ", ".join(found) or None
