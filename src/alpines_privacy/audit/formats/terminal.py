"""The report as a table for terminals, no line of it wider than asked for."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable, Iterator

from alpines_privacy.audit.formats.wording import (
    about,
    counted,
    findings,
    mend_of,
    reasons,
    sections_of,
    target_of,
)
from alpines_privacy.audit.model import BROKEN, KEPT, UNKNOWN, Report, Verdict

__all__ = ["WIDTH", "cells", "terminal", "wrapped"]

WIDTH = 80
_NARROWEST = 40
_UNBROKEN = "\u00a0"
_COLON = r"\x3a"
_CLAUSE = 4  # cells of the first column
_VERDICT = 8  # of the last

# The word says it; the colour only helps.
_BROKEN, _KNOWN, _KEPT, _UNKNOWN = "BROKEN", "known", "kept", "unknown"
_WORDS = {BROKEN: _BROKEN, KEPT: _KEPT, UNKNOWN: _UNKNOWN}
_COLOURS = {_BROKEN: "1;31", _KNOWN: "33", _KEPT: "32", _UNKNOWN: "2", "head": "1"}


def terminal(
    report: Report, *, width: int = WIDTH, colour: bool = False, known: Collection[str] = ()
) -> str:
    """Return the report as text: a row for each requirement, then what is broken, then what cannot be told.

    `known` are ids of broken requirements that a baseline holds: they get no evidence.
    """
    return (
        "\n".join(_Table(report, max(width, _NARROWEST), colour, frozenset(known)).lines()) + "\n"
    )


class _Table:
    def __init__(self, report: Report, width: int, colour: bool, known: frozenset[str]) -> None:  # noqa: FBT001 - `terminal` names it
        self._report = report
        self._width = width
        self._colour = colour
        self._known = known

    def lines(self) -> Iterator[str]:
        report = self._report
        yield from self._text(f"Privacy audit of {target_of(report)}", style="head")
        yield from self._text(about(report))
        yield ""
        yield from self._rows()
        for verdict in report.verdicts:
            if self._word(verdict) == _BROKEN:
                yield ""
                yield from self._broken(verdict)
        if unknown := reasons(report.verdicts):
            yield ""
            yield from self._text("What cannot be told from here", style="head")
            for reason, ids in unknown.items():
                yield from self._text(f"{reason}: {', '.join(ids)}", "  ", "    ")
        yield ""
        yield from self._text(self._summary(), style="head")

    def _rows(self) -> Iterator[str]:
        titles = self._width - _CLAUSE - _VERDICT - 2
        yield f"{'§':>{_CLAUSE - 1}}  {'Requirement':<{titles}} Verdict"
        yield "-" * self._width
        for clause, verdicts in sections_of(self._report).items():
            first = clause
            for verdict in verdicts:
                word = self._word(verdict)
                for line in wrapped(verdict.requirement.title, titles):
                    padding = " " * (titles - cells(line))
                    yield f"{first:>{_CLAUSE - 1}}  {line}{padding} {self._styled(word, word)}".rstrip()
                    first = word = ""

    def _broken(self, verdict: Verdict) -> Iterator[str]:
        requirement = verdict.requirement
        head = f"§{requirement.clause} {requirement.title} ({requirement.id})"
        yield from self._text(head, after="  ", style=_BROKEN)
        for found in findings(verdict):
            yield from self._text(found.excerpt, "  ", "    ")
            if found.source:
                yield from self._text(found.source, "    ", "      ")
            yield from _listed(found.requests, self._width, "    ")
        if verdict.more:
            yield f"  and {verdict.more:,} more like these"
        if verdict.note:
            yield from self._text(verdict.note, "  ", "  ")
        yield from self._text(f"Mend: {mend_of(verdict, self._report)}", "  ", "        ")

    def _summary(self) -> str:
        counts = counted(self._report.verdicts)
        known = sum(self._word(verdict) == _KNOWN for verdict in self._report.verdicts)
        clauses = dict.fromkeys(
            f"§{each.requirement.clause}"
            for each in self._report.verdicts
            if self._word(each) == _BROKEN
        )
        where = f" ({', '.join(clauses)})" if clauses else ""
        also = f"{known} broken and known, " if known else ""
        return (
            f"{counts[BROKEN] - known} broken{where}, {also}{counts[KEPT]} kept, "
            f"{counts[UNKNOWN]} unknown"
        )

    def _word(self, verdict: Verdict) -> str:
        if verdict.state == BROKEN and verdict.requirement.id in self._known:
            return _KNOWN
        return _WORDS[verdict.state]

    def _text(
        self, text: str, first: str = "", after: str = "", *, style: str = ""
    ) -> Iterator[str]:
        for line in wrapped(text, self._width, first, after):
            yield self._styled(line, style)

    def _styled(self, text: str, style: str) -> str:
        code = _COLOURS.get(style) if self._colour and text else None
        return f"\x1b[{code}m{text}\x1b[0m" if code else text


def _listed(requests: Iterable[str], width: int, indent: str) -> Iterator[str]:
    """Yield requests in lines that end between two of them, where one fits into a line."""
    whole = "; ".join(request.replace(" ", _UNBROKEN) for request in requests)
    for line in wrapped(whole, width, indent, indent):
        yield line.replace(_UNBROKEN, " ")


def wrapped(text: str, width: int, first: str = "", after: str = "") -> Iterator[str]:
    """Yield a text in lines of at most `width` cells, `first` before the first line and `after` before others.

    A line ends at a space where there is one; a longer word is cut.
    """
    line, filled = first, cells(first)
    for word in text.split(" "):
        for piece in _pieces(word, width - max(cells(first), cells(after))):
            space = " " if line.strip() else ""
            if filled + len(space) + cells(piece) > width and line.strip():
                yield line
                line, space = after, ""
                filled = cells(after)
            line += space + piece
            filled += len(space) + cells(piece)
    yield line.rstrip()


def _pieces(word: str, most: int) -> Iterator[str]:
    """Yield a word in pieces of at most `most` cells; none begins with `::`, a command to CI services."""
    piece, filled = "", 0
    for index, character in enumerate(word):
        if filled + cells(character) > most and piece:
            yield piece
            piece, filled = "", 0
        is_command = not piece.strip() and word.startswith("::", index)
        piece += _COLON if is_command else character
        filled = cells(piece) if is_command else filled + cells(character)
    if piece:
        yield piece


def cells(text: str) -> int:
    """Return how many cells of a terminal a printable text takes (Unicode UAX #11; marks take none)."""
    if text.isascii():
        return len(text)
    return sum(_cells_of(character) for character in text)


def _cells_of(character: str) -> int:
    if unicodedata.category(character) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1
