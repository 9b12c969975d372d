"""What the gate answers in place of hosts that are not asked: nothing, in the form that the page waits for.

An empty script, frame or JSON object lets a loader take its next step, which a refused one would not.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

__all__ = ["Answer", "Kind", "answer_for", "kind_of"]

# A load's kind as the browser says it, in the words of Fetch's request destinations; and `ping`, `websocket`.
Kind = str

_GIF = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
_LONGEST_QUERY = 8192  # characters
_CALLBACK = re.compile(r"[A-Za-z_$][\w$.]{0,80}")
_SCRIPTS = frozenset({"script", "worker", "sharedworker", "serviceworker"})
_FRAMES = frozenset({"iframe", "frame", "object", "embed", "fencedframe"})
# Fields that only one kind of load has.
_ACCEPTED = {"text/event-stream": "eventsource", "image/": "image", "text/css": "style"}
_MARKS = {"sec-websocket-key": "websocket", "service-worker": "serviceworker", "ping-to": "ping"}
_ENDINGS = {
    ".js": "script",
    ".mjs": "script",
    ".css": "style",
    ".gif": "image",
    ".png": "image",
    ".jpg": "image",
    ".svg": "image",
    ".webp": "image",
    ".woff": "font",
    ".woff2": "font",
    ".ttf": "font",
}


class Answer(NamedTuple):
    """A response: its status, its media type (empty for none) and its body."""

    status: int
    media_type: str
    body: bytes


def kind_of(method: str, url: str, fields: Mapping[str, str]) -> Kind:
    """Return the kind of a load by its request; `fields` has lower-case names.

    Browsers say it in Sec-Fetch-Dest, but not to plain http hosts: there Accept and the path tell.
    """
    if method == "OPTIONS" and "access-control-request-method" in fields:
        return "preflight"
    if marked := next((kind for name, kind in _MARKS.items() if name in fields), ""):
        return marked
    said = fields.get("sec-fetch-dest") or _by_accept(fields) or _by_path(url)
    return _by_script(method, fields) if said == "empty" else said


def _by_script(method: str, fields: Mapping[str, str]) -> Kind:
    if fields.get("accept", "").startswith("text/event-stream"):
        return "eventsource"
    sends_blindly = method == "POST" and fields.get("sec-fetch-mode") == "no-cors"
    return "ping" if sends_blindly else "fetch"


def _by_accept(fields: Mapping[str, str]) -> str:
    accept = fields.get("accept", "")
    if found := next((kind for start, kind in _ACCEPTED.items() if accept.startswith(start)), ""):
        return found
    if accept.startswith("text/html"):
        return "document" if "sec-fetch-user" in fields else "iframe"
    return ""


def _by_path(url: str) -> str:
    path = urlsplit(url).path.lower()
    return next((kind for end, kind in _ENDINGS.items() if path.endswith(end)), "empty")


def answer_for(kind: Kind, url: str) -> Answer:
    """Return the empty answer to a load. A page of its own gets 204: the browser stays where it is."""
    if kind in _SCRIPTS:
        return Answer(200, "text/javascript; charset=utf-8", _called_back(url))
    if kind in _FRAMES:
        return Answer(200, "text/html; charset=utf-8", b"<!doctype html><title></title>")
    if kind == "fetch":
        return Answer(200, "application/json", b"{}")
    return _OTHERS.get(kind, Answer(204, "", b""))


_OTHERS = {
    "style": Answer(200, "text/css; charset=utf-8", b""),
    "image": Answer(200, "image/gif", _GIF),
    "eventsource": Answer(200, "text/event-stream", b"retry: 600000\n\n"),
    "manifest": Answer(200, "application/manifest+json", b"{}"),
}


def _called_back(url: str) -> bytes:
    """Return the script that calls the function that a JSONP address names, with an empty object."""
    asked = parse_qs(urlsplit(url).query[:_LONGEST_QUERY])
    for name in ("callback", "jsonp", "cb"):
        for value in asked.get(name, ())[:1]:
            if _CALLBACK.fullmatch(value):
                return f"{value}({{}})".encode()
    return b""
