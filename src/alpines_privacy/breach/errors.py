"""One error for what an operator can change; it holds no personal value."""

from __future__ import annotations

__all__ = ["BreachError"]


class BreachError(ValueError):
    """Something about a breach that cannot be done: what was found and what is expected.

    The text names files, columns and lines, never what stands in them about a person.
    """
