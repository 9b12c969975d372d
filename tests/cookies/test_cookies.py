"""Which cookies leave: kept, dropped, hardened, capped, expired."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alpines_privacy import Cookie, PrivacyPolicy, protect
from alpines_privacy.guard import Guard
from alpines_privacy.http.heads import Field, ResponseHead
from alpines_privacy.testing import strategies, visitor
from tests.http.test_setcookie import FUTURE, PAST
from tests.support import rfc6265
from tests.support.certificate import make_certificate
from tests.support.chromium import chromium, cookie_jar, visit
from tests.support.origin import Request, origin
from tests.support.sent import PAGES_SAY, Sent, answered

POLICY = PrivacyPolicy(
    cookies=[
        Cookie("cart", purpose="Holds the basket", necessary=True, lifetime=3600),
        Cookie("lock_*", purpose="Keeps a form from being sent twice", necessary=True),
        Cookie("token", purpose="Guards forms", necessary=True, readable_by_scripts=True),
        Cookie("tab", purpose="Remembers the open tab", necessary=True, lifetime="session"),
        Cookie("theme", purpose="Remembers the colours", lifetime=60),
        Cookie("_ga", purpose="Counts visits"),
        Cookie("shop_xsrf", purpose="Guards uploads", necessary=True),
        Cookie("_gid", purpose="Made necessary by the operator", necessary=True),
    ],
    trusted_proxies=["127.0.0.1"],
)
TRUSTED_HTTPS: Field = ("x-forwarded-proto", "https")
HTML: Field = ("content-type", "text/html; charset=utf-8")

NONE: list[Field] = []
DNT: list[Field] = [("dnt", "1")]
GPC: list[Field] = [("sec-gpc", "1")]
REFUSED: list[Field] = [("dnt", "0"), ("sec-gpc", "1")]
BOTH: list[Field] = [*DNT, *GPC]
OPTED_OUT = {"DNT": DNT, "GPC": GPC, "DNT:0 and GPC": REFUSED, "both": BOTH}


def leaving(
    *lines: str, signal: list[Field] = NONE, policy: PrivacyPolicy = POLICY, **options: Any
) -> list[str]:
    """Return the Set-Cookie lines that leave for those an app sets on a JSON response."""
    request = Sent(*signal, *options.pop("fields", ()), **options)
    fields = [("set-cookie", line) for line in lines]
    return answered(Guard(policy), request, fields).values("set-cookie")


each_signal = pytest.mark.parametrize("signal", OPTED_OUT.values(), ids=OPTED_OUT)

# Every kind of line, and what leaves of it: without a signal, under GPC, under DNT.
SAME = object()
DECISIONS: dict[str, tuple[object, object, object]] = {
    "cart=1; HttpOnly; SameSite=Lax": (SAME, SAME, SAME),
    "cart=1": ("cart=1; HttpOnly; SameSite=Lax",) * 3,
    "cart=1; SameSite=None; HttpOnly": (SAME, SAME, SAME),
    "lock_7=1; HttpOnly; SameSite=Strict": (SAME, SAME, SAME),
    "lock=1": (SAME, None, None),
    "Cart=1": (SAME, None, None),  # names are told apart by case
    "token=1; SameSite=Lax": (SAME, SAME, SAME),
    "shop_xsrf=1; SameSite=Lax": (SAME, SAME, SAME),  # a script has to echo it
    "shop_xsrf=1; SameSite=Lax; HttpOnly": (SAME, SAME, SAME),
    "theme=1; HttpOnly; SameSite=Lax": (SAME, None, None),
    "_ga=1; HttpOnly; SameSite=Lax": (SAME, None, None),
    "_gid=1; HttpOnly; SameSite=Lax": (SAME, SAME, SAME),  # the operator's word counts
    "_fbp=1": (SAME, None, None),
    "sessionid=1": (SAME, SAME, None),
    "sessionid=1; Max-Age=60; Path=/": (SAME, "sessionid=1; Path=/", None),
    "sessionid=1; Max-Age=+60": (SAME, "sessionid=1", None),
    f"session=1; Expires={FUTURE}; HttpOnly": (SAME, "session=1; HttpOnly", None),
    "__Host-session=1; Secure; Path=/": (SAME, SAME, None),
    "__Secure-csrftoken=1; Secure": (SAME, SAME, None),
    "session_id_shop=1": (SAME, SAME, None),  # web2py's, a pattern
    # A name that says what it is: tokens of forms and of logins, whoever set them.
    "messages=1": (SAME, SAME, None),
    "_streamlit_xsrf=1": (SAME, SAME, None),
    "starlette_admin_csrftoken=1": (SAME, SAME, None),
    "X-CSRF-Token=1": (SAME, SAME, None),
    "access-token-Xy3_9-kQ=1; HttpOnly": (SAME, SAME, None),
    "refreshToken=1": (SAME, SAME, None),
    "sessionid2=1": (SAME, None, None),
    "anything": (SAME, None, None),  # a cookie without a name
    "=sessionid=1": (SAME, None, None),
    "cart": (SAME, None, None),
    "a=b\x00": (SAME, None, None),
    "a" * 5000: (SAME, None, None),
    "": (SAME, None, None),
    "_ga=; Max-Age=0": (SAME, SAME, SAME),
    "_ga=x; Max-Age=0; Path=/; Domain=example.com": (SAME, SAME, SAME),
    "anything; Max-Age=-1": (SAME, SAME, SAME),
    # By Expires alone a clock decides, or the response's Date: under a signal, nothing is left to them.
    f"_ga=; Expires={PAST}": (SAME, f"_ga=; Expires={PAST}; Max-Age=0", f"_ga=; Expires={PAST}; Max-Age=0"),
    f"_fbp=1; Expires={PAST}; Max-Age=+9": (SAME, None, None),
    "_fbp=1; Max-Age=0; Max-Age=soon": (SAME, None, None),
    f"_ga=1; Expires={FUTURE}": ("_ga=1; Expires=" + FUTURE + "; HttpOnly; SameSite=Lax", None, None),
}  # fmt: skip


@pytest.mark.parametrize(
    ("line", "expected"), DECISIONS.items(), ids=[repr(line[:50]) for line in DECISIONS]
)
def test_what_leaves_of_a_line(line: str, expected: tuple[object, object, object]) -> None:
    def left(signal: list[Field]) -> object:
        lines = leaving(line, signal=signal)
        return SAME if lines == [line] else lines[0] if lines else None

    assert (left(NONE), left(GPC), left(DNT)) == expected
    assert left(REFUSED) == left(GPC)
    assert left(BOTH) == left(DNT)


LOGINS: dict[str, dict[str, bool]] = {
    "gpc": {"GPC": True, "DNT:0 and GPC": True, "DNT": False, "both": False, "default": True},
    "always": {"GPC": True, "DNT:0 and GPC": True, "DNT": True, "both": True, "default": True},
    "never": {"GPC": False, "DNT:0 and GPC": False, "DNT": False, "both": False, "default": False},
}


@pytest.mark.parametrize("keep", LOGINS)
@pytest.mark.parametrize("name", ["sessionid", "csrftoken", "session", "_xsrf", "my_login"])
def test_keep_logins_tells_under_which_signals_the_framework_keeps_its_session(
    keep: Any, name: str
) -> None:
    policy = PrivacyPolicy(keep_logins=keep, without_signal="opt-out")
    guard = Guard(policy, logins=["my_login"])
    stays = {
        signal: bool(answered(guard, Sent(*sent), [("set-cookie", f"{name}=1")]).values("set-cookie"))
        for signal, sent in {**OPTED_OUT, "default": NONE}.items()
    }  # fmt: skip
    assert stays == LOGINS[keep]


def test_consent_by_dnt_0_beats_the_default_opt_out() -> None:
    policy = PrivacyPolicy(without_signal="opt-out")
    assert leaving("_ga=1", policy=policy) == []
    assert leaving("_ga=1", policy=policy, signal=[("dnt", "0")]) == ["_ga=1"]


CAPPED = {
    "cart=1; Max-Age=3600": "cart=1; Max-Age=3600",
    "cart=1; Max-Age=3601": "cart=1; Max-Age=3600",
    "cart=1; Max-Age=-5": "cart=1; Max-Age=-5",
    "cart=1; Path=/; Max-Age=9999; Secure": "cart=1; Path=/; Secure; Max-Age=3600",
    f"cart=1; Expires={FUTURE}; Path=/": "cart=1; Path=/; Max-Age=3600",
    f"cart=1; Max-Age=9; Expires={FUTURE}": f"cart=1; Max-Age=9; Expires={FUTURE}",
    f"cart=1; Max-Age=9999; Expires={FUTURE}": "cart=1; Max-Age=3600",
    "cart=1": "cart=1",
    # Chromium reads these for longer than the standard does.
    "cart=1; Max-Age=+9999": "cart=1",
    "cart=1; Max-Age=9; Max-Age=+9999": "cart=1; Max-Age=9",
    "tab=1; Max-Age=60": "tab=1",
    f"tab=1; Expires={FUTURE}": "tab=1",
    "tab=1": "tab=1",
    "token=1; Max-Age=99999999": "token=1; Max-Age=99999999",
}


@pytest.mark.parametrize(("line", "capped"), CAPPED.items())
@pytest.mark.parametrize("signal", [NONE, DNT], ids=["no signal", "DNT"])
def test_no_cookie_outlives_its_declaration(line: str, capped: str, signal: list[Field]) -> None:
    hardening = "; HttpOnly" if not line.startswith("token") else ""
    if line.endswith("Max-Age=-5"):
        hardening = ""  # a deletion is left alone
    expected = capped + hardening + ("; SameSite=Lax" if "=-5" not in line else "")
    assert leaving(line, signal=signal) == [expected]


SECURED: dict[str, str] = {
    "other=1": "other=1; Secure",
    "other=1;secure": "other=1;secure",
    "cart=1": "cart=1; Secure; HttpOnly; SameSite=Lax",
    "other; Max-Age=0": "other; Max-Age=0; Secure",
    "sessionid=1; ": "sessionid=1; Secure",
}


@pytest.mark.parametrize(("line", "secured"), SECURED.items())
@pytest.mark.parametrize(
    "options",
    [
        {"scheme": "https"},
        {"scheme": "wss"},
        {"fields": [TRUSTED_HTTPS]},
        {"fields": [("forwarded", "for=192.0.2.1;proto=https")]},
    ],
    ids=str,
)
def test_cookies_that_leave_over_https_are_secure(
    line: str, secured: str, options: dict[str, Any]
) -> None:
    assert leaving(line, **options) == [secured]


@pytest.mark.parametrize("options", [{}, {"peer": "192.0.2.9", "fields": [TRUSTED_HTTPS]}], ids=str)
def test_over_http_or_on_a_strangers_word_cookies_are_not_secure(options: dict[str, Any]) -> None:
    assert leaving("other=1", **options) == ["other=1"]


@each_signal
def test_lines_of_one_name_are_judged_one_by_one(signal: list[Field]) -> None:
    lines = ["token=1; SameSite=Lax", "_fbp=1", "_fbp=; Max-Age=0", "token=2; SameSite=Lax"]
    assert leaving(*lines, signal=signal) == [lines[0], lines[2], lines[3]]


@each_signal
@pytest.mark.parametrize("name", ["Set-Cookie", "SET-COOKIE", "set-cookie ", "\tSet-Cookie\t"])
def test_a_fields_name_is_compared_as_browsers_compare_it(signal: list[Field], name: str) -> None:
    assert answered(Guard(POLICY), Sent(*signal), [(name, "_fbp=1")]).values("set-cookie") == []


UNSNIFFED: Field = (
    "x-content-type-options",
    "nosniff",
)  # of a response without a type: it is no page

BREAKS = {
    "LF": ("x", "1\nSet-Cookie: a=b"),
    "CR": ("x", "1\rset-cookie:a=b"),
    "CRLF and blanks": ("x", "1\r\n Set-Cookie : a=b"),
    "in the name": ("x: 1\r\nSet-Cookie", "a=b"),
    "in a deletion": ("set-cookie", "_ga=; Max-Age=0\r\nSet-Cookie: a=b"),
    "in a declared one": ("set-cookie", "cart=1\r\nSet-Cookie: a=b"),
}


@each_signal
@pytest.mark.parametrize("field", BREAKS.values(), ids=BREAKS)
def test_no_cookie_leaves_behind_a_line_break(signal: list[Field], field: Field) -> None:
    other = ("x-other", "1\n2")  # not ours to mend
    head = answered(Guard(POLICY), Sent(*signal), [field, other, UNSNIFFED])
    assert [f for f in head.fields if f[0] != "vary"] == [other, UNSNIFFED]


# Shared caches.

CACHING: dict[str, tuple[list[Field], list[Field]]] = {
    "nothing said": ([], [("cache-control", "private")]),
    "public": ([("Cache-Control", "public, max-age=60")], [("Cache-Control", "max-age=60, private")]),
    "shared only": ([("cache-control", "s-maxage=9, proxy-revalidate")], [("cache-control", "private")]),
    "private already": ([("cache-control", "max-age=3, private")],) * 2,
    "not stored at all": ([("cache-control", "no-store")],) * 2,
    "private for one field only": (
        [("cache-control", 'private="x-user"')],
        [("cache-control", 'private="x-user", private')],
    ),
    "two lines": (
        [("cache-control", "public"), ("cache-control", "max-age=9")],
        [("cache-control", "private"), ("cache-control", "max-age=9, private")],
    ),
    "a CDN's own field": (
        [("cdn-cache-control", "max-age=60")],
        [("cdn-cache-control", "max-age=60, private"), ("cache-control", "private")],
    ),
    "another CDN's own field": (
        [("Cloudflare-CDN-Cache-Control", "public")],
        [("Cloudflare-CDN-Cache-Control", "private"), ("cache-control", "private")],
    ),
    "Surrogate-Control, which knows no private": (
        [("cache-control", "private"), ("surrogate-control", "max-age=60")],
        [("cache-control", "private"), ("surrogate-control", "max-age=60, no-store")],
    ),
}  # fmt: skip


def cache_fields(fields: list[Field]) -> list[Field]:
    return [field for field in fields if field[0].lower().endswith(("cache-control", "e-control"))]


@pytest.mark.parametrize(("said", "leaves"), CACHING.values(), ids=CACHING)
@pytest.mark.parametrize("line", ["_ga=1", "undeclared=1", "unreadable\x01"])
def test_a_cookie_that_is_not_necessary_keeps_its_response_from_shared_caches(
    said: list[Field], leaves: list[Field], line: str
) -> None:
    head = answered(Guard(POLICY), Sent(), [*said, ("set-cookie", line)])
    assert cache_fields(head.fields) == leaves


@pytest.mark.parametrize("line", ["cart=1", "_ga=; Max-Age=0"])
@pytest.mark.parametrize("signal", [NONE, GPC], ids=["no signal", "GPC"])
def test_a_necessary_cookie_or_a_deletion_leaves_caching_to_the_app(
    line: str, signal: list[Field]
) -> None:
    said = [("cache-control", "public, max-age=60")]
    head = answered(Guard(POLICY), Sent(*signal), [*said, ("set-cookie", line)])
    assert cache_fields(head.fields) == said


def test_a_login_that_stays_under_gpc_is_kept_from_shared_caches() -> None:
    head = answered(Guard(POLICY), Sent(*GPC), [("set-cookie", "sessionid=1")])
    assert head.values("cache-control") == ["private"]


def test_what_a_dropped_cookie_leaves_behind_may_be_cached() -> None:
    said = [("cache-control", "public")]
    head = answered(Guard(POLICY), Sent(*DNT), [*said, ("set-cookie", "_ga=1")])
    assert cache_fields(head.fields) == said


# Expiry of what the browser still holds.

GONE = "=; Path=/; Max-Age=0"


def expired(cookie: str, *, host: str = "localhost", **options: Any) -> list[str]:
    policy = options.pop("policy", POLICY)
    signal = options.pop("signal", GPC)
    content_type = options.pop("content_type", HTML)
    status = options.pop("status", 200)
    request = Sent(*signal, ("host", host), ("cookie", cookie), **options)
    return answered(Guard(policy), request, [content_type], status).values("set-cookie")


STALE = {
    "a tracker's": ("_fbp=1", ["_fbp"]),
    "several, in order": ("b=1; _gid2=1; _fbp=1; _gac_UA=2; a=3", ["_fbp", "_gac_UA"]),
    "declared, not necessary": ("theme=1; cart=1; lock_1=1", ["theme"]),
    "declared tracker": ("_ga=1; _gid=1", ["_ga"]),
    "undeclared, unknown": ("whatever=1", []),
    "Django's session, whatever lists say of it": ("sessionid=1; csrftoken=1; messages=1", []),
    "a framework's under a prefix": ("__Host-session=1", []),
    "no pairs": (";;=;", []),
    "a name browsers would not take back": ("_ga_\xe9=1; _ga_[1]=1", []),
    "a name too long to write": ("_ga_" + "x" * 200 + "=1", []),
    "one name twice": ("_fbp=1; _fbp=2", ["_fbp"]),
}


@each_signal
@pytest.mark.parametrize(("sent", "names"), STALE.values(), ids=STALE)
def test_a_page_under_a_signal_expires_stale_cookies(
    signal: list[Field], sent: str, names: list[str]
) -> None:
    assert sorted(expired(sent, signal=signal)) == [name + GONE for name in names]


def test_a_login_that_may_be_set_is_not_expired() -> None:
    policy = PrivacyPolicy(cookies=[Cookie("sessionid", purpose="Keeps you signed in")])
    assert expired("sessionid=1", policy=policy, signal=GPC) == []
    assert expired("sessionid=1", policy=policy, signal=DNT) == ["sessionid" + GONE]


def test_a_declared_cookie_is_expired_where_it_lies() -> None:
    policy = PrivacyPolicy(cookies=[Cookie("filter", purpose="Sorts lists", path="/lists")])
    assert expired("filter=1", policy=policy)[0].startswith("filter=; Path=/lists; ")


PLACES = {
    "www.shop.example.co.uk": ["www.shop.example.co.uk", "shop.example.co.uk", "example.co.uk"],
    "example.com": ["example.com"],
    "WWW.Example.COM:8080": ["www.example.com", "example.com"],
    "a.b.github.io": ["a.b.github.io", "b.github.io"],
    "github.io": [],
    "co.uk": [],
    "localhost": [],
    "192.0.2.7": [],
    "[2001:db8::1]:80": [],
    "a;b.example": [],
    "": [],
}


@pytest.mark.parametrize(("host", "domains"), PLACES.items())
def test_a_stale_cookie_is_expired_wherever_it_may_have_been_planted(
    host: str, domains: list[str]
) -> None:
    assert expired("_fbp=1", host=host) == [
        "_fbp" + GONE,
        *(f"_fbp{GONE}; Domain={domain}" for domain in domains),
    ]


def test_over_https_its_partitioned_twin_goes_too() -> None:
    assert expired("_fbp=1", host="shop.example", scheme="https") == [
        f"_fbp{GONE}; Secure{place}{twin}"
        for place in ("", "; Domain=shop.example")
        for twin in ("", "; SameSite=None; Partitioned")
    ]


@pytest.mark.parametrize("prefix", ["__Host-", "__Host-Http-", "__Http-", "__Secure-"])
def test_prefixed_names_are_expired_by_lines_their_prefix_allows(prefix: str) -> None:
    policy = PrivacyPolicy(cookies=[Cookie(f"{prefix}id", purpose="Counts", path="/deep")])
    lines = expired(f"{prefix}id=1", policy=policy, host="shop.example", scheme="https")
    assert len(lines) == (2 if "Host" in prefix else 4)
    for line in lines:
        assert "; Secure" in line
        assert ("; HttpOnly" in line) == ("Http-" in prefix)
        assert ("Path=/;" in line and "Domain" not in line) == ("Host" in prefix)


def test_the_number_of_lines_is_bounded_and_names_take_turns(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cookie = "; ".join(f"_ga_{number:03}=1" for number in range(50))
    seen = set()
    for moment in range(50):
        monkeypatch.setattr("alpines_privacy.cookies.cookies.time.time", lambda now=moment: now)
        lines = expired(cookie, host="www.shop.example", scheme="https")
        assert 8 <= len(lines) <= 24
        assert sum(map(len, lines)) < 1536
        seen |= {line.partition("=")[0] for line in lines}
    assert len(seen) == 50


NO_OCCASION: dict[str, dict[str, Any]] = {
    "no signal": {"signal": NONE},
    "DNT: 0": {"signal": [("dnt", "0")]},
    "HEAD": {"method": "HEAD"},
    "304": {"status": 304},
    "JSON": {"content_type": ("content-type", "application/json")},
    "event stream": {"content_type": ("content-type", "text/event-stream")},
    "no type": {"content_type": UNSNIFFED},
    "mode off": {"policy": PrivacyPolicy(mode="off")},
    "mode report": {"policy": PrivacyPolicy(mode="report")},
    "exempt path": {"policy": PrivacyPolicy(exempt=["/"])},
}


@pytest.mark.parametrize("options", NO_OCCASION.values(), ids=NO_OCCASION)
def test_only_a_page_under_a_signal_expires_cookies(options: dict[str, Any]) -> None:
    assert expired("_fbp=1", **options) == []


@pytest.mark.parametrize("status", [200, 302, 404, 500])
def test_error_pages_and_redirects_with_a_page_expire_cookies_too(status: int) -> None:
    assert expired("_fbp=1", status=status) == ["_fbp" + GONE]


# What is reported.


def reports(caplog: pytest.LogCaptureFixture, signal: list[Field]) -> list[str]:
    guard = Guard(POLICY)
    caplog.clear()
    with caplog.at_level(logging.INFO, logger="alpines_privacy"):
        for _ in range(3):
            lines = ["plain=S3CRET", "plain=0THER", "_fbp=S3CRET", "S3CRET", "bad=S3CRET\x00"]
            fields = [("set-cookie", line) for line in [*lines, "cart=S3CRET", "sessionid=S3CRET"]]
            answered(guard, Sent(*signal), [*fields, ("x", "\nSet-Cookie: S3CRET")])
    return [record.getMessage() for record in caplog.records]


@pytest.mark.parametrize("signal", [NONE, *OPTED_OUT.values()], ids=["no signal", *OPTED_OUT])
def test_reports_name_a_cookie_once_and_never_its_value(
    caplog: pytest.LogCaptureFixture, signal: list[Field]
) -> None:
    messages = reports(caplog, signal)
    assert len(messages) == len(set(messages))
    assert not [message for message in messages if "S3CRET" in message or "0THER" in message]
    named = [match[1] for message in messages if (match := re.match(r'Cookie "(.*?)"', message))]
    logins = ["sessionid"] if signal in (DNT, BOTH) else []
    assert sorted(named) == sorted(["", "_fbp", "plain", *logins])
    assert len(messages) == len(named) + (2 if signal else 0)


# Everything at once, by an independent reading.

cookie_lines = strategies.odd_set_cookies()
fields = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["Set-Cookie", "set-cookie", "SET-COOKIE "]), cookie_lines),
        st.tuples(
            st.sampled_from(["Set-Cookie"]),
            st.tuples(st.sampled_from(["cart", "sessionid", "_ga", "theme", "tab"]), cookie_lines)
            .map("=".join),
        ),
        st.tuples(
            st.sampled_from(["Cache-Control", "Vary", "X-Other", "Content-Type"]),
            st.sampled_from(["public", "*", "text/html", "a\nSet-Cookie: b=c", "\ud800", "\xff"]),
        ),
        st.tuples(st.text(max_size=5), st.text(max_size=20)),
    ),
    max_size=8,
)  # fmt: skip
GUARD = Guard(POLICY)
NECESSARY = re.compile(rb"cart|lock_.*|token|tab|_gid", re.DOTALL)


def planted(fields: list[Field]) -> Iterator[rfc6265.Kept]:
    """Yield what a browser keeps of a head, a line break in any field starting a new one."""
    now = 1_900_000_000.0
    head = "\n".join(f"{name}:{value}" for name, value in fields).replace("\r", "\n")
    for line in head.split("\n"):
        name, _, value = line.partition(":")
        if name.strip(" \t").lower() == "set-cookie":
            kept = rfc6265.read(value.encode("latin-1", "replace"), now)
            if kept is not None and not kept.expired(now):
                yield kept


@given(fields, st.sampled_from([DNT, BOTH]), st.sampled_from(["http", "https"]))
def test_under_dnt_no_cookie_leaves_but_necessary_ones(
    fields: list[Field], signal: list[Field], scheme: str
) -> None:
    request = Sent(*signal, ("host", "shop.example"), ("cookie", "_fbp=1"), scheme=scheme)
    for cookie in planted(answered(GUARD, request, fields).fields):
        assert NECESSARY.fullmatch(cookie.name), cookie


@given(fields, st.sampled_from([GPC, REFUSED]))
def test_under_gpc_a_login_leaves_too_but_only_for_the_session(
    fields: list[Field], signal: list[Field]
) -> None:
    for cookie in planted(answered(GUARD, Sent(*signal), fields).fields):
        if not NECESSARY.fullmatch(cookie.name):
            assert cookie.name == b"sessionid"
            assert cookie.expiry is None


ADDED = {"secure", "httponly", "samesite", "max-age"}


@given(fields, st.sampled_from(["http", "https"]))
def test_without_a_signal_every_cookie_leaves_with_attributes_added_at_most(
    fields: list[Field], scheme: str
) -> None:
    before = [f for f in fields if f[0].strip(" \t").lower() == "set-cookie"]
    head = answered(GUARD, Sent(scheme=scheme), [*fields, UNSNIFFED])
    after = [f for f in head.fields if f[0].strip(" \t").lower() == "set-cookie"]
    assert len(before) == len(after)
    for (name, line), (left_name, left) in zip(before, after, strict=True):
        assert left_name == name
        pair, *parts = line.split(";")
        left_pair, *left_parts = left.split(";")
        assert left_pair.strip(" \t") == pair.strip(" \t")
        keys = {part.partition("=")[0].strip(" \t").lower() for part in left_parts}
        assert keys - ADDED <= {part.partition("=")[0].strip(" \t").lower() for part in parts}
    merged = {"vary", "cache-control", "set-cookie"}
    others = merged | (PAGES_SAY if ResponseHead(200, fields).is_html else set())
    assert [f for f in head.fields if f[0].strip(" \t").lower() not in others] == [
        f for f in [*fields, UNSNIFFED] if f[0].strip(" \t").lower() not in others
    ]


def test_ten_thousand_lines_and_a_megabyte_are_no_reason_to_fail() -> None:
    fields = [("set-cookie", f"_ga_{number}=1") for number in range(10_000)]
    fields += [("set-cookie", "x" * 1_000_000), ("set-cookie", "a=b" + ";" * 1_000_000)]
    assert answered(GUARD, Sent(*DNT), [*fields, ("set-cookie", "token=1; SameSite=Lax")]).values(
        "set-cookie"
    ) == ["token=1; SameSite=Lax"]
    assert len(answered(GUARD, Sent(), fields[:-2]).values("set-cookie")) == 10_000


def test_a_defect_of_ours_lets_no_cookie_out(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_: str) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("alpines_privacy.cookies.cookies.setcookie.split", broken)
    assert leaving("cart=1", signal=DNT) == []
    assert leaving("cart=1") == ["cart=1"]
    assert "ZeroDivisionError" in caplog.text


# Over both protocols.


def wsgi_app(lines: list[str]) -> Any:
    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        cookies = [("Set-Cookie", line) for line in lines]
        start_response("200 OK", [("Content-Type", "text/html"), *cookies])
        return [b"<p>"]

    return app


def asgi_app(lines: list[str]) -> Any:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "http"
        fields = [(b"content-type", b"text/html")]
        fields += [(b"set-cookie", line.encode("latin-1")) for line in lines]
        await send({"type": "http.response.start", "status": 200, "headers": fields})
        await send({"type": "http.response.body", "body": b"<p>"})

    return app


@pytest.mark.parametrize("make", [wsgi_app, asgi_app])
@pytest.mark.parametrize("line", DECISIONS, ids=[repr(line[:50]) for line in DECISIONS])
def test_both_protocols_decide_the_same(make: Callable[[list[str]], Any], line: str) -> None:
    app = protect(make([line]), POLICY)
    for signal in (NONE, GPC, DNT):
        with visitor(app, headers=signal) as client:
            left = client.get("/").headers.get_list("set-cookie")
        assert left == leaving(line, signal=signal)


@pytest.mark.parametrize("make", [wsgi_app, asgi_app])
def test_both_protocols_expire_stale_cookies(make: Callable[[list[str]], Any]) -> None:
    app = protect(make([]), POLICY)
    with visitor(app, gpc=True, base_url="https://www.shop.example") as client:
        response = client.get("/", headers={"cookie": "_fbp=1; sessionid=1"})
    assert response.headers.get_list("set-cookie") == expired(
        "_fbp=1", host="www.shop.example", scheme="https"
    )


# In a browser.


PLANTED = [
    "_fbp=1; Path=/",
    "_ga=1; Path=/; Domain=www.shop.example; Secure",
    "_ga_X=1; Path=/; Domain=shop.example; Max-Age=9999999; SameSite=Lax",
    "_gcl_au=1; Path=/; Secure; SameSite=None; Partitioned",
    "_uetsid=1; Path=/; Secure; SameSite=None; Partitioned; Domain=shop.example",
    "__Host-visits=1; Path=/; Secure",
    "__Host-http-visits=1; Path=/; Secure; HttpOnly",
    "theme=dark; Path=/",
    "cart=1; Path=/",
    "sessionid=1; Path=/",
    "own=1; Path=/",
]
KEPT = {"cart", "sessionid", "own"}


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_stale_cookies_vanish_from_a_browser(scheme: str, tmp_path: Path) -> None:
    names = ("__Host-visits", "__Host-http-visits")
    counting = [Cookie(name, purpose="Counts visits") for name in names]
    guard = Guard(PrivacyPolicy(cookies=[*POLICY.cookies, *counting]))

    def answer(request: Request) -> list[bytes]:
        if request.path == "/plant":
            return [b"Set-Cookie: " + line.encode() for line in PLANTED]
        fields = [
            (name, value.decode("latin-1"))
            for name in ("dnt", "cookie", "host")
            for value in request.values(name)
        ]
        head = answered(guard, Sent(*fields, scheme=scheme), [HTML])
        return [f"{name}: {value}".encode() for name, value in head.fields if name != HTML[0]]

    tls = make_certificate(tmp_path).context if scheme == "https" else None
    with origin(answer, tls) as port, chromium() as browser:
        home = f"{scheme}://www.shop.example:{port}"
        page = visit(browser, f"{home}/plant", ignore_https_errors=True)
        before = {cookie["name"] for cookie in cookie_jar(page)}
        page.context.set_extra_http_headers({"DNT": "1"})
        for _ in range(12):  # a page takes some away, the next ones the rest
            page.goto(home)
        after = {cookie["name"] for cookie in cookie_jar(page)}
    needs_https = {"_ga", "_gcl_au", "_uetsid", *names}
    all_names = {line.partition("=")[0] for line in PLANTED}
    assert before == (all_names if scheme == "https" else all_names - needs_https)
    assert after == KEPT


ADVICE = {
    "sessionid": [("sessionid", "Keeps you signed in"), ("csrftoken", "Protects forms"), ("messages", "Shows what")],
    "__Host-sessionid": [("__Host-sessionid", "Keeps you signed in"), ("csrftoken", "Protects forms")],
    "remember_token": [("remember_token", "Keeps you signed in"), ("session", "Keeps you signed in")],
    "access-token-h5Xk2_Lq-9aZ": [("access-token-*", "…")],
    "remember_web_59ba36addc2b2f9401580f014c7f58ea4e30989d": [("remember_web_*", "…")],
    "my_shop_login": [("my_shop_login", "…")],
    "b" * 200: [("b" * 200, "…")],
    "c" * 2000: [("c" * 255 + "*", "…")],
}  # fmt: skip


@pytest.mark.parametrize("name", ADVICE, ids=[name[:30] for name in ADVICE])
def test_advice_names_all_that_a_login_needs_and_can_be_pasted(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, logger="alpines_privacy"):
        assert leaving(f"{name}=1", signal=DNT) == []
    for declared, purpose in ADVICE[name]:
        assert f'Cookie("{declared}", purpose="{purpose}' in caplog.text
        policy = PrivacyPolicy(cookies=[Cookie(declared, purpose="Works", necessary=True)])
        if declared in name or declared.endswith("*"):
            assert leaving(f"{name}=1; HttpOnly; SameSite=Lax", signal=DNT, policy=policy)
