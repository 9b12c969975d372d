"""The policy as plain text, in lines of 78 characters at most where its words allow that."""

from __future__ import annotations

import unicodedata
from textwrap import TextWrapper
from typing import assert_never

from alpines_privacy.policy_page.document import (
    Block,
    Bullets,
    Code,
    Document,
    Inline,
    Link,
    Own,
    Paragraph,
    Piece,
    Section,
    Table,
    Time,
)

__all__ = ["PlainText", "plain_text"]

_WIDTH = 78
# Around what may run in the other direction than the text (Unicode: first strong isolate, pop).
_ISOLATE, _POP = "\u2068", "\u2069"


def plain_text(document: Document) -> str:
    """Return the whole text."""
    return PlainText(isolates=document.direction == "rtl")(document)


class PlainText:
    """Writes a policy as text. `isolates`: names and addresses are kept from reordering the line."""

    def __init__(self, *, isolates: bool) -> None:
        self._isolates = isolates

    def __call__(self, document: Document) -> str:
        """Return the whole text."""
        parts = [_underlined(document.title, "=")]
        if document.notice:
            parts += [f"{document.notice_title}:", *map(self._block, document.notice)]
        parts += map(self._block, document.introduction)
        for section in document.sections:
            parts += [_underlined(_title(section), "-"), *map(self._block, section.blocks)]
        return "\n\n".join(parts) + "\n"

    def _block(self, block: Block) -> str:
        match block:
            case Paragraph(words):
                return _wrapped(self._inline(words))
            case Bullets(items):
                return "\n".join(_wrapped(self._inline(item), first="- ") for item in items)
            case Table():
                return self._table(block)
            case _:
                assert_never(block)

    def _table(self, table: Table) -> str:
        """Return a table as one item for each row, its cells under their heads."""
        rows = [
            "\n".join(
                _wrapped(f"{head}: {self._inline(cell)}", first="  " if index else "- ")
                for index, (head, cell) in enumerate(zip(table.heads, row, strict=True))
                if cell
            )
            for row in table.rows
        ]
        return "\n".join([_wrapped(f"{table.caption}:"), *rows])

    def _inline(self, words: Inline) -> str:
        return "".join(map(self._piece, words))

    def _piece(self, piece: Piece) -> str:
        match piece:
            case str():
                return piece
            case Time(_, text):
                return text
            case Code(text) | Own(text):
                return self._apart(text)
            case Link(target, text):
                shown = target.removeprefix("mailto:")
                apart = self._apart(shown)
                return apart if shown == text else f"{self._apart(text)} ({apart})"
            case _:
                assert_never(piece)

    def _apart(self, text: str) -> str:
        return f"{_ISOLATE}{text}{_POP}" if self._isolates else text


def _title(section: Section) -> str:
    return section.title if section.number is None else f"{section.number}. {section.title}"


def _underlined(title: str, line: str) -> str:
    """Return a heading with a line of its width; marks above and below letters take none."""
    width = sum(not unicodedata.combining(letter) for letter in title)
    return f"{title}\n{line * width}"


def _wrapped(text: str, first: str = "") -> str:
    wrapper = TextWrapper(
        _WIDTH,
        initial_indent=first,
        subsequent_indent=" " * len(first),
        break_long_words=False,
        break_on_hyphens=False,
    )
    return wrapper.fill(" ".join(text.split()))
