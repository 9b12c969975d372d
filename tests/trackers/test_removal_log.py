"""What a developer hears of what is taken out, in either mode: each host once, never a visitor's value."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alpines_privacy import PrivacyPolicy, ThirdParty, protect
from alpines_privacy.http.report import Notices, Removal
from alpines_privacy.testing import visitor
from alpines_privacy.trackers.removal_log import RemovalLog

PAGE = (
    b"<!doctype html><title>x</title>"
    b'<script src="https://www.google-analytics.com/analytics.js?cid=ayesha"></script>'
    b'<script src="https://connect.facebook.net/en_US/fbevents.js"></script>'
    b'<form action="https://c.statcounter.com/t.php"><input name=a></form>'
)
FIELDS = [
    ("Link", "<https://bat.bing.com/bat.js>; rel=preload; as=script"),
    ("Observe-Browsing-Topics", "?1"),
    ("Reporting-Endpoints", 'a="https://reports.undeclared.example/r?visitor=ayesha"'),
]
TAKEN = {
    "www.google-analytics.com",
    "connect.facebook.net",
    "bat.bing.com",
    "reports.undeclared.example",
    "observe-browsing-topics header",
}


def wsgi_app(chunks: list[bytes]) -> Any:
    def app(environ: dict[str, Any], start_response: Any) -> Any:
        del environ
        start_response("200 OK", [("Content-Type", "text/html"), *FIELDS])
        return list(chunks) if len(chunks) == 1 else iter(chunks)

    return app


def asgi_app(chunks: list[bytes]) -> Any:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        del scope, receive
        fields = [("content-type", "text/html"), *FIELDS]
        headers = [(name.lower().encode(), value.encode()) for name, value in fields]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        for chunk in chunks[:-1]:
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": chunks[-1]})

    return app


def told(caplog: pytest.LogCaptureFixture, *before: str) -> dict[str, str]:
    """Return what was logged of removals, by what it names."""
    messages = [m for m in caplog.messages if " is taken out of responses (" in m]
    for start in before:
        assert all(m.startswith(start) for m in messages)
        messages = [m.removeprefix(start) for m in messages]
    named = {m.partition(" is taken out")[0]: m for m in messages}
    assert len(named) == len(messages)
    return named


def says_all(raw: Any) -> bool:
    """Whether all the app's fields have arrived."""
    arrived = {(name.lower(), value) for name, value in raw}
    return all((name.lower(), value) in arrived for name, value in FIELDS)


CHUNKS = {"whole": [PAGE], "streamed": [PAGE[:80], PAGE[80:]]}


@pytest.mark.parametrize("make", [wsgi_app, asgi_app])
@pytest.mark.parametrize("chunks", CHUNKS.values(), ids=CHUNKS)
@pytest.mark.parametrize(
    ("mode", "before"),
    [("enforce", ()), ("report", ("Only reported (mode is report): ",))],
)
def test_each_host_that_is_taken_out_is_told_once_with_its_rule_and_the_line_to_paste(
    make: Any, chunks: list[bytes], mode: Any, before: Any, caplog: pytest.LogCaptureFixture
) -> None:
    app = protect(make(chunks), PrivacyPolicy(mode=mode))
    with visitor(app, base_url="https://shop.example") as client:
        pages = [client.get("/") for _ in range(3)]
    messages = told(caplog, *before)
    assert set(messages) == TAKEN
    told_of = messages["www.google-analytics.com"]
    assert "(script; EasyPrivacy: " in told_of
    assert 'ThirdParty("www.google-analytics.com", purpose="...")' in told_of
    assert '[[third_parties]] with host = "www.google-analytics.com"' in told_of
    assert "ThirdParty" not in messages["observe-browsing-topics header"]
    assert "ayesha" not in caplog.text
    (form,) = (m for m in caplog.messages if m.startswith("A form sends"))
    assert "c.statcounter.com" in form
    if mode == "report":
        assert all(page.content == PAGE for page in pages)
        assert all(says_all(page.fields) for page in pages)


def test_in_report_mode_an_answer_to_head_says_what_the_app_says() -> None:
    app = protect(wsgi_app([PAGE]), PrivacyPolicy(mode="report"))
    with visitor(app) as client:
        assert says_all(client.head("/").fields)


def test_of_a_declared_host_an_opted_out_visitor_loses_no_line_to_paste(
    caplog: pytest.LogCaptureFixture,
) -> None:
    host = "www.google-analytics.com"
    policy = PrivacyPolicy(third_parties=[ThirdParty(host, purpose="Statistics")])
    with visitor(protect(wsgi_app([PAGE]), policy), base_url="https://shop.example") as client:
        client.get("/")
        assert host not in told(caplog)
        client.get("/", headers={"Sec-GPC": "1"})
    assert "The policy declares it" in told(caplog)[host]
    assert "ThirdParty" not in told(caplog)[host]


def test_an_ad_slot_is_told_by_its_rule_whatever_the_element_is_called(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A page's author, or who writes into it, makes up the names of elements."""
    removal_log, notices = RemovalLog(PrivacyPolicy()), Notices()
    for what in ("div", "x-\x1b[2J\nforged", "x" * 5000):
        removal_log.log([Removal(what, "", ".ad", "ad slots", None)], notices)
    assert list(told(caplog)) == [".ad"]
    removal_log.log([Removal("x-\x1b[2J\nforged" * 99, "", ".ads", "ad slots", None)], notices)
    assert all(message.isprintable() and len(message) < 200 for message in caplog.messages)


NAMES = {
    "www.tracker.example": "www.tracker.example",
    "a0b1c2d3e4f5a6b7.tracker.example": "*.tracker.example",
    "x.123456789.tracker.example": "*.tracker.example",
    "192.0.2.1": None,
    "localhost": None,
    "a" * 200 + ".example": None,
}


@pytest.mark.parametrize(("host", "name"), NAMES.items(), ids=[h[:20] for h in NAMES])
def test_a_host_is_named_as_a_policy_would_declare_it(
    host: str, name: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    RemovalLog(PrivacyPolicy()).log([Removal("script", host, "||x^", "List", None)], Notices())
    assert list(told(caplog)) == ([name] if name else [])
    assert name or not caplog.messages


class _Counting(logging.Handler):
    """Counts what is logged while an example runs."""

    records = 0

    def emit(self, record: logging.LogRecord) -> None:
        del record
        self.records += 1


@given(st.lists(st.integers(0, 500), max_size=300))
def test_no_more_hosts_are_told_of_than_a_person_reads(numbers: list[int]) -> None:
    handler = _Counting()
    log = logging.getLogger("alpines_privacy")
    log.addHandler(handler)
    try:
        removal_log, notices = RemovalLog(PrivacyPolicy()), Notices()
        for n in numbers:
            removal_log.log([Removal("img", f"h{n}.example", "||x^", "List", None)], notices)
    finally:
        log.removeHandler(handler)
    hosts = len(set(numbers))
    assert handler.records == min(hosts, 50) + (hosts >= 50)
