"""Plain text and Markdown as blocks: what is a heading, an item or a row, by how it is written."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from alpines_privacy.policy.lint.document import PAUSES, QUESTIONS, STOPS, Block, Piece

__all__ = ["links_in", "read_plain"]

_LONGEST_LINE = 100_000  # characters; a longer one is read in parts

_ATX = re.compile(r"(#{1,6})[ \t]++(.*)")
_BOLD = re.compile(r"(\*\*|__)(.{1,200}?)\1:?")
_HTML_HEADING = re.compile(r"<h([1-6])\b[^<>]*>(.*?)</h[1-6]>", re.IGNORECASE)
_UNDERLINE = re.compile(r"={3,}|-{3,}")
_RULE = re.compile(r"(?:[-*_=][ \t]?){3,}")
_BULLET = re.compile(
    r"[-*+\u2022\u25e6\u25aa\u25cf\u2023\u00b7\u2013\u2014](?:[ \t]++(.*))?|o[ \t]++(.*)"
)
_LETTERED = re.compile(r"(?:\(?(?:[a-z]|[ivx]{1,4}|\d{1,2})\)|[a-z]\.)[ \t]++(.*)")
_NUMBERED = re.compile(r"(?:\u00a7[ \t]*)?(\d{1,2})(?:\.|[ \t]*[-\u2013:])?[ \t]++(.*)")
_COUNTED = re.compile(r"\d{1,2}\.")
_DOTTED = re.compile(r"(\d{1,2}(?:\.\d{1,2}){1,3})\.?[ \t]++(.*)")
_SECTION = re.compile(
    r"(?:(?:article|section|part|clause|artikel|abschnitt)[ \t]+[0-9ivx]{1,4}|[ivx]{1,5}\.|[A-Z]\.)"
    r"[ \t.:\u2013-]*+(.*)",
    re.IGNORECASE,
)
_RUN_IN = re.compile(r"([A-Z][A-Z0-9 ,&'/()-]{2,80})\.[ \t]+(\S.*)")
_CAPITALS = re.compile(r"(?=.*[A-Z]{3})[A-Z0-9 ,&'\u2019()/?:.\u2013-]{3,90}")
_LINK = re.compile(r"!?\[([^\[\]]{0,500})\]\(([^()\s]{0,2000})\)")
_BARE_LINK = re.compile(r"<((?:https?://|mailto:)[^<>\s]{1,2000})>")
_TAG = re.compile(r"</?[A-Za-z!][^<>]*>")
_MARKS = re.compile(r"\*\*|__|``?|(?<![\w*])\*(?=\S)|(?<=\S)\*(?![\w*])")
_ROW = re.compile(r"\|.*\|?")
_COLUMNS = re.compile(r"[|:\- \t]+")
_DATE = re.compile(r"\b(?:19|20)\d\d\b|@|://")


class _Line(NamedTuple):
    number: int
    indent: int
    text: str  # stripped; empty for a blank line
    after_blank: bool


def read_plain(text: str) -> list[Block]:
    """Return the blocks of plain text or Markdown."""
    return list(_Reader(list(_lines(text))).blocks())


def links_in(text: str) -> list[str]:
    """Return the addresses of Markdown's links."""
    return [m[2] for m in _LINK.finditer(text)] + [m[1] for m in _BARE_LINK.finditer(text)]


def _lines(text: str) -> Iterator[_Line]:
    after_blank = True
    for number, line in enumerate(_without_front_matter(text.split("\n")), start=1):
        stripped = line.expandtabs(4).strip().removeprefix(">").strip()
        if stripped.startswith(("```", "~~~")):
            stripped = ""
        indent = len(line.expandtabs(4)) - len(line.expandtabs(4).lstrip())
        for at in range(0, len(stripped) or 1, _LONGEST_LINE):
            yield _Line(number, indent, stripped[at : at + _LONGEST_LINE], after_blank)
        after_blank = not stripped


def _without_front_matter(lines: list[str]) -> list[str]:
    """Return the lines with a static site's front matter blanked out."""
    if lines[0].strip() != "---":
        return lines
    end = next((i for i, line in enumerate(lines[1:50], 1) if line.strip() == "---"), 0)
    return [""] * (end + 1) + lines[end + 1 :] if end else lines


def _clean(text: str) -> str:
    """Return a line's words without Markdown's and HTML's marks."""
    text = _LINK.sub(lambda m: m[1], text)
    text = _BARE_LINK.sub(lambda m: m[1], text)
    return " ".join(_MARKS.sub("", _TAG.sub("", text)).split())


def _is_title(text: str) -> bool:
    """Whether words have the shape of a heading: short, capitalised, and no sentence."""
    return (
        2 < len(text) <= 110
        and len(text.split()) <= 16
        and not text.endswith(STOPS + PAUSES)
        and text[0].isalpha()
        and not text[0].islower()
        and ": " not in text
        and _DATE.search(text) is None
    )


def _is_body(text: str) -> bool:
    """Whether a line is a paragraph's rather than another heading or a line of an address."""
    return len(text) > 60 or text.endswith(STOPS + QUESTIONS + PAUSES) or _item(text) is not None


def _item(text: str) -> str | None:
    """Return an item's words without its mark; None for what is no item."""
    if _RULE.fullmatch(text) and len(text) > 1:
        return None
    for mark in (_BULLET, _LETTERED):
        if found := mark.fullmatch(text):
            return next((group for group in found.groups() if group is not None), "")
    return None


class _Reader:
    """Reads lines into blocks; what a numbered line is, is known from all of them."""

    def __init__(self, lines: Sequence[_Line]) -> None:
        self._lines = lines
        self._next: list[int] = _following(lines)
        self._has_marks = any(_ATX.fullmatch(line.text[:300]) for line in lines)
        self._headings = frozenset() if self._has_marks else self._numbered_headings()
        self._titles = self._plain_titles()
        self._blocks: list[Block] = []
        self._open: list[Piece] = []  # of the last one

    def blocks(self) -> Sequence[Block]:
        """Return the blocks in their order."""
        for index, line in enumerate(self._lines):
            if line.text and not self._is_mark(index):
                self._take(index, line)
        self._close()
        return [_cleaned(block) for block in self._blocks]

    def _is_mark(self, index: int) -> bool:
        """Whether a line is a rule, an underline or a table's second row: marks without words."""
        text = self._lines[index].text
        return _RULE.fullmatch(text[:300]) is not None and len(text) > 1

    def _take(self, index: int, line: _Line) -> None:
        """Add a line of words to the blocks."""
        if heading := self._heading(index, line):
            words, level, sure = heading
            self._add("heading", line, words, level, sure=sure)
        elif _ROW.fullmatch(line.text) and line.text.count("|") > 1:
            if not _COLUMNS.fullmatch(line.text):
                self._add("row", line, " ".join(line.text.strip("|").split("|")))
        elif (item := _item(line.text)) is not None:
            self._add("item", line, item, line.indent // 2)
        elif _COUNTED.match(line.text) and (numbered := _NUMBERED.fullmatch(line.text)):
            self._take_numbered(line, numbered[2])
        elif self._continues(line):
            self._go_on(line)
        else:
            self._add("text", line, line.text)

    def _take_numbered(self, line: _Line, words: str) -> None:
        """Add an item with its number; one that begins with a title in capitals is a section."""
        if run_in := _RUN_IN.fullmatch(words):
            self._add("heading", line, run_in[1], 2)
            self._add("text", line, run_in[2])
        else:
            self._add("item", line, words, line.indent // 2)

    def _add(
        self, kind: str, line: _Line, words: str, level: int = 0, *, sure: bool = True
    ) -> None:
        """Begin a block; lines that go on with it are added to the open pieces."""
        self._close()
        pieces = (Piece(line.number, words),)
        self._blocks.append(Block(kind, pieces, level, sure))  # type: ignore[arg-type]  # one of the five
        self._open = [*pieces]

    def _close(self) -> None:
        """Give the last block all its pieces."""
        if len(self._open) > 1:
            self._blocks[-1] = self._blocks[-1]._replace(pieces=tuple(self._open))

    def _go_on(self, line: _Line) -> None:
        self._open.append(Piece(line.number, line.text))

    def _continues(self, line: _Line) -> bool:
        """Whether a line goes on with the block before: a wrapped paragraph or item."""
        if line.after_blank or not self._blocks or self._blocks[-1].kind not in {"text", "item"}:
            return False
        before = self._open[-1].text
        if self._blocks[-1].kind == "item":
            return line.indent > 0 or line.text[0].islower()
        is_over = before.endswith((*STOPS, *QUESTIONS, ":", ";"))
        return not is_over or (len(before) > 60 and not before.endswith(":"))

    def _heading(self, index: int, line: _Line) -> tuple[str, int, bool] | None:
        """Return a heading's words, its rank, and whether its marks make it one."""
        if marked := self._marked(index, line.text):
            return marked
        if index in self._headings:
            return line.text, 2, True
        if rank := self._titles.get(index):
            return line.text, rank, rank < 4
        dotted = None if self._has_marks else _DOTTED.fullmatch(line.text)
        if dotted and _is_title(dotted[2]) and not self._runs_on(index):
            return line.text, 2 + dotted[1].count("."), True
        return None

    def _marked(self, index: int, text: str) -> tuple[str, int, bool] | None:
        """Return the same of a line with the marks of a heading, in Markdown or HTML."""
        if found := _ATX.fullmatch(text):
            return found[2].rstrip(" \t#"), len(found[1]), True
        if found := _HTML_HEADING.fullmatch(text):
            return found[2], int(found[1]), True
        if self._is_underlined(index):
            return text, 1 if self._lines[index + 1].text.startswith("=") else 2, True
        if (found := _BOLD.fullmatch(text)) and _is_title(words := found[2].rstrip(":")):
            return words, 6, True
        return None

    def _is_underlined(self, index: int) -> bool:
        lines = self._lines
        return (
            index + 1 < len(lines)
            and _UNDERLINE.fullmatch(lines[index + 1].text) is not None
            and lines[index].after_blank
            and len(lines[index].text) <= 110
        )

    def _numbered_headings(self) -> frozenset[int]:
        """Return the lines whose numbers count sections: most of them are followed by a body."""
        runs: list[list[int]] = []
        waiting: dict[int, deque[list[int]]] = {}
        for index, line in enumerate(self._lines):
            found = _NUMBERED.fullmatch(line.text)
            if not found or not _is_title(found[2]) or self._runs_on(index):
                continue
            number = int(found[1])
            known = waiting.get(number)
            run: list[int] = []
            if known:
                run = known.popleft() if self._has_body(index) else known.pop()
            if not run:
                runs.append(run)
            run.append(index)
            waiting.setdefault(number + 1, deque()).append(run)
        counts = ((run, sum(map(self._has_body, run))) for run in runs)
        return frozenset(index for run, bodies in counts if bodies > len(run) / 2 for index in run)

    def _runs_on(self, index: int) -> bool:
        """Whether the next line goes on with this one: it begins small."""
        after = self._lines[index + 1].text if index + 1 < len(self._lines) else ""
        return after[:1].islower() and _item(after) is None

    def _has_body(self, index: int) -> bool:
        """Whether the next line with words is no numbered line of the same shape."""
        following = self._next[index]
        if following == len(self._lines):
            return False
        found = _NUMBERED.fullmatch(self._lines[following].text)
        return not (found and _is_title(found[2]))

    def _plain_titles(self) -> dict[int, int]:
        """Return the lines that are headings by their looks alone, and their rank."""
        titles: dict[int, int] = {}
        if self._has_marks:
            return titles
        first = next((i for i, line in enumerate(self._lines) if line.text), 0)
        for index in range(len(self._lines) - 1, -1, -1):
            rank = self._rank(index, titles, is_first=index == first)
            if rank:
                titles[index] = rank
        return titles

    def _rank(self, index: int, titles: dict[int, int], *, is_first: bool) -> int:
        """Return the rank of a heading without marks; 0 for what is none."""
        line, after = self._lines[index], self._next[index]
        text = _clean(line.text) if len(line.text) <= 300 else ""
        if index in self._headings or not self._may_be_title(index, text):
            return 0
        if is_first:
            return 1
        if _CAPITALS.fullmatch(text) and self._before(index):
            return 2
        return self._rank_by_next(index, text, titles) if after < len(self._lines) else 0

    def _may_be_title(self, index: int, text: str) -> bool:
        return bool(text) and _is_title(text) and _item(text) is None and not self._runs_on(index)

    def _rank_by_next(self, index: int, text: str, titles: dict[int, int]) -> int:
        """Return the rank of words that only what follows makes a heading."""
        after = self._next[index]
        has_body = _is_body(self._lines[after].text)
        if self._lines[index].after_blank and not self._lines[index + 1].text:
            named = _SECTION.fullmatch(text)
            rank = 2 if named and named[1] else 4
            return rank if has_body or after in titles or after in self._headings else 0
        is_led = self._before(index) and has_body and after not in titles
        return 4 if is_led and _is_capitalised(text) else 0

    def _before(self, index: int) -> bool:
        """Whether what stands before a line is over: a blank line, a heading, or the end of a sentence."""
        if index == 0 or self._lines[index].after_blank:
            return True
        before = self._lines[index - 1].text
        return index - 1 in self._headings or before.endswith(STOPS + QUESTIONS)


def _is_capitalised(text: str) -> bool:
    """Whether most longer words begin with a capital, as in English titles."""
    words = [word for word in text.split() if len(word) > 3]
    return bool(words) and sum(not word[0].islower() for word in words) >= 0.6 * len(words)


def _following(lines: Sequence[_Line]) -> list[int]:
    """Return for each line the index of the next one with words, or the number of lines."""
    following, after = [0] * len(lines), len(lines)
    for index in range(len(lines) - 1, -1, -1):
        following[index] = after
        if lines[index].text:
            after = index
    return following


def _cleaned(block: Block) -> Block:
    return block._replace(pieces=tuple(Piece(p.line, _clean(p.text)) for p in block.pieces))
