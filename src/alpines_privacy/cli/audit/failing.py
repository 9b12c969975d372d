"""What `--fail-on` names: the broken requirements that end the command with 1."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple, Self

from alpines_privacy.audit.formats.wording import CLAUSES
from alpines_privacy.audit.model import BROKEN, Report
from alpines_privacy.audit.requirements import BY_ID
from alpines_privacy.cli.errors import Refusal
from alpines_privacy.policy.errors import nearest

__all__ = ["Failing"]


class Failing(NamedTuple):
    """Clauses and ids of requirements; None is all of them."""

    names: frozenset[str] | None

    @classmethod
    def read(cls, text: str) -> Self:
        """Read `all`, `none`, or clauses and requirements with commas between them; raises `Refusal`."""
        words = [word.strip().removeprefix("§") for word in text.split(",") if word.strip()]
        if words == ["all"]:
            return cls(None)
        if words == ["none"]:
            return cls(frozenset())
        for word in words:
            if word not in CLAUSES and word not in BY_ID:
                raise Refusal(
                    f'--fail-on: "{word:.100}" is no clause or requirement{nearest(word, BY_ID)}; '
                    "expected all, none, clauses from 1 to 14, or ids such as 11.vary"
                )
        if not words:
            raise Refusal("--fail-on: is empty; expected all, none, or clauses such as 11,12")
        return cls(frozenset(words))

    def of(self, report: Report, known: Collection[str]) -> list[str]:
        """Return the ids of broken requirements that count, without those of a baseline."""
        return [
            each.requirement.id
            for each in report.verdicts
            if each.state == BROKEN
            and each.requirement.id not in known
            and (self.names is None or self.names & {each.requirement.clause, each.requirement.id})
        ]
