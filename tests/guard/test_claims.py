"""What is published follows what is known: a promise that an audit or a start-up check shows broken is not claimed."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.responses import HTMLResponse
from starlette.routing import Route

from alpines_privacy import Evidence, PolicyError, PrivacyPolicy, protect
from alpines_privacy.guard import claims as start_up
from alpines_privacy.policy.claims import Claims, Unkept, recorded_claims
from alpines_privacy.policy.parts import Trackers
from alpines_privacy.policy.record import AuditRecord, read_record
from alpines_privacy.policy.warning import PrivacyWarning
from alpines_privacy.testing import Visitor, visitor
from tests.support.operators import OPERATOR, TODAY
from tests.support.secret_keys import KEY

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)
PUBLISHED = PrivacyPolicy(operator=OPERATOR, effective=date(2026, 11, 1))


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALPINES_PRIVACY_SECRET_KEY", KEY)


Write = Callable[..., str]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Return a function that writes a record of an audit, and returns its path."""

    def written(verdicts: Any, name: str = "audit.json", days: int = 0) -> str:
        file = tmp_path / name
        record = AuditRecord(audited=NOON + timedelta(days=days), verdicts=verdicts)
        file.write_bytes(record.to_json())
        return str(file)

    return written


def recorded(*files: str, **more: Any) -> PrivacyPolicy:
    evidence = [Evidence("audit", file=file, max_age=30) for file in files]
    return msgspec.structs.replace(PUBLISHED, evidence=evidence, **more)


def wsgi_app(environ: Any, start_response: Any) -> list[bytes]:
    found = environ["PATH_INFO"] == "/"
    start_response("200 OK" if found else "404 Not Found", [("Content-Type", "text/html")])
    return [b"<title>Summit</title><p>Hello"]


def asgi_app() -> Starlette:
    async def home(request: Any) -> HTMLResponse:
        return HTMLResponse("<title>Summit</title><p>Hello")

    return Starlette(routes=[Route("/", home)])


def site(protocol: str, policy: PrivacyPolicy) -> Visitor:
    return visitor(protect(wsgi_app if protocol == "WSGI" else asgi_app(), policy), dnt=True)


def claimed(v: Visitor) -> tuple[str, str, bool]:
    """Return what `Tk`, /.well-known/dnt/ and gpc.json say."""
    status = json.loads(v.get("/.well-known/dnt/").content)
    gpc = json.loads(v.get("/.well-known/gpc.json").content)
    return v.get("/").headers["tk"], status["tracking"], gpc["gpc"]


def page(v: Visitor, language: str = "en") -> str:
    answer = v.get("/privacy", headers={"accept": "text/plain", "accept-language": language})
    return " ".join(answer.text.split())


def section(text: str, number: int) -> str:
    """Return the text of a section of the page."""
    return text.partition(f" {number}. ")[2].partition(f" {number + 1}. ")[0]


KEPT = ("N", "N", True)
TAKEN_BACK = ("!", "!", False)


@pytest.mark.parametrize("protocol", ["WSGI", "ASGI"])
def test_a_broken_promise_about_signals_is_not_claimed(protocol: str, write: Write) -> None:
    v = site(protocol, recorded(write({"11.cookies-dnt": "broken"})))
    assert claimed(v) == TAKEN_BACK
    text = page(v)
    assert (
        "At present not all that this policy says is kept. It concerns these sections: 11." in text
    )
    found = "A check of 28 November 2026 found that what this section says is not fully kept."
    assert found in section(text, 11)
    assert text.count(found) == 1
    assert "says so to software that asks" not in text
    assert "tells software that asks that not all of this is kept at present." in text


@pytest.mark.parametrize("order", [("broken", "kept"), ("kept", "broken")])
def test_of_two_audits_at_the_same_time_the_one_that_finds_it_broken_counts(
    order: tuple[str, str], write: Write
) -> None:
    files = [write({"12.trackers": state}, f"{state}.json") for state in order]
    assert [each.reason for each in recorded_claims(recorded(*files)).unkept] == ["12.trackers"]


LAST = "9999-12-31T12:00:00Z"


@pytest.mark.parametrize("audited", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:00-12:00"])
def test_a_record_of_no_day_is_refused(audited: str, tmp_path: Path) -> None:
    file = tmp_path / "audit.json"
    file.write_text(json.dumps({"version": 1, "audited": audited, "verdicts": {}}), "utf-8")
    with pytest.raises(PolicyError, match="no day that there is in UTC"):
        recorded_claims(recorded(str(file)))


def test_the_calendars_last_day_is_one(tmp_path: Path) -> None:
    file = tmp_path / "audit.json"
    file.write_text(json.dumps({"version": 1, "audited": LAST, "verdicts": {}}), "utf-8")
    policy = recorded(str(file))
    assert policy.evidence[0].stale_after(recorded_claims(policy).recorded[str(file)]) == date.max
    assert "Versions of this policy" in page(site("WSGI", policy))


@pytest.mark.parametrize("protocol", ["WSGI", "ASGI"])
def test_a_kept_policy_is_claimed(protocol: str, write: Write) -> None:
    v = site(protocol, recorded(write({"11.cookies-dnt": "kept", "12.trackers": "unknown"})))
    assert claimed(v) == KEPT
    assert "not all that this policy says is kept" not in page(v)
    assert "says so to software that asks" in page(v)
    assert "What: Check of what this policy says When: 28 November 2026" in page(v)


def test_before_a_signal_too_nothing_is_claimed(write: Write) -> None:
    v = visitor(protect(wsgi_app, recorded(write({"12.trackers": "broken"}))))
    assert json.loads(v.get("/.well-known/dnt/").content)["tracking"] == "!"


def test_undeclared_cookies_take_back_what_is_said_of_visitors_without_a_signal(
    write: Write,
) -> None:
    app = protect(wsgi_app, recorded(write({"7.cookies": "broken"})))
    assert claimed(visitor(app, dnt=True)) == KEPT
    assert json.loads(visitor(app).get("/.well-known/dnt/").content)["tracking"] == "!"


def test_gpc_json_says_since_when_it_is_false(write: Write) -> None:
    v = site("WSGI", recorded(write({"11.cookies-gpc": "broken"})))
    document = json.loads(v.get("/.well-known/gpc.json").content)
    assert document == {"gpc": False, "lastUpdate": "2026-11-28"}


# Which sections the claims about signals and tracking rest on; all are told of on the page.
RESTING = {8, 9, 11, 12}


@pytest.mark.parametrize("number", range(1, 15))
def test_each_section_is_told_of_and_software_only_of_tracking(number: int, write: Write) -> None:
    v = site("WSGI", recorded(write({f"{number}.x": "broken"})))
    assert claimed(v) == (TAKEN_BACK if number in RESTING else KEPT)
    assert f"It concerns these sections: {number}." in page(v)


# What software and the page are told is itself looked at by an audit. Were that to count, a claim once
# taken back could never be made again.
@pytest.mark.parametrize("requirement", ["11.gpc-json", "11.dnt-status", "6.evidence"])
def test_a_claim_that_was_taken_back_takes_back_no_other(requirement: str, write: Write) -> None:
    v = site("WSGI", recorded(write({requirement: "broken", "11.cookies-dnt": "kept"})))
    assert claimed(v) == KEPT
    assert "not all that this policy says" not in page(v)


def test_the_page_says_it_in_urdu(write: Write) -> None:
    text = page(site("WSGI", recorded(write({"11.x": "broken", "13.y": "broken"}))), "ur")
    assert "اس وقت اس پالیسی کی ہر بات پوری نہیں ہو رہی" in text
    assert "کی جانچ سے معلوم ہوا کہ اس حصے کی ہر بات پوری نہیں ہو رہی" in text
    assert "At present" not in text
    assert "A check of" not in text


def test_the_log_says_why(write: Write, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "alpines_privacy"):
        protect(wsgi_app, recorded(write({"11.cookies-dnt": "broken", "13.under": "kept"})))
    (line,) = [record.getMessage() for record in caplog.records]
    assert line.startswith(
        "Not all of the policy is kept: 11.cookies-dnt (audit of 2026-11-28). `Tk` and "
        '/.well-known/dnt/ say "!", gpc.json says false; the policy\'s page says so.'
    )
    assert "13.under" not in line


def test_the_log_names_five_and_counts_the_rest(
    write: Write, caplog: pytest.LogCaptureFixture
) -> None:
    broken = {f"10.x{n}": "broken" for n in range(7)}
    with caplog.at_level(logging.WARNING, "alpines_privacy"):
        protect(wsgi_app, recorded(write(broken), operator=None))
    (line,) = [record.getMessage() for record in caplog.records]
    assert "10.x4 (audit of 2026-11-28); and 2 more. `alpines-privacy audit --record FILE`" in line


# -- Which audit decides

LATEST: list[tuple[str, list[tuple[int, str]], bool]] = [
    ("one, broken", [(0, "broken")], True),
    ("one, kept", [(0, "kept")], False),
    ("mended since", [(-2, "broken"), (-1, "kept")], False),
    ("broken since, whatever the order of files", [(-1, "broken"), (-2, "kept")], True),
    ("a later one that could not tell", [(-2, "broken"), (-1, "unknown")], True),
    ("none could tell", [(-2, "unknown"), (-1, "unknown")], False),
    ("a year old, and nothing mended it", [(-365, "broken")], True),
]


@pytest.mark.parametrize(
    ("audits", "broken"), [row[1:] for row in LATEST], ids=[r[0] for r in LATEST]
)
def test_the_latest_audit_that_could_tell_decides(
    audits: list[tuple[int, str]], broken: bool, write: Write
) -> None:
    files = [write({"11.x": state}, f"{n}.json", days) for n, (days, state) in enumerate(audits)]
    assert recorded_claims(recorded(*files)).signals_hold is not broken


@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(["11.a", "12.b", "6.c", "13.d"]),
            st.sampled_from(["kept", "broken", "unknown"]),
        ),
        max_size=5,
    )
)
def test_a_promise_is_unkept_exactly_if_its_last_telling_verdict_is_broken(
    tmp_path_factory: pytest.TempPathFactory, audits: list[dict[str, Any]]
) -> None:
    folder = tmp_path_factory.mktemp("audits")
    files = []
    expected: dict[str, str] = {}
    for number, verdicts in enumerate(audits):
        file = folder / f"{number}.json"
        file.write_bytes(
            AuditRecord(audited=NOON + timedelta(hours=number), verdicts=verdicts).to_json()
        )
        files.append(str(file))
        expected |= {name: state for name, state in verdicts.items() if state != "unknown"}
    claims = recorded_claims(recorded(*reversed(files)))
    assert {each.reason for each in claims.unkept} == {
        n for n, s in expected.items() if s == "broken"
    }


def test_evidence_that_is_too_old_is_told_and_breaks_nothing(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write({"11.cookies-dnt": "kept"}, days=-40)
    monkeypatch.setattr("alpines_privacy.policy_page.page._now", lambda: NOON)
    with pytest.warns(
        PrivacyWarning, match=r"evidence\[0\] \(audit of 2026-10-19\) is 40 days old"
    ):
        v = site("WSGI", recorded(file))
    assert claimed(v) == KEPT
    assert "Check of what this policy says" not in page(v)


# -- Files

WRONG: dict[str, tuple[bytes | None, str]] = {
    "absent": (None, "cannot be read: No such file or directory"),
    "empty": (b"", "is no record of an audit"),
    "not JSON": (b"kept", "is no record of an audit"),
    "not UTF-8": (b'{"version": 1, "target": "\xff"}', "is no record of an audit"),
    "too deep": (b"[" * 100_000, "is no record of an audit"),
    "another version": (b'{"version": 2, "audited": "2026-11-28T12:00:00Z", "verdicts": {}}', "Invalid enum value 2"),
    "no zone": (b'{"audited": "2026-11-28T12:00:00", "verdicts": {}}', "audited"),
    "no section": (b'{"audited": "2026-11-28T12:00:00Z", "verdicts": {"15.x": "kept"}}', "verdicts"),
    "a list of filters": (b"||example.com^\n", "is no record of an audit"),
    "too large": (b" " * (1 << 20) + b"{}", "larger than"),
}  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG)
def test_a_file_that_is_no_record_stops_the_app_at_start_up(wrong: str, tmp_path: Path) -> None:
    data, said = WRONG[wrong]
    file = tmp_path / "audit.json"
    if data is not None:
        file.write_bytes(data)
    with pytest.raises(PolicyError, match=r"evidence\[0\]\.file: ") as error:
        protect(wsgi_app, recorded(str(file)))
    assert said in str(error.value)
    assert len(str(error.value)) < 2_500


def test_a_folder_or_a_pipe_is_no_record(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match=r"regular file|cannot be read"):
        protect(wsgi_app, recorded(str(tmp_path)))


def test_a_policy_file_names_a_record_relative_to_itself(tmp_path: Path) -> None:
    (tmp_path / "audit.json").write_bytes(
        AuditRecord(audited=NOON, verdicts={"11.x": "broken"}).to_json()
    )
    policy = tmp_path / "alpines-privacy.toml"
    policy.write_text('[[evidence]]\nkind = "audit"\nfile = "audit.json"\n', "utf-8")
    assert recorded_claims(PrivacyPolicy.load(policy)).sections == (11,)
    policy.write_text('[[evidence]]\nkind = "audit"\nfile = 7\n', "utf-8")
    with pytest.raises(PolicyError, match=r":3: evidence\[0\]\.file"):
        PrivacyPolicy.load(policy)


EVIDENCE: list[tuple[dict[str, Any], str]] = [
    ({"kind": "audit"}, "date: is missing"),
    ({"kind": "audit", "date": TODAY, "file": "a.json"}, "date: is given beside"),
    ({"kind": "update", "file": "a.json"}, "file: is given for the kind"),
    ({"kind": "audit", "file": ""}, "file: "),
]


@pytest.mark.parametrize(("fields", "said"), EVIDENCE)
def test_evidence_has_a_date_or_an_audits_file(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(PolicyError) as error:
        Evidence(**fields)
    assert str(error.value).startswith(said)


@given(
    st.dictionaries(
        st.from_regex(r"(?:[1-9]|1[0-4])\.[a-z0-9][a-z0-9-]{0,30}", fullmatch=True),
        st.sampled_from(["kept", "broken", "unknown"]),
        max_size=6,
    )
)
def test_a_record_is_read_as_it_was_written(
    tmp_path_factory: pytest.TempPathFactory, verdicts: dict[str, Any]
) -> None:
    file = tmp_path_factory.mktemp("records") / "audit.json"
    record = AuditRecord(audited=NOON, target="shop:app", verdicts=verdicts)
    file.write_bytes(record.to_json())
    assert read_record(str(file), "k") == record


# -- Checks at start-up

SETTINGS: list[tuple[str, dict[str, Any], list[str]]] = [
    ("nothing", {}, []),
    ("monitors of errors do not follow visitors", {"allow_categories": ["error-monitoring"]}, []),
    ("their hosts neither", {"allow": ["||sentry.io^"]}, []),
    ("a host that nobody lists", {"allow": ["||summit.example^"]}, []),
    ("a rule without a host", {"allow": ["/pixel.gif"]}, []),
    ("analytics", {"allow_categories": ["analytics"]}, ["analytics"]),
    ("a tracker by its host", {"allow": ["||www.google-analytics.com^"]}, ["Google Analytics"]),
    ("and by a path of it", {"allow": ["||connect.facebook.net/en_US/sdk.js"]}, []),
]


@pytest.mark.parametrize(
    ("trackers", "named"), [r[1:] for r in SETTINGS], ids=[r[0] for r in SETTINGS]
)
def test_what_the_policy_lets_follow_visitors_under_a_signal_is_not_denied(
    trackers: dict[str, Any], named: list[str]
) -> None:
    policy = msgspec.structs.replace(PUBLISHED, trackers=Trackers(**trackers))
    v = site("WSGI", policy)
    assert claimed(v) == (TAKEN_BACK if named else KEPT)
    if named:
        assert "What this section says is not fully kept at present." in section(page(v), 12)


def test_an_exporter_that_sends_personal_data_is_told_of_in_section_3(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said = ["Sentry is initialised without the layer's hooks, so its events leave. Write x."]
    monkeypatch.setattr(start_up, "unhooked", lambda: iter(said))
    v = site("WSGI", PUBLISHED)
    assert "What this section says is not fully kept at present." in section(page(v), 3)
    assert claimed(v) == KEPT
    silent = msgspec.structs.replace(PUBLISHED, logs="off")
    assert "not fully kept" not in page(site("WSGI", silent))


@pytest.mark.parametrize("mode", ["report", "off"])
def test_where_nothing_is_claimed_nothing_is_taken_back(
    mode: Any, write: Write, caplog: pytest.LogCaptureFixture
) -> None:
    policy = recorded(write({"11.x": "broken"}), mode=mode)
    with caplog.at_level(logging.WARNING, "alpines_privacy"):
        v = site("WSGI", policy)
    assert "Hello" in v.get("/.well-known/gpc.json").text  # the app's own answer
    assert [r for r in caplog.records if "Not all of the policy" in r.getMessage()] == []


def test_claims_without_days_have_none() -> None:
    claims = Claims((Unkept(12, "a setting"), Unkept(3, "an exporter")))
    assert (claims.sections, claims.since, claims.audited(12)) == ((3, 12), None, None)
