"""Whether a page gives away which age is asked for, or how to get round it (FTC, COPPA FAQ)."""

from __future__ import annotations

import re

__all__ = ["assert_neutral"]

_STYLE = re.compile(r"<style>.*?</style>", re.DOTALL)
_HIDDEN = re.compile(r'<input type="hidden"[^>]*>')
_UNSAID = re.compile(r'maxlength="[24]"|action="[^"]*"|<meta[^>]*>|</?h1>')
_HINT = re.compile(
    r"[0-9]|thirteen|fourteen|sixteen|eighteen|twelve|teen|parent|guardian|mother|father|adult|child|kid|minor|minimum|"
    r"under|older|younger|young|old enough|\bage\b|ages|consent|permission|school|grade|\blater\b|another date|again",
    re.IGNORECASE,
)


def assert_neutral(html: str) -> None:
    """Fail for any text or attribute of a page with a number or a word that hints at an age."""
    shown = _UNSAID.sub("", _HIDDEN.sub("", _STYLE.sub("", html)))
    assert _HINT.findall(shown) == []
