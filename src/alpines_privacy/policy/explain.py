"""Messages for wrong policy values: what was found, where, and what was expected."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import cache
from reprlib import Repr
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta

from alpines_privacy.policy.errors import PolicyError, nearest

__all__ = ["explain", "explain_call", "hints_of"]

_PLACE = re.compile(r"(key` in `)?\$([^`]*)`")
_UNKNOWN = re.compile(r"Object contains unknown field `(.*)`", re.DOTALL)
_MISSING = re.compile(r"(?:Object missing required field|Missing required argument) [`'](.*)[`']")
_TWICE = re.compile(r"Argument '(.*)' given by name and position")
_STEP = re.compile(r"\.?([^.\[\]]+)|\[(\d{1,9}|\.\.\.)\]")

_KINDS: dict[type, str] = {
    int: "whole number", float: "number", str: "text", bytes: "bytes",
    list: "list", tuple: "list", dict: "table", date: "date", datetime: "date with a time",
}  # fmt: skip
_WANTED: dict[Any, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "text",
    date: "a date such as 2026-04-03",
}


@cache
def hints_of(part: msgspec.StructMeta) -> dict[str, Any]:
    """Return the types of a part's fields; sequences are tuples, which are immutable."""
    hints = get_type_hints(part, include_extras=True)
    return {name: _frozen(hints[name]) for name in part.__struct_fields__}


def explain(error: msgspec.ValidationError, found: Any, expected: Any) -> PolicyError:
    """Turn msgspec's message into ours: which key, what was found, what was expected.

    `found` is the value that did not fit the type `expected`; both are walked along the
    error's path. Values are shown, because a policy holds no secrets and no personal data.
    """
    problem, is_key, path = _parted(str(error))
    key = path.lstrip(".")
    for name, index in _STEP.findall(key):
        found = _descend(found, name or index)
        expected = _descend_type(_table_of(expected), name)
    if isinstance(error.__cause__, PolicyError):
        return error.__cause__.at(key=key)
    if is_key:
        return PolicyError("holds a key that is no text", key=key)
    if unknown := _UNKNOWN.fullmatch(problem):
        fields = getattr(_table_of(expected), "__struct_fields__", ())
        problem = f"unknown key{nearest(unknown[1], fields)}; expected one of {', '.join(fields)}"
        return PolicyError(problem, key=unknown[1]).at(key=key)
    if missing := _MISSING.fullmatch(problem):
        return PolicyError("is missing", key=missing[1]).at(key=key)
    close = nearest(found, _choices(expected)) if isinstance(found, str) else ""
    return PolicyError(f"found {_shown(found)}{close}; expected {_wanted(expected)}", key=key)


def _parted(message: str) -> tuple[str, bool, str]:
    """Split msgspec's message into the problem, whether a key is meant, and the path after `$`."""
    problem, _, place = message.rpartition(" - at `")
    if match := _PLACE.fullmatch(place):
        return problem, bool(match[1]), match[2]
    return message, False, ""


def explain_call(error: TypeError, part: type, fields: Sequence[str]) -> PolicyError:
    """Turn the message of a part made with the wrong arguments into ours."""
    if missing := _MISSING.fullmatch(str(error)):
        return PolicyError(f"is missing; {part.__name__} takes {', '.join(fields)}", key=missing[1])
    if twice := _TWICE.fullmatch(str(error)):
        return PolicyError("is given twice, by its place and by its name", key=twice[1])
    return PolicyError(f"{part.__name__} takes {', '.join(fields)}; give them by name")


def _frozen(hint: Any) -> Any:
    if get_origin(hint) is not Sequence:
        return hint
    member: Any = get_args(hint)[0]
    return tuple.__class_getitem__((member, ...))


def _descend(value: Any, step: str) -> Any:
    if isinstance(value, Mapping):
        return value.get(step)
    if isinstance(value, Sequence) and not isinstance(value, str) and step.isdecimal():
        return value[int(step)] if int(step) < len(value) else None
    return getattr(value, step, None)


def _descend_type(hint: Any, name: str) -> Any:
    if name:
        return hints_of(hint).get(name) if isinstance(hint, msgspec.StructMeta) else None
    return get_args(hint)[0] if get_args(hint) else None


def _table_of(hint: Any) -> Any:
    """Return the table type of a hint that allows a word too (`logs = "off"` or `[logs]`)."""
    if get_origin(hint) not in {Union, UnionType}:
        return hint
    return next((part for part in get_args(hint) if isinstance(part, msgspec.StructMeta)), hint)


def _choices(hint: Any) -> list[str]:
    """Return the literals of a hint, including those in a union."""
    if get_origin(hint) is Literal:
        return [str(choice) for choice in get_args(hint)]
    return [choice for part in get_args(hint) for choice in _choices(part)]


_SHORT = Repr()  # never recurses further than it shows
_SHORT.maxlevel = 3


def _shown(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return {None: "nothing", True: "true", False: "false"}[value]
    try:
        text = repr(value)
    except RecursionError:
        text = _SHORT.repr(value)
    kind = _KINDS.get(type(value), type(value).__name__)
    return f"{text if len(text) <= 60 else text[:57] + '...'} ({kind})"  # a terminal's line


def _wanted(hint: Any) -> str:
    """Describe the values of a type: `a whole number of at least 0 or "session"`."""
    if isinstance(hint, msgspec.StructMeta):
        return f"a {hint.__name__}: a table of {', '.join(hint.__struct_fields__)}"
    arguments = get_args(hint)
    if get_origin(hint) is Literal:
        return ("one of " if len(arguments) > 1 else "") + ", ".join(f'"{a}"' for a in arguments)
    if get_origin(hint) is tuple:
        return f"a list of {_wanted_members(arguments[0])}"
    if get_origin(hint) is Annotated:
        return _wanted(arguments[0]) + "".join(_limits(m) for m in arguments[1:])
    if arguments:
        return " or ".join(_wanted(a) for a in arguments if a is not type(None))
    return _WANTED.get(hint, str(hint))


def _wanted_members(hint: Any) -> str:
    if isinstance(hint, msgspec.StructMeta):
        return f"{hint.__name__} tables"
    return "texts" if hint is str else f"members, each {_wanted(hint)}"


def _limits(meta: Meta) -> str:
    if meta.ge is not None:
        return f" of at least {meta.ge}" if meta.le is None else f" from {meta.ge} to {meta.le}"
    if meta.gt is not None:
        return f" above {meta.gt}" + (f", at most {meta.le}" if meta.le is not None else "")
    if meta.max_length is not None:
        return f" of {meta.min_length or 0} to {meta.max_length} characters"
    return f" of at least {meta.min_length} character" if meta.min_length is not None else ""
