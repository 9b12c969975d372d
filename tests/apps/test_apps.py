"""Datasette, Gradio and Streamlit in Chromium: bare, protected, and with what the log advises."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from alpines_privacy.policy.secrets import VARIABLE
from tests.apps.visits import APPS, App
from tests.support.advice import advised
from tests.support.chromium import chromium
from tests.support.processes import free_port, program
from tests.support.secret_keys import KEY

ROOT = Path(__file__).parents[2]
DOCS = (ROOT / "docs" / "frameworks.md").read_text("utf-8")
ENVIRONMENT = os.environ | {
    VARIABLE: KEY,
    "PYTHONPATH": str(ROOT),
    "STREAMLIT_BROWSER_GATHER_USAGE_STATS": "false",
    "GRADIO_ANALYTICS_ENABLED": "false",
    "HF_HUB_OFFLINE": "1",
}
SIGNALS: Mapping[str, dict[str, str]] = {
    "none": {},
    "GPC": {"Sec-GPC": "1"},
    "DNT": {"DNT": "1"},
    "DNT and GPC": {"DNT": "1", "Sec-GPC": "1"},
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


class Served:
    """One app, each way it is served started when it is first asked for."""

    def __init__(self, app: App, folder: Path, running: ExitStack) -> None:
        self._app, self._folder, self._running = app, folder, running
        self._addresses: dict[str, str] = {}

    @property
    def log(self) -> str:
        """What the protected one, without a policy of its own, has logged."""
        return "".join(path.read_text() for path in (self._folder / "protected").glob("*.log"))

    def address(self, way: str) -> str:
        """Return where the app is: `bare`, `protected`, or `advised`, with what the log advises."""
        if way not in self._addresses:
            self._addresses[way] = self._start(way)
        return self._addresses[way]

    def _start(self, way: str) -> str:
        folder, port = self._folder / way, free_port()
        folder.mkdir()
        target = f"tests.apps.served.{self._app.module}:app"
        command = [str(Path(sys.executable).with_name("alpines-privacy")), "serve", target]
        if way == "bare":
            command = [sys.executable, "-m", "uvicorn", target]
        elif way == "advised":
            policy = folder / "alpines-privacy.toml"
            policy.write_text(advised(self.log))
            command += ["--policy", str(policy)]
        started = program([*command, "--port", str(port)], port, folder, env=ENVIRONMENT)
        self._running.enter_context(started)
        return f"http://127.0.0.1:{port}"


# Each app's tests in one process, the apps beside each other.
EACH = [pytest.param(name, marks=pytest.mark.xdist_group(name)) for name in APPS]


@pytest.fixture(scope="module", params=EACH)
def served(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[App, Served]]:
    app = APPS[request.param]
    with ExitStack() as running:
        yield app, Served(app, tmp_path_factory.mktemp(app.module), running)


def worked(browser: Browser, app: App, address: str, signal: dict[str, str]) -> set[str]:
    context = browser.new_context(extra_http_headers=signal)
    try:
        return app.visit(context.new_page(), address)
    finally:
        context.close()


@pytest.mark.parametrize("signal", ["none", "DNT"])
def test_bare_everything_works(browser: Browser, served: tuple[App, Served], signal: str) -> None:
    app, sites = served
    assert worked(browser, app, sites.address("bare"), SIGNALS[signal]) == app.everything


@pytest.mark.parametrize("signal", ["none", "GPC"])
def test_protected_everything_works_without_a_policy_file(
    browser: Browser, served: tuple[App, Served], signal: str
) -> None:
    app, sites = served
    assert worked(browser, app, sites.address("protected"), SIGNALS[signal]) == app.everything


@pytest.mark.parametrize("signal", ["DNT", "DNT and GPC"])
def test_under_dnt_what_needs_an_undeclared_cookie_is_held_back(
    browser: Browser, served: tuple[App, Served], signal: str
) -> None:
    app, sites = served
    assert worked(browser, app, sites.address("protected"), SIGNALS[signal]) == app.without_cookies


@pytest.mark.parametrize("signal", ["GPC", "DNT"])
def test_with_what_the_log_advises_everything_works(
    browser: Browser, served: tuple[App, Served], signal: str
) -> None:
    app, sites = served
    if not advised(sites.log):
        worked(browser, app, sites.address("protected"), SIGNALS["DNT"])
    names = re.findall('name = "(.*)"', advised(sites.log))
    assert [name for name in names if f"`{name}`" not in DOCS] == []
    assert worked(browser, app, sites.address("advised"), SIGNALS[signal]) == app.everything
