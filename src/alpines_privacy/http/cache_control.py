"""Fields that keep one visitor's response out of shared caches: `Vary`, and `private`."""

from __future__ import annotations

from alpines_privacy.http.heads import Field, ResponseHead, split_list
from alpines_privacy.policy import PrivacyPolicy

__all__ = ["keep_from_shared_caches", "signal_fields"]

_SHARED_ONLY = frozenset({"public", "s-maxage", "proxy-revalidate"})


def signal_fields(policy: PrivacyPolicy) -> tuple[str, ...]:
    """Return the request fields of the preference, for `Vary` in responses that could differ."""
    return ("DNT", "Sec-GPC", "Cookie") if policy.site_preference else ("DNT", "Sec-GPC")


def keep_from_shared_caches(head: ResponseHead) -> None:
    """Add `private`: many shared caches ignore Vary and would replay a cookie to other visitors.

    Caches with a field of their own (RFC 9213's CDN-Cache-Control and its like; the older
    Surrogate-Control, which has no `private`) do not read Cache-Control.
    """
    fields: list[Field] = []
    for name, value in head.fields:
        lower = name.lower()
        if lower.endswith("cache-control"):
            fields.append((name, _unshared(value, "private")))
        elif lower == "surrogate-control":
            fields.append((name, _unshared(value, "no-store")))
        else:
            fields.append((name, value))
    if "cache-control" not in head.names:
        fields.append(("cache-control", "private"))
    head.replace(fields)


def _unshared(value: str, word: str) -> str:
    """Return cache directives with `word`, unless it or `no-store` is there (RFC 9111 §5.2.2)."""
    directives = split_list(value)
    if {word, "no-store"} & {directive.lower() for directive in directives}:
        return value
    kept = [d for d in directives if d.partition("=")[0].lower() not in _SHARED_ONLY]
    return ", ".join([*kept, word])
