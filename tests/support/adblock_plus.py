"""Adblock Plus' rules read one by one, straight from its documentation: slow, plain, independent.

It shares no code with what it checks but the registrable domain.
"""

from __future__ import annotations

import re

from alpines_privacy.http.site import registrable_domain

KINDS = (
    "script", "image", "stylesheet", "object", "xmlhttprequest", "subdocument", "ping",
    "websocket", "media", "font", "other",
)  # fmt: skip


def verdict(rules: list[str], url: str, page: str, kind: str) -> bool:
    """Whether the rules stop a load: an important rule, or another one without an exception."""
    fitting = [rule for rule in rules if _fits(rule, url, page, kind)]
    if any("important" in _options(rule) for rule in fitting if not rule.startswith("@@")):
        return True
    return bool(fitting) and not any(rule.startswith("@@") for rule in fitting)


def _options(rule: str) -> list[str]:
    return rule.rpartition("$")[2].split(",") if "$" in rule else []


def _fits(rule: str, url: str, page: str, kind: str) -> bool:
    pattern = rule.removeprefix("@@").partition("$")[0]
    options = _options(rule)
    flags = 0 if "match-case" in options else re.IGNORECASE
    return re.search(_expression(pattern), url, flags) is not None and all(
        (
            _kind_fits(options, kind),
            _party_fits(options, url, page),
            *(_page_fits(option[7:], page) for option in options if option.startswith("domain=")),
        )
    )


def _expression(pattern: str) -> str:
    """Adblock Plus' own translation (`Filter.regexpFromPattern`)."""
    text = re.sub(r"\*+", "*", pattern)
    text = re.escape(text).replace(r"\*", ".*").replace(r"\^", r"(?:[^\w.%-]|$)")
    text = re.sub(r"^\\\|\\\|", r"^[\\w-]+:/+(?!/)(?:[^/]+\\.)?", text)
    text = re.sub(r"^\\\|", "^", text)
    return re.sub(r"\\\|$", "$", text)


def _kind_fits(options: list[str], kind: str) -> bool:
    wanted = [option for option in options if option in KINDS]
    return f"~{kind}" not in options and (not wanted or kind in wanted)


def _party_fits(options: list[str], url: str, page: str) -> bool:
    host = re.sub(r"^[a-z]+://([^/:?#]+).*", r"\1", url)
    is_third = host != page and (registrable_domain(host) or host) != (
        registrable_domain(page) or page
    )
    return not ("third-party" in options and not is_third) and not (
        "~third-party" in options and is_third
    )


def _page_fits(value: str, page: str) -> bool:
    """The longest domain that covers the page decides; without one, the absence of inclusions."""
    entries = value.split("|")
    covering = [
        entry
        for entry in entries
        if page == entry.lstrip("~") or page.endswith("." + entry.lstrip("~"))
    ]
    if covering:
        return not max(covering, key=lambda entry: len(entry.lstrip("~"))).startswith("~")
    return all(entry.startswith("~") for entry in entries)
