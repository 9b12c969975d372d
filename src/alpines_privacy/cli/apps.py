"""Import strings of apps: the app that one names, or an error that says what was tried."""

from __future__ import annotations

import ast
import inspect
import sys
import traceback
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from types import ModuleType, TracebackType
from typing import Any, NamedTuple, NoReturn

import click

from alpines_privacy.cli.errors import Refusal
from alpines_privacy.policy import PolicyError
from alpines_privacy.policy.errors import nearest

__all__ = ["find_app"]

# Names to try in a module if the import string has none.
_INSTANCES = ("app", "application")
_FACTORIES = ("create_app", "make_app")


class _Target(NamedTuple):
    """The parts of an import string: `shop.web:create_app("test")`."""

    module: str
    name: str  # dotted; empty for "look for it"
    arguments: tuple[list[Any], dict[str, Any]] | None  # of a call, where one is written


def find_app(text: str, *, factory: bool = False) -> Any:
    """Import the app that `text` names: `module:app`, `module`, `module:create_app()`, `file.py`.

    Modules in the current directory are importable. A module alone is asked for `app`,
    `application`, and then for the factories `create_app` and `make_app`, which are called; with
    `factory`, what is named is called.

    Raises `Refusal`, which says what was tried. An exception inside the app's own code is printed
    first, with its own traceback.
    """
    _make_importable(Path.cwd())
    target = _parse(text)
    module = _import(target.module)
    if not target.name:
        return _look_for_app(module, factory=factory)
    found = _attribute(module, target.name)
    if target.arguments is not None:
        args, kwargs = target.arguments
        return _call(found, f"{target.module}:{target.name}", *args, **kwargs)
    return _call(found, text) if factory else found


def _parse(text: str) -> _Target:
    place, _, expression = text.partition(":")
    module = _module_of_file(place) if place.endswith(".py") or "/" in place else place
    if not all(part.isidentifier() for part in module.split(".")):
        raise Refusal(f'"{text}" is no import string; expected module:app, such as shop.web:app')
    if not expression and text.endswith(":"):
        raise Refusal(f'"{text}" names no app after the colon; expected module:app')
    if not expression:
        return _Target(module, "", None)
    return _Target(module, *_parse_expression(expression, text))


def _parse_expression(
    expression: str, text: str
) -> tuple[str, tuple[list[Any], dict[str, Any]] | None]:
    """Read a dotted name, or a call of one with literal arguments."""
    try:
        node = ast.parse(expression.strip(), mode="eval").body
        if not isinstance(node, ast.Call):
            return _dotted(node), None
        args = [ast.literal_eval(argument) for argument in node.args]
        kwargs = {keyword.arg or "": ast.literal_eval(keyword.value) for keyword in node.keywords}
        return _dotted(node.func), (args, kwargs)
    except (SyntaxError, ValueError):
        raise Refusal(
            f'"{expression}" in "{text}" is no name; expected one such as app, site.app, '
            'or a call such as create_app("production")'
        ) from None


def _dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value)}.{node.attr}"
    raise ValueError(ast.dump(node))


def _module_of_file(place: str) -> str:
    """Return the module name of a file, and make its outermost package importable."""
    path = Path(place).resolve()
    if path.suffix != ".py" or not path.is_file():
        raise Refusal(f'there is no Python file "{place}" in {Path.cwd()}')
    names = [] if path.name == "__init__.py" else [path.stem]
    folder = path.parent
    while (folder / "__init__.py").is_file():
        names.insert(0, folder.name)
        folder = folder.parent
    _make_importable(folder)
    return ".".join(names)


def _make_importable(folder: Path) -> None:
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))


def _import(name: str) -> ModuleType:
    try:
        return import_module(name)
    except PolicyError as error:
        _refuse_policy(error)
    except ModuleNotFoundError as error:
        if error.name is not None and f"{name}.".startswith(f"{error.name}."):
            _refuse_missing(name, error.name)
        _refuse_raised(f"importing {name}", error)
    except Exception as error:  # whatever the app's own code raises
        _refuse_raised(f"importing {name}", error)


def _look_for_app(module: ModuleType, *, factory: bool) -> Any:
    for name in () if factory else _INSTANCES:
        if hasattr(module, name):
            return getattr(module, name)
    for name in _FACTORIES:
        if hasattr(module, name):
            return _call(getattr(module, name), f"{module.__name__}:{name}")
    tried = _FACTORIES if factory else (*_INSTANCES, *_FACTORIES)
    names = ", ".join(tried[:-1]) + f" or {tried[-1]}"
    raise Refusal(
        f"the module {module.__name__} ({_place(module)}) has no {names}; "
        f"name what it has: {module.__name__}:NAME"
    )


def _attribute(module: ModuleType, dotted: str) -> Any:
    found: Any = module
    above = f"the module {module.__name__} ({_place(module)})"
    for name in dotted.split("."):
        try:
            found = getattr(found, name)
        except AttributeError:
            raise Refusal(f'{above} has no "{name}"{nearest(name, _public(found))}') from None
        above = f"{module.__name__}:{name}"
    return found


def _call(factory: Any, name: str, *args: Any, **kwargs: Any) -> Any:
    if not callable(factory):
        raise Refusal(f"{name} is of type {type(factory).__name__}, not a factory")
    try:
        inspect.signature(factory).bind(*args, **kwargs)
    except TypeError as error:
        raise Refusal(
            f"{name} cannot be called so: {error}. Arguments are written with it: '{name}(...)'"
        ) from None
    except ValueError:  # a callable that does not tell its signature
        pass
    try:
        return factory(*args, **kwargs)
    except PolicyError as error:
        _refuse_policy(error)
    except Exception as error:  # whatever the app's own code raises
        _refuse_raised(f"calling {name}", error)


def _refuse_missing(name: str, missing: str) -> NoReturn:
    package, _, last = missing.rpartition(".")
    places = (
        list(getattr(sys.modules.get(package), "__path__", ())) if package else [str(Path.cwd())]
    )
    hint = nearest(last, (module.name for module in iter_modules(places)))
    where = f"in {package}" if package else f"in {Path.cwd()} or among what is installed"
    if package and not places:
        where += ", which is no package"
    tried = "" if name == missing else f" (importing {name})"
    raise Refusal(f'there is no module "{missing}" {where}{tried}{hint}')


def _refuse_raised(doing: str, error: Exception) -> NoReturn:
    """Show the app's own traceback, without our frames and those of the import system."""
    theirs = _own_part(error.__traceback__)
    click.echo("".join(traceback.format_exception(type(error), error, theirs)).rstrip(), err=True)
    raise Refusal(f"{doing} raised {type(error).__name__}, as shown above") from None


def _refuse_policy(error: PolicyError) -> NoReturn:
    """Pass a policy's error on with the place in the app's code that made the policy."""
    frames = traceback.extract_tb(_own_part(error.__traceback__))
    ours = str(Path(__file__).parents[1])
    theirs = [frame for frame in frames if not frame.filename.startswith(ours)]
    where = f" (from {theirs[-1].filename}, line {theirs[-1].lineno})" if theirs else ""
    raise Refusal(f"{error}{where}") from None


def _own_part(chain: TracebackType | None) -> TracebackType | None:
    """Return a traceback from the first frame on that is neither ours nor the import system's."""
    while chain is not None and _is_machinery(chain.tb_frame.f_code.co_filename):
        chain = chain.tb_next
    return chain


def _is_machinery(filename: str) -> bool:
    return filename in _MACHINERY or filename.startswith("<frozen importlib")


_MACHINERY: Iterable[str] = frozenset({__file__, import_module.__code__.co_filename})


def _public(found: Any) -> list[str]:
    return [name for name in dir(found) if not name.startswith("__")]


def _place(module: ModuleType) -> str:
    return getattr(module, "__file__", None) or "a folder without __init__.py"
