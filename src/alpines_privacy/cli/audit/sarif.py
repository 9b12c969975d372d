"""The report of an audit as SARIF, for code scanning: a result for each broken requirement."""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

from alpines_privacy.audit.formats.wording import CLAUSES, mend_of, message_of, reasons
from alpines_privacy.audit.model import BROKEN, Report, Verdict
from alpines_privacy.cli.output import printable
from alpines_privacy.cli.sarif import SARIFLog, notification

__all__ = ["sarif"]


def sarif(report: Report, *, known: Collection[str] = (), policy: str | None = None) -> bytes:
    """Return a log. Results are located at the policy's file, else that of the app, else the site.

    Those that are `known`, by their ids, are suppressed: a baseline holds them.
    """
    where = policy or _file_of(report.target)
    told = StringIO()
    with redirect_stdout(told):
        log = SARIFLog([_descriptor(verdict, report) for verdict in report.verdicts])
        for verdict in report.verdicts:
            if verdict.state == BROKEN:
                _add(log, verdict, report, where, is_known=verdict.requirement.id in known)
        notes = [
            notification("note", where, f"cannot be told: {', '.join(ids)}: {reason}")
            for reason, ids in reasons(report.verdicts).items()
        ]
        log.end(notes, successful=True)
    return told.getvalue().encode()


def _add(log: SARIFLog, verdict: Verdict, report: Report, where: str, *, is_known: bool) -> None:
    key = verdict.requirement.id
    more: dict[str, Any] = {"partialFingerprints": {"requirement/v1": key}}
    if is_known:
        more["suppressions"] = [{"kind": "external", "justification": "in the baseline"}]
    text = "\n".join(map(printable, message_of(verdict, report).split("\n")))
    log.add(key, f"{verdict.requirement.title}: broken.\n{text}", where, {"startLine": 1}, **more)


def _descriptor(verdict: Verdict, report: Report) -> Mapping[str, Any]:
    requirement = verdict.requirement
    clause = f"Policy §{requirement.clause} {CLAUSES.get(requirement.clause, '')}".rstrip()
    return {
        "id": requirement.id,
        "shortDescription": {"text": requirement.title},
        "fullDescription": {"text": f"{clause}: {requirement.title}"},
        "help": {"text": mend_of(verdict, report)},
        "defaultConfiguration": {"level": "error"},
    }


def _file_of(target: str) -> str:
    """Return where an app's module is, relative to the current folder if it lies there; else the target."""
    if "://" in target:
        return target.partition("?")[0]
    name = target.partition(":")[0]
    file = name if name.endswith(".py") else getattr(sys.modules.get(name), "__file__", None)
    if file is None:
        return target
    path = Path(file).resolve()
    here = Path.cwd()
    return path.relative_to(here).as_posix() if path.is_relative_to(here) else str(path)
