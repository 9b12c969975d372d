"""JUnit and JSON, by independent readers."""

from __future__ import annotations

import json
from io import BytesIO
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from junitparser import Failure, JUnitXml, Skipped, TestSuite
from lxml import etree

from alpines_privacy.audit.formats.junit import junit
from alpines_privacy.audit.model import Evidence, Report
from tests.support.audit_reports import EVIDENCE, HOSTILE, KEPT_REPORT, REPORT, report_of

SCHEMA = json.loads(Path(__file__).with_name("report.schema.json").read_text("utf-8"))
WITH_HOSTILE = report_of({**EVIDENCE, "9.hosts": HOSTILE}, target="\"<shop>&'")
REPORTS = {"broken": REPORT, "kept": KEPT_REPORT, "hostile": WITH_HOSTILE}


def suite_of(data: bytes) -> TestSuite:
    (suite,) = JUnitXml.fromstring(data)
    assert isinstance(suite, TestSuite)
    return suite


@pytest.mark.parametrize("name", REPORTS)
def test_a_reader_of_junit_counts_what_the_report_says(name: str) -> None:
    report = REPORTS[name]
    suite = suite_of(junit(report))
    cases = list(suite)
    failed = [case for case in cases if any(isinstance(each, Failure) for each in case.result)]
    skipped = [case for case in cases if any(isinstance(each, Skipped) for each in case.result)]
    assert (suite.tests, suite.failures, suite.errors, suite.skipped) == (
        len(report.verdicts), len(report.ids("broken")), 0, len(report.ids("unknown")),
    )  # fmt: skip
    assert [len(cases), len(failed), len(skipped)] == [suite.tests, suite.failures, suite.skipped]
    assert suite.name == report.target
    assert suite.time == pytest.approx(3.24)
    assert suite.timestamp == "2026-11-28T09:12:44"


def test_a_failure_says_what_was_found_and_how_to_mend_it() -> None:
    cases = {case.name: case for case in suite_of(junit(REPORT))}
    case = cases["12.trackers: Pages name no tracker to load from"]
    assert case.classname == "alpines-privacy.§12 Behavioural tracking by third parties"
    (failure,) = case.result
    assert failure.message == ("GET /: script src https://www.googletagmanager.com/gtag/js")
    assert failure.type == "broken"
    assert (
        "(||googletagmanager.com^, Google Tag Manager)\n  GET /; GET / (DNT: 1)\n" in failure.text
    )
    assert "Mend: Take the tracker's element out of the page." in failure.text


def test_what_a_baseline_holds_is_skipped() -> None:
    suite = suite_of(junit(REPORT, known={"12.trackers"}))
    assert (suite.failures, suite.skipped) == (2, 21)


@given(st.text(max_size=80))
def test_any_evidence_is_well_formed_xml(text: str) -> None:
    data = junit(report_of({"9.hosts": (Evidence(text, text, text),)}, target=text or "x"))
    etree.parse(BytesIO(data))


@pytest.mark.parametrize("name", REPORTS)
def test_the_json_is_of_its_schema_and_is_read_again(name: str) -> None:
    data = REPORTS[name].to_json()
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.validate(json.loads(data), SCHEMA, jsonschema.Draft202012Validator)
    assert Report.from_json(data) == REPORTS[name]


BREAKAGE: dict[str, Any] = {
    "no verdicts": lambda r: r.pop("verdicts"),
    "another state": lambda r: r["verdicts"][0].update(state="good"),
    "a clause beyond the policy": lambda r: r["verdicts"][0]["requirement"].update(clause="15"),
    "evidence that is a text": lambda r: r["verdicts"][0].update(evidence=["x"]),
    "a member that nobody knows": lambda r: r.update(cookies={}),
}


@pytest.mark.parametrize("what", BREAKAGE)
def test_the_schema_tells_other_json(what: str) -> None:
    told = json.loads(REPORT.to_json())
    BREAKAGE[what](told)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(told, SCHEMA, jsonschema.Draft202012Validator)
