"""Import maps and speculation rules without listed addresses."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TypeAlias

__all__ = ["without_imports", "without_speculation"]

IsListed: TypeAlias = "Callable[[str], bool]"

_KINDS_OF_RULES = ("prefetch", "prerender", "prerender_until_script")


def without_imports(content: bytes, is_listed: IsListed, module: str) -> bytes | None:
    """Return an import map with `module` for each listed address, None if it has none.

    A listed name is not removed: a module that imports a missing name does not run.
    """
    data = _read(content)
    if data is None:
        return None
    scopes = data.get("scopes")
    tables = [data.get("imports"), *(scopes.values() if isinstance(scopes, dict) else ())]
    found = False
    for table in tables:
        if isinstance(table, dict):
            listed = [
                name for name, url in table.items() if isinstance(url, str) and is_listed(url)
            ]
            table.update(dict.fromkeys(listed, module))
            found = found or bool(listed)
    return _written(data) if found else None


def without_speculation(content: bytes, is_listed: IsListed) -> bytes | None:
    """Return speculation rules without listed pages, None if they name none."""
    data = _read(content)
    if data is None:
        return None
    found = False
    for kind in _KINDS_OF_RULES:
        rules = data.get(kind)
        for rule in rules if isinstance(rules, list) else ():
            urls = rule.get("urls") if isinstance(rule, dict) else None
            if isinstance(urls, list):
                kept = [url for url in urls if not (isinstance(url, str) and is_listed(url))]
                found = found or len(kept) < len(urls)
                rule["urls"] = kept
    return _written(data) if found else None


def _read(content: bytes) -> dict[str, Any] | None:
    try:
        data = json.loads(content.decode("utf-8"))
    except (ValueError, RecursionError):
        return None
    return data if isinstance(data, dict) else None


def _written(data: dict[str, Any]) -> bytes:
    """Return JSON that cannot end a script element: `<` is escaped."""
    return json.dumps(data).replace("<", "\\u003c").encode()
