"""What may be claimed of a policy: which of its sections are known not to be kept, and how that is known.

An audit that was recorded, or a check at start-up, shows it. What is published follows: `Tk` and the
well-known resources, and the policy's page.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from alpines_privacy.policy.operator import Evidence
from alpines_privacy.policy.parts import PrivacyPolicy
from alpines_privacy.policy.record import AuditRecord, clause_of, read_record

__all__ = ["NOTHING_KNOWN", "Claims", "Unkept", "recorded_claims"]

# The sections on which `Tk`, /.well-known/dnt/ and gpc.json rest: disclosure, other companies, signals,
# tracking (TPE §3, "tracking"; GPC §4, "sell or share").
_ABOUT_TRACKING = frozenset({8, 9, 11, 12})
_COOKIES = 7  # undeclared ones are set without a signal only, or §11 is not kept

# What an audit says of the claims themselves: were it to count, one that was taken back would stay so.
_ABOUT_CLAIMS = frozenset({"6.evidence", "11.dnt-status", "11.gpc-json"})


class Unkept(NamedTuple):
    """A promise that is not kept: of which section, how it is known, and since which audit (None: start-up)."""

    section: int
    reason: str
    audited: dt.date | None = None


class Claims(NamedTuple):
    """The promises that are known not to be kept, and the day of each recorded audit by its file."""

    unkept: tuple[Unkept, ...] = ()
    recorded: Mapping[str, dt.date] = MappingProxyType({})

    @property
    def sections(self) -> tuple[int, ...]:
        """The sections that are not fully kept, in order."""
        return tuple(sorted({each.section for each in self.unkept}))

    @property
    def signals_hold(self) -> bool:
        """Whether the site may tell software that it honours signals and does not track."""
        return _ABOUT_TRACKING.isdisjoint(self.sections)

    @property
    def silence_holds(self) -> bool:
        """Whether it may tell the same of visitors without a signal."""
        return self.signals_hold and _COOKIES not in self.sections

    @property
    def since(self) -> dt.date | None:
        """The day of the latest audit that found something about signals or tracking."""
        days = [
            each.audited
            for each in self.unkept
            if each.audited is not None and each.section in _ABOUT_TRACKING
        ]
        return max(days, default=None)

    def audited(self, section: int) -> dt.date | None:
        """Return the day of the latest audit that found a section not to be kept."""
        days = [each.audited for each in self.unkept if each.section == section and each.audited]
        return max(days, default=None)

    def date_of(self, evidence: Evidence) -> dt.date | None:
        """Return the day of a piece of evidence: its own, or that of the audit in its file."""
        return evidence.date or self.recorded.get(evidence.file or "")

    def with_(self, more: Iterable[Unkept]) -> Claims:
        """Return the same claims with further promises that are not kept."""
        return self._replace(unkept=(*self.unkept, *more))


NOTHING_KNOWN = Claims()


def recorded_claims(policy: PrivacyPolicy) -> Claims:
    """Return what the policy's recorded audits show; raises `PolicyError` for a file that cannot be read.

    For each requirement the latest audit decides that could tell. However old it is, what it found
    broken counts as broken until a later one finds it kept.
    """
    records = {
        evidence.file: read_record(evidence.file, f"evidence[{index}].file")
        for index, evidence in enumerate(policy.evidence)
        if evidence.file is not None
    }
    days = {file: record.date for file, record in records.items()}
    return Claims(tuple(_unkept(records.values())), days)


def _unkept(records: Iterable[AuditRecord]) -> Iterable[Unkept]:
    """Yield the requirements whose latest verdict, "unknown" apart, is "broken"."""
    latest: dict[str, tuple[dt.datetime, bool, dt.date]] = {}
    for record in records:
        for requirement, state in record.verdicts.items():
            if state != "unknown" and requirement not in _ABOUT_CLAIMS:
                told = (record.audited, state == "broken", record.date)
                latest[requirement] = max(
                    told, latest.get(requirement, told)
                )  # of two at once, "broken"
    for requirement, (_, is_broken, day) in sorted(latest.items()):
        if is_broken:
            yield Unkept(clause_of(requirement), requirement, day)
