"""The words of the app's own log messages, taken from the templates of its records.

A visitor who submits the name `docker` must not blank `docker started`. A template that is a constant of the
code was written by the app's authors alone, so no list of words is needed.
"""

from __future__ import annotations

import logging
import re
import sys
from types import FrameType

__all__ = ["CommonWords", "common_words"]

_WORD = re.compile(r"[a-z][a-z0-9_-]{3,31}")
_MOST_TEMPLATES = 2048
_MOST_WORDS = 4096
_MOST_FRAMES = 32  # between the function that logs and here
_LONGEST = 256  # characters of a template that are read; a word has 32 at most


class CommonWords:
    """The words of the templates seen so far, in small letters; at most about 4,096 of 2,048 templates."""

    __slots__ = ("_words", "templates")

    def __init__(self) -> None:
        self.templates: set[str] = set()  # those that were noted
        self._words: set[str] = set()

    def note(self, record: logging.LogRecord) -> None:
        """Take the words of a record's template, if that is a constant of the code that logs.

        Any other may hold what a visitor wrote: an f-string, or parts put together.
        """
        template: str = record.msg
        if len(template) <= _LONGEST and len(self.templates) < _MOST_TEMPLATES:
            self.templates.add(template)
            if len(self._words) < _MOST_WORDS and _is_constant(template, record):
                self._words.update(_WORD.findall(template))

    def __contains__(self, word: str) -> bool:
        return word in self._words


def _is_constant(template: str, record: logging.LogRecord) -> bool:
    """Tell whether a template stands in the code of the function that logs it, which is running further up."""
    place = record.__dict__.get("pathname"), record.__dict__.get("lineno")
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001 - as `logging` finds the caller
    for _ in range(_MOST_FRAMES):
        if frame is None:
            return False
        if (frame.f_code.co_filename, frame.f_lineno) == place:
            return template in frame.f_code.co_consts
        frame = frame.f_back
    return False


common_words = CommonWords()
