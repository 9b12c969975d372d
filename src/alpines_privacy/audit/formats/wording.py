"""The words that all formats share: clauses, states, what was audited and when."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import NamedTuple

from alpines_privacy.audit.model import (
    BROKEN,
    KEPT,
    UNKNOWN,
    Report,
    State,
    Verdict,
    shown,
)

__all__ = [
    "CLAUSES",
    "Finding",
    "about",
    "counted",
    "day",
    "findings",
    "mend_of",
    "message_of",
    "reasons",
    "sections_of",
    "target_of",
]

CLAUSES: Mapping[str, str] = MappingProxyType(
    {
        "1": "Personal information", "2": "Sign-up information", "3": "When it is collected",
        "4": "What it is used for", "5": "Use at sign-up", "6": "Protection", "7": "Cookies",
        "8": "Disclosure to third parties", "9": "Products of third parties", "10": "CalOPPA",
        "11": "Do Not Track signals", "12": "Behavioural tracking by third parties",
        "13": "Children (COPPA)", "14": "Fair information practices",
    }
)  # fmt: skip
"""The policy's clauses, by their numbers, in order."""

_MOST_CLAUSES = 14


def target_of(report: Report) -> str:
    """Return what was audited, as one printable line."""
    return shown(report.target)


def about(report: Report) -> str:
    """Return in one line what was audited: framework, pages, time."""
    pages = f"{report.pages} page{'' if report.pages == 1 else 's'}"
    visits = len(report.signals)
    each = f", each visited {visits} times" if visits > 1 else ""
    app = [shown(report.framework)] if report.framework else []
    if report.protected:
        app.append("protected by alpines-privacy")
    seen = f"{', '.join(app)}; " if app else ""
    return f"{seen}{pages}{each}; {day(report)}; {report.seconds:.1f} s"


def day(report: Report) -> str:
    """Return when an audit began: `28 November 2026, 09:12 UTC`; as it stands if it is no date."""
    try:
        began = datetime.fromisoformat(report.started)
        began = began.astimezone(UTC) if began.tzinfo else began
    except (ValueError, OverflowError):  # no date, or none in UTC
        return shown(report.started)
    return f"{began.day} {began:%B %Y, %H:%M} UTC"


def counted(verdicts: Iterable[Verdict]) -> dict[State, int]:
    """Return how many verdicts have each state, broken first."""
    counts: dict[State, int] = {BROKEN: 0, KEPT: 0, UNKNOWN: 0}
    for verdict in verdicts:
        counts[verdict.state] += 1
    return counts


def sections_of(report: Report) -> dict[str, list[Verdict]]:
    """Return the verdicts by clause, in the order of the policy."""
    clauses: dict[str, list[Verdict]] = {}
    for verdict in sorted(report.verdicts, key=_place):
        clauses.setdefault(verdict.requirement.clause, []).append(verdict)
    return clauses


def _place(verdict: Verdict) -> int:
    clause = verdict.requirement.clause
    return int(clause) if clause.isdecimal() else _MOST_CLAUSES + 1


def mend_of(verdict: Verdict, report: Report) -> str:
    """Return how a broken requirement is mended, in a sentence for the framework seen."""
    text = verdict.requirement.mend.of(report.framework, protected=report.protected)
    return text[:1].upper() + text[1:]


def reasons(verdicts: Iterable[Verdict]) -> dict[str, list[str]]:
    """Return why requirements cannot be told: their ids by the reason."""
    found: dict[str, list[str]] = {}
    for verdict in verdicts:
        if verdict.state == UNKNOWN:
            found.setdefault(verdict.note or "no reason was given", []).append(
                verdict.requirement.id
            )
    return found


class Finding(NamedTuple):
    """What was found, and in answer to which requests."""

    excerpt: str
    rule: str
    company: str
    requests: tuple[str, ...]

    @property
    def source(self) -> str:
        """The rule and the company behind it; empty if neither is known."""
        return ", ".join(part for part in (self.rule, self.company) if part)


def findings(verdict: Verdict) -> list[Finding]:
    """Return the evidence of a verdict, the same from several requests once."""
    requests: dict[tuple[str, str, str], list[str]] = {}
    for each in verdict.evidence:
        requests.setdefault((each.excerpt, each.rule, each.company), []).append(each.request)
    return [Finding(*what, tuple(asked)) for what, asked in requests.items()]


def message_of(verdict: Verdict, report: Report) -> str:
    """Return a broken requirement as plain lines: the evidence, and how it is mended."""
    lines: list[str] = []
    for found in findings(verdict):
        lines.append(f"{found.excerpt}{f' ({found.source})' if found.source else ''}")
        lines.append(f"  {'; '.join(found.requests)}")
    if verdict.more:
        lines.append(f"and {verdict.more:,} more like these")
    lines.append(f"Mend: {mend_of(verdict, report)}")
    return "\n".join(lines)
