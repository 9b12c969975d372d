"""Which responses may differ between visitors, and that all others leave as the app made them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alpines_privacy import PrivacyPolicy, protect
from alpines_privacy.guard import Guard
from alpines_privacy.http.heads import Field, ResponseHead, field_name, split_list
from alpines_privacy.testing import visitor
from tests.support.secret_keys import KEY
from tests.support.sent import PAGES_SAY, Sent, answered

HTML: Field = ("Content-Type", "text/html; charset=utf-8")
JSON: Field = ("Content-Type", "application/json")
SIGNALS: dict[str, list[Field]] = {
    "no signal": [],
    "DNT: 0": [("dnt", "0")],
    "DNT": [("dnt", "1")],
    "GPC": [("sec-gpc", "1")],
    "both": [("dnt", "1"), ("sec-gpc", "1")],
}
each_signal = pytest.mark.parametrize("signal", SIGNALS.values(), ids=SIGNALS)
GUARD = Guard(PrivacyPolicy())


def vary(fields: list[Field], signal: list[Field], **options: Any) -> list[str]:
    return answered(options.pop("guard", GUARD), Sent(*signal), fields, **options).values("vary")


COULD_DIFFER: dict[str, list[Field]] = {
    "a page": [HTML],
    "an XHTML page": [("content-type", "APPLICATION/XHTML+XML ;charset=utf-8")],
    "Set-Cookie on JSON": [JSON, ("Set-Cookie", "a=b")],
    "a deletion on JSON": [JSON, ("set-cookie", "a=; Max-Age=0")],
    "an unreadable Set-Cookie": [("SET-COOKIE", "\x00")],
}


@each_signal
@pytest.mark.parametrize("fields", COULD_DIFFER.values(), ids=COULD_DIFFER)
@pytest.mark.parametrize("status", [200, 204, 206, 302, 304, 404, 500])
def test_what_could_differ_says_so_with_and_without_a_signal(
    signal: list[Field], fields: list[Field], status: int
) -> None:
    assert vary(fields, signal, status=status) == ["DNT, Sec-GPC"]


@each_signal
def test_a_response_made_after_looking_at_the_preference_could_differ(signal: list[Field]) -> None:
    assert vary([JSON], signal, reads=True) == ["DNT, Sec-GPC"]


@each_signal
def test_with_a_site_preference_cookies_tell_variants_apart_too(
    signal: list[Field], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALPINES_PRIVACY_SECRET_KEY", KEY)
    guard = Guard(PrivacyPolicy(site_preference=True))
    assert vary([HTML], signal, guard=guard) == ["DNT, Sec-GPC, Cookie"]


MERGED: dict[str, tuple[list[str], list[str]]] = {
    "none": ([], ["DNT, Sec-GPC"]),
    "another": (["Accept-Encoding"], ["Accept-Encoding, DNT, Sec-GPC"]),
    "several lines": (["Accept", "Cookie"], ["Accept", "Cookie, DNT, Sec-GPC"]),
    "one of ours": (["dnt"], ["dnt, Sec-GPC"]),
    "both of ours": (["Sec-GPC,DNT"], ["Sec-GPC,DNT"]),
    "ours on two lines": (["DNT", "sec-gpc"], ["DNT", "sec-gpc"]),
    "ours on an earlier line": (["DNT", "Accept"], ["DNT", "Accept, Sec-GPC"]),
    "everything": (["*"], ["*"]),
    "everything, on one of two lines": (["*", "Accept"], ["*", "Accept"]),
    "empty": ([""], ["DNT, Sec-GPC"]),
    "empty members": (["Accept, ,"], ["Accept, ,, DNT, Sec-GPC"]),
    "a name that holds ours": (["X-DNT"], ["X-DNT, DNT, Sec-GPC"]),
}


@each_signal
@pytest.mark.parametrize(("said", "leaves"), MERGED.values(), ids=MERGED)
def test_vary_is_merged_and_never_replaced(
    signal: list[Field], said: list[str], leaves: list[str]
) -> None:
    fields = [HTML, *(("Vary", value) for value in said)]
    assert vary(fields, signal) == leaves


TK: dict[str, tuple[list[Field], dict[str, Any], list[str]]] = {
    "a page to DNT": ([HTML], {}, ["N"]),
    "an error page": ([HTML], {"status": 404}, ["N"]),
    "the app's own word": ([HTML, ("Tk", "T")], {}, ["T"]),
    "JSON": ([JSON], {}, []),
    "JSON that looked at the preference": ([JSON], {"reads": True}, []),
    "304": ([HTML], {"status": 304}, []),
}


@pytest.mark.parametrize(("fields", "options", "tk"), TK.values(), ids=TK)
def test_a_page_answers_dnt(fields: list[Field], options: dict[str, Any], tk: list[str]) -> None:
    assert answered(GUARD, Sent(("dnt", "1")), fields, **options).values("tk") == tk


@pytest.mark.parametrize("signal", ["no signal", "DNT: 0", "GPC"])
def test_only_who_sent_dnt_is_answered(signal: str) -> None:
    assert answered(GUARD, Sent(*SIGNALS[signal]), [HTML]).values("tk") == []


def test_a_head_request_is_told_what_its_get_varies_by_and_no_more() -> None:
    head = answered(GUARD, Sent(("dnt", "1"), ("cookie", "_fbp=1"), method="HEAD"), [HTML])
    assert head.fields == [HTML, ("vary", "DNT, Sec-GPC")]


@each_signal
@pytest.mark.parametrize(
    ("status", "says"), {200: True, 302: True, 404: True, 500: True, 206: False, 304: False}.items()
)
def test_a_page_says_once_what_it_may_do_and_a_part_of_one_nothing(
    signal: list[Field], status: int, says: bool
) -> None:
    head = answered(Guard(PrivacyPolicy()), Sent(*signal), [HTML], status)
    said = sorted(PAGES_SAY.intersection(head.names))
    assert said == (sorted(PAGES_SAY) if says else [])
    assert [len(head.values(name)) for name in said] == [1] * len(said)


REVALIDATED = {
    "text/html,application/xhtml+xml,*/*;q=0.8": True,
    "application/xhtml+xml": True,
    "*/*": False,
    "application/json": False,
    "": False,
}


@each_signal
@pytest.mark.parametrize(("accept", "page"), REVALIDATED.items())
def test_a_304_without_a_type_is_a_pages_if_a_page_was_asked_for(
    signal: list[Field],
    accept: str,
    page: bool,
) -> None:
    request = Sent(*signal, ("accept", accept))
    assert bool(answered(GUARD, request, [("ETag", '"1"')], 304).values("vary")) == page
    typed = answered(GUARD, request, [("ETag", '"1"'), JSON], 304)
    assert typed.values("vary") == []


def test_interim_responses_and_upgrades_are_not_cached() -> None:
    for status in (100, 101, 103):
        assert vary([("Set-Cookie", "a=b")], [], status=status) == []


UNTOUCHED: dict[str, list[Field]] = {
    "JSON": [JSON, ("Cache-Control", "public"), ("ETag", '"1"')],
    "a style sheet": [("content-type", "text/css"), ("Vary", "Accept-Encoding")],
    "an image": [("Content-Type", "image/png"), ("content-length", "9")],
    "an event stream": [("Content-Type", "text/event-stream"), ("cache-control", "no-cache")],
    "plain text": [("Content-Type", "text/plain"), ("X-Odd\t", "\xff\x00\n")],
    "a type that only looks like a page's": [("Content-Type", "text/html-sandboxed")],
    "no type": [],
    "repeated fields": [("Link", "</a>"), ("link", "</b>"), ("Server", "x"), ("Server", "y")],
}


def wsgi_app(fields: list[Field]) -> Any:
    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        start_response("200 OK", fields)
        return [b"body"]

    return app


def asgi_app(fields: list[Field]) -> Any:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "http"
        raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in fields]
        await send({"type": "http.response.start", "status": 200, "headers": raw})
        await send({"type": "http.response.body", "body": b"body"})

    return app


@each_signal
@pytest.mark.parametrize("fields", UNTOUCHED.values(), ids=UNTOUCHED)
@pytest.mark.parametrize("make", [wsgi_app, asgi_app], ids=["WSGI", "ASGI"])
def test_all_other_responses_leave_as_the_app_made_them(
    signal: list[Field], fields: list[Field], make: Callable[[list[Field]], Any]
) -> None:
    bare, protected = make(fields), protect(make(fields))
    stale = ("cookie", "_fbp=1")
    expected = visitor(bare, headers=[*signal, stale]).get("/")
    found = visitor(protected, headers=[*signal, stale]).get("/")
    assert (found.headers.raw, found.content) == (expected.headers.raw, expected.content)


names = st.sampled_from(["Vary", "vary", "Content-Type", "Cache-Control", "X", "Tk", "ETag"])
values = st.sampled_from(["*", "DNT", "Cookie", "text/html", "text/css", "public", "", ","])


@given(st.lists(st.tuples(names, values), max_size=6), st.sampled_from(list(SIGNALS.values())))
def test_nothing_the_app_said_is_lost(fields: list[Field], signal: list[Field]) -> None:
    before = ResponseHead(200, fields)
    is_page = before.is_html or before.is_undecided  # `answered` has a page for a body
    head = answered(GUARD, Sent(*signal), fields)
    said = {token.lower() for value in before.values("vary") for token in split_list(value)}
    left = {token.lower() for value in head.values("vary") for token in split_list(value)}
    assert said <= left
    others = {"vary", "tk"} | (PAGES_SAY if is_page else set())
    assert [f for f in head.fields if field_name(f[0]) not in others] == [
        f for f in fields if field_name(f[0]) not in others
    ]
    if is_page:
        assert "*" in left or {"dnt", "sec-gpc"} <= left
