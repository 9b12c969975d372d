"""Fields that let pages of another origin read an answer of ours: those the app's own CORS layer gives.

The layer asks the app as a browser would, by a preflight (Fetch §3.3.2): with the request's path and
Origin, and nothing else of it. The app sees no body, no query, no cookie of somebody who was refused.
"""

from __future__ import annotations

from alpines_privacy.http.client import Client
from alpines_privacy.http.forwarding import FIELDS
from alpines_privacy.http.heads import Field, RequestHead, ResponseHead

__all__ = ["granted", "preflight"]

# What of the request goes into the question: whom it is for, and how it came.
_KEPT = ("host", "origin", *FIELDS)


def preflight(head: RequestHead, client: Client) -> list[Field] | None:
    """Return the fields of the preflight for a request; None for one that needs no leave to be read."""
    origins = head.values("origin")
    if head.kind != "http" or len(origins) != 1 or origins[0] == client.origin:
        return None
    kept = [(name, value) for name in _KEPT for value in head.values(name)]
    return [*kept, ("access-control-request-method", head.method)]


def granted(origin: str, head: ResponseHead) -> list[Field]:
    """Return what an answer says to pages of an origin, as the answer to its preflight does."""
    allowed = head.values("access-control-allow-origin")
    if allowed not in (["*"], [origin]):
        return []
    fields: list[Field] = [("access-control-allow-origin", allowed[0])]
    if head.values("access-control-allow-credentials") == ["true"]:
        fields.append(("access-control-allow-credentials", "true"))
    return fields if allowed == ["*"] else [*fields, ("vary", "Origin")]
