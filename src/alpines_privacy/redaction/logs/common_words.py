"""The words of the app's own log messages, taken from the templates of its records.

A visitor who submits the name `docker` must not blank `docker started`. The text of a template is code,
written by the app's authors alone, so no list of words is needed.
"""

from __future__ import annotations

import re
from collections.abc import Callable

__all__ = ["CommonWords", "common_words"]

_WORD = re.compile(r"[a-z][a-z0-9_-]{3,31}")
_MOST_TEMPLATES = 2048
_MOST_WORDS = 4096
_LONGEST = 256  # characters of a template that are read; a word has 32 at most


class CommonWords:
    """The words of the templates seen so far, in small letters; at most about 4,096 of 2,048 templates."""

    __slots__ = ("_words", "templates")

    def __init__(self) -> None:
        self.templates: set[str] = set()  # those that were noted
        self._words: set[str] = set()

    def note(self, template: str, asked: Callable[[], str]) -> None:
        """Take the words of a template with arguments, in whose record nothing was hidden.

        An f-string used as a template may hold a visitor's name; in the visitor's own request that name is hidden.
        It may also hold what the visitor asked for: words of what `asked` returns, a path and a query, are not taken.
        """
        if len(template) <= _LONGEST and len(self.templates) < _MOST_TEMPLATES:
            self.templates.add(template)
            if len(self._words) < _MOST_WORDS:
                theirs = asked()
                words = _WORD.findall(template)
                self._words.update(word for word in words if word not in theirs)

    def __contains__(self, word: str) -> bool:
        return word in self._words


common_words = CommonWords()
