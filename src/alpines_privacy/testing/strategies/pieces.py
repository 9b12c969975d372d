"""Bytes cut into pieces, and JSON values: what other strategies are made of."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from hypothesis import strategies as st

__all__ = ["chunked", "json_values"]


@st.composite
def chunked(draw: st.DrawFn, bodies: st.SearchStrategy[bytes], most: int = 6) -> list[bytes]:
    """Return a body in at most `most` pieces, cut anywhere; pieces may be empty."""
    body = draw(bodies)
    cuts = sorted(draw(st.lists(st.integers(0, len(body)), max_size=most - 1)))
    return [body[start:end] for start, end in pairwise([0, *cuts, len(body)])]


def json_values(
    keys: st.SearchStrategy[str] | None = None,
    leaves: st.SearchStrategy[Any] | None = None,
    *,
    most: int = 12,
) -> st.SearchStrategy[Any]:
    """Return values that JSON can hold, with some `most` leaves; `keys` are those of its objects."""
    keys = st.text(max_size=3) if keys is None else keys
    if leaves is None:
        leaves = st.none() | st.booleans() | st.integers() | st.text(max_size=8)
    return st.recursive(
        leaves,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
        max_leaves=most,
    )
