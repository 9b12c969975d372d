"""Without an extra's packages: whatever needs one says which, and how to install it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

POLICY = """
[intrusion]
storage = "redis"
[[intrusion.logins]]
path = "/login"
account = "name"
"""


def without(package: str, code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run code in an interpreter in which a package cannot be imported."""
    absent = f"import sys; sys.modules[{package!r}] = None\n"
    return subprocess.run(  # noqa: S603 - our own
        [sys.executable, "-c", absent + code], cwd=folder, capture_output=True, text=True, check=False
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "package", "extra"),
    [
        ("audit.assert_policy_kept", "httpx", "audit"),
        ("audit.run", "httpx", "audit"),
        ("breach.status", "sqlalchemy", "breach"),
        ("breach.send", "aiosmtplib", "breach"),
    ],
)
def test_a_name_says_which_extra_it_needs(
    name: str, package: str, extra: str, tmp_path: Path
) -> None:
    module, _, attribute = name.rpartition(".")
    done = without(package, f"from alpines_privacy.{module} import {attribute}", tmp_path)
    assert done.stderr.splitlines()[-1] == (
        f"ModuleNotFoundError: alpines_privacy.{name} needs {package}: pip install 'alpines-privacy[{extra}]'"
    )


@pytest.mark.parametrize(
    ("command", "package", "extra"),
    [
        ("intrusion status", "limits", "intrusion"),
        ("intrusion reset mira", "limits", "intrusion"),
        ("breach open", "email_validator", "breach"),
        ("breach status", "sqlalchemy", "breach"),
        ("breach drill", "imap_tools", "breach"),
    ],
)
def test_a_command_says_it_in_one_line(
    command: str, package: str, extra: str, tmp_path: Path
) -> None:
    (tmp_path / "alpines-privacy.toml").write_text(POLICY, "utf-8")
    code = f"from alpines_privacy.cli import main; main({command.split()})"
    done = without(package, code, tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert re.fullmatch(
        rf"Error: {package}\S* is missing; expected pip install 'alpines-privacy\[{extra}\]'\n",
        done.stderr,
    )
