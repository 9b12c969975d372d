"""Policy files: TOML in, a `PrivacyPolicy` or one error with its line out."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from alpines_privacy.policy.bounds import LONGEST_POLICY, check_names, read_bounded
from alpines_privacy.policy.errors import PolicyError

if TYPE_CHECKING:
    from alpines_privacy.policy.parts import PrivacyPolicy

__all__ = ["line_of", "load", "read_toml"]

PolicyT = TypeVar("PolicyT", bound="PrivacyPolicy")

_HEADER = re.compile(r"\s*\[(\[?)\s*([A-Za-z0-9_.-]+)\s*\]")
_KEY = re.compile(r"""\s*["']?([A-Za-z0-9_-]+)["']?\s*[.=]""")
_TOML_PLACE = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")


def load(policy: type[PolicyT], path: str | PathLike[str]) -> PolicyT:
    """Read a file into a policy of the class `policy`; raises `PolicyError`."""
    source = fspath(path)
    mapping, text = read_toml(source)
    for table, key in _files_in(mapping):
        if isinstance(table, dict) and isinstance(table.get(key), str):
            table[key] = str(Path(source).parent / table[key])  # relative to the file that names it
    try:
        return policy.from_mapping(mapping, source=source)
    except PolicyError as error:
        raise error.at(line=line_of(text, error.key)) from None


def read_toml(source: str) -> tuple[dict[str, Any], str]:
    """Read a file of bounded size; return its data and its text. Raises `PolicyError` with the line."""
    try:
        data = read_bounded(source, LONGEST_POLICY, source=source)
        text = data.decode("utf-8-sig")  # some editors write a byte order mark
    except OSError as error:
        raise PolicyError(f"cannot be read: {error.strerror}", source=source) from None
    except UnicodeDecodeError as error:
        raise PolicyError(
            f"is not UTF-8 (byte {error.start}); TOML files are", source=source
        ) from None
    check_names(text, source)
    try:
        return tomllib.loads(text), text
    except RecursionError:
        problem = "is nested too deep to be read; expected lists and tables at most four deep"
        raise PolicyError(problem, source=source) from None
    except tomllib.TOMLDecodeError as error:
        place = _TOML_PLACE.search(str(error))
        problem = f"is not valid TOML: {_TOML_PLACE.sub('', str(error))}"
        line = int(place[1]) if place and place[1] else len(text.splitlines())
        raise PolicyError(problem, source=source, line=line) from None
    except ValueError as error:  # a number of more digits than Python reads
        raise PolicyError(f"holds a value that cannot be read: {error}", source=source) from None


def _files_in(mapping: dict[str, Any]) -> Iterable[tuple[Any, str]]:
    """Yield each table that may name a file, and the key that names it."""
    yield mapping, "dnt_policy"
    yield mapping.get("age_screen"), "template"
    yield mapping.get("operator"), "template"
    yield mapping.get("operator"), "catalogues"
    breach = mapping.get("breach")
    yield breach, "announcement"
    yield breach, "templates"
    yield breach.get("dkim") if isinstance(breach, dict) else None, "key_file"
    evidence = mapping.get("evidence")
    for each in evidence if isinstance(evidence, list) else ():
        yield each, "file"


def line_of(text: str, key: str) -> int | None:
    """Return the line (from 1) where `cookies[1].purpose` stands in a TOML text.

    tomllib gives no positions. For a missing key the line is that of its table, for a key in an
    inline table the line where that begins; None if nothing of the path is found.
    """
    steps = re.findall(r"[^.\[\]]+", key)
    table, found = "", None
    seen: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _HEADER.match(line):
            table = header[2]
            if header[1]:
                table = f"{table}.{seen.setdefault(table, 0)}"
                seen[header[2]] += 1
            if steps == table.split(".")[: len(steps)]:
                return number
            if table.split(".") == steps[:-1]:
                found = number
        elif assignment := _KEY.match(line):
            place = [*table.split("."), assignment[1]] if table else [assignment[1]]
            if place == steps:
                return number
            if place == steps[: len(place)]:
                found = number
    return found
