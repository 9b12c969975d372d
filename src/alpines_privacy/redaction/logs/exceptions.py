"""Exceptions cleaned for logs: rendered as clean text, or replaced by a surrogate that renders clean.

Some handlers render exceptions without `logging.Formatter`, and show each frame's variables. They get
a surrogate: an exception of the same class to `isinstance`, with clean text, notes, causes and groups,
and a traceback through the same lines without variables.
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
_LONGEST = (
    1024  # characters of an attribute's text; the text of the exception itself is kept in full
)
_MOST = 200  # exceptions of one chain, and frames of each exception


def _empty() -> Generator[None, None, None]:
    yield


_EMPTY = _empty.__code__


def rendered(error: BaseException, tb: TracebackType | None) -> str:
    """Return a traceback as `logging.Formatter` writes it."""
    lines = traceback.format_exception(type(error), error, tb)
    return "".join(lines).removesuffix("\n")


def surrogate(error: BaseException, tb: TracebackType | None, clean: _Clean) -> ExcInfo:
    """Return the `exc_info` of a surrogate: it shows what the exception shows, cleaned, and holds no variables."""
    stand = _exception(error, clean, {})
    stand.__traceback__ = _traceback(tb)
    kind = type(error) if _passes(type(error)) else type(stand)  # a filter may read the class
    return kind, stand, stand.__traceback__


def identity(error: BaseException) -> tuple[tuple[int, str, int], bool]:
    """Return an exception's identity while it lasts, and whether the given one is its surrogate."""
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
    """Make an exception class of the same name, from a built-in base: the app's own class may need its state."""
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
        # A filter may test `isinstance` and then read attributes of that class.
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
    """Return a surrogate's `__getattr__`: it gives the original's numbers and clean texts, and withholds the rest."""
    held = dict(vars(error))
    for base in type(error).__mro__:
        for name, member in vars(base).items():  # attributes held by C code: `errno`, `strerror`
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
    """Return a number or text of a subclass (`HTTPStatus`) as a plain number or text."""
    for kind in (bool, int, float, str):
        if type(value) is not kind and isinstance(value, kind):
            return kind(value) if kind is not str else str.__str__(value)
    return value


def _member(value: Any, clean: _Clean) -> Any:
    plain = _plain(value)
    if type(plain) is str:
        return clean(plain)  # it knows the text of the whole exception
    return _named("", plain, clean) if type(plain) in _SIMPLE else WITHHELD


def _named(name: str, value: Any, clean: _Clean) -> Any:
    """Return a text or number cleaned by its content and by its name."""
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
    """Replaces a value that a surrogate does not hold; every attribute and operation gives nothing."""

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
    """Whether a surrogate may claim this class: not a class whose attributes tracebacks show."""
    return not issubclass(kind, SyntaxError)


def _traceback(tb: TracebackType | None) -> TracebackType | None:
    """Return a traceback through the same files, functions and lines, with empty frames."""
    passed = []
    while tb is not None:
        passed.append((tb.tb_frame.f_code, tb.tb_lineno, tb.tb_frame.f_globals.get("__name__")))
        tb = tb.tb_next
    stand = None
    for code, line, module in reversed(passed[-_MOST:]):
        stand = TracebackType(stand, _frame(code, line, module), 0, line)
    return stand


def _frame(code: CodeType, line: int, module: Any) -> FrameType:
    """Return a frame with a location and nothing else: of a generator that never started, so it has no caller."""
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
