"""One error for everything that can be wrong with a policy, carrying its evidence."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = ["PolicyError", "nearest"]

# Characters: the wrong value may be a file's whole content.
_LONGEST_NAME, _LONGEST_KEY, _LONGEST_PROBLEM = 100, 500, 2000


class PolicyError(ValueError):
    """A policy that cannot be used, raised at start-up and never in a request.

    `source` names the file or setting (or is empty for keyword arguments), `key` is the path
    of the offending key (`cookies[0].purpose`), `line` its line where the source is a file.
    """

    def __init__(
        self, problem: str, *, source: str = "", key: str = "", line: int | None = None
    ) -> None:
        self.problem = (
            problem if len(problem) <= _LONGEST_PROBLEM else problem[:_LONGEST_PROBLEM] + "..."
        )
        self.source = source
        self.key = key if len(key) <= _LONGEST_KEY else key[:_LONGEST_KEY] + "..."
        self.line = line
        where = f"{source}:{line}" if source and line else source
        super().__init__(": ".join(part for part in (where, self.key, self.problem) if part))

    def at(self, *, source: str = "", key: str = "", line: int | None = None) -> PolicyError:
        """Return this error with its missing place filled in."""
        return PolicyError(
            self.problem,
            source=self.source or source,
            key=key + self.key if self.key.startswith("[") or not key else _join(key, self.key),
            line=self.line or line,
        )


def nearest(name: str, valid: Iterable[str]) -> str:
    """Return ` (did you mean "x"?)` for the valid name closest to `name`, or nothing."""
    if len(name) > _LONGEST_NAME:
        return ""
    close = difflib.get_close_matches(name, list(valid), n=1, cutoff=0.5)
    return f' (did you mean "{close[0]}"?)' if close else ""


def _join(key: str, rest: str) -> str:
    return f"{key}.{rest}" if rest else key
