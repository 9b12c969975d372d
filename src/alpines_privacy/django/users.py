"""The signed-in user of a Django request, for redaction, once the site has loaded the user."""

from __future__ import annotations

import weakref
from typing import Any, cast

from django.core.handlers.base import BaseHandler
from django.http import HttpRequest

from alpines_privacy.http.context import RequestContext
from alpines_privacy.http.privacy import request_context

__all__ = ["note_user", "note_users_of"]

# Where `django.contrib.auth` keeps a request's user once a view has used or awaited it, and where
# `login()` puts it. Before that it is a lazy object without a user.
_PLACES = ("_cached_user", "_acached_user", "user")


def note_user(context: RequestContext, request: HttpRequest) -> None:
    """Let log records find the request's user; the request is held weakly, because it holds `privacy`."""
    reference = weakref.ref(request)
    context.note_user(lambda: _known(reference()))


def _known(request: HttpRequest | None) -> object | None:
    held = {} if request is None else vars(request)
    return next((held[name] for name in _PLACES if held.get(name) is not None), None)


def note_users_of(handler: BaseHandler) -> None:
    """Let log records find the user if the layer is around the site's handler, not in MIDDLEWARE."""
    anything = cast("Any", handler)
    kind: Any = anything.request_class

    class Request(kind):  # type: ignore[misc]  # of the handler's own class
        def __init__(self, *args: Any, **more: Any) -> None:
            super().__init__(*args, **more)
            if (context := request_context()) is not None:
                note_user(context, self)

    Request.__name__, Request.__qualname__ = kind.__name__, kind.__qualname__
    Request.__module__ = kind.__module__
    anything.request_class = Request
