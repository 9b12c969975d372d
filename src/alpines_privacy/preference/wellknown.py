"""Well-known resources: what the site does with signals, in machine-readable form.

They are at the origin's root, replace only the app's 404, and never set a cookie, not even the app's
(TPE §6.4.1).
"""

from __future__ import annotations

import hashlib
import json
from typing import ClassVar

from alpines_privacy.http.cache_control import signal_fields
from alpines_privacy.http.context import RequestContext
from alpines_privacy.http.heads import Field, ResponseHead, field_name
from alpines_privacy.http.outcomes import Answer, Replace
from alpines_privacy.http.promise import Promise
from alpines_privacy.policy import PolicyError, PrivacyPolicy
from alpines_privacy.policy.bounds import read_bounded
from alpines_privacy.policy.claims import NOTHING_KNOWN, Claims

__all__ = ["WellKnown"]

# EFF publishes these SHA-1 sums of version 1.0 and its accepted variants (dnt-policies.json):
# any other text, a filled-in template included, is not the policy and promises nothing.
DNT_POLICY_SHA1 = frozenset(
    {
        "a18e8dba6848d3fc241b03b88291cb75a3cfec3b",
        "5b8972a0e8df8236bb28061ddc462767d4366218",  # no trailing space
        "c09f71363bb29d0250a1f5524eef36f9ab07669b",  # DOS line endings
        "7861462d500fbb6ccb74c614782f4937377bec76",  # no newline at the end
    }
)

_LONGEST = 1 << 20  # bytes of dnt-policy.txt, which has seven thousand
_ROOT = "/.well-known/"
_DAY = "max-age=86400"  # TPE §6.4.2: tracking may increase a day after the status changed, at the earliest


class WellKnown(Promise):
    """Answers `/.well-known/dnt/`, `gpc.json` and `dnt-policy.txt` where the app does not."""

    fields_read: ClassVar[frozenset[str]] = frozenset({"set-cookie"})

    def __init__(self, policy: PrivacyPolicy, claims: Claims = NOTHING_KNOWN) -> None:
        """Write the resources; raises `PolicyError` for a `dnt_policy` that is none."""
        vary: Field = ("vary", ", ".join(signal_fields(policy)))
        fixed: list[Field] = [("cache-control", _DAY)]
        status: dict[str, object] = {}
        if policy.site_preference:
            status["config"] = policy.endpoint + "preference"
        if policy.operator:
            status["policy"] = policy.operator.page  # TPE §6.5, `policy`
        # Without a signal a third party the policy declares, or a cookie it declares for more than
        # the site needs, may follow the visitor across contexts (TPE §3): then "N" would be untrue.
        tracks = bool(policy.third_parties) or not all(
            cookie.necessary for cookie in policy.cookies
        )
        dnt = "application/tracking-status+json"
        # What is known not to be kept is not claimed: "!" claims nothing (TPE §6.2.2).
        opted_out = "N" if claims.signals_hold else "!"
        silent = "!" if not claims.silence_holds else "T" if tracks else "N"
        self._opted_out = _json(dnt, {"tracking": opted_out, **status}, [*fixed, vary])
        self._allowed = _json(dnt, {"tracking": silent, **status}, [*fixed, vary])
        gpc: dict[str, object] = {"gpc": claims.signals_hold}
        if days := [day for day in (policy.effective, claims.since) if day]:
            gpc["lastUpdate"] = max(days).isoformat()
        self._others = {_ROOT + "gpc.json": _json("application/json", gpc, fixed)}
        if policy.dnt_policy is not None:
            text = _published(policy.dnt_policy)
            self._others[_ROOT + "dnt-policy.txt"] = Answer(
                200, [("content-type", "text/plain; charset=utf-8"), *fixed], text
            )

    def response(self, context: RequestContext, head: ResponseHead) -> Replace | None:
        """Replace the app's 404 by a well-known resource of ours."""
        request = context.request
        if head.status != 404 or request.method not in {"GET", "HEAD"}:
            return None
        found = request.path.startswith(_ROOT) and self._answer(request.path, context)
        return Replace(found) if found else None

    def fill(self, context: RequestContext, head: ResponseHead) -> None:
        """Remove all cookies from well-known resources, those of other promises included."""
        if "set-cookie" in head.names and context.request.path.startswith(_ROOT):
            head.replace(f for f in head.fields if field_name(f[0]) != "set-cookie")

    def _answer(self, path: str, context: RequestContext) -> Answer | None:
        if path == _ROOT + "dnt/":
            return self._opted_out if context.preference.opted_out else self._allowed
        return self._others.get(path)


def _json(media_type: str, document: dict[str, object], fields: list[Field]) -> Answer:
    return Answer(200, [("content-type", media_type), *fields], json.dumps(document).encode())


def _published(path: str) -> bytes:
    """Read EFF's policy file; raises `PolicyError` unless it is verbatim as EFF published it."""
    try:
        text = read_bounded(path, _LONGEST, key="dnt_policy")
    except OSError as error:
        raise PolicyError(f"{path} cannot be read: {error.strerror}", key="dnt_policy") from None
    digest = hashlib.sha1(text, usedforsecurity=False).hexdigest()
    if digest not in DNT_POLICY_SHA1:
        raise PolicyError(
            f"{path} has SHA-1 {digest}, which is none of those EFF published; expected dnt-policy-1.0.txt "
            "byte for byte (a filled-in name or a changed line voids it)",
            key="dnt_policy",
        )
    return text
