"""axe-core: what Deque's checker of accessibility finds on a page in a browser."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page

from tests.browser.npm import FOLDER
from tests.conftest import need

__all__ = ["violations"]

_SCRIPT = FOLDER / "node_modules" / "axe-core" / "axe.min.js"


def violations(page: Page) -> list[str]:
    """Return each violation with the elements it is about; every rule of axe-core's runs."""
    need("axe-core", _SCRIPT.is_file(), "python -m tests.browser.npm")
    page.evaluate(_SCRIPT.read_text("utf-8"))
    found: list[dict[str, Any]] = page.evaluate("async () => (await axe.run()).violations")
    return [
        f"{rule['id']}: {rule['help']} ({', '.join(str(node['target']) for node in rule['nodes'])})"
        for rule in found
    ]
