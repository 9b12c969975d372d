"""The site's own pages and files, the same whichever framework serves them and whoever protects it."""

from __future__ import annotations

import base64
import hashlib
import json
import mimetypes
import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from tests.browser import npm
from tests.browser.embeds import CONTROLS, TRACKERS, Embed

__all__ = ["EMBEDS", "File", "fields", "file", "page"]

EMBEDS = {embed.name: embed for embed in TRACKERS + CONTROLS}

_STATIC = Path(__file__).parent / "static"
_PIXEL = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
_BANNER = (
    b"<!doctype html><title>Offer</title><p style='margin:0;font:14px serif'>Two for one on Friday"
)

_NONCE = "dGVhIGlzIHBpY2tlZA"

_SHELL = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Tea · {name}</title>
<link rel="stylesheet" href="/static/site.css">
<link rel="icon" href="/static/leaf.svg">
<script>
var own = [], calls = [];
function ran(what) {{ own.push(what) }}
function called(by) {{ calls.push(by) }}
</script>
{head}</head>
<body>
<header><p>Tea from the high gardens</p></header>
<main>
<h1>{name}</h1>
<p>Tea is picked in the morning, withered by noon &amp; dried before night — <em>never</em> later.</p>
{body}<p>It keeps for two years in a tin; in light, for two weeks.</p>
<ul><li>First flush</li><li>Second flush</li></ul>
{own}{script}</main>
<footer><p>© The gardens</p></footer>
<script>ran("end")</script>
</body>
</html>
"""


def page(embed: Embed, domain: str) -> str:
    """Return an embed's whole page, as the site under `domain` writes it."""
    script = f'<script src="/static/{embed.name}.js"></script>\n' if embed.script else ""
    text = _SHELL.format(name=embed.name, script=script, **embed.parts)
    if embed.allows == "nonces":
        text = text.replace("<script", f'<script nonce="{_NONCE}"')
    return text.replace("{{ domain }}", domain).replace("{{ large_app }}", _large_app())


def fields(embed: Embed, text: str) -> Mapping[str, str]:
    """Return the head's fields of an embed's page, with a policy that knows its scripts if it has one."""
    if embed.allows == "anything":
        return embed.fields
    hashes = [
        f"'sha256-{base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()}'"
        for code in re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    ]
    allowed = {
        "nonces": f"'nonce-{_NONCE}' 'strict-dynamic'",
        "hashes": f"'self' {' '.join(hashes)}",
    }
    policy = f"script-src {allowed[embed.allows]}; object-src 'none'; base-uri 'none'"
    return {**embed.fields, "Content-Security-Policy": policy}


def _large_app() -> str:
    """Return what bundlers put into pages: a script of 90 KB with a tracker's loader far inside."""
    catalogue = [
        {"id": number, "name": f"Tea {number}", "price": number / 4} for number in range(2000)
    ]
    return f"""<script>
window.__APP__ = {json.dumps(catalogue)};
function count() {{
  var s = document.createElement("script");
  s.src = "https://www.google-analytics.com/analytics.js";
  document.head.appendChild(s);
}}
try {{ count() }} catch (refused) {{}}
document.getElementById("app").textContent = "Mounted " + window.__APP__.length;
ran("large-app: mounted");
</script>
"""


class File(NamedTuple):
    """What a static answer consists of."""

    media_type: str
    content: bytes


def file(path: str) -> File | None:
    """Return what the site serves below its root beside its pages, or None."""
    folder, _, name = path.lstrip("/").rpartition("/")
    embed = EMBEDS.get(name.removesuffix(".js"))
    if folder == "static" and name.endswith(".js") and embed and embed.script:
        return File("text/javascript", embed.script.encode())
    if path.startswith("/npm/"):
        found = npm.content(path.removeprefix("/npm/"))
        return found and File(*found)
    if path == "/js/analytics.js":
        return File("text/javascript", (_STATIC / "analytics.js").read_bytes())
    if folder == "static" and (_STATIC / name).is_file():
        media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
        return File(media_type, (_STATIC / name).read_bytes())
    return {
        "/piwik.php/pixel.gif": File("image/gif", _PIXEL),
        "/ads/banner.html": File("text/html", _BANNER),
        "/api/events": File("text/event-stream", b"retry: 600000\ndata: 1\n\n"),
        "/api/collect": File("application/json", b'{"ok": true}'),
        "/static/ping": File("text/plain", b""),
    }.get(path)
