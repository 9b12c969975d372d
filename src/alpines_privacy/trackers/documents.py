"""Pages and drawings in the `data:` addresses of frames (RFC 2397; Fetch §6, data: URL processor)."""

from __future__ import annotations

import binascii
import re
from base64 import b64decode, b64encode
from collections.abc import Callable
from urllib.parse import quote_from_bytes

from alpines_privacy.http.heads import XHTML, XML_TYPES
from alpines_privacy.http.percent import decoded_bytes

__all__ = ["without_trackers"]

_DATA = re.compile(r"[\x00-\x20]*+data:", re.IGNORECASE).match
_BASE64 = re.compile(r";\x20*base64\x20*\Z", re.IGNORECASE).search
_HTML = "text/html"
_DOCUMENTS = frozenset({_HTML, XHTML, "image/svg+xml", *XML_TYPES})
_ASCII_COMPATIBLE = re.compile(
    r"utf-?8|us-ascii|iso-8859-\d+|windows-125\d|", re.IGNORECASE
).fullmatch
_DROPPED = re.compile(r"[\t\n\r]+")  # dropped by the URL parser
_STAYS = "!$&'()*+,/:;=?@[]{}|^<>\"\\` -._~"


def without_trackers(url: str, edit: Callable[[bytes, bool], bytes | None]) -> str | None:
    """Return a `data:` address with its page edited by `edit`, None if nothing changes.

    `edit` gets the page, and whether it is XML.
    """
    if not (opening := _DATA(url)):
        return None
    text, hash_sign, fragment = _DROPPED.sub("", url[opening.end() :]).partition("#")
    kind, comma, written = text.partition(",")
    media_type, *parameters = (part.strip(" ").lower() for part in kind.split(";"))
    if not comma or media_type not in _DOCUMENTS or not _is_readable(parameters):
        return None
    is_base64 = _BASE64(kind) is not None
    page = decoded_bytes(written.encode("utf-8", "surrogateescape"))
    try:
        if is_base64:
            page = b64decode(re.sub(rb"[\t\n\f\r ]", b"", page))
        edited = edit(page, media_type != _HTML)
    except binascii.Error:  # shows nothing
        return None
    if edited is None:
        return None
    instead = b64encode(edited).decode() if is_base64 else quote_from_bytes(edited, _STAYS)
    return f"data:{kind},{instead}{hash_sign}{fragment}"


def _is_readable(parameters: list[str]) -> bool:
    charsets = [p[8:].strip('"') for p in parameters if p.startswith("charset=")]
    return all(_ASCII_COMPATIBLE(charset) for charset in charsets)
