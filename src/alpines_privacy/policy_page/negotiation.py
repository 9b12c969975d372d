"""The format and the language of the page for a client (RFC 9110 §12.5.1, §12.5.4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from alpines_privacy.http.weights import weights
from alpines_privacy.policy.language_tag import looked_up

__all__ = ["FORMATS", "format_for", "language_for"]

FORMATS: Mapping[str, str] = MappingProxyType(
    {"html": "text/html", "markdown": "text/markdown", "text": "text/plain"}
)
"""The formats by their media types; of equally weighted ones the first is sent."""

_LONGEST = 4096  # characters that are read of a field
_LONGEST_TAG = 64
_AS_HTML = "application/xhtml+xml"


def format_for(accept: str) -> str:
    """Return the format that an Accept weighs most; HTML for one that takes none of them."""
    weighed = weights(accept[:_LONGEST])
    any_text = weighed.get("text/*", weighed.get("*/*", 0.0))
    welcome = {name: weighed.get(kind, any_text) for name, kind in FORMATS.items()}
    welcome["html"] = max(welcome["html"], weighed.get(_AS_HTML, 0.0))
    return max(welcome, key=welcome.__getitem__)


def language_for(accept_language: str, tags: Sequence[str]) -> str:
    """Return the tag that an Accept-Language prefers, looked up as RFC 4647 §3.4; else the first."""
    weighed = weights(accept_language[:_LONGEST])
    known = {tag.lower(): tag for tag in tags}
    wishes = [tag for tag in weighed if weighed[tag] > 0 and len(tag) <= _LONGEST_TAG]
    for wanted in sorted(wishes, key=weighed.__getitem__, reverse=True):
        if found := looked_up(wanted, known):
            return found
    return tags[0]
