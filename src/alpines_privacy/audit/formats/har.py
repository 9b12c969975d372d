"""An HTTP archive (HAR 1.2) without personal data: names stay, values go."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import msgspec

from alpines_privacy.audit.model import LONGEST_TEXT

__all__ = ["cleaned_har"]

# Fields whose values say what was asked for and got, and nothing of who asks. Of all others the name stays.
_SAFE_FIELDS = frozenset(
    {
        "accept", "accept-encoding", "accept-language", "accept-ranges", "age", "allow",
        "access-control-allow-credentials", "access-control-allow-headers",
        "access-control-allow-methods", "access-control-allow-origin", "cache-control", "connection",
        "content-encoding", "content-language", "content-length", "content-security-policy",
        "content-security-policy-report-only", "content-type", "cross-origin-embedder-policy",
        "cross-origin-opener-policy", "cross-origin-resource-policy", "date", "dnt", "expires", "host",
        "nel", "permissions-policy", "pragma", "referrer-policy", "sec-fetch-dest", "sec-fetch-mode",
        "sec-fetch-site", "sec-fetch-user", "sec-gpc", "server", "strict-transport-security", "tk",
        "transfer-encoding", "upgrade-insecure-requests", "vary", "via", "x-content-type-options",
        "x-frame-options",
    }
)  # fmt: skip
_ADDRESSES = frozenset({"location", "referer", "origin"})
_LEFT_OUT = ""


def cleaned_har(data: bytes) -> bytes:
    """Return an archive of the same requests without values of cookies, queries, bodies and most fields.

    Raises ValueError for what is no archive.
    """
    try:
        log = msgspec.json.decode(data)["log"]
        entries = [_entry(entry) for entry in log["entries"]]
        version = str(log.get("version", "1.2"))
    except (KeyError, TypeError, AttributeError, msgspec.DecodeError) as error:
        raise ValueError(f"is no HTTP archive ({type(error).__name__})") from None
    kept = {
        "version": version,
        "creator": log.get("creator") or {"name": "alpines-privacy", "version": ""},
        **({"browser": log["browser"]} if "browser" in log else {}),
        "pages": [_page(page) for page in log.get("pages", ())],
        "entries": entries,
    }
    return msgspec.json.encode({"log": kept})


def _page(page: dict[str, Any]) -> dict[str, Any]:
    names = ("id", "startedDateTime", "pageTimings")
    title = str(page.get("title", ""))  # of browsers the document's, which may greet somebody
    kept = {name: page[name] for name in names if name in page}
    return {"title": _address(title) if title.startswith("http") else _LEFT_OUT, **kept}


def _entry(entry: dict[str, Any]) -> dict[str, Any]:
    names = ("pageref", "startedDateTime", "time", "cache", "timings", "_resourceType")
    kept = {name: entry[name] for name in names if name in entry}
    return {
        **kept,
        "request": _request(entry["request"]),
        "response": _response(entry["response"]),
        "cache": entry.get("cache") or {},
    }


def _request(request: dict[str, Any]) -> dict[str, Any]:
    kept: dict[str, Any] = {
        "method": request["method"],
        "url": _address(request["url"]),
        "httpVersion": request.get("httpVersion", ""),
        "cookies": _names(request.get("cookies")),
        "headers": _fields(request.get("headers")),
        "queryString": _names(request.get("queryString")),
        "headersSize": request.get("headersSize", -1),
        "bodySize": request.get("bodySize", -1),
    }
    if post := request.get("postData"):
        kind = str(post.get("mimeType", ""))
        kept["postData"] = {
            "mimeType": kind,
            "params": _names(post.get("params")),
            "text": _LEFT_OUT,
        }
    return kept


def _response(response: dict[str, Any]) -> dict[str, Any]:
    content = response.get("content") or {}
    return {
        "status": response["status"],
        "statusText": response.get("statusText", ""),
        "httpVersion": response.get("httpVersion", ""),
        "cookies": _cookies(response.get("cookies")),
        "headers": _fields(response.get("headers")),
        "content": {"size": content.get("size", -1), "mimeType": content.get("mimeType", "")},
        "redirectURL": _address(response.get("redirectURL") or ""),
        "headersSize": response.get("headersSize", -1),
        "bodySize": response.get("bodySize", -1),
    }


def _names(pairs: list[dict[str, Any]] | None) -> list[dict[str, Any]]:
    return [{"name": pair["name"], "value": _LEFT_OUT} for pair in pairs or ()]


def _cookies(cookies: list[dict[str, Any]] | None) -> list[dict[str, Any]]:
    """Return the cookies of a response: all attributes stay, the value goes."""
    return [{**cookie, "value": _LEFT_OUT} for cookie in cookies or ()]


def _fields(fields: list[dict[str, Any]] | None) -> list[dict[str, Any]]:
    return [{"name": field["name"], "value": _value(field)} for field in fields or ()]


def _value(field: dict[str, Any]) -> str:
    name = str(field["name"]).lower()
    if name in _SAFE_FIELDS:
        return str(field["value"])
    return _address(str(field["value"])) if name in _ADDRESSES else _LEFT_OUT


def _address(url: str) -> str:
    """Return an address with the names of its query, and neither values, user nor fragment."""
    try:
        parts = urlsplit(url)
        names = [(name, "") for name, _ in parse_qsl(parts.query, keep_blank_values=True)]
    except ValueError:
        return ""
    if parts.scheme in {"data", "blob", "javascript"}:
        return f"{parts.scheme}:"
    host = parts.netloc.rpartition("@")[2]
    path = parts.path[: LONGEST_TEXT * 4]
    return urlunsplit(
        (parts.scheme, host, path, urlencode(names).replace("=&", "&").rstrip("="), "")
    )
