"""The judge of what the running code sends: its request's, else the newest of the process."""

from __future__ import annotations

import weakref
from collections.abc import Callable

from alpines_privacy.disclosure.judge import Judge
from alpines_privacy.http.context import RequestContext
from alpines_privacy.http.privacy import request_context

__all__ = ["begin", "is_active", "judge_of_process", "judge_of_request"]

_judges: list[weakref.ref[Judge]] = []  # oldest first


def begin(judge: Judge, ended: Callable[[], object]) -> None:
    """Let a judge decide while it lives; `ended` is called when the last one is gone."""

    def forget(reference: weakref.ref[Judge]) -> None:
        if reference in _judges:
            _judges.remove(reference)
            if not _judges:
                ended()

    _judges.append(weakref.ref(judge, forget))


def is_active() -> bool:
    """Tell whether any policy of the process asks about disclosure."""
    return bool(_judges)


def judge_of_request() -> tuple[Judge, RequestContext] | None:
    """Return the judge and the context of the request that this code runs for; None outside one."""
    context = request_context()
    if context is None or context.ended or context.outgoing is None:
        return None
    return context.outgoing, context


def judge_of_process() -> tuple[Judge, RequestContext | None] | None:
    """Return the judge and the context of the request; outside one, the newest judge; None without any."""
    if (found := judge_of_request()) is not None:
        return found
    context = request_context()
    if context is not None and not context.ended:
        return None  # a request whose policy, or whose path, asks nothing
    newest = _judges[-1]() if _judges else None
    return None if newest is None else (newest, None)
