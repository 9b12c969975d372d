"""Formatters of the standard library's logging that write only what a record holds."""

from __future__ import annotations

import logging
from functools import lru_cache
from typing import Any

__all__ = ["adds_nothing"]

# Methods that make a formatter's text. An app's own may write anything: the request's URL, a context variable.
_METHODS = ("format", "formatMessage", "formatTime", "formatStack", "formatException")
_STYLES = (logging.PercentStyle, logging.StrFormatStyle, logging.StringTemplateStyle)
# Modules whose formatters write the record's content and colours only.
_WRITE_RECORDS = frozenset({"logging", "uvicorn.logging", "django.utils.log"})


def adds_nothing(formatter: logging.Formatter) -> bool:
    """Tell whether a formatter writes only what a record holds: it has a known class and is unchanged."""
    own = getattr(formatter, "__dict__", None)
    if own is None:  # the app's own
        return False
    if own.get(_ADDS_NOTHING) == len(own):  # no attribute was added since the last check
        return True
    found = _writes_records(formatter, own)
    if found:
        own[_ADDS_NOTHING] = len(own) + 1
    return found


def _writes_records(formatter: logging.Formatter, own: dict[str, Any]) -> bool:
    style = own.get("_style")
    if type(style) not in _STYLES or getattr(style, "_defaults", None) or not own.keys() <= _OWN:
        return False
    return _adds_nothing(type(formatter))  # type: ignore[arg-type]  # a type can be hashed


_ADDS_NOTHING = "_alpines_privacy_adds_nothing"  # how many attributes a formatter had when it was found to add nothing
# Attributes that formatters of these classes have; a method among the attributes is the app's.
_OWN = frozenset(
    {
        _ADDS_NOTHING,
        "_style",
        "_fmt",
        "datefmt",
        "use_colors",
        "style",
        "server_time_format",
        "converter",
    }
)


@lru_cache(256)  # classes; an app has few
def _adds_nothing(kind: type[logging.Formatter]) -> bool:
    return all(_home(kind, name) in _WRITE_RECORDS for name in _METHODS)


def _home(kind: type, name: str) -> str:
    """Return the module of the class that defines a method."""
    return next((base.__module__ for base in kind.__mro__ if name in vars(base)), "")
