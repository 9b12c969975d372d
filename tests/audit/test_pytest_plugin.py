"""The plugin of pytest: one test for each requirement, and nothing where nobody asks for it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from alpines_privacy.audit import REQUIREMENTS, assert_policy_kept, auditing

pytest_plugins = ("pytester",)

IMPORTED = (assert_policy_kept, auditing)
ROOT = Path(__file__).parents[2]
PLUGIN = "alpines_privacy.pytest_plugin"
BARE = """
NUMBER = 7

def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/html"), ("Set-Cookie", "theme=dark")])
    return [b"<title>Summit</title><a href=/two>Two</a>"]
"""
PROTECTED = f"""
from alpines_privacy import PrivacyPolicy, protect
{BARE}
app = protect(app, PrivacyPolicy())
"""
PASSING = "def test_own():\n    pass\n"


@pytest.fixture
def site(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.makepyfile(bare_shop=BARE, protected_shop=PROTECTED)
    return pytester


def run(site: pytest.Pytester, *options: str) -> pytest.RunResult:
    """Run pytest in this process: what an audit imports is imported already, as `IMPORTED` sees to."""
    return site.runpytest_inprocess("-p", PLUGIN, "-p", "no:cacheprovider", *options)


def outcomes(result: pytest.RunResult) -> dict[str, str]:
    """Return the outcome of each test by its name."""
    lines = (re.match(r"(\S+) (PASSED|FAILED|SKIPPED|ERROR)\b", line) for line in result.outlines)
    return {match[1]: match[2] for match in lines if match}


# -- --privacy-app


def test_each_requirement_is_a_test(site: pytest.Pytester) -> None:
    result = run(site, "--privacy-app", "bare_shop:app", "-v", "-rs")
    found = outcomes(result)
    assert list(found) == [f"privacy::{each.id}" for each in REQUIREMENTS]
    assert found["privacy::11.cookies-dnt"] == "FAILED"
    assert found["privacy::12.trackers"] == "PASSED"
    assert found["privacy::12.requests"] == "SKIPPED"
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(
        [
            "*_ 11.cookies-dnt: No cookie is set under DNT: 1 _*",
            "the privacy policy is broken: 11.cookies-dnt",
            "§11 No cookie is set under DNT: 1 (11.cookies-dnt)",
            "  Set-Cookie: theme=…*",
            "    GET / (DNT: 1)*",
            "  Mend: Send no Set-Cookie*",
            "*not seen without a browser*",
        ]
    )
    assert "assertions.py" not in result.stdout.str()


def test_a_protected_app_passes_what_it_keeps(site: pytest.Pytester) -> None:
    result = run(
        site, "--privacy-app", "protected_shop:app", "-v", "-k", "11.cookies or 12.trackers"
    )
    assert set(outcomes(result).values()) == {"PASSED"}
    assert len(outcomes(result)) == 4
    assert result.ret == pytest.ExitCode.OK


def test_own_tests_run_beside_them(site: pytest.Pytester) -> None:
    site.makepyfile(test_own=PASSING)
    found = outcomes(run(site, "--privacy-app", "protected_shop:app", "-v"))
    assert found["test_own.py::test_own"] == "PASSED"
    assert len(found) == len(REQUIREMENTS) + 1


def test_a_policy_file_says_what_is_declared(site: pytest.Pytester) -> None:
    cookie = '[[cookies]]\nname = "theme"\npurpose = "Colours"\nnecessary = true\n'
    site.path.joinpath("p.toml").write_text(cookie, "utf-8")
    options = ("--privacy-app", "bare_shop:app", "-v", "-k", "11.cookies or 7.cookies")
    assert set(outcomes(run(site, *options, "--privacy-policy", "p.toml")).values()) == {"PASSED"}


WRONG: list[tuple[list[str], str]] = [
    (["--privacy-app", "absent_shop:app"], '--privacy-app: there is no module "absent_shop"'),
    (["--privacy-app", "bare_shop:other"], 'has no "other"'),
    (["--privacy-app", "bare_shop:NUMBER"], "the audit cannot be made: int object is neither an ASGI app"),
    (["--privacy-app", "bare_shop:app", "--privacy-policy", "absent.toml"], "made: absent.toml: cannot be read"),
    (["--privacy-url", "ftp://shop.example"], "the audit cannot be made: "),
]  # fmt: skip


@pytest.mark.parametrize(("options", "said"), WRONG)
def test_an_audit_that_cannot_be_made_says_why(
    options: list[str], said: str, site: pytest.Pytester
) -> None:
    result = run(site, *options, "-k", "11.vary")
    result.assert_outcomes(failed=1)
    assert said in result.stdout.str()


def test_two_targets_are_refused(site: pytest.Pytester) -> None:
    result = run(site, "--privacy-app", "bare_shop:app", "--privacy-url", "https://shop.example")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*--privacy-app and --privacy-url are two targets; expected one"])


# -- Fixtures


def test_the_fixture_makes_a_test_one_for_each_requirement(site: pytest.Pytester) -> None:
    site.makepyfile(
        test_privacy="""
        import pytest
        from alpines_privacy.audit import assert_policy_kept
        import bare_shop

        @pytest.fixture(scope="session")
        def privacy_app():
            return bare_shop.app

        def test_kept(privacy_audit):
            assert_policy_kept(privacy_audit)

        @pytest.mark.parametrize("privacy_audit", ["12.trackers"], indirect=True)
        def test_one(privacy_audit):
            assert privacy_audit.state == "kept"

        def test_report(privacy_report):
            assert privacy_report.pages >= 2
            assert "11" in privacy_report.broken_clauses
        """
    )
    found = outcomes(run(site, "-v"))
    assert found["test_privacy.py::test_kept[11.cookies-dnt]"] == "FAILED"
    assert found["test_privacy.py::test_kept[12.trackers]"] == "PASSED"
    assert found["test_privacy.py::test_kept[12.requests]"] == "SKIPPED"
    assert found["test_privacy.py::test_one[12.trackers]"] == "PASSED"
    assert found["test_privacy.py::test_report"] == "PASSED"
    assert len(found) == len(REQUIREMENTS) + 2


def test_with_the_fixture_the_option_adds_no_second_tests(site: pytest.Pytester) -> None:
    site.makepyfile(
        test_privacy="def test_kept(privacy_audit):\n    assert privacy_audit.state == 'kept'\n"
    )
    found = outcomes(run(site, "-v", "--privacy-app", "protected_shop:app", "-k", "11.cookies"))
    assert list(found) == [
        f"test_privacy.py::test_kept[11.cookies-{n}]" for n in ("dnt", "gpc", "dnt0-gpc")
    ]


def test_the_fixture_without_an_app_says_what_to_give(site: pytest.Pytester) -> None:
    site.makepyfile(test_privacy="def test_kept(privacy_audit):\n    pass\n")
    result = run(site, "-k", "11.vary")
    result.assert_outcomes(errors=1)
    assert "give --privacy-app module:app or --privacy-url URL" in result.stdout.str()


# -- Where nobody asks for it

# Importing the package alone imports none of these: what the plugin costs a run that does not use it.
HEAVY = (
    "httpx",
    "msgspec",
    "click",
    "werkzeug",
    "starlette",
    "alpines_privacy.policy",
    "alpines_privacy.audit",
)


def test_without_its_options_it_does_nothing(site: pytest.Pytester) -> None:
    site.makepyfile(
        test_own=f"""
        import sys

        def test_own(request):
            assert request.config.pluginmanager.has_plugin({PLUGIN!r})
            assert [name for name in {HEAVY!r} if name in sys.modules] == []
        """
    )
    result = site.runpytest_subprocess("-p", PLUGIN, "-p", "no:cacheprovider", "-v")
    result.assert_outcomes(passed=1)
    assert list(outcomes(result)) == ["test_own.py::test_own"]


def test_importing_it_imports_pytest_and_little_else() -> None:
    program = f"import pytest, sys; before = set(sys.modules); import {PLUGIN}; print(*(set(sys.modules) - before))"
    done = subprocess.run(  # noqa: S603 - ours
        [sys.executable, "-c", program], capture_output=True, text=True, check=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    ours = {name for name in done.stdout.split() if name.startswith("alpines_privacy")}
    assert ours == {"alpines_privacy", "alpines_privacy.lazy_names", PLUGIN}
    assert [name for name in HEAVY if name in done.stdout.split()] == []


def test_the_entry_point_has_the_modules_name() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["entry-points"]["pytest11"] == {PLUGIN: PLUGIN}
