"""Chromium, where there is one: what a real browser asks for, scripts run and all."""

import json
import shutil
import socket
import ssl
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from examples.demo.internet import internet

__all__ = ["Chromium", "flags", "installed"]

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_PATIENCE = 90  # seconds; a busy machine takes its time to start a browser

# All it ever sees are the demo's own pages, so it needs no sandbox, which containers often lack.
_HEADLESS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--virtual-time-budget=4000",
    "--dump-dom",
)


def flags(port: int) -> Sequence[str]:
    """Return what makes Chromium find the apps under `.example`, and everybody else on `port`."""
    rules = f"MAP *.example 127.0.0.1, MAP * 127.0.0.1:{port}"
    return ("--ignore-certificate-errors", f"--host-resolver-rules={rules}")


@dataclass(frozen=True)
class Chromium:
    """A browser that starts anew, with an empty profile, for every visit."""

    executable: str

    def ask(self, address: str, tls: ssl.SSLContext, *, do_not_track: bool) -> set[str]:
        """Open a page of `http://127.0.0.1:port/` and return the hosts it loaded from."""
        url = urlsplit(address)
        page = f"http://visited.example:{url.port}{url.path or '/'}"
        with (
            tempfile.TemporaryDirectory(
                prefix="examples-demo-", ignore_cleanup_errors=True
            ) as home,
            socket.create_server(("127.0.0.1", 0), backlog=128) as listener,
            internet(tls, listener) as others,
        ):
            settings = Path(home, "Default", "Preferences")
            settings.parent.mkdir()
            settings.write_text(json.dumps({"enable_do_not_track": do_not_track}))
            self.run(home, *flags(others.port), page)
            # Its own background requests come from no page.
            return {asked.host for asked in others.asked if asked.counts}

    def run(self, profile: str, *arguments: str) -> None:
        """Run it to its end; raises OSError if it does not get there."""
        command = [self.executable, *_HEADLESS, f"--user-data-dir={profile}", *arguments]
        try:
            subprocess.run(command, check=True, capture_output=True, timeout=_PATIENCE)  # noqa: S603 - found on the PATH
        except subprocess.SubprocessError as error:
            raise OSError(f"{self.executable}: {error}") from error


@cache
def installed() -> Chromium | None:
    """Return the machine's Chromium, if it has one that starts."""
    for name in filter(None, map(shutil.which, _NAMES)):
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
            try:
                Chromium(name).run(home, "about:blank")
            except OSError:
                continue
            return Chromium(name)
    return None
