"""What the layer adds to a head is bounded: a default nginx answers 502 to one above 4 KB.

A visitor with many stale cookies would get no page then, and the deletions are in the page.
"""

from __future__ import annotations

import http.client
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alpines_privacy import Cookie, PrivacyPolicy, ThirdParty, protect
from alpines_privacy.guard import Guard
from alpines_privacy.http.heads import Field, ResponseHead, size_of_fields
from tests.http.test_shared_cache import NGINX, nginx
from tests.support.processes import free_port, wsgi_origin
from tests.support.proxies import apache, haproxy
from tests.support.sent import Sent, answered

HOST = "www.society-for-the-history-of-mountain-railways.co.uk"
STALE = [f"_ga_{number:010}" for number in range(28)] + ["_fbp", "_gcl_au"]
HTML = ("content-type", "text/html")
MOST_ADDED, MOST = 1536, 3584


def policy(loads: Any, vendor: str = "services-for-shops.example") -> PrivacyPolicy:
    return PrivacyPolicy(
        loads=loads,
        cookies=[Cookie(f"kept{n}", purpose="Keeps", necessary=True) for n in range(30)],
        third_parties=[ThirdParty(f"cdn-{n}.{vendor}", purpose="Parts") for n in range(30)],
    )


DECLARED, REPORTING, LISTED = (Guard(policy(loads)) for loads in ("declared", "report", "listed"))
GUARDS = {"declared": DECLARED, "report": REPORTING, "listed": LISTED}
LONG_NAMES = Guard(policy("declared", f"{'v' * 60}.example"))


def page(guard: Guard, fields: list[Field], cookies: list[str], **more: Any) -> ResponseHead:
    """Return the head of a page for a visitor who opted out and has these cookies."""
    sent = ("cookie", "; ".join(f"{name}=1" for name in cookies))
    request = Sent(("sec-gpc", "1"), ("dnt", "1"), ("host", HOST), sent, **more)
    return answered(guard, request, [HTML, *fields])


def gone(head: ResponseHead) -> set[str]:
    return {line for line in head.values("set-cookie") if "Max-Age=0" in line}


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("guard", [*GUARDS.values(), LONG_NAMES], ids=[*GUARDS, "long names"])
@pytest.mark.parametrize("own", [0, 500, 1500, 2400])
def test_thirty_third_parties_and_thirty_stale_cookies_fit(
    guard: Guard, scheme: str, own: int
) -> None:
    given_by_app = [("x-app", "x" * own)] if own else []
    head = page(guard, given_by_app, STALE, scheme=scheme)
    before = size_of_fields([HTML, *given_by_app])
    assert size_of_fields(head.fields) - before <= MOST_ADDED
    assert size_of_fields(head.fields) <= MOST
    assert gone(head)
    assert ("content-security-policy" in head.names) == (guard in (DECLARED, LONG_NAMES))


@pytest.mark.parametrize("guard", GUARDS.values(), ids=GUARDS)
def test_no_stale_cookie_waits_forever(guard: Guard, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each page takes some of them, and every place a cookie may lie in has its turn."""
    seen: set[str] = set()
    for moment in range(800):
        monkeypatch.setattr("alpines_privacy.cookies.cookies.time.time", lambda now=moment: now)
        seen |= gone(page(guard, [], STALE, scheme="https"))
    assert len(seen) == 30 * 6  # the host and two domains, each with its partitioned twin


def test_the_deletions_of_one_cookie_on_a_deep_host_take_turns(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    host = "a.b.c.d.e.f.g.h." + HOST
    seen: set[str] = set()
    for moment in range(24):
        monkeypatch.setattr("alpines_privacy.cookies.cookies.time.time", lambda now=moment: now)
        request = Sent(("dnt", "1"), ("host", host), ("cookie", "_fbp=1"), scheme="https")
        head = answered(LISTED, request, [HTML])
        assert size_of_fields(head.fields) <= MOST_ADDED + size_of_fields([HTML])
        seen |= gone(head)
    assert len(seen) == 22


@given(
    st.lists(st.sampled_from(STALE) | st.from_regex(r"\A_ga_[A-Za-z0-9]{1,90}\Z"), max_size=60),
    st.lists(st.integers(1, 700), max_size=4),
    st.lists(st.integers(0, 29), max_size=20, unique=True),
    st.sampled_from([*GUARDS.values(), LONG_NAMES]),
)
def test_a_head_keeps_to_the_budget_whatever_the_app_says(
    cookies: list[str], own: list[int], kept: list[int], guard: Guard
) -> None:
    """Beyond it only what cannot be left out is added: Vary, attributes, and a policy of one host."""
    lines = [(f"x-{i}", "x" * size) for i, size in enumerate(own)]
    lines += [("set-cookie", f"kept{number}=1") for number in kept]
    head = page(guard, lines, cookies, scheme="https")
    before = size_of_fields([HTML, *lines])
    added = size_of_fields(head.fields) - before
    unavoidable = 450 + len("; Secure; HttpOnly; SameSite=Lax") * len(kept)
    assert added <= max(unavoidable, min(MOST_ADDED, MOST - before))
    assert ("content-security-policy" in head.names) == (guard in (DECLARED, LONG_NAMES))


def test_what_has_no_room_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    guard = Guard(policy("declared", f"{'v' * 60}.example"))
    for _ in range(3):
        page(guard, [], [])
    (told,) = [m for m in caplog.messages if "no room" in m]
    assert 'Declare a pattern such as "*.example.com"' in told
    assert "services" not in caplog.text or HOST not in caplog.text


# --- Before real proxies, as Debian ships them.

APACHE = """
ServerRoot {folder}
PidFile {folder}/pid
ServerName localhost
Listen 127.0.0.1:{port}
ErrorLog /dev/stderr
LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
LoadModule proxy_module /usr/lib/apache2/modules/mod_proxy.so
LoadModule proxy_http_module /usr/lib/apache2/modules/mod_proxy_http.so
ProxyPreserveHost On
ProxyPass / http://127.0.0.1:{origin}/
"""
HAPROXY = """
defaults
  mode http
  timeout connect 5s
  timeout client 50s
  timeout server 50s
frontend site
  bind 127.0.0.1:{port}
  default_backend app
backend app
  server app 127.0.0.1:{origin}
"""


@contextmanager
def behind_nginx(origin: int, folder: Path) -> Iterator[int]:
    uncached = NGINX.replace("proxy_cache shop;", "")
    with nginx(origin, folder, "proxy_set_header Host $http_host;", uncached) as port:
        yield port


def behind_apache(origin: int, folder: Path) -> AbstractContextManager[int]:
    port = free_port()
    return apache(APACHE.format(folder=folder, port=port, origin=origin), port, folder)


def behind_haproxy(origin: int, folder: Path) -> AbstractContextManager[int]:
    port = free_port()
    return haproxy(HAPROXY.format(port=port, origin=origin), port, folder)


PROXIES: dict[str, Callable[[int, Path], Any]] = {
    "nginx": behind_nginx,
    "Apache": behind_apache,
    "HAProxy": behind_haproxy,
}


def site(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """Answer with a page, and a head that has used some of the room itself."""
    own = int(environ["PATH_INFO"].strip("/"))
    start_response("200 OK", [("Content-Type", "text/html"), ("X-App", "x" * own)])
    return [b"<!doctype html><script src=https://www.google-analytics.com/a.js></script>"]


@pytest.mark.parametrize("signal", [{"Sec-GPC": "1"}, {"DNT": "1", "Sec-GPC": "1"}, {}])
@pytest.mark.parametrize("loads", GUARDS)
@pytest.mark.parametrize("proxy", PROXIES)
def test_every_page_arrives_behind_a_proxy_with_its_defaults(
    proxy: str, loads: str, signal: dict[str, str], tmp_path: Path
) -> None:
    cookie = "; ".join(f"{name}=GA1.2.345" for name in STALE)
    with ExitStack() as stack:
        origin = stack.enter_context(wsgi_origin(protect(site, policy(loads))))
        port = stack.enter_context(PROXIES[proxy](origin, tmp_path))
        for own in (0, 1000, 2000, 3000, 3300):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
            stack.callback(connection.close)
            connection.request("GET", f"/{own}", headers={"Host": HOST, "Cookie": cookie, **signal})
            with connection.getresponse() as answer:
                assert answer.status == 200
                assert answer.read()
