"""Two of the examples, protected, for several workers to serve: each answer names its worker."""

import os

__all__ = ["WORKER", "number"]

WORKER = "X-Worker"


def number() -> str:
    """Return what tells this worker from the others."""
    return str(os.getpid())
