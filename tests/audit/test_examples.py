"""The three examples: bare, they break exactly the clauses they break; protected, they keep them all."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from alpines_privacy.audit import Report

# What every bare example does: it follows visitors whatever they say, and says nothing of it.
EVERYWHERE = {
    "6.secure-cookies", "6.intruders", "7.lifetimes", "9.hosts", "10.link", "11.cookies-dnt", "11.cookies-gpc",
    "11.cookies-dnt0-gpc", "11.ads", "11.gpc-json", "11.dnt-status", "12.trackers", "13.under",
}  # fmt: skip
# The shop asks nobody's age, and the logs of two write down where somebody came from.
BARE = {
    "shop": EVERYWHERE | {"3.addresses", "13.asked", "13.missing"},
    "api": EVERYWHERE,
    "site": EVERYWHERE | {"3.addresses"},
}
# What the app cannot tell: a proxy redirects to https. What is not declared: evidence, collections.
FRAMEWORKS = {"shop": "Flask", "api": "FastAPI", "site": "Django"}
UNTOLD = {
    "shop": {"6.https", "6.hsts"},
    "api": {"6.https", "6.hsts", "6.evidence"},
    "site": {"6.https", "6.hsts", "6.evidence", "2.forms"},
}

_AUDIT = """
import importlib, sys, warnings
warnings.simplefilter("ignore")
from alpines_privacy import PrivacyPolicy
from alpines_privacy.audit import Options, run

name, kind = sys.argv[1:]
app = importlib.import_module(f"examples.{name}.{kind}").app
if name == "site":
    from examples.site.settings_protected import ALPINES_PRIVACY
    policy = PrivacyPolicy.from_mapping(ALPINES_PRIVACY)
else:
    policy = PrivacyPolicy.load(f"examples/{name}/alpines-privacy.toml")
sys.stdout.buffer.write(run(app, Options(active=True, policy=policy), name=name).to_json())
"""


def report_of(name: str, kind: str, folder: Path) -> Report:
    """Audit an example in a process of its own: Django has one set of settings."""
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", _AUDIT, name, kind],
        env=os.environ
        | {"EXAMPLES_INSTANCE": str(folder), "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    return Report.from_json(done.stdout)


@pytest.mark.parametrize("name", BARE)
def test_a_bare_example_breaks_exactly_what_it_breaks(name: str, tmp_path: Path) -> None:
    report = report_of(name, "bare", tmp_path)
    assert set(report.ids("broken")) == BARE[name]
    assert not report.protected
    assert all(verdict.evidence for verdict in report.verdicts if verdict.state == "broken")


@pytest.mark.parametrize("name", UNTOLD)
def test_a_protected_example_keeps_everything(name: str, tmp_path: Path) -> None:
    report = report_of(name, "protected", tmp_path)
    told = [v for v in report.verdicts if v.requirement.needs != "browser"]
    assert report.ids("broken") == ()
    assert {v.requirement.id for v in told if v.state == "unknown"} == UNTOLD[name]
    assert report.protected
    assert report.framework == FRAMEWORKS[name]
