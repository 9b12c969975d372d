"""The three example apps, bare and protected, and the demo that compares them."""

import io
import json
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import httpx
import pytest
from examples import databases
from examples.demo import browser as demo_browser
from examples.demo.breach import practised
from examples.demo.checks import SIGNALS, Differs, InChromium, Logged, Reported, Row
from examples.demo.embedded import in_markup, loaders, relation, subscribes
from examples.demo.exhibits import EXHIBITS, Exhibit
from examples.demo.internet import Asked, internet, note_host
from examples.demo.markup import names as companies
from examples.demo.markup import read
from examples.demo.servers import Failed, Pair, listeners, running
from examples.demo.table import Table
from examples.demo.vendors import VENDORS, Vendor, vendor_of
from examples.demo.visits import ADDRESS, EMAIL, cookies, visitor
from examples.offline import POLICY
from websockets.sync.client import connect

from alpines_privacy import PrivacyPolicy
from alpines_privacy.http.url import parse
from alpines_privacy.policy import secrets
from alpines_privacy.trackers import shipped_rules
from alpines_privacy.trackers.blocking import Blocker
from tests.conftest import need
from tests.support.processes import free_ports
from tests.support.secret_keys import KEY

ROOT = Path(__file__).parents[1]
AYESHA = {"username": "ayesha", "password": "mountain-lake"}
TRACKED = {"_ga", "last_seen"}
PERSON = {"name": "Mira Rossi", "username": "mira", "password": "four-words-in-a-row"}

each_signal = pytest.mark.parametrize("sent", SIGNALS.values(), ids=SIGNALS)
silent = pytest.mark.parametrize("sent", [{}], ids=["none"])
with_and_without = pytest.mark.parametrize("sent", [{}, {"DNT": "1"}], ids=["none", "DNT:1"])


@pytest.fixture(scope="module", autouse=True)
def instance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("instance")
        patch.setenv(databases.VARIABLE, str(folder))
        patch.setenv(secrets.VARIABLE, KEY)
        yield folder


@pytest.fixture(params=["bare", "protected"])
def variant(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def expected(variant: str, sent: dict[str, str], necessary: set[str]) -> set[str]:
    """Return the cookies a browser ends up with: all, or under a signal only necessary ones."""
    return necessary if variant == "protected" and sent else necessary | TRACKED


def newcomer(variant: str, sent: dict[str, str]) -> str:
    """Return a user name that only this test signs up with: the others share its database."""
    return f"mira-{variant}-{'-'.join(sent).lower()}"


def names(set_cookies: list[str]) -> set[str]:
    return {line.partition("=")[0].strip() for line in set_cookies}


class TestShop:
    @pytest.fixture
    def client(self, variant: str, sent: dict[str, str]) -> Any:
        client = import_module(f"examples.shop.{variant}").app.test_client()
        for name, value in sent.items():
            client.environ_base["HTTP_" + name.upper().replace("-", "_")] = value
        return client

    @each_signal
    @pytest.mark.parametrize("path", ["/", "/products/tent", "/products/nothing", "/nowhere"])
    def test_pages(self, client: Any, variant: str, sent: dict[str, str], path: str) -> None:
        response = client.get(path)
        assert names(response.headers.getlist("Set-Cookie")) == expected(variant, sent, set())
        assert ("Sec-GPC" in response.vary) == (variant == "protected")

    @each_signal
    def test_from_cart_to_order(self, client: Any, variant: str, sent: dict[str, str]) -> None:
        client.post("/cart/mug")
        client.post("/cart/mug")
        client.post("/cart/rope")
        client.post("/cart/rope/remove")
        assert "CHF 29.00" in client.get("/cart/").text
        assert client.post("/orders").location == "/login"
        client.post("/login", data=AYESHA)
        placed = client.post("/orders", follow_redirects=True).text
        assert "your order is placed" in placed
        assert "2 x Enamel mug" in placed
        held = {cookie.key for cookie in client._cookies.values()}
        assert held == expected(variant, sent, {"session"})

    @with_and_without
    def test_logout(self, client: Any, sent: dict[str, str]) -> None:
        assert client.post("/login", data=AYESHA).location == "/orders"
        client.post("/logout")
        assert client.get("/orders").location == "/login"

    @silent
    def test_a_wrong_password_is_refused(self, client: Any, sent: dict[str, str]) -> None:
        response = client.post("/login", data=AYESHA | {"password": "lake-mountain"})
        assert (response.status_code, response.location) == (401, None)

    def open_signup(self, client: Any, born: int = 1990) -> str:
        """Return the signup page, having told the age screen a date where there is one."""
        page: str = client.get("/signup").text
        if 'action="_privacy/age"' in page:
            asked = {"to": "/signup", "year": born, "month": 5, "day": 17}
            client.post("/_privacy/age", data=asked, headers={"Origin": "http://localhost"})
            page = client.get("/signup").text
        return page

    @with_and_without
    def test_a_new_customer_is_signed_in_and_can_come_back(
        self, client: Any, variant: str, sent: dict[str, str]
    ) -> None:
        person = PERSON | {"username": newcomer(variant, sent)}
        assert 'name="password"' in self.open_signup(client)
        page = client.post("/signup", data=person, follow_redirects=True).text
        assert "Welcome, Mira Rossi." in page
        assert client.get("/signup").location == "/orders"
        client.post("/logout")
        assert client.post("/login", data=person).location == "/orders"

    @silent
    @pytest.mark.parametrize(
        ("wrong", "said"),
        [
            ({"name": " "}, "Write the name your parcels go to."),
            ({"name": "x" * 81}, "Write the name your parcels go to."),
            ({"username": "Mira R"}, "Use 3 to 30 small letters"),
            ({"username": "ayesha"}, "Somebody has this user name already."),
            ({"password": "eleven-char"}, "Use 12 to 128 characters."),
        ],
    )
    def test_a_signup_with_something_wrong(
        self, client: Any, sent: dict[str, str], wrong: dict[str, str], said: str
    ) -> None:
        self.open_signup(client)
        response = client.post("/signup", data=PERSON | wrong)
        assert response.status_code == 422
        assert response.text.count('aria-invalid="true"') == 1
        assert said in response.text
        assert PERSON["password"] not in response.text

    @silent
    def test_the_last_product_is_remembered(self, client: Any, sent: dict[str, str]) -> None:
        client.get("/products/tent")
        assert "You last looked at" in client.get("/").text


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Pair]]:
    """Serve two for real: a process holds one Django site only, and a websocket needs a server."""
    shown = [exhibit for exhibit in EXHIBITS if exhibit.name != "shop"]
    with running(shown, listeners(0, 4), tmp_path_factory.mktemp("servers")) as pairs:
        yield {pair.exhibit.name: pair for pair in pairs}


@contextmanager
def browser(pair: Pair, variant: str, sent: dict[str, str]) -> Iterator[httpx.Client]:
    with visitor(getattr(pair, variant).address, sent) as client:
        client.follow_redirects = True
        yield client


class TestApi:
    @pytest.fixture
    def client(
        self, pairs: dict[str, Pair], variant: str, sent: dict[str, str]
    ) -> Iterator[httpx.Client]:
        with browser(pairs["api"], variant, sent) as client:
            yield client

    @each_signal
    @pytest.mark.parametrize("path", ["/", "/live", "/signup", "/huts/lake", "/huts/nothing"])
    def test_pages(
        self, client: httpx.Client, variant: str, sent: dict[str, str], path: str
    ) -> None:
        response = client.get(path)
        assert names(response.headers.get_list("set-cookie")) == expected(variant, sent, set())
        assert ("Sec-GPC" in response.headers["vary"]) == (variant == "protected")

    @each_signal
    def test_booking_over_json(
        self, client: httpx.Client, variant: str, sent: dict[str, str]
    ) -> None:
        assert client.post("/api/bookings", json={"hut": "lake"}).status_code == 401
        client.post("/login", data=AYESHA)
        made = client.post("/api/bookings", json={"hut": "lake"})
        assert made.status_code == 201
        assert made.json() in client.get("/api/bookings").json()
        assert client.get("/api/huts/lake").json()["free"] == 23
        assert client.delete(f"/api/bookings/{made.json()['id']}").status_code == 204
        assert client.delete(f"/api/bookings/{made.json()['id']}").status_code == 404
        assert set(client.cookies) == expected(variant, sent, {"session"})

    @each_signal
    def test_the_live_board_hears_of_a_booking(
        self, client: httpx.Client, variant: str, sent: dict[str, str]
    ) -> None:
        client.post("/login", data=AYESHA)
        address = str(client.base_url.copy_with(scheme="ws", path="/live/beds"))
        with connect(address, additional_headers=sent, proxy=None) as board:
            shown = [json.loads(board.recv(timeout=60)) for _ in range(4)]
            assert "one bed is yours" in client.post("/huts/saddle/bookings").text
            news = json.loads(board.recv(timeout=60))
            assert board.response
            set_cookies = board.response.headers.get_all("Set-Cookie")
        client.delete(f"/api/bookings/{client.get('/api/bookings').json()[-1]['id']}")
        assert news == next(hut for hut in shown if hut["slug"] == "saddle") | {"free": 3}
        assert names(set_cookies) == expected(variant, sent, set()) - {"last_seen"}

    @silent
    def test_no_hut_is_booked_beyond_its_beds(
        self, client: httpx.Client, sent: dict[str, str]
    ) -> None:
        client.post("/login", data=AYESHA)
        wishes = [client.post("/api/bookings", json={"hut": "saddle"}) for _ in range(5)]
        for wish in wishes[:4]:
            client.delete(f"/api/bookings/{wish.json()['id']}")
        assert [wish.status_code for wish in wishes] == [201, 201, 201, 201, 409]

    @with_and_without
    def test_a_new_guest_is_signed_in_and_can_come_back(
        self, client: httpx.Client, variant: str, sent: dict[str, str]
    ) -> None:
        user = PERSON | {"username": newcomer(variant, sent), "birth_date": "1990-05-17"}
        made = client.post("/api/guests", json={"user": user})
        assert made.status_code == 201
        assert made.json() == {"name": user["name"], "username": user["username"]}
        assert "Welcome, Mira Rossi." in client.get("/bookings").text
        assert str(client.get("/signup").url).endswith("/bookings")
        client.post("/logout")
        assert "Your bookings" in client.post("/login", data=user).text

    @silent
    @pytest.mark.parametrize(
        ("wrong", "status", "said"),
        [
            ({"name": " "}, 422, "at least 1 character"),
            ({"username": "Mira R"}, 422, "match pattern"),
            ({"username": "ayesha"}, 409, "Another guest has this user name."),
            ({"password": "eleven-char"}, 422, "at least 12 characters"),
        ],
    )
    def test_a_signup_with_something_wrong(
        self, client: httpx.Client, wrong: dict[str, str], status: int, said: str
    ) -> None:
        user = PERSON | {"birth_date": "1990-05-17"} | wrong
        response = client.post("/api/guests", json={"user": user})
        assert response.status_code == status
        assert said in str(response.json()["detail"])
        assert user["password"] not in response.text

    @silent
    def test_the_document_tells_how_to_sign_up(self, client: httpx.Client) -> None:
        document = client.get("/openapi.json").json()
        answers = document["paths"]["/api/guests"]["post"]["responses"]
        assert {"201", "409", "422"} <= set(answers)
        birth_date = document["components"]["schemas"]["NewUser"]["properties"]["birth_date"]
        assert (birth_date["type"], birth_date["format"]) == ("string", "date")

    @each_signal
    def test_events_leave_untouched(self, client: httpx.Client, sent: dict[str, str]) -> None:
        response = client.get("/api/weather?count=1")
        assert set(response.headers) == {"date", "server", "content-type", "transfer-encoding"}
        assert response.text.startswith('data: {"celsius":')


class TestSite:
    @pytest.fixture
    def client(
        self, pairs: dict[str, Pair], variant: str, sent: dict[str, str]
    ) -> Iterator[httpx.Client]:
        with browser(pairs["site"], variant, sent) as client:
            yield client

    def send(
        self, client: httpx.Client, path: str, form: str = "", **fields: str
    ) -> httpx.Response:
        """Send a form that stands on the page it is sent to, or on another."""
        page = client.get(form or path).text
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
        assert token
        return client.post(path, data={"csrfmiddlewaretoken": token[1], **fields})

    @each_signal
    @pytest.mark.parametrize("path", ["/", "/articles/three-passes/", "/articles/nothing/"])
    def test_pages(
        self, client: httpx.Client, variant: str, sent: dict[str, str], path: str
    ) -> None:
        response = client.get(path)
        assert names(response.headers.get_list("set-cookie")) == expected(variant, sent, set())
        assert ("Sec-GPC" in response.headers["vary"]) == (variant == "protected")

    @each_signal
    def test_a_member_comments(
        self, client: httpx.Client, variant: str, sent: dict[str, str]
    ) -> None:
        text = f"Said with {' and '.join(sent) or 'no signal'}."
        assert "Your account" in self.send(client, "/login/", **AYESHA).text
        page = self.send(client, "/articles/three-passes/", text=text).text
        assert "Your comment is published." in page
        assert text in page
        held = {cookie.name for cookie in client.cookies.jar}
        assert held == expected(variant, sent, {"sessionid", "csrftoken"})

    @pytest.mark.parametrize("sent", [{"DNT": "1"}])
    def test_a_member_changes_what_is_known(
        self, client: httpx.Client, sent: dict[str, str]
    ) -> None:
        self.send(client, "/login/", **AYESHA)
        changed = {"first_name": "Ayesha", "last_name": "Khan-Meier", "email": ""}
        page = self.send(client, "/account/", **changed).text
        assert "Saved." in page
        assert "Ayesha Khan-Meier" in page

    MEMBER: ClassVar = {
        "first_name": "Mira",
        "last_name": "Rossi",
        "birth_date": "1990-05-17",
        "password1": PERSON["password"],
        "password2": PERSON["password"],
    }

    @with_and_without
    def test_a_new_member_is_signed_in_and_can_come_back(
        self, client: httpx.Client, variant: str, sent: dict[str, str]
    ) -> None:
        username = newcomer(variant, sent)
        page = self.send(client, "/signup/", **self.MEMBER, username=username).text
        assert "Welcome. You are signed in." in page
        assert "Mira Rossi" in page
        assert "17 May 1990" in page
        assert str(client.get("/signup/").url).endswith("/account/")
        self.send(client, "/logout/", form="/")
        account = self.send(client, "/login/", username=username, password=PERSON["password"])
        assert "Your account" in account.text

    @silent
    @pytest.mark.parametrize(
        ("wrong", "said"),
        [
            ({"username": "Mira R"}, "Enter a valid username."),
            ({"username": "ayesha"}, "A user with that username already exists."),
            ({"password1": "short", "password2": "short"}, "This password is too short."),
            ({"password2": "another-long-one"}, "The two password fields"),
        ],
    )
    def test_a_signup_with_something_wrong(
        self, client: httpx.Client, wrong: dict[str, str], said: str
    ) -> None:
        page = self.send(client, "/signup/", **{"username": "mira", **self.MEMBER, **wrong}).text
        assert said in page
        assert 'aria-invalid="true"' in page

    @with_and_without
    def test_the_admin(self, client: httpx.Client, sent: dict[str, str]) -> None:
        warden = {"username": "warden", "password": "cairn-and-compass", "next": "/admin/"}
        assert "Site administration" in self.send(client, "/admin/login/", **warden).text
        articles = client.get("/admin/journal/article/").text
        first = re.search(r"/admin/journal/article/\d+/change/", articles)
        assert first
        assert "Delete" in client.get(first[0]).text


class Stands(NamedTuple):
    """A server to be looked at: its address, and its log."""

    address: str
    log: Path = Path(os.devnull)


def row(before: str, after: str) -> Row:
    """Return the row of a page that should set two cookies bare and one protected."""
    shown = {"bare": before, "protected": after}
    check = Differs("GET /", lambda client: shown[client.base_url.host], "a b", "", "a", ("DNT:1",))
    return next(check.rows(Stands("http://bare"), Stands("http://protected")))


class TestTable:
    @pytest.mark.parametrize(
        ("before", "after", "mark"),
        [("a b", "a", "ok"), ("a b", "a b", "NO"), ("a", "a", "NO"), ("a b", "-", "NO")],
    )
    def test_a_row_is_marked(self, before: str, after: str, mark: str) -> None:
        table = Table(out := io.StringIO())
        table.row(row(before, after))
        assert out.getvalue().split() == ["GET", "/", "DNT:1", *f"{before} {after} {mark}".split()]
        assert table.wrong == (mark == "NO")

    def test_a_visit_that_fails_is_a_wrong_row(self) -> None:
        with listeners(0, 1)[0] as gone:
            address = f"http://127.0.0.1:{gone.getsockname()[1]}"
        check = Differs("GET /", cookies("/"), "a", "a", signals=("none",))
        seen = next(check.rows(Stands(address), Stands(address)))
        assert (seen.protected, seen.expected) == ("no answer: ConnectError", False)

    @pytest.mark.parametrize(
        ("asked", "told"),
        [
            (
                Asked("js.stripe.com", page="bare-shop.example:8001"),
                "bare-shop Stripe, payment js.stripe.com",
            ),
            (Asked("new.example"), "a page somebody else new.example"),
            (Asked("new\x1b[2K" + "x" * 99), f"a page somebody else new?[2K{'x' * 36}"),
        ],
    )
    def test_who_is_asked_is_told(self, asked: Asked, told: str) -> None:
        Table(out := io.StringIO()).asked(asked)
        assert " ".join(out.getvalue().split()) == told

    @pytest.mark.parametrize(("no_color", "painted"), [("", "\x1b[32mok\x1b[0m"), ("1", "ok")])
    def test_colour_is_for_terminals(
        self, monkeypatch: pytest.MonkeyPatch, no_color: str, painted: str
    ) -> None:
        monkeypatch.setenv("NO_COLOR", no_color)
        out = io.StringIO()
        monkeypatch.setattr(out, "isatty", lambda: True, raising=False)
        Table(out).row(row("a b", "a"))
        assert out.getvalue().split()[-1] == painted


def asks(vendor: Vendor, *, opted_out: bool) -> set[str]:
    """Return those of a company's hosts that the shipped rules let a page of the examples ask."""
    page = parse("http://protected-shop.example/")
    assert page is not None
    blocker = Blocker(shipped_rules(), PrivacyPolicy(), opted_out)
    return {
        host
        for host in vendor.hosts
        if blocker.match(f"https://{host}/{SCRIPT_OF.get(host, 'a.js')}", page, ("script",)) is None
    }


SCRIPT_OF = {"connect.facebook.net": "en_US/fbevents.js", "www.facebook.com": "tr?id=1&ev=PageView"}


class TestEmbeds:
    @pytest.mark.parametrize("vendor", VENDORS, ids=[vendor.name for vendor in VENDORS])
    def test_what_the_rules_say_of_a_company(self, vendor: Vendor) -> None:
        free = {"ad": (True, False), "payment": (True, True)}.get(vendor.kind, (False, False))
        reached = (asks(vendor, opted_out=False), asks(vendor, opted_out=True))
        assert reached == tuple(set(vendor.hosts) if one else set() for one in free)

    def test_every_company_in_a_page_is_known(self) -> None:
        pages = [path.read_text() for path in ROOT.glob("examples/*/**/embeds/*.html")]
        named = {host for page in pages for host in re.findall(r"https://([a-z0-9.-]+)", page)}
        assert len(pages) >= 18
        assert {host for host in named if vendor_of(host) is None} == set()

    @pytest.mark.parametrize("variant", ["bare", "protected"])
    @pytest.mark.parametrize(
        ("host", "offline"),
        [
            ("bare-shop.localhost:8001", True),
            ("127.0.0.1", True),
            ("example.org", True),
            ("bare-shop.example:8001", False),
        ],
    )
    def test_pages_ask_nobody_unless_the_demo_answers(
        self, variant: str, host: str, offline: bool
    ) -> None:
        client = import_module(f"examples.shop.{variant}").app.test_client()
        fields = client.get("/", headers={"Host": host}).headers
        assert (POLICY in fields.getlist("Content-Security-Policy")) == offline
        assert "Content-Security-Policy" not in client.get("/products.json").headers

    @pytest.mark.parametrize("variant", ["bare", "protected"])
    @pytest.mark.parametrize("name", ["api", "site"])
    def test_nor_do_those_of_the_others(
        self, pairs: dict[str, Pair], name: str, variant: str
    ) -> None:
        with browser(pairs[name], variant, {}) as client:
            assert client.get("/").headers.get_list("content-security-policy") == [POLICY]
            page = client.get("/", headers={"Host": f"{variant}-{name}.example"})
        assert page.status_code == 200
        assert page.headers.get_list("content-security-policy") == []

    @pytest.mark.parametrize(
        ("markup", "loaded", "in_scripts"),
        [
            ('<script src="https://a.example/x.js"></script>', {"a.example"}, set()),
            ('<noscript><img src="https://a.example/p"></noscript>', {"a.example"}, set()),
            ('<link rel="stylesheet preload" href="//a.example/s">', {"a.example"}, set()),
            ('<a href="https://a.example/">a</a>', set(), set()),
            ('<link rel="canonical" href="https://a.example/">', set(), set()),
            ('<script>load("https://a.example/x.js")</script>', set(), {"a.example"}),
            ("<p>https://a.example/</p><script></script>", set(), set()),
            ("<!-- <script src='https://a.example/'></script> -->", set(), set()),
        ],
    )
    def test_markup_is_read(self, markup: str, loaded: set[str], in_scripts: set[str]) -> None:
        page = read(markup)
        assert (page.loaded, page.in_scripts) == (loaded, in_scripts)

    def test_a_host_that_nobody_knows_is_shown_whatever_is_looked_for(self) -> None:
        hosts = {"js.stripe.com", "www.clarity.ms", "new.example"}
        assert companies(hosts, "tracker") == "Clarity new.example"
        assert companies(hosts, "payment") == "Stripe new.example"
        assert companies({"js.stripe.com"}, "ad") == "-"

    def test_a_page_is_looked_at_as_it_leaves(self) -> None:
        page = (
            '<script src="/_privacy/shield.js"></script><script>a("https://www.clarity.ms/")'
            '</script><form action="https://alpines.us1.list-manage.com/p?u=1&amp;id=2">'
            '<input name="hidden" value="a b"></form>'
        )
        app = httpx.MockTransport(lambda request: httpx.Response(200, html=page))
        with httpx.Client(base_url="http://shop.example", transport=app) as client:
            assert loaders("/")(client) == "behind the shield"
            assert in_markup("/", "tracker")(client) == "-"
            assert subscribes("/")(client) == "arrives"
            assert relation("/")(client) == "-"
            page = page.replace("<form", "<form rel=nofollow")
            assert relation("/")(client) == "nofollow"
            page = page.replace('<script src="/_privacy/shield.js"></script>', "")
            assert loaders("/")(client) == "Clarity"
            page = page.replace("action", "data-action")
            assert subscribes("/")(client) == "does not arrive"

    def test_a_handshake_without_a_certificate_tells_the_host(self) -> None:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.sni_callback = note_host
        with listeners(0, 1)[0] as listener, internet(tls, listener) as others:
            address = ("127.0.0.1", others.port)
            with socket.create_connection(address) as line, pytest.raises(ssl.SSLError):
                ssl.create_default_context().wrap_socket(line, server_hostname="js.stripe.com")
        assert others.asked == [Asked("js.stripe.com")]
        assert others.asked[0].counts

    @pytest.mark.parametrize(("kept", "expected"), [("[EMAIL]", True), (EMAIL, False)])
    def test_a_log_that_holds_what_was_told_is_a_wrong_row(
        self, tmp_path: Path, kept: str, expected: bool
    ) -> None:
        bare, protected = (Stands(f"http://{name}", tmp_path / name) for name in "bp")
        written = {"b": EMAIL, "p": kept}
        for site in (bare, protected):
            site.log.write_text(f"started for {EMAIL}\n")

        def look(client: httpx.Client) -> str:
            name = client.base_url.host
            assert client.headers["x-forwarded-for"] == ADDRESS
            with (tmp_path / name).open("a") as log:
                log.write(f"order for {written[name]}\nand more\n")
            return "OK"

        row = next(Logged("a log", look, {"mail": EMAIL}, "order for").rows(bare, protected))
        assert (row.bare, row.protected) == ("mail", "-" if expected else "mail")
        assert row.expected == expected
        assert row.quotes[1] == ("protected", f"order for {kept}")

    @pytest.mark.parametrize(
        ("bare", "line", "cells", "expected"),
        [
            ("", "sent: cnic (CNIC)", ("-", "reported"), True),
            ("", "sent: cnic (CNIC) 123", ("-", "reported"), False),
            ("", "sent: nothing", ("-", "-"), False),
            ("sent: cnic (CNIC)", "sent: cnic (CNIC)", ("reported", "reported"), False),
        ],
    )
    def test_a_report_tells_of_a_thing_and_does_not_hold_it(
        self,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        *,
        bare: str,
        line: str,
        cells: tuple[str, str],
        expected: bool,
    ) -> None:
        """A server may log after its answer: the check waits for the line."""
        monkeypatch.setattr("examples.demo.checks.PATIENCE", 1.0)
        sites = [Stands(f"http://{name}", tmp_path / name) for name in ("bare", "protected")]
        written = {"bare": bare, "protected": line}
        later: list[threading.Timer] = []
        for site in sites:
            site.log.write_text("started\n")

        def look(client: httpx.Client) -> str:
            name = client.base_url.host
            late = threading.Timer(
                0.1 * (name == "protected"),
                (tmp_path / name).write_text,
                [f"started\n{written[name]}\n"],
            )
            late.start()
            later.append(late)
            if name == "bare":
                late.join()
            return "OK"

        row = next(Reported("a report", look, "123", "cnic (CNIC)").rows(*sites))
        for late in later:
            late.join()
        assert ((row.bare, row.protected), row.expected) == (cells, expected)

    def test_without_a_browser_no_row_is_about_one(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("examples.demo.checks.installed", lambda: None)
        assert list(InChromium("/", {}).rows(Stands(""), Stands(""))) == []

    def test_a_browser_that_fails_is_a_wrong_row(self, monkeypatch: pytest.MonkeyPatch) -> None:
        broken = demo_browser.Chromium("/bin/false")
        monkeypatch.setattr("examples.demo.checks.installed", lambda: broken)
        check = InChromium("/", {"ad": "AdSense"})
        row = next(check.rows(Stands("http://127.0.0.1:1"), Stands("http://127.0.0.1:1")))
        assert not row.expected
        assert "/bin/false" in row.bare


class TestServers:
    def test_a_taken_port_is_replaced(self) -> None:
        with listeners(0, 1)[0] as taken, listeners(taken.getsockname()[1], 1)[0] as chosen:
            assert chosen.getsockname()[1] != taken.getsockname()[1]

    def test_one_that_does_not_start_shows_its_log(self, tmp_path: Path) -> None:
        absent = Exhibit("absent", "Flask", "waitress", [])
        with (
            pytest.raises(Failed, match=r"(?s)bare-absent ended with .*examples\.absent"),
            running([absent], listeners(0, 2), tmp_path),
        ):
            pytest.fail("it cannot have started")


class TestDemo:
    COMMAND = (sys.executable, "-m", "examples.demo")

    def test_every_row_is_as_expected(self) -> None:
        demo = subprocess.run(  # noqa: S603 - our own interpreter
            [*self.COMMAND, "--once", "--base-port", "0"],
            cwd=ROOT, capture_output=True, text=True, timeout=240, check=False,
        )  # fmt: skip
        assert (demo.returncode, demo.stderr) == (0, ""), demo.stdout
        lines = demo.stdout.splitlines()
        assert max(map(len, lines)) <= 80
        assert "\x1b" not in demo.stdout
        assert "NO" not in {line[-2:] for line in lines}
        assert any(line.startswith("Chromium: trackers") for line in lines) == (
            demo_browser.installed() is not None
        )
        for exhibit in EXHIBITS:
            assert any(line.startswith(exhibit.name.upper()) for line in lines)
        assert any(line.startswith("kill -9 ") for line in lines)
        assert any(re.match(r"the deadline is met +met +ok", line) for line in lines)
        checks = sum(len(list(exhibit.checks)) for exhibit in EXHIBITS)
        assert sum(line.endswith(" ok") for line in lines) > checks

    def test_a_drill_that_cannot_be_run_is_a_wrong_row(self, tmp_path: Path) -> None:
        (tmp_path / "mine").write_text("mine", "utf-8")
        out = io.StringIO()
        table = Table(out)
        for check in practised(tmp_path, table.step):
            table.check(check)
        assert (table.total, table.wrong) == (1, 1)
        assert re.match(r"the drill runs +\S.* NO\n", out.getvalue())

    def test_the_browser_is_there(self) -> None:
        need("Chromium", demo_browser.installed() is not None, "apt-get install chromium")

    def test_sigterm_ends_every_server(self, tmp_path: Path) -> None:
        demo = subprocess.Popen(  # noqa: S603 - our own interpreter
            [*self.COMMAND, "--base-port", str(free_ports(2 * len(EXHIBITS) + 1).start)],
            cwd=ROOT, env=os.environ | {"TMPDIR": str(tmp_path)},
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert demo.stdout
        head = next(line for line in demo.stdout if "protected :" in line)
        demo.send_signal(signal.SIGTERM)
        _, errors = demo.communicate(timeout=120)
        assert (demo.returncode, errors) == (130, "")
        # What a browser that was killed leaves is its own.
        left = [each for each in tmp_path.iterdir() if "hromium" not in each.name]
        assert left == []
        for port in re.findall(r":(\d+)", head):
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection(("127.0.0.1", int(port)), timeout=5)
