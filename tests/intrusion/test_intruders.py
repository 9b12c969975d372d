"""§6, intruders: failed logins are counted by client and account, and who has too many waits."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import pytest

from alpines_privacy import Intrusion, LoginRoute, PolicyError, PrivacyPolicy, current, protect
from alpines_privacy.events import access_locked
from alpines_privacy.guard import Guard
from alpines_privacy.intrusion import Intruders
from alpines_privacy.intrusion.shared import Counting
from alpines_privacy.intrusion.who import Hashes
from alpines_privacy.testing import Response, visitor
from alpines_privacy.wsgi import PrivacyMiddleware
from tests.intrusion.logins import ANSWERS, FORM, KINDS, RIGHT, Site, login_site
from tests.support.secret_keys import KEY

HOME, ELSEWHERE, THIRD = "198.51.100.7", "203.0.113.9", "2001:db8:1:200::5"
ROUTE = LoginRoute(path="/login", account="username")


def policy_of(*logins: LoginRoute, **more: Any) -> PrivacyPolicy:
    """Return a policy: three failures lock an account out, six a client."""
    given = {"account_failures": 3, "client_failures": 6} | more.pop("intrusion", {})
    return PrivacyPolicy(intrusion=Intrusion(logins=logins or (ROUTE,), **given), **more)


class Clock:
    """Seconds since the epoch, as a test sets them."""

    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


class Bare(NamedTuple):
    """A bare WSGI app whose answer a test sets, protected, with a set clock."""

    app: Any
    clock: Clock
    answer: list[Any]  # status, fields, body; or what to call

    def post(self, path: str = "/login", address: str = HOME, **more: Any) -> Response:
        more = more or {"data": {"username": "mira"}}
        return visitor(self.app, address=address).post(path, **more)


def bare(policy: PrivacyPolicy) -> Bare:
    assert policy.intrusion is not None
    clock = Clock()
    answer: list[Any] = ["401 No", [("Content-Type", "text/plain")], b"no"]

    def app(environ: Any, start_response: Any) -> list[bytes]:
        environ["wsgi.input"].read()
        status, fields, body = answer[0](environ) if callable(answer[0]) else answer
        start_response(status, fields)
        return [body]

    promise = Intruders(policy.intrusion, Hashes(KEY), Counting(policy.intrusion, None, clock))
    return Bare(PrivacyMiddleware(app, Guard(policy, promises=[promise])), clock, answer)


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def site(kind: str) -> Iterator[Site]:
    with login_site(kind, policy_of(LoginRoute(path=KINDS[kind].path, account="username"))) as made:
        yield made


def sign_in(site: Site, name: str, password: str, address: str, **fields: str) -> Response:
    client = visitor(site.app, address=address, headers=fields)
    return client.post(site.kind.path, **site.body(name, password))


def test_the_third_failure_locks_an_account_for_all_but_the_place_of_its_last_success(
    site: Site,
) -> None:
    assert sign_in(site, "mira", RIGHT, HOME).status_code in {200, 302}
    assert {sign_in(site, "mira", "guess", ELSEWHERE).status_code for _ in range(3)} <= ANSWERS
    locked = sign_in(site, "mira", RIGHT, ELSEWHERE)
    assert locked.status_code == 429
    assert 1 <= int(locked.headers["retry-after"]) <= 60
    assert sign_in(site, "mira", RIGHT, THIRD).status_code == 429
    assert sign_in(site, "omar", RIGHT, THIRD).status_code in {200, 302}
    assert sign_in(site, "mira", RIGHT, "198.51.100.200").status_code in {
        200,
        302,
    }  # of the same /24


def test_the_sixth_failure_locks_a_client_for_all_accounts(site: Site) -> None:
    for number in range(6):
        assert (
            sign_in(site, f"somebody {number}", "guess", "2001:db8:1:2::1").status_code in ANSWERS
        )
    assert sign_in(site, "mira", RIGHT, "2001:db8:1:fe::2").status_code == 429  # of the same /56
    assert sign_in(site, "mira", RIGHT, "2001:db8:1:100::1").status_code in {200, 302}


def test_successes_lock_nobody_and_take_no_failure_back(site: Site) -> None:
    for _ in range(8):
        assert sign_in(site, "omar", RIGHT, HOME).status_code in {200, 302}
    for number in range(6):  # an intruder with an account of their own in between
        assert sign_in(site, f"somebody {number}", "guess", ELSEWHERE).status_code in ANSWERS
        sign_in(site, "omar", RIGHT, ELSEWHERE)
    assert sign_in(site, "omar", RIGHT, ELSEWHERE).status_code == 429


@pytest.mark.parametrize("signal", [{}, {"DNT": "1"}, {"Sec-GPC": "1"}])
def test_no_cookie_is_needed_under_any_signal(site: Site, signal: dict[str, str]) -> None:
    for _ in range(3):
        assert "set-cookie" not in sign_in(site, "mira", "guess", ELSEWHERE, **signal).headers
    locked = sign_in(site, "mira", RIGHT, ELSEWHERE, **signal)
    assert locked.status_code == 429
    assert "set-cookie" not in locked.headers


# What a view answers, and what it counts as: a failure, a success, or neither.
VERDICTS: dict[str, tuple[str, list[tuple[str, str]], bytes, str]] = {
    "401": ("401 No", [("Content-Type", "application/json")], b"{}", "failed"),
    "403": ("403 No", [], b"", "failed"),
    "422": ("422 No", [], b"", "failed"),
    "400": ("400 No", [], b"", "failed"),
    "404": ("404 No", [], b"", "neither"),
    "500": ("500 No", [], b"", "neither"),
    "JSON": ("200 OK", [("Content-Type", "application/json")], b"{}", "succeeded"),
    "204": ("204 OK", [], b"", "succeeded"),
    "away": ("302 OK", [("Location", "/home")], b"", "succeeded"),
    "back": ("302 OK", [("Location", "/login")], b"", "failed"),
    "back, relative": ("303 OK", [("Location", "login?e=1")], b"", "failed"),
    "back, whole": ("302 OK", [("Location", "http://testserver/login#e")], b"", "failed"),
    "to another site's": ("302 OK", [("Location", "https://id.example/login")], b"", "succeeded"),
    "to the page of failures": ("302 OK", [("Location", "/sorry/1")], b"", "failed"),
    "an address that is none": ("302 OK", [("Location", "http://[")], b"", "succeeded"),
    "the form again": ("200 OK", [("Content-Type", "text/html")], FORM.encode(), "failed"),
    "the form, untyped": ("200 OK", [], b"<!doctype html>" + FORM.encode(), "failed"),
    "a second step": ("200 OK", [("Content-Type", "text/html")], b"<input name=code>", "neither"),
}


@pytest.mark.parametrize("name", VERDICTS)
def test_a_response_tells_how_a_login_ended(name: str) -> None:
    status, fields, body, verdict = VERDICTS[name]
    route = LoginRoute(path="/login", account="username", failure_redirects=["/sorry/*"])
    made = bare(policy_of(route))
    made.answer[:] = [status, fields, body]
    for _ in range(3):
        assert made.post().status_code == int(status[:3])
    made.answer[:] = ["401 No", [], b""]
    assert (made.post().status_code == 429) is (verdict == "failed")
    for _ in range(3):
        made.post(address=ELSEWHERE)
    assert (made.post().status_code == 401) is (verdict == "succeeded")  # a known place


def test_a_page_again_is_nothing_where_the_policy_says_so() -> None:
    made = bare(policy_of(LoginRoute(path="/login", account="username", page_again=False)))
    made.answer[:] = ["200 OK", [("Content-Type", "text/html")], FORM.encode()]
    assert {made.post().status_code for _ in range(9)} == {200}


# ------------------------------------------------------------------------------ the app's own word


def told(*words: str, **answer: Any) -> Callable[[Any], Any]:
    """Return a view that says how a login ended, and answers 200 in JSON, or raises."""

    def view(_: Any) -> Any:
        for word in words:
            name, _, account = word.partition(" ")
            getattr(current(), f"login_{name}")(*([account] if account else []))
        if "raises" in answer:
            raise RuntimeError("boom")
        return "200 OK", [("Content-Type", "application/json")], b"{}"

    return view


def test_what_the_app_says_goes_before_the_status() -> None:
    made = bare(policy_of())
    made.answer[:] = [told("failed")]
    assert [made.post().status_code for _ in range(4)] == [200, 200, 200, 429]


def test_its_last_word_counts() -> None:
    """One backend does not know the user, the next one does."""
    made = bare(policy_of())
    made.answer[:] = [told("failed", "succeeded")]
    assert {made.post().status_code for _ in range(9)} == {200}


def test_an_attempt_that_is_told_of_twice_counts_once() -> None:
    """The complaint: the same attempt was counted twice, once without a name (django-axes#62)."""
    made = bare(policy_of())

    def view(_: Any) -> Any:
        current().login_failed("mira")
        current().login_failed()
        current().login_failed("MIRA")
        return "401 No", [], b""

    made.answer[:] = [view]
    assert [made.post().status_code for _ in range(4)] == [401, 401, 401, 429]


def test_a_failure_that_is_answered_and_then_raised_counts_once() -> None:
    made = bare(policy_of())

    def app(environ: Any, start_response: Any) -> Iterator[bytes]:
        current().login_failed()
        start_response("401 No", [])
        yield b"no"
        raise RuntimeError("boom")

    made.app.app = app
    for _ in range(3):
        with pytest.raises(RuntimeError):
            made.post()
    assert made.post().status_code == 429


def test_a_failure_that_ends_in_an_exception_counts() -> None:
    made = bare(policy_of())
    made.answer[:] = [told("failed", raises=True)]
    for _ in range(3):
        with pytest.raises(RuntimeError):
            made.post()
    assert made.post().status_code == 429


def test_a_proof_elsewhere_opens_the_account_from_there() -> None:
    """After a reset of the password by mail an account that others have locked can be reached."""
    made = bare(policy_of())
    for _ in range(3):
        made.post(address=ELSEWHERE)
    assert made.post().status_code == 429
    made.answer[:] = [told("succeeded mira")]
    assert made.post("/reset/7f3a").status_code == 200
    assert made.post().status_code == 200
    assert made.post(address=ELSEWHERE).status_code == 429


def test_failures_that_are_told_of_on_other_paths_count_too() -> None:
    made = bare(policy_of())
    made.answer[:] = [told("failed mira")]
    assert {made.post("/api/session").status_code for _ in range(3)} == {200}
    assert made.post().status_code == 429


def _wrong(environ: Any, start_response: Any) -> list[bytes]:
    start_response("401 No", [])
    return [b""]


def test_policies_of_several_hosts_count_apart() -> None:
    one, other = (PrivacyMiddleware(_wrong, policy_of()) for _ in range(2))
    for _ in range(3):
        assert (
            visitor(one, address=HOME).post("/login", data={"username": "mira"}).status_code == 401
        )
    assert visitor(one, address=HOME).post("/login", data={"username": "mira"}).status_code == 429
    assert visitor(other, address=HOME).post("/login", data={"username": "mira"}).status_code == 401


def test_nobody_counts_where_the_policy_declares_nothing() -> None:
    def app(environ: Any, start_response: Any) -> list[bytes]:
        current().login_failed("mira")
        start_response("200 OK", [])
        return [b""]

    assert visitor(protect(app)).get("/").status_code == 200


# ------------------------------------------------------------------------------------ lock-outs


def test_each_lock_out_is_twice_as_long_up_to_the_longest() -> None:
    made = bare(
        policy_of(intrusion={"longest_lockout": 200, "window": 7200, "client_failures": 99})
    )
    assert [made.post().status_code for _ in range(3)] == [401] * 3
    for seconds in (60, 120, 200, 200):
        locked = made.post()
        assert (locked.status_code, locked.headers["retry-after"]) == (429, str(seconds))
        made.clock.now += seconds - 1
        assert made.post().headers["retry-after"] == "1"
        made.clock.now += 1
        assert made.post().status_code == 401  # one more guess, and the next lock-out


def test_attempts_during_a_lock_out_do_not_make_it_longer() -> None:
    made = bare(policy_of())
    for _ in range(50):
        made.post()
    made.clock.now += 60
    assert made.post().status_code == 401


def test_failures_before_the_window_do_not_count() -> None:
    made = bare(policy_of(intrusion={"window": 60}))
    made.post(), made.post()
    made.clock.now += 121
    assert [made.post().status_code for _ in range(3)] == [401] * 3


@pytest.mark.parametrize(
    "name",
    [
        "MIRA",
        " mira\t",
        "\uff4d\uff49\uff52\uff41",
        "Mira\u2009",
        "\U0001d4c2\U0001d4be\U0001d4c7\U0001d4b6",
        "m\u00edra",  # MySQL's collations compare without accents, and without what is invisible
        "mira\u0301",
        "mi\u00adra",
        "\u200bmi\u200bra\u2060",
        "\u00a0" * 2000 + "mira",
        "\u200b" * 2000 + "mira",
    ],
)
def test_forms_of_a_name_are_one_account(name: str) -> None:
    made = bare(policy_of())
    for given in ("mira", name, "Mira"):
        assert made.post(data={"username": given}).status_code == 401
    assert made.post(data={"username": name}).status_code == 429
    assert made.post(data={"username": "mirab"}).status_code == 401


def test_a_place_is_known_for_one_spelling_of_a_name() -> None:
    made = bare(policy_of())
    guess: dict[str, Any] = {"data": {"username": "mira"}}
    own: dict[str, Any] = {"data": {"username": "m\u00edra"}}
    made.answer[:] = ["200 OK", [("Content-Type", "application/json")], b"{}"]
    assert made.post(**own, address=ELSEWHERE).status_code == 200
    made.answer[:] = ["401 No", [], b""]
    for number in range(3):
        assert made.post(**guess, address=f"203.0.113.{number}").status_code == 401
    assert made.post(**guess, address=ELSEWHERE).status_code == 429
    assert made.post(**own, address=ELSEWHERE).status_code == 401


def coded_part(coding: str, content: bytes, charset: str = "") -> dict[str, Any]:
    """Return an attempt of one part, which Django decodes by its Content-Transfer-Encoding."""
    head = f'Content-Disposition: form-data; name="username"\r\nContent-Transfer-Encoding: {coding}'
    return {
        "content": b"--B\r\n" + head.encode() + b"\r\n\r\n" + content + b"\r\n--B--\r\n",
        "headers": {"content-type": f"multipart/form-data; boundary=B{charset}"},
    }


ATTEMPTS: dict[str, Callable[[], dict[str, Any]]] = {
    "form": lambda: {"data": {"username": "mira", "password": "x"}},
    "JSON": lambda: {"json": {"username": "mira"}},
    "JSON said to be a form": lambda: {
        "content": b'{"username": "mira"}',
        "headers": {"content-type": "application/x-www-form-urlencoded"},
    },
    "no type": lambda: {"content": b"username=mira"},
    "UTF-16": lambda: {
        "content": '{"username": "mira"}'.encode("utf-16"),
        "headers": {"content-type": "application/json"},
    },
    "repeated": lambda: {"data": {"username": ["decoy", "mira"]}},
    "within another's value": lambda: {"json": {"username": "decoy", "x": "&username=mira&"}},
    "semicolons": lambda: {
        "content": b"a=1;username=mira",
        "headers": {"content-type": "application/x-www-form-urlencoded"},
    },
    "base64 of a part": lambda: coded_part("base64", b"bWlyYQ=="),
    "quoted-printable of a part": lambda: coded_part("Quoted-Printable", b"=6dira"),
    "basic": lambda: {"headers": {"authorization": "Basic bWlyYTp4"}, "content": b""},
}


@pytest.mark.parametrize("name", ATTEMPTS)
@pytest.mark.parametrize(
    "path", ["/login", "/LOGIN/", "http://testserver//login", "/login;v=1", "/x/../login"]
)
def test_no_spelling_of_an_attempt_escapes_the_count_of_its_account(name: str, path: str) -> None:
    made = bare(policy_of(intrusion={"client_failures": 100}))
    for number in range(3):
        assert made.post(path, f"203.0.113.{number}", **ATTEMPTS[name]()).status_code == 401
    assert made.post(address=THIRD).status_code == 429


def test_the_query_names_an_account_too() -> None:
    made = bare(policy_of())
    for _ in range(3):
        made.post("/login?username=mira", content=b"")
    assert made.post(address=THIRD).status_code == 429


def test_nested_fields_and_several_of_them() -> None:
    route = LoginRoute(path="/login", account=("user.email", "user.phone"))
    made = bare(policy_of(route))
    for _ in range(3):
        assert made.post(json={"user": {"email": "m@a.example"}}).status_code == 401
    assert made.post(json={"user": {"phone": "M@a.example"}}).status_code == 429
    assert made.post(json={"email": "m@a.example"}).status_code == 401


def test_a_success_under_two_names_makes_no_place_known_for_either() -> None:
    """Else whoever has an account of their own would open a way to another's."""
    made = bare(policy_of())
    made.answer[:] = ["200 OK", [("Content-Type", "application/json")], b"{}"]
    made.post("/login?username=mira", ELSEWHERE, data={"username": "intruder"})
    made.answer[:] = ["401 No", [], b""]
    for number in range(3):
        made.post(address=f"192.0.{number}.1")
    assert made.post(address=ELSEWHERE).status_code == 429


def test_a_success_of_a_body_that_parsers_read_apart_makes_no_place_known() -> None:
    made = bare(policy_of())
    made.answer[:] = ["200 OK", [("Content-Type", "application/json")], b"{}"]
    made.post(address=ELSEWHERE, content=b"username=mira", headers={"content-type": "text/plain"})
    made.answer[:] = ["401 No", [], b""]
    for number in range(3):
        made.post(address=f"192.0.{number}.1")
    assert made.post(address=ELSEWHERE).status_code == 429


def test_odd_bodies_are_refused_unread() -> None:
    made = bare(policy_of())
    assert made.post(content=b"username=" + b"a" * 70_000).status_code == 413
    names = "&".join(f"username=a{number}" for number in range(9)).encode()
    assert made.post(content=names).status_code == 422
    assert made.post(content=b"").status_code == 401
    assert made.post(content=b"\xff\xfe\x00{").status_code == 401


@pytest.mark.parametrize("charset", ["utf-7", "cp037", "unicode_escape", "punycode"])
def test_a_name_in_a_charset_that_hides_it_is_refused(charset: str) -> None:
    """Starlette and Django decode the parts of a form by the charset that its Content-Type names."""
    made = bare(policy_of())
    odd = coded_part("8bit", b"m+AGk-ra", f"; charset={charset}")
    assert made.post(**odd).status_code == 422
    assert made.post(**coded_part("8bit", b"mira", "; charset=utf-8")).status_code == 401


def test_guesses_at_the_same_moment_do_not_all_pass() -> None:
    """The first is counted only when it is answered, so no more are under way than may fail."""
    made, waiting, let_go = bare(policy_of()), threading.Semaphore(0), threading.Event()

    def view(_: Any) -> Any:
        waiting.release()
        let_go.wait(60)
        return "401 No", [], b""

    made.answer[:] = [view]
    with ThreadPoolExecutor(3) as pool:
        begun = [pool.submit(made.post) for _ in range(3)]
        for _ in range(3):
            assert waiting.acquire(timeout=60)
        late = made.post()
        let_go.set()
        assert [each.result().status_code for each in begun] == [401] * 3
    assert (late.status_code, late.headers["retry-after"]) == (429, "1")


def test_what_is_allowed_is_neither_locked_nor_counted() -> None:
    made = bare(policy_of(intrusion={"allow": ["198.51.100.0/24", "2001:db8:5::/48"]}))
    assert {made.post().status_code for _ in range(9)} == {401}
    assert {made.post(address="2001:db8:5::1").status_code for _ in range(9)} == {401}
    assert {made.post(address="::ffff:198.51.100.9").status_code for _ in range(9)} == {401}
    assert made.post(address=ELSEWHERE).status_code == 401


def test_the_answer_is_a_page_for_people_and_a_problem_for_programs() -> None:
    made = bare(policy_of())
    for _ in range(3):
        made.post()
    page = made.post(headers={"accept": "text/html"}, data={"username": "mira"})
    assert page.headers["content-type"].startswith("text/html")
    assert "1 minute" in page.text
    problem = made.post(json={"username": "mira"})
    assert problem.headers["content-type"] == "application/problem+json"
    assert problem.json()["status"] == 429
    for answer in (page, problem):
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["retry-after"] == "60"
        assert "mira" not in answer.text


def test_an_event_says_which_route_which_kind_and_how_long_and_no_name(
    caplog: pytest.LogCaptureFixture,
) -> None:
    told_of: list[dict[str, Any]] = []

    def note(_: object, **what: Any) -> None:
        told_of.append(what)

    made = bare(policy_of())
    with caplog.at_level(logging.DEBUG), access_locked.connected_to(note):
        for number in range(3):
            made.post()
            made.post(data={"username": f"other {number}"})
        made.post(), made.post()
    assert told_of == [
        {"route": "/login", "kind": "account", "seconds": 60},
        {"route": "/login", "kind": "client", "seconds": 60},
    ]
    assert "an account is locked out for 60 seconds" in caplog.text
    assert [secret for secret in ("mira", HOME, "198.51") if secret in caplog.text] == []


def test_a_receiver_that_raises_changes_nothing() -> None:
    def fail(_: object, **__: Any) -> None:
        raise RuntimeError("boom")

    made = bare(policy_of())
    with access_locked.connected_to(fail):
        assert [made.post().status_code for _ in range(4)] == [401, 401, 401, 429]


# ---------------------------------------------------------------------------- modes, exemptions


def test_report_mode_refuses_nobody_and_says_what_it_would_do(
    caplog: pytest.LogCaptureFixture,
) -> None:
    made = bare(policy_of(mode="report"))
    assert {made.post().status_code for _ in range(9)} == {401}
    assert "would have been answered 429" in caplog.text


@pytest.mark.parametrize("more", [{"mode": "off"}, {"exempt": ["/login"]}])
def test_modes_and_paths_that_are_left_alone(more: dict[str, Any]) -> None:
    made = bare(policy_of(**more))
    assert {made.post().status_code for _ in range(9)} == {401}


def test_an_app_exempts_a_response() -> None:
    made = bare(policy_of())

    def view(_: Any) -> Any:
        current().exempt("intrusion")
        return "401 No", [], b""

    made.answer[:] = [view]
    assert {made.post().status_code for _ in range(9)} == {401}


def test_other_paths_and_methods_are_left_alone() -> None:
    made = bare(policy_of())
    assert {made.post("/elsewhere").status_code for _ in range(9)} == {401}
    assert {visitor(made.app, address=HOME).get("/login").status_code for _ in range(9)} == {401}
    assert made.post().status_code == 401


@pytest.mark.parametrize("name", ["X-HTTP-Method-Override", "X-Method-Override"])
def test_a_method_that_a_field_overrides_counts(name: str) -> None:
    made = bare(policy_of())
    for _ in range(3):
        client = visitor(made.app, address=HOME, headers={name: "post"})
        assert client.put("/login", data={"username": "mira"}).status_code == 401
    assert made.post().status_code == 429


def test_parameters_and_mounts() -> None:
    made = bare(policy_of(LoginRoute(path="/clubs/{club}/login", account="username")))
    for club in "abc":
        assert made.post(f"/clubs/{club}/login").status_code == 401
    assert made.post("/clubs/d/login").status_code == 429
    assert made.post("/clubs/d/e/login").status_code == 401


def test_what_is_not_declared_costs_nothing() -> None:
    code = (
        "import sys; from alpines_privacy import PrivacyPolicy; from alpines_privacy.guard import Guard;"
        "guard = Guard(PrivacyPolicy()); print('limits' in sys.modules, 'redis' in sys.modules,"
        "'intrusion' in guard.runtime.parts, any('ntrusion' in str(h) for h in guard.on_request + guard.on_end))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603 - our own code
    assert run.stdout.split() == ["False"] * 4


# ----------------------------------------------------------------------- which address counts


def test_behind_a_proxy_one_visitor_does_not_lock_out_all() -> None:
    """The complaint: behind a proxy every visitor has its address (axes#23, wger#1521)."""
    made = bare(policy_of(trusted_proxies=["10.0.0.1"], intrusion={"account_failures": 99}))

    def post(visitor_address: str) -> int:
        fields = {"X-Forwarded-For": visitor_address}
        client = visitor(made.app, address="10.0.0.1", headers=fields)
        return client.post("/login", data={"username": "mira"}).status_code

    assert [post(HOME) for _ in range(7)] == [401] * 6 + [429]
    assert post(ELSEWHERE) == 401
    assert post(f"{HOME}, {THIRD}") == 401  # what a visitor writes before the proxy's word


def test_the_header_of_a_peer_that_nobody_trusts_does_not_count() -> None:
    made = bare(policy_of(intrusion={"account_failures": 99}))
    statuses = []
    for number in range(7):
        fields = {"X-Forwarded-For": f"192.0.{number}.1"}
        client = visitor(made.app, address=ELSEWHERE, headers=fields)
        statuses.append(client.post("/login", data={"username": "mira"}).status_code)
    assert statuses == [401] * 6 + [429]


def test_at_start_up_it_says_which_address_counts(caplog: pytest.LogCaptureFixture) -> None:
    """The complaint: without a package nobody knew of, the peer's was taken in silence (QFieldCloud#1836)."""
    with caplog.at_level(logging.INFO):
        Guard(policy_of())
        Guard(policy_of(trusted_proxies=["10.0.0.1", "unix"]))
    assert "by the address of the peer" in caplog.messages[0]
    assert "by the address that the trusted proxies (2 declared) forward" in caplog.messages[1]


@pytest.mark.parametrize(
    ("addresses", "warns"),
    [
        (["10.0.0.1"] * 3, True),
        (["127.0.0.1"] * 3, True),
        (["fd00::1"] * 3, True),
        (["10.0.0.1"] * 2, False),
        (["10.0.0.1", "10.0.7.1", "10.0.0.1", "10.0.0.1"], False),
        ([HOME] * 3, False),
    ],
)
def test_it_warns_when_all_failures_come_from_one_private_address(
    addresses: list[str], warns: bool, caplog: pytest.LogCaptureFixture
) -> None:
    made = bare(policy_of())
    for number, address in enumerate(addresses):
        made.post(address=address, data={"username": f"somebody {number}"})
    assert ("came from one private address" in caplog.text) is warns
    assert [address for address in addresses if address in caplog.text] == []


def test_without_an_address_accounts_are_counted_and_it_is_said(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The complaint: the address was empty, and all visitors one client (axes#632, #1099)."""
    made = bare(policy_of())
    for number in range(9):
        assert made.post(address="", data={"username": f"somebody {number}"}).status_code == 401
    assert caplog.text.count("without a client's address") == 1
    for _ in range(3):
        made.post(address="")
    assert made.post(address="").status_code == 429


# --------------------------------------------------------------------------------- the policy

WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "no logins": ({"logins": []}, "intrusion.logins: is empty"),
    "missing": ({}, "intrusion.logins: is missing"),
    "a path": ({"logins": [{"path": "login"}]}, "intrusion.logins[0].path: 'login' is no path"),
    "twice": ({"logins": [{"path": "/a"}, {"path": "/a"}]}, 'logins[1].path: "/a" is declared twice'),
    "a method": ({"logins": [{"path": "/a", "methods": ["post"]}]}, "methods[0]: 'post' is no method"),
    "no methods": ({"logins": [{"path": "/a", "methods": []}]}, "methods: is empty"),
    "a field": ({"logins": [{"path": "/a", "account": [""]}]}, "account: is empty"),
    "a status": ({"logins": [{"path": "/a", "failure_statuses": [99]}]}, "failure_statuses[0]: found 99"),
    "a redirect": ({"logins": [{"path": "/a", "failure_redirects": ["b"]}]}, "failure_redirects[0]: 'b'"),
    "a network": ({"logins": [{"path": "/a"}], "allow": ["10.0.0.1/8"]}, "intrusion.allow[0]: 10.0.0.1/8 has host"),
    "lock-outs": ({"logins": [{"path": "/a"}], "lockout": 90, "longest_lockout": 60}, "longest_lockout: is 60"),
    "none": ({"logins": [{"path": "/a"}], "account_failures": 0}, "account_failures: found 0"),
    "a storage": ({"logins": [{"path": "/a"}], "storage": "redis://:s3cret@"}, "storage: is no storage"),
    "unknown": ({"logins": [{"path": "/a"}], "windows": 3}, 'did you mean "window"'),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_table_is_told_by_its_key(name: str) -> None:
    table, expected = WRONG[name]
    with pytest.raises(PolicyError) as caught:
        PrivacyPolicy.from_mapping({"intrusion": table}, source="alpines-privacy.toml")
    assert expected in str(caught.value)
    assert "s3cret" not in str(caught.value)


def test_a_shared_storage_needs_a_shared_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ALPINES_PRIVACY_SECRET_KEY", raising=False)
    with pytest.raises(PolicyError, match="ALPINES_PRIVACY_SECRET_KEY"):
        Guard(policy_of(intrusion={"storage": "redis://127.0.0.1:6379/0"}))


@pytest.mark.parametrize(("address", "found"), [("", "is not set"), ("http://x", "is no address")])
def test_the_address_of_a_redis_may_stand_in_the_environment(
    address: str, found: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALPINES_PRIVACY_SECRET_KEY", KEY)
    monkeypatch.setenv("ALPINES_PRIVACY_REDIS_URL", address)
    with pytest.raises(PolicyError, match=found):
        Guard(policy_of(intrusion={"storage": "redis"}))
    monkeypatch.setenv("ALPINES_PRIVACY_REDIS_URL", "redis://127.0.0.1:6379/0")
    Guard(policy_of(intrusion={"storage": "redis"}))
