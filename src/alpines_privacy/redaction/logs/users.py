"""The signed-in user, read from where frameworks keep it once the app has loaded it; never looked up.

A record is about the visitor whose request it is. The visitor's name is in the app's database and not in
a form, so neither a key nor the request shows it; the user object that the app has loaded does.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from itertools import islice
from typing import Any

from alpines_privacy.http.context import RequestContext

__all__ = ["ask_also", "lookups", "signed_in"]

_MOST_FIELDS = 100  # values of one user
_MOST_WRAPPED = 4  # lazy objects inside one another
# Whether this thread is reading a user object; reading one may log.
_asking = threading.local()
_NOBODY: frozenset[tuple[str, str]] = frozenset()

lookups: list[
    Callable[[], object | None]
] = []  # one for each framework; each returns the signed-in user


def ask_also(lookup: Callable[[], object | None]) -> None:
    """Add a framework's `lookup`, which returns the signed-in user if the app has loaded it, else None."""
    if lookup not in lookups:
        lookups.append(lookup)


def signed_in(context: RequestContext) -> frozenset[tuple[str, str]]:
    """Return names and texts of the signed-in user, if the app has loaded it by now.

    If reading the user object logs, it is not read again for that record.
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
        except Exception:  # a framework that logs while it loads the user
            user = None
        if user is not None:
            yield user
    if (user := context.request.user) is not None:
        yield user


def held_by(user: object) -> Iterator[tuple[str, str]]:
    """Yield names and texts of a user object's attributes; deferred columns and properties are not read.

    A lazy object is not evaluated: its content counts once the app has evaluated it.
    """
    for _ in range(_MOST_WRAPPED):
        if issubclass(type(user), str):
            yield "username", str(user)
            return
        held = _attributes(user)  # by type: `isinstance` would evaluate a lazy object
        if (wrapped := held.get("_wrapped")) is None:
            break
        user = wrapped
    texts = {str(key): value for key, value in held.items() if type(value) is str}
    yield from texts.items()
    first, last = (texts.get(f"{which}_name", "") for which in ("first", "last"))
    if first and last:
        yield "full_name", f"{first} {last}"
    login = getattr(type(user), "USERNAME_FIELD", None)  # on Django's models
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
