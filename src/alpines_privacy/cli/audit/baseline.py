"""The baseline of an audit: what was broken when it was written, so that only more than that fails.

It is a JSON file that can be committed. A requirement in it is known as long as all its evidence is: another
cookie, field or host makes it broken again.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

import click
import msgspec

from alpines_privacy.audit.model import BROKEN, Report, Verdict
from alpines_privacy.cli.audit.reports import replace
from alpines_privacy.cli.errors import Refusal
from alpines_privacy.policy import PolicyError
from alpines_privacy.policy.bounds import read_bounded

__all__ = ["Baseline"]

_LONGEST = 4 << 20  # bytes


class _Contents(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    version: Literal[1] = 1
    broken: dict[str, list[str]] = {}


class Baseline:
    """What is known to be broken: by the id of a requirement, the excerpts of its evidence."""

    def __init__(self, path: Path | None, contents: _Contents) -> None:
        self._path = path
        self._contents = contents

    @classmethod
    def of(cls, path: Path | None, *, update: bool) -> Self:
        """Read a baseline; raises `Refusal` for one that is absent (unless it will be written) or malformed."""
        if path is None:
            if update:
                raise Refusal("--update-baseline: needs --baseline FILE")
            return cls(None, _Contents())
        if update and not path.exists():
            return cls(path, _Contents())
        try:
            return cls(path, msgspec.json.decode(read_bounded(path, _LONGEST), type=_Contents))
        except FileNotFoundError:
            raise Refusal(f"--baseline {path}: absent; write it with --update-baseline") from None
        except OSError as error:
            raise Refusal(f"--baseline {path}: {error.strerror}") from None
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, PolicyError) as error:
            raise Refusal(
                f"--baseline {path}: is no baseline ({error}); write it anew with --update-baseline"
            ) from None

    def known(self, report: Report) -> frozenset[str]:
        """Return the ids of the broken requirements of which nothing is new."""
        return frozenset(
            each.requirement.id
            for each in report.verdicts
            if each.state == BROKEN
            and (before := self._contents.broken.get(each.requirement.id)) is not None
            and _excerpts(each) <= set(before)
        )

    def update(self, report: Report) -> None:
        """Write what is broken now; what could not be told this time stays as it was."""
        assert self._path is not None  # `of` has refused it
        told = {each.requirement.id for each in report.verdicts if each.state != "unknown"}
        broken = {key: texts for key, texts in self._contents.broken.items() if key not in told}
        broken |= {
            each.requirement.id: sorted(_excerpts(each))
            for each in report.verdicts
            if each.state == BROKEN
        }
        self._contents = _Contents(broken=dict(sorted(broken.items())))
        replace(
            self._path, msgspec.json.format(msgspec.json.encode(self._contents), indent=1) + b"\n"
        )
        count = len(broken)
        click.echo(f"Baseline: {count:,} broken requirement{'' if count == 1 else 's'}", err=True)


def _excerpts(verdict: Verdict) -> set[str]:
    return {evidence.excerpt for evidence in verdict.evidence}
