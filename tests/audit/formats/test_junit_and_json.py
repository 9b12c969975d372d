"""JUnit and JSON, by independent readers; archives of HTTP without values."""

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

from alpines_privacy.audit.formats.har import cleaned_har
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


# -- HAR

SECRET = "s3cr3t-of-ayesha"
ARCHIVE: dict[str, Any] = {
    "log": {
        "version": "1.2",
        "creator": {"name": "Playwright", "version": "1.60"},
        "browser": {"name": "chromium", "version": "149"},
        "pages": [
            {"id": "p1", "title": f"Welcome, {SECRET}", "startedDateTime": "2026-11-28T09:12:44Z", "pageTimings": {}}
        ],
        "entries": [
            {
                "pageref": "p1",
                "startedDateTime": "2026-11-28T09:12:44Z",
                "time": 12,
                "_frame": SECRET,
                "request": {
                    "method": "POST",
                    "url": f"https://u:{SECRET}@collect.example/p?id={SECRET}&flag#{SECRET}",
                    "httpVersion": "HTTP/2.0",
                    "cookies": [{"name": "session", "value": SECRET}],
                    "headers": [
                        {"name": "Cookie", "value": f"session={SECRET}"},
                        {"name": "Authorization", "value": f"Bearer {SECRET}"},
                        {"name": "X-Anything", "value": SECRET},
                        {"name": "Sec-GPC", "value": "1"},
                        {"name": "Referer", "value": f"https://shop.example/?q={SECRET}"},
                    ],
                    "queryString": [{"name": "id", "value": SECRET}],
                    "postData": {"mimeType": "text/plain", "text": SECRET, "params": [{"name": "a", "value": SECRET}]},
                    "headersSize": 100,
                    "bodySize": 20,
                },
                "response": {
                    "status": 302,
                    "statusText": "Found",
                    "httpVersion": "HTTP/2.0",
                    "cookies": [{"name": "_ga", "value": SECRET, "path": "/", "httpOnly": False}],
                    "headers": [{"name": "Set-Cookie", "value": f"_ga={SECRET}"}, {"name": "vary", "value": "DNT"}],
                    "content": {"size": 9, "mimeType": "text/html", "text": SECRET},
                    "redirectURL": f"/next?token={SECRET}",
                    "headersSize": -1,
                    "bodySize": -1,
                },
                "cache": {},
                "timings": {"send": 0, "wait": 1, "receive": 2},
            }
        ],
    }
}  # fmt: skip


def test_an_archive_keeps_names_and_no_values() -> None:
    data = cleaned_har(json.dumps(ARCHIVE).encode())
    assert SECRET.encode() not in data
    (entry,) = json.loads(data)["log"]["entries"]
    request, response = entry["request"], entry["response"]
    assert request["url"] == "https://collect.example/p?id&flag"
    assert request["cookies"] == [{"name": "session", "value": ""}]
    assert {each["name"]: each["value"] for each in request["headers"]} == {
        "Cookie": "", "Authorization": "", "X-Anything": "", "Sec-GPC": "1", "Referer": "https://shop.example/?q",
    }  # fmt: skip
    assert response["cookies"] == [{"name": "_ga", "value": "", "path": "/", "httpOnly": False}]
    assert response["redirectURL"] == "/next?token"
    assert response["content"] == {"size": 9, "mimeType": "text/html"}


REQUIRED = {
    "log": {"version", "creator", "entries"},
    "entry": {"startedDateTime", "time", "request", "response", "cache", "timings"},
    "request": {"method", "url", "httpVersion", "cookies", "headers", "queryString", "headersSize", "bodySize"},
    "response": {
        "status", "statusText", "httpVersion", "cookies", "headers", "content", "redirectURL", "headersSize",
        "bodySize",
    },
}  # fmt: skip


def test_a_cleaned_archive_has_what_har_1_2_requires() -> None:
    log = json.loads(cleaned_har(json.dumps(ARCHIVE).encode()))["log"]
    entry = log["entries"][0]
    found = {"log": log, "entry": entry, "request": entry["request"], "response": entry["response"]}
    assert {name: REQUIRED[name] - set(found[name]) for name in found} == {
        name: set() for name in found
    }
    assert log["version"] == "1.2"
    assert log["pages"][0]["title"] == ""


@pytest.mark.parametrize(
    "data", [b"", b"[]", b"{}", b'{"log": 1}', b'{"log": {"entries": [{}]}}', b"\xff"]
)
def test_what_is_no_archive_is_an_error(data: bytes) -> None:
    with pytest.raises(ValueError, match="is no HTTP archive"):
        cleaned_har(data)
