"""Rules about a text's structure, in any language: empty lists and sections, text that stands twice."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from alpines_privacy.policy.lint.document import Block, Document, Sentence
from alpines_privacy.policy.lint.rule import Finding, Rule, quoted
from alpines_privacy.policy.parts import PrivacyPolicy

__all__ = ["STRUCTURE"]

_WORD = re.compile(r"\w+")
_NUMBER = re.compile(r"\(?\d+(?:\.\d+)*[.)]?\s+")  # of a clause
_DATE = re.compile(r"\b(?:19|20)\d\d\b")
# A lead-in that is no sentence without what follows it, and a sentence that begins anew.
_OPEN = re.compile(r"\b(?:to|us|we|you|by|for|that|are)\s*:$")
_ANEW = re.compile(
    r"(?:we|you|our|your|if|please|this|these|when|for (?:more|further)|in addition)\b"
)
_FILLERS = frozenset(
    {"a", "an", "the", "and", "or", "also", "of", "to", "in", "on", "for", "with", "by", "is", "are", "be", "that",
     "this", "it", "as", "we", "our", "us", "you", "your", "may", "will", "please", "such", "any"}
)  # fmt: skip
_NEGATIONS = frozenset(
    {"not", "no", "never", "without", "except", "unless", "neither", "nor", "cannot"}
)
_SEEDS = (b"1", b"2", b"3", b"4")
_MOST_ALIKE = 8  # earlier sentences that one is compared with, for each of its keys
_NEAR = 0.8  # share of the words that two sentences have in common
_FEWEST_NEAR = 8  # words that tell, for a likeness to mean anything
_LONG = 16  # words of a sentence that stands twice in a text by mistake, wherever
_SHORT = 4  # the same within a section


@dataclass(frozen=True, slots=True, kw_only=True)
class _EmptyList(Rule):
    """A lead-in ("Cookies help us:") with nothing after it, or markup of a list without items."""

    def check(self, text: Document, policy: PrivacyPolicy | None) -> Iterator[Finding]:
        """Yield every lead-in without a list."""
        del policy
        for section in text.sections:
            after: Block | None = None
            is_empty = True  # of what follows
            found = []
            for block in reversed(section.blocks):
                is_lead = block.kind == "text" and block.text.endswith(":")
                if block.kind == "empty list":
                    found.append(self.found(block.line, block.end_line, "the list has no items"))
                    continue
                if is_lead:
                    is_empty = is_empty or _is_alone(block, after)
                    if is_empty:
                        last = block.text.rpartition(". ")[2]
                        message = f"nothing follows {quoted(last)}"
                        found.append(self.found(block.end_line, block.end_line, message))
                elif block.kind == "item" and not block.text.strip():
                    continue
                else:
                    is_empty = False
                after = block
            yield from _without_twins(reversed(found))


def _is_alone(block: Block, after: Block | None) -> bool:
    """Whether a lead-in is followed by its own repetition, or breaks off before a new sentence."""
    if after is None:
        return True
    if after.kind == "text" and after.text == block.text:
        return True
    return (
        after.kind == "text"
        and _OPEN.search(block.text) is not None
        and _ANEW.match(after.text.lower()) is not None
        and not after.text.endswith(":")
    )


def _without_twins(found: Iterator[Finding]) -> Iterator[Finding]:
    """Yield findings, but of a lead-in and its empty markup only the first."""
    last: Finding | None = None
    for finding in found:
        is_twin = (
            last and finding.message == "the list has no items" and finding.line - last.line < 3
        )
        if not is_twin:
            yield finding
        last = finding


@dataclass(frozen=True, slots=True, kw_only=True)
class _EmptySection(Rule):
    """A heading with no body, neither of its own nor below a smaller heading."""

    def check(self, text: Document, policy: PrivacyPolicy | None) -> Iterator[Finding]:
        """Yield every heading without a body."""
        del policy
        blocks = text.blocks
        for index, block in enumerate(blocks):
            if block.kind != "heading" or not index or _DATE.search(block.text):
                continue
            after = blocks[index + 1] if index + 1 < len(blocks) else None
            if after is None or (after.kind == "heading" and after.level <= block.level):
                message = f"the heading {quoted(block.text)} has no text"
                yield self.found(block.line, block.end_line, message)


class _Repeat(NamedTuple):
    first: Sentence
    again: Sentence
    place: int  # of `again` among the sentences
    of: int  # and of `first`
    words: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _RepeatedText(Rule):
    """Sentences, items or whole lists that stand twice, word for word or nearly."""

    def check(self, text: Document, policy: PrivacyPolicy | None) -> Iterator[Finding]:
        """Yield every run of sentences that repeats an earlier one."""
        del policy
        for run in _runs(_repeats(text.sentences)):
            same = len({repeat.first.section == repeat.again.section for repeat in run}) == 1
            here = same and run[0].first.section == run[0].again.section
            shortest = (_SHORT if run[0].again.kind != "item" else 1) if here else _LONG
            if sum(repeat.words for repeat in run) < shortest:
                continue
            first, last = run[0], run[-1]
            began, ended = first.first.line, last.first.end_line
            lines = f"line {began}" if began == ended else f"lines {began}-{ended}"
            message = f"{quoted(first.again)} repeats {lines}"
            yield self.found(first.again.line, last.again.end_line, message, (began,))


def _repeats(sentences: Sequence[Sentence]) -> Iterator[_Repeat]:
    seen: dict[tuple[str, ...], int] = {}
    near: dict[tuple[int, int], list[int]] = {}
    telling: list[frozenset[str]] = []
    for index, sentence in enumerate(sentences):
        words = tuple(_WORD.findall(_without_number(sentence.said)))
        told = tuple(word for word in words if word not in _FILLERS)
        telling.append(frozenset(told))
        earlier = seen.get(told) if len(words) > 1 else None
        if earlier is None and sentence.kind != "row" and len(telling[-1]) >= _FEWEST_NEAR:
            earlier = _alike(telling, index, sentences, near)
        if earlier is not None:
            yield _Repeat(sentences[earlier], sentence, index, earlier, len(words))
        seen[told] = index


def _without_number(said: str) -> str:
    number = _NUMBER.match(said)
    return said[number.end() :] if number else said


def _alike(
    telling: Sequence[frozenset[str]],
    index: int,
    sentences: Sequence[Sentence],
    near: dict[tuple[int, int], list[int]],
) -> int | None:
    """Return the earlier sentence of the same section that nearly is this one.

    Sentences with most words in common share, nearly always, one of four least hashes (MinHash).
    """
    words = telling[index]
    found = None
    for seed, begin in enumerate(_SEEDS):
        key = seed, min(zlib.crc32(begin + word.encode()) for word in words)
        known = near.setdefault(key, [])
        for earlier in known[-_MOST_ALIKE:]:
            if sentences[earlier].section == sentences[index].section and _is_near(
                telling[earlier], words
            ):
                found = earlier
        known.append(index)
    return found


def _is_near(first: frozenset[str], second: frozenset[str]) -> bool:
    differing = first ^ second
    return (
        len(first & second) >= _NEAR * len(first | second)
        and not differing & _NEGATIONS
        and not any(any(letter.isdigit() for letter in word) for word in differing)
    )


def _runs(repeats: Iterator[_Repeat]) -> Iterator[list[_Repeat]]:
    """Yield repeats that follow each other, of sentences that follow each other, as one."""
    found = list(repeats)
    run = found[:1]
    for before, after in pairwise(found):
        if after.place == before.place + 1 and after.of == before.of + 1:
            run.append(after)
        else:
            yield run
            run = [after]
    if run:
        yield run


STRUCTURE: tuple[Rule, ...] = (
    _EmptyList(
        id="empty-list",
        source="Policy \u00a77, \u00a710",
        summary="a list is announced and has no items",
        mend="Write the items, or take out the sentence that announces them.",
    ),
    _EmptySection(
        id="empty-section",
        source="Policy \u00a77, \u00a710",
        summary="a heading has no text",
        mend="Write what the heading announces, or take it out.",
    ),
    _RepeatedText(
        id="repeated-text",
        source="Policy \u00a72, \u00a710",
        summary="a text stands twice",
        mend="Keep one of the two; where both are meant, say what differs.",
    ),
)
