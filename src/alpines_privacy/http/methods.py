"""The method of a request, as an app may understand it."""

from __future__ import annotations

from collections.abc import Iterator

from alpines_privacy.http.heads import RequestHead

__all__ = ["has_method", "methods_of"]

# Header fields by which some apps override the method.
_OVERRIDES = ("x-http-method-override", "x-http-method", "x-method-override")


def has_method(head: RequestHead, methods: frozenset[str]) -> bool:
    """Tell whether a request may have one of these methods for an app; some frameworks ignore case."""
    return head.method in methods or any(method in methods for method in methods_of(head))


def methods_of(head: RequestHead) -> Iterator[str]:
    """Yield the methods that an app may take a request to have, in capitals."""
    yield head.method.upper()
    for name in _OVERRIDES:
        for value in head.values(name):
            yield value.strip(" \t").upper()
