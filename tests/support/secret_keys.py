"""Secret keys of the tests: as long as a generator makes them, and the same in every run."""

from hashlib import sha256

__all__ = ["KEY", "OLDER_KEY", "STRANGERS_KEY"]

KEY, OLDER_KEY, STRANGERS_KEY = (
    sha256(whose).hexdigest() for whose in (b"newest", b"older", b"a stranger's")
)
