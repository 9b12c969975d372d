"""A policy text as one neutral structure: sections, sentences and lists, each with its lines."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

__all__ = [
    "PAUSES",
    "QUESTIONS",
    "STOPS",
    "Block",
    "Document",
    "Piece",
    "Section",
    "Sentence",
    "plain_spelling",
]

_LONGEST = 2000  # characters of a sentence; a longer one is judged in parts
_MOST_WORDS = 20_000  # by which the language is told
# Characters of lead-ins that are said again before items: some in any text, and as many times its length.
_ROOM, _ROOM_TIMES = 20_000, 4

# Marks at the end of a statement, of a question, and within a sentence, in several scripts.
STOPS = (".", "!", "\u2026", "\u06d4", "\u3002", "\uff01", "\u0964")
QUESTIONS = ("?", "\u061f", "\uff1f")
PAUSES = (":", ";", ",", "\u061b", "\u060c", "\uff1a", "\uff1b", "\uff0c", "\u3001")

# Where a sentence may end: a stop, closing quotes, a space, and what a sentence begins with.
_STOP = re.compile(
    r"[.!?\u2026\u06d4\u061f\u3002\uff01\uff1f\u0964][\"'\u201d\u2019)]{0,2} (?=[\"'\u201c(]?[^\W_a-z])"
)
# What stands before a stop that ends no sentence: "e.g. Art. 6", "J. Smith".
_SHORT = re.compile(
    r"(?:^|[ (])(?:[a-z]|e\.g|i\.e|etc|incl|inc|ltd|co|no|nos|art|sec|par|mr|mrs|ms|dr|st|vs|cf|approx|tel)$",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W\d_]+")
_ENGLISH = frozenset(
    {"the", "and", "of", "to", "we", "you", "your", "our", "is", "are", "for", "or", "not", "this", "that", "with"}
)  # fmt: skip
_SPELLINGS = {
    "\u2019": "'", "\u2018": "'", "\u02bc": "'", "\u2010": "-", "\u2011": "-", "\u00a0": " ",
    "\u202f": " ", "\u00ad": "", "\u200b": "",
}  # fmt: skip
_TABLE = str.maketrans(_SPELLINGS)
_WRITTEN_OUT = (
    (re.compile(r"\b(?:https?|ftp)://[^\s<>()]*[^\s<>().,;:!?]"), ""),  # an address claims nothing
    (re.compile(r"\bcan't\b"), "cannot"),
    (re.compile(r"\bwon't\b"), "will not"),
    (re.compile(r"(?<=[a-z])n't\b"), " not"),
    # The signal's name denies nothing.
    (
        re.compile(
            r"\bdo[ -]not[ -]track\b(?! (?:you|your|our|us|users|visitors|people|any|them|what|the|individual)\b)"
        ),
        "dnt",
    ),
)


class Piece(NamedTuple):
    """A part of a text that stands on one line, counted from 1."""

    line: int
    text: str


class Block(NamedTuple):
    """A heading, a paragraph, an item of a list, or a row of a table, as a reader found it.

    `level` is a heading's rank (1 is the highest) or an item's depth. An `"empty list"` is markup
    of a list without any item. `sure` is false for a heading that only its looks tell.
    """

    kind: Literal["heading", "text", "item", "row", "empty list"]
    pieces: tuple[Piece, ...]
    level: int = 0
    sure: bool = True

    @property
    def line(self) -> int:
        """The first line."""
        return self.pieces[0].line

    @property
    def end_line(self) -> int:
        """The last line."""
        return self.pieces[-1].line

    @property
    def text(self) -> str:
        """The words, on one line."""
        return " ".join(piece.text for piece in self.pieces)


@dataclass(slots=True, eq=False)
class Section:
    """A heading (None before the first) and the blocks up to the next one."""

    heading: Block | None
    blocks: list[Block] = field(default_factory=list)

    @property
    def title(self) -> str:
        """The heading's words."""
        return self.heading.text if self.heading else ""


class Sentence(NamedTuple):
    """A sentence, an item or a row. `said` is what rules read: lower case, with the list's lead-in."""

    text: str
    line: int
    end_line: int
    section: int  # its index
    kind: str  # of its block
    said: str
    place: int = 0  # among all of the text


class Document:
    """A policy text: its title, sections, sentences, and the addresses of its links."""

    def __init__(
        self, blocks: Sequence[Block], *, links: Sequence[str] = (), title: str = ""
    ) -> None:
        self.blocks = tuple(blocks)
        self.links = tuple(links)
        self.sections = tuple(_sections(self.blocks))
        self.title = title or next((b.text for b in self.blocks if b.text.strip()), "")
        self.title_line = self.blocks[0].line if self.blocks else 1
        leads = _Leads(sum(len(piece.text) for block in self.blocks for piece in block.pieces))
        found = (
            s for at, section in enumerate(self.sections) for s in _sentences(at, section, leads)
        )
        self.sentences = tuple(s._replace(place=index) for index, s in enumerate(found))
        self._said: dict[int, str] = {}
        self.end_line = self.blocks[-1].end_line if self.blocks else 1

    @property
    def is_english(self) -> bool:
        """Whether the text's words are mostly, or half, English."""
        words = _WORD.findall(" ".join(s.said for s in self.sentences))[:_MOST_WORDS]
        return sum(word in _ENGLISH for word in words) >= len(words) / 10

    def next_to(self, sentence: Sentence) -> Sentence | None:
        """Return the sentence after one of these, if it is in the same section."""
        after = self.sentences[sentence.place + 1 : sentence.place + 2]
        return after[0] if after and after[0].section == sentence.section else None

    def within(self, section: int) -> str:
        """Return all that a section says, as rules read it."""
        if not self._said:
            parts: dict[int, list[str]] = {}
            for sentence in self.sentences:
                parts.setdefault(sentence.section, []).append(sentence.said)
            self._said = {index: " ".join(said) for index, said in parts.items()}
        return self._said.get(section, "")


def plain_spelling(text: str) -> str:
    """Return a text in lower case: plain quotes, no addresses, "do not" for "don't", "dnt" for "Do Not Track"."""
    text = text.translate(_TABLE).lower()
    for pattern, written in _WRITTEN_OUT:
        text = pattern.sub(written, text)
    return text


def _sections(blocks: Sequence[Block]) -> Iterator[Section]:
    section = Section(None)
    for block in blocks:
        if block.kind == "heading":
            if section.heading or section.blocks:
                yield section
            section = Section(block)
        else:
            section.blocks.append(block)
    yield section


class _Leads:
    """The lead-ins of lists, said again before each item as far as the text's length allows.

    A long one before thousands of short items would make a text many times longer than it is.
    """

    def __init__(self, length: int) -> None:
        self._room = _ROOM + _ROOM_TIMES * length

    def again(self, lead: str) -> str:
        """Return what is said before an item."""
        said = lead[-_LONGEST:]
        if not said or len(said) > self._room:
            return ""
        self._room -= len(said)
        return f"{said} "


def _sentences(index: int, section: Section, leads: _Leads) -> Iterator[Sentence]:
    lead = section.title if section.title.endswith(":") else ""
    for block in section.blocks:
        if block.kind == "empty list":
            continue
        if block.kind == "item":
            yield from _split(index, block, leads.again(lead))
            continue
        found = list(_split(index, block, ""))
        yield from found
        lead = found[-1].text if found and found[-1].text.endswith(":") else ""


def _split(index: int, block: Block, before: str) -> Iterator[Sentence]:
    """Yield the sentences of a block with the lines on which each begins and ends."""
    text, starts = block.text, _starts(block)
    lines = [piece.line for piece in block.pieces]
    for begin, end in _bounds(text, whole=block.kind == "row"):
        words = text[begin:end].strip()
        if not words:
            continue
        first, last = (bisect_right(starts, at) - 1 for at in (begin, max(begin, end - 1)))
        said = plain_spelling(before + words)
        yield Sentence(words, lines[first], lines[last], index, block.kind, said)


def _starts(block: Block) -> list[int]:
    """Return where each piece begins in the block's text."""
    starts, at = [], 0
    for piece in block.pieces:
        starts.append(at)
        at += len(piece.text) + 1
    return starts


def _bounds(text: str, *, whole: bool) -> Iterator[tuple[int, int]]:
    begin = 0
    for stop in () if whole else _STOP.finditer(text):
        if text[stop.start()] != "." or not _SHORT.search(
            text, max(begin, stop.start() - 8), stop.start()
        ):
            yield from _cut(begin, stop.end())
            begin = stop.end()
    yield from _cut(begin, len(text))


def _cut(begin: int, end: int) -> Iterator[tuple[int, int]]:
    while end - begin > _LONGEST:
        yield begin, begin + _LONGEST
        begin += _LONGEST
    yield begin, end
