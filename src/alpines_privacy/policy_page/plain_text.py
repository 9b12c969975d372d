"""The policy as plain text, in lines of 78 characters at most where its words allow that."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from textwrap import TextWrapper

from alpines_privacy.policy_page.document import Document, Link, Table, Time
from alpines_privacy.policy_page.format import Format

__all__ = ["plain_text"]

_WIDTH = 78
# Around what may run in the other direction than the text (Unicode: first strong isolate, pop).
_ISOLATE, _POP = "\u2068", "\u2069"


def plain_text(document: Document) -> str:
    """Return the whole text."""
    write = _PlainText(isolates=document.direction == "rtl")
    parts = [_underlined(document.title, "=")]
    if document.notice:
        parts += [f"{document.notice_title}:", *write.blocks(document.notice)]
    parts += write.blocks(document.introduction)
    for section in document.sections:
        parts += [_underlined(section.heading, "-"), *write.blocks(section.blocks)]
    return "\n\n".join(parts) + "\n"


class _PlainText(Format):
    """With `isolates`, names and addresses are kept from reordering the line."""

    def __init__(self, *, isolates: bool) -> None:
        self._isolates = isolates

    def paragraph(self, line: str) -> str:
        return _wrapped(line)

    def bullets(self, lines: Sequence[str]) -> str:
        return "\n".join(_wrapped(line, first="- ") for line in lines)

    def table(self, table: Table) -> str:
        """Return a table as one item for each row, its cells under their heads."""
        rows = [
            "\n".join(
                _wrapped(f"{head}: {self.inline(cell)}", first="  " if index else "- ")
                for index, (head, cell) in enumerate(zip(table.heads, row, strict=True))
                if cell
            )
            for row in table.rows
        ]
        return "\n".join([_wrapped(f"{table.caption}:"), *rows])

    def text(self, text: str) -> str:
        return text

    def code(self, text: str) -> str:
        return self._isolated(text)

    def own(self, text: str) -> str:
        return self._isolated(text)

    def time(self, time: Time) -> str:
        return time.text

    def link(self, link: Link) -> str:
        shown = link.target.removeprefix("mailto:")
        address = self._isolated(shown)
        return address if shown == link.text else f"{self._isolated(link.text)} ({address})"

    def _isolated(self, text: str) -> str:
        return f"{_ISOLATE}{text}{_POP}" if self._isolates else text


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
