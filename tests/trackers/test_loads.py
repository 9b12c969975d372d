"""What pages may load by the Content-Security-Policy, and what is counted of what they tried."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import example, given
from hypothesis import strategies as st
from itsdangerous import TimestampSigner
from playwright.sync_api import Browser
from starlette.applications import Starlette
from starlette.responses import HTMLResponse
from starlette.routing import Mount, Route
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from alpines_privacy import PrivacyPolicy, protect
from alpines_privacy.asgi import PrivacyMiddleware as ASGIMiddleware
from alpines_privacy.cli import main
from alpines_privacy.guard import Guard
from alpines_privacy.http.client import Client
from alpines_privacy.http.context import RequestContext
from alpines_privacy.http.outcomes import Answer, Pass
from alpines_privacy.policy import PolicyError, SecretKeys, ThirdParty
from alpines_privacy.testing import visitor
from alpines_privacy.trackers import shipped_rules
from alpines_privacy.trackers.csp import LoadPolicy, Loads
from alpines_privacy.trackers.reports import Counts, LoadReports, token_for
from alpines_privacy.trackers.responses import TrackersInResponses
from alpines_privacy.wsgi import PrivacyMiddleware
from tests.support.chromium import chromium, visit, wait_until
from tests.support.processes import wsgi_origin
from tests.support.secret_keys import KEY, OLDER_KEY
from tests.support.sent import Sent

ENFORCED, REPORTED = "content-security-policy", "content-security-policy-report-only"
OPEN = "'unsafe-inline' 'unsafe-eval' blob: data:"
CDN = ThirdParty("cdn.example.net", purpose="Style sheets")
SHOP = Client("192.0.2.7", "https", "www.shop.example", "https://www.shop.example")
KEYS = SecretKeys([KEY, OLDER_KEY])


def compiled(loads: Loads, *declared: str) -> LoadPolicy:
    parties = [ThirdParty(host, purpose="x") for host in declared or (CDN.host,)]
    return LoadPolicy(PrivacyPolicy(loads=loads, third_parties=parties), "/_privacy/loads")


def directives(value: str) -> dict[str, list[str]]:
    """Return a policy's directives and the sources of each."""
    return {d.split()[0]: d.split()[1:] for d in value.split(";")}


def sources(host: str, *declared: str, mount: str = "") -> list[str]:
    """Return what a page of a host may load from."""
    line = compiled("declared", *declared).line(SHOP._replace(host=host), mount)
    assert line is not None
    found = directives(line.field[1])
    assert list(found) == ["default-src", "report-uri"]
    return found["default-src"]


SITE = "'self' shop.example:* ws://shop.example:* *.shop.example:* ws://*.shop.example:*"
THEIRS = "cdn.example.net:* ws://cdn.example.net:*"

MODES: dict[Loads, str | None] = {"listed": None, "declared": ENFORCED, "report": REPORTED}


@pytest.mark.parametrize(("loads", "name"), MODES.items())
def test_each_kind_of_loads_says_one_policy_or_none(loads: Loads, name: str | None) -> None:
    line = compiled(loads).line(SHOP, "/below")
    policy = f"default-src {SITE} {THEIRS} {OPEN}; report-uri /below/_privacy/loads"
    assert line == (name and ((name, policy), ()))


def test_what_pages_might_load_by_what_they_name_is_gone() -> None:
    with pytest.raises(PolicyError, match=r"loads: found 'page' .* expected one of \"listed\", "):
        PrivacyPolicy(loads="page")  # type: ignore[arg-type]


# What is declared, and what of it a page of `www.shop.example` says beside the site.
NAMED: dict[tuple[str, ...], list[str]] = {
    ("b.example", "a.example"): ["b.example", "a.example"],
    ("*.cdn.example", "a.cdn.example", "*.b.cdn.example"): ["*.cdn.example"],
    ("*.cdn.example", "cdn.example"): ["*.cdn.example", "cdn.example"],
    ("shop.example", "*.shop.example", "a.b.shop.example"): [],
    ("workshop.example", "shop.example.net"): ["workshop.example", "shop.example.net"],
    ("localhost",): ["localhost"],
}


@pytest.mark.parametrize(("declared", "said"), NAMED.items())
def test_each_declared_host_is_named_once_and_none_that_another_covers(
    declared: tuple[str, ...], said: list[str]
) -> None:
    theirs = [source for host in said for source in (f"{host}:*", f"ws://{host}:*")]
    assert sources("www.shop.example", *declared) == [*SITE.split(), *theirs, *OPEN.split()]


def narrowed(hosts: list[str], room: int) -> tuple[list[str], tuple[str, ...]]:
    """Return the declared hosts' sources in a line for a head with so much room, and the notice."""
    line = compiled("declared", *hosts).line(SHOP, "", room)
    assert line is not None
    (name, value), notice = line
    assert len(f"{name}: {value}\r\n") <= max(room - 200, 150)
    said = directives(value)["default-src"]
    assert said[:1] + said[-4:] == ["'self'", *OPEN.split()]
    return [s for s in said[1:-4] if s not in SITE.split()], notice


@pytest.mark.parametrize("room", range(-500, 1537, 97))
@pytest.mark.parametrize("vendor", ["v.example", "vendor-of-parts.example", f"{'v' * 60}.example"])
def test_a_line_is_as_long_as_a_head_has_room_for_and_closed(vendor: str, room: int) -> None:
    """Whatever does not fit is blocked, what is declared first stays, and the log hears of it."""
    hosts = [f"cdn-{number}.{vendor}" for number in range(30)]
    said, notice = narrowed(hosts, room)
    if notice:
        assert said == hosts[: len(said)]
        assert (len(said) < 30) == (len(notice) == 3)
        assert notice[2:] == tuple(hosts[len(said) : len(said) + 1])
    else:
        assert said == [source for host in hosts for source in (f"{host}:*", f"ws://{host}:*")]


def test_thirty_declared_hosts_fit_into_an_ordinary_head() -> None:
    hosts = [f"cdn-{number}.vendor.example" for number in range(30)]
    assert narrowed(hosts, 1300)[0] == hosts
    assert narrowed(hosts[:14], 1300)[1] == ()


@pytest.mark.parametrize("host", ["shop.example", "a." * 120 + "example", "localhost"])
@pytest.mark.parametrize("mount", ["", "/m" * 600])
def test_neither_a_long_host_nor_a_long_mount_makes_a_line_too_long(host: str, mount: str) -> None:
    line = compiled("declared").line(SHOP._replace(host=host), mount)
    assert line is not None
    assert len(line.field[1]) < 1100


SITES: dict[str, str] = {
    "shop.example.co.uk": "'self' example.co.uk:* ws://example.co.uk:* *.example.co.uk:* ws://*.example.co.uk:*",
    "me.github.io": "'self' me.github.io:* ws://me.github.io:* *.me.github.io:* ws://*.me.github.io:*",
    "192.0.2.1": "'self' 192.0.2.1:* ws://192.0.2.1:*",
    "intranet": "'self' intranet:* ws://intranet:*",
    "[2001:db8::1]": "'self'",
    "a;script-src *": "'self'",
    "*": "'self'",
    "a" * 300: "'self'",
    "": "'self'",
    **dict.fromkeys(
        ["localhost", "127.0.0.1", "[::1]", "shop.localhost"],
        "'self' http://localhost:* http://127.0.0.1:* ws://localhost:* ws://127.0.0.1:*",
    ),
}


@pytest.mark.parametrize(("host", "site"), SITES.items(), ids=[host[:20] for host in SITES])
def test_the_site_is_its_registrable_domain_on_every_port(host: str, site: str) -> None:
    assert sources(host) == f"{site} {THEIRS} {OPEN}".split()


@given(st.text(), st.text(max_size=60))  # a longer mount may leave no room for its report address
@example("\udc80", "/\udc80")  # what a server could not decode
@example("shop.example", "/a;b,c d\r\n")
def test_no_host_or_mount_breaks_out_of_its_place(host: str, mount: str) -> None:
    for source in sources(host, mount=mount):
        assert source.isascii()
        assert "," not in source


def test_a_mount_too_long_for_a_head_leaves_out_where_to_report() -> None:
    line = compiled("declared").line(SHOP, "/\u0112" * 400)
    assert line is not None
    assert directives(line.field[1]).keys() == {"default-src"}


@pytest.mark.parametrize("loads", ["declared", "report"])
def test_lines_that_are_remembered_are_those_that_would_be_worked_out(loads: Loads) -> None:
    shared = compiled(loads)
    pages = [
        (SHOP._replace(host=host), mount)
        for host in ("a.example", "b.example", "localhost", "c" * 600)
        for mount in ("", "/m", "/" * 600)
    ]
    for client, mount in pages * 2:
        assert shared.line(client, mount) == compiled(loads).line(client, mount)


def test_what_is_remembered_of_visitors_hosts_is_bounded() -> None:
    loads = compiled("declared")
    for number in range(1000):
        loads.line(SHOP._replace(host=f"{number}.example"), "/" + "a" * 600)
    assert len(loads._lines) < 500
    loads = compiled("declared")
    loads.line(SHOP._replace(host="a" * 20_000), "")
    assert not loads._lines


# The endpoint.


PAGE_OF_OURS = "https://www.shop.example/orders"


def csp_report(
    blocked: Any, directive: Any = "img-src", page: Any = PAGE_OF_OURS, **more: Any
) -> bytes:
    told = {"blocked-uri": blocked, "effective-directive": directive, "document-uri": page, **more}
    return json.dumps({"csp-report": told}).encode()


def reporting(*bodies: dict[str, Any]) -> bytes:
    ours = [{"documentURL": PAGE_OF_OURS, **body} for body in bodies]
    return json.dumps([{"type": "csp-violation", "body": body} for body in ours]).encode()


def post(
    promise: LoadReports,
    body: bytes,
    media_type: str = "application/csp-report",
    *fields: tuple[str, str],
    cut: int = 0,
) -> int:
    """Post to the endpoint of `shop.example`, the body in two parts; return the status."""
    visit = Guard(REPORTS, promises=[promise]).visit(
        Sent(
            ("host", "www.shop.example"),
            ("content-type", media_type),
            *fields,
            method="POST",
            path="/_privacy/loads",
        )
    )
    try:
        outcome: Any = visit.request()
        if isinstance(outcome, Answer):
            return outcome.status
        outcome = visit.body(body[:cut], more=True)
        if not isinstance(outcome, Answer):
            outcome = visit.body(body[cut:], more=False)
        assert isinstance(outcome, Answer)
        return outcome.status
    finally:
        visit.end()


REPORTS = PrivacyPolicy(loads="report")


def made(keys: SecretKeys | None = KEYS, policy: PrivacyPolicy = REPORTS) -> LoadReports:
    return LoadReports(policy, keys, shipped_rules())


X = "https://x.example.com/path?who=somebody"
COUNTED: dict[str, tuple[str, bytes, dict[str, dict[str, int]]]] = {
    "a report": ("application/csp-report", csp_report(X), {"x.example.com": {"img-src": 1}}),
    "a charset": ("Application/CSP-Report; charset=utf-8", csp_report(X), {"x.example.com": {"img-src": 1}}),
    "only the violated directive": (
        "application/csp-report",
        csp_report(X, None, **{"violated-directive": "script-src 'self'"}),
        {"x.example.com": {"script-src": 1}},
    ),
    "several": (
        "application/reports+json",
        reporting(
            {"blockedURL": X, "effectiveDirective": "script-src-elem"},
            {"blockedURL": "wss://y.example.org/", "effectiveDirective": "connect-src"},
            {"blockedURL": X, "effectiveDirective": "script-src-elem"},
        ),
        {"x.example.com": {"script-src-elem": 2}, "y.example.org": {"connect-src": 1}},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("media_type", "body", "counts"), COUNTED.values(), ids=COUNTED)
def test_reports_are_counted_by_host_and_directive(
    media_type: str, body: bytes, counts: dict[str, dict[str, int]]
) -> None:
    for cut in (0, 1, len(body)):
        promise = made()
        assert post(promise, body, media_type, cut=cut) == 204
        assert promise.counts.by_host() == counts


GARBAGE: dict[str, bytes] = {
    "no JSON": b"{",
    "no text": b"\xff\xfe",
    "nested": b"[" * 60_000,
    "a number": b"1",
    "no report": b"{}",
    "another's report": b'[{"type":"deprecation","body":{"id":"x"}}]',
    **{
        f"blocked: {blocked}": csp_report(blocked)
        for blocked in (
            *("inline", "eval", "data", "blob", "self", "", "https://", "chrome-extension://abc/x"),
            *("https://192.0.2.1/", "https://[::1]/", "http://localhost/", "https://intranet/"),
            *("https://com/", "https://co.uk/", "https://a b.com/", "https://shop.example/"),
            "https://static.shop.example/",  # the site's own, which needs no declaration
            f"https://{'a' * 25}.example.com/",
            "https://0123456789abcdef.example.com/",
            "https://user-20261123.example.com/",
            f"https://{'a.' * 60}example.com/",
            None,
            1,
            ["https://x.example.com/"],
        )
    },
    **{f"directive: {d}": csp_report(X, d) for d in ("", "x-src", "form-action", 1, ["img-src"])},
}


@pytest.mark.parametrize("body", GARBAGE.values(), ids=[name[:40] for name in GARBAGE])
def test_garbage_is_taken_and_not_counted(body: bytes) -> None:
    promise = made()
    assert post(promise, body) == 204
    assert promise.counts.by_host() == {}


REFUSED: dict[str, tuple[str, bytes, tuple[str, str], int]] = {
    "another type": ("text/plain", csp_report(X), ("x", "y"), 415),
    "none": ("", csp_report(X), ("x", "y"), 415),
    "too large": ("application/csp-report", b" " * 65_536 + csp_report(X), ("x", "y"), 413),
}  # fmt: skip


@pytest.mark.parametrize(("media_type", "body", "field", "status"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_report_of_the_site_is_refused(
    media_type: str, body: bytes, field: tuple[str, str], status: int
) -> None:
    promise = made()
    assert post(promise, body, media_type, field) == status
    assert promise.counts.by_host() == {}


OF_NO_ORIGIN = (("sec-fetch-site", "cross-site"), ("origin", "null"))
FROM_HERE = (("sec-fetch-site", "same-origin"), ("origin", "http://www.shop.example"))
DOCUMENTS: dict[str, tuple[str | None, tuple[tuple[str, str], ...], bool]] = {
    "a page": (PAGE_OF_OURS, FROM_HERE, True),
    "a page in a sandboxed frame": (PAGE_OF_OURS, OF_NO_ORIGIN, True),
    "an old browser's": (PAGE_OF_OURS, (), True),
    "of another subdomain": ("https://shop.example/", FROM_HERE, True),
    "written into a page": ("about", FROM_HERE, True),
    "written into a page, with more words": ("about:srcdoc", FROM_HERE, True),
    "written into anybody's page": ("about", OF_NO_ORIGIN, False),
    "another site's that names our endpoint": ("https://evil.example/", OF_NO_ORIGIN, False),
    "another site's, from its frame here": ("https://evil.example/", FROM_HERE, False),
    "a name like ours": ("https://www.shop.example.evil.example/", OF_NO_ORIGIN, False),
    "a user like our host": ("https://www.shop.example@evil.example/", OF_NO_ORIGIN, False),
    "a file": ("file", FROM_HERE, False),
    "no page": (None, FROM_HERE, False),
}


@pytest.mark.parametrize(("page", "fields", "counts"), DOCUMENTS.values(), ids=DOCUMENTS)
def test_only_reports_about_pages_of_this_site_count(
    page: str | None, fields: tuple[tuple[str, str], ...], counts: bool
) -> None:
    promise = made()
    assert post(promise, csp_report(X, page=page), "application/csp-report", *fields) == 204
    assert bool(promise.counts.by_host()) is counts


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [r.getMessage() for r in caplog.records if r.levelname == "WARNING"]


@pytest.mark.parametrize(
    ("loads", "word"), [("declared", "it was stopped"), ("report", '"declared" would stop it')]
)
def test_the_first_report_about_a_host_is_one_warning_with_the_line_to_paste(
    caplog: pytest.LogCaptureFixture, loads: Loads, word: str
) -> None:
    promise = made(policy=PrivacyPolicy(loads=loads))
    for directive in ("font-src", "img-src"):
        post(promise, csp_report(X, directive, "https://www.shop.example/cart/pay?who=somebody#x"))
    (told,) = warnings(caplog)
    assert "x.example.com, which the policy does not declare (font-src on /cart/pay)" in told
    assert word in told
    assert 'ThirdParty("x.example.com", purpose="...")' in told
    assert 'host = "x.example.com"' in told
    assert "tracker" not in told
    for secret in ("somebody", "?", "/path"):
        assert secret not in told


def test_of_a_tracker_the_warning_says_so(caplog: pytest.LogCaptureFixture) -> None:
    post(made(), csp_report("https://www.google-analytics.com/collect"))
    (told,) = warnings(caplog)
    assert "It is a tracker (EasyPrivacy: ||google-analytics.com^" in told


SHAPES: dict[str, str] = {
    "/": "/",
    "": "/",
    "/cart/pay": "/cart/pay",
    "/cart/": "/cart/",
    "/orders/123/": "/orders/*/",
    "/users/Ayesha": "/users/*",
    "/users/a%40b.example": "/users/*",
    "/a\r\nERROR forged": "/*",
    "/\x1b[31m": "/*",
    "/%s/%d": "/*/*",
    "/a/b/c/d/e/f": "/a/b/c/d/...",
    f"/{'x' * 5000}": "/*",
}


@pytest.mark.parametrize(("path", "shape"), SHAPES.items(), ids=range(len(SHAPES)))
def test_the_warning_names_a_path_by_its_shape(
    caplog: pytest.LogCaptureFixture, path: str, shape: str
) -> None:
    post(made(), csp_report(X, page=f"https://www.shop.example{path}"))
    (told,) = warnings(caplog)
    assert f"(img-src on {shape})" in told
    assert told.isprintable()


def test_no_more_hosts_are_told_of_than_a_person_reads(caplog: pytest.LogCaptureFixture) -> None:
    promise = made()
    for number in range(200):
        post(promise, csp_report(f"https://h{number}.example.com/"))
    assert len(warnings(caplog)) == 51
    assert "suggest" in warnings(caplog)[-1]
    assert len(promise.counts.by_host()) == 200


def test_where_no_page_reports_there_is_no_endpoint() -> None:
    promise = made(policy=PrivacyPolicy())
    assert promise.pages == frozenset()
    visit = Guard(PrivacyPolicy()).visit(Sent(path="/_privacy/loads", method="POST"))
    assert isinstance(visit.request(), Pass)


def test_no_more_reports_of_a_body_are_read_than_a_browser_sends() -> None:
    body = {"blockedURL": X, "effectiveDirective": "img-src"}
    promise = made()
    assert post(promise, reporting(*[body] * 150), "application/reports+json") == 204
    assert promise.counts.by_host() == {"x.example.com": {"img-src": 100}}


def test_nothing_is_kept_but_hosts_and_directives() -> None:
    promise = made()
    post(promise, csp_report(X, page="https://shop.example/orders/somebody"))
    assert "somebody" not in repr(vars(promise.counts))


@given(st.lists(st.tuples(st.sampled_from("abcdefgh"), st.sampled_from(["img-src", "font-src"]))))
def test_counts_are_bounded_and_keep_who_is_asked_for_most(loads: list[tuple[str, str]]) -> None:
    counts = Counts(most=3)
    for _ in range(len(loads) + 1):
        counts.add("often", "img-src")
    for host, directive in loads:
        counts.add(host, directive)
        told = counts.by_host()
        assert len(told) <= 3
        assert next(iter(told)) == "often"
        assert host in told


@given(st.binary())
def test_no_body_makes_it_fail(body: bytes) -> None:
    promise = made()
    assert post(promise, body, cut=len(body) // 2) == 204
    assert promise.counts.by_host() == {}


anything = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
told = st.fixed_dictionaries(
    {
        "document-uri": anything | st.just(PAGE_OF_OURS) | st.text().map(PAGE_OF_OURS.__add__),
        "blocked-uri": anything | st.text().map("https://{}".format),
        "effective-directive": anything | st.just("img-src"),
    }
)


@given(anything | st.lists(st.fixed_dictionaries({"body": told | anything})))
def test_no_report_makes_it_fail_or_keeps_what_is_no_host(document: Any) -> None:
    promise = made()
    assert post(promise, json.dumps(document).encode(), "application/reports+json") == 204
    for host in promise.counts.by_host():
        ThirdParty(host, purpose="Any host that is counted can be declared")


def asked(promise: LoadReports, *fields: tuple[str, str], method: str = "GET") -> Answer:
    context: RequestContext = (
        Guard(REPORTS, promises=[])
        .visit(Sent(*fields, method=method, path="/_privacy/loads"))
        .context
    )
    answer = promise.page(context)
    assert isinstance(answer, Answer)
    return answer


def bearer(token: str) -> tuple[str, str]:
    return ("authorization", f"Bearer {token}")


def signed(
    key: str, word: bytes = b"loads", salt: str = "alpines-privacy.loads", ago: int = 0
) -> str:
    class Clock(TimestampSigner):
        def get_timestamp(self) -> int:
            return super().get_timestamp() - ago

    return Clock(key, salt=salt).sign(word).decode()


# Made when they are used: the first tests of a run may be minutes before.
TOKENS: dict[str, tuple[Callable[[], str], bool]] = {
    "ours": (lambda: token_for(KEYS), True),
    "of an older key": (lambda: signed(KEYS[1]), True),
    "four minutes old": (lambda: signed(KEYS[0], ago=240), True),
    "six minutes old": (lambda: signed(KEYS[0], ago=360), False),
    "of tomorrow": (lambda: signed(KEYS[0], ago=-86_400), False),
    "of another key": (lambda: signed("a-key-nobody-has-set"), False),
    "for another purpose": (lambda: signed(KEYS[0], salt="alpines-privacy.choice"), False),
    "of another word": (lambda: signed(KEYS[0], b"opt-out"), False),
    "garbage": (lambda: "\xff.\x00", False),
    "nothing": (lambda: "", False),
}


@pytest.mark.parametrize(("token", "holds"), TOKENS.values(), ids=TOKENS)
def test_only_a_fresh_token_of_the_sites_key_gets_the_counts(
    token: Callable[[], str], holds: bool
) -> None:
    promise = made()
    promise.counts.add("x.example.com", "img-src")
    answer = asked(promise, bearer(token()))
    assert answer.status == (200 if holds else 404)
    if holds:
        assert json.loads(answer.body) == {"loads": {"x.example.com": {"img-src": 1}}}
    assert ("cache-control", "no-store") in answer.fields


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE"])
def test_without_a_token_or_with_another_method_there_is_nothing(method: str) -> None:
    assert asked(made(), method=method).status == 404
    if method != "GET":
        assert asked(made(), bearer(token_for(KEYS)), method=method).status == 404


def test_without_a_key_nobody_is_told_anything() -> None:
    assert asked(made(None), bearer(token_for(KEYS))).status == 404
    assert SecretKeys.given({"ALPINES_PRIVACY_SECRET_KEY": " , "}) is None
    assert SecretKeys.given({"ALPINES_PRIVACY_SECRET_KEY": ",".join(KEYS)}) == KEYS


@pytest.mark.parametrize(
    "path", ["/", "/loads", "/_privacy/", "/_privacy/loads/", "/_privacy/loadsx"]
)
def test_other_paths_are_the_apps(path: str) -> None:
    visit = Guard(REPORTS, promises=[made()]).visit(Sent(path=path, method="POST"))
    assert isinstance(visit.request(), Pass)


# In a browser.


PAGE = """<!doctype html><link rel=icon href=data:,><script>
const done = [];
const add = (name, what, where) => done.push(new Promise(resolve => {
  const element = Object.assign(document.createElement(name), what);
  element.onload = element.onerror = resolve;
  document[where].append(element);
}));
const ran = [];
const all = async (hosts, sockets) => {
  for (const host of hosts) {
    add("script", {src: `http://${host}/script.js`}, "head");
    add("link", {rel: "stylesheet", href: `http://${host}/style.css`}, "head");
    add("iframe", {src: `http://${host}/frame.html`}, "documentElement");
    add("img", {src: `http://${host}/image.gif`}, "documentElement");
    done.push(fetch(`http://${host}/fetch`, {mode: "no-cors"}).catch(() => 0));
  }
  for (const host of sockets) done.push(new Promise(resolve => {
    try { new WebSocket(`ws://${host}/socket`).onerror = resolve } catch { resolve() }
  }));
  ran.push(eval("'eval'"));
  add("script", {src: "data:text/javascript,ran.push('data')"}, "head");
  const blob = new Blob(["postMessage('worker')"]);
  done.push(new Promise(resolve => {
    const worker = new Worker(URL.createObjectURL(blob));
    worker.onmessage = message => resolve(ran.push(message.data));
    worker.onerror = resolve;
  }));
  await Promise.all(done);
  return ran.sort();
};
</script><button onclick="ran.push('handler')">x</button>"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


TOLD = {"script-src-elem", "style-src-elem", "frame-src", "img-src", "connect-src"}


def layer(policy: PrivacyPolicy) -> tuple[Guard, Counts]:
    """Return what says in a page's head what it may load, and the counts of what is reported."""
    reports = made(policy=policy)
    trackers = TrackersInResponses(policy, shipped_rules())
    return Guard(policy, promises=[reports, trackers]), reports.counts


class Tour:
    """A page on `www.shop.example` that tries every kind of load on the hosts it is told of."""

    def __init__(self, browser: Browser, loads: Loads, *, host: str = "www.shop.example") -> None:
        self.hits: set[str] = set()
        policy = PrivacyPolicy(
            loads=loads, third_parties=[ThirdParty("declared.example", purpose="Maps")]
        )
        guard, self.counts = layer(policy)
        app = PrivacyMiddleware(self._app, guard)
        with wsgi_origin(app) as port, wsgi_origin(app) as other:
            context = browser.new_context()
            self.page = context.new_page()
            self.page.goto(f"http://{host}:{port}/")
            self.page.click("button")
            hosts = [f"{name}:{port}" for name in (host, "declared.example", "other.example")]
            hosts += [f"static.shop.example:{other}", f"localhost:{other}"]
            self.ran = self.page.evaluate("([a, b]) => all(a, b)", [hosts, hosts])
            if loads != "listed":
                wait_until(self.page, lambda: self.reported() == TOLD)
            context.close()

    def reported(self) -> set[str]:
        """Return the directives that loads from a host nobody declared broke."""
        return set(self.counts.by_host().get("other.example", ()))

    def _app(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        name = environ["HTTP_HOST"].partition(":")[0]
        path = environ["PATH_INFO"]
        if path == "/":
            start_response("200 OK", [("Content-Type", "text/html")])
            return [PAGE.encode()]
        self.hits.add(f"{name}{path}")
        kinds = {"js": "text/javascript", "css": "text/css", "html": "text/html"}
        start_response(
            "200 OK", [("Content-Type", kinds.get(path.rpartition(".")[2], "text/plain"))]
        )
        return [b""]

    def loaded(self, host: str) -> set[str]:
        """Return what was asked of a host, by kind."""
        return {
            re.sub(r"\..*", "", h.partition("/")[2]) for h in self.hits if h.startswith(f"{host}/")
        }


EVERY = {"script", "style", "frame", "image", "fetch", "socket"}
SITE_AND_DECLARED = {
    "www.shop.example": EVERY,
    "static.shop.example": EVERY,
    "declared.example": EVERY,
}
BROWSED: dict[tuple[Loads, str], dict[str, set[str]]] = {
    ("listed", "www.shop.example"): {
        **SITE_AND_DECLARED,
        "other.example": EVERY,
        "localhost": EVERY,
    },
    ("declared", "www.shop.example"): {
        **SITE_AND_DECLARED,
        "other.example": set(),
        "localhost": set(),
    },
    ("declared", "localhost"): {
        "localhost": EVERY,
        "declared.example": EVERY,
        "other.example": set(),
    },
    ("report", "www.shop.example"): {
        **SITE_AND_DECLARED,
        "other.example": EVERY,
        "localhost": EVERY,
    },
}


@pytest.mark.parametrize(("mode", "loaded"), BROWSED.items(), ids=[" ".join(m) for m in BROWSED])
def test_chromium_loads_what_the_policy_lets_it(
    browser: Browser, mode: tuple[Loads, str], loaded: dict[str, set[str]]
) -> None:
    tour = Tour(browser, mode[0], host=mode[1])
    assert {host: tour.loaded(host) for host in loaded} == loaded
    assert tour.reported() == (set() if mode[0] == "listed" else TOLD)
    assert tour.ran == ["data", "eval", "handler", "worker"]


@pytest.mark.parametrize("loads", MODES)
@pytest.mark.parametrize("signal", [{}, {"Sec-GPC": "1"}])
def test_the_console_of_a_protected_page_is_empty(
    browser: Browser, loads: Loads, signal: dict[str, str]
) -> None:
    """A field that browsers of today do not know would be a warning on every page."""

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        del environ
        start_response("200 OK", [("Content-Type", "text/html")])
        return [b"<!doctype html><link rel=icon href=data:,><script>var here = 1</script>"]

    said: list[str] = []
    with wsgi_origin(protect(app, PrivacyPolicy(loads=loads))) as port:
        context = browser.new_context(extra_http_headers=signal)
        page = context.new_page()
        page.on("console", lambda message: said.append(message.text))
        answer = page.goto(f"http://www.shop.example:{port}/")
        page.evaluate("console.log('the end')")
        wait_until(page, lambda: "the end" in said)
        context.close()
    assert answer is not None
    assert "permissions-policy" in answer.headers
    assert said == ["the end"]


FRAMES: dict[str, str] = {
    "a frame": '<iframe src="{}"></iframe>',
    "a sandboxed frame": '<iframe src="{}" sandbox="allow-scripts"></iframe>',
    "a page in a page": '<iframe srcdoc="<img src=//other.example/a.gif>"></iframe>',
}


@pytest.mark.parametrize("frame", FRAMES.values(), ids=FRAMES)
def test_reports_of_frames_and_of_mounted_apps_arrive(browser: Browser, frame: str) -> None:
    """The app is below `/shop`, and routes within itself by moving the mount point further."""
    guard, counts = layer(REPORTS)

    def frames(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "text/html")])
        if environ["PATH_INFO"] == "/framed":
            return [b"<!doctype html><img src=//other.example/a.gif>"]
        return [frame.format("/shop/inner/framed").encode()]

    inner = DispatcherMiddleware(no_app, {"/inner": frames})
    outer = DispatcherMiddleware(no_app, {"/shop": PrivacyMiddleware(inner, guard)})
    with wsgi_origin(outer) as port:
        page = visit(browser, f"http://www.shop.example:{port}/shop/inner/")
        wait_until(page, lambda: bool(counts.by_host()))
        page.context.close()
    assert counts.by_host() == {"other.example": {"img-src": 1}}


def test_a_router_within_the_app_does_not_move_the_reports_address_over_asgi() -> None:
    def show(request: Any) -> HTMLResponse:
        return HTMLResponse("<p>hello")

    inner = Mount("/inner", routes=[Route("/page", show)])
    app = Starlette(routes=[Mount("/shop", app=ASGIMiddleware(Starlette(routes=[inner]), REPORTS))])
    with visitor(app) as client:
        line = client.get("/shop/inner/page").headers[REPORTED]
    assert directives(line)["report-uri"] == ["/shop/_privacy/loads"]


# On the command line.


@pytest.fixture
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALPINES_PRIVACY_SECRET_KEY", ",".join(KEYS))


def suggested(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["trackers", "suggest", *arguments])


def no_app(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
    start_response("404 Not Found", [("Content-Type", "text/plain")])
    return [b""]


@contextmanager
def counting(*hosts: tuple[str, str, int]) -> Iterator[str]:
    promise = made()
    for host, directive, times in hosts:
        for _ in range(times):
            promise.counts.add(host, directive)
    with wsgi_origin(PrivacyMiddleware(no_app, Guard(REPORTS, promises=[promise]))) as port:
        yield f"http://127.0.0.1:{port}/"


@pytest.mark.usefixtures("key")
def test_what_was_reported_is_suggested_for_a_person_to_accept() -> None:
    with counting(
        ("widgets.example.org", "script-src-elem", 3),
        ("widgets.example.org", "img-src", 1200),
        ("www.google-analytics.com", "script-src-elem", 2),
        ("fonts.gstatic.com", "font-src", 1),
    ) as url:
        result = suggested(url)
    assert result.exit_code == 0, result.output
    assert tomllib.loads(result.output) == {
        "third_parties": [
            {"host": "widgets.example.org", "purpose": ""},
            {"host": "fonts.gstatic.com", "purpose": ""},
        ]
    }
    assert "# company not known: img-src 1,200, script-src-elem 3\n" in result.output
    assert "# WARNING: a tracker (EasyPrivacy: ||google-analytics.com^" in result.output
    assert '# host = "www.google-analytics.com"\n' in result.output
    with pytest.raises(PolicyError, match="purpose"):  # nothing loosens by itself
        PrivacyPolicy.from_mapping(tomllib.loads(result.output))


@pytest.mark.usefixtures("key")
def test_what_is_declared_already_is_not_suggested(tmp_path: Any) -> None:
    policy = tmp_path / "alpines-privacy.toml"
    entries = ("x.example.org", "*.example.com")
    policy.write_text(
        "".join(f'[[third_parties]]\nhost = "{h}"\npurpose = "Maps"\n' for h in entries)
    )
    with counting(("x.example.org", "img-src", 1), ("a.b.example.com", "img-src", 1)) as url:
        result = suggested(url, "--policy", str(policy))
    assert "Nothing was reported" in result.output
    assert result.exit_code == 0


def redirecting(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
    start_response("307 Temporary Redirect", [("Location", "http://127.0.0.1:1/")])
    return [b""]


def answering(body: bytes) -> Callable[..., Any]:
    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "application/json")])
        return [body]

    return app


ANSWERS: dict[str, tuple[Callable[..., Any], str]] = {
    "nothing there": (no_app, "answered 404"),
    "elsewhere": (redirecting, "answered 307; give the address it sends to"),
    "no JSON": (answering(b"<html>"), "no counts"),
    "no counts": (answering(b'{"loads": 1}'), "no counts"),
    "no host": (answering(b'{"loads": {"x\\"\\nmode = \\"off": {"img-src": 1}}}'), "no counts"),
    "no number": (answering(b'{"loads": {"x.example": {"img-src": []}}}'), "no counts"),
}


@pytest.mark.usefixtures("key")
@pytest.mark.parametrize(("app", "problem"), ANSWERS.values(), ids=ANSWERS)
def test_what_answers_otherwise_is_one_line(app: Callable[..., Any], problem: str) -> None:
    with wsgi_origin(app) as port:
        result = suggested(f"http://127.0.0.1:{port}")
    assert result.exit_code != 0
    assert problem in result.output
    assert "third_parties" not in result.output


def test_without_a_key_nobody_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ALPINES_PRIVACY_SECRET_KEY", raising=False)
    result = suggested("http://127.0.0.1:1/")
    assert "ALPINES_PRIVACY_SECRET_KEY" in result.output
    assert result.exit_code != 0


def test_both_protocols_take_reports() -> None:
    async def not_found(scope: Any, receive: Any, send: Any) -> None:
        raise AssertionError("the app does not see a report")

    wraps: tuple[Callable[[Guard], Any], ...] = (
        lambda guard: PrivacyMiddleware(no_app, guard),
        lambda guard: ASGIMiddleware(not_found, guard),
    )
    for wrap in wraps:
        promise = made()
        with visitor(wrap(Guard(REPORTS, promises=[promise]))) as client:
            response = client.post(
                "/_privacy/loads",
                content=csp_report(X),
                headers={"content-type": "application/csp-report", "host": "www.shop.example"},
            )
        assert (response.status_code, response.headers.get_list("content-length")) == (204, [])
        assert promise.counts.by_host() == {"x.example.com": {"img-src": 1}}
