"""The hooks of `.pre-commit-hooks.yaml`, run by pre-commit in a repository of their own."""

from __future__ import annotations

import gzip
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

MANIFEST = Path(__file__).parents[2] / ".pre-commit-hooks.yaml"
PATIENCE = 120.0  # seconds; only a machine that hangs needs them

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="needs git")


def run(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command with the installed scripts in its path, and nothing of the user's settings."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    settings = {"PATH": path, "GIT_CONFIG_GLOBAL": os.devnull, "PRE_COMMIT_COLOR": "never"}
    outside = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    return subprocess.run(  # noqa: S603 - ours, and git
        command,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
        env={**outside, **settings, **environment},
    )


def hook(name: str, **more: object) -> dict[str, Any]:
    """Return a hook as the manifest has it, for the installation that is tested."""
    (found,) = [each for each in yaml.safe_load(MANIFEST.read_text("utf-8")) if each["id"] == name]
    return {**found, "language": "system", **more}


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "repository"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("PRE_COMMIT_HOME", str(tmp_path / "cache"))
    assert run("git", "init", "--quiet").returncode == 0
    (folder / "app.log").write_text("from 203.0.113.7\n", "utf-8")
    (folder / "clean.py").write_text("print('nothing')\n", "utf-8")
    (folder / "picture.bin").write_bytes(b"\0\1\2 ayesha@shop.example")
    (folder / "packed.gz").write_bytes(gzip.compress(b"ayesha@shop.example"))
    return folder


def committed(name: str = "redact-check", **more: object) -> subprocess.CompletedProcess[str]:
    """Run a hook over all files that are added, as `pre-commit run --all-files` does."""
    config = {"repos": [{"repo": "local", "hooks": [hook(name, **more)]}]}
    Path(".pre-commit-config.yaml").write_text(yaml.safe_dump(config), "utf-8")
    assert run("git", "add", "--all").returncode == 0
    return run(sys.executable, "-m", "pre_commit", "run", "--all-files", "--verbose")


def test_the_manifest_is_one() -> None:
    done = run(sys.executable, "-m", "pre_commit", "validate-manifest", str(MANIFEST))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_hook_names_what_is_found_in_text(repository: Path) -> None:
    done = committed()
    assert done.returncode == 1, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert "- exit code: 1" in lines
    assert [line for line in lines if ".log" in line or ".bin" in line or ".gz" in line] == [
        "app.log:1:6: IP"
    ]
    (repository / "app.log").write_text("from [IP]\n", "utf-8")
    assert committed().returncode == 0


def test_the_hook_takes_a_baseline(repository: Path) -> None:
    update = ("redact", "--check", "--baseline", "known.json", "--update-baseline", "app.log")
    assert run("alpines-privacy", *update).returncode == 0
    assert committed(args=["--baseline", "known.json"]).returncode == 0
    (repository / "new.log").write_text("from 198.51.100.4\n", "utf-8")
    done = committed(args=["--baseline", "known.json"])
    assert done.returncode == 1
    assert "new.log:1:6: IP" in done.stdout
    assert "app.log" not in done.stdout


APP = """
from alpines_privacy import PrivacyPolicy, protect

def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/html"), ("Set-Cookie", "theme=dark")])
    return [b"<title>Summit</title>"]

kept = protect(app, PrivacyPolicy())
"""


def test_the_hook_of_the_audit_fails_on_what_is_broken(repository: Path) -> None:
    (repository / "hooked_shop.py").write_text(APP, "utf-8")
    done = committed("privacy-audit", args=["hooked_shop:app", "--fail-on", "11.cookies-dnt"])
    assert done.returncode == 1, done.stdout + done.stderr
    assert "Set-Cookie: theme=" in done.stdout
    done = committed("privacy-audit", args=["hooked_shop:kept", "--fail-on", "11.cookies-dnt"])
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_hook_of_a_policys_text_reads_the_file_that_is_named(repository: Path) -> None:
    (repository / "PRIVACY.md").write_text("# Privacy\n\nWe use cookies to:\n", "utf-8")
    done = committed("policy-lint", args=["PRIVACY.md"])
    assert done.returncode == 1, done.stdout + done.stderr
    assert "PRIVACY.md:3:" in done.stdout
    (repository / "PRIVACY.md").unlink()
    assert "(no files to check)Skipped" in committed("policy-lint", args=["PRIVACY.md"]).stdout
