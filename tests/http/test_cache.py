"""Caches: bounded in bytes whatever a visitor sends, all of them in one list, and as fast as a dictionary."""

from __future__ import annotations

import ast
import gc
import io
import logging
import re
import tracemalloc
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from threading import Thread
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alpines_privacy import Collection, Intrusion, LoginRoute, Passwords, PrivacyPolicy, Signup
from alpines_privacy.asgi import PrivacyMiddleware as ASGILayer
from alpines_privacy.http import cache
from alpines_privacy.http.cache import BOUNDS, Cache, held
from alpines_privacy.redaction import Redactor
from alpines_privacy.redaction.engine.gate import FoldGate
from alpines_privacy.redaction.engine.scanner import Scanner
from alpines_privacy.redaction.engine.user_agents import generalised
from alpines_privacy.redaction.logs.cleaning import Cleaner
from alpines_privacy.redaction.logs.records import clean
from alpines_privacy.trackers import shipped_rules
from alpines_privacy.wsgi import PrivacyMiddleware as WSGILayer
from tests.support.wire import ASGIServer, scope_of

SOURCE = Path(cache.__file__).parents[1]
DOCUMENT = Path(__file__).parents[2] / "docs" / "limits.md"
MB = 1024 * 1024
ALL_TOGETHER = 32 * MB
LARGE = "x" * 250_000

# -- The class

KEYS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=400) | st.binary(max_size=400),
    lambda parts: (
        st.lists(parts, max_size=3).map(tuple) | st.frozensets(st.text(max_size=60), max_size=3)
    ),
    max_leaves=4,
)


@pytest.fixture(autouse=True)
def _empty() -> Iterator[None]:
    _drop_all()
    yield
    _drop_all()


def _drop_all(*but: str) -> None:
    for name, share in cache._SHARES.items():
        if name not in but:
            share.drop()


def test_an_answer_is_worked_out_once() -> None:
    asked: list[str] = []

    def length(key: str) -> int:
        asked.append(key)
        return len(key)

    lengths: Cache[str, int] = Cache("sites", length)
    assert [lengths["shop"], lengths["shop"], lengths["a"]] == [4, 4, 1]
    assert asked == ["shop", "a"]


def test_one_without_a_function_is_told() -> None:
    told: Cache[str, int] = Cache("sites")
    assert told.get("a") is None
    told.keep("a", 1)
    assert told.get("a") == told["a"] == 1
    with pytest.raises(KeyError):
        told["b"]


def test_a_cache_that_is_not_listed_cannot_be_made() -> None:
    with pytest.raises(KeyError):
        Cache("mine", len)


@given(st.lists(KEYS, max_size=60))
def test_what_it_holds_is_answered_right_and_within_its_bound(keys: list[Any]) -> None:
    answers: Cache[Any, str] = Cache("signup paths", repr)
    for key in keys:
        assert answers[key] == repr(key) or key in answers
        assert sum(map(cache._size_of_key, answers)) <= held("signup paths")
        assert held("signup paths") <= BOUNDS["signup paths"].size


class _Named(str):
    __slots__ = ()


@pytest.mark.parametrize(
    "key",
    [
        "x" * 1000, b"x" * 1000, ("x" * 500, "x" * 500), ("a", ("x" * 1000,)), frozenset({"x" * 1000}),
        _Named("a"), ("a", _Named("b")), object(), "\U0001f600" * 200,
    ],
)  # fmt: skip
def test_a_key_that_is_long_or_of_anybodys_type_is_answered_and_not_kept(key: Any) -> None:
    answers: Cache[Any, int] = Cache("sites", lambda _: 7)
    assert answers[key] == 7
    assert not answers
    assert held("sites") == 0


def test_a_value_too_large_for_it_is_answered_and_not_kept() -> None:
    answers: Cache[str, str] = Cache("sites", lambda key: key * 100_000)
    assert len(answers["a"]) == 100_000
    assert not answers


def test_caches_of_one_name_share_one_bound_and_a_dead_one_gives_its_bytes_back() -> None:
    several: list[Cache[int, str]] = [Cache("sites", lambda key: "x" * 200) for _ in range(100)]
    for number in range(200):
        for one in several:
            one[number]
    assert held("sites") <= BOUNDS["sites"].size
    assert sum(len(one) for one in several) * 200 <= BOUNDS["sites"].size
    while several:
        several.pop()
    gc.collect()
    assert held("sites") < 5000  # what others hold


def test_threads_that_meet_raise_nothing_and_leave_it_bounded() -> None:
    answers: Cache[int, str] = Cache("trusted peers", lambda key: str(key) * 20)
    wrong: list[int] = []

    def ask(start: int) -> None:
        try:
            wrong.extend(k for k in range(start, start + 20_000) if answers[k] != str(k) * 20)
        except BaseException:
            wrong.append(-1)
            raise

    threads = [Thread(target=ask, args=(start,)) for start in (0, 10, 5000, 40_000)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert held("trusted peers") <= BOUNDS["trusted peers"].size


# -- The list


def test_all_bounds_together() -> None:
    assert sum(bound.size for bound in BOUNDS.values()) <= ALL_TOGETHER


def test_the_document_has_every_cache_with_its_bound() -> None:
    rows = re.findall(
        r"^\| ([^|]+) \| ([^|]+) \| ([\d,]+) KB \| ([\d,]+) B \| ([^|]+) \|$",
        DOCUMENT.read_text(),
        re.MULTILINE,
    )
    told = [
        (name, key, int(size.replace(",", "")), int(longest.replace(",", "")), why)
        for name, key, size, longest, why in rows
    ]
    assert told == [
        (name, b.key, b.size // 1024, b.longest, b.reason) for name, b in BOUNDS.items()
    ]


# What is remembered by `functools`, and why its keys are no visitor's.
BY_FUNCTOOLS: Mapping[str, str] = MappingProxyType(
    {
        "breach/addresses.py": "the hosts of a list that a command reads: 10,000",
        "breach/notice/header_text.py": "no argument: the Public Suffix List",
        "breach/recipients.py": "the languages of a list that a command reads: 1,000",
        "django/mails.py": "the app's reporter classes",
        "redaction/logs/formatters.py": "the app's formatter classes",
        "guard/kinds.py": "no argument: a redactor that writes marks",
        "redaction/loguru.py": "nothing: its hook is placed once",
        "policy/explain.py": "the classes of a policy's parts",
        "redaction/logs/installed.py": "no argument: the literal redactor",
        "wsgi.py": "the names of fields our own code asks for",
        "http/site.py": "no argument: the Public Suffix List",
        "policy/age.py": "the date formats of a policy",
        "redaction/engine/redactor.py": "the `logs` part of a policy",
        "trackers/rules.py": "a party and kinds of load: some dozens of pairs",
        "trackers/shipped.py": "the names of the shipped files",
        "trackers/known.py": "rules of lists, at start-up",
        "redaction/engine/snapshots.py": "the classes of what is logged",
        "testing/client.py": "the addresses that a test asks for: 256",
        "testing/exchange.py": "a policy that a test names or a command reads: 8",
        "testing/jar.py": "the addresses that a test or an audit asks for: 256",
        "shield/script.py": "no argument: the script's source",
    }
)


def _uses_functools(path: Path) -> bool:
    source = path.read_text()
    if "functools" not in source:
        return False
    imported = {
        alias.name
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.ImportFrom) and node.module == "functools"
        for alias in node.names
    }
    spelled = re.search(r"functools\.(?:lru_)?cache\b", source)
    return spelled is not None or not imported.isdisjoint({"cache", "lru_cache"})


def test_nothing_else_remembers_what_a_visitor_sends() -> None:
    found = {str(p.relative_to(SOURCE)) for p in SOURCE.rglob("*.py") if _uses_functools(p)}
    assert found <= BY_FUNCTOOLS.keys()


# -- Filled through requests

POLICY = PrivacyPolicy(
    intrusion=Intrusion(logins=[LoginRoute(path="/login")]),
    passwords=Passwords(paths=["/register"]),
    collections=[Collection("/register", fields=["name"], purpose="Signs you up")],
    trusted_proxies=["192.0.2.7", "10.0.0.0/8"],
    exempt=["/static/*", "/a/*/b"],
    signups=[Signup("/register", birth_date="dob")],
    loads="declared",
    logs="off",
)
HTML = ("Content-Type", "text/html")


class Site:
    """An app behind the layer, asked over WSGI and ASGI, that answers what a request is told to get."""

    def __init__(self) -> None:
        self.fields: list[tuple[str, str]] = []
        self.body = b""
        self._wsgi = WSGILayer(self._answer, POLICY)
        self._asgi = ASGILayer(self._send, POLICY)

    def _answer(self, environ: Any, start: Any) -> list[bytes]:
        start("200 OK", list(self.fields))
        return [self.body]

    async def _send(self, scope: Any, receive: Any, send: Any) -> None:
        raw = [(n.encode("latin-1"), v.encode("latin-1")) for n, v in self.fields]
        await send({"type": "http.response.start", "status": 200, "headers": raw})
        await send({"type": "http.response.body", "body": self.body})

    def get(
        self, *fields: tuple[str, str], path: str = "/", body: str = "<p>", **sent: str
    ) -> None:
        """Ask over WSGI: `sent` are request fields, `fields` and `body` the app's answer."""
        self.fields, self.body = [*(fields or [HTML])], body.encode()
        environ = {
            "REQUEST_METHOD": "GET", "PATH_INFO": path, "SCRIPT_NAME": "", "QUERY_STRING": "",
            "REMOTE_ADDR": "192.0.2.7", "wsgi.url_scheme": "https", "wsgi.input": io.BytesIO(),
            "HTTP_HOST": "shop.example", "HTTP_ACCEPT": "text/html", "HTTP_DNT": "1", **sent,
        }  # fmt: skip
        answer = self._wsgi(environ, lambda *_: lambda _: None)
        list(answer)
        getattr(answer, "close", lambda: None)()

    def get_async(self, *fields: tuple[str, str], **sent: str) -> None:
        """Ask over ASGI."""
        self.fields, self.body = [*fields], b""
        raw = [(n.replace("_", "-").lower().encode(), v.encode()) for n, v in sent.items()]
        ASGIServer().run(self._asgi, scope_of("/", *raw))


@pytest.fixture(scope="module")
def site() -> Site:
    return Site()


def _long(number: int, length: int = 150) -> str:
    return f"{number}" + "x" * length


def _labels(number: int) -> str:
    return f"h{number}.{'a' * 60}.{'b' * 60}"


def _images(number: int, form: str) -> str:
    return "".join(f'<img src="{form % _labels(50 * number + index)}">' for index in range(50))


REDACTOR = Redactor(POLICY)
CLEANER = Cleaner(REDACTOR)
FOLD = FoldGate(Scanner().shapes)
LISTED = [
    host.decode()
    for host in re.findall(
        rb"\n.\|\|([a-z0-9.-]+)\^?(?:\$third-party)?(?=\n)", shipped_rules().tables[0]._rules
    )
]
WORDS = list(shipped_rules().tables[0].words)


def _pages_of(site: Site, addresses: list[str], number: int) -> None:
    some = addresses[100 * number : 100 * number + 100]
    site.get(body="".join(f'<script src="{address}"></script>' for address in some))


def _styles(number: int) -> str:
    url = f"//www.google-analytics.com/{number}{LARGE[:3000]}"
    return "".join(f"<style>a{{background:url({url}{index})}}</style>" for index in range(20))


def _log(number: int) -> None:
    for index in range(20):
        REDACTOR.redact(f"user{number}k{index}{LARGE[:30]}_password=hunter2x")


def _log_data(number: int) -> None:
    for index in range(20):
        REDACTOR.redact_value(f"user{number}k{index}{LARGE[:30]}_password", "hunter2x")


def _log_records(number: int) -> None:
    for index in range(20):
        template = f"{LARGE[:150]} {number} {index} %s"
        clean(logging.LogRecord("tests", 20, "", 1, template, ("x" * 80,), None), CLEANER, ())


def _log_cards(number: int) -> None:
    for index in range(1, 8):
        lengths = (4, 4 + number % 3, 4 + number // 3 % 2, index, number // 6 % 7 + 1)
        REDACTOR.redact(" ".join("4" * length for length in lengths))


def _log_numbers(number: int) -> None:
    for index in range(40):
        FOLD("0" * (number % 40 + 1) + "-" * (index % 17) + "0" * (number // 40 + index))


# For each cache what fills it: asked again and again with another number.
FILLING: Mapping[str, Callable[[Site, int], object]] = MappingProxyType(
    {
        "registrable domains": lambda s, n: s.get(HTTP_HOST=_labels(n) + ".example"),
        "sites": lambda s, n: s.get(HTTP_HOST=_labels(n) + ".example:8443"),
        "trusted peers": lambda s, n: s.get(HTTP_X_FORWARDED_FOR=f"2001:db8:aaaa:bbbb:cccc:dddd:eeee:{n:x}"),
        "narrowed codings": lambda s, n: s.get(HTTP_ACCEPT_ENCODING=f"gzip, {_long(n)}"),
        "accepted JSON": lambda s, n: s.get(
            path="/register", REQUEST_METHOD="POST", HTTP_ACCEPT=f"text/html;q=0.5, {_long(n)}"
        ),
        "media types": lambda s, n: s.get(("Content-Type", f"text/{_long(n)}; charset=utf-8")),
        "field names": lambda s, n: s.get(HTML, *((f"X-{_long(n, 90)}-{i}", "1") for i in range(20))),
        "raw media types": lambda s, n: s.get_async(("Content-Type", f"text/{_long(n)}; charset=utf-8")),
        "raw field names": lambda s, n: s.get_async(*((f"X-{_long(n, 90)}-{i}", "1") for i in range(20))),
        "cookie dates": lambda s, n: s.get(
            HTML, ("Set-Cookie", f"a=b; Expires=Wed, 09 Jun 2121 10:18:14 GMT {_long(n, 60)}")
        ),
        "cookie rules": lambda s, n: s.get(HTTP_COOKIE="; ".join(f"{_long(n, 80)}{i}=1" for i in range(20))),
        "unwanted cookies": lambda s, n: s.get(HTTP_COOKIE="; ".join(f"{_long(n, 80)}{i}=1" for i in range(20))),
        "cookie verdicts": lambda s, n: s.get(HTML, ("Set-Cookie", f"a{n}=b; Path=/{_long(n, 400)}")),
        "cookie deletions": lambda s, n: s.get(HTTP_COOKIE=f"_ga_{_long(n, 60)}=1", HTTP_HOST=f"{'a.' * 90}example"),
        "signup paths": lambda s, n: s.get(path=f"/{_long(n)}"),
        "login paths": lambda s, n: s.get(path=f"/{_long(n)}"),
        "collection paths": lambda s, n: s.get(path=f"/{_long(n)}", QUERY_STRING="a=1"),
        "page hosts": lambda s, n: s.get(HTTP_HOST=f"h{n}.{'a.' * 60}example", body='<img src="//a.example/x">'),
        "rules on a host": lambda s, n: s.get(body=_images(n, "//%s.google-analytics.com/")),
        "rules of a listed host": lambda s, n: _pages_of(s, [f"//{host}/" for host in LISTED], n),
        "rules with a word": lambda s, n: _pages_of(s, [f"//a.example{word}?" for word in WORDS], n),
        "loads": lambda s, n: s.get(body=_images(n, "//%s.example/" + LARGE[:900])),
        "page outcomes": lambda s, n: s.get(HTTP_HOST=f"h{n}.{'a.' * 60}example"),
        "tags": lambda s, n: s.get(body=_images(n, "//%s.google-analytics.com/" + LARGE[:500])),
        "style sheets": lambda s, n: s.get(body=_styles(n)),
        "load policies": lambda s, n: s.get(HTTP_HOST=f"{n}.example"),
        "shield elements": lambda s, n: s.get(HTTP_HOST=f"h{n}.{'a.' * 90}example", body="<script>1</script>"),
        "paths of passwords": lambda s, n: s.get(path=f"/{_long(n)}", body="<p>"),
        "clean messages": lambda _, n: _log_records(n),
        "log keys": lambda _, n: _log_data(n),
        "readings of keys": lambda _, n: _log(n),
        "forms of cards": lambda _, n: _log_cards(n),
        "forms of numbers": lambda _, n: _log_numbers(n),
        "user agents": lambda _, n: generalised(f"Mozilla/5.0 (Windows NT 10.0) {_long(n, 300)}"),
    }
)  # fmt: skip


def test_each_cache_is_filled() -> None:
    assert FILLING.keys() == BOUNDS.keys()


@pytest.mark.parametrize("name", BOUNDS)
def test_what_stays_of_requests_is_within_the_bound_and_the_estimate(
    name: str,
    site: Site,
) -> None:
    """Fills the cache once over, if a visitor can, and compares what it frees with what it said it holds."""
    most, fill = BOUNDS[name].size, FILLING[name]
    tracemalloc.start()
    try:
        most_held = 0
        for number in range(150):  # until it has begun anew, or there is no more to be had
            fill(site, number)
            assert held(name) <= most
            if held(name) <= most_held and number % 10 == 9:
                break
            most_held = max(most_held, held(name))
        assert most_held > 0
        said = held(name)
        _drop_all(name)
        gc.collect()
        with_it = tracemalloc.get_traced_memory()[0]
        cache._SHARES[name].drop()
        gc.collect()
        freed = with_it - tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert freed <= said <= most


LONG_FIELDS = (
    "HTTP_HOST", "HTTP_X_FORWARDED_HOST", "HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_ACCEPT",
    "HTTP_ACCEPT_ENCODING", "HTTP_COOKIE", "HTTP_USER_AGENT", "HTTP_IF_NONE_MATCH", "CONTENT_TYPE",
    "REMOTE_ADDR", "PATH_INFO", "SCRIPT_NAME", "QUERY_STRING", "HTTP_ORIGIN", "HTTP_DNT", "HTTP_SEC_GPC",
)  # fmt: skip


def _stays_after(requests: Callable[[], object]) -> int:
    gc.collect()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        requests()
        gc.collect()
        return tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()


def _long_ones(site: Site, field: str) -> None:
    for number in range(60):
        value = f"{number}{LARGE}"
        forms = {
            "HTTP_HOST": f"[fe80::1%25{value}]" if number % 2 else value,
            "HTTP_FORWARDED": f"for=192.0.2.7;host={value}",
            "HTTP_ACCEPT": f"text/html, {value}",
            "HTTP_COOKIE": f"{value}=1",
            "PATH_INFO": f"/{value}",
        }
        site.get(**{field: forms.get(field, value)})


@pytest.mark.parametrize("field", LONG_FIELDS)
def test_nothing_stays_of_long_fields(field: str, site: Site) -> None:
    assert _stays_after(lambda: _long_ones(site, field)) < MB // 2


def test_all_caches_together_stay_within_32_mb(site: Site) -> None:
    def fill() -> None:
        for name in BOUNDS:
            for number in range(10):
                FILLING[name](site, number)

    assert _stays_after(fill) <= ALL_TOGETHER
