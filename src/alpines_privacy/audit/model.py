"""What an audit says: requirements, their verdicts with evidence, and the report that holds them.

Nothing here holds a visitor's value: evidence names fields, cookies and hosts, and is bounded and printable
whatever a site has sent.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from enum import Enum
from pathlib import Path
from typing import Literal, Self

import msgspec
from msgspec import Struct

__all__ = [
    "BROKEN",
    "KEPT",
    "LONGEST_TEXT",
    "MOST_EVIDENCE",
    "UNKNOWN",
    "Evidence",
    "Mend",
    "Need",
    "Report",
    "Requirement",
    "Signal",
    "State",
    "Verdict",
    "shown",
]

Need = Literal["", "active", "browser"]
State = Literal["kept", "broken", "unknown"]
KEPT: State = "kept"
BROKEN: State = "broken"
UNKNOWN: State = "unknown"

VERSION = 1
LONGEST_TEXT = 300
"""Characters of one text of evidence."""
MOST_EVIDENCE = 12
"""Pieces of evidence that one verdict keeps; `Verdict.more` counts the others."""

_MARKER = re.compile(r"##|^\s*::")


class Signal(Enum):
    """What a visitor's browser says, as one visit of a page sends it."""

    NONE = "no signal"
    DNT = "DNT: 1"
    GPC = "Sec-GPC: 1"
    DNT0_GPC = "DNT: 0, Sec-GPC: 1"

    @property
    def fields(self) -> tuple[tuple[str, str], ...]:
        """The request fields that say it."""
        return _FIELDS[self]

    @property
    def opts_out(self) -> bool:
        """Whether the visitor asks not to be tracked."""
        return self is not Signal.NONE


_FIELDS: dict[Signal, tuple[tuple[str, str], ...]] = {
    Signal.NONE: (),
    Signal.DNT: (("DNT", "1"),),
    Signal.GPC: (("Sec-GPC", "1"),),
    Signal.DNT0_GPC: (("DNT", "0"), ("Sec-GPC", "1")),
}


class Mend(Struct, frozen=True, omit_defaults=True):
    """How a broken requirement is mended.

    `library` is for an app that this library protects, and `flask`, `django` and `fastapi` take its place
    where theirs differs; `elsewhere` is for an app without it, in any language.
    """

    library: str
    elsewhere: str
    flask: str = ""
    django: str = ""
    fastapi: str = ""

    def of(self, framework: str, *, protected: bool) -> str:
        """Return the text for an app of a framework; of an unprotected app, both ways."""
        own = {"flask": self.flask, "django": self.django, "fastapi": self.fastapi}
        library = own.get(framework.lower(), "") or self.library
        return library if protected else f"{self.elsewhere} Or protect the app, and: {library}"


class Requirement(Struct, frozen=True, omit_defaults=True):
    """One thing that a clause asks for and that can be told from outside.

    `title` says it as it is when kept. `needs` is what has to be allowed for it to be told: `active` (it sends
    forms), `browser`, or nothing.
    """

    id: str
    clause: str
    title: str
    mend: Mend
    needs: Need = ""


class Evidence(Struct, frozen=True, omit_defaults=True):
    """One observation behind a verdict.

    - `request`: what was asked for, such as `GET /page (DNT: 1)`.
    - `excerpt`: what came back, by names: a field, a cookie, a host; never a visitor's value.
    - `rule`: the filter rule, or the rule of the standard, that it goes against.
    - `company`: who is behind a host.
    """

    request: str
    excerpt: str
    rule: str = ""
    company: str = ""

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            msgspec.structs.force_setattr(self, name, shown(getattr(self, name)))


class Verdict(Struct, frozen=True, omit_defaults=True):
    """What was found about one requirement; `note` says why it cannot be told, or what limits it."""

    requirement: Requirement
    state: State
    evidence: tuple[Evidence, ...] = ()
    note: str = ""
    more: int = 0

    def __post_init__(self) -> None:
        once = dict.fromkeys(self.evidence)
        chosen = frozenset(_varied(once)[:MOST_EVIDENCE])
        kept = tuple(each for each in once if each in chosen)
        msgspec.structs.force_setattr(self, "evidence", kept)
        msgspec.structs.force_setattr(self, "more", self.more + len(once) - len(kept))
        msgspec.structs.force_setattr(self, "note", shown(self.note))


def _varied(evidence: Iterable[Evidence]) -> list[Evidence]:
    """Return evidence with the first of each excerpt before the others: one cookie on all pages hides no other."""
    first: dict[str, Evidence] = {}
    again = [each for each in evidence if first.setdefault(each.excerpt, each) is not each]
    return [*first.values(), *again]


class Report(Struct, frozen=True):
    """The outcome of one audit.

    - `target`: what was audited, as it was named; `started`: ISO 8601 in UTC; `seconds`: how long it took.
    - `framework`: `Flask`, `Django`, `FastAPI` and so on, or empty; `protected`: whether this library was seen.
    - `pages`: how many pages were visited; `signals`: with which signals each.
    - `files`: paths of further evidence (screenshots, a HAR file), relative to the report.
    """

    target: str
    started: str
    seconds: float
    framework: str
    protected: bool
    pages: int
    signals: tuple[str, ...]
    verdicts: tuple[Verdict, ...]
    files: tuple[str, ...] = ()
    version: int = VERSION

    def of(self, requirement: str) -> Verdict:
        """Return the verdict about a requirement, by its id; raises KeyError for one that has none."""
        for verdict in self.verdicts:
            if verdict.requirement.id == requirement:
                return verdict
        raise KeyError(requirement)

    def ids(self, state: State) -> tuple[str, ...]:
        """Return the ids of the requirements in a state, in the order of the clauses."""
        return tuple(each.requirement.id for each in self.verdicts if each.state == state)

    @property
    def broken_clauses(self) -> tuple[str, ...]:
        """The clauses of which something is broken, in order."""
        broken = (each.requirement.clause for each in self.verdicts if each.state == BROKEN)
        return tuple(dict.fromkeys(broken))

    def to_json(self) -> bytes:
        """Return the report as JSON, indented, in UTF-8."""
        return msgspec.json.format(msgspec.json.encode(self), indent=2) + b"\n"

    @classmethod
    def from_json(cls, data: bytes | str) -> Self:
        """Read a report; raises ValueError for other JSON, and for a version that is not known."""
        report = msgspec.json.decode(data, type=cls)
        if report.version != VERSION:
            raise ValueError(f"the report has version {report.version}; expected {VERSION}")
        return report

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a report's file; raises OSError, and ValueError as `from_json`."""
        return cls.from_json(path.read_bytes())


def shown(text: str) -> str:
    """Return a text of a site's as one printable line of at most `LONGEST_TEXT` characters.

    What moves a terminal's cursor is escaped, and so is what CI services read as commands (`##`, `::`).
    """
    cut = text[: LONGEST_TEXT + 1]
    if not cut.isprintable():
        cut = "".join(map(_escaped, cut))
    cut = _MARKER.sub(lambda match: match[0].replace("#", "\\x23").replace(":", "\\x3a"), cut)
    return cut if len(cut) <= LONGEST_TEXT else cut[: LONGEST_TEXT - 1] + "…"


def _escaped(character: str) -> str:
    if character.isprintable():
        return character
    return character.encode("unicode_escape").decode("ascii")


def states(verdicts: Sequence[Verdict]) -> dict[State, int]:
    """Return how many verdicts have each state."""
    counts: dict[State, int] = {KEPT: 0, BROKEN: 0, UNKNOWN: 0}
    for verdict in verdicts:
        counts[verdict.state] += 1
    return counts
