"""Audits a public app, bare or protected: `python -m tests.apps.audited datasette wrapped report.json`."""

from __future__ import annotations

import os
import subprocess
import sys
import warnings
from collections.abc import Callable, Mapping
from datetime import date
from importlib import import_module
from pathlib import Path
from typing import Any

from alpines_privacy import (
    Collection,
    Cookie,
    Intrusion,
    LoginRoute,
    Operator,
    PrivacyPolicy,
    protect,
)
from alpines_privacy.audit import Options, run

__all__ = ["APPS"]

PAGES = 30


def _wagtail() -> Any:
    """Return the site that `wagtail start` makes."""
    starter = Path(sys.executable).with_name("wagtail")
    subprocess.run([starter, "start", "ridge", "."], check=True, stdout=sys.stderr)  # noqa: S603 - the app's own
    sys.path.insert(0, str(Path.cwd()))
    os.environ["DJANGO_SETTINGS_MODULE"] = "ridge.settings.dev"
    django = import_module("django")
    django.setup()
    import_module("django.core.management").call_command("migrate", verbosity=0)
    return import_module("django.core.handlers.wsgi").WSGIHandler()


def _pypiserver() -> Any:
    Path("packages").mkdir()
    return import_module("pypiserver").app(roots=["packages"])


def _datasette() -> Any:
    """Return Datasette without rich, which Gradio brings along: with it Datasette raises for a missing page."""
    sys.modules["rich"] = None  # type: ignore[assignment]  # how an import is made to fail
    return import_module("tests.apps.served.datasette_site").app


APPS: Mapping[str, Callable[[], Any]] = {
    "datasette": _datasette,
    "gradio": lambda: import_module("tests.apps.served.gradio_site").app,
    "pypiserver": _pypiserver,
    "wagtail": _wagtail,
}
# Where the policy's page goes: pypiserver takes every short path for a package, Django adds a slash.
_PLACES = {"pypiserver": "/-/privacy", "wagtail": "/privacy/"}
_EDITORS: Mapping[str, Any] = {
    "cookies": [
        Cookie("csrftoken", purpose="Protects forms against forgery", necessary=True),
        Cookie("sessionid", purpose="Keeps you signed in", necessary=True),
    ],
    "collections": [
        Collection(
            path="/admin/login", fields=["username", "password"], purpose="Signs editors in"
        ),
        Collection(path="/admin/password_reset", fields=["email"], purpose="Sends a new password"),
    ],
    "intrusion": Intrusion(logins=[LoginRoute(path="/admin/login", account="username")]),
}


def _policy(name: str) -> PrivacyPolicy:
    operator = Operator(
        name="Ridge",
        contact="privacy@ridge.example",
        breach_notice=1,
        page=_PLACES.get(name, "/privacy"),
    )
    more = _EDITORS if name == "wagtail" else {}
    return PrivacyPolicy(operator=operator, effective=date(2026, 11, 1), **more)


def main(name: str, way: str, output: str) -> None:
    """Write the report."""
    warnings.simplefilter("ignore")  # the apps' own
    app = APPS[name]()
    app = protect(app, _policy(name)) if way == "wrapped" else app
    report = run(app, Options(pages=PAGES, active=True), name=name)
    Path(output).write_bytes(report.to_json())


if __name__ == "__main__":
    main(*sys.argv[1:])
