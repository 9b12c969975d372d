"""What the layer tells the app: signals to connect to, without any personal data."""

from __future__ import annotations

from typing import Literal, TypeAlias

from blinker import Namespace

from alpines_privacy.http.context import RequestContext

__all__ = ["Reason", "announce", "signup_refused"]

Reason: TypeAlias = Literal["under_age", "locked", "unreadable"]

_SENDER = "alpines_privacy"

_signals = Namespace()

signup_refused = _signals.signal(
    "signup_refused",
    doc="A signup was refused. `route` is the path as the policy declares it, or the word that gave "
    'an undeclared one away; `reason` is "under_age", "locked" or "unreadable".',
)


def announce(context: RequestContext, route: str, reason: Reason) -> None:
    """Send `signup_refused`; an exception of a receiver affects neither the request nor other receivers."""
    if not context.runtime.enforces:
        return
    for receiver in signup_refused.receivers_for(_SENDER):
        try:
            receiver(_SENDER, route=route, reason=reason)
        except Exception:
            context.runtime.notices.failure("a receiver of signup_refused")
