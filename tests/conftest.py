"""What tests share."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest
from hypothesis import settings

from alpines_privacy.http.privacy import OUTSIDE, running
from alpines_privacy.redaction.visitor import failed, in_flight

# Machines are busy at times: no test is about how long one example takes. CI draws the same each time.
settings.register_profile("untimed", deadline=None, derandomize=os.environ.get("CI") == "true")
settings.load_profile("untimed")

# A shell that runs the tests in the background has SIGINT ignored, in every child of theirs too.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def need(part: str, present: bool, hint: str) -> None:
    """Skip a test whose part is absent on this machine; in CI, where it must be there, fail."""
    if present:
        return
    reason = f"{part} is not installed: {hint}"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(autouse=True)
def _outside() -> Iterator[None]:
    """Begin each test outside a request: test clients that close no response leave one behind.

    What visitors of the test before submitted, whose request failed, is no longer to be hidden.
    """
    running.set(OUTSIDE)
    in_flight.references.clear()
    failed.kept.clear()
    yield
    running.set(OUTSIDE)
