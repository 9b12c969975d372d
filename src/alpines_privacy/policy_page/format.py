"""What the formats of the policy's text share: each block and piece goes to the method that writes it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import assert_never

from alpines_privacy.policy_page.document import (
    Block,
    Bullets,
    Code,
    Inline,
    Link,
    Own,
    Paragraph,
    Piece,
    Table,
    Time,
)

__all__ = ["Format"]


class Format(ABC):
    """Writes a document in one format. Subclasses say how each block and piece is written."""

    def blocks(self, blocks: Iterable[Block]) -> list[str]:
        """Return the blocks as written, in their order."""
        return [self._block(block) for block in blocks]

    def inline(self, words: Inline) -> str:
        """Return the pieces of a line as written."""
        return "".join(map(self.piece, words))

    def piece(self, piece: Piece) -> str:
        """Return one piece as written."""
        match piece:
            case str():
                return self.text(piece)
            case Code(text):
                return self.code(text)
            case Own(text):
                return self.own(text)
            case Time():
                return self.time(piece)
            case Link():
                return self.link(piece)
            case _:
                assert_never(piece)

    def _block(self, block: Block) -> str:
        match block:
            case Paragraph(words):
                return self.paragraph(self.inline(words))
            case Bullets(items):
                return self.bullets([self.inline(item) for item in items])
            case Table():
                return self.table(block)
            case _:
                assert_never(block)

    @abstractmethod
    def paragraph(self, line: str) -> str:
        """Return a paragraph around a line that is written already."""

    @abstractmethod
    def bullets(self, lines: Sequence[str]) -> str:
        """Return a list of lines that are written already."""

    @abstractmethod
    def table(self, table: Table) -> str:
        """Return a table."""

    @abstractmethod
    def text(self, text: str) -> str:
        """Return text of the language."""

    @abstractmethod
    def code(self, text: str) -> str:
        """Return a name that no language translates."""

    @abstractmethod
    def own(self, text: str) -> str:
        """Return the operator's own words."""

    @abstractmethod
    def time(self, time: Time) -> str:
        """Return a day."""

    @abstractmethod
    def link(self, link: Link) -> str:
        """Return a link."""
