"""Two audits of one target: what is newly broken, mended, still broken."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from alpines_privacy.audit.formats.terminal import WIDTH, wrapped
from alpines_privacy.audit.formats.wording import day, mend_of, message_of, target_of
from alpines_privacy.audit.model import BROKEN, KEPT, Report, Verdict

__all__ = ["Diff", "compared"]


class Diff(NamedTuple):
    """The verdicts that differ, each as the newer audit gives it; `lost` is broken before, and cannot be told now."""

    old: Report
    new: Report
    newly_broken: tuple[Verdict, ...]
    still_broken: tuple[Verdict, ...]
    mended: tuple[Verdict, ...]
    lost: tuple[Verdict, ...]

    def text(self, width: int = WIDTH) -> str:
        """Return the comparison as text, what is newly broken with its evidence."""
        return "\n".join(self._lines(width)) + "\n"

    def _lines(self, width: int) -> Iterator[str]:
        yield from wrapped(f"Privacy audit of {target_of(self.new)}", width)
        yield from wrapped(f"{day(self.old)} compared with {day(self.new)}", width)
        yield from self._group("Newly broken", self.newly_broken, width, whole=True)
        yield from self._group("Still broken", self.still_broken, width)
        yield from self._group("Broken before, and cannot be told now", self.lost, width)
        yield from self._group("Mended", self.mended, width)
        yield ""
        counts = (
            f"{len(self.newly_broken)} newly broken, {len(self.still_broken)} still broken, "
            f"{len(self.mended)} mended"
        )
        yield counts + (f", {len(self.lost)} cannot be told any more" if self.lost else "")

    def _group(
        self, head: str, verdicts: tuple[Verdict, ...], width: int, *, whole: bool = False
    ) -> Iterator[str]:
        if not verdicts:
            return
        yield ""
        yield head
        for verdict in verdicts:
            requirement = verdict.requirement
            title = f"§{requirement.clause} {requirement.title} ({requirement.id})"
            yield from wrapped(title, width, "  ", "    ")
            for line in message_of(verdict, self.new).split("\n") if whole else ():
                yield from wrapped(line.strip(), width, "    ", "      ")

    def to_json(self) -> bytes:
        """Return the comparison as JSON, indented, in UTF-8."""
        told = {
            "version": 1,
            "target": self.new.target,
            "old": self.old.started,
            "new": self.new.started,
            "newly_broken": [self._told(each) for each in self.newly_broken],
            "still_broken": [self._told(each) for each in self.still_broken],
            "mended": [each.requirement.id for each in self.mended],
            "lost": [each.requirement.id for each in self.lost],
        }
        return msgspec.json.format(msgspec.json.encode(told), indent=2) + b"\n"

    def _told(self, verdict: Verdict) -> dict[str, object]:
        requirement = verdict.requirement
        return {
            "id": requirement.id,
            "clause": requirement.clause,
            "title": requirement.title,
            "evidence": verdict.evidence,
            "mend": mend_of(verdict, self.new),
        }


def compared(old: Report, new: Report) -> Diff:
    """Compare two audits: by requirement, and a requirement that is new counts as not broken before."""
    before = {each.requirement.id: each for each in old.verdicts}
    broken_before = {key for key, each in before.items() if each.state == BROKEN}
    now = {each.requirement.id: each for each in new.verdicts}
    broken = [each for each in new.verdicts if each.state == BROKEN]
    return Diff(
        old,
        new,
        tuple(each for each in broken if each.requirement.id not in broken_before),
        tuple(each for each in broken if each.requirement.id in broken_before),
        tuple(v for v in new.verdicts if v.state == KEPT and v.requirement.id in broken_before),
        tuple(
            now.get(each.requirement.id, each)
            for each in old.verdicts
            if each.requirement.id in broken_before
            and (
                each.requirement.id not in now
                or now[each.requirement.id].state not in {KEPT, BROKEN}
            )
        ),
    )
