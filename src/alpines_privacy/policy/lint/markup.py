"""HTML as blocks: headings, paragraphs, items and rows, with the lines on which they stand."""

from __future__ import annotations

import re
from html import unescape

from alpines_privacy.policy.lint.document import PAUSES, STOPS, Block, Piece

__all__ = ["is_markup", "read_markup"]

_BEGINS = re.compile(
    r"\s*(?:<\?xml\b|<!doctype html|<(?:html|head|body|main|article|section|div|h[1-6]|p|ul|ol|dl|table|"
    r"header)\b|<!--)",
    re.IGNORECASE,
)
_TAG = re.compile(r"<!--|<(/?)([A-Za-z][A-Za-z0-9]*+)([^<>]*+)>")
_HREF = re.compile(r"""\bhref\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""", re.IGNORECASE)
_DATETIME = re.compile(r"""\bdatetime\s*=\s*["']?([0-9T:Z+-]{4,40})""", re.IGNORECASE)
_SKIPPED = frozenset(
    {"script", "style", "template", "svg", "nav", "select", "button", "noscript", "textarea"}
)
_ENDS = {name: re.compile(rf"</{name}\b[^<>]*+>", re.IGNORECASE) for name in _SKIPPED}
_COMMENT_END = re.compile("-->")
_MAIN = re.compile(r"<main\b", re.IGNORECASE)
_HEADINGS = {f"h{rank}": rank for rank in range(1, 7)} | {"summary": 6}
_LISTS = frozenset({"ul", "ol", "menu"})
_BREAKS = frozenset(
    {"p", "div", "section", "article", "main", "header", "footer", "aside", "body", "br", "hr", "table", "dl", "dt",
     "dd", "details", "blockquote", "address", "figure", "form", "fieldset", "td", "th", "pre", "html"}
)  # fmt: skip
_BOLD = frozenset({"b", "strong"})
_LONGEST_TITLE = 110


def is_markup(text: str) -> bool:
    """Whether a text begins as an HTML document or a piece of one."""
    return _BEGINS.match(text, 0, 2000) is not None


def read_markup(text: str) -> tuple[list[Block], list[str], str]:
    """Return the blocks of HTML, the addresses of its links, and the words of `<title>`.

    What a page holds beside its `<main>` is left out, where it has one.
    """
    reader = _Reader(text)
    reader.read()
    return reader.blocks, reader.links, reader.title


class _Reader:
    """Reads tags in one pass; each is looked at once."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._line, self._counted = 1, 0
        self._pieces: list[Piece] = []
        self._kind, self._level = "text", 0
        self._bold = self._plain = 0  # characters of the block's words, in bold and not
        self._in_bold = 0
        self._lists: list[
            tuple[int, bool]
        ] = []  # the line of each open list, and whether it has items
        self._in_title = self._in_row = False
        self._main = _MAIN.search(text)
        self.blocks: list[Block] = []
        self.links: list[str] = []
        self._titled: list[str] = []

    def read(self) -> None:
        """Read the whole text."""
        at = 0
        while tag := _TAG.search(self._text, at):
            self._words(at, tag.start())
            at = self._after(tag)
        self._words(at, len(self._text))
        self._flush()

    @property
    def title(self) -> str:
        """The words of `<title>`."""
        return "".join(self._titled)

    def _after(self, tag: re.Match[str]) -> int:
        """Take a tag, and return where to go on."""
        if tag[2] is None:
            return self._past(_COMMENT_END, tag.end())
        name, closes = tag[2].lower(), bool(tag[1])
        if name in _SKIPPED and not closes and not tag[3].endswith("/"):
            return self._past(_ENDS[name], tag.end())
        if name == "main":
            if closes and self._main:
                self._flush()
                return len(self._text)
            if not closes:
                self._begin_again()
        if name == "title":
            self._in_title = not closes and not self._titled
        elif name == "a" and not closes:
            self._link(tag[3])
        elif name == "time" and not closes and (date := _DATETIME.search(tag[3])):
            self._put(f" {date[1]} ", self._at(tag.start()))
        else:
            self._element(name, closes=closes, line=self._at(tag.start()))
        return tag.end()

    def _past(self, end: re.Pattern[str], at: int) -> int:
        """Return where something ends; the end of the text where it never does."""
        found = end.search(self._text, at)
        return found.end() if found else len(self._text)

    def _begin_again(self) -> None:
        self._pieces, self.blocks, self.links, self._lists = [], [], [], []
        self._kind, self._level = "text", 0

    def _link(self, attributes: str) -> None:
        if found := _HREF.search(attributes):
            self.links.append(unescape(found[1] or found[2] or found[3] or ""))

    def _element(self, name: str, *, closes: bool, line: int) -> None:
        if name in _BOLD:
            self._in_bold = max(0, self._in_bold + (-1 if closes else 1))
        elif name in _HEADINGS:
            self._open("text" if closes else "heading", _HEADINGS[name])
        elif name in _LISTS:
            self._list(closes=closes, line=line)
        elif name == "li":
            self._open("text" if closes else "item", len(self._lists))
            if not closes and self._lists:
                self._lists[-1] = (self._lists[-1][0], True)
        elif name == "tr":
            self._open("text" if closes else "row", 0)
            self._in_row = not closes
        elif name in _BREAKS:
            self._break(name)

    def _open(self, kind: str, level: int) -> None:
        self._flush()
        self._kind, self._level = kind, level

    def _break(self, name: str) -> None:
        """End a paragraph; within an item, a row or a heading words go on."""
        if self._kind == "text" or (self._kind == "item" and name not in {"br", "p", "div"}):
            self._open("text", 0)

    def _list(self, *, closes: bool, line: int) -> None:
        self._open("text", 0)
        if not closes:
            self._lists.append((line, False))
        elif self._lists:
            first, has_items = self._lists.pop()
            if not has_items:
                self.blocks.append(Block("empty list", (Piece(first, ""),)))

    def _words(self, begin: int, end: int) -> None:
        if begin == end:
            return
        if self._in_title:
            self._titled.append(" ".join(unescape(self._text[begin:end]).split()))
            return
        line = self._at(begin)
        for number, part in enumerate(self._text[begin:end].split("\n"), start=line):
            self._put(unescape(part), number)

    def _put(self, words: str, line: int) -> None:
        if not words.strip():
            if words and self._pieces:  # a space between two words
                self._space()
            return
        size = len(words.strip())
        self._bold, self._plain = (
            (self._bold + size, self._plain) if self._in_bold else (self._bold, self._plain + size)
        )
        self._pieces.append(Piece(line, words))

    def _space(self) -> None:
        """End the last words by a space; more of them say no more."""
        line, words = self._pieces[-1]
        if not words[-1].isspace():
            self._pieces[-1] = Piece(line, f"{words} ")

    def _flush(self) -> None:
        """End the block that is open."""
        pieces = _joined(self._pieces)
        kind, level = self._kind, self._level
        if pieces:
            words = " ".join(piece.text for piece in pieces)
            if kind == "text" and self._bold and not self._plain and _is_title(words):
                kind, level = "heading", 6
            self.blocks.append(Block(kind, pieces, level))  # type: ignore[arg-type]  # one of the five
        self._pieces, self._bold, self._plain = [], 0, 0
        self._kind, self._level = ("row", 0) if self._in_row else ("text", 0)

    def _at(self, position: int) -> int:
        """Return the line of a position, counted on from the last one asked for."""
        self._line += self._text.count("\n", self._counted, position)
        self._counted = position
        return self._line


def _is_title(words: str) -> bool:
    return len(words) <= _LONGEST_TITLE and not words.endswith(STOPS + PAUSES)


def _joined(pieces: list[Piece]) -> tuple[Piece, ...]:
    """Return one piece for each line, its words as they stand next to each other."""
    lines: dict[int, list[str]] = {}
    for piece in pieces:
        lines.setdefault(piece.line, []).append(piece.text)
    cleaned = ((line, " ".join("".join(parts).split())) for line, parts in lines.items())
    return tuple(Piece(line, words) for line, words in cleaned if words)
