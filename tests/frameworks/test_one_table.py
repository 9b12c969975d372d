"""One table of expectations, the same for every framework, with each framework's own client.

What leaves a protected app is compared with what leaves the bare one: nothing is taken that the
policy does not take, and nothing stays that it does.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from alpines_privacy import current
from tests.frameworks import exhibits_asgi, exhibits_django, exhibits_wsgi
from tests.frameworks.exhibit import GONE, POLICY, Exhibit

EXHIBITS = [*exhibits_wsgi.EXHIBITS, *exhibits_asgi.EXHIBITS, *exhibits_django.EXHIBITS]
EVERY = pytest.mark.parametrize("exhibit", EXHIBITS, ids=[exhibit.name for exhibit in EXHIBITS])

# The session cookie is left undeclared on purpose, to see it kept under GPC alone.
pytestmark = pytest.mark.filterwarnings("ignore:The session cookie")

SESSION = "the framework's session"
SIGNALS = {
    "no signal": ({}, {"cart", "_ga", GONE, SESSION}),
    "DNT: 0": ({"DNT": "0"}, {"cart", "_ga", GONE, SESSION}),
    "DNT": ({"DNT": "1"}, {"cart", GONE}),
    "GPC": ({"Sec-GPC": "1"}, {"cart", GONE, SESSION}),
    "DNT and GPC": ({"DNT": "1", "Sec-GPC": "1"}, {"cart", GONE}),
}
SIGNAL = pytest.mark.parametrize("signal", SIGNALS)

# What the bare app sends, so that there is something to take away.
WITH_COOKIES = {
    "/": (200, {"cart", "_ga", GONE, SESSION}),
    "/away": (302, {"cart", "_ga"}),
    "/missing": (404, {"cart", "_ga"}),
    "/boom": (500, {"cart", "_ga"}),
}


@cache
def apps(exhibit: Exhibit) -> tuple[Any, Any]:
    """Build an exhibit's app twice: bare, and protected."""
    return exhibit.build(), exhibit.protect(exhibit.build(), POLICY)


def named(exhibit: Exhibit, cookies: set[str]) -> set[str]:
    """Put the framework's own name in the place of SESSION, or nothing where it has no session."""
    session = {exhibit.session} if SESSION in cookies and exhibit.session else set()
    return cookies - {SESSION} | session


@EVERY
@SIGNAL
def test_of_the_cookies_the_bare_app_sends_those_the_signal_allows_leave(
    exhibit: Exhibit, signal: str
) -> None:
    bare, protected = apps(exhibit)
    headers, allowed = SIGNALS[signal]
    for path, (status, cookies) in WITH_COOKIES.items():
        before = exhibit.fetch(bare, path, headers)
        after = exhibit.fetch(protected, path, headers)
        assert before.cookies >= named(exhibit, cookies)
        assert (after.status, after.body) == (status, before.body)
        assert after.cookies == before.cookies & named(exhibit, allowed)
        assert after.vary >= {"dnt", "sec-gpc"} | before.vary
    assert not current()  # nothing of the visit is left behind


@EVERY
@SIGNAL
def test_a_page_without_cookies_keeps_visitors_apart_all_the_same(
    exhibit: Exhibit, signal: str
) -> None:
    bare, protected = apps(exhibit)
    headers, _ = SIGNALS[signal]
    before, after = (exhibit.fetch(app, "/about", headers) for app in (bare, protected))
    assert (after.status, after.body) == (before.status, before.body)
    assert after.vary == before.vary | {"dnt", "sec-gpc"}
    assert after.values("tk") == (["N"] if headers.get("DNT") == "1" else [])


@EVERY
@SIGNAL
def test_json_leaves_as_the_app_made_it(exhibit: Exhibit, signal: str) -> None:
    bare, protected = apps(exhibit)
    headers, _ = SIGNALS[signal]
    before, after = (exhibit.fetch(app, "/data", headers) for app in (bare, protected))
    assert after.as_sent == before.as_sent
    assert b"ok" in after.body


@EVERY
def test_a_page_with_a_cookie_that_is_not_necessary_is_kept_from_shared_caches(
    exhibit: Exhibit,
) -> None:
    _, protected = apps(exhibit)
    assert "private" in ", ".join(exhibit.fetch(protected, "/", {}).values("cache-control"))
    under_dnt = exhibit.fetch(protected, "/away", {"DNT": "1"})  # one necessary cookie is left
    assert "private" not in ", ".join(under_dnt.values("cache-control"))


@EVERY
def test_protect_gives_back_the_very_object_where_a_server_looks_for_it(exhibit: Exhibit) -> None:
    app = exhibit.build()
    assert (exhibit.protect(app, POLICY) is app) is exhibit.stays_itself
