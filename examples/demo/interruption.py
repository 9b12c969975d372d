"""Ctrl-C, SIGTERM and a closed terminal: one way out, at a moment that forgets no child."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

# What we were started to ignore (`nohup`, a background job) stays ignored.
_ENDINGS = [
    number
    for name in ("SIGINT", "SIGTERM", "SIGHUP")
    if (number := getattr(signal, name, None)) and signal.getsignal(number) is not signal.SIG_IGN
]


@contextmanager
def interruptible() -> Iterator[None]:
    """Make each of the signals raise KeyboardInterrupt."""
    for number in _ENDINGS:
        signal.signal(number, signal.default_int_handler)
    yield


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Hold the signals back, and raise KeyboardInterrupt afterwards if one came."""
    held: list[int] = []

    def hold(number: int, _frame: FrameType | None) -> None:
        held.append(number)

    before = {number: signal.signal(number, hold) for number in _ENDINGS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if held:
        raise KeyboardInterrupt
