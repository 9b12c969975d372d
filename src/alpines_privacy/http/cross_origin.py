"""CORS fields for our answers, as the app's own CORS layer sets them.

The layer sends the app a preflight as a browser would (Fetch §3.3.2), with only the request's path
and Origin. So the app sees no body, query or cookie of a refused visitor.
"""

from __future__ import annotations

from alpines_privacy.http.client import Client
from alpines_privacy.http.forwarding import FIELDS
from alpines_privacy.http.heads import Field, RequestHead, ResponseHead

__all__ = ["granted", "preflight"]

# Fields of the request that are copied into the preflight: the host, and the forwarding fields.
_KEPT = ("host", "origin", *FIELDS)


def preflight(head: RequestHead, client: Client) -> list[Field] | None:
    """Return the fields of the preflight for a request; None where no other origin asks."""
    origins = head.values("origin")
    if head.kind != "http" or len(origins) != 1 or origins[0] == client.origin:
        return None
    kept = [(name, value) for name in _KEPT for value in head.values(name)]
    return [*kept, ("access-control-request-method", head.method)]


def granted(origin: str, head: ResponseHead) -> list[Field]:
    """Return the CORS fields for an answer, by the app's response to the preflight."""
    allowed = head.values("access-control-allow-origin")
    if allowed not in (["*"], [origin]):
        return []
    fields: list[Field] = [("access-control-allow-origin", allowed[0])]
    if head.values("access-control-allow-credentials") == ["true"]:
        fields.append(("access-control-allow-credentials", "true"))
    return fields if allowed == ["*"] else [*fields, ("vary", "Origin")]
