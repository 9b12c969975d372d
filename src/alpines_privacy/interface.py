"""The interface of an app, ASGI or WSGI, by the signature of its call; for other objects, advice."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Iterator
from typing import Any, cast

__all__ = ["is_asgi", "refusal"]

_POSITIONAL = frozenset(
    {inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD}
)
_VARIADIC = frozenset({inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD})
# Attributes under which other objects keep the app they run.
_INNER = ("server", "wsgi_app", "asgi_app", "app", "application")


def is_asgi(app: object) -> bool:
    """Tell an ASGI app (async, or three positionals) from a WSGI app (two).

    A wrapper with any arguments (`*args`) has the interface of the app in its `__wrapped__` or
    `app`, else WSGI: most wrappers of ASGI apps are async. Raises TypeError for other objects, and
    says what to pass instead.
    """
    call = _called(app)
    if any(inspect.iscoroutinefunction(each) for each in _unwrapped(call)):
        return True
    # Of a partial only the remaining arguments count.
    measured = app if isinstance(app, functools.partial) else call
    for each in _unwrapped(measured):
        if (count := _required_positionals(each)) in {2, 3}:
            return count == 3  # scope, receive, send
    if _takes_anything(measured):
        inner = getattr(app, "app", None)
        return inner is not app and _is_app(inner) and is_asgi(inner)
    raise TypeError(
        f"{refusal(app)}. If it is one all the same, wrap it with "
        "alpines_privacy.asgi.PrivacyMiddleware or alpines_privacy.wsgi.PrivacyMiddleware"
    )


def refusal(app: object, name: str = "") -> str:
    """Return the message for an object that is no app: what it is, and what to do."""
    kind = f"{type(app).__module__}.{type(app).__qualname__}".removeprefix("builtins.")
    said = f"{name} ({kind})" if name else f"{kind} object"
    hint = _hint(app)
    return (
        f"{said} is neither an ASGI app (scope, receive, send) nor a WSGI app (environ, start_response)"
        f"{': ' if hint else ''}{hint}"
    )


def _hint(app: object) -> str:
    """Return what to pass instead of the object."""
    if inspect.isfunction(app):
        needed = _required(app)
        if not needed:
            return "a function without parameters; if it makes the app, call it (`serve`: add --factory)"
        return (
            f"a function of {needed[0]}; if it makes the app, call it" if len(needed) == 1 else ""
        )
    if _is_tornado(app) or _is_tornado(getattr(app, "web_app", None)):
        return (
            "it runs on Tornado, which speaks neither, so no layer of this kind can stand around it"
        )
    for inner in _INNER:
        if _is_app(getattr(app, inner, None)):
            return f"its `{inner}` is one, pass that"
    if hasattr(app, "launch"):
        return (
            "what starts its own server by `launch()` is mounted on an app first "
            "(`gradio.mount_gradio_app(fastapi_app, it, path=...)`), pass that app"
        )
    return ""


def _called(app: object) -> Any:
    """Return the function that runs when an app is called."""
    bare = app
    while isinstance(bare, functools.partial):
        bare = bare.func
    if inspect.isroutine(bare) or isinstance(bare, type):
        return bare
    return getattr(bare, "__call__", None)  # noqa: B004 - its kind matters, not whether there is one


def _unwrapped(call: object) -> Iterator[object]:
    """Yield a function and those it wraps, as `functools.wraps` notes them."""
    seen: set[int] = set()
    while call is not None and id(call) not in seen:
        seen.add(id(call))
        yield call
        # Only the function's own attribute: some wrappers pass on those of the wrapped app.
        call = getattr(call, "__dict__", {}).get("__wrapped__")


def _parameters(app: object) -> list[inspect.Parameter] | None:
    try:
        return [*inspect.signature(cast("Any", app), follow_wrapped=False).parameters.values()]
    except (TypeError, ValueError):
        return None


def _required_positionals(app: object) -> int | None:
    parameters = _parameters(app)
    if parameters is None:
        return None
    return sum(p.kind in _POSITIONAL and p.default is p.empty for p in parameters)


def _takes_anything(app: object) -> bool:
    """Tell whether a callable takes `*args`, or `*args, **kwargs`, and names nothing."""
    parameters = _parameters(app) or []
    kinds = {parameter.kind for parameter in parameters}
    return inspect.Parameter.VAR_POSITIONAL in kinds and kinds <= _VARIADIC


def _required(function: Any) -> list[str]:
    parameters = _parameters(function) or []
    return [p.name for p in parameters if p.default is p.empty and p.kind not in _VARIADIC]


def _is_tornado(app: object) -> bool:
    return any(each.__module__.partition(".")[0] == "tornado" for each in type(app).__mro__)


def _is_app(found: object) -> bool:
    if not callable(found):
        return False
    try:
        is_asgi(found)
    except (TypeError, RecursionError):
        return False
    return True
