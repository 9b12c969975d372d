"""Scripts of the layer's own: the file as it is sent, and the responses whose pages may load one."""

from __future__ import annotations

from alpines_privacy.http.heads import Field, RequestHead
from alpines_privacy.http.outcomes import Answer

__all__ = ["LASTING", "PAGE_DESTINATIONS", "asks_for_page", "script_file"]

LASTING = "public, max-age=31536000, immutable"
"""The Cache-Control of a file whose name holds its digest."""

PAGE_DESTINATIONS = frozenset({"document", "iframe", "frame", "embed", "object", "fencedframe"})
"""The values of Sec-Fetch-Dest for which a browser shows a response as a page (Fetch Metadata §2.1)."""


def asks_for_page(request: RequestHead) -> bool:
    """Tell whether a browser shows the response as a page; so do browsers that do not say."""
    destination = request.values("sec-fetch-dest")
    return not destination or destination[-1].strip().lower() in PAGE_DESTINATIONS


def script_file(code: bytes, *more: Field) -> Answer:
    """Return a script as an answer that only pages of this origin load."""
    fields: list[Field] = [
        ("content-type", "text/javascript; charset=utf-8"),
        ("x-content-type-options", "nosniff"),
        ("cross-origin-resource-policy", "same-origin"),
    ]
    return Answer(200, [*fields, *more], code)
