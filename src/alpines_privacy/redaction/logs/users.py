"""Who is signed in: found where frameworks keep it once the app has asked, and never looked up.

A record is about the visitor whose request it is. Their name stands in the app's database and in no
form, so neither a key nor the request tells it; the user object that the app has loaded does.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from itertools import islice
from typing import Any

from alpines_privacy.http.context import RequestContext

__all__ = ["ask_also", "lookups", "signed_in"]

_MOST_FIELDS = 100  # of one user
_MOST_WRAPPED = 4  # lazy objects around one another
# Whether a thread is reading a user object, which may log.
_asking = threading.local()
_NOBODY: frozenset[tuple[str, str]] = frozenset()

lookups: list[Callable[[], object | None]] = []  # of frameworks, each returns who is signed in


def ask_also(lookup: Callable[[], object | None]) -> None:
    """Let records ask a framework who is signed in: `lookup` returns what the app has loaded, or None."""
    if lookup not in lookups:
        lookups.append(lookup)


def signed_in(context: RequestContext) -> frozenset[tuple[str, str]]:
    """Return names and texts of who is signed in, as far as the app knows by now.

    A user object that logs while it is read is asked no second time.
    """
    users = list(_users(context))
    if not users or getattr(_asking, "now", False):
        return _NOBODY
    _asking.now = True
    try:
        return frozenset(field for user in users for field in islice(held_by(user), _MOST_FIELDS))
    finally:
        _asking.now = False


def _users(context: RequestContext) -> Iterator[object]:
    for lookup in (*context.users, *lookups):
        try:
            user = lookup()
        except Exception:  # a framework that is in the midst of finding out, and logs that
            user = None
        if user is not None:
            yield user
    if (user := context.request.user) is not None:
        yield user


def held_by(user: object) -> Iterator[tuple[str, str]]:
    """Yield names and texts of what a user object holds; deferred columns and properties are not asked for.

    A lazy object is not asked either: what it holds counts once the app has asked it.
    """
    for _ in range(_MOST_WRAPPED):
        if issubclass(type(user), str):
            yield "username", str(user)
            return
        held = _attributes(user)  # asked by type: `isinstance` would ask a lazy object
        if (wrapped := held.get("_wrapped")) is None:
            break
        user = wrapped
    texts = {str(key): value for key, value in held.items() if type(value) is str}
    yield from texts.items()
    first, last = (texts.get(f"{which}_name", "") for which in ("first", "last"))
    if first and last:
        yield "full_name", f"{first} {last}"
    login = getattr(type(user), "USERNAME_FIELD", None)  # of Django's models
    if isinstance(login, str) and login in texts:
        yield "username", texts[login]


def _attributes(user: object) -> dict[str, Any]:
    if issubclass(type(user), Mapping):
        return dict(user)  # type: ignore[call-overload,no-any-return]  # it is one
    held = dict(getattr(user, "__dict__", {}))
    for kind in type(user).__mro__:
        slots = kind.__dict__.get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            with suppress(AttributeError):
                held[name] = object.__getattribute__(user, name)
    return held
