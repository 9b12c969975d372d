"""§8, disclosure: what the site's own process tells other companies is reported, refused or stripped."""

from __future__ import annotations

import asyncio
import contextvars
import functools
import gc
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import suppress
from typing import Any, NamedTuple
from urllib.parse import urlencode

import aiohttp
import httpx
import pytest
import requests
import urllib3
from hypothesis import given
from hypothesis import strategies as st

from alpines_privacy import Disclosure, PolicyError, PrivacyPolicy, ThirdParty, current, protect
from alpines_privacy.disclosure import clients, connections, outgoing, under_way
from alpines_privacy.disclosure.hosts import Told, as_host
from alpines_privacy.events import disclosure_found
from alpines_privacy.testing import Response, visitor
from tests.support.processes import wsgi_origin

MAIL = "ayesha.khan@mailbox.example"
PARTNER, TRACKER = "api.partner.example", "www.google-analytics.com"
PAGES = [ThirdParty(PARTNER, purpose="Ships parcels")]


# ------------------------------------------------------------------------- the world of a test


def _resolve(host: Any, port: Any, *given: Any, **more: Any) -> list[Any]:
    """Look up as Python does, event first; whatever the name, it leads to this machine."""
    sys.audit("socket.getaddrinfo", host, port, 0, 0, 0)
    return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]


@pytest.fixture(autouse=True)
def names(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let no name leave this machine, and leave no judge to the next test."""
    monkeypatch.setattr(socket, "getaddrinfo", _resolve)
    yield
    under_way._judges.clear()
    outgoing._end()
    assert socket.getaddrinfo is _resolve  # undone


@pytest.fixture
def partner() -> Iterator[Callable[..., str]]:
    """Serve any company's host; yields what makes an address of a host and a path."""

    def app(environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [environ["PATH_INFO"].encode()]

    with wsgi_origin(app) as port:

        def address(path: str, host: str = PARTNER) -> str:
            return f"http://{host}:{port}{path}"

        yield address


def _in_loop(ask: Callable[[str], Coroutine[Any, Any, int]]) -> Callable[[str], int]:
    return lambda address: asyncio.run(ask(address))


async def _aiohttp(address: str) -> int:
    async with aiohttp.ClientSession() as session, session.get(address) as response:
        return response.status


async def _httpx_async(address: str) -> int:
    async with httpx.AsyncClient(trust_env=False) as client:
        return (await client.get(address)).status_code


def _requests(address: str) -> int:
    with requests.Session() as session:
        session.trust_env = False
        return session.get(address).status_code


def _urllib3(address: str) -> int:
    with urllib3.PoolManager(retries=False) as pool:
        return pool.request("GET", address).status


def _httpx(address: str) -> int:
    with httpx.Client(trust_env=False) as client:
        return client.get(address).status_code


# A client's call, and the error that its users expect of a connection.
CLIENTS: dict[str, tuple[Callable[[str], int], type[Exception]]] = {
    "httpx": (_httpx, httpx.HTTPError),
    "httpx, async": (_in_loop(_httpx_async), httpx.HTTPError),
    "requests": (_requests, requests.RequestException),
    "urllib3": (_urllib3, urllib3.exceptions.HTTPError),
    "aiohttp": (_in_loop(_aiohttp), aiohttp.ClientError),
}


class Site(NamedTuple):
    """A protected app that does what a test says, and what its events told."""

    app: Any
    told: list[dict[str, Any]]

    def post(self, **form: str) -> Response:
        return visitor(self.app).post("/order", data=form or {"email": MAIL})


def site(do: Callable[[], object], third: Any = (), mode: Any = "enforce", **more: Any) -> Site:
    """Protect an app that reads its form, calls `do`, and answers how that ended."""
    told: list[dict[str, Any]] = []

    def app(environ: Any, start_response: Any) -> list[bytes]:
        environ["wsgi.input"].read()
        try:
            answer = str(do())
        except Exception as error:  # what a client raises
            answer = type(error).__name__
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [answer.encode()]

    def note(_: object, **what: Any) -> None:
        told.append(what)

    disclosure_found.connect(note)
    policy = PrivacyPolicy(third_parties=third, disclosure=Disclosure(**more), mode=mode)
    made = Site(protect(app, policy), told)
    told.append({"note": note})  # blinker holds it weakly
    return made


def events(made: Site) -> list[tuple[str, str, bool]]:
    return [(e["kind"], e["host"], e["refused"]) for e in made.told[1:]]


@pytest.fixture(params=CLIENTS)
def client(request: pytest.FixtureRequest) -> str:
    return str(request.param)


# --------------------------------------------------------------------------- addresses, connections


def test_a_visitors_data_in_an_address_is_reported_once_and_never_shown(
    client: str, partner: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("WARNING")  # the client itself logs addresses, where somebody lets it
    call, _ = CLIENTS[client]
    made = site(lambda: call(partner("/ship?" + urlencode({"to": MAIL}))))
    assert made.post().text == "200"
    assert {("connection", PARTNER, False), ("url", PARTNER, False)} <= set(events(made))
    made.post()
    assert caplog.text.count(f"An address at {PARTNER}") == 1
    assert caplog.text.count(f"connected to {PARTNER}") == 1
    assert [secret for secret in (MAIL, "ayesha", "ship?") if secret in caplog.text] == []


def test_it_is_refused_with_the_clients_own_error(
    client: str, partner: Any, caplog: pytest.LogCaptureFixture
) -> None:
    call, error = CLIENTS[client]
    seen: list[Exception] = []

    def do() -> int:
        try:
            return call(partner("/ship/" + MAIL.upper()))
        except error as refused:
            seen.append(refused)
            return -1

    made = site(do, connections="off", urls="refuse")
    assert made.post().text == "-1"
    assert events(made) == [("url", PARTNER, True)]
    assert MAIL.upper() not in str(seen[0]) + caplog.text


def test_what_the_visitor_did_not_send_is_nobodys_business(client: str, partner: Any) -> None:
    call, _ = CLIENTS[client]
    made = site(
        lambda: call(partner("/ship?to=somebody@else.example")), urls="refuse", connections="off"
    )
    assert made.post().text == "200"
    assert events(made) == []


@pytest.mark.parametrize(
    "more", [{"third": PAGES}, {"allow": [PARTNER]}, {"allow": ["*.partner.example"]}]
)
def test_declared_processors_are_told(client: str, partner: Any, more: dict[str, Any]) -> None:
    call, _ = CLIENTS[client]
    made = site(lambda: call(partner(f"/?to={MAIL}")), urls="refuse", connections="refuse", **more)
    assert made.post().text == "200"
    assert events(made) == []


def test_an_undeclared_host_is_refused_before_anything_is_sent(client: str, partner: Any) -> None:
    call, error = CLIENTS[client]

    def do() -> str:
        with pytest.raises(error):
            call(partner("/"))
        return "refused"

    made = site(do, connections="refuse")
    assert made.post().text == "refused"
    assert events(made)[0] == ("connection", PARTNER, True)


@pytest.mark.parametrize("refuses", [False, True])
def test_a_tracker_is_named_with_whose_it_is(
    refuses: bool, partner: Any, caplog: pytest.LogCaptureFixture
) -> None:
    made = site(
        lambda: _httpx(partner("/collect", host=TRACKER)),
        connections="refuse" if refuses else "report",
    )
    assert made.post().text == ("ConnectError" if refuses else "200")
    assert f"{TRACKER}, a tracker (Google" in caplog.text
    assert ("connection", TRACKER, refuses) in events(made)


def test_each_hop_of_a_redirect_is_judged(partner: Any) -> None:
    """The first host is declared, the one it redirects to is not."""

    def app(environ: Any, start_response: Any) -> list[bytes]:
        target = f"http://{TRACKER}:{environ['SERVER_PORT']}/?u={MAIL}"
        start_response("302 Found", [("Location", target)])
        return [b""]

    with wsgi_origin(app) as port:

        def do() -> int:
            with httpx.Client(trust_env=False, follow_redirects=True) as client:
                return client.get(f"http://{PARTNER}:{port}/").status_code

        made = site(do, connections="off", urls="refuse", third=PAGES)
        assert made.post().text == "ConnectError"
    assert events(made) == [("url", TRACKER, True)]


SPELLINGS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "upper case": str.upper,
    "encoded": lambda text: "".join(f"%{byte:02x}" for byte in text.encode()),
    "encoded twice": lambda text: "".join(f"%25{byte:02X}" for byte in text.encode()),
    "letters too": lambda text: text.replace("a", "%61"),
}


@pytest.mark.parametrize("name", SPELLINGS)
def test_no_spelling_of_a_value_escapes(name: str, partner: Any) -> None:
    made = site(
        lambda: _httpx(partner(f"/x?y={SPELLINGS[name](MAIL)}")), connections="off", urls="refuse"
    )
    assert made.post().text == "ConnectError"


@pytest.mark.parametrize(
    ("form", "query"),
    [
        ({"full_name": "Zulfiqar Mengal"}, "q=Zulfiqar+Mengal"),
        ({"password": "four-words-in-a-row"}, "p=four-words-in-a-row"),
        ({"phone": "+92 300 1234567"}, "n=%2B92+300+1234567"),
        ({"cnic": "35202-1234567-1"}, "id=35202-1234567-1"),
    ],
)
def test_kinds_of_personal_data(form: dict[str, str], query: str, partner: Any) -> None:
    made = site(lambda: _httpx(partner(f"/x?{query}")), connections="off", urls="refuse", third=())
    assert made.post(**form).text == "ConnectError"
    assert made.post(colour="something").text == "200"


def test_where_logs_are_left_alone_a_form_is_seen_all_the_same(partner: Any) -> None:
    def app(environ: Any, start_response: Any) -> list[bytes]:
        environ["wsgi.input"].read()
        try:
            answer = str(_httpx(partner(f"/?e={MAIL}")))
        except httpx.ConnectError:
            answer = "refused"
        start_response("200 OK", [])
        return [answer.encode()]

    policy = PrivacyPolicy(logs="off", disclosure=Disclosure(connections="off", urls="refuse"))
    assert visitor(protect(app, policy)).post("/", data={"email": MAIL}).text == "refused"


# ---------------------------------------------------------------- sockets, threads, other requests


def _connect(host: str) -> str:
    with socket.socket() as one:
        sys.audit("socket.connect", one, (host, 443))
    return "connected"


@pytest.mark.parametrize(
    ("host", "refused"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1::1", False),  # of a socket of the other family
        ("127.0.0.1", False), ("10.1.2.3", False), ("192.168.0.9", False), ("100.64.0.1", False),
        ("8.8.8.8", False),  # allowed below
        ("tracker.example", True), ("db", False), ("redis.internal", False),
    ],
)  # fmt: skip
def test_connections_to_addresses_are_judged_where_no_look_up_led_there(
    host: str, refused: bool
) -> None:
    family = "2606" if ":" in host else ""
    made = site(
        lambda: _connect(host),
        connections="refuse",
        allow=["8.8.8.0/24", *([host] if family else [])],
    )
    assert made.post().text == ("RefusedError" if refused else "connected")


def test_addresses_that_a_look_up_led_to_are_the_hosts(monkeypatch: pytest.MonkeyPatch) -> None:
    def resolve(host: str, port: int, *_: object) -> list[Any]:
        sys.audit("socket.getaddrinfo", host, port, 0, 0, 0)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.216.34", port))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)

    def do() -> str:
        socket.getaddrinfo(PARTNER, 443)
        return _connect("93.184.216.34")

    made = site(do, connections="refuse", third=PAGES)
    assert made.post().text == "connected"
    del made
    gc.collect()
    monkeypatch.setattr(socket, "getaddrinfo", _resolve)


def test_a_unix_socket_is_nobody_elses() -> None:
    def do() -> str:
        with socket.socket(socket.AF_UNIX) as one:
            sys.audit("socket.connect", one, "/run/tracker.example")
        return "connected"

    assert site(do, connections="refuse").post().text == "connected"


def test_a_thread_with_the_requests_context_is_the_requests() -> None:
    def do() -> str:
        run = functools.partial(contextvars.copy_context().run, socket.getaddrinfo, PARTNER, 443)
        thread = threading.Thread(target=run)
        thread.start()
        thread.join()
        return "done"

    made = site(do)
    made.post()
    assert events(made) == [("connection", PARTNER, False)]


def test_what_no_request_caused_is_reported_without_one(caplog: pytest.LogCaptureFixture) -> None:
    made = site(lambda: 0)
    socket.getaddrinfo("mailer.partner.example", 25)
    assert "connected to mailer.partner.example, which nobody declared. If" in caplog.text
    assert events(made) == []


def test_a_request_of_another_policy_is_left_alone() -> None:
    strict = site(lambda: 0, connections="refuse")
    other = protect(
        lambda e, s: (socket.getaddrinfo(PARTNER, 1), s("200 OK", []), [b"fine"])[2],
        PrivacyPolicy(),
    )
    assert visitor(other).get("/").text == "fine"
    assert events(strict) == []


def test_report_mode_refuses_nothing(partner: Any, caplog: pytest.LogCaptureFixture) -> None:
    made = site(
        lambda: _httpx(partner(f"/?e={MAIL}")), mode="report", connections="refuse", urls="refuse"
    )
    assert made.post().text == "200"
    assert f"Only reported (mode is report): The process connected to {PARTNER}" in caplog.text


def test_an_exempt_request_is_left_alone(partner: Any) -> None:
    def do() -> int:
        current().exempt("disclosure")
        return _httpx(partner(f"/?e={MAIL}"))

    assert site(do, connections="refuse", urls="refuse").post().text == "200"


# ---------------------------------------------------------------------- in place, and undone


def test_clients_are_as_they_were_once_the_last_policy_is_gone() -> None:
    before = (httpx.HTTPTransport.handle_request, urllib3.HTTPConnectionPool.urlopen)
    made = site(lambda: 0)
    made.post()
    assert httpx.HTTPTransport.handle_request is not before[0]
    del made
    gc.collect()
    assert (httpx.HTTPTransport.handle_request, urllib3.HTTPConnectionPool.urlopen) == before
    assert socket.getaddrinfo is _resolve


def test_another_librarys_wrapper_around_ours_goes_on_working(
    partner: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = site(lambda: _httpx(partner(f"/?e={MAIL}")), connections="off", urls="refuse")
    made.post(colour="something")
    ours, calls = httpx.HTTPTransport.handle_request, []

    def theirs(self: Any, request: Any) -> Any:
        calls.append(request.method)
        return ours(self, request)

    httpx.HTTPTransport.handle_request = theirs  # type: ignore[method-assign]
    try:
        assert made.post().text == "ConnectError"
        del made
        gc.collect()
        assert httpx.HTTPTransport.handle_request is theirs
        assert _httpx(partner(f"/?e={MAIL}")) == 200
        assert calls == ["GET", "GET"]
    finally:
        httpx.HTTPTransport.handle_request = ours.__wrapped__  # type: ignore[attr-defined,method-assign]


def test_whoever_took_the_look_up_meanwhile_goes_on_looking_up() -> None:
    made = site(lambda: 0, connections="refuse")
    made.post()
    taken = socket.getaddrinfo  # as `from socket import getaddrinfo` does
    assert taken is not _resolve
    del made
    gc.collect()
    assert socket.getaddrinfo is _resolve
    assert taken("shop.example", 443)[0][4] == ("127.0.0.1", 443)
    again = site(lambda: 0, connections="refuse")
    assert socket.getaddrinfo is taken
    del again


def test_two_first_requests_at_once_wrap_a_client_once(monkeypatch: pytest.MonkeyPatch) -> None:
    before = httpx.HTTPTransport.handle_request
    both = threading.Barrier(2)
    wrap = clients._wrap

    def slow(*given: Any) -> Any:
        with suppress(threading.BrokenBarrierError):
            both.wait(0.2)  # until the other one is here too, if it gets so far
        return wrap(*given)

    monkeypatch.setattr(clients, "_wrap", slow)
    threads = [threading.Thread(target=clients.wrap_clients) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    clients.unwrap_clients()
    assert httpx.HTTPTransport.handle_request is before


def test_a_client_that_is_imported_late_is_found() -> None:
    code = (
        "import sys; from alpines_privacy import *; from alpines_privacy.testing import visitor\n"
        "def app(e, s):\n s('200 OK', []); return [b'']\n"
        "v = visitor(protect(app, PrivacyPolicy(disclosure=Disclosure()))); v.get('/')\n"
        "print('urllib3' in sys.modules, 'aiohttp' in sys.modules)\n"
        "import urllib3; v.get('/')\n"
        "print(hasattr(urllib3.HTTPConnectionPool.urlopen, '__wrapped__'))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603 - our own code
    assert run.stdout.split() == ["False", "False", "True"]


def test_what_is_not_declared_costs_nothing() -> None:
    code = (
        "import sys, socket; before = socket.getaddrinfo; from alpines_privacy import *\n"
        "def app(e, s):\n s('200 OK', []); return [b'']\n"
        "protect(app); print('alpines_privacy.disclosure' in sys.modules, socket.getaddrinfo is before)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603 - our own code
    assert run.stdout.split() == ["False", "True"]


def test_a_defect_of_a_judge_lets_the_app_go_on(
    partner: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> bool:
        raise ZeroDivisionError

    made = site(lambda: _httpx(partner("/")), connections="refuse")
    monkeypatch.setattr("alpines_privacy.disclosure.judge.Judge.refuses_connection", fail)
    assert made.post().text == "200"


# ---------------------------------------------------------------------------------- redirects


def redirecting(location: str, **more: Any) -> tuple[Response, list[Any]]:
    told: list[Any] = []

    def app(environ: Any, start_response: Any) -> list[bytes]:
        environ["wsgi.input"].read()
        start_response("303 See Other", [("X-A", "1"), ("Location", location)])
        return [b""]

    def note(_: object, **what: Any) -> None:
        told.append((what["kind"], what["host"], what["refused"]))

    policy = PrivacyPolicy(disclosure=Disclosure(**more), third_parties=PAGES)
    with disclosure_found.connected_to(note):
        return visitor(protect(app, policy)).post("/", data={"email": MAIL}), told


Q = urlencode({"email": MAIL})
# A location, and what is left of it where it is stripped; None for all of it.
LOCATIONS: dict[str, tuple[str, str | None]] = {
    "another site": (f"https://shop.example/x?{Q}&a=1#top", "https://shop.example/x?a=1#top"),
    "only that": (f"https://shop.example/x?{Q}", "https://shop.example/x"),
    "without a scheme": (f"//shop.example/?a&{Q}", "//shop.example/?a"),
    "the key": (f"https://shop.example/?{MAIL}", "https://shop.example/"),
    "across pairs": ("https://shop.example/?a=ayesha.khan&b=%40mailbox.example", None),
    "very many pairs": (f"https://shop.example/?{'a=1&' * 300}{Q}", "https://shop.example/"),
    "this site": (f"/thanks?{Q}", None),
    "this site, whole": (f"http://testserver/thanks?{Q}", None),
    "a declared one": (f"https://{PARTNER}/?{Q}", None),
    "nobody's data": ("https://shop.example/?email=other@else.example", None),
    "no query": ("https://shop.example/", None),
    "none at all": ("https://[", None),
}


@pytest.mark.parametrize("name", LOCATIONS)
@pytest.mark.parametrize("way", ["report", "strip", "off"])
def test_redirects(name: str, way: str, caplog: pytest.LogCaptureFixture) -> None:
    location, left = LOCATIONS[name]
    response, told = redirecting(location, redirects=way)
    assert response.headers["location"] == (left if way == "strip" and left else location)
    assert response.headers["x-a"] == "1"
    found = left is not None and way != "off"
    assert told == ([("redirect", "shop.example", way == "strip")] if found else [])
    assert ("A redirect to shop.example" in caplog.text) is found
    assert MAIL not in caplog.text


@pytest.mark.parametrize(
    ("location", "is_stripped"),
    [
        ("https://www.ourshop.example/x?", False),
        ("https://ourshop.example/x?", False),
        ("https://ourshop.example.other.example/x?", True),
    ],
)
def test_hosts_of_the_same_site_may_be_redirected_to(location: str, is_stripped: bool) -> None:
    def app(environ: Any, start_response: Any) -> list[bytes]:
        environ["wsgi.input"].read()
        start_response("302 Found", [("Location", location + Q)])
        return [b""]

    policy = PrivacyPolicy(disclosure=Disclosure(redirects="strip"))
    client = visitor(protect(app, policy), base_url="https://www.ourshop.example")
    response = client.post("/", data={"email": MAIL})
    assert (response.headers["location"] == location + Q) is not is_stripped


def test_under_a_signal_nothing_of_this_needs_a_cookie() -> None:
    response, _ = redirecting(f"https://shop.example/?{Q}", redirects="strip")
    assert "set-cookie" not in response.headers


# --------------------------------------------------------------------------------- hosts, policy


@given(st.text(max_size=80) | st.binary(max_size=80) | st.none() | st.integers())
def test_any_host_is_judged_without_an_error(host: Any) -> None:
    told = Told(["api.example.com", "*.example.net", "93.184.216.0/24"])
    assert (as_host(host) in told) in {True, False}


@pytest.mark.parametrize(
    ("host", "is_told"),
    [
        ("api.example.com", True), ("API.Example.COM.", True), ("x.api.example.com", False),
        ("a.b.example.net", True), ("example.net", False), ("93.184.216.34", True), ("93.184.217.34", False),
        ("0x5db8d822", True), ("0x5db8d922", False), ("::ffff:93.184.217.34", False), ("[2606:2800::1]", False),
        ("::1", True), ("fe80::1%eth0", True), ("localhost", True), ("evil-example.net", False),
        ("bücher.example.net", True), ("bücher.example", False),
    ],
)  # fmt: skip
def test_hosts_that_may_be_told(host: str, is_told: bool) -> None:
    told = Told(["api.example.com", "*.example.net", "93.184.216.0/24"])
    assert (as_host(host) in told) is is_told


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ({"allow": ["https://a.example"]}, "disclosure.allow[0]: 'https://a.example' is no host"),
        ({"allow": ["A.example"]}, "allow[0]"),
        ({"connections": "block"}, "disclosure.connections: found 'block'"),
        ({"redirects": "refuse"}, "disclosure.redirects: found 'refuse'"),
        ({"link": True}, "unknown"),
    ],
)
def test_a_wrong_table_is_told_by_its_key(table: dict[str, Any], expected: str) -> None:
    with pytest.raises(PolicyError) as caught:
        PrivacyPolicy.from_mapping({"disclosure": table})
    assert expected in str(caught.value)


def test_the_hook_looks_at_two_kinds_of_events() -> None:
    assert set(connections._EVENTS) == {"socket.getaddrinfo", "socket.connect"}
    assert set(clients._SEAMS) == {"httpx", "urllib3", "aiohttp"}
