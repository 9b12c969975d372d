"""The requests of a browser's visits as an HTTP archive (HAR 1.2), names only: no value of a visitor's was kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from alpines_privacy import __version__
from alpines_privacy.audit.browser.observed import BrowserVisit, Request
from alpines_privacy.audit.model import shown
from alpines_privacy.audit.visits import names_in, shown_name, shown_url
from alpines_privacy.http.setcookie import parse
from alpines_privacy.redaction import Redactor

__all__ = ["har"]

_UNKNOWN = -1  # of sizes that were not counted
_NO_FIELDS: list[dict[str, str]] = []


def har(visits: Sequence[BrowserVisit]) -> bytes:
    """Return the archive: a page for each visit, an entry for each request, also for those that went nowhere.

    Entries of these have the comment "not sent". The errors in a visit's console stand in `_errors` of its page.
    """
    redactor = Redactor()
    log = {
        "version": "1.2",
        "creator": {"name": "alpines-privacy", "version": __version__},
        "pages": [_page(number, visit, redactor) for number, visit in enumerate(visits)],
        "entries": [
            entry for number, visit in enumerate(visits) for entry in _entries(number, visit)
        ],
    }
    return msgspec.json.encode({"log": log})


def _page(number: int, visit: BrowserVisit, redactor: Redactor) -> dict[str, Any]:
    return {
        "startedDateTime": visit.started.isoformat(),
        "id": f"page_{number}",
        "title": shown_url(visit.page),
        "pageTimings": {},
        "comment": visit.signal.value,
        "_errors": [
            {"text": redactor.redact(message.text), "ours": message.is_ours}
            for message in visit.messages
        ],
        "_notes": [redactor.redact(note) for note in visit.notes],
    }


def _entries(number: int, visit: BrowserVisit) -> Iterator[dict[str, Any]]:
    for request in visit.requests:
        if request.method:  # not of WebRTC, which is no HTTP
            yield _entry(number, request, visit.started)


def _entry(number: int, request: Request, started: datetime) -> dict[str, Any]:
    time = round(request.seconds * 1000, 3)
    return {
        "pageref": f"page_{number}",
        "startedDateTime": (started + timedelta(seconds=request.began)).isoformat(),
        "time": time,
        "request": _asked(request),
        "response": _answered(request),
        "cache": {},
        "timings": {"send": 0, "wait": time, "receive": 0},
        "comment": "" if request.is_own else "not sent: another host",
        "_resourceType": request.kind,
        "_initiator": shown(shown_url(request.by)) if request.by else "",
    }


def _asked(request: Request) -> dict[str, Any]:
    query = request.url.partition("#")[0].partition("?")[2]
    return {
        "method": request.method,
        "url": shown_url(request.url),
        "httpVersion": "HTTP/1.1",
        "cookies": _NO_FIELDS,
        "headers": _NO_FIELDS,
        "queryString": [{"name": name or "…", "value": ""} for name in names_in(query)],
        "headersSize": _UNKNOWN,
        "bodySize": _UNKNOWN,
    }


def _answered(request: Request) -> dict[str, Any]:
    return {
        "status": request.status,
        "statusText": "",
        "httpVersion": "HTTP/1.1",
        "cookies": list(_cookies(request)),
        "headers": _NO_FIELDS,
        "content": {"size": request.size, "mimeType": shown(request.media_type)},
        "redirectURL": "",
        "headersSize": _UNKNOWN,
        "bodySize": request.size,
    }


def _cookies(request: Request) -> Iterator[dict[str, Any]]:
    for line in request.set_cookies:
        if cookie := parse(line):
            attributes = cookie.attributes
            yield {
                "name": shown_name(cookie.name),
                "value": "",
                "path": "/".join(map(shown_name, attributes.get("path", "").split("/"))),
                "domain": attributes.get("domain", ""),
                "httpOnly": "httponly" in attributes,
                "secure": "secure" in attributes,
            }
