"""Two of the examples and a login, protected, for several workers to serve: each answer names its worker."""

import os

__all__ = ["FAILURES", "WORKER", "number"]

WORKER = "X-Worker"
FAILURES = 6  # of an account at the gate


def number() -> str:
    """Return what tells this worker from the others."""
    return str(os.getpid())
