"""Words that the app's own log lines are made of: told by the templates of the records it has written.

A visitor who calls himself `docker` shall not blank `docker started`. What stands in a template
beside its arguments is code, so nobody but the app's authors chose it; no list of words is needed.
"""

from __future__ import annotations

import re
from collections.abc import Callable

__all__ = ["CommonWords", "common_words"]

_WORD = re.compile(r"[a-z][a-z0-9_-]{3,31}")
_MOST_TEMPLATES = 2048
_MOST_WORDS = 4096
_LONGEST = 256  # characters of a template that is read; of a word 32


class CommonWords:
    """The words of the templates seen so far, in small letters; at most about 4,096 of 2,048 templates."""

    __slots__ = ("_words", "templates")

    def __init__(self) -> None:
        self.templates: set[str] = set()  # those that were noted
        self._words: set[str] = set()

    def note(self, template: str, asked: Callable[[], str]) -> None:
        """Take the words of a template that has places for arguments, and in which nothing was hidden.

        An f-string with arguments may hold a visitor's name; then something is, in their own request.
        It may hold what they asked for, too: no word of what `asked` returns, a path and a query, is taken.
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
