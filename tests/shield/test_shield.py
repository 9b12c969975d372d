"""The shield's HTTP side and what it is made of: its tag, its file, its tables, its shortened source."""

from __future__ import annotations

import gzip
import json
import logging
import re
import shutil
import subprocess
import zlib
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alpines_privacy import PrivacyPolicy, ThirdParty
from alpines_privacy.guard import Guard
from alpines_privacy.http.client import Client
from alpines_privacy.http.heads import Field, ResponseHead
from alpines_privacy.http.outcomes import Answer
from alpines_privacy.http.script_permission import permission
from alpines_privacy.http.url import parse
from alpines_privacy.policy.parts import Trackers
from alpines_privacy.shield.script import Script, source
from alpines_privacy.shield.shortening import shortened
from alpines_privacy.trackers import rules_for, shipped_rules
from alpines_privacy.trackers.blocking import Blocker
from alpines_privacy.trackers.known import KIND_LETTERS, known, written
from tests.conftest import need
from tests.support.sent import Sent
from tests.support.shielded import shield_of

HTML: Field = ("content-type", "text/html; charset=utf-8")
HOST: Field = ("host", "www.shop.example")
GPC: Field = ("sec-gpc", "1")
SOURCE = (files("alpines_privacy.shield") / "shield.js").read_text(encoding="ascii")
CLIENT = Client("", "https", "www.shop.example", "https://www.shop.example")


def tag(
    *request: Field,
    policy: PrivacyPolicy | None = None,
    head: tuple[Field, ...] = (),
    **options: Any,
) -> str:
    guard, shield = shield_of(policy or PrivacyPolicy())
    visit = guard.visit(Sent(HOST, *request, **{"scheme": "https", **options}))
    try:
        return shield.tag(visit.context, ResponseHead(200, [HTML, *head])).decode()
    finally:
        visit.end()


def csp(*policies: str) -> tuple[Field, ...]:
    return tuple(("content-security-policy", policy) for policy in policies)


def asked(
    path: str,
    *request: Field,
    policy: PrivacyPolicy | None = None,
    method: str = "GET",
    mount: str = "",
) -> Answer | None:
    guard = Guard(policy or PrivacyPolicy())
    visit = guard.visit(Sent(HOST, *request, path=mount + path, mount=mount, method=method))
    try:
        outcome = visit.request()
    finally:
        visit.end()
    return outcome if isinstance(outcome, Answer) else None


def paths() -> list[str]:
    return [re.findall(r'src="([^"]+)"', tag(*signal))[0] for signal in ((), (GPC,))]


class TestTag:
    def test_its_element(self) -> None:
        assert re.fullmatch(
            r'<script src="/_privacy/shield\.[0-9a-f]{16}\.js" data-site="shop\.example"></script>',
            tag(),
        )

    def test_a_signal_has_a_file_of_its_own_and_tells_whether_logins_stay(self) -> None:
        assert len(set(paths())) == 2
        assert 'data-logins=""' in tag(GPC)
        assert "data-logins" not in tag(("dnt", "1"))

    def test_below_a_mount_point(self) -> None:
        assert 'src="/shop%22%3E/_privacy/shield.' in tag(path='/shop">/x', mount='/shop">')

    @pytest.mark.parametrize(
        ("request_", "head", "policy"),
        [
            ([("sec-fetch-dest", "empty")], (), None),
            ([("sec-fetch-dest", "image")], (), None),
            ([], [("content-disposition", 'ATTACHMENT; filename="a.html"')], None),
            ([], csp("script-src 'none'"), None),
            ([], csp("sandbox allow-scripts"), None),
            ([], (), PrivacyPolicy(mode="report")),
        ],
    )
    def test_responses_without_it(
        self, request_: list[Field], head: list[Field], policy: PrivacyPolicy | None
    ) -> None:
        assert tag(*request_, head=tuple(head), policy=policy) == ""

    def test_a_policy_without_it(self) -> None:
        guard = Guard(PrivacyPolicy(shield=False))
        assert guard.page_at("/_privacy/shield.0123456789abcdef.js") is None

    @pytest.mark.parametrize("destination", ["document", "iframe", "frame", "embed", "object"])
    def test_pages_that_are_shown(self, destination: str) -> None:
        assert tag(("sec-fetch-dest", destination))

    def test_an_inline_disposition_is_a_page(self) -> None:
        assert tag(head=(("content-disposition", "inline; filename=attachment.html"),))

    def test_an_exempted_page(self) -> None:
        guard, shield = shield_of(PrivacyPolicy())
        visit = guard.visit(Sent(HOST))
        visit.privacy.exempt("markup")
        assert shield.tag(visit.context, ResponseHead(200, [HTML])) == b""
        visit.end()

    def test_a_forbidding_policy_is_told_once(self, caplog: pytest.LogCaptureFixture) -> None:
        guard = Guard(PrivacyPolicy())
        found = guard.page_at("/_privacy/shield.0.js")
        assert found is not None
        shield: Any = found[0]
        with caplog.at_level(logging.WARNING, "alpines_privacy"):
            for _ in range(3):
                visit = guard.visit(Sent(HOST))
                shield.tag(
                    visit.context, ResponseHead(200, [HTML, *csp("script-src 'sha256-abc='")])
                )
                visit.end()
        told = [
            record.getMessage()
            for record in caplog.records
            if "lets no script" in record.getMessage()
        ]
        assert len(told) == 1
        assert "'self'" in told[0]

    def test_a_page_of_a_host_with_exceptions_of_its_own(self) -> None:
        rules, policy = shipped_rules(), PrivacyPolicy()
        told = known(rules, policy, opted_out=False)
        assert told.exceptions_on("www.shop.example") == ""
        assert "sentry-cdn.com" in told.exceptions_on("sentry.io").split("\n")


# A policy, whether the script may run, and the nonce to copy.
PERMISSIONS: list[tuple[list[str], bool, str]] = [
    ([], True, ""),
    (["img-src 'none'"], True, ""),
    (["default-src 'self'"], True, ""),
    (["default-src 'none'"], False, ""),
    (["default-src 'none'; script-src 'self'"], True, ""),
    (["script-src 'self'; script-src-elem 'none'"], False, ""),
    (["script-src 'none'; script-src 'self'"], False, ""),
    (["SCRIPT-SRC 'SELF'"], True, ""),
    (["script-src"], False, ""),
    (["script-src 'nonce-YWJj'"], True, "YWJj"),
    (["script-src 'nonce-YWJj' 'strict-dynamic' 'self'"], True, "YWJj"),
    (["script-src 'self' 'strict-dynamic'"], False, ""),
    (["script-src 'sha256-YWJj' 'unsafe-inline'"], False, ""),
    (["script-src 'nonce-\"><script>alert(1)</script>'"], False, ""),
    (["script-src https:"], True, ""),
    (["script-src http:"], True, ""),
    (["script-src *"], True, ""),
    (["script-src data: blob:"], False, ""),
    (["script-src www.shop.example"], True, ""),
    (["script-src https://www.shop.example/"], True, ""),
    (["script-src https://www.shop.example/js/"], False, ""),
    (["script-src *.shop.example"], True, ""),
    (["script-src *.www.shop.example"], False, ""),
    (["script-src https://www.shop.example:8443"], False, ""),
    (["script-src www.shop.example:443"], True, ""),
    (["script-src cdn.example"], False, ""),
    (["script-src 'self'", "script-src 'nonce-YWJj'"], True, "YWJj"),
    (["script-src 'nonce-YWJj', script-src 'nonce-ZGVm'"], False, ""),
    (["script-src 'nonce-YWJj' 'nonce-ZGVm'", "default-src 'nonce-ZGVm'"], True, "ZGVm"),
    (["script-src 'self', default-src 'none'"], False, ""),
    (["sandbox allow-scripts allow-same-origin"], True, ""),
    (["sandbox"], False, ""),
    (["; ;script-src  'self' ;"], True, ""),
]


@pytest.mark.parametrize(("policies", "allowed", "nonce"), PERMISSIONS)
def test_an_apps_own_policy(policies: list[str], allowed: bool, nonce: str) -> None:
    found = permission(policies, CLIENT)
    assert (found.allowed, found.nonce) == (allowed, nonce)


@given(st.text(max_size=60))
def test_no_policy_breaks_out_of_the_tag(text: str) -> None:
    found = tag(head=csp(f"script-src 'nonce-{text}'"))
    assert found == "" or re.fullmatch(r'<script( [a-z-]+="[^"<>]*")*></script>', found)


class TestFile:
    def test_either_variant_whatever_the_signal(self) -> None:
        for path in paths():
            for signal in ((), (GPC,)):
                answer = asked(path, *signal)
                assert answer is not None
                fields = dict(answer.fields)
                assert fields["content-type"] == "text/javascript; charset=utf-8"
                assert fields["x-content-type-options"] == "nosniff"
                assert fields["cross-origin-resource-policy"] == "same-origin"
                assert fields["cache-control"] == "public, max-age=31536000, immutable"
                assert fields["vary"] == "Accept-Encoding"
                assert fields["content-length"] == str(len(answer.body))
        bodies = {getattr(asked(path), "body", b"") for path in paths()}
        assert len(bodies) == 2

    def test_an_old_digest_is_answered_with_the_current_file(self) -> None:
        plain, signal = paths()
        for request, current in (((), plain), ((GPC,), signal)):
            old = asked("/_privacy/shield.0123456789abcdef.js", *request)
            new = asked(current)
            assert old is not None
            assert new is not None
            assert old.body == new.body
            fields = dict(old.fields)
            assert fields["cache-control"] == "no-store"
            assert fields["vary"] == "Accept-Encoding, DNT, Sec-GPC"

    @pytest.mark.parametrize(
        "path",
        [
            "/_privacy/shield.",
            "/_privacy/shield.html",
            "/shield.0123456789abcdef.js",
            "/_privacy/shield",
        ],
    )
    def test_other_paths_are_the_apps(self, path: str) -> None:
        assert asked(path) is None

    def test_below_a_mount_point(self) -> None:
        assert asked(paths()[0], mount="/shop") is not None

    def test_methods(self) -> None:
        assert getattr(asked(paths()[0], method="HEAD"), "status", 0) == 200
        assert getattr(asked(paths()[0], method="POST"), "status", 0) == 405

    @pytest.mark.parametrize(
        ("accepted", "coding"),
        [("", "identity"), ("gzip", "gzip"), ("gzip, deflate, br", "br"), ("br;q=0, gzip", "gzip"), ("*", "br"),
         ("gzip;q=0", "identity"), ("deflate", "identity"), ("br;q=x", "identity"), ("GZIP", "gzip")],
    )  # fmt: skip
    def test_codings(self, accepted: str, coding: str) -> None:
        brotli = pytest.importorskip("brotli")
        answer = asked(paths()[0], *([("accept-encoding", accepted)] if accepted else []))
        plain = asked(paths()[0])
        assert answer is not None
        assert plain is not None
        assert dict(answer.fields).get("content-encoding", "identity") == coding
        decode = {"gzip": gzip.decompress, "br": brotli.decompress, "identity": bytes}[coding]
        assert decode(answer.body) == plain.body

    def test_what_it_weighs(self) -> None:
        for path in paths():
            answer = asked(path, ("accept-encoding", "gzip"))
            assert answer is not None
            assert len(answer.body) <= 20 * 1024

    def test_the_same_policy_has_the_same_digest(self) -> None:
        assert Script({"a": 1}).digest == Script({"a": 1}).digest != Script({"a": 2}).digest


class TestKnown:
    """What the shield knows is a part of the server's own rules."""

    def test_the_file_that_ships_is_made_of_the_rules_that_ship(self) -> None:
        shipped = (files("alpines_privacy.trackers") / "data" / "known.json").read_bytes()
        assert written(shipped_rules()) == shipped

    @pytest.mark.parametrize("opted_out", [False, True])
    def test_every_host_is_stopped_by_the_server_whatever_asks(self, opted_out: bool) -> None:
        policy = PrivacyPolicy()
        rules = rules_for(policy.trackers)
        server = Blocker(rules, policy, opted_out)
        page = parse("https://www.shop.example/")
        assert page is not None
        told = known(rules, policy, opted_out=opted_out).tables
        excepted = told["exceptions"].split("\n")
        passing = []
        for last, names in told["hosts"].items():
            for name in names.split(" "):
                for kind in KIND_LETTERS:
                    host = f"{name}.{last}"
                    if not server.match(f"https://{host}/zz", page, (kind,)) and not any(
                        host.endswith(line.split(" ")[0]) for line in excepted
                    ):
                        passing.append((host, kind))
        assert passing == []

    def test_what_a_site_declares_adds_and_allows(self) -> None:
        policy = PrivacyPolicy(
            third_parties=[ThirdParty("cdn.example", purpose="x"), ThirdParty("*.more.example", purpose="x")],
            trackers=Trackers(add=["||a.example^", "||b.example/x$script"], allow=["||clarity.ms^", "/only/"]),
        )  # fmt: skip
        rules = rules_for(policy.trackers)
        for opted_out in (False, True):
            tables = known(rules, policy, opted_out=opted_out).tables
            assert sorted(tables["added"].split("\n")) == ["a.example", "b.example /x s"]
            declared = [] if opted_out else ["=cdn.example", ".more.example"]
            assert tables["allowed"].split("\n") == ["clarity.ms", "*", *declared]

    def test_categories_that_are_allowed(self) -> None:
        policy = PrivacyPolicy(trackers=Trackers(allow_categories=["error-monitoring"]))
        tables = known(rules_for(policy.trackers), policy, opted_out=False).tables
        assert "sentry-cdn.com" in tables["exceptions"].split("\n")

    def test_lists_of_the_sites_own(self, tmp_path: Path) -> None:
        own = tmp_path / "own.txt"
        own.write_text("||hotjar.com^\n@@||hotjar.com/ok^\n||unknown.example^\n")
        policy = PrivacyPolicy(trackers=Trackers(lists=[str(own)]))
        tables = known(rules_for(policy.trackers), policy, opted_out=False).tables
        assert "hotjar" in tables["hosts"]["com"].split(" ")
        assert "hotjar.com /ok^" in tables["exceptions"].split("\n")


class TestSource:
    """The source is short, plain, and the same program when it is shortened."""

    def test_it_is_a_program(self, tmp_path: Path) -> None:
        node = shutil.which("node")
        need("node", node is not None, "apt-get install nodejs")
        assert node is not None
        for name, text in (("source.js", SOURCE), ("short.js", source())):
            file = tmp_path / name
            file.write_text(text.strip().rstrip(";") + "({})", encoding="ascii")
            subprocess.run([node, "--check", str(file)], check=True)  # noqa: S603 - our own file

    @pytest.mark.parametrize(
        ("rule", "pattern"),
        [
            ("no var", r"\bvar\b"), ("no loose equality", r"[^=!]==[^=]|!=[^=]"), ("no eval", r"\beval\(|new Function"),
            ("no console", r"\bconsole\."), ("no tabs", r"\t"), ("no line comments", r"^\s*//"),
            ("no making of elements", r"createElement\b"), ("no call of a value's own method on text", r"\.(?:slice|indexOf|split|startsWith|endsWith|replace|charCodeAt)\("),
            ("no iteration of what a page can change", r"for \(const .* of .*(?:args|split)"), ("no spread into a call", r"\w\(\.\.\.(?!args|entries|given)\w+\)"),
        ],
    )  # fmt: skip
    def test_it_keeps_its_rules(self, rule: str, pattern: str) -> None:
        code = re.sub(r"/\*.*?\*/", "", SOURCE, flags=re.DOTALL)
        assert re.findall(pattern, code, re.MULTILINE) == [], rule

    def test_lines_are_short_enough_to_read(self) -> None:
        assert max(map(len, SOURCE.splitlines())) <= 145
        assert all(line == line.rstrip() for line in SOURCE.splitlines())

    @pytest.mark.parametrize(
        ("written_", "expected"),
        [
            ("(function f(name) { /* c */ return name; })", "(function b(a){return a;})"),
            ("const own = { own, key: own, own() { return own.own; } };", "const a={own:a,key:a,own(){return a.own;}};"),
            ("const { from, to: up } = thing;", "const{from:a,to:b}=thing;"),
            ("const text = `a ${text} b ${{ text }.text} }`;", "const a=`a ${a} b ${{text:a}.text} }`;"),
            ('const quote = "quote /* quote */";', 'const a="quote /* quote */";'),
            ("const rest = a_ / rest / /[/]rest/g.x;", "const a=a_/a/ /[/]rest/g.x;"),
            ("let one, two; const f = (one) => one ? two : f;", "let a,b;const c=(a)=>a?b:c;"),
            ("const up = +1 + +up - -up;", "const a=+1+ +a- -a;"),
        ],
    )  # fmt: skip
    def test_names_become_short(self, written_: str, expected: str) -> None:
        assert shortened(written_) == expected

    def test_the_short_program_does_the_same(self, tmp_path: Path) -> None:
        """In a bare realm of node: what a worker's `fetch` lets through, by the source and by what is sent."""
        node = shutil.which("node")
        need("node", node is not None, "apt-get install nodejs")
        assert node is not None
        tables = known(shipped_rules(), PrivacyPolicy(), opted_out=True).tables
        given_ = {
            "src": "https://a.example/s.js",
            "page": "a.example",
            "site": "a.example",
            "pass": "",
        }
        addresses = ["https://bat.bing.com/x", "https://b.example/", "https://www.facebook.com/tr?id=1", "https://www.facebook.com/x",
                     "//px.ads.linkedin.com/", "/x", "https://omtrdc.net/rest/x"]  # fmt: skip
        driver = tmp_path / "driver.js"
        driver.write_text(
            """const vm = require("vm"), [text, tables, told, addresses] = JSON.parse(require("fs").readFileSync(process.argv[2]));
            const asked = [], realm = { URL, Blob, console, setTimeout, location: { href: "https://a.example/", search: "" }, fetch(u) { asked.push(u) } };
            realm.globalThis = vm.createContext(realm);
            vm.runInContext("addresses_ => {" + "(" + text + ")(" + JSON.stringify(tables) + "," + JSON.stringify(told) + ");" +
                "for (const a of addresses_) Promise.resolve(fetch(a)).catch(() => 0) }", realm)(addresses);
            console.log(JSON.stringify(asked));"""
        )
        results = []
        for name, text in (("source.js", SOURCE.strip()), ("short.js", source())):
            stripped = re.sub(r"\A/\*.*?\*/\s*", "", text, flags=re.DOTALL)
            file = tmp_path / (name + "on")
            file.write_text(
                json.dumps(
                    [
                        stripped,
                        {**tables, "signal": True, "cookies": [], "logins": []},
                        given_,
                        addresses,
                    ]
                )
            )
            done = subprocess.run(  # noqa: S603 - our own files
                [node, str(driver), str(file)], check=True, capture_output=True, text=True
            )
            results.append(json.loads(done.stdout))
        assert (
            results[0]
            == results[1]
            == [
                "https://b.example/",
                "https://www.facebook.com/x",
                "/x",
                "https://omtrdc.net/rest/x",
            ]
        )

    def test_gzip_is_what_zlib_reads(self) -> None:
        coding, data = Script({}).coded(["gzip"])
        assert coding == "gzip"
        assert zlib.decompress(data, 31).decode() == Script({}).text
