"""The shield's HTTP side: which pages get its element, and the file that the element names.

`tag` writes the element for one response, `page` serves the file. The guard passes in the compiled
tables (from `trackers/known.py` and `cookies`), because no promise imports another.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from html import escape
from typing import Any, NamedTuple, TypeAlias
from urllib.parse import quote

from alpines_privacy.http.cache import Cache
from alpines_privacy.http.cache_control import signal_fields
from alpines_privacy.http.context import RequestContext, Signal
from alpines_privacy.http.heads import Field, RequestHead, ResponseHead
from alpines_privacy.http.outcomes import Answer
from alpines_privacy.http.own_page import not_allowed
from alpines_privacy.http.own_script import LASTING, asks_for_page, script_file
from alpines_privacy.http.promise import Promise
from alpines_privacy.http.script_permission import Permission, permission
from alpines_privacy.http.site import registrable_domain
from alpines_privacy.policy import PrivacyPolicy
from alpines_privacy.shield.script import Script

__all__ = ["Knowledge", "Shield", "ShieldCookies"]

_FORBIDDEN = (
    "The Content-Security-Policy of %s lets no script of this site run, so trackers that scripts load "
    "are not stopped there. Add 'self' to its script-src, or a nonce where it has 'strict-dynamic'."
)


# The mount, the host, and whether: the visitor opted out; logins stay; the page's CSP restricts scripts.
_Asked: TypeAlias = "tuple[str, str, bool, bool, bool]"


class Knowledge(NamedTuple):
    """The script's `tables` of trackers, and the exceptions that hold on one host's pages."""

    tables: Mapping[str, Any]
    exceptions_on: Callable[[str], str]


class ShieldCookies(NamedTuple):
    """Cookies that scripts may set: name, lifetime, is necessary; logins, and the signals under which they stay."""

    declared: tuple[tuple[str, int | str | None, bool], ...]
    logins: tuple[str, ...]
    logins_stay_under: frozenset[Signal]


class _InForce(NamedTuple):
    """Files and elements made of the current knowledge; `scripts` is by whether the visitor opted out."""

    scripts: Mapping[bool, Script]
    by_path: Mapping[str, Script]
    elements: Cache[_Asked, bytes]


class Shield(Promise):
    """Serves the shield's two files, and writes the element that loads one of them."""

    def __init__(
        self,
        policy: PrivacyPolicy,
        knowledge: Mapping[bool, Knowledge],
        cookies: ShieldCookies,
    ) -> None:
        """Compile the files; `knowledge` is by whether the visitor opted out."""
        self._is_on = policy.shield
        self._cookies = cookies
        self._prefix = policy.endpoint + "shield."
        self._vary = ", ".join(signal_fields(policy))
        self.use(knowledge)
        if self._is_on:
            self.pages = frozenset(self._in_force.by_path)
            self.below = (self._prefix,)

    def use(self, knowledge: Mapping[bool, Knowledge]) -> None:
        """Serve files made of this knowledge from now on, for requests of older names too."""
        cookies = self._cookies
        scripts = {
            opted_out: Script(
                {
                    **known.tables,
                    "signal": opted_out,
                    "cookies": cookies.declared,
                    "logins": cookies.logins,
                }
            )
            for opted_out, known in knowledge.items()
        }
        by_path = {f"{self._prefix}{script.digest}.js": script for script in scripts.values()}
        elements: Cache[_Asked, bytes] = Cache(
            "shield elements", partial(self._written, scripts, knowledge)
        )
        self._in_force = _InForce(scripts, by_path, elements)

    def page(self, context: RequestContext) -> Answer | None:
        """Return the file with the digest in the path; for an unknown digest, the current file, uncached."""
        request = context.request
        path = request.local_path
        if not path.endswith(".js"):
            return None
        if request.method not in {"GET", "HEAD"}:
            return not_allowed("GET", "HEAD")
        script = self._in_force.by_path.get(path)
        if script is not None:
            return _file(script, request, [("cache-control", LASTING), ("vary", "Accept-Encoding")])
        current = self._in_force.scripts[context.preference.opted_out]
        vary: Field = ("vary", f"Accept-Encoding, {self._vary}")
        return _file(current, request, [("cache-control", "no-store"), vary])

    def tag(self, context: RequestContext, head: ResponseHead) -> bytes:
        """Return the element's bytes for a page, `b""` for a response without one."""
        if not self._is_on or not self._may_have_one(context, head):
            return b""
        client = context.client
        allowed = permission(head.values("content-security-policy"), client)
        if not allowed.allowed:
            context.runtime.notices.once(_FORBIDDEN, "a page")
            return b""
        preference = context.preference
        logins = preference.signal in self._cookies.logins_stay_under
        element = self._in_force.elements[
            context.mount, client.host, preference.opted_out, logins, allowed.restricted
        ]
        return element.replace(b"></", _nonce(allowed) + b"></") if allowed.nonce else element

    def _may_have_one(self, context: RequestContext, head: ResponseHead) -> bool:
        """Tell whether a browser shows the response as a page and the layer may change it."""
        if not context.runtime.enforces or "markup" in context.exempted:
            return False
        if any(
            v.strip().lower().startswith("attachment") for v in head.values("content-disposition")
        ):
            return False
        return asks_for_page(context.request)

    def _written(
        self, scripts: Mapping[bool, Script], knowledge: Mapping[bool, Knowledge], asked: _Asked
    ) -> bytes:
        mount, host, opted_out, logins, restricted = asked
        path = quote(
            f"{mount}{self._prefix}{scripts[opted_out].digest}.js", safe="/", errors="replace"
        )
        attributes = {"src": path, "data-site": registrable_domain(host) or host}
        if exceptions := knowledge[opted_out].exceptions_on(host):
            attributes["data-pass"] = exceptions
        if logins:
            attributes["data-logins"] = ""
        if restricted:
            attributes["data-csp"] = ""
        written = "".join(f' {name}="{_attribute(value)}"' for name, value in attributes.items())
        return f"<script{written}></script>".encode()


def _attribute(value: str) -> str:
    return escape(value).replace("\n", "&#10;")


def _nonce(allowed: Permission) -> bytes:
    return f' nonce="{escape(allowed.nonce)}"'.encode()


def _file(script: Script, request: RequestHead, fields: list[Field]) -> Answer:
    coding, data = script.coded(request.values("accept-encoding"))
    coded = [] if coding == "identity" else [("content-encoding", coding)]
    return script_file(data, *fields, *coded)
