"""Whether a page's bytes can be read as ASCII markup, whatever its text is encoded in.

Every encoding of the web writes `<`, `>`, quotes and `=` as their ASCII bytes and nothing else
with those bytes (the trail bytes of Shift_JIS, GBK and Big5 begin at 0x40), except the ones
named here. A browser decides by BOM, then the header's charset, then `<meta>`, and reads a
`<meta>` that claims UTF-16 as UTF-8 (WHATWG Encoding §6, HTML §13.2.3).
"""

from __future__ import annotations

import re

__all__ = ["is_ascii_compatible"]

_NOT_ASCII = re.compile(
    r"utf-?(16|32|7)|ucs-?[24]|unicode(fffe|feff)?$|iso-?2022|csiso2022|hz-gb", re.IGNORECASE
)
_CHARSET = re.compile(r"""charset\s*=\s*["']?([^\s;"']+)""", re.IGNORECASE)
_META = re.compile(
    rb"""<meta[^>]{0,200}charset\s*=\s*+["']?\s*+(iso-?2022-jp|csiso2022jp)""", re.IGNORECASE
)
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_UTF_8 = b"\xef\xbb\xbf"
_PRESCANNED = 1024  # HTML §13.2.3.2: browsers look for <meta> in as many bytes


def is_ascii_compatible(content_type: str, start: bytes) -> bool:
    """Tell from a page's Content-Type and its first bytes whether its markup is ASCII."""
    if start.startswith(_UTF_16):
        return False
    if start.startswith(_UTF_8):
        return True
    if match := _CHARSET.search(content_type):
        return _NOT_ASCII.match(match[1]) is None
    return _META.search(start[:_PRESCANNED]) is None
