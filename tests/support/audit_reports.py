"""A report of an audit, with each state, evidence of each kind, and what sites may send into it."""

from __future__ import annotations

from typing import Any

import msgspec

from alpines_privacy.audit.model import BROKEN, KEPT, UNKNOWN, Evidence, Report, Signal, Verdict
from alpines_privacy.audit.requirements import BY_ID, REQUIREMENTS

__all__ = ["EVIDENCE", "HOSTILE", "KEPT_REPORT", "REPORT", "report_of"]

EVIDENCE = {
    "11.cookies-dnt": (
        Evidence("GET / (DNT: 1)", "Set-Cookie: session; Path=/; HttpOnly"),
        Evidence(
            "GET /shop/rope-and-harness (DNT: 1)",
            "Set-Cookie: _ga; Max-Age=63072000",
            company="Google",
        ),
    ),
    "12.trackers": tuple(
        Evidence(
            request,
            "script src https://www.googletagmanager.com/gtag/js",
            rule="||googletagmanager.com^",
            company="Google Tag Manager",
        )
        for request in ("GET /", "GET / (DNT: 1)")
    ),
    "6.hsts": (Evidence("GET /", "no Strict-Transport-Security", rule="RFC 6797 §7.2"),),
}

# What a site sends ends up in evidence: markup, escapes of terminals, commands of CI services, wide letters.
HOSTILE = (
    Evidence(
        "GET /<script>alert(1)</script> (DNT: 1)", "</dl></details><img src=x onerror=alert(1)>"
    ),
    Evidence(
        "GET /\x1b[2J\x07 (DNT: 1)", "::error::##[error] ]]> \x00 \ud800 \u202e &amp; <![CDATA["
    ),
    Evidence(
        "GET /[here](https://evil.example) (DNT: 1)",
        "[x](javascript:alert(1)) ![x](//evil.example)",
    ),
    Evidence("GET /商品/一覧 (DNT: 1)", "クッキー" * 60, rule="x" * 500, company="é" * 90),
)


def report_of(broken: dict[str, tuple[Evidence, ...]], **changes: Any) -> Report:
    """Return a report in which the given requirements are broken; what needs more is unknown, the rest is kept."""

    def verdict(key: str) -> Verdict:
        requirement = BY_ID[key]
        if key in broken:
            return Verdict(requirement, BROKEN, broken[key])
        notes = {"browser": "not seen without a browser", "active": "only with --active", "": ""}
        if note := notes[requirement.needs]:
            return Verdict(requirement, UNKNOWN, note=note)
        return Verdict(requirement, KEPT)

    fields: dict[str, Any] = {
        "target": "shop.web:app",
        "started": "2026-11-28T09:12:44+00:00",
        "seconds": 3.24,
        "framework": "Flask",
        "protected": False,
        "pages": 12,
        "signals": tuple(signal.value for signal in Signal),
        "verdicts": tuple(verdict(requirement.id) for requirement in REQUIREMENTS),
    }
    return Report(**(fields | changes))


REPORT = report_of(EVIDENCE)
KEPT_REPORT = msgspec.structs.replace(report_of({}), protected=True)
