"""Front ends and vendors' packages from npm: `python -m tests.browser.npm` brings and bundles them.

They come into a folder of the user's cache; only the sources of our own that are bundled with them
stand here.
"""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["BUILT", "FOLDER", "SOURCES", "content"]

SOURCES = Path(__file__).parent
FOLDER = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "alpines-privacy", "npm")
_BUNDLES = FOLDER / "bundles"
BUILT = {path.stem for path in (SOURCES / "sources").glob("*.js")} <= {
    path.stem for path in _BUNDLES.glob("*.js")
}

_TEAS = "<ul><li>Assam</li><li>Bancha</li></ul>"
_DATA = {
    "data/teas.json": ("application/json", '["Assam", "Bancha", "Ceylon"]'),
    "data/own.js": ("text/javascript", 'window.ownScript = "ran";'),
    "data/fragment.html": ("text/html", f'{_TEAS}<script>window.fragment = "ran"</script>'),
    "data/frame.html": (
        "text/html",
        f"<!doctype html><title>Teas</title><turbo-frame id=teas>{_TEAS}</turbo-frame>",
    ),
}


def content(path: str) -> tuple[str, bytes] | None:
    """Return the media type and bytes of what is served below `/npm/`, or None."""
    if path in _DATA:
        media_type, text = _DATA[path]
        return media_type, text.encode()
    name = path.removesuffix(".js")
    if f"{name}.js" == path and (SOURCES / "sources" / path).is_file():
        return "text/javascript", (_BUNDLES / path).read_bytes()
    return None
