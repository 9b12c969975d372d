"""Whether a browser would show as a page what no Content-Type calls one, told by its first bytes.

- Of no type: WHATWG MIME Sniffing §7.1, as far as HTML goes, and what Chromium and Firefox add to
  it: Chromium asks for no end of the tag's name, Firefox knows more names. What one of them shows
  as a page is one.
- XML: a page if its root is of XHTML's namespace (Namespaces in XML §6).

No more is looked at than the first chunk, of which no more than a browser looks at.
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
# What may stand before the root: blanks, `<?...?>`, comments, a doctype with a subset.
_BEFORE_ROOT = re.compile(
    rb"(?:\xef\xbb\xbf)?+(?:[\t\n\r ]++|<\?(?:[^?]|\?(?!>))*+\?>|<!--(?:[^-]|-(?!->))*+-->|"
    rb"<!DOCTYPE(?:[^\[>\"']|\"[^\"]*+\"|'[^']*+'|\[[^\]]*+\])*+>)*+",
)
_ROOT = re.compile(rb"<[^\x00-\x20!?/>](?:[^\"'>]|\"[^\"]*+(?:\"|\Z)|'[^']*+(?:'|\Z))*+")
_XHTML = b"http://www.w3.org/1999/xhtml"


def sniffed(head: ResponseHead, first: bytes) -> str:
    """Return the media type that a browser works out for a head that `is_undecided`; its own if it is no page.

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
