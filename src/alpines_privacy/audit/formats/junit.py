"""The report as JUnit's XML, as GitLab, Jenkins, GitHub's reporters and Azure read it.

There is no standard. All readers know `testsuites`, `testsuite`, `testcase` with `classname` and
`name`, `failure` and `skipped`.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from xml.etree import ElementTree as ET

from alpines_privacy.audit.formats.wording import CLAUSES, counted, message_of, target_of
from alpines_privacy.audit.model import BROKEN, UNKNOWN, Report, Verdict

__all__ = ["junit"]


def junit(report: Report, *, known: Collection[str] = ()) -> bytes:
    """Return one suite with a case for each requirement: broken ones fail, those that cannot be told are skipped.

    So are those that are `known`, by their ids: a baseline holds them.
    """
    failed = [v for v in report.verdicts if v.state == BROKEN and v.requirement.id not in known]
    skipped = counted(report.verdicts)[UNKNOWN] + counted(report.verdicts)[BROKEN] - len(failed)
    counts = {
        "tests": str(len(report.verdicts)),
        "failures": str(len(failed)),
        "errors": "0",
        "skipped": str(skipped),
        "time": f"{report.seconds:.3f}",
    }
    root = ET.Element("testsuites", {"name": "alpines-privacy audit", **counts})
    began = {"timestamp": stamp} if (stamp := _stamp(report.started)) else {}
    suite = ET.SubElement(root, "testsuite", {"name": target_of(report), **counts, **began})
    for verdict in report.verdicts:
        _case(suite, verdict, report, is_known=verdict.requirement.id in known)
    ET.indent(root)
    document: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return document + b"\n"


def _case(suite: ET.Element, verdict: Verdict, report: Report, *, is_known: bool) -> None:
    requirement = verdict.requirement
    clause = f"§{requirement.clause} {CLAUSES.get(requirement.clause, '')}".rstrip()
    case = ET.SubElement(
        suite,
        "testcase",
        {
            "classname": f"alpines-privacy.{clause}",
            "name": f"{requirement.id}: {requirement.title}",
            "time": "0",
        },
    )
    if verdict.state == UNKNOWN:
        ET.SubElement(case, "skipped", {"message": verdict.note or "cannot be told"})
    elif verdict.state == BROKEN and is_known:
        ET.SubElement(case, "skipped", {"message": "broken, and known by the baseline"})
    elif verdict.state == BROKEN:
        failure = {"type": "broken", "message": _first(verdict)}
        ET.SubElement(case, "failure", failure).text = message_of(verdict, report)


def _first(verdict: Verdict) -> str:
    """Return the first piece of evidence in a line."""
    if not verdict.evidence:
        return verdict.note or verdict.requirement.title
    return f"{verdict.evidence[0].request}: {verdict.evidence[0].excerpt}"


def _stamp(started: str) -> str:
    """Return the beginning as readers expect it: to the second, without a zone."""
    try:
        return datetime.fromisoformat(started).replace(tzinfo=None, microsecond=0).isoformat()
    except ValueError:
        return ""
