"""What an app in this process is: its framework, and the policy that protects it.

A protected app hides its policy in a wrapper, a middleware or a closure of its own. They are found by walking
from the app over the objects it holds, a bounded number of them.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Iterator
from types import FunctionType, MethodType, ModuleType
from typing import Any, NamedTuple

from alpines_privacy.guard import Guard, HostGuards
from alpines_privacy.policy import PrivacyPolicy

__all__ = ["Known", "host_of", "known"]

_MOST = 400  # objects
_HOST = "testserver"
# The objects by which apps, middlewares and wrappers hold one another.
_HOLDERS = frozenset(
    {
        "app", "_app", "application", "_application", "wsgi_app", "asgi_app", "wrapped", "_wrapped", "inner", "_inner",
        "middleware_stack", "build_middleware_stack", "router", "user_middleware", "kwargs", "policy", "guard",
        "_middleware_chain", "get_response", "handler", "_handler", "asgi_handler", "extensions", "func", "args",
        "__wrapped__", "_guard", "server", "_ds", "ds",
    }
)  # fmt: skip
# Frameworks by the module of their objects; one that builds on another stands before it.
_FRAMEWORKS = {
    "fastapi": "FastAPI", "django": "Django", "quart": "Quart", "flask": "Flask", "litestar": "Litestar",
    "datasette": "Datasette", "gradio": "Gradio", "falcon": "Falcon", "pyramid": "Pyramid", "bottle": "Bottle",
    "aiohttp": "aiohttp", "tornado": "Tornado", "starlette": "Starlette", "werkzeug": "Werkzeug",
}  # fmt: skip


class Known(NamedTuple):
    """What is known of an app: its framework (empty for none), whether it is protected, and by which policy."""

    framework: str = ""
    protected: bool = False
    policy: PrivacyPolicy | None = None


def known(app: Any, host: str) -> Known:
    """Return what is known of an app, as it treats requests for a host."""
    roots: set[str] = set()
    guard: Guard | HostGuards | None = None
    for each in _held(app):
        if isinstance(each, Guard | HostGuards):
            guard = guard or each
        roots.update(kind.__module__.partition(".")[0] for kind in type(each).__mro__)
    framework = next((name for root, name in _FRAMEWORKS.items() if root in roots), "")
    return Known(framework, guard is not None, _policy_of(guard, host))


def _policy_of(guard: Guard | HostGuards | None, host: str) -> PrivacyPolicy | None:
    if guard is None:
        return None
    return guard.policy_of(host) if isinstance(guard, HostGuards) else guard.policy


def host_of(app: Any) -> str:
    """Return a host that an app answers for: Django refuses those it does not know."""
    django = sys.modules.get("django.conf")
    if django is None or known(app, _HOST).framework != "Django":
        return _HOST
    hosts = list(django.settings.ALLOWED_HOSTS)
    if not hosts:
        return "localhost"  # which it allows with DEBUG
    if _HOST in hosts or "*" in hosts:
        return _HOST
    return str(hosts[0]).lstrip("*").lstrip(".") or _HOST


def _held(app: Any) -> Iterator[Any]:
    """Yield an app and the objects it holds, the nearest first."""
    queue = deque([app])
    seen: set[int] = set()
    while queue and len(seen) < _MOST:
        each = queue.popleft()
        if id(each) in seen or isinstance(each, str | bytes | int | ModuleType | type(None)):
            continue
        seen.add(id(each))
        yield each
        queue.extend(_next(each))


def _next(each: Any) -> Iterator[Any]:
    if isinstance(each, MethodType):
        yield each.__self__
        yield each.__func__
        return
    if isinstance(each, FunctionType):
        yield from (cell.cell_contents for cell in each.__closure__ or () if _is_filled(cell))
    if isinstance(each, dict):
        yield from list(each.values())[:50]
    elif isinstance(each, list | tuple):
        yield from each[:50]
    own = getattr(each, "__dict__", None)
    if isinstance(own, dict):
        yield from (value for name, value in list(own.items()) if name in _HOLDERS)


def _is_filled(cell: Any) -> bool:
    try:
        return cell.cell_contents is not cell
    except ValueError:  # not set yet
        return False
