"""Policy §6, passwords: advice by length and guesses, its address, the meter's element, refusals where asked for."""

from __future__ import annotations

import json
import logging
import math
import sys
from typing import Any

import pytest
from flask import Flask, request
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from alpines_privacy import Passwords, PolicyError, PrivacyPolicy, Signup, current, protect
from alpines_privacy.passwords.strength import LONGEST, Strength
from alpines_privacy.testing import visitor

GOOD = "violet harbour seventeen lamps"
WEAK = "password12345678"  # long enough, and known to everybody
SHORT = "xk9#Qz!"
SIGNS = "aZ4@8(6<3#9!|1/0$5+7%2"  # each may be read as a letter, some as several
HERE = {"sec-fetch-site": "same-origin", "content-type": "application/json"}
PAGE = "<!doctype html><html><head><title>Join</title><script>1</script></head><body><form></form></body></html>"


def policy(**given: Any) -> PrivacyPolicy:
    rule = Passwords(**{"paths": ["/register", "/clubs/{club}/join"], **given})
    return PrivacyPolicy(passwords=rule)


def wsgi(rule: PrivacyPolicy, csp: str = "") -> Flask:
    app = Flask(__name__)
    app.seen = []  # type: ignore[attr-defined]  # what reaches the app

    @app.route("/<path:path>", methods=["GET", "POST", "PUT"])
    def any_path(path: str) -> Any:
        if request.method != "GET":
            app.seen.append(request.get_data())  # type: ignore[attr-defined]
        if "exempt" in request.args:
            current().exempt("passwords")
        headers = {"content-security-policy": csp} if csp else {}
        return PAGE, 200, headers

    protect(app, rule)
    return app


def asgi(rule: PrivacyPolicy, csp: str = "") -> Starlette:
    seen: list[bytes] = []

    async def any_path(request: Request) -> Response:
        if request.method != "GET":
            seen.append(await request.body())
        if "exempt" in request.query_params:
            current().exempt("passwords")
        return HTMLResponse(PAGE, headers={"content-security-policy": csp} if csp else None)

    app = Starlette(routes=[Route("/{path:path}", any_path, methods=["GET", "POST", "PUT"])])
    app.seen = seen  # type: ignore[attr-defined]
    protect(app, rule)
    return app


apps = pytest.mark.parametrize("make", [wsgi, asgi])


def ask(app: Any, password: str, *inputs: str, **headers: str) -> Any:
    body = json.dumps({"password": password, "inputs": inputs}).encode()
    return visitor(app).post("/_privacy/password", content=body, headers={**HERE, **headers})


# How good a password is

ADVICE = [
    # password, inputs, characters that are missing, is it good enough
    ("", (), 15, False),
    (SHORT, (), 8, False),
    ("a" * 15, (), 0, False),
    ("123456789012345", (), 0, False),
    (WEAK, (), 0, False),
    ("qwertyuiopasdfghjkl", (), 0, False),
    (GOOD, (), 0, True),
    ("nur kleine buchstaben genügen", (), 0, True),  # no kinds of characters are asked for
    ("Ayesha.Khan@1990", ("Ayesha Khan",), 0, False),
    ("ayesha@shop.example", ("ayesha@shop.example",), 0, False),
    ("AYESHAKHAN19901990", ("ayesha", "khan", "1990"), 0, False),
    (GOOD, ("Ayesha Khan", "violet@shop.example"), 0, True),
    ("ä" * 14, (), 1, False),
    ("a\u0308" * 15, (), 0, False),  # fifteen characters after NFC, not thirty
    ("\U0001f600" * 14, (), 1, False),  # a code point each
]  # fmt: skip


@pytest.mark.parametrize(("password", "inputs", "missing", "enough"), ADVICE)
def test_a_password_is_judged_by_length_and_guesses(
    password: str, inputs: tuple[str, ...], missing: int, enough: bool
) -> None:
    advice = Strength(Passwords()).advise(password, inputs)
    assert (advice.missing, advice.enough) == (missing, enough)
    assert 0 <= advice.score <= 4
    assert advice.text


@pytest.mark.parametrize(
    ("rule", "shortest"),
    [
        (Passwords(), 15),
        (Passwords(multi_factor=True), 8),
        (Passwords(minimum=20), 20),
        (Passwords(multi_factor=True, minimum=10), 10),
    ],
)
def test_the_shortest_password_is_that_of_nist(rule: Passwords, shortest: int) -> None:
    assert rule.shortest == shortest
    assert Strength(rule).advise("x" * (shortest - 1)).missing == 1
    assert Strength(rule).advise("x" * shortest).missing == 0


@given(st.text(max_size=200), st.lists(st.text(max_size=40), max_size=5))
def test_any_text_gets_advice_that_does_not_say_it(password: str, inputs: list[str]) -> None:
    advice = Strength(Passwords()).advise(password, inputs)
    assert advice.enough == (advice.missing == 0 and advice.score >= 3)
    if len(password) > 8 and password.strip():
        assert password not in advice.text


@pytest.mark.parametrize(
    "letter", ["a", "1", "aA1!", "4@$0", "a\u0308", "\u0301", "\U0001f600", "qwerty"]
)
def test_a_long_password_is_judged_by_its_beginning(letter: str) -> None:
    strength, long = Strength(Passwords()), (letter * 1_000_000)[:1_000_000]
    assert strength.advise(long) == strength.advise(long[:LONGEST])


def test_a_form_of_many_inputs_is_read_in_part() -> None:
    counted = iter(str(number) * 10 for number in range(10_000))
    Strength(Passwords()).advise(GOOD, counted)
    assert int(next(counted)[0]) < 5  # 20 were taken, perhaps one more


WRONG = [
    ({"minimum": 8}, "minimum", "at least 15"),
    ({"minimum": 7, "multi_factor": True}, "minimum", "from 8 to 64"),
    ({"paths": ["register"]}, "paths[0]", "no path"),
    ({"fields": []}, "fields", "empty"),
    ({"levels": ["bad", "good"]}, "levels", "five"),
    ({"score": 5}, "score", "found 5"),
    ({"min": 8}, "min", "unknown name"),
]  # fmt: skip


@pytest.mark.parametrize(("given", "key", "problem"), WRONG)
def test_a_wrong_table_says_which_key(given: dict[str, Any], key: str, problem: str) -> None:
    with pytest.raises(PolicyError) as error:
        Passwords(**given)
    assert error.value.key == key
    assert problem in error.value.problem


def test_without_paths_the_signups_count_and_one_of_both_is_needed() -> None:
    signups = [Signup("/join", birth_date="dob")]
    app = wsgi(PrivacyPolicy(passwords=Passwords(), signups=signups))
    assert b"passwords." in visitor(app).get("/join").content
    with pytest.raises(PolicyError, match=r"passwords\.paths"):
        wsgi(PrivacyPolicy(passwords=Passwords()))


@pytest.mark.parametrize("library", ["zxcvbn_rs_py", "limits"])
def test_a_missing_library_is_told_at_start(library: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(PolicyError, match=r"pip install 'alpines-privacy\[passwords\]'"):
        wsgi(policy())


# The address


@apps
def test_the_address_answers_with_a_score_and_never_the_password(make: Any) -> None:
    app = make(policy())
    answer = ask(app, GOOD)
    assert answer.status_code == 200
    assert json.loads(answer.content) == {
        "score": 4,
        "missing": 0,
        "enough": True,
        "text": "Very good",
    }
    assert answer.headers["cache-control"] == "no-store"
    weak = json.loads(ask(app, WEAK).content)
    assert not weak["enough"]
    assert app.seen == []  # the app saw none of it


@apps
def test_the_site_s_own_name_counts_against_a_password(make: Any) -> None:
    app = make(policy())
    body = json.dumps({"password": "northwindnorthwind!"}).encode()
    answer = visitor(app, base_url="http://northwind.example").post(
        "/_privacy/password", content=body, headers=HERE
    )
    assert json.loads(answer.content)["score"] <= 1


REFUSED = [
    ({"sec-fetch-site": "cross-site"}, b"{}", 403),
    ({"sec-fetch-site": "same-site"}, b"{}", 403),
    ({"content-type": "text/plain"}, b'{"password": "x"}', 415),
    ({"content-type": "application/x-www-form-urlencoded"}, b"password=x", 415),
    ({}, b"", 422),
    ({}, b"{}", 422),
    ({}, b"[]", 422),
    ({}, b'{"password": 1}', 422),
    ({}, b'{"password": "x", "more": 1}', 422),
    ({}, b'{"password": "\xff"}', 422),
    ({}, b'{"password": "' + b"x" * 1025 + b'"}', 422),
    ({}, b'{"password": "x", "inputs": [' + b'"a",' * 20 + b'"a"]}', 422),
    ({}, b"[" * 10_000, 422),
    ({}, b'{"password": "' + b"x" * 20_000 + b'"}', 413),
]  # fmt: skip


@apps
@pytest.mark.parametrize(("headers", "body", "status"), REFUSED)
def test_a_wrong_question_is_refused_without_its_text(
    make: Any, headers: dict[str, str], body: bytes, status: int
) -> None:
    answer = visitor(make(policy())).post(
        "/_privacy/password", content=body, headers={**HERE, **headers}
    )
    assert answer.status_code == status
    assert answer.headers["cache-control"] == "no-store"
    assert b"xxxx" not in answer.content


@apps
def test_only_a_post_of_this_origin_asks(make: Any) -> None:
    client = visitor(make(policy()))
    assert client.get("/_privacy/password?password=x").status_code == 405
    without = {"content-type": "application/json", "sec-fetch-site": "none"}
    assert (
        client.post("/_privacy/password", content=b'{"password": "x"}', headers=without).status_code
        == 403
    )


@apps
def test_a_network_asks_so_often_a_minute(make: Any) -> None:
    app = make(policy(per_minute=3))
    answers = [ask(app, GOOD) for _ in range(5)]
    assert [answer.status_code for answer in answers].count(200) in {
        3,
        5,
    }  # 5 where a minute ends between
    if answers[-1].status_code == 429:
        assert answers[-1].headers["retry-after"] == "60"


@apps
def test_no_log_holds_a_password(make: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    app = make(policy(refuse=True))
    secret = "unsaid words of a diary"
    ask(app, secret)
    visitor(app).post("/_privacy/password", content=secret.encode(), headers=HERE)
    visitor(app).post("/register", data={"password": "unsaid"})
    assert "unsaid" not in caplog.text


@apps
def test_after_a_defect_of_ours_the_app_does_not_get_the_question(
    make: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def defective(*_: object) -> None:
        raise ValueError(GOOD)

    app = make(policy())
    monkeypatch.setattr(Strength, "advise", defective)
    assert ask(app, GOOD).status_code == 503
    assert app.seen == []
    assert GOOD not in caplog.text


@apps
def test_an_app_leaves_the_script_out_of_a_response(make: Any) -> None:
    app = make(policy())
    assert b"passwords." in visitor(app).get("/register").content
    assert b"passwords." not in visitor(app).get("/register?exempt").content


# The script and its element


@apps
@pytest.mark.parametrize("path", ["/register", "/register/", "/clubs/row/join"])
def test_a_page_where_a_password_is_chosen_loads_the_script(make: Any, path: str) -> None:
    client = visitor(make(policy(fields=["pw"], label="Stärke")))
    page = client.get(path).content.decode()
    assert page.count("/_privacy/passwords.") == 1
    address = page.partition('<script src="/_privacy/passwords.')[2].partition('"')[0]
    script = client.get(f"/_privacy/passwords.{address}")
    assert script.status_code == 200
    assert script.headers["content-type"].startswith("text/javascript")
    assert "immutable" in script.headers["cache-control"]
    assert b'"pw"' in script.content
    assert b"/*given*/{}" not in script.content


@apps
def test_other_pages_and_policies_without_the_table_have_nothing(make: Any) -> None:
    assert b"passwords." not in visitor(make(policy())).get("/about").content
    bare = visitor(make(PrivacyPolicy()))
    assert b"passwords." not in bare.get("/register").content
    answer = bare.post("/_privacy/password", content=b"{}", headers=HERE)
    assert b"<title>Join" in answer.content  # the app's own


def test_an_older_file_name_gets_the_current_script_uncached() -> None:
    script = visitor(wsgi(policy())).get("/_privacy/passwords.0000.js")
    assert script.status_code == 200
    assert script.headers["cache-control"] == "no-store"


CSPS = [
    ("default-src 'self'", "<script src="),
    ("script-src 'nonce-abc123'", ' nonce="abc123"></script>'),
    ("script-src 'none'", None),
    ("script-src 'strict-dynamic' 'sha256-AAAA'", None),
]


@apps
@pytest.mark.parametrize(("csp", "element"), CSPS)
def test_the_element_goes_by_the_page_s_csp(make: Any, csp: str, element: str | None) -> None:
    page = visitor(make(policy(), csp)).get("/register").content.decode()
    assert ("/_privacy/passwords." in page) == (element is not None)
    if element is not None:
        assert element in page


@apps
def test_in_report_mode_nothing_changes(make: Any) -> None:
    rule = PrivacyPolicy(mode="report", passwords=Passwords(paths=["/register"], refuse=True))
    app = make(rule)
    assert visitor(app).get("/register").content == PAGE.encode()
    assert visitor(app).post("/register", data={"password": SHORT}).status_code == 200
    assert len(app.seen) == 1


# Refusals

BODIES = [
    ("password", GOOD, 200),
    ("password", SHORT, 422),
    ("password", WEAK, 422),
    ("new_password1", WEAK, 422),
    ("old_password", WEAK, 200),  # not declared
    ("password", "", 200),  # the app's own matter
]


@apps
@pytest.mark.parametrize("is_json", [False, True])
@pytest.mark.parametrize(("name", "value", "status"), BODIES)
def test_a_weak_password_is_refused_where_the_policy_says_so(
    make: Any, is_json: bool, name: str, value: str, status: int
) -> None:
    app = make(policy(refuse=True))
    sent: dict[str, Any] = {name: value, "email": "a@shop.example"}
    sent = {"json" if is_json else "data": sent}
    answer = visitor(app).post("/register", **sent)
    assert answer.status_code == status
    assert len(app.seen) == (status == 200)
    if status == 422:
        assert not value or value not in answer.content.decode()
        if is_json:
            assert json.loads(answer.content)["errors"][0]["pointer"] == f"#/{name}"
        else:
            assert b"<h1>Please choose another password</h1>" in answer.content


@apps
def test_without_refuse_every_password_passes(make: Any) -> None:
    app = make(policy())
    assert visitor(app).post("/register", data={"password": "a"}).status_code == 200
    assert app.seen == [b"password=a"]


@apps
def test_what_the_visitor_sends_beside_counts_against_the_password(make: Any) -> None:
    app = make(policy(refuse=True))
    sent = {"name": "Zarghuna Yusufzai", "password": "ZarghunaYusufzai"}
    assert visitor(app).post("/register", data=sent).status_code == 422
    assert visitor(app).post("/register", data={"password": "ZarghunaYusufzai"}).status_code == 200


@apps
@pytest.mark.parametrize(
    ("path", "status"),
    [("/register", 422), ("/REGISTER/", 422), ("/login", 200), ("/clubs/x/join", 422)],
)
def test_only_declared_paths_are_judged(make: Any, path: str, status: int) -> None:
    assert (
        visitor(make(policy(refuse=True))).post(path, data={"password": SHORT}).status_code
        == status
    )


@apps
@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("text/plain", b"password=a"),
        ("application/json", b"{"),
        ("multipart/form-data", b"x"),
        ("", b"password=a"),
    ],
)
def test_a_body_that_cannot_be_read_is_the_app_s(make: Any, content_type: str, body: bytes) -> None:
    app = make(policy(refuse=True))
    headers = {"content-type": content_type} if content_type else {}
    assert visitor(app).post("/register", content=body, headers=headers).status_code == 200
    assert app.seen == [body]


@apps
@pytest.mark.parametrize(
    ("coding", "status"), [("identity", 422), ("Identity, identity", 422), ("gzip", 200)]
)
def test_a_coding_that_codes_nothing_hides_no_password(make: Any, coding: str, status: int) -> None:
    browser = visitor(make(policy(refuse=True)))
    headers = {"content-encoding": coding}
    assert (
        browser.post("/register", data={"password": SHORT}, headers=headers).status_code == status
    )


# What a question may cost


@pytest.mark.parametrize(
    "password", [SIGNS * 3, "1!|7" * 16, "4@({[<abcdefgh" * 5, "0123456789" * 6]
)
def test_no_password_is_read_in_more_ways_than_few(
    password: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    strength = Strength(Passwords())
    asked: list[str] = []
    count = strength._count

    def counted(part: str, own: list[str]) -> Any:
        asked.append(part)
        return count(part, own)

    monkeypatch.setattr(strength, "_count", counted)
    strength.advise(password)
    assert sum(map(len, asked)) <= 64
    for part in asked:
        ways = [
            max(1, len(set(part) & set(letter)))
            for letter in ("4@", "({[<", "69", "1!|", "1|7", "$5", "+7")
        ]
        assert math.prod(ways) <= 8
        assert len(part) <= 32


def test_a_password_of_many_signs_is_as_good_as_its_pieces_together() -> None:
    strength = Strength(Passwords())
    assert strength.advise("x7$Kp2!vQ9@mL4#zR1%w").score == 4
    assert strength.advise("83749201746293847").score == 4


@apps
def test_a_form_of_many_passwords_is_refused_unjudged(
    make: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged: list[str] = []
    advise = Strength.advise

    def counted(self: Strength, password: str, inputs: Any = ()) -> Any:
        judged.append(password)
        return advise(self, password, inputs)

    monkeypatch.setattr(Strength, "advise", counted)
    app = make(policy(refuse=True))
    form = "&".join(f"password={GOOD}{number}" for number in range(1000)).replace(" ", "+")
    headers = {"content-type": "application/x-www-form-urlencoded"}
    assert visitor(app).post("/register", content=form.encode(), headers=headers).status_code == 422
    assert judged == []
    assert visitor(app).post("/register", data={"password": GOOD}).status_code == 200
    assert judged == [GOOD]
