"""`alpines-privacy policy render`: the policy in words, and what is said of a file that has none."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from alpines_privacy.cli import main

POLICY = """effective = 2026-11-01
[operator]
name = "Alpines"
contact = "privacy@alpines.example"
languages = ["en", "ur"]
"""


def render(tmp_path: Path, text: str, *options: str) -> Result:
    file = tmp_path / "alpines-privacy.toml"
    file.write_text(text)
    return CliRunner().invoke(main, ["policy", "render", str(file), *options])


@pytest.mark.parametrize(
    ("options", "beginning"),
    [
        ([], "Privacy policy\n=====\n"),
        (["--format", "text"], "Privacy policy\n=====\n"),
        (["--format", "markdown"], "# Privacy policy\n"),
        (["--format", "html"], '<!doctype html>\n<html lang="en"'),
        (["--format", "html", "--language", "ur"], '<!doctype html>\n<html lang="ur" dir="rtl"'),
        (["--language", "ur"], "رازداری کی پالیسی\n"),
    ],
)
def test_the_policy_is_written(tmp_path: Path, options: list[str], beginning: str) -> None:
    got = render(tmp_path, POLICY, *options)
    assert got.exit_code == 0, got.output
    assert got.output.replace("==============", "=====").startswith(beginning)
    assert got.output.endswith("\n")
    if "html" not in options and "markdown" not in options:
        assert max(map(len, got.output.splitlines())) <= 80


@pytest.mark.parametrize(
    ("text", "options", "said"),
    [
        ("", [], "operator: is missing; expected a table with at least name and contact"),
        ("[operator]\nname = 'A'\n", [], "alpines-privacy.toml:1: operator.contact: is missing"),
        (POLICY, ["--language", "fr"], "'fr' is none of en, ur"),
        (POLICY, ["--format", "pdf"], "'pdf' is not one of 'html', 'markdown', 'text'"),
        (POLICY.replace('"ur"', '"fr"'), [], '"fr" has no catalogue'),
        ("[operator", [], "is not valid TOML"),
    ],
)
def test_what_cannot_be_written_is_one_error(
    tmp_path: Path, text: str, options: list[str], said: str
) -> None:
    got = render(tmp_path, text, *options)
    assert got.exit_code not in {0, 1} or "Error" in got.output
    assert said in got.output.replace("\n", " ")
    assert "Traceback" not in got.output


def test_its_help_fits_a_terminal() -> None:
    got = CliRunner().invoke(main, ["policy", "render", "--help"])
    assert got.exit_code == 0
    assert max(map(len, got.output.splitlines())) <= 80
