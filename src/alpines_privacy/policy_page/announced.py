"""The policy's page while the site announces a breach: the same banner as on all its other pages."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import TypeAlias

from alpines_privacy.http.conditional import has_current
from alpines_privacy.http.context import RequestContext
from alpines_privacy.http.heads import Field, ResponseHead
from alpines_privacy.http.html import BodyStart, Rewriter, Selection
from alpines_privacy.http.outcomes import Answer

__all__ = ["Banner", "announced"]

Banner: TypeAlias = "Callable[[RequestContext, ResponseHead], tuple[BodyStart, bytes] | None]"
"""Returns what begins the body of a page with this head, and a digest of all it may say."""

_NO_TAGS = Selection(())
_NEVER = 1 << 62  # a date does not tell when an announcement began or ended; the tag does
_OF_TEXT = frozenset({"etag", "last-modified", "vary", "content-security-policy"})


def announced(context: RequestContext, page: Answer, banner: Banner) -> Answer | None:
    """Return a page of ours with the banner, or 304 if the client has just that; None if nothing is announced."""
    fields = dict(page.fields)
    policy = _with_own_sheet(fields["content-security-policy"])
    head = ResponseHead(200, [*_others(page), ("content-security-policy", policy)])
    try:
        found = banner(context, head)
    except Exception:
        context.runtime.notices.failure("a banner")
        return None
    if found is None:
        return None
    body_start, digest = found
    tag = hashlib.blake2s(fields["etag"].encode() + digest, digest_size=8).hexdigest()
    kept = [("etag", f'"{tag}"'), ("vary", f"{fields['vary']}, Sec-Fetch-Dest")]
    if has_current(context.request, f'"{tag}"', _NEVER):
        return Answer(304, [*kept, ("cache-control", fields["cache-control"])])
    body = Rewriter(_NO_TAGS, lambda _: None, None, body_start)(page.body, last=True)
    return Answer(200, [*head.fields, *kept], body)


def _others(page: Answer) -> list[Field]:
    """Return the fields that the banner changes nothing about."""
    return [field for field in page.fields if field[0] not in _OF_TEXT | {"content-length"}]


def _with_own_sheet(policy: str) -> str:
    """Return a Content-Security-Policy of ours that lets in the banner's style sheet."""
    if "style-src 'self'" in policy:
        return policy
    return policy.replace("style-src ", "style-src 'self' ", 1)
