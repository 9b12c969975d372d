"""Public names of a package that are imported from their modules on first use (PEP 562)."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Mapping
from typing import Any

__all__ = ["lazy"]


def lazy(
    package: str, modules: Mapping[str, str], packages: Collection[str] = ()
) -> Callable[[str], Any]:
    """Return the `__getattr__` of a package; `modules` gives the module of each public name.

    `packages` are names of packages in it, which are public as a whole.
    """

    def attribute(name: str) -> Any:
        if name not in modules and name not in packages:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        from importlib import import_module  # noqa: PLC0415 - only here

        if name in packages:
            return import_module(f"{package}.{name}")
        value = getattr(import_module(modules[name]), name)
        setattr(sys.modules[package], name, value)
        return value

    return attribute
