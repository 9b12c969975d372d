"""The example policies that the README and the docs show, as they stand there."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from alpines_privacy import (
    Cookie,
    Disclosure,
    Intrusion,
    LoginRoute,
    PrivacyPolicy,
    Signup,
    ThirdParty,
)

__all__ = ["DOCUMENTED", "policies_in"]

_ROOT = Path(__file__).parents[2]
_BLOCK = re.compile(r"^```(toml|python)\n(.*?)^```", re.DOTALL | re.MULTILINE)
_NAMES: Mapping[str, Any] = {
    kind.__name__: kind
    for kind in (Cookie, Disclosure, Intrusion, LoginRoute, PrivacyPolicy, Signup, ThirdParty)
}


def policies_in(text: str) -> Iterator[PrivacyPolicy]:
    """Return each policy that a text shows: as TOML, as `PrivacyPolicy(...)`, as Django's setting."""
    for language, block in _BLOCK.findall(text):
        if language == "toml":
            yield PrivacyPolicy.from_mapping(tomllib.loads(block))
        else:
            yield from _in_python(ast.parse(block))


def _in_python(module: ast.Module) -> Iterator[PrivacyPolicy]:
    for node in ast.walk(module):
        match node:
            case ast.Call(func=ast.Name("PrivacyPolicy")):
                yield eval(ast.unparse(node), dict(_NAMES))  # noqa: S307 - the docs' own example
            case ast.Assign(targets=[ast.Name("ALPINES_PRIVACY")], value=ast.Dict() as shown):
                yield PrivacyPolicy.from_mapping(ast.literal_eval(shown))


def _documented() -> Mapping[str, PrivacyPolicy]:
    """Return every policy once, under the first page that shows it and its number there."""
    shown: dict[str, PrivacyPolicy] = {}
    for page in (_ROOT / "README.md", *sorted((_ROOT / "docs").glob("*.md"))):
        for number, policy in enumerate(policies_in(page.read_text("utf-8")), 1):
            if policy not in shown.values():
                shown[f"{page.stem.lower()}-{number}"] = policy
    return shown


DOCUMENTED = _documented()
