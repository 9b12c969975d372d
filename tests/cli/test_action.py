"""`action.yml`, the action of GitHub's workflows: its shell steps, run here."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
PATIENCE = 120.0  # seconds; only a machine that hangs needs them
ACTION = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
INPUT = re.compile(r"\$\{\{ inputs\.([a-z-]+) \}\}")
APP = """
from alpines_privacy import PrivacyPolicy, protect

def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/html"), ("Set-Cookie", "theme=dark")])
    return [b"<title>Summit</title>"]

kept = protect(app, PrivacyPolicy())
"""

pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")


def step(name: str) -> Mapping[str, Any]:
    (found,) = [each for each in ACTION["runs"]["steps"] if each["name"] == name]
    return found  # type: ignore[no-any-return]


def performed(
    name: str, folder: Path, programs: Path | None = None, **inputs: str
) -> subprocess.CompletedProcess[str]:
    """Run a step as a runner does: inputs in its environment, `bash -eo pipefail`, files for what it says."""
    defaults = {key: each.get("default", "") for key, each in ACTION["inputs"].items()}
    given = defaults | {key.replace("_", "-"): value for key, value in inputs.items()}
    environment = {
        key: INPUT.sub(lambda match: given[match[1]], value)
        for key, value in step(name)["env"].items()
    }
    places = [str(programs)] if programs else [str(Path(sys.executable).parent)]
    return subprocess.run(  # noqa: S603 - the action's own
        ["/bin/bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step(name)["run"]],
        cwd=folder, capture_output=True, text=True, check=False, timeout=PATIENCE,
        env={
            **{k: v for k, v in os.environ.items() if not k.startswith("GITHUB_")},
            **environment,
            "PATH": os.pathsep.join([*places, os.environ["PATH"]]),
            "PYTHONPATH": os.pathsep.join(sys.path),
            "GITHUB_ACTION_PATH": "/actions/alpines-privacy",
            "GITHUB_STEP_SUMMARY": str(folder / "summary"),
            "GITHUB_OUTPUT": str(folder / "output"),
        },
    )  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "acted_shop.py").write_text(APP, "utf-8")
    return tmp_path


def test_no_step_has_an_input_in_its_script() -> None:
    for each in ACTION["runs"]["steps"]:
        assert "${{" not in each["run"]
        assert each["shell"] == "bash"
        assert {
            match[1] for value in each["env"].values() if (match := INPUT.fullmatch(value))
        } <= set(ACTION["inputs"])
    used = {
        name
        for each in ACTION["runs"]["steps"]
        for v in each["env"].values()
        for name in INPUT.findall(v)
    }
    assert used == set(ACTION["inputs"])


def test_the_audit_writes_reports_and_fails_on_what_is_broken(folder: Path) -> None:
    done = performed(
        "Audit", folder, target="acted_shop:app", fail_on="11.cookies-dnt", record="audit.json"
    )
    assert done.returncode == 1, done.stderr
    assert "Set-Cookie: theme=" in done.stdout
    reports = sorted(each.name for each in (folder / "privacy-audit").iterdir())
    assert reports == ["report.html", "report.json", "report.sarif", "report.txt", "report.xml"]
    assert (folder / "output").read_text() == "reports=privacy-audit\n"
    lines = (folder / "summary").read_text("utf-8").splitlines()
    assert lines[0] == "    Privacy audit of acted_shop:app"
    assert all(line.startswith("    ") for line in lines)
    assert (
        json.loads((folder / "audit.json").read_bytes())["verdicts"]["11.cookies-dnt"] == "broken"
    )


def test_what_is_kept_ends_well(folder: Path) -> None:
    done = performed("Audit", folder, target="acted_shop:kept", fail_on="11.cookies-dnt,12")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    "target", ["--help", "$(touch broken)", "`touch broken`", "x; touch broken"]
)
def test_a_target_is_neither_an_option_nor_a_command(target: str, folder: Path) -> None:
    done = performed("Audit", folder, target=target)
    assert done.returncode == 2, done.stdout
    assert "Usage" not in done.stdout
    assert not (folder / "broken").exists()


def test_a_folder_may_be_called_as_an_option_is(folder: Path) -> None:
    done = performed("Audit", folder, target="acted_shop:kept", fail_on="none", reports="-p")
    assert done.returncode == 0, done.stderr
    assert (folder / "-p" / "report.txt").exists()
    assert (folder / "output").read_text() == "reports=./-p\n"


def test_the_name_of_a_folder_says_nothing_else_to_the_runner(folder: Path) -> None:
    done = performed("Audit", folder, target="acted_shop:kept", reports="a\nother=b")
    assert (done.returncode, done.stderr) == (2, "reports: a folder's name has no line break\n")
    assert not (folder / "output").exists()


INSTALLED = [
    ({}, ["-m pip install --quiet --disable-pip-version-check -- /actions/alpines-privacy[audit]"]),
    (
        {"browser": "true"},
        [
            "-m pip install --quiet --disable-pip-version-check -- /actions/alpines-privacy[audit-browser]",
            "-m playwright install --with-deps chromium",
        ],
    ),
    (
        {"requirement": "alpines-privacy[audit]==1.0; x"},
        ["-m pip install --quiet --disable-pip-version-check -- alpines-privacy[audit]==1.0; x"],
    ),
]


# pip and Playwright would fetch packages; a program that notes its arguments stands in for Python.
@pytest.mark.parametrize(("inputs", "calls"), INSTALLED)
def test_what_is_installed(inputs: dict[str, str], calls: list[str], folder: Path) -> None:
    programs = folder / "programs"
    programs.mkdir()
    (programs / "python").write_text('#!/bin/sh\necho "$*" >> calls\n', "utf-8")
    (programs / "python").chmod(0o755)
    assert performed("Install", folder, programs, **inputs).returncode == 0
    assert (folder / "calls").read_text("utf-8").splitlines() == calls
