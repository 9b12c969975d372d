"""Formatters of the standard library's logging: which of them write no more than a record holds."""

from __future__ import annotations

import logging
from functools import lru_cache

__all__ = ["adds_nothing"]

# What makes a formatter's text. An app's own may write anything there: the request's URL, a context variable.
_METHODS = ("format", "formatMessage", "formatTime", "formatStack")
# Those of these modules write what is in the record, and colours.
_WRITE_RECORDS = frozenset({"logging", "uvicorn.logging", "django.utils.log"})


def adds_nothing(formatter: logging.Formatter) -> bool:
    """Tell whether a formatter writes only what a record holds."""
    return _adds_nothing(type(formatter))  # type: ignore[arg-type]  # a type can be hashed


@lru_cache(256)  # classes, of which an app has few
def _adds_nothing(kind: type[logging.Formatter]) -> bool:
    return all(_home(kind, name) in _WRITE_RECORDS for name in _METHODS)


def _home(kind: type, name: str) -> str:
    """Return the module of the class that defines a method."""
    return next((base.__module__ for base in kind.__mro__ if name in vars(base)), "")
