"""The policy compiled once, and each request's way through it."""

from alpines_privacy.guard.guard import Guard
from alpines_privacy.guard.hosts import HostGuards, PolicyLike, guard_for
from alpines_privacy.guard.visit import Visit

__all__ = ["Guard", "HostGuards", "PolicyLike", "Visit", "guard_for"]
