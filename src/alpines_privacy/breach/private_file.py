"""A new file with people's addresses in it: for its owner alone, whole or not there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from alpines_privacy.atomic_file import new_private_file
from alpines_privacy.breach.errors import BreachError

__all__ = ["private_file"]


@contextmanager
def private_file(path: Path) -> Iterator[BinaryIO]:
    """Write a new file (mode 600), which is in place after the block; if the block raises, there is none.

    Raises `BreachError` if there is a file already, or it cannot be written.
    """
    try:
        with new_private_file(path) as file:
            yield file
    except FileExistsError:
        raise BreachError(f"{path}: is there already; expected another name") from None
    except OSError as error:
        raise BreachError(f"{path}: cannot be written: {error.strerror}") from None
