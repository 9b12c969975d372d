"""What the layer tells the app: signals to connect to, without any personal data."""

from __future__ import annotations

import datetime as dt
from typing import Literal, TypeAlias

from blinker import NamedSignal, Namespace

from alpines_privacy.http.context import RequestContext

__all__ = [
    "Reason",
    "access_locked",
    "announce",
    "announce_change",
    "announce_disclosure",
    "announce_lockout",
    "disclosure_found",
    "policy_changed",
    "signup_refused",
]

Reason: TypeAlias = Literal["under_age", "locked", "unreadable"]

_SENDER = "alpines_privacy"

_signals = Namespace()

signup_refused = _signals.signal(
    "signup_refused",
    doc="A signup was refused. `route` is the path as the policy declares it, or the word that gave "
    'an undeclared one away; `reason` is "under_age", "locked" or "unreadable".',
)


access_locked = _signals.signal(
    "access_locked",
    doc="Failed logins have locked somebody out (policy §6). `route` is the login path as the policy "
    'declares it, empty where the app itself told of the failure; `kind` is "client" or "account"; '
    "`seconds` is how long.",
)

policy_changed = _signals.signal(
    "policy_changed",
    doc="The policy has a new version, or will have: tell account holders. Sent once by each process, after "
    "its first response, for each change that the policy's page announces; `date` (a date) tells the "
    "changes apart, `summary` is the operator's text, `page` the path of the policy's page.",
)


disclosure_found = _signals.signal(
    "disclosure_found",
    doc="Code of a request told, or was kept from telling, another company something (policy §8). `kind` is "
    '"connection", "url" or "redirect"; `host` is whom; `refused` is whether it was kept from it. Receivers run '
    "inside the request.",
)


def announce(context: RequestContext, route: str, reason: Reason) -> None:
    """Send `signup_refused`; an exception of a receiver affects neither the request nor other receivers."""
    _send(context, signup_refused, route=route, reason=reason)


def announce_lockout(context: RequestContext, route: str, kind: str, seconds: int) -> None:
    """Send `access_locked`, as `announce` does."""
    _send(context, access_locked, route=route, kind=kind, seconds=seconds)


def announce_disclosure(context: RequestContext, kind: str, host: str, *, refused: bool) -> None:
    """Send `disclosure_found`, as `announce` does."""
    _send(context, disclosure_found, kind=kind, host=host, refused=refused)


def _send(context: RequestContext, signal: NamedSignal, **what: object) -> None:
    if not context.runtime.enforces:
        return
    for receiver in signal.receivers_for(_SENDER):
        try:
            receiver(_SENDER, **what)
        except Exception:
            context.runtime.notices.failure(f"a receiver of {signal.name}")


def announce_change(context: RequestContext, date: dt.date, summary: str, page: str) -> None:
    """Send `policy_changed`, as `announce` does."""
    _send(context, policy_changed, date=date, summary=summary, page=page)
