"""Public apps audited, bare and protected: what is broken, and what the layer mends."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from alpines_privacy.audit import Report
from alpines_privacy.policy.secrets import VARIABLE
from tests.support.secret_keys import KEY

# None of them knows a signal, or has a policy.
EVERYWHERE = {"10.link", "11.gpc-json", "11.dnt-status"}
BARE = {
    "datasette": EVERYWHERE,
    "gradio": EVERYWHERE,
    "pypiserver": EVERYWHERE,
    "wagtail": EVERYWHERE | {"6.secure-cookies", "6.intruders", "11.cookies-dnt"},
}
# Datasette redirects what ends with a slash, so the layer never sees a 404 there to replace.
WRAPPED: dict[str, set[str]] = {
    "datasette": {"11.dnt-status"},
    "gradio": set(),
    "pypiserver": set(),
    "wagtail": set(),
}

ROOT = Path(__file__).parents[2]
ENVIRONMENT = os.environ | {
    VARIABLE: KEY,
    "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path]),
    "GRADIO_ANALYTICS_ENABLED": "false",
    "HF_HUB_OFFLINE": "1",
}


def report_of(name: str, way: str, folder: Path) -> Report:
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-m", "tests.apps.audited", name, way, "report.json"],
        cwd=folder,
        env=ENVIRONMENT,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    return Report.load(folder / "report.json")


@pytest.mark.parametrize("name", BARE)
def test_bare_it_breaks(name: str, tmp_path: Path) -> None:
    assert set(report_of(name, "bare", tmp_path).ids("broken")) == BARE[name]


@pytest.mark.parametrize("name", WRAPPED)
def test_protected_it_keeps(name: str, tmp_path: Path) -> None:
    report = report_of(name, "wrapped", tmp_path)
    assert set(report.ids("broken")) == WRAPPED[name]
    assert report.protected
