"""The audit behind the command: what is asked for becomes options, and progress is shown."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from alpines_privacy.cli.apps import find_app
from alpines_privacy.cli.errors import Refusal
from alpines_privacy.cli.output import printable
from alpines_privacy.interface import is_asgi
from alpines_privacy.policy import PrivacyPolicy

if TYPE_CHECKING:
    from alpines_privacy.audit.model import Report
    from alpines_privacy.audit.options import LoginForm, Progress

__all__ = ["PASSWORD", "audited", "pictures"]

PASSWORD = "ALPINES_PRIVACY_AUDIT_PASSWORD"  # noqa: S105 - a variable's name
_SHOWN = 40  # characters of what is being visited
_PACKAGES = {"audit": ("httpx", "protego", "tqdm"), "audit-browser": ("playwright",)}


def audited(  # noqa: PLR0913 - each option is a parameter
    target: str,
    *,
    factory: bool,
    policy: str | None,
    login: str | None,
    user: str | None,
    browser: bool,
    **given: Any,
) -> Report:
    """Audit what TARGET names, and show what is being visited; raises `Refusal` if that cannot be done.

    `given` are further options of an audit, as `Options` has them.
    """
    _check_packages(browser=browser)
    from alpines_privacy.audit import run  # noqa: PLC0415 - it needs what was just looked for
    from alpines_privacy.audit.options import AuditError, Options  # noqa: PLC0415 - as above

    form = _login(login, user)
    declared = None if policy is None else PrivacyPolicy.load(policy)
    options = Options(policy=declared, browser=browser, login=form, **given)
    app = target if is_address(target) else _app(target, factory=factory)
    try:
        with _progress() as progress:
            return run(app, options, name=target, progress=progress)
    except AuditError as error:
        raise Refusal(str(error)) from None


def _app(target: str, *, factory: bool) -> Any:
    """Return the app that TARGET names; raises `Refusal` for another object."""
    app = find_app(target, factory=factory)
    try:
        is_asgi(app)
    except TypeError as error:
        raise Refusal(f"{target}: {error}") from None
    return app


def is_address(target: str) -> bool:
    """Tell an address from an import string."""
    return "://" in target


def _check_packages(*, browser: bool) -> None:
    for extra, names in _PACKAGES.items():
        missing = [name for name in names if find_spec(name) is None]
        if missing and (browser or extra == "audit"):
            raise Refusal(
                f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing; "
                f"expected pip install 'alpines-privacy[{extra}]'"
            )


def _login(url: str | None, user: str | None) -> LoginForm | None:
    """Return the login that is asked for; its password comes from the environment, or is asked for."""
    from alpines_privacy.audit.options import LoginForm  # noqa: PLC0415 - imported already

    if url is None and user is None:
        return None
    if url is None or user is None:
        raise Refusal("--login: needs --user too, and --user needs --login")
    password = os.environ.get(PASSWORD)
    if password is None and not sys.stdin.isatty():
        raise Refusal(f"--login: the password is missing; expected it in {PASSWORD}")
    if password is None:
        password = click.prompt(f"Password of {printable(user)}", hide_input=True, err=True)
    return LoginForm(url=url, user=user, password=password)


@contextmanager
def pictures(folder: Path | None, *, wanted: bool) -> Iterator[Path | None]:
    """Give the folder of a browser's files: the one asked for, else one that is gone afterwards."""
    if folder is not None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Refusal(f"--files {folder}: {error.strerror}") from None
        yield folder
    elif wanted:
        with tempfile.TemporaryDirectory(prefix="alpines-privacy-audit-") as name:
            yield Path(name)
    else:
        yield None


@contextmanager
def _progress() -> Iterator[Progress]:
    """Give a callback that shows a bar with what is being visited; on a terminal alone."""
    if not sys.stderr.isatty():
        yield lambda *_: None
        return
    from tqdm import tqdm  # noqa: PLC0415 - only where it is seen

    with tqdm(total=1, file=sys.stderr, leave=False, dynamic_ncols=True, unit="page") as bar:

        def show(what: str, done: int, of: int) -> None:
            bar.total = max(done, of)
            bar.n = done
            bar.set_postfix_str(printable(what)[:_SHOWN])

        yield show
