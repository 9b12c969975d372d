"""The policy as Markdown (CommonMark, with the tables of GitHub's)."""

from __future__ import annotations

import re
from typing import assert_never
from urllib.parse import quote

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

__all__ = ["markdown"]

# What may begin markup inside a line, and what may at its beginning (CommonMark §2.4, §4, §5).
_INSIDE = re.compile(r"[\\`*_\[\]<>&|~]")
_BEGINNING = re.compile(r"^(#|[-+=]|\d{1,9}[.)])")
_OF_ADDRESSES = "%/:=&?~#+!$,;'@()*[]"
_TICKS = re.compile(r"`+")


def markdown(document: Document) -> str:
    """Return the whole text."""
    parts = [f"# {_escaped(document.title)}"]
    if document.notice:
        parts += [f"**{_escaped(document.notice_title)}**", *map(_block, document.notice)]
    parts += map(_block, document.introduction)
    for section in document.sections:
        parts += [f"## {_title(section)}", *map(_block, section.blocks)]
    return "\n\n".join(parts) + "\n"


def _title(section: Section) -> str:
    title = _escaped(section.title)
    return title if section.number is None else f"{section.number}. {title}"


def _block(block: Block) -> str:
    match block:
        case Paragraph(words):
            return _begun(_inline(words))
        case Bullets(items):
            return "\n".join(f"- {_begun(_inline(item))}" for item in items)
        case Table():
            return _table(block)
        case _:
            assert_never(block)


def _table(table: Table) -> str:
    heads = " | ".join(map(_escaped, table.heads))
    rule = " | ".join("---" for _ in table.heads)
    rows = [" | ".join(_cell(cell) for cell in row) for row in table.rows]
    lines = "\n".join(f"| {line} |" for line in (heads, rule, *rows))
    return f"{_begun(_escaped(table.caption))}:\n\n{lines}"


def _cell(words: Inline) -> str:
    """Return a cell; a bar ends it even in code, unless it is escaped."""
    return "".join(_piece(piece, in_table=True) for piece in words)


def _inline(words: Inline) -> str:
    return "".join(map(_piece, words))


def _piece(piece: Piece, *, in_table: bool = False) -> str:
    match piece:
        case str() | Own() | Time():
            return _escaped(piece if isinstance(piece, str) else piece.text)
        case Code(text):
            code = _code(text)
            return code.replace("|", "\\|") if in_table else code
        case Link(target, text):
            return f"[{_escaped(text)}](<{quote(target, safe=_OF_ADDRESSES)}>)"
        case _:
            assert_never(piece)


def _code(text: str) -> str:
    """Return a code span, with more backticks around it than stand in it (CommonMark §6.1)."""
    ticks = "`" * (1 + max(map(len, _TICKS.findall(text)), default=0))
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{ticks}{pad}{text}{pad}{ticks}"


def _escaped(text: str) -> str:
    has_ends = text[:1].isspace(), text[-1:].isspace()
    words = _INSIDE.sub(r"\\\g<0>", " ".join(text.split()))
    return f"{' ' if has_ends[0] and words else ''}{words}{' ' if has_ends[1] else ''}"


def _begun(line: str) -> str:
    """Return a line whose first letters are text, whatever they are."""
    return _BEGINNING.sub(lambda found: f"{found[0][:-1]}\\{found[0][-1]}", line)
