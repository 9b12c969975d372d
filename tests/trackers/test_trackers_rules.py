"""Filter rules: what each syntax means, what is refused, and how fast verdicts agree with others'."""

from __future__ import annotations

import logging
import random
import re
from collections.abc import Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from benchmarks import corpus
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from alpines_privacy.cli import main
from alpines_privacy.http.url import parse
from alpines_privacy.policy import PolicyError, PrivacyPolicy
from alpines_privacy.policy.parts import Trackers
from alpines_privacy.trackers import LoadKind, Match, Rules, Subscription, rules_for, shipped_rules
from alpines_privacy.trackers.lists import compile_lists, read_list
from alpines_privacy.trackers.source import When
from alpines_privacy.trackers.table import MAGIC, Table
from tests.conftest import need
from tests.support.adblock_plus import verdict
from tests.support.filter_requests import made_from

PAGE = "www.example.com"


def rules(*lines: str, signal: tuple[str, ...] = ()) -> Rules:
    lists = [read_list("\n".join(lines) or "##.x", source="list")]
    if signal:
        lists.append(read_list("\n".join(signal), source="ads", when="signal"))
    return Rules([Table(compile_lists(lists))])


# rule, address, page, kind, whether it is stopped
MEANINGS: list[tuple[str, str, str, LoadKind, bool]] = [
    # a host is itself and what is below it
    ("||t.io^", "https://t.io/", PAGE, "script", True),
    ("||t.io^", "https://a.b.t.io:8443/x?y", PAGE, "image", True),
    ("||t.io^", "wss://t.io/", PAGE, "websocket", True),
    ("||t.io^", "https://xt.io/", PAGE, "script", False),
    ("||t.io^", "https://t.io.example/", PAGE, "script", False),
    ("||t.io^", "https://x.example/?t.io/", PAGE, "script", False),
    ("||t.io^", "https://t.io@x.example/", PAGE, "script", False),
    ("||t.io^", "https://x@t.io/", PAGE, "script", True),
    ("||t.io^", "//T.IO./", PAGE, "script", True),
    ("||t.io^", "https:\\\\%74.io/", PAGE, "script", True),
    ("||t.io", "https://t.iodine.example/", PAGE, "script", True),
    ("||ads.", "https://x.ads.example/", PAGE, "script", True),
    ("||ads.", "https://x.bads.example/", PAGE, "script", False),
    ("||bücher.example^", "https://xn--bcher-kva.example/", PAGE, "script", True),
    # paths, wildcards, separators, anchors
    ("||t.io/a.js", "https://x.t.io/a.js?v=1", PAGE, "script", True),
    ("||t.io/a.js", "https://t.io/b/a.js", PAGE, "script", False),
    ("||t.io^a^", "https://t.io/a?x", PAGE, "script", True),
    ("||t.io^a^", "https://t.io/a", PAGE, "script", True),
    ("||t.io^a^", "https://t.io/a-b", PAGE, "script", False),
    ("||t.io^*/b/*.gif|", "https://t.io/a/b/c.gif", PAGE, "image", True),
    ("||t.io^*/b/*.gif|", "https://t.io/a/b/c.gif?x", PAGE, "image", False),
    ("||t.io*x", "https://t.io.example/x", PAGE, "script", True),
    ("/pixel^", "https://x.example/pixel?a", PAGE, "script", True),
    ("/pixel^", "https://x.example/pixels", PAGE, "script", False),
    ("/pixel.", "https://x.example/a/PIXEL.gif", PAGE, "image", True),
    ("/é.js", "https://x.example/é.js", PAGE, "script", True),
    ("|https://x.", "https://x.example/", PAGE, "script", True),
    ("|https://x.", "https://y.example/?https://x.", PAGE, "script", False),
    ("|https://x.example/|", "https://x.example/", PAGE, "script", True),
    ("|https://x.example/|", "https://x.example/a", PAGE, "script", False),
    (".swf|", "https://x.example/a.swf", PAGE, "object", True),
    (".swf|", "https://x.example/a.swf?", PAGE, "object", False),
    ("/a*b*c", "https://x.example/a/b/bc", PAGE, "script", True),
    ("/a*b*c", "https://x.example/a/c/b", PAGE, "script", False),
    # regular expressions
    (r"/\/t[0-9]{2}\.js$/", "https://x.example/t12.js", PAGE, "script", True),
    (r"/\/t[0-9]{2}\.js$/", "https://x.example/t1.js", PAGE, "script", False),
    (r"/^https?:\/\/(a|b)\.example\/x/", "https://b.example/X", PAGE, "script", True),
    (r"/collect|gather/", "https://x.example/regather", PAGE, "script", True),
    (r"/\/ads?\//$script", "https://x.example/ad/", PAGE, "script", True),
    # parties
    ("/t.js$third-party", "https://x.example/t.js", PAGE, "script", True),
    ("/t.js$third-party", "https://cdn.example.com/t.js", PAGE, "script", False),
    ("/t.js$3p", "https://b.github.io/t.js", "a.github.io", "script", True),
    ("/t.js$3p", "https://b.s3.amazonaws.com/t.js", "amazonaws.com", "script", True),
    ("/t.js$~third-party", "https://cdn.example.com/t.js", PAGE, "script", True),
    ("/t.js$1p", "https://x.example/t.js", PAGE, "script", False),
    ("/t.js$third-party", "http://10.0.0.2/t.js", "10.0.0.1", "script", True),
    ("/t.js$third-party", "http://localhost:8000/t.js", "localhost", "script", False),
    # kinds
    ("||t.io^$image", "https://t.io/", PAGE, "image", True),
    ("||t.io^$image", "https://t.io/", PAGE, "script", False),
    ("||t.io^$~image", "https://t.io/", PAGE, "image", False),
    ("||t.io^$~image", "https://t.io/", PAGE, "font", True),
    ("||t.io^$script,xhr", "https://t.io/", PAGE, "xmlhttprequest", True),
    ("||t.io^", "https://t.io/", PAGE, "document", False),
    ("||t.io^$document", "https://t.io/", PAGE, "document", True),
    ("||t.io^$popup", "https://t.io/", PAGE, "script", False),
    ("||t.io^$all", "https://t.io/", PAGE, "popup", True),
    # pages
    ("||t.io^$domain=example.com", "https://t.io/", PAGE, "script", True),
    ("||t.io^$domain=example.com", "https://t.io/", "example.org", "script", False),
    ("||t.io^$domain=example.com|~www.example.com", "https://t.io/", PAGE, "script", False),
    ("||t.io^$domain=~example.com", "https://t.io/", "example.org", "script", True),
    ("||t.io^$domain=shop.*", "https://t.io/", "www.shop.co.uk", "script", True),
    ("||t.io^$domain=shop.*", "https://t.io/", "shop.evil.example", "script", False),
    ("$websocket,domain=example.com", "wss://x.example/", PAGE, "websocket", True),
    ("$websocket,domain=example.com", "wss://x.example/", "example.org", "websocket", False),
    # case
    ("/Track.js$match-case", "https://x.example/Track.js", PAGE, "script", True),
    ("/Track.js$match-case", "https://x.example/track.js", PAGE, "script", False),
    ("||t.io/A*B$match-case", "https://t.io/axB", PAGE, "script", False),
    # a stand-in is asked for in place of the load: the load is stopped
    ("||t.io/a.js$script,redirect=noop.js", "https://t.io/a.js", PAGE, "script", True),
]


@pytest.mark.parametrize(("rule", "url", "page", "kind", "stopped"), MEANINGS)
def test_a_rule_means_what_its_syntax_says(
    rule: str, url: str, page: str, kind: LoadKind, stopped: bool
) -> None:
    assert (rules(rule).match(url, page, kind) is not None) is stopped


def test_a_match_names_the_rule_the_list_and_who_is_behind_the_host() -> None:
    found = shipped_rules().match("https://www.google-analytics.com/analytics.js", PAGE)
    assert found == Match(
        rule="||google-analytics.com^$script,third-party,xmlhttprequest",
        list="EasyPrivacy",
        when="always",
        host="www.google-analytics.com",
        is_third_party=True,
        company="Google",
        category="analytics",
    )


STRENGTHS: list[tuple[tuple[str, ...], tuple[str, ...], When | None]] = [
    (("||t.io^", "@@||t.io/ok^"), (), None),
    (("||t.io^", "@@||t.io/no^"), (), "always"),
    (("||t.io^$important", "@@||t.io^"), (), "always"),
    (("||t.io^$image",), ("||t.io^",), "signal"),
    (("||t.io^",), ("||t.io/ok$important",), "signal"),
    (("||t.io^",), ("||t.io^",), "always"),
    # an exception of either list lifts the rules of both: a signal never lets more load
    (("||t.io^",), ("@@||t.io^",), None),
    (("@@||t.io^",), ("||t.io^",), None),
    (("||t.io^", "||t.io^$badfilter"), (), None),
    (("||t.io^$image,third-party", "||t.io^$third-party,image,badfilter", "/ok$image"), (), None),
    (("@@||t.io^$badfilter", "||t.io^", "@@||t.io^"), (), "always"),
]


@pytest.mark.parametrize(("always", "signal", "when"), STRENGTHS)
def test_the_strongest_rule_decides_and_says_for_whom(
    always: tuple[str, ...], signal: tuple[str, ...], when: When | None
) -> None:
    found = rules(*always, signal=signal).match("https://t.io/ok", PAGE, "script")
    assert (found and found.when) == when


@pytest.mark.parametrize(
    ("line", "option"),
    [
        ("||t.io^$csp=script-src 'none'", "csp"),
        ("||t.io^$removeparam=x", "removeparam"),
        ("||t.io^$script,method=post", "method"),
        ("||t.io^$redirect-rule=noop.js", "redirect-rule"),
        ("||t.io^$denyallow=x.com", "denyallow"),
        ("||t.io^$unheard-of", "unheard-of"),
        ("@@||t.io^$generichide", "generichide"),
        ("@@||t.io^$unheard-of", "unheard-of"),
        ("||t.io^$domain=/ex.*/", "domain=/regex/"),
    ],
)
def test_a_rule_with_an_option_that_is_not_understood_is_left_out_and_counted(
    line: str, option: str
) -> None:
    read = read_list(f"||other.example^\n{line}", source="list")
    assert [rule.text for rule in read.rules] == ["||other.example^"]
    assert read.info.unsupported == {option: 1}


def test_an_exception_that_is_not_understood_leaves_its_load_stopped() -> None:
    assert rules("||t.io^", "@@||t.io^$unheard-of").match("https://t.io/", PAGE) is not None


@pytest.mark.parametrize(
    "line", ["##.ad", "a.example,b.example#@#.ad", "#?#x", "a.example#$#x", "a.example##+js(x)"]
)
def test_element_hiding_lines_are_no_network_rules(line: str) -> None:
    read = read_list(line, source="list")
    assert (read.rules, read.info.cosmetic) == ((), 1)


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("||ok.example^\n<!DOCTYPE html>\n<p>Not found", 2, "holds no spaces"),
        ("||ok.example^\n*", 2, "fits every address"),
        ("||", 1, "fits every address"),
        ("! Title: x\n\n/a[/", 3, "no regular expression"),
        ("||t.io^$domain=a b", 1, "no domain"),
        ("||t.io^$domain=", 1, "no domain"),
        ("0.0.0.0 t.io", 1, "holds no spaces"),
        ("/a\ud800", 1, "half a character"),
    ],
)
def test_a_malformed_line_refuses_the_list_and_is_named(text: str, line: int, problem: str) -> None:
    with pytest.raises(PolicyError, match=re.escape(problem)) as caught:
        read_list(text, source="fresh.txt")
    assert (caught.value.source, caught.value.line) == ("fresh.txt", line)


def test_a_list_without_a_rule_is_refused() -> None:
    with pytest.raises(PolicyError, match="holds no filter rule"):
        read_list("! Title: nothing\n\n", source="empty.txt")


def test_what_other_programs_are_asked_for_is_left_out() -> None:
    text = """!#if ext_ublock
||a.io^
!#if !env_x
||b.io^
!#endif
!#else
||c.io^
!#endif
!#if !env_safari && !cap_y
||d.io^
!#endif"""
    assert [rule.text for rule in read_list(text, source="list").rules] == ["||c.io^", "||d.io^"]


class TestCompiledFile:
    def test_the_same_lists_give_the_same_bytes(self) -> None:
        lists = [read_list("||a.io^\n/b.js\n/c.js", source="list")]
        assert compile_lists(lists) == compile_lists(lists)

    def test_it_gives_back_every_rule_and_what_the_list_said_of_itself(self) -> None:
        text = (
            "! Title: Mine\n! Version: 7\n||a.io^\n/b*c.js$image\n@@||d.io^\n$ping,third-party\n##x"
        )
        table = Table(compile_lists([read_list(text, source="f", date="2026-01-01")]))
        assert sorted(rule.text for rule in table) == sorted(
            ["||a.io^", "/b*c.js$image", "@@||d.io^", "$ping,third-party"]
        )
        info = table.lists[0]
        assert (info.name, info.version, info.date) == ("Mine", "7", "2026-01-01")
        assert (info.blocking, info.exceptions, info.cosmetic) == (3, 1, 1)

    @pytest.mark.parametrize("cut", [0, 5, len(MAGIC), len(MAGIC) + 20, 200, -1])
    def test_a_file_cut_short_is_refused(self, cut: int) -> None:
        data = compile_lists([read_list("||a.io^\n/b.js", source="list")])
        with pytest.raises(ValueError, match=r"."):
            Table(data[:cut])

    @given(st.integers(0, 400), st.integers(0, 255))
    def test_a_damaged_file_is_refused_or_reads_without_breaking(self, at: int, byte: int) -> None:
        data = bytearray(compile_lists([read_list("||a.io^\n/b.js", source="list")]))
        data[at % len(data)] = byte
        try:
            table = Table(bytes(data))
        except ValueError:
            return
        Rules([table]).match("https://a.io/b.js", PAGE)


HOSTS = st.sampled_from(
    ["t.io", "x.t.io", "xt.io", "ads.example", "example.com", "www.example.com"]
)
PATHS = st.lists(
    st.sampled_from(["/", "a", "b", "ad", "ads", ".js", "?", "&", "=", "-", "_", "%2F", "Z"]),
    max_size=8,
).map("".join)
BODIES = st.lists(
    st.sampled_from(
        ["/", "a", "b", "ad", "ads", ".js", "?", "&", "=", "-", "_", "^", "*", "%2F", "Z"]
    ),
    min_size=1,
    max_size=6,
).map("".join)
PATTERNS = st.one_of(
    BODIES,
    BODIES.map("{}|".format),
    st.builds("||{}{}".format, HOSTS, BODIES),
    st.builds("||{}^".format, HOSTS),
    st.builds("||{}".format, st.sampled_from(["t", "ads.", "x.t", "example.c"])),
    st.builds("|https://{}{}".format, HOSTS, BODIES),
)
OPTIONS = st.lists(
    st.sampled_from(
        [
            "third-party", "~third-party", "script", "image", "~script", "~image", "important", "match-case",
            "domain=example.com", "domain=~www.example.com", "domain=example.com|~www.example.com",
            "domain=t.io|example.com",
        ]
    ),
    max_size=3,
    unique_by=lambda option: option.lstrip("~").partition("=")[0],
)  # fmt: skip


@st.composite
def written_rules(draw: st.DrawFn) -> str:
    pattern: str = draw(PATTERNS)
    options: list[str] = draw(OPTIONS)
    if pattern.startswith("/") and pattern.endswith("/") and len(pattern) > 1:
        pattern += "*"  # else it is a regular expression
    if not re.search(r"[A-Za-z0-9]", pattern):
        options = options or ["script"]
    rule = pattern + ("$" + ",".join(options) if options else "")
    return draw(st.sampled_from([rule, rule, "@@" + rule]))


@given(
    st.lists(written_rules(), min_size=1, max_size=12),
    st.lists(
        st.tuples(HOSTS, PATHS, st.sampled_from(["example.com", "www.example.com", "t.io"])),
        min_size=1,
        max_size=6,
    ),
    st.sampled_from(["script", "image", "font"]),
)
@settings(max_examples=600, deadline=None)
def test_the_index_agrees_with_reading_the_rules_one_by_one(
    lines: list[str], requests: list[tuple[str, str, str]], kind: LoadKind
) -> None:
    # An important exception means nothing of its own here.
    lines = [line for line in lines if not (line.startswith("@@") and "important" in line)]
    compiled = rules(*lines)
    for host, path, page in requests:
        address = parse(f"https://{host}/{path}")
        assert address is not None
        stopped = compiled.match(address.url, page, kind) is not None
        assert stopped is verdict(lines, address.url, page, kind)


@pytest.mark.parametrize("size", [1_000, 64_000])
@pytest.mark.parametrize("rule", ["/a*a*a*a*b", "||t.io^*a^*a^*b|", "/a^*^a*b^", "||a*a*a*b"])
def test_a_long_address_is_decided_in_steps_not_in_powers(rule: str, size: int) -> None:
    # Quadratic matching of 64,000 characters would take minutes, and the suite's limit is felt.
    assert rules(rule).match("https://t.io/" + "a/" * (size // 2), PAGE) is None


class TestShippedRules:
    @pytest.mark.parametrize(
        ("url", "kind"),
        [
            ("https://www.googletagmanager.com/gtag/js?id=G-1", "script"),
            ("https://www.google-analytics.com/g/collect?v=2", "image"),
            ("https://connect.facebook.net/en_US/fbevents.js", "script"),
            ("https://www.facebook.com/tr?id=1&ev=PageView&noscript=1", "image"),
            ("https://static.hotjar.com/c/hotjar-1.js?sv=6", "script"),
            ("https://www.clarity.ms/tag/x", "script"),
            ("https://mc.yandex.ru/metrika/tag.js", "script"),
            ("https://js.hs-scripts.com/1.js", "script"),
            ("https://widget.intercom.io/widget/x", "script"),
            ("https://s.adroll.com/j/roundtrip.js", "script"),
            ("https://static.ads-twitter.com/uwt.js", "script"),
            ("https://c.amazon-adsystem.com/aax2/apstag.js", "script"),
            ("https://static.criteo.net/js/ld/ld.js", "script"),
            ("https://analytics.tiktok.com/i18n/pixel/events.js", "script"),
            ("https://snap.licdn.com/li.lms-analytics/insight.min.js", "script"),
            ("https://bat.bing.com/bat.js", "script"),
            ("https://s.pinimg.com/ct/core.js", "script"),
            ("https://sc-static.net/scevent.min.js", "script"),
            ("https://www.redditstatic.com/ads/pixel.js", "script"),
            ("https://cdn.segment.com/analytics.js/v1/x/analytics.min.js", "script"),
            ("https://cdn.mxpnl.com/libs/mixpanel-2-latest.min.js", "script"),
            ("https://edge.fullstory.com/s/fs.js", "script"),
        ],
    )
    def test_a_tracker_is_stopped_for_everyone(self, url: str, kind: LoadKind) -> None:
        found = shipped_rules().match(url, PAGE, kind)
        assert found is not None
        assert found.when == "always"

    @pytest.mark.parametrize(
        ("url", "kind"),
        [
            ("https://pagead2.googlesyndication.com/pagead/js/adsbygoogle.js", "script"),
            ("https://securepubads.g.doubleclick.net/tag/js/gpt.js", "script"),
            ("https://ib.adnxs.com/ttj?id=1", "script"),
            ("https://cdn.carbonads.com/carbon.js", "script"),
        ],
    )
    def test_an_advertisement_waits_for_a_signal(self, url: str, kind: LoadKind) -> None:
        found = shipped_rules().match(url, PAGE, kind)
        assert found is not None
        assert found.when == "signal"

    @pytest.mark.parametrize(
        ("url", "kind"),
        [
            ("https://cdn.jsdelivr.net/npm/vue@3/dist/vue.global.js", "script"),
            ("https://fonts.googleapis.com/css2?family=Inter", "stylesheet"),
            ("https://js.stripe.com/v3/", "script"),
            ("https://www.youtube-nocookie.com/embed/x", "subdocument"),
            ("https://dev-1.okta.com/app.js", "script"),
            ("https://cdn11.bigcommerce.com/s-1/img/logo.png", "image"),
            ("https://www.example.com/static/app.js", "script"),
            ("https://maps.googleapis.com/maps/api/js", "script"),
            ("https://challenges.cloudflare.com/turnstile/v0/api.js", "script"),
        ],
    )
    def test_what_a_page_is_for_may_load(self, url: str, kind: LoadKind) -> None:
        assert shipped_rules().match(url, PAGE, kind) is None

    def test_every_rule_that_ships_is_understood(self) -> None:
        counted = sum(info.blocking + info.exceptions for info in shipped_rules().lists)
        texts = {
            (rule.text, rule.source and rule.source.name)
            for table in shipped_rules().tables
            for rule in table
        }
        assert len(texts) > 100_000
        assert 0 <= counted - len(texts) < 500  # lists repeat a rule now and then


class TestPolicy:
    def test_a_site_adds_rules_that_no_exception_of_a_list_lifts(self, tmp_path: Path) -> None:
        file = _written(tmp_path, "@@||t.io^\n||x.io^")
        compiled = rules_for(Trackers(lists=[file], add=["||t.io^"]))
        assert compiled.match("https://t.io/", PAGE) is not None

    def test_a_site_allows_what_any_list_stops(self, tmp_path: Path) -> None:
        file = _written(tmp_path, "||t.io^$important\n||x.io^")
        compiled = rules_for(Trackers(lists=[file], allow=["||t.io^"]))
        assert compiled.match("https://t.io/", PAGE) is None
        assert compiled.match("https://x.io/", PAGE) is not None

    def test_a_site_replaces_the_lists_and_keeps_what_fills_their_gaps(
        self, tmp_path: Path
    ) -> None:
        compiled = rules_for(Trackers(signal_lists=[_written(tmp_path, "||t.io^")]))
        assert [info.when for info in compiled.lists] == ["signal", "always", "always"]
        assert compiled.match("https://pagead2.googlesyndication.com/x", PAGE) is None

    def test_a_compiled_file_says_itself_for_whom_it_stops(self, tmp_path: Path) -> None:
        out = tmp_path / "own.rules"
        out.write_bytes(compile_lists([read_list("||t.io^", source="ads", when="signal")]))
        found = rules_for(Trackers(lists=[str(out)])).match("https://t.io/", PAGE)
        assert found is not None
        assert found.when == "signal"

    def test_a_category_may_be_allowed(self) -> None:
        url = "https://browser.sentry-cdn.com/7/bundle.min.js"
        stopped = shipped_rules().match(url, PAGE)
        assert stopped is not None
        assert stopped.category == "error-monitoring"
        assert rules_for(Trackers(allow_categories=["error-monitoring"])).match(url, PAGE) is None

    @pytest.mark.parametrize(
        ("table", "key", "problem"),
        [
            ({"add": ["||t.io^", "||t.io^$nope"]}, "trackers.add[1]", "'nope' is not understood"),
            ({"add": ["@@||t.io^"]}, "trackers.add[0]", "that is what allow is for"),
            ({"add": ["! x"]}, "trackers.add[0]", "comment line"),
            ({"allow": ["*"]}, "trackers.allow[0]", "fits every address"),
            ({"lists": ["/nowhere/list.txt"]}, "trackers.lists[0]", "No such file"),
            (
                {"allow_categories": ["adverts"]},
                "trackers.allow_categories[0]",
                "expected one of ad,",
            ),
        ],
    )
    def test_what_is_wrong_is_refused_by_its_key(
        self, table: dict[str, list[str]], key: str, problem: str
    ) -> None:
        policy = PrivacyPolicy.from_mapping({"trackers": table})
        with pytest.raises(PolicyError, match=re.escape(problem)) as caught:
            rules_for(policy.trackers)
        assert caught.value.key == key

    def test_a_list_that_is_no_text_is_refused_with_its_line(self, tmp_path: Path) -> None:
        file = tmp_path / "list.txt"
        file.write_bytes(b"||a.io^\n\xff\n")
        with pytest.raises(PolicyError, match=r"list\.txt:2: is neither UTF-8 nor"):
            rules_for(Trackers(lists=[str(file)]))

    def test_a_fresher_list_is_taken_up_and_a_bad_one_leaves_the_old_in_force(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        file = _written(tmp_path, "||old.io^")
        subscription = Subscription(Trackers(lists=[file]))
        assert not subscription.reload()
        _written(tmp_path, "||newer.io^")
        assert subscription.reload()
        assert subscription.rules.match("https://newer.io/", PAGE) is not None
        _written(tmp_path, "||fresh.io^\n<html> <p>Service unavailable")
        with caplog.at_level(logging.ERROR, logger="alpines_privacy"):
            assert not subscription.reload()
        assert "list.txt:2" in caplog.text
        assert subscription.rules.match("https://newer.io/", PAGE) is not None


class TestCommand:
    def test_compile_then_info_and_test_tell_the_same(self, tmp_path: Path) -> None:
        file, out = (
            _written(tmp_path, "! Title: Own\n||t.io^\n||u.io^$csp=x"),
            tmp_path / "own.rules",
        )
        ran = CliRunner().invoke(main, ["trackers", "compile", "--signal", file, "-o", str(out)])
        assert ran.exit_code == 0, ran.output
        told = CliRunner().invoke(main, ["trackers", "info", str(out)]).output
        assert "Own (version not said), under a signal" in told
        assert "csp 1" in told

    def test_test_says_which_rule_list_and_company(self) -> None:
        url = "//www.google-analytics.com/analytics.js"
        ran = CliRunner().invoke(main, ["trackers", "test", url, "--from", "https://shop.example/"])
        assert ran.exit_code == 0
        assert "Stopped for everyone." in ran.output
        assert "list: EasyPrivacy" in ran.output
        assert "company: Google (analytics)" in ran.output

    def test_test_says_that_nothing_stands_against_a_load(self) -> None:
        ran = CliRunner().invoke(main, ["trackers", "test", "/app.js", "--from", "shop.example"])
        assert (ran.exit_code, ran.output) == (1, "May load: no rule is about it.\n")

    def test_a_bad_list_is_refused_and_the_old_file_stays(self, tmp_path: Path) -> None:
        out = tmp_path / "own.rules"
        out.write_bytes(b"old")
        file = _written(tmp_path, "||t.io^\n||\n*")
        ran = CliRunner().invoke(main, ["trackers", "compile", file, "-o", str(out)])
        assert ran.exit_code == 2
        assert "line 2: " in ran.output
        assert "line 3: " in ran.output
        assert out.read_bytes() == b"old"


# rule, address, whether it is stopped by Adblock Plus' own reading, which is ours
READ_OTHERWISE: dict[str, tuple[str, str, bool]] = {
    "it takes www. off a rule's host": ("||www.t.io^", "https://t.io/", False),
    "it ends a bare host at a label": ("||t.io", "https://t.iodine.example/", True),
    "it finds no port behind a host": ("||t.io:8080/a.js", "https://t.io:8080/a.js", True),
    "it leaves out $rewrite": (
        "||t.io/*.mp4$rewrite=abp-resource:blank-mp4,domain=example.com", "https://t.io/a.mp4", True
    ),
    "it leaves out $popup, whatever else is named": (
        "||t.io^$script,popup", "https://t.io/a.js", True
    ),
}  # fmt: skip


class TestOracle:
    """The same verdicts as PyPI's `adblock`, but for what it is known to read otherwise."""

    def test_verdicts_agree_on_addresses_made_from_the_rules_themselves(self) -> None:
        same_each_time = random.Random(20261123)  # noqa: S311 - no secret is made
        requests = list(made_from(_texts(), same_each_time, 20_000))
        differing = _differing(requests)
        assert [each for each in differing if each[-1] is None] == []
        assert 1 - len(differing) / len(requests) >= 0.9999, differing

    def test_verdicts_agree_on_every_load_of_real_pages(self) -> None:
        for module, package in (("ada_url", "ada-url"), ("lxml", "lxml")):
            need(package, find_spec(module) is not None, f"pip install {package}")
        from tests.support.real_requests import loads  # noqa: PLC0415 - its parsers may be absent

        pages = list(corpus.pages())
        need("real pages", bool(pages), "python -m benchmarks.corpus")
        requests = loads(pages)
        stopped = sum(shipped_rules().match(*each) is not None for each in requests)
        assert len(requests) > 15_000
        assert stopped > 1_500
        assert _differing(requests) == []

    @pytest.mark.parametrize(
        ("rule", "url", "is_stopped"), READ_OTHERWISE.values(), ids=READ_OTHERWISE
    )
    def test_what_it_reads_otherwise(self, rule: str, url: str, is_stopped: bool) -> None:
        engine = _engine([rule])
        assert (rules(rule).match(url, PAGE) is not None) is is_stopped
        assert (
            engine.check_network_urls(url, f"https://{PAGE}/", "script").matched is not is_stopped
        )


def _differing(
    requests: Sequence[tuple[str, str, LoadKind]],
) -> list[tuple[str, str, LoadKind, str | None, str | None]]:
    """Return the loads over which `adblock` decides otherwise: our rule, and the reason if one is known."""
    engine, shipped = _oracle()
    www = {rule[6:].partition("^")[0] for rule in _texts() if rule.startswith("||www.")}
    differing = []
    for url, page, kind in requests:
        found = shipped.match(url, page, kind)
        theirs = engine.check_network_urls(url, f"https://{page}/", kind).matched
        if (found is not None) is not theirs:
            differing.append((url, page, kind, found and found.rule, _reason(url, found, www)))
    return differing


def _reason(url: str, found: Match | None, www: set[str]) -> str | None:
    if found and re.search(r"\b(rewrite=|popup\b)", found.rule):
        return "adblock 0.6 leaves out a rule with $rewrite or $popup, whatever else it names"
    host = re.sub(r"^[a-z]+://([^/:?#]+).*", r"\1", url)
    if found is None and any(host == name or host.endswith("." + name) for name in www):
        return "adblock 0.6 takes `www.` off a rule's host"
    return None


@cache
def _texts() -> list[str]:
    """Every rule of EasyPrivacy and EasyList as it ships."""
    return [rule.text for rule in shipped_rules().tables[0]]


def _oracle() -> tuple[Any, Rules]:
    return _engine(_texts()), Rules([shipped_rules().tables[0]])


def _engine(texts: list[str]) -> Any:
    try:
        import adblock  # noqa: PLC0415 - absent on some machines
    except ImportError:
        need("adblock", False, "pip install adblock")
    filters = adblock.FilterSet()
    filters.add_filters(texts)
    return adblock.Engine(filters)


def _written(folder: Path, text: str) -> str:
    file = folder / "list.txt"
    file.write_text(text, encoding="utf-8")
    return str(file)
