"""The verdicts on a browser's visits: one thing seen turns exactly its requirement red."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from msgspec import structs

from alpines_privacy import PrivacyPolicy
from alpines_privacy.audit.browser.har import har
from alpines_privacy.audit.browser.markers import PAGE_TEXT, Found
from alpines_privacy.audit.browser.observed import (
    BrowserVisit,
    Message,
    Probe,
    Request,
    SeenCookie,
    Stored,
)
from alpines_privacy.audit.checks.browser import CHECKS, verdicts_in_browser
from alpines_privacy.audit.model import Signal
from alpines_privacy.audit.observations import Site
from alpines_privacy.audit.requirements import REQUIREMENTS

HOME = "https://www.tea.example"
POLICY = PrivacyPolicy.from_mapping(
    {
        "cookies": [
            {"name": "theme", "purpose": "Remembers the colours"},
            {"name": "basket", "purpose": "Keeps what is bought", "necessary": True},
        ],
        "third_parties": [
            {"host": host, "purpose": "Shows what is meant to be shown"}
            for host in ("declared.example", "hm.baidu.com", "securepubads.g.doubleclick.net")
        ],
    }
)
SITE = Site(HOME, policy=POLICY)


def request(url: str, **more: Any) -> Request:
    base: dict[str, Any] = {
        "url": url,
        "host": url.split("/")[2],
        "method": "GET",
        "kind": "fetch",
        "is_own": False,
        "phase": "loading",
        "began": 0.1,
        "seconds": 0.1,
        "status": 200,
    }
    return Request(**(base | more))


def cookie(name: str, **more: Any) -> SeenCookie:
    base: dict[str, Any] = {
        "name": name,
        "domain": "www.tea.example",
        "path": "/",
        "lifetime": 86400.0,
        "is_secure": False,
        "is_http_only": False,
        "same_site": "Lax",
        "by_script": True,
    }
    return SeenCookie(**(base | more))


def visit(signal: Signal = Signal.NONE, **seen: Any) -> BrowserVisit:
    base: dict[str, Any] = {"status": 200, "started": datetime.now(UTC), "typed": 1}
    return BrowserVisit(page=f"{HOME}/tea?name=Ayesha", signal=signal, **(base | seen))


def typed(what: str, host: str = "declared.example") -> dict[str, Any]:
    return {"requests": [request(f"https://{host}/k", found=(Found(what, "plain"),))]}


def storage(where: str) -> dict[str, Any]:
    return {"stored": [Stored(where, HOME, "id", 1)]}  # type: ignore[arg-type]  # one of its words


_BOTH = {
    "httpVersion",
    "cookies",
    "headers",
    "headersSize",
    "bodySize",
}  # HAR 1.2, request and response
BAIDU = "https://hm.baidu.com/hm.js"
GPT = "https://securepubads.g.doubleclick.net/tag/js/gpt.js"
GPC = Signal.GPC
TABLE: list[tuple[str, set[str], BrowserVisit]] = [
    ("nothing", set(), visit()),
    ("a declared cookie", set(), visit(cookies=[cookie("theme")])),
    ("an undeclared cookie", {"7.script-cookies"}, visit(cookies=[cookie("_x")])),
    ("a server's cookie", set(), visit(cookies=[cookie("_x", by_script=False)])),
    ("a cookie under a signal", {"11.script-cookies"}, visit(GPC, cookies=[cookie("theme")])),
    ("a necessary cookie under DNT", set(), visit(Signal.DNT, cookies=[cookie("basket")])),
    ("storage", set(), visit(**storage("localStorage"))),
    ("storage under a signal", {"11.storage"}, visit(GPC, **storage("localStorage"))),
    ("a database under a signal", {"11.storage"}, visit(Signal.DNT, **storage("IndexedDB"))),
    ("a tab's storage under a signal", set(), visit(GPC, **storage("sessionStorage"))),
    ("a cache under a signal", set(), visit(GPC, **storage("Cache"))),
    ("an undeclared host", {"9.requests"}, visit(requests=[request("https://x.example/a")])),
    ("a declared host", set(), visit(requests=[request("https://declared.example/a")])),
    ("the site's subdomain", set(), visit(requests=[request("https://cdn.tea.example/a")])),
    ("a preflight", set(), visit(requests=[request("https://x.example/a", kind="preflight")])),
    ("a declared tracker", set(), visit(requests=[request(BAIDU, kind="script")])),
    ("a tracker under a signal", {"12.requests"}, visit(GPC, requests=[request(BAIDU, kind="script")])),
    (
        "a tracker in a service worker",
        {"12.service-workers"},
        visit(GPC, requests=[request(BAIDU, kind="script", in_service_worker=True)]),
    ),
    ("ads without a signal", set(), visit(requests=[request(GPT, kind="script")])),
    ("ads under a signal", {"11.requests"}, visit(GPC, requests=[request(GPT, kind="script")])),
    ("a beacon", {"9.requests", "12.beacons"}, visit(requests=[request("https://x.example/b", kind="ping")])),
    ("a declared beacon", set(), visit(requests=[request("https://declared.example/b", kind="ping")])),
    ("an own beacon", set(), visit(requests=[request(f"{HOME}/b", kind="ping", is_own=True)])),
    ("a canvas", {"12.fingerprints"}, visit(probes=[Probe("canvas", f"{HOME}/a.js", "draws")])),
    ("a script's cookie that is gone", set(), visit(probes=[Probe("cookie", "", "test")])),
    ("keys to a declared host", set(), visit(**typed("text field q"))),
    ("keys to another host", {"9.requests", "12.keys"}, visit(**typed("text field q", "x.example"))),
    (
        "an e-mail address",
        {"8.requests", "9.requests", "12.keys"},
        visit(**typed("text field your_email", "x.example")),
    ),
    ("the page's text", {"9.requests", "12.recorders"}, visit(**typed(PAGE_TEXT, "x.example"))),
    (
        "the mouse's path",
        {"9.requests", "12.recorders"},
        visit(requests=[request("https://x.example/", tells_moves=True)]),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("what", "broken", "seen"), TABLE, ids=[row[0] for row in TABLE])
def test_what_is_seen_breaks_its_requirement_alone(
    what: str, broken: set[str], seen: BrowserVisit
) -> None:
    verdicts = verdicts_in_browser(SITE, [seen])
    assert {key for key, verdict in verdicts.items() if verdict.state == "broken"} == broken
    assert "Ayesha" not in str([verdict.evidence for verdict in verdicts.values()])


def test_every_requirement_that_needs_a_browser_is_broken_by_something() -> None:
    needing = {each.id for each in REQUIREMENTS if each.needs == "browser"}
    assert set(CHECKS) == needing
    assert set().union(*(broken for _, broken, _ in TABLE)) == needing


def test_what_nobody_declared_cannot_be_told() -> None:
    seen = visit(cookies=[cookie("_x")], requests=[request("https://x.example/a")])
    verdicts = verdicts_in_browser(Site(HOME), [seen])
    unknown = {key for key, verdict in verdicts.items() if verdict.state == "unknown"}
    assert unknown == {"7.script-cookies", "9.requests"}
    assert all(verdicts[key].evidence for key in unknown)


def test_entries_that_differ_tell_visitors_apart() -> None:
    seen = [
        visit(GPC, stored=[Stored("localStorage", HOME, name, digest)])
        for name, digest in (
            ("id", 1),
            ("id", 2),
            ("theme", 3),
            ("theme", 3),
            ("of 123456", 1),
            ("a@b.example", 1),
        )
    ]
    excerpts = [each.excerpt for each in verdicts_in_browser(SITE, seen)["11.storage"].evidence]
    assert excerpts == [
        "localStorage: id, another for each visitor",
        "localStorage: theme, the same for all visitors",
        "localStorage: of …",
        "localStorage: …",
    ]


def test_pages_that_did_not_open_leave_all_unknown() -> None:
    closed = structs.replace(visit(), status=0, notes=("the page did not load: ERR_X",))
    verdicts = verdicts_in_browser(SITE, [closed])
    assert {verdict.state for verdict in verdicts.values()} == {"unknown"}
    assert all("ERR_X" in verdict.note for verdict in verdicts.values())


def test_a_visit_that_was_not_whole_is_noted() -> None:
    verdicts = verdicts_in_browser(SITE, [visit(), visit(notes=("the page never stops loading",))])
    assert "1 of 2 visits" in verdicts["12.requests"].note


def test_the_archive_has_names_and_no_values() -> None:
    asked = [
        request(f"{HOME}/a?mail=secret@example.com", is_own=True, set_cookies=("sid=secret; Path=/; HttpOnly",)),
        request("https://x.example/k?e=secret", by=f"{HOME}/s.js?v=secret"),
        request("https://y.example/"),
    ]  # fmt: skip
    data = har(
        [visit(requests=asked, messages=[Message("Error: no ayesha@example.org", is_ours=False)])]
    )
    assert b"secret" not in data
    assert b"Ayesha" not in data
    log = msgspec.json.decode(data)["log"]
    assert [entry["request"]["url"].partition("?")[0] for entry in log["entries"]] == [
        f"{HOME}/a",
        "https://x.example/k",
        "https://y.example/",
    ]
    assert log["entries"][0]["response"]["cookies"][0]["name"] == "sid"
    assert log["entries"][1]["comment"] == "not sent: another host"
    for entry in log["entries"]:  # what the specification does not call optional
        assert set(entry) >= {"startedDateTime", "time", "request", "response", "cache", "timings"}
        assert set(entry["request"]) >= {*_BOTH, "method", "url", "queryString"}
        assert set(entry["response"]) >= {*_BOTH, "status", "statusText", "content", "redirectURL"}
    (error,) = log["pages"][0]["_errors"]
    assert error == {"text": "Error: no [EMAIL]", "ours": False}


TOKEN = "kX9mQ2vB7tR4"
TELLING: list[dict[str, Any]] = [
    {"requests": [request(f"{HOME}/a?{TOKEN}", is_own=True)]},
    {"requests": [request(f"{HOME}/a?{TOKEN}=1&{TOKEN}", is_own=True)]},
    {"requests": [request(f"{HOME}/reset/{TOKEN}", is_own=True)]},
    {"requests": [request(f"https://ayesha:{TOKEN}@x.example/")]},
    {"requests": [request("https://x.example/", by=f"{HOME}/s.js/{TOKEN}?{TOKEN}#{TOKEN}")]},
    {"requests": [request(f"{HOME}/", set_cookies=(f"member=; Path=/u/{TOKEN}",))]},
    {"notes": [f"the page did not load: {HOME}/?password={TOKEN}"]},
    {"messages": [Message(f"Error: password={TOKEN}", is_ours=False)]},
]


@pytest.mark.parametrize("seen", TELLING)
def test_no_value_is_in_the_archive_wherever_it_stands(seen: dict[str, Any]) -> None:
    assert TOKEN.encode() not in har([visit(**seen)])


NO_ADDRESSES = ["http://[x/", "http://a\u2100b/", "\ud800", "\x1b[2J", "x" * 9000]


@pytest.mark.parametrize("script", NO_ADDRESSES)
def test_a_script_may_call_itself_anything(script: str) -> None:
    """`sourceURL` is the script's own word."""
    seen = visit(
        GPC,
        requests=[request("https://x.example/", by=script)],
        probes=[Probe("canvas", script, "draws"), Probe("cookie", script, "test")],
        cookies=[cookie("theme", script=script)],
    )
    assert verdicts_in_browser(SITE, [seen])["12.fingerprints"].state == "broken"
    assert b"\x1b" not in har([seen])


def test_a_note_names_its_page_without_values() -> None:
    note = verdicts_in_browser(SITE, [visit(notes=("the page never stops loading",))])
    assert "/tea?name=…: the page never stops" in note["12.requests"].note
