"""A whole audit with a browser, from the app to the report and its files."""

from __future__ import annotations

from pathlib import Path

import msgspec
from flask import Flask

from alpines_privacy import PrivacyPolicy, protect
from alpines_privacy.audit import Options, run
from tests.audit.browser.conftest import need_chromium
from tests.audit.browser.site import make
from tests.support.processes import wsgi_origin


def app_of(*names: str) -> Flask:
    """Return the site with a home page that links to some of its pages."""
    app = make()
    links = "".join(f"<a href=/{name}>{name}</a>" for name in names)
    app.add_url_rule(
        "/", "home", lambda: f"<!doctype html><title>Tea</title><link rel=icon href=data:,>{links}"
    )
    return app


def test_an_audit_has_a_browsers_verdicts_and_files(tmp_path: Path) -> None:
    need_chromium()
    told: list[tuple[str, int, int]] = []
    options = Options(browser=True, files=tmp_path, host="www.tea.example")
    app = app_of("cookie", "tracker-by-script")
    report = run(app, options, progress=lambda *what: told.append(what))
    assert {"11.script-cookies", "12.requests"} <= set(report.ids("broken"))
    assert report.of("12.fingerprints").state == "kept"
    assert "hm.baidu.com" in report.of("12.requests").evidence[0].excerpt
    assert sorted(report.files) == sorted(file.name for file in tmp_path.iterdir())
    assert "01-no-signal.png" in report.files
    log = msgspec.json.decode((tmp_path / "requests.har").read_bytes())["log"]
    assert any("hm.baidu.com" in entry["request"]["url"] for entry in log["entries"])
    assert told[-1][1] == told[-1][2]


def test_a_protected_app_keeps_what_it_promises() -> None:
    need_chromium()
    app = protect(
        app_of("cookie", "tracker-by-script", "tracker-after-a-loader", "ads"), PrivacyPolicy()
    )
    report = run(app, Options(browser=True, host="www.tea.example"))
    kept = (
        "11.script-cookies",
        "11.requests",
        "12.requests",
        "12.beacons",
        "12.fingerprints",
        "12.keys",
    )
    assert {key: report.of(key).state for key in kept} == dict.fromkeys(kept, "kept")


def test_a_url_is_visited_as_it_is() -> None:
    need_chromium()
    with wsgi_origin(app_of("canvas")) as port:
        report = run(f"http://127.0.0.1:{port}/", Options(browser=True))
    assert "12.fingerprints" in report.ids("broken")
