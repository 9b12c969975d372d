"""What a site's answers tell of its framework, and whether this library protects it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from alpines_privacy.audit.apps import Known
from alpines_privacy.audit.visits import Page
from alpines_privacy.cookies.known import FRAMEWORKS

__all__ = ["known_by_answers"]

_SHIELD = re.compile(rb"/(?:shield|passwords)\.[0-9a-f]{8,64}\.js")
_FLASK = re.compile(
    r"\.?eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{20,}"
)  # itsdangerous' form
_SHARED = frozenset({"session", "user", "session_id"})  # names of many frameworks' cookies


def known_by_answers(pages: Iterable[Page]) -> Known:
    """Return what is known of a site by its cookies and pages."""
    framework, protected = "", False
    for page in pages:
        visit = page.plain
        protected = protected or _SHIELD.search(visit.last.body) is not None
        for planted in visit.planted:
            framework = framework or _framework_of(planted.cookie.name, planted.cookie.value)
    return Known(framework, protected)


def _framework_of(name: str, value: str) -> str:
    if name == "session" and _FLASK.fullmatch(value):
        return "Flask"
    if name in _SHARED:
        return ""
    return next(
        (known for known, names in FRAMEWORKS.items() if name in names and "," not in known), ""
    )
