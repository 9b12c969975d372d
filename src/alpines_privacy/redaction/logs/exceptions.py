"""Exceptions as a log may show them: rendered clean, or replaced by a surrogate that renders clean.

Some handlers do not ask `logging.Formatter` for the text of an exception but walk it themselves,
and show each frame's variables. They get a surrogate: an exception that passes for one of its class
(`isinstance`), with clean text, notes, causes and groups, and a traceback through the same lines
with no variables in it.
"""

from __future__ import annotations

import json
import traceback
from collections.abc import Callable, Generator, Iterator
from types import (
    CodeType,
    FrameType,
    FunctionType,
    GeneratorType,
    GetSetDescriptorType,
    MemberDescriptorType,
    TracebackType,
)
from typing import Any, TypeAlias

__all__ = ["ExcInfo", "identity", "rendered", "surrogate"]

ExcInfo: TypeAlias = "tuple[type[BaseException], BaseException, TracebackType | None]"
_Clean: TypeAlias = Callable[[str], str]

_STANDS_FOR = "__stands_for__"
_SIMPLE = frozenset({str, int, float, bool, type(None)})
_LONGEST = 1024  # characters of an attribute's text; what is shown of an exception is in its own
_MOST = 200  # exceptions of one chain, and frames of each


def _empty() -> Generator[None, None, None]:
    yield


_EMPTY = _empty.__code__


def rendered(error: BaseException, tb: TracebackType | None) -> str:
    """Return a traceback as `logging.Formatter` writes it."""
    lines = traceback.format_exception(type(error), error, tb)
    return "".join(lines).removesuffix("\n")


def surrogate(error: BaseException, tb: TracebackType | None, clean: _Clean) -> ExcInfo:
    """Return the `exc_info` of an exception that shows what this one does, cleaned, and holds no variable."""
    stand = _exception(error, clean, {})
    stand.__traceback__ = _traceback(tb)
    kind = type(error) if _passes(type(error)) else type(stand)  # a filter may ask for the class
    return kind, stand, stand.__traceback__


def identity(error: BaseException) -> tuple[tuple[int, str, int], bool]:
    """Return what tells an exception from others while it lasts, and whether this is its surrogate."""
    known: tuple[int, str, int] | None = vars(error).get(_STANDS_FOR)
    if known is not None:
        return known, True
    tb = error.__traceback__
    return (id(error), type(error).__qualname__, 0 if tb is None else tb.tb_lineno), False


def _exception(
    error: BaseException, clean: _Clean, known: dict[int, BaseException]
) -> BaseException:
    if id(error) in known:
        return known[id(error)]
    members: list[BaseException] = []
    if isinstance(error, BaseExceptionGroup) and len(known) < _MOST:
        members = [_exception(member, clean, known) for member in error.exceptions]
    stand = _named_alike(error, clean, members)
    known[id(error)] = stand
    vars(stand)[_STANDS_FOR] = identity(error)[0]
    stand.__traceback__ = _traceback(error.__traceback__)
    for note in getattr(error, "__notes__", None) or ():
        stand.add_note(clean(str(note)))
    if len(known) < _MOST:
        if error.__cause__ is not None:
            stand.__cause__ = _exception(error.__cause__, clean, known)
        if error.__context__ is not None:
            stand.__context__ = _exception(error.__context__, clean, known)
    stand.__suppress_context__ = error.__suppress_context__
    return stand


def _named_alike(
    error: BaseException, clean: _Clean, members: list[BaseException]
) -> BaseException:
    """Make an exception of the same name: of a built-in base, since the app's own may need what it holds."""
    try:
        text = clean(str(error))
    except Exception:
        text = "<exception str() failed>"
    kind = type(error)
    names: dict[str, Any] = {
        "__module__": kind.__module__,
        "__qualname__": kind.__qualname__,
        "__str__": lambda _: text,
    }
    if _passes(kind):
        # A filter may ask `isinstance`, and then for what such an exception has.
        names["__class__"] = property(lambda _: kind)
        names["__getattr__"] = _attributes(error, clean)
    if members:
        message = clean(error.message) if isinstance(error, BaseExceptionGroup) else text
        del names["__str__"]
        group: BaseException = type(kind.__name__, (BaseExceptionGroup,), names)(message, members)
        return group
    base = Exception if isinstance(error, Exception) else BaseException
    stand: BaseException = type(kind.__name__, (base,), names)(text)
    if _passes(kind):
        stand.args = tuple(_member(value, clean) for value in error.args)
    return stand


def _attributes(error: BaseException, clean: _Clean) -> Callable[[Any, str], Any]:
    """Return a surrogate's `__getattr__`: numbers and clean texts of the original, and nothing of all else it has."""
    held = dict(vars(error))
    for base in type(error).__mro__:
        for name, member in vars(base).items():  # what C code keeps: `errno`, `strerror`
            if isinstance(member, GetSetDescriptorType | MemberDescriptorType) and name[:2] != "__":
                held.setdefault(name, getattr(error, name, None))
    simple = {
        name: _named(name, plain, clean)
        for name, value in held.items()
        if type(plain := _plain(value)) in _SIMPLE
    }
    known = frozenset(dir(type(error))) | held.keys()

    def attribute(_: Any, name: str) -> Any:
        if name[:2] == "__" or name not in known:
            raise AttributeError(name)
        return simple.get(name, WITHHELD)

    return attribute


def _plain(value: Any) -> Any:
    """Return a number or text of a class of its own (`HTTPStatus`) as what it is."""
    for kind in (bool, int, float, str):
        if type(value) is not kind and isinstance(value, kind):
            return kind(value) if kind is not str else str.__str__(value)
    return value


def _member(value: Any, clean: _Clean) -> Any:
    plain = _plain(value)
    if type(plain) is str:
        return clean(plain)  # which knows what the whole exception shows
    return _named("", plain, clean) if type(plain) in _SIMPLE else WITHHELD


def _named(name: str, value: Any, clean: _Clean) -> Any:
    """Return a text or number clean of what it shows and of what its name says of it."""
    if type(value) is str and len(value) > _LONGEST:
        return str(WITHHELD)
    written = json.dumps({name: value})
    cleaned = clean(written)
    if cleaned == written:
        return value
    try:
        return json.loads(cleaned)[name]
    except (KeyError, TypeError, ValueError):
        return str(WITHHELD)


class _Withheld:
    """Stands for what a surrogate does not hold: whatever is asked of it, the answer is nothing."""

    def __getattr__(self, name: str) -> _Withheld:
        if name[:2] == "__":
            raise AttributeError(name)
        return self

    def __call__(self, *_: object, **__: object) -> _Withheld:
        return self

    def __getitem__(self, key: object) -> _Withheld:
        return self

    def __iter__(self) -> Iterator[Any]:
        return iter(())

    def __len__(self) -> int:
        return 0

    def __str__(self) -> str:
        return "[withheld]"

    def __format__(self, spec: str) -> str:
        return str(self)

    def _no(self, _: object) -> bool:
        return False

    def _itself(self, *_: object) -> _Withheld:
        return self

    __repr__ = __str__
    __lt__ = __le__ = __gt__ = __ge__ = __contains__ = _no
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __mod__ = __rmod__ = _itself
    __truediv__ = __rtruediv__ = __floordiv__ = __rfloordiv__ = __and__ = __or__ = __neg__ = _itself


WITHHELD = _Withheld()


def _passes(kind: type[BaseException]) -> bool:
    """Whether a surrogate may pass for this class: not for one of whose attributes tracebacks are made."""
    return not issubclass(kind, SyntaxError)


def _traceback(tb: TracebackType | None) -> TracebackType | None:
    """Return a traceback through the same files, functions and lines, in frames that hold nothing."""
    passed = []
    while tb is not None:
        passed.append((tb.tb_frame.f_code, tb.tb_lineno, tb.tb_frame.f_globals.get("__name__")))
        tb = tb.tb_next
    stand = None
    for code, line, module in reversed(passed[-_MOST:]):
        stand = TracebackType(stand, _frame(code, line, module), 0, line)
    return stand


def _frame(code: CodeType, line: int, module: Any) -> FrameType:
    """Return a frame that says where it is and no more: one of a generator never begun, so nothing is behind it."""
    place = _EMPTY.replace(
        co_filename=code.co_filename,
        co_name=code.co_name,
        co_qualname=code.co_qualname,
        co_firstlineno=line,
        co_linetable=_without_columns(len(_EMPTY.co_code)),
    )
    generator: GeneratorType[None, None, None] = FunctionType(place, {"__name__": module})()
    frame = generator.gi_frame
    assert frame is not None  # it has not run
    return frame


def _without_columns(size: int) -> bytes:
    """Return a location table of `size` bytes of code on one line (CPython's Objects/locations.md, kind 13)."""
    units = size // 2
    entries = [min(8, units - at) for at in range(0, units, 8)]
    return b"".join(bytes([0x80 | 13 << 3 | (length - 1), 0]) for length in entries)
