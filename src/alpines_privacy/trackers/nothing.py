"""The module that replaces a listed one: everything imported from it does nothing.

`<endpoint>nothing.js?names=default,init` exports the names in its query. All are the same object: a
call, `new`, a read or an iteration gives the object itself or nothing, and never throws.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import parse_qs

from alpines_privacy.http.context import RequestContext
from alpines_privacy.http.outcomes import Answer
from alpines_privacy.http.promise import Promise
from alpines_privacy.policy import PrivacyPolicy

__all__ = ["MOST_NAMES", "PATH", "Nothing", "address_of", "module"]

PATH = "nothing.js"
MOST_NAMES = 64
_LONGEST_QUERY = 8192  # characters
_NAME = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]{0,63}").fullmatch

_NOTHING = """\
// In the place of a module that this site does not load: nothing happens, and nothing breaks.
const nothing = new Proxy(function () {}, {
  get: (target, name) =>
    name === "then" ? undefined
    : name === Symbol.toPrimitive ? () => ""
    : name === "prototype" ? target.prototype
    : nothing,
  set: () => true,
  apply: () => nothing,
  construct: () => nothing,
});
"""


def address_of(module: str, names: Iterable[str]) -> str:
    """Return the address of the module at `module` that exports `names`."""
    asked = ",".join(names)
    return f"{module}?names={asked}" if asked else module


def module(names: Iterable[str]) -> str:
    """Return the module's code, without names that are no ASCII identifiers or beyond `MOST_NAMES`."""
    known = [name for name in dict.fromkeys(names) if _NAME(name)][:MOST_NAMES]
    exports = ", ".join(f"nothing as {name}" for name in known)
    return f"{_NOTHING}export {{ {exports} }};\n"


class Nothing(Promise):
    """Serves the module, which never changes, to pages of any site."""

    def __init__(self, policy: PrivacyPolicy) -> None:
        self.pages = frozenset({policy.endpoint + PATH})

    def page(self, context: RequestContext) -> Answer | None:
        """Return the module that exports the names in the query."""
        request = context.request
        if request.method not in {"GET", "HEAD"}:
            return None
        query = request.query
        names = parse_qs(query).get("names", [""])[0] if len(query) <= _LONGEST_QUERY else ""
        code = module(names.split(",")).encode()
        fields = [
            ("content-type", "text/javascript; charset=utf-8"),
            ("cache-control", "public, max-age=31536000, immutable"),
            ("x-content-type-options", "nosniff"),
        ]
        return Answer(200, fields, code)
