"""`Rule` and `Finding`: what a text is checked for, and what was found."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from alpines_privacy.policy.lint.document import Document, Sentence
from alpines_privacy.policy.parts import PrivacyPolicy

__all__ = ["Finding", "Rule", "quoted"]

_LONGEST_QUOTE = 70


class Finding(NamedTuple):
    """A defect of a text: the rule's id, the lines, what is wrong, and how to mend it.

    `related` are the first lines of other places that belong to it, such as the other side of a
    contradiction.
    """

    rule: str
    line: int
    end_line: int
    message: str
    mend: str
    related: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule(ABC):
    """One thing a text is checked for.

    `source` is the clause, statute or standard it comes from; `summary` says in a sentence what a
    finding means; `mend` is what to do about it.
    """

    id: str
    source: str
    summary: str
    mend: str

    @abstractmethod
    def check(self, text: Document, policy: PrivacyPolicy | None) -> Iterator[Finding]:
        """Yield the defects of a text; `policy` is the object that is to keep it, if one is given."""

    def found(
        self, line: int, end_line: int, message: str = "", related: tuple[int, ...] = ()
    ) -> Finding:
        """Return a finding of this rule; without a message it says the summary."""
        return Finding(self.id, line, end_line, message or self.summary, self.mend, related)


def quoted(sentence: Sentence | str) -> str:
    """Return the beginning of a sentence in quotes, for a message."""
    text = sentence if isinstance(sentence, str) else sentence.text
    short = text if len(text) <= _LONGEST_QUOTE else text[: _LONGEST_QUOTE - 1].rstrip() + "\u2026"
    return f"\u201c{short}\u201d"
