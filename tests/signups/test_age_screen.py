"""The age screen: what it shows, whom it lets through, for how long, and where it leads."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlencode, urljoin

import pytest
from hypothesis import given
from hypothesis import strategies as st
from itsdangerous import Signer
from playwright.sync_api import Page
from werkzeug.serving import WSGIRequestHandler, make_server

from alpines_privacy import AgeScreen, PolicyError, PrivacyPolicy, Signup, protect, wsgi
from alpines_privacy.events import signup_refused
from alpines_privacy.guard import Guard
from alpines_privacy.http.heads import Field
from alpines_privacy.http.outcomes import Answer, Pass
from alpines_privacy.policy import SecretKeys, secrets
from alpines_privacy.policy.warning import PrivacyWarning
from alpines_privacy.signups.tokens import Tokens
from alpines_privacy.testing import Visitor, visitor
from tests.http.test_body import FORM
from tests.signups.test_signups import decided
from tests.support.chromium import chromium, visit
from tests.support.clock import stop_clock
from tests.support.neutral import assert_neutral
from tests.support.secret_keys import KEY, OLDER_KEY
from tests.support.sent import Sent
from tests.support.signup_sites import PROTOCOLS, Site, site_of

TODAY = date(2026, 11, 25)
PASS, LOCK = "alpines-privacy-age-pass", "alpines-privacy-age-lock"
HERE = {"sec-fetch-site": "same-origin"}
ADULT = {"day": "3", "month": "2", "year": "1990"}
CHILD = {"day": "26", "month": "11", "year": "2013"}

POLICY = PrivacyPolicy(
    signups=[
        Signup("/join", screen=True),
        Signup("/clubs/{club}/join", screen=True),
        Signup("/both", screen=True, birth_date="dob"),
    ]
)


@cache
def guard() -> Guard:
    return Guard(POLICY)


@pytest.fixture(autouse=True)
def _still(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALPINES_PRIVACY_SECRET_KEY", KEY)
    stop_clock(monkeypatch, TODAY)


@pytest.fixture(params=PROTOCOLS)
def site(request: pytest.FixtureRequest) -> Iterator[Site]:
    with site_of(request.param, POLICY) as made:
        yield made


def answer_screen(v: Visitor, birth: dict[str, str], to: str = "/join", **fields: str) -> Any:
    return v.post("/_privacy/age", data={**birth, "to": to}, headers=HERE | fields)


def test_the_screen_stands_before_the_page_until_it_is_passed(site: Site) -> None:
    v = site.visitor()
    screen = v.get("/join")
    assert screen.status_code == 200
    assert "<form" in screen.text
    assert screen.headers["cache-control"] == "no-store"
    assert v.head("/join").status_code == 200
    assert site.seen == []
    passed = answer_screen(v, ADULT)
    assert (passed.status_code, passed.headers["location"]) == (303, "../join")
    assert [c.name for c in passed.set_cookies] == [PASS]
    page = v.get("/join")
    assert "Here you are." in page.text
    assert page.headers["cache-control"] == "private"
    assert "Cookie" in page.vary
    assert v.post("/join", data={"name": "x"}).status_code == 200
    assert [method for method, _ in site.seen] == ["GET", "POST"]


@pytest.mark.parametrize("signal", [{"dnt": True}, {"gpc": True}], ids=str)
def test_under_a_signal_too(site: Site, signal: dict[str, bool]) -> None:
    v = site.visitor(**signal)
    assert answer_screen(v, ADULT).status_code == 303
    assert "Here you are." in v.get("/join").text


def test_who_is_refused_there_cannot_try_again(site: Site) -> None:
    heard = []

    def receiver(sender: Any, **said: str) -> None:
        heard.append(said)

    with signup_refused.connected_to(receiver):
        v = site.visitor()
        refused = answer_screen(v, CHILD, "/clubs/chess/join")
        assert refused.status_code == 403
        assert [c.name for c in refused.set_cookies] == [LOCK]
        assert answer_screen(v, ADULT).text == refused.text
        at_the_signup = refused.text.replace('href="../"', 'href="./"')  # the way home from there
        assert v.get("/join").text == at_the_signup != refused.text
        assert v.get("/clubs/chess/join").status_code == 403
        assert v.post("/join", data={"name": "x"}).status_code == 403
        assert v.post("/both", data={"dob": "1990-01-01"}).status_code == 403
    assert site.seen == []
    assert heard[0] == {"route": "/clubs/{club}/join", "reason": "under_age"}
    assert {said["reason"] for said in heard[1:]} == {"locked"}


def test_a_signup_sent_without_the_screen_is_led_to_it(site: Site) -> None:
    v = site.visitor()
    sent = v.post("/clubs/chess%20club/join?from=a%20b", data={"name": "x"})
    assert (sent.status_code, sent.headers["location"]) == (303, "./join?from=a%20b")
    problem = v.post("/join", json={"name": "x"})
    assert problem.status_code == 403
    assert problem.headers["content-type"] == "application/problem+json"
    assert v.get("/join", headers={"accept": "application/json"}).status_code == 403
    assert site.seen == []


def test_a_date_the_form_asks_for_too_is_still_judged(site: Site) -> None:
    v = site.visitor()
    answer_screen(v, ADULT, "/both")
    assert v.post("/both", data={"dob": "1990-02-03"}).status_code == 200
    assert v.post("/both", data={"dob": "2020-02-03"}).status_code == 403


SLIPS: dict[str, dict[str, str]] = {
    "nothing": {},
    "empty": {"day": "", "month": "", "year": ""},
    "no day": {"day": "", "month": "2", "year": "1990"},
    "month 13": {"day": "1", "month": "13", "year": "1990"},
    "two digits": {"day": "1", "month": "1", "year": "90"},
    "words": {"day": "first", "month": "May", "year": "1990"},
    "an impossible day": {"day": "30", "month": "2", "year": "1990"},
    "the future": {"day": "26", "month": "11", "year": "2026"},
    "digits of another script": {"day": "1", "month": "1", "year": "\u0661\u0669\u0669\u0660"},
    "long ago": {"day": "1", "month": "1", "year": "1800"},
}


@pytest.mark.parametrize("slip", SLIPS)
def test_a_slip_of_the_hand_shows_the_screen_again(site: Site, slip: str) -> None:
    v = site.visitor()
    again = answer_screen(v, SLIPS[slip], "/clubs/chess%20club/join?from=a%20b&x=%22")
    assert again.status_code == 422
    assert again.set_cookies == []
    assert 'id="error" role="alert"' in again.text
    assert again.text.count('aria-describedby="error"') == 3
    assert 'value="/clubs/chess%20club/join?from=a%20b&amp;x=%22"' in again.text
    assert answer_screen(v, ADULT).status_code == 303
    for name, value in SLIPS[slip].items():
        (field,) = re.findall(f'<input id="{name}"[^>]*>', again.text)
        assert (f' value="{value}"' in field) == bool(value)  # nobody types it all again
    assert not re.search(r'<input id="[^>]* value=', v.get("/join").text)  # and nobody else sees it


@pytest.mark.parametrize("typed", ['"><script>x</script>', "' onfocus=x '", "<&>", "\U0001f382"])
def test_what_was_typed_comes_back_as_text(site: Site, typed: str) -> None:
    again = answer_screen(site.visitor(), ADULT | {"day": typed})
    assert again.status_code == 422
    values: list[str | None] = []
    parser = HTMLParser()
    parser.handle_starttag = lambda tag, attrs: values.extend(  # type: ignore[method-assign]  # one look
        dict(attrs).get("value") for _ in [tag] if tag == "input"
    )
    parser.feed(again.text)
    assert values == ["/join", typed, "2", "1990"]


def test_no_more_comes_back_than_somebody_may_have_typed(site: Site) -> None:
    again = answer_screen(site.visitor(), ADULT | {"day": "1" * 33})
    assert "1" * 33 not in again.text


@pytest.mark.parametrize(
    "fields",
    [
        [("sec-fetch-site", "cross-site")],
        [("sec-fetch-site", "same-site")],
        [("sec-fetch-site", "none")],
        [("origin", "https://evil.example")],
        [("origin", "null")],
        [("sec-fetch-site", "cross-site"), ("origin", "http://shop.example")],
        [],
    ],
    ids=str,
)
def test_only_a_form_of_this_origin_is_taken(fields: list[Field]) -> None:
    head = [("host", "shop.example"), ("content-type", FORM), *fields]
    request = Sent(*head, method="POST", path="/_privacy/age")
    answer = decided(guard(), request, urlencode(CHILD | {"to": "/join"}).encode())
    assert isinstance(answer, Answer)
    assert answer.status == 403
    assert "set-cookie" not in dict(answer.fields)  # nobody locks a visitor out from elsewhere


def test_older_browsers_vouch_by_origin(site: Site) -> None:
    fields = {"origin": "http://testserver"}
    sent = site.visitor().post("/_privacy/age", data=ADULT | {"to": "/join"}, headers=fields)
    assert sent.status_code == 303


def test_a_form_that_is_too_large_or_unreadable_lets_nobody_in(site: Site) -> None:
    v = site.visitor()
    assert answer_screen(v, ADULT | {"x": "x" * 9000}).status_code == 413
    odd = v.post("/_privacy/age", content=b"\xff", headers={**HERE, "content-type": FORM})
    assert (odd.status_code, odd.set_cookies) == (422, [])
    twice = b"day=1&month=1&year=1990&year=2020&to=/join"
    again = v.post("/_privacy/age", content=twice, headers={**HERE, "content-type": FORM})
    assert (again.status_code, again.set_cookies) == (422, [])


def test_who_only_looks_at_the_forms_own_page_is_led_home(site: Site) -> None:
    looked = site.visitor().get("/_privacy/age")
    assert (looked.status_code, looked.headers["location"]) == (303, "../")


# --------------------------------------------------------------------------------- where it leads

# The path and query of a signup page as the browser asked, its mount point; every link stays below it.
PLACES: dict[str, tuple[str, str]] = {
    "plain": ("/join", ""),
    "a query": ("/join?from=home&x=%22%3C%3E", ""),
    "a parameter": ("/clubs/chess/join", ""),
    "a parameter with odd characters": ("/clubs/a%20b%3F%26c%23d/join?q=1?2", ""),
    "a parameter in another script": ("/clubs/%D8%B4%D8%B7%D8%B1%D9%86%D8%AC/join", ""),
    "a slash at the end": ("/clubs/chess/join/?a", ""),
    "doubled slashes": ("/clubs//chess//join", ""),
    "a mount point": ("/shop/clubs/chess/join?a=1", "/shop"),
    "a deep mount point": ("/a/b/join", "/a/b"),
}


@pytest.mark.parametrize(("address", "mount"), PLACES.values(), ids=PLACES)
def test_passing_leads_back_to_the_page_it_came_from(address: str, mount: str) -> None:
    v = visitor(mounted(mount))
    screen = v.get(address)
    form = FormReader(screen.text)
    action = urljoin(f"http://testserver{address}", form.action)
    assert action == f"http://testserver{mount}/_privacy/age"
    passed = v.post(action, data=ADULT | {"to": form.to}, headers=HERE)
    assert passed.status_code == 303
    back = urljoin(action, passed.headers["location"])
    expected = f"http://testserver{address}"
    # Python's urljoin drops empty segments, which browsers keep.
    assert unquote(back) == re.sub("(?<!:)//+", "/", unquote(expected))
    assert v.get(back).text == "the app's own"


@pytest.mark.parametrize("length", [10, 2000, 4000])
@pytest.mark.parametrize("character", ["a", "%", "&"])
def test_a_long_query_keeps_nobody_from_passing(length: int, character: str) -> None:
    v = visitor(mounted(""))
    form = FormReader(v.get(f"/clubs/chess/join?{character * length}").text)
    passed = v.post("/_privacy/age", data=ADULT | {"to": form.to}, headers=HERE)
    assert passed.status_code == 303
    assert passed.headers["location"].startswith("../clubs/chess/join")


def mounted(mount: str) -> Any:
    """Return a WSGI app that a server has put below a mount point, as mod_wsgi does."""

    def inner(environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "text/html")])
        return [b"the app's own"]

    layered = wsgi.PrivacyMiddleware(inner, POLICY)

    def server(environ: Any, start_response: Any) -> Any:
        path = environ["PATH_INFO"]
        assert path.startswith(mount)
        return layered(
            {**environ, "SCRIPT_NAME": mount, "PATH_INFO": path[len(mount) :]}, start_response
        )

    return server


class FormReader(HTMLParser):
    """Reads where a page's form goes and the hidden field it carries, as a browser would."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.action = self.to = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "form":
            self.action = found["action"] or ""
        if tag == "input" and found.get("type") == "hidden":
            self.to = found["value"] or ""


AWAY = (
    "https://evil.example/join", "//evil.example/join", "/\\evil.example/join", "/elsewhere", "", "javascript:alert(1)",
    "/join/../../elsewhere", "\\\\evil.example\\join", "/%2F%2Fevil.example/x", "/join\r\nSet-Cookie: a=1", "join",
    "/join?x\r\nSet-Cookie: a=1", "/clubs/../x/join", "https:join", "/clubs/%0d%0aSet-Cookie:a=1/join",
)  # fmt: skip


@pytest.mark.parametrize("to", AWAY)
def test_no_form_leads_anywhere_else(site: Site, to: str) -> None:
    passed = answer_screen(site.visitor(), ADULT, to)
    assert passed.status_code == 303
    location = passed.headers["location"]
    assert location.startswith("../")
    assert "\r" not in location
    assert "\n" not in location
    led = urljoin("http://testserver/_privacy/age", location)
    assert led.startswith("http://testserver/")


@given(st.text(st.sampled_from("/\\.:%2Fjoin?#@\r\n evil"), max_size=30))
def test_no_form_leads_anywhere_else_whatever_it_says(to: str) -> None:
    request = Sent(
        ("content-type", FORM),
        ("sec-fetch-site", "same-origin"),
        method="POST",
        path="/_privacy/age",
    )
    outcome = decided(guard(), request, urlencode(ADULT | {"to": to}).encode())
    assert isinstance(outcome, Answer)
    location = dict(outcome.fields)["location"]
    assert re.fullmatch(r"\.\./(?!/)[!-~]*", location)


# --------------------------------------------------------------------------------- lock and pass


def pass_cookie(at: float, *keys: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr("alpines_privacy.signups.tokens.time", lambda: at)
    return Tokens(SecretKeys(keys or [KEY])).passes(https=False).partition(";")[0]


AT = datetime(2026, 11, 25, 10, 5, tzinfo=UTC).timestamp()


def lets_in(cookie: str, at: float, monkeypatch: pytest.MonkeyPatch, keys: str = KEY) -> bool:
    monkeypatch.setenv("ALPINES_PRIVACY_SECRET_KEY", keys)
    monkeypatch.setattr("alpines_privacy.signups.tokens.time", lambda: at)
    return isinstance(decided(Guard(POLICY), Sent(("cookie", cookie), path="/join")), Pass)


@pytest.mark.parametrize(
    ("minutes", "holds"), [(0, True), (29, True), (54, True), (55, False), (600, False)]
)
def test_a_pass_ends_with_the_hour_half_an_hour_later_is_in(
    monkeypatch: pytest.MonkeyPatch, minutes: int, holds: bool
) -> None:
    """Made at 10:05, ends at 11:00; the browser drops it at 10:35."""
    cookie = pass_cookie(AT, monkeypatch=monkeypatch)
    assert lets_in(cookie, AT + minutes * 60, monkeypatch) is holds


def test_a_pass_never_ends_before_its_half_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    for minute in range(0, 120, 7):
        cookie = pass_cookie(AT + minute * 60, monkeypatch=monkeypatch)
        assert lets_in(cookie, AT + minute * 60 + 1799, monkeypatch)


def test_everybodys_pass_of_an_hour_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    at = datetime(2026, 11, 25, 10, 31, tzinfo=UTC).timestamp()
    made = {pass_cookie(at + s, monkeypatch=monkeypatch) for s in (0, 1, 1000, 3500)}
    assert len(made) == 1
    line = Tokens(SecretKeys([KEY])).passes(https=True)
    value = made.pop().partition("=")[2]
    assert line == f"__Host-{PASS}={value}; Path=/; Max-Age=1800; HttpOnly; SameSite=Lax; Secure"


def test_every_key_lets_in_and_only_those(monkeypatch: pytest.MonkeyPatch) -> None:
    old = pass_cookie(AT, OLDER_KEY, monkeypatch=monkeypatch)
    assert lets_in(old, AT, monkeypatch, f"{KEY},{OLDER_KEY}")
    assert not lets_in(old, AT, monkeypatch, KEY)
    new = pass_cookie(AT, KEY, OLDER_KEY, monkeypatch=monkeypatch)
    assert lets_in(new, AT, monkeypatch, KEY)  # the newest signs


@pytest.mark.parametrize("spoil", ["value", "signature", "another salt", "no hour", "empty"])
def test_a_spoilt_pass_lets_nobody_in(monkeypatch: pytest.MonkeyPatch, spoil: str) -> None:
    name, _, value = pass_cookie(AT, monkeypatch=monkeypatch).partition("=")
    hour, _, signature = value.partition(".")
    signer = Signer(KEY, salt="alpines-privacy.age-pass")
    spoilt = {
        "value": f"{int(hour) + 1}.{signature}",
        "signature": f"{hour}.{signature[::-1]}",
        "another salt": Signer(KEY, salt="alpines-privacy.age-lock").sign(hour).decode(),
        "no hour": signer.sign("forever").decode(),
        "empty": "",
    }[spoil]
    assert lets_in(f"{name}={value}", AT, monkeypatch)
    assert not lets_in(f"{name}={spoilt}", AT, monkeypatch)


def test_a_pass_does_not_open_a_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    cookie = pass_cookie(AT, monkeypatch=monkeypatch)
    assert not lets_in(f"{cookie}; {LOCK}=x", AT, monkeypatch)


def test_passes_need_a_key_that_all_workers_share(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ALPINES_PRIVACY_SECRET_KEY")
    monkeypatch.setattr(secrets, "_made", [])
    with pytest.warns(PrivacyWarning, match="ALPINES_PRIVACY_SECRET_KEY is not set"):
        Guard(POLICY)
    Guard(
        PrivacyPolicy(signups=[Signup("/register", birth_date="dob")])
    )  # locks need none: no warning


# ----------------------------------------------------------------------------- caches and other pages


@pytest.mark.parametrize(
    ("given_", "left"),
    [
        ([], "private"),
        ([("Cache-Control", "public, max-age=60")], "max-age=60, private"),
        ([("Cache-Control", "no-store")], "no-store"),
    ],
)
def test_no_shared_cache_shows_the_page_to_somebody_else(given_: list[Field], left: str) -> None:
    def app(environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain"), *given_])
        return [b"x"]

    v = visitor(wsgi.PrivacyMiddleware(app, POLICY))
    answer_screen(v, ADULT)
    page = v.get("/join")
    assert page.headers["cache-control"] == left
    assert "Cookie" in page.vary
    other = v.get("/elsewhere")
    assert other.headers.get("cache-control") == (given_[0][1] if given_ else None)
    assert "vary" not in other.headers


# -------------------------------------------------------------------------------- texts and template

URDU = AgeScreen(
    language="ur",
    direction="rtl",
    order=["year", "month", "day"],
    title="تاریخِ پیدائش",
    introduction="جاری رکھنے کے لیے اپنی تاریخِ پیدائش لکھیں",
    day="دن",
    month="مہینہ",
    year="سال",
    button="جاری رکھیں",
    refused_title="<اکاؤنٹ>",
)


def test_texts_and_their_language_are_the_operators() -> None:
    with site_of("WSGI", PrivacyPolicy(age_screen=URDU, signups=POLICY.signups)) as made:
        v = made.visitor()
        screen = v.get("/join").text
        assert '<html lang="ur" dir="rtl">' in screen
        assert re.findall(r'name="(year|month|day)"', screen) == ["year", "month", "day"]
        for text in (URDU.title, URDU.introduction, URDU.day, URDU.month, URDU.year, URDU.button):
            assert text in screen
        assert "&lt;اکاؤنٹ&gt;" in answer_screen(v, CHILD).text


def test_the_apps_own_page_holds_all_of_it(tmp_path: Path) -> None:
    template = tmp_path / "screen.html"
    template.write_text(
        "<html lang=$language><title>$title</title><nav>Tea &amp; $$</nav>$content", "utf-8"
    )
    policy = tmp_path / "alpines-privacy.toml"
    policy.write_text(
        'age_screen = {template = "screen.html", title = "Born?"}\n[[signups]]\npath = "/join"\nscreen = true\n'
    )
    with site_of("WSGI", PrivacyPolicy.load(policy)) as made:
        v = made.visitor()
        screen = v.get("/join")
        assert screen.text.startswith(
            "<html lang=en><title>Born?</title><nav>Tea &amp; $</nav><form"
        )
        assert "style-src 'self' 'unsafe-inline'" in screen.headers["content-security-policy"]
        assert "<nav>" in answer_screen(v, CHILD).text


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (None, "screen.html cannot be read: No such file or directory"),
        (b"\xff", "screen.html is not UTF-8 (byte 0)"),
        (b"<title>$title</title>", "screen.html lacks $content; expected it where the texts and the form go"),
        (b"$content $contents", 'screen.html holds $contents, which nothing fills (did you mean "content"?)'),
        (b"$content costs $5", "screen.html holds a $ that begins no placeholder; expected $$ for a dollar sign"),
    ],
)  # fmt: skip
def test_a_template_that_cannot_be_used_is_an_error_at_start_up(
    tmp_path: Path, text: bytes | None, says: str
) -> None:
    template = tmp_path / "screen.html"
    if text is not None:
        template.write_bytes(text)
    screen = AgeScreen(template=str(template))
    with pytest.raises(PolicyError) as error:
        Guard(PrivacyPolicy(age_screen=screen, signups=POLICY.signups))
    assert says in str(error.value)
    assert error.value.key == "age_screen.template"


# ---------------------------------------------------------------------------- what a visitor sees


def test_no_page_tells_what_age_is_asked_for(site: Site) -> None:
    v = site.visitor()
    pages = [
        v.get("/join"),
        answer_screen(v, SLIPS["empty"]),
        v.post("/_privacy/age", data=CHILD, headers={"sec-fetch-site": "cross-site"}),
        answer_screen(v, ADULT | {"x": "x" * 9000}),
        answer_screen(v, CHILD),
    ]
    assert [page.status_code for page in pages] == [200, 422, 403, 413, 403]
    for page in pages:
        assert_neutral(page.text)
        assert "<script" not in page.text


def test_the_page_would_be_caught_if_it_told() -> None:
    for hint in ("You must be 13", "Ask your parents", "thirteen", '<input min="13">', "too young"):
        with pytest.raises(AssertionError):
            assert_neutral(f"<p>{hint}</p>")


@contextmanager
def served() -> Iterator[str]:
    def app(environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "text/html")])
        return [b"<!doctype html><title>In</title><h1>Choose a name</h1>"]

    class Quiet(WSGIRequestHandler):
        def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - werkzeug's name
            pass

    server = make_server("127.0.0.1", 0, protect(app, POLICY), threaded=True, request_handler=Quiet)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_browser_without_scripts_and_without_a_mouse_walks_through() -> None:
    """Fill in, slip, mend, pass; in a new profile: refused, back, another year, refused."""
    with served() as home, chromium() as browser:
        page = visit(browser, f"{home}/clubs/chess/join?from=home", java_script_enabled=False)
        _type_date(page, "31", "2", "1990")
        assert page.get_by_role("alert").is_visible()
        kept = [page.locator(f"#{name}").input_value() for name in ("day", "month", "year")]
        assert kept == ["31", "2", "1990"]
        page.locator("#day").select_text()
        page.keyboard.type("3")  # the one that was wrong
        with page.expect_navigation():
            page.keyboard.press("Enter")
        assert page.url == f"{home}/clubs/chess/join?from=home"
        assert page.get_by_role("heading").inner_text() == "Choose a name"

        page = visit(browser, f"{home}/join", java_script_enabled=False)
        _type_date(page, "3", "2", "2020")
        heading = page.get_by_role("heading").inner_text()
        assert heading == "We cannot create an account"
        page.go_back()
        page.goto(f"{home}/clubs/chess/join")
        assert page.get_by_role("heading").inner_text() == heading


def test_the_screen_fits_and_can_be_read() -> None:
    with served() as home, chromium() as browser:
        for width in (1280, 360, 320):
            size: Any = {"width": width, "height": 720}
            for scheme in ("light", "dark"):
                look: Any = {"color_scheme": scheme, "viewport": size}
                page = visit(browser, f"{home}/join", **look)
                _can_be_read(page, width)
                with page.expect_navigation():
                    page.get_by_role("button", name="Continue").click()
                assert page.get_by_label("Day", exact=True).get_attribute("aria-invalid") == "true"
                _can_be_read(page, width)


def _can_be_read(page: Page, width: int) -> None:
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    tops = page.evaluate(
        "[...document.querySelectorAll('.date input')].map(i => i.getBoundingClientRect().top)"
    )
    assert len(tops) == 3
    assert len(set(tops)) == 1, "the fields stand in one line"
    assert min(page.evaluate(CONTRASTS)) >= 4.5  # WCAG 2.2, 1.4.3
    assert page.get_by_role("group", name="Your date of birth").count() == 1
    for name in ("Day", "Month", "Year"):
        box = page.get_by_label(name, exact=True)
        assert box.input_value() == ""
        assert box.get_attribute("autocomplete") == f"bday-{name.lower()}"


def _type_date(page: Page, *numbers: str) -> None:
    page.locator("#day").focus()
    for number in numbers:
        page.keyboard.type(number)
        page.keyboard.press("Tab")
    with page.expect_navigation():
        page.keyboard.press("Enter")


# The contrast of every text with what is behind it (WCAG 2.2, relative luminance).
CONTRASTS = """() => {
  const light = color => {
    const part = color.match(/[0-9.]+/g).slice(0, 3).map(n => n / 255)
      .map(n => n <= .04045 ? n / 12.92 : ((n + .055) / 1.055) ** 2.4);
    return .2126 * part[0] + .7152 * part[1] + .0722 * part[2];
  };
  const ground = element => {
    for (let e = element; e; e = e.parentElement) {
      const color = getComputedStyle(e).backgroundColor;
      if (!/, 0\\)$/.test(color)) return color;
    }
    return "rgb(255, 255, 255)";
  };
  return [...document.querySelectorAll("h1, p, label, button, input")].map(e => {
    const [a, b] = [light(getComputedStyle(e).color), light(ground(e))].sort((x, y) => y - x);
    return (a + .05) / (b + .05);
  });
}"""
