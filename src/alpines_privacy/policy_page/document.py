"""The text of a policy as a structure: sections of paragraphs, lists and tables, in one language.

It is made once from the policy; each format (HTML, Markdown, plain text) only writes it down.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import NamedTuple, TypeAlias

__all__ = [
    "Block",
    "Bullets",
    "Code",
    "Document",
    "Inline",
    "Link",
    "Own",
    "Paragraph",
    "Piece",
    "Section",
    "Table",
    "Time",
    "joined",
]


class Code(NamedTuple):
    """A name that is written the same in every language: a cookie's, a host, a path."""

    text: str


class Link(NamedTuple):
    """A link; a `target` with a leading slash is a path below the app's mount point."""

    target: str
    text: str


class Time(NamedTuple):
    """A day, and how the language writes it."""

    day: dt.date
    text: str


class Own(NamedTuple):
    """Words of the operator's, in whatever language they wrote them."""

    text: str


Piece: TypeAlias = "str | Code | Link | Time | Own"
Inline: TypeAlias = "tuple[Piece, ...]"


class Paragraph(NamedTuple):
    """One paragraph."""

    words: Inline


class Bullets(NamedTuple):
    """A list without an order."""

    items: tuple[Inline, ...]


class Table(NamedTuple):
    """A table: its caption, its column heads, and rows whose first cell names the row."""

    caption: str
    heads: tuple[str, ...]
    rows: tuple[tuple[Inline, ...], ...]


Block: TypeAlias = "Paragraph | Bullets | Table"


class Section(NamedTuple):
    """A section: `key` is its anchor, `number` is None after the policy's own fourteen."""

    key: str
    number: int | None
    title: str
    blocks: tuple[Block, ...]

    @property
    def heading(self) -> str:
        """The title, after its number if it has one: `1. Which personal data do we collect?`."""
        return self.title if self.number is None else f"{self.number}. {self.title}"


class Document(NamedTuple):
    """A whole policy. `notice` announces a change, `direction` is "ltr" or "rtl"."""

    title: str
    language: str
    direction: str
    notice_title: str
    notice: tuple[Block, ...]
    introduction: tuple[Block, ...]
    sections: tuple[Section, ...]


def joined(parts: Iterable[Inline], separator: str) -> Inline:
    """Return several texts as one, with a separator between each two."""
    pieces: list[Piece] = []
    for part in parts:
        pieces += [separator, *part] if pieces else part
    return tuple(pieces)
