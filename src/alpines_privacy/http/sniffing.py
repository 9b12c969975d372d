"""Sniffing: whether a browser shows a response as a page, by its first bytes.

- Without a type: the HTML rules of WHATWG MIME Sniffing §7.1, with what Chromium and Firefox add:
  Chromium needs no end of the tag's name, Firefox knows more names. A response is a page if one of
  them shows it as a page.
- XML: a page if its root is in XHTML's namespace (Namespaces in XML §6).

Only the first chunk is read, and of it only as many bytes as a browser reads.
"""

from __future__ import annotations

import re

from alpines_privacy.http import coding
from alpines_privacy.http.heads import ResponseHead

__all__ = ["sniffed"]

_LOOKED_AT = 1445  # bytes: the resource header, §5.2
_TAG = re.compile(
    rb"[\t\n\f\r ]*+<(?:!|"
    rb"html|head|body|frameset|script|iframe|img|h[1-6]|div|font|table|a|style|title|b|br|p|"
    rb"applet|base|center|form|isindex|link|meta|pre)",
    re.IGNORECASE,
)
_XML = re.compile(rb"(?:\xef\xbb\xbf)?+[\t\n\f\r ]*+<\?xml", re.IGNORECASE)
# What may precede the root: white space, `<?...?>`, comments, a doctype with a subset.
_BEFORE_ROOT = re.compile(
    rb"(?:\xef\xbb\xbf)?+(?:[\t\n\r ]++|<\?(?:[^?]|\?(?!>))*+\?>|<!--(?:[^-]|-(?!->))*+-->|"
    rb"<!DOCTYPE(?:[^\[>\"']|\"[^\"]*+\"|'[^']*+'|\[[^\]]*+\])*+>)*+",
)
_ROOT = re.compile(rb"<[^\x00-\x20!?/>](?:[^\"'>]|\"[^\"]*+(?:\"|\Z)|'[^']*+(?:'|\Z))*+")
_XHTML = b"http://www.w3.org/1999/xhtml"


def sniffed(head: ResponseHead, first: bytes) -> str:
    """Return the media type of a head that `is_undecided`, as a browser sniffs it; its own if it is no page.

    `first` is the body's first chunk, as it leaves.
    """
    start = coding.beginning(head.content_coding, first) or b""
    if head.media_type or _XML.match(start):
        return "application/xhtml+xml" if _has_xhtml_root(start) else head.media_type
    return "text/html" if _TAG.match(start[:_LOOKED_AT]) else ""


def _has_xhtml_root(start: bytes) -> bool:
    before = _BEFORE_ROOT.match(start)
    root = _ROOT.match(start, before.end() if before else 0)
    return root is not None and _XHTML in root[0]
