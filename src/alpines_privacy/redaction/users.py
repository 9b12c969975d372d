"""Who is signed in: found where frameworks keep it once the app has asked, and never looked up.

A record is about the visitor whose request it is. Their name stands in the app's database and in no
form, so neither a key nor the request tells it; the user object that the app has loaded does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any

from alpines_privacy.http.context import Privacy

__all__ = ["ask_also", "held_by", "user_of"]

_lookups: list[Callable[[], object | None]] = []


def ask_also(lookup: Callable[[], object | None]) -> None:
    """Let records ask a framework who is signed in: `lookup` returns what the app has loaded, or None."""
    if lookup not in _lookups:
        _lookups.append(lookup)


def user_of(privacy: Privacy) -> object | None:
    """Return who is signed in, as far as the app knows by now: an object, a mapping, or a user name."""
    request = privacy.request
    if privacy.user is not None and (user := _asked(privacy.user)) is not None:
        return user
    for lookup in _lookups:
        if (user := _asked(lookup)) is not None:
            return user
    return None if request is None else request.user


def _asked(lookup: Callable[[], object | None]) -> object | None:
    """Ask a framework, which may be in the midst of finding out and log that."""
    with suppress(Exception):
        return lookup()
    return None


def held_by(user: object) -> Iterator[tuple[str, str]]:
    """Yield names and texts of what a user object holds; deferred columns and properties are not asked for."""
    if isinstance(user, str):
        yield "username", user
        return
    held = user if isinstance(user, Mapping) else _attributes(user)
    if (wrapped := held.get("_wrapped")) is not None:  # Django's lazy objects, once they are asked
        yield from held_by(wrapped)
        return
    texts = {str(key): value for key, value in held.items() if isinstance(value, str)}
    yield from texts.items()
    first, last = (texts.get(f"{which}_name", "") for which in ("first", "last"))
    if first and last:
        yield "full_name", f"{first} {last}"
    login = getattr(type(user), "USERNAME_FIELD", None)  # of Django's models
    if isinstance(login, str) and login in texts:
        yield "username", texts[login]


def _attributes(user: object) -> dict[str, Any]:
    held = dict(getattr(user, "__dict__", {}))
    for kind in type(user).__mro__:
        slots = kind.__dict__.get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            with suppress(AttributeError):
                held[name] = object.__getattribute__(user, name)
    return held
