"""Sentry: events, transactions, breadcrumbs and logs without personal data, whatever the SDK collected.

    sentry_sdk.init(dsn=..., **alpines_privacy.redaction.sentry.options())
    sentry_sdk.init(dsn=..., **alpines_privacy.redaction.sentry.options(before_send=mine))

The SDK's own scrubber knows keys of dictionaries, and leaves the text in query strings, messages,
frames' variables, spans and breadcrumbs. These hooks clean a whole event by key and by text, except the
parts in which the SDK itself describes the program and its platform.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from typing import Any, TypeAlias

from alpines_privacy.redaction.logs.cleaning import Cleaner
from alpines_privacy.redaction.logs.events import exception_of
from alpines_privacy.redaction.logs.exceptions import identity
from alpines_privacy.redaction.logs.installed import cleaner

__all__ = [
    "before_breadcrumb",
    "before_send",
    "before_send_log",
    "before_send_transaction",
    "is_ours",
    "options",
]

_Part: TypeAlias = "dict[str, Any]"
_Hook: TypeAlias = Callable[[Any, Any], Any]

# Keys under which the SDK describes the program: of an event, of its contexts, and of each span.
_PROGRAMS = frozenset({
    "_meta", "debug_meta", "dist", "environment", "event_id", "level", "logger", "measurements",
    "modules", "platform", "release", "sdk", "start_timestamp", "timestamp", "transaction_info",
    "type",
})  # fmt: skip
_CONTEXTS = frozenset({"app", "browser", "device", "gpu", "os", "profile", "runtime"})
_SPANS = frozenset({
    "is_segment", "op", "origin", "parent_span_id", "same_process_as_parent", "segment_id",
    "span_id", "start_timestamp", "status", "timestamp", "trace_id",
})  # fmt: skip
_CRUMBS = frozenset({"category", "level", "timestamp", "type"})
_LOGS = frozenset({"severity_number", "severity_text", "span_id", "time_unix_nano", "trace_id"})


_last_sent: ContextVar[tuple[tuple[int, str, int], bool] | None] = ContextVar(
    "last_sent", default=None
)


def options(**yours: _Hook | None) -> dict[str, _Hook]:
    """Return the hooks for `sentry_sdk.init` that the installed SDK supports.

    `yours` are the app's own hooks of these names (`before_send=mine`): each is called first, and
    its result is cleaned. Raises TypeError for a name that is none of these hooks.
    """
    from sentry_sdk.consts import DEFAULT_OPTIONS  # noqa: PLC0415 - only who uses Sentry has it

    if unknown := yours.keys() - _HOOKS.keys():
        names = ", ".join(_HOOKS)
        raise TypeError(
            f"options() takes {names}, not {', '.join(sorted(unknown))}; give that to sentry_sdk.init"
        )
    return {
        name: ours if (theirs := yours.get(name)) is None else _Chain(theirs, ours)
        for name, ours in _HOOKS.items()
        if name in DEFAULT_OPTIONS
    }


class _Chain:
    """A hook of the app's, followed by ours for what it lets pass."""

    __slots__ = ("_ours", "_theirs")

    def __init__(self, theirs: _Hook, ours: _Hook) -> None:
        self._theirs = theirs
        self._ours = ours

    def __call__(self, part: Any, hint: Any) -> Any:
        left = self._theirs(part, hint)
        return None if left is None else self._ours(left, hint)


def is_ours(hook: object) -> bool:
    """Tell whether a hook of Sentry's cleans what it lets pass."""
    return isinstance(hook, _Chain) or hook in _HOOKS.values()


def before_send(event: Any, hint: Any) -> Any:
    """Return an event without personal data; None, so that it is not sent, if cleaning fails.

    Also None for a second event of one exception. The SDK detects those by the exception object, but a
    logged exception reaches it as a surrogate.
    """
    return None if _is_repeated(hint) else _or_nothing(_event, event)


def before_send_transaction(event: Any, hint: Any) -> Any:
    """Return a transaction without personal data in its name, request, data and spans; None as above."""
    del hint
    return _or_nothing(_event, event)


def before_breadcrumb(crumb: Any, hint: Any) -> Any:
    """Return a breadcrumb without personal data; None as above."""
    del hint
    return _or_nothing(_crumb, crumb)


def before_send_log(log: Any, hint: Any) -> Any:
    """Return a structured log without personal data; None as above."""
    del hint
    return _or_nothing(_log, log)


_HOOKS: dict[str, _Hook] = {
    hook.__name__: hook
    for hook in (before_send, before_send_transaction, before_breadcrumb, before_send_log)
}


def _is_repeated(hint: Any) -> bool:
    """Whether the event before this one had the same exception, one of them as a surrogate."""
    exc_info = exception_of((hint or {}).get("exc_info"))
    if exc_info is None:
        return False
    (this, stands), before = identity(exc_info[1]), _last_sent.get()
    repeated = before == (this, not stands)
    _last_sent.set(None if repeated else (this, stands))
    return repeated


def _or_nothing(clean: Callable[[_Part, Cleaner], Any], part: _Part) -> Any:
    try:
        return clean(part, cleaner())
    except Exception:
        return None


def _event(event: _Part, clean: Cleaner) -> _Part:
    cleaned = _but(_PROGRAMS | {"contexts", "spans"}, event, clean)
    if isinstance(contexts := event.get("contexts"), Mapping):
        cleaned["contexts"] = {
            name: _context(name, context, clean) for name, context in contexts.items()
        }
    if isinstance(spans := event.get("spans"), list):
        cleaned["spans"] = [_but(_SPANS, span, clean) for span in spans]
    return cleaned


def _context(name: str, context: Any, clean: Cleaner) -> Any:
    if name in _CONTEXTS:
        return context
    return _but(_SPANS, context, clean) if name == "trace" else clean.data(context)


def _crumb(crumb: _Part, clean: Cleaner) -> _Part:
    return _but(_CRUMBS, crumb, clean)


def _log(log: _Part, clean: Cleaner) -> _Part:
    cleaned = _but(_LOGS | {"attributes"}, log, clean)
    if isinstance(attributes := log.get("attributes"), Mapping):
        programs = {key for key in attributes if key.startswith(("sentry.sdk.", "sentry.release"))}
        cleaned["attributes"] = _but(frozenset(programs), dict(attributes), clean)
    return cleaned


def _but(left: frozenset[str], part: Mapping[str, Any], clean: Cleaner) -> _Part:
    """Clean a part of an event except the keys in `left`; the order of the keys stays."""
    return {key: value if key in left else clean.value(key, value) for key, value in part.items()}
