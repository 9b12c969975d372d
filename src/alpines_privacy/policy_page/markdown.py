"""The policy as Markdown (CommonMark, with the tables of GitHub's)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import quote

from alpines_privacy.policy_page.document import Code, Document, Inline, Link, Table, Time
from alpines_privacy.policy_page.format import Format

__all__ = ["markdown"]

# What may begin markup inside a line, and what may at its beginning (CommonMark §2.4, §4, §5).
_INSIDE = re.compile(r"[\\`*_\[\]<>&|~]")
_BEGINNING = re.compile(r"^(#|[-+=]|\d{1,9}[.)])")
_IN_ADDRESSES = "%/:=&?~#+!$,;'@()*[]"
_TICKS = re.compile(r"`+")


def markdown(document: Document) -> str:
    """Return the whole text."""
    write = _Markdown()
    parts = [f"# {_escaped(document.title)}"]
    if document.notice:
        parts += [f"**{_escaped(document.notice_title)}**", *write.blocks(document.notice)]
    parts += write.blocks(document.introduction)
    for section in document.sections:
        parts += [f"## {_escaped(section.heading)}", *write.blocks(section.blocks)]
    return "\n\n".join(parts) + "\n"


class _Markdown(Format):
    def paragraph(self, line: str) -> str:
        return _begun(line)

    def bullets(self, lines: Sequence[str]) -> str:
        return "\n".join(f"- {_begun(line)}" for line in lines)

    def table(self, table: Table) -> str:
        heads = " | ".join(map(_escaped, table.heads))
        rule = " | ".join("---" for _ in table.heads)
        rows = [" | ".join(map(self._cell, row)) for row in table.rows]
        lines = "\n".join(f"| {line} |" for line in (heads, rule, *rows))
        return f"{_begun(_escaped(table.caption))}:\n\n{lines}"

    def _cell(self, words: Inline) -> str:
        """Return a cell. A bar ends it, in code too, unless it is escaped."""
        return "".join(
            self.code(piece.text).replace("|", "\\|")
            if isinstance(piece, Code)
            else self.piece(piece)
            for piece in words
        )

    def text(self, text: str) -> str:
        return _escaped(text)

    def code(self, text: str) -> str:
        """Return a code span, with more backticks around it than stand in it (CommonMark §6.1)."""
        ticks = "`" * (1 + max(map(len, _TICKS.findall(text)), default=0))
        pad = " " if text.startswith("`") or text.endswith("`") else ""
        return f"{ticks}{pad}{text}{pad}{ticks}"

    def own(self, text: str) -> str:
        return _escaped(text)

    def time(self, time: Time) -> str:
        return _escaped(time.text)

    def link(self, link: Link) -> str:
        return f"[{_escaped(link.text)}](<{quote(link.target, safe=_IN_ADDRESSES)}>)"


def _escaped(text: str) -> str:
    has_ends = text[:1].isspace(), text[-1:].isspace()
    words = _INSIDE.sub(r"\\\g<0>", " ".join(text.split()))
    return f"{' ' if has_ends[0] and words else ''}{words}{' ' if has_ends[1] else ''}"


def _begun(line: str) -> str:
    """Return a line whose first letters are text, whatever they are."""
    return _BEGINNING.sub(lambda found: f"{found[0][:-1]}\\{found[0][-1]}", line)
