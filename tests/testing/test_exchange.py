"""What a policy demands of one response: each breach is named, and what keeps the policy is not accused."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings

from alpines_privacy import Cookie, PrivacyPolicy, ThirdParty, protect
from alpines_privacy.cookies.known import LOGINS
from alpines_privacy.policy.own import CHOICE
from alpines_privacy.testing import strategies, visitor
from alpines_privacy.testing.exchange import Exchange, breaches, may_be_set

POLICY = PrivacyPolicy(
    cookies=[Cookie("cart", purpose="Keeps the cart", necessary=True)],
    third_parties=[ThirdParty("www.googletagmanager.com", purpose="Counts visits")],
    exempt=["/healthz", "/static/*"],
)
VARY = ("Vary", "DNT, Sec-GPC")
PAGE = ("Content-Type", "text/html; charset=utf-8")
DNT, GPC = ("DNT", "1"), ("Sec-GPC", "1")
TAG_MANAGER = b'<script src="https://www.googletagmanager.com/gtm.js?id=GTM-A"></script>'
PIXEL = b'<noscript><img src="https://www.facebook.com/tr?id=1"></noscript>'
AD = b'<script src="https://pagead2.googlesyndication.com/pagead/js/adsbygoogle.js"></script>'
ABSENT: list[str] = []

# The policy's settings, the request's fields, the response's, its body, and what each sentence begins with.
JUDGED: dict[str, tuple[dict[str, Any], list[Any], list[Any], bytes, list[str]]] = {
    "a plain response": ({}, [DNT], [("Content-Type", "text/css")], b"p {}", ABSENT),
    "a cookie, no signal": ({}, [], [VARY, ("Set-Cookie", "_ga=1")], b"", ABSENT),
    "a cookie under DNT": ({}, [DNT], [VARY, ("Set-Cookie", "_ga=1")], b"", ["the cookie '_ga'"]),
    "a cookie under GPC": ({}, [GPC], [VARY, ("Set-Cookie", "_ga=1")], b"", ["the cookie '_ga'"]),
    "a cookie where silence is an opt-out": (
        {"without_signal": "opt-out"}, [], [VARY, ("Set-Cookie", "_ga=1")], b"", ["the cookie '_ga'"],
    ),
    "a cookie for somebody who chose": (
        {"without_signal": "opt-out"}, [("Cookie", "alpines-privacy=x")], [VARY, ("Set-Cookie", "_ga=1")], b"", ABSENT,
    ),
    "a cookie for DNT: 0": (
        {"without_signal": "opt-out"}, [("DNT", "0")], [VARY, ("Set-Cookie", "_ga=1")], b"", ABSENT,
    ),
    "a necessary cookie": ({}, [DNT], [VARY, ("Set-Cookie", "cart=1")], b"", ABSENT),
    "a deletion": ({}, [DNT], [VARY, ("Set-Cookie", "_ga=; Max-Age=0")], b"", ABSENT),
    "a cookie of the layer's": ({}, [DNT], [VARY, ("Set-Cookie", "__Host-alpines-privacy=x")], b"", ABSENT),
    "a login under DNT": ({}, [DNT], [VARY, ("Set-Cookie", "sessionid=1")], b"", ["the cookie 'sessionid'"]),
    "a login under GPC": ({}, [GPC], [VARY, ("Set-Cookie", "sessionid=1")], b"", ABSENT),
    "a login that stays": (
        {}, [GPC], [VARY, ("Set-Cookie", "sessionid=1; Max-Age=60")], b"", ["the cookie 'sessionid'"],
    ),
    "a login with a prefix": ({}, [GPC], [VARY, ("Set-Cookie", "__Host-sessionid=1")], b"", ABSENT),
    "a login with a name for each app": ({}, [GPC], [VARY, ("Set-Cookie", "session_id_shop=1")], b"", ABSENT),
    "a login of another name": ({}, [GPC], [VARY, ("Set-Cookie", "mine=1")], b"", ABSENT),
    "a login, always": ({"keep_logins": "always"}, [DNT], [VARY, ("Set-Cookie", "sessionid=1")], b"", ABSENT),
    "a login, never": (
        {"keep_logins": "never"}, [GPC], [VARY, ("Set-Cookie", "sessionid=1")], b"", ["the cookie 'sessionid'"],
    ),
    "a tracker": ({}, [], [VARY, PAGE], PIXEL, ["<img> loads www.facebook.com, which"]),
    "a tracker in JSON": ({}, [], [("Content-Type", "application/json")], PIXEL, ABSENT),
    "a tracker, only reported": ({"loads": "report"}, [], [VARY, PAGE], PIXEL, ABSENT),
    "a declared one": ({}, [], [VARY, PAGE], TAG_MANAGER, ABSENT),
    "a declared one under a signal": ({}, [GPC], [VARY, PAGE], TAG_MANAGER, ["<script> loads www.googletagmanager"]),
    "an ad": ({}, [], [VARY, PAGE], AD, ABSENT),
    "an ad under a signal": ({}, [GPC], [VARY, PAGE], AD, ["<script> loads pagead2"]),
    "text that looks like a tag": ({}, [], [VARY, PAGE], b"<textarea>" + PIXEL + b"</textarea>", ABSENT),
    "a comment": ({}, [], [VARY, PAGE], b"<!--" + PIXEL + b"-->", ABSENT),
    "a page without Vary": ({}, [], [PAGE], b"", ["the response can differ"]),
    "half a Vary": ({}, [], [PAGE, ("Vary", "Cookie, DNT")], b"", ["the response can differ"]),
    "two lines of Vary": ({}, [], [PAGE, ("Vary", "sec-gpc"), ("Vary", "dnt")], b"", ABSENT),
    "Vary: *": ({}, [], [PAGE, ("Vary", "*")], b"", ABSENT),
    "a page that nothing stores": ({}, [], [PAGE, ("Cache-Control", "no-store")], b"", ABSENT),
    "the layer is off": ({"mode": "off"}, [DNT], [("Set-Cookie", "_ga=1")], b"", ABSENT),
}  # fmt: skip


@pytest.mark.parametrize("name", JUDGED)
def test_each_breach_is_named(name: str) -> None:
    changed, sent, fields, body, says = JUDGED[name]
    import msgspec  # noqa: PLC0415 - beside its use

    policy = msgspec.structs.replace(POLICY, **changed)
    exchange = Exchange("GET", "https://shop.example/", sent, 200, fields, body)
    found = breaches(policy, exchange, logins=["mine"])
    assert len(found) == len(says), found
    assert all(text.startswith(start) for text, start in zip(found, says, strict=True)), found


@pytest.mark.parametrize("path", ["/healthz", "/static/a/b.html?x=1"])
def test_an_exempt_path_promises_nothing(path: str) -> None:
    fields = [PAGE, ("Set-Cookie", "_ga=1")]
    url = f"https://shop.example{path}"
    assert breaches(POLICY, Exchange("GET", url, [DNT], 200, fields, PIXEL)) == []


NAMES = [
    *sorted(LOGINS - {"session_id_*"}), "session_id_shop", "csrf", "my_access_token", "cart", "theme", "_ga", "logins",
    CHOICE.name,
]  # fmt: skip


@pytest.mark.parametrize("prefix", ["", "__Secure-", "__Host-"])
@pytest.mark.parametrize("signal", ["dnt", "gpc"])
def test_what_may_be_set_is_what_the_layer_lets_pass(signal: str, prefix: str) -> None:
    names = [prefix + name for name in NAMES]

    def app(environ: Any, start_response: Any) -> list[bytes]:
        end = "; Path=/; Secure"
        start_response("200 OK", [("Set-Cookie", f"{name}=1{end}") for name in names])
        return []

    got = visitor(protect(app, POLICY), base_url="https://shop.example", **{signal: True}).get("/")
    may = [name for name in names if may_be_set(POLICY, name, None, dnt=signal == "dnt")]
    assert got.plants == may


@settings(max_examples=200)
@given(strategies.apps(), strategies.signals())
def test_whatever_an_app_answers_the_layer_leaves_no_breach(
    app: strategies.App, signal: strategies.Signal
) -> None:
    v = visitor(protect(app.wsgi, POLICY), base_url="https://shop.example", **signal.options)
    for path in app.replies:
        response = v.get(path)
        exchange = Exchange(
            "GET",
            str(response.url),
            signal.fields,
            response.status_code,
            response.fields,
            response.content,
        )
        assert breaches(POLICY, exchange) == []
