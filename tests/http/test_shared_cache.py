"""A shared cache before a protected app keeps visitors apart (policy §7, §11; RFC 9111).

Visitors with and without signals come in any order. Whatever the cache replays, an opted-out
visitor never gets a cookie or a page made for somebody who is not, nor the reverse. The bare app
shows that each cache does mix them up where nobody tells it not to.
"""

from __future__ import annotations

import http.client
import itertools
import random
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import httpx
import pytest
from hishel import CacheOptions, SqliteStorage
from hishel.httpx import CacheTransport
from hypothesis import given, settings
from hypothesis import strategies as st

from alpines_privacy import Cookie, PrivacyPolicy, current, protect
from tests.support.processes import debian_program, free_port, program, wsgi_origin

POLICY = PrivacyPolicy(cookies=[Cookie("cart", purpose="Holds your basket", necessary=True)])
VISITORS: dict[str, dict[str, str]] = {
    "none": {},
    "DNT": {"DNT": "1"},
    "GPC": {"Sec-GPC": "1"},
    "both": {"DNT": "1", "Sec-GPC": "1"},
}
PATHS = ("/page", "/redirect", "/missing", "/advice")


def shop(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """Make pages that any cache may keep, each telling for whom it was made."""
    opted_out = "HTTP_DNT" in environ or "HTTP_SEC_GPC" in environ
    fields = [
        ("Content-Type", "text/html"),
        ("Cache-Control", "public, max-age=600"),
        ("Set-Cookie", "_ga=1; Path=/"),
    ]
    body = b"no ads" if opted_out else b"ads"
    match environ["PATH_INFO"]:
        case "/page":
            status = "200 OK"
        case "/redirect":
            status, fields = "301 Moved Permanently", [*fields, ("Location", "/page")]
        case "/missing":
            status = "404 Not Found"
        case _:  # no page and no cookie, but what it says depends on the signal it asked for
            status = "200 OK"
            fields = [("Content-Type", "text/plain"), fields[1]]
            if privacy := current():
                body = b"ads" if privacy.allows("advertising") else b"no ads"
    start_response(status, [*fields, ("Content-Length", str(len(body)))])
    return [body]


class Got(NamedTuple):
    """What reached a visitor, and whether the cache had it."""

    cookies: bool
    body: bytes
    from_cache: bool


Ask: TypeAlias = Callable[[str, str], Got]


def mistakes(ask: Ask, visits: list[tuple[str, str]]) -> list[str]:
    """Return what visitors got that was not made for people like them."""
    found = []
    for visitor, path in visits:
        got = ask(visitor, path)
        opted_out = visitor != "none"
        if opted_out and got.cookies:
            found.append(f"{visitor} got a cookie at {path}")
        if (got.body == b"no ads") is not opted_out:
            found.append(f"{visitor} got {got.body!r} at {path}")
    return found


# --- hishel: a shared cache by the letter of RFC 9111


@contextmanager
def hishel_before(app: Any) -> Iterator[Ask]:
    connection = sqlite3.connect(":memory:", check_same_thread=False)  # the client closes it
    transport = CacheTransport(
        httpx.WSGITransport(app),
        SqliteStorage(connection=connection),
        CacheOptions(shared=True, supported_methods=["GET"]),
    )
    with httpx.Client(transport=transport, base_url="http://shop.test") as client:

        def ask(visitor: str, path: str) -> Got:
            answer = client.get(path, headers=VISITORS[visitor])
            client.cookies.clear()
            cached = answer.extensions["caching"]["from_cache"]
            return Got("set-cookie" in answer.headers, answer.content, cached)

        yield ask


ANY_VISIT = st.tuples(st.sampled_from(sorted(VISITORS)), st.sampled_from(PATHS))


@settings(max_examples=40, deadline=None)
@given(st.lists(ANY_VISIT, min_size=2, max_size=12))
def test_a_cache_by_the_letter_keeps_visitors_apart_in_any_order(
    visits: list[tuple[str, str]],
) -> None:
    with hishel_before(protect(shop, POLICY)) as ask:
        assert mistakes(ask, visits) == []


@pytest.mark.parametrize("path", PATHS)
def test_a_cache_by_the_letter_mixes_the_bare_apps_visitors_up(path: str) -> None:
    with hishel_before(shop) as ask:
        assert mistakes(ask, [("none", path), ("DNT", path)]) != []
    with hishel_before(shop) as ask:
        assert mistakes(ask, [("DNT", path), ("none", path)]) != []


@pytest.mark.parametrize("visitor", ["DNT", "GPC", "both"])
@pytest.mark.parametrize("path", PATHS)
def test_what_everybody_of_one_signal_gets_is_still_cached(visitor: str, path: str) -> None:
    with hishel_before(protect(shop, POLICY)) as ask:
        assert [ask(visitor, path).from_cache for _ in range(2)] == [False, True]


@pytest.mark.parametrize(("path", "cached"), [("/page", False), ("/advice", True)])
def test_a_page_with_a_cookie_that_is_not_necessary_is_not_kept(path: str, cached: bool) -> None:
    with hishel_before(protect(shop, POLICY)) as ask:
        assert [ask("none", path).from_cache for _ in range(2)] == [False, cached]


# --- nginx and Varnish, as shipped and as careless operators configure them

NGINX = """
daemon off; master_process off; pid nginx.pid; error_log stderr warn;
events {{ worker_connections 64; }}
http {{
  access_log off;
  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi; scgi_temp_path scgi;
  proxy_cache_path cache keys_zone=shop:1m;
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://127.0.0.1:{origin};
      proxy_cache shop;
      add_header X-From-Cache $upstream_cache_status always;
      {more}
    }}
  }}
}}
"""
VARNISH = """
vcl 4.1;
backend shop {{ .host = "127.0.0.1"; .port = "{origin}"; }}
sub vcl_backend_response {{ {more} }}
sub vcl_deliver {{
  if (obj.hits > 0) {{ set resp.http.X-From-Cache = "HIT"; }}
}}
"""


@contextmanager
def nginx(origin: int, folder: Path, more: str, template: str = NGINX) -> Iterator[int]:
    found = debian_program("nginx", "nginx-light")
    port = free_port()
    config = template.format(port=port, origin=origin, more=more)
    (folder / "nginx.conf").write_text(config, encoding="utf-8")
    command = [found, "-p", str(folder), "-c", "nginx.conf", "-e", "stderr"]
    with program(command, port, folder):
        yield port


@contextmanager
def varnish(origin: int, folder: Path, more: str) -> Iterator[int]:
    found = debian_program("varnishd", "varnish")
    port = free_port()
    (folder / "shop.vcl").write_text(VARNISH.format(origin=origin, more=more), encoding="utf-8")
    listen = ["-a", f"127.0.0.1:{port}", "-T", "none", "-s", "malloc,8m"]
    place = ["-j", "none", "-n", str(folder / "work"), "-f", str(folder / "shop.vcl")]
    with program([found, "-F", *listen, *place], port, folder):
        yield port


class Cache(NamedTuple):
    """A cache as somebody configured it, and what of the signals it does not look at."""

    server: Callable[[int, Path, str], AbstractContextManager[int]]
    more: str
    heeds_vary: bool = True


CACHES = {
    "nginx as shipped": Cache(nginx, ""),
    "nginx that keeps cookies": Cache(nginx, "proxy_ignore_headers Set-Cookie;"),
    "nginx without Vary": Cache(nginx, "proxy_ignore_headers Set-Cookie Vary;", heeds_vary=False),
    "Varnish as shipped": Cache(varnish, ""),
    "Varnish that keeps all": Cache(varnish, "set beresp.ttl = 10m; return (deliver);"),
}


@contextmanager
def in_front(cache: Cache, app: Any, folder: Path) -> Iterator[Ask]:
    with ExitStack() as stack:
        port = stack.enter_context(
            cache.server(stack.enter_context(wsgi_origin(app)), folder, cache.more)
        )

        def ask(visitor: str, path: str) -> Got:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
            connection.request("GET", path, headers=VISITORS[visitor])
            with connection.getresponse() as answer:
                hit = answer.getheader("X-From-Cache") == "HIT"
                got = Got(answer.getheader("Set-Cookie") is not None, answer.read(), hit)
            connection.close()
            return got

        yield ask


def orders() -> Iterator[list[tuple[str, str]]]:
    """Yield visits in many orders, each of them to URLs of its own."""
    chance = random.Random(11)  # noqa: S311 - the same orders each time
    every = list(itertools.permutations(VISITORS, 2))
    more = [tuple(chance.choices(sorted(VISITORS), k=8)) for _ in range(12)]
    for number, order in enumerate([*every, *more]):
        path = f"{PATHS[number % len(PATHS)]}?{number}"
        yield [(visitor, path) for visitor in order]


@pytest.mark.parametrize("name", CACHES)
def test_a_cache_that_sites_really_use_keeps_visitors_apart(name: str, tmp_path: Path) -> None:
    cache = CACHES[name]
    with in_front(cache, protect(shop, POLICY), tmp_path) as ask:
        found = [mistake for visits in orders() for mistake in mistakes(ask, visits)]
        if not cache.heeds_vary:  # `private` alone still keeps cookies from those who opted out
            found = [mistake for mistake in found if "cookie" in mistake]
        assert found == []
        assert [ask("DNT", "/page?kept").from_cache for _ in range(2)] == [False, True]


@pytest.mark.parametrize("name", CACHES)
def test_the_same_cache_mixes_the_bare_apps_visitors_up(name: str, tmp_path: Path) -> None:
    with in_front(CACHES[name], shop, tmp_path) as ask:
        found = [mistake for visits in orders() for mistake in mistakes(ask, visits)]
    assert any("ads" in mistake for mistake in found)
    keeps_cookies = "as shipped" not in name  # both refuse to keep Set-Cookie unless told to
    assert any("got a cookie" in mistake for mistake in found) or not keeps_cookies
