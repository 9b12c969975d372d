"""`Set-Cookie` values: those that an app writes, and lines that only look like cookies (RFC 6265bis §4.1, §5.6)."""

from __future__ import annotations

from hypothesis import strategies as st

__all__ = ["odd_set_cookies", "set_cookies"]

_NAMES = ("session", "sessionid", "csrftoken", "cart", "theme", "_ga", "_fbp", "_gid", "visitor")
_PAST, _FUTURE = "Thu, 01 Jan 1970 00:00:00 GMT", "Fri, 31 Dec 2099 23:59:59 GMT"
_ATTRIBUTES = (
    "Path=/", "Path=/shop", "Secure", "HttpOnly", "SameSite=Lax", "SameSite=Strict", "SameSite=None; Secure",
    "Partitioned; Secure", "Max-Age=60", "Max-Age=31536000", f"Expires={_FUTURE}",
)  # fmt: skip
_DELETED = ("Max-Age=0", "Max-Age=-1", f"Expires={_PAST}")
_VALUES = st.text("abcdefXYZ0189-_.~", max_size=12)
# Octets that a cookie's name and value may hold beside letters.
_ODD_NAMES = (
    "a", "_ga", "__Host-id", "__secure-x", "Secure", "max-age", "Max-Age", "EXPIRES", "Path", "Domain",
    "Partitioned", "SameSite", "é", '"', "a b", "",
)  # fmt: skip


def set_cookies(
    names: st.SearchStrategy[str] | None = None, *, deletions: bool = True
) -> st.SearchStrategy[str]:
    """Return `Set-Cookie` values as apps write them; without `deletions`, each sets a cookie.

    `names` are the cookies' names; without them, some that frameworks and trackers use.
    """
    chosen = st.lists(st.sampled_from(_ATTRIBUTES), unique=True, max_size=4)
    if deletions:
        chosen = st.one_of(chosen, st.sampled_from(_DELETED).map(lambda text: [text, "Path=/"]))
    return st.builds(
        lambda name, value, attributes: "; ".join([f"{name}={value}", *attributes]),
        st.sampled_from(_NAMES) if names is None else names,
        _VALUES,
        chosen,
    )


def odd_set_cookies() -> st.SearchStrategy[str]:
    """Return lines of odd parts, with any octet in between, one character an octet."""
    blanks = st.sampled_from(["", " ", "\t", "  "])
    contents = st.one_of(
        st.sampled_from(
            ["", "/", "0", "-1", "60", "+60", "9" * 40, "x", _PAST, _FUTURE, "Lax", "a=b"]
        ),
        st.integers(-(10**12), 10**12).map(str),
        st.datetimes().map(lambda date: f"{date:%a, %d %b %Y %H:%M:%S} GMT"),
        st.text(st.characters(max_codepoint=255), max_size=12),
    )
    parts = st.tuples(
        blanks,
        st.sampled_from(_ODD_NAMES),
        blanks,
        st.sampled_from(["=", "=", ""]),
        blanks,
        contents,
        blanks,
    )
    return st.one_of(
        st.lists(parts.map("".join), min_size=1, max_size=5).map(";".join),
        st.text(st.characters(max_codepoint=255)),
    )
