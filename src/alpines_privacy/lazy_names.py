"""Public names of a package that are imported from their modules on first use (PEP 562)."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Mapping
from typing import Any

__all__ = ["lazy"]


def lazy(
    package: str,
    modules: Mapping[str, str],
    packages: Collection[str] = (),
    *,
    extra: str | None = None,
) -> Callable[[str], Any]:
    """Return the `__getattr__` of a package; `modules` gives the module of each public name.

    `packages` are names of packages in it, which are public as a whole. `extra` brings what the modules
    import from elsewhere: the ModuleNotFoundError of a name that lacks some says how to install it.
    """

    def attribute(name: str) -> Any:
        if name not in modules and name not in packages:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        from importlib import import_module  # noqa: PLC0415 - only here

        if name in packages:
            return import_module(f"{package}.{name}")
        try:
            value = getattr(import_module(modules[name]), name)
        except ModuleNotFoundError as error:
            if extra is None:
                raise
            raise ModuleNotFoundError(
                f"{package}.{name} needs {error.name}: pip install 'alpines-privacy[{extra}]'",
                name=error.name,
            ) from None
        setattr(sys.modules[package], name, value)
        return value

    return attribute
