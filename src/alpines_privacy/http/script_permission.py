"""Whether an app's Content-Security-Policy lets in a script or a sheet of the site's own, by which nonce (CSP3 §6.7).

Every policy of a response must allow it. A policy in a `<meta>` is unknown when the tag is written.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from alpines_privacy.http.client import Client
from alpines_privacy.http.heads import split_list

__all__ = ["FORBIDDEN", "Permission", "permission", "style_permission"]

_NONCE = re.compile(r"'nonce-([A-Za-z0-9+/_-]+={0,2})'")
_STRICT = "'strict-dynamic'"
_SCRIPTS = ("script-src-elem", "script-src", "default-src")
_STYLES = ("style-src-elem", "style-src", "default-src")
_HOST_SOURCE = re.compile(
    r"(?:(?P<scheme>[a-z][a-z0-9+.-]*)://)?(?P<host>\*|(?:\*\.)?[a-z0-9_.-]+)(?::(?P<port>[0-9]+|\*))?/?"
)
_PORTS = {"http": "80", "https": "443"}


class Permission(NamedTuple):
    """Whether the script or sheet is let in; `nonce` is the nonce to copy, empty if none is needed.

    `restricted` says whether any policy restricts such loads.
    """

    allowed: bool
    nonce: str = ""
    restricted: bool = False


FORBIDDEN = Permission(allowed=False, restricted=True)
_FREE = Permission(allowed=True)


def permission(lines: Sequence[str], client: Client) -> Permission:
    """Tell what `Content-Security-Policy` values allow a script of the page's own origin."""
    policies = _policies(lines)
    if any(_sandboxes(policy) for policy in policies):
        return FORBIDDEN
    return _permission(policies, _SCRIPTS, client)


def style_permission(lines: Sequence[str], client: Client) -> Permission:
    """Tell what `Content-Security-Policy` values allow a style sheet of the page's own origin.

    `'strict-dynamic'` is of scripts alone: beside it hosts count for sheets, and are taken here not to.
    """
    return _permission(_policies(lines), _STYLES, client)


def _policies(lines: Sequence[str]) -> list[dict[str, list[str]]]:
    return [_directives(policy) for line in lines for policy in split_list(line)]


def _permission(
    policies: list[dict[str, list[str]]], names: tuple[str, ...], client: Client
) -> Permission:
    """Tell what policies allow, each by the first of these directives that it has."""
    if not policies:
        return _FREE
    ruling = [sources for policy in policies if (sources := _sources(policy, names)) is not None]
    strict = [sources for sources in ruling if not _covers_own(sources, client)]
    if not strict:
        return Permission(allowed=True, restricted=True)
    common = set.intersection(
        *({m[1] for s in sources if (m := _NONCE.fullmatch(s))} for sources in strict)
    )
    if not common:
        return FORBIDDEN
    return Permission(allowed=True, nonce=min(common), restricted=True)


def _directives(policy: str) -> dict[str, list[str]]:
    """Return a policy's directives; the first of a name counts (CSP3 §2.2.1)."""
    found: dict[str, list[str]] = {}
    for directive in policy.split(";"):
        name, *values = directive.split() or [""]
        found.setdefault(name.lower(), values)
    return found


def _sandboxes(policy: dict[str, list[str]]) -> bool:
    """Tell whether a sandboxed page runs no script, or has no origin and so cannot load the site's."""
    flags = policy.get("sandbox")
    return flags is not None and not {"allow-scripts", "allow-same-origin"} <= {
        f.lower() for f in flags
    }


def _sources(policy: dict[str, list[str]], names: tuple[str, ...]) -> list[str] | None:
    return next((policy[name] for name in names if name in policy), None)


def _covers_own(sources: list[str], client: Client) -> bool:
    """Tell whether a policy allows scripts of the page's own origin without a nonce."""
    folded = [source.lower() for source in sources]
    return _STRICT not in folded and any(_matches_own(source, client) for source in folded)


def _matches_own(source: str, client: Client) -> bool:
    if source in ("'self'", client.scheme + ":", "*"):
        return True
    if source == "http:":  # covers https too
        return client.https
    found = _HOST_SOURCE.fullmatch(source)
    if found is None or found["host"] == "*":
        return False
    scheme = found["scheme"]
    if scheme is not None and scheme not in (client.scheme, "http"):
        return False
    host = found["host"]
    if host != client.host and not (host.startswith("*.") and client.host.endswith(host[1:])):
        return False
    own = client.origin.partition("://")[2].removeprefix(client.host).removeprefix(":")
    return found["port"] in ("*", own or _PORTS[client.scheme]) or (
        found["port"] is None and not own
    )
