"""Inline loaders: which scripts are edited, into what, and what their pages' own code finds afterwards."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from alpines_privacy.trackers.inline import LONGEST, Judge, Loader, judge
from alpines_privacy.trackers.request import Kind
from alpines_privacy.trackers.rules import Match
from alpines_privacy.trackers.stand_ins import (
    NAMES,
    names_for,
    stand_in_for_host,
    stand_ins,
)
from tests.conftest import need

LISTED = re.compile(
    r"(?:(?:https?|wss?):)?//(?:[^/?#]*\.)?(?:google-analytics\.com|googletagmanager\.com|hotjar\.com|clarity\.ms"
    r"|yadro\.ru|fullstory\.com|nr-data\.net|mc\.yandex\.ru|posthog\.com|segment\.com|tracker\.example"
    r"|sb\.scorecardresearch\.com|(?:secure|edge)\.quantserve\.com|connect\.facebook\.net/[^?]*/fbevents\.js"
    r"|facebook\.com/tr|gstatic\.com/.*/firebase-analytics\.js)(?![\w.-])"
)


def ask(url: str, kind: Kind) -> Match | None:
    """Stand in for the lists, as narrow as their rules are."""
    if not LISTED.match(url):
        return None
    host = url.partition("//")[2].partition("/")[0]
    return Match("rule", "list", "always", host, is_third_party=True, company=None, category=None)


def edited(script: str) -> str:
    """Return what takes a loader's place, without the stand-ins in front."""
    loader = judge(script.encode(), ask)
    assert loader is not None, "kept"
    assert loader.match.rule == "rule"
    content = (
        loader.content.replace(stand_ins(loader.names), b"") if loader.names else loader.content
    )
    return content.decode()


GA = (
    "(function(i,s,o,g,r,a,m){i[r]=i[r]||function(){(i[r].q=i[r].q||[]).push(arguments)};"
    "a=s.createElement(o);"
    "a.src=g;s.head.appendChild(a)})(window,document,'script','%s','ga');ga('create','UA-1');"
)

# Script, what it becomes.
FORMS = {
    "whole": ("new Image().src='https://hotjar.com/c.gif?a=1'", "new Image().src='https://^/'"),
    "one in the query of another": ("s.src='hotjar.com/?u=//clarity.ms/a'", "s.src='^/'"),
    "as an argument": (GA % "https://www.google-analytics.com/analytics.js", GA % "https://^/"),
    "two slashes": (
        "s=d.createElement('script');s.src='//static.hotjar.com/x.js'",
        "s=d.createElement('script');s.src='//^/'",
    ),
    "the page's scheme": (
        "s.src=location.protocol+'//static.hotjar.com/x.js'",
        "s.src=location.protocol+'//^/'",
    ),
    "a colon and two slashes": ("s.src=l+'://static.hotjar.com/x.js'", "s.src=l+'://^/'"),
    "a prefix": (
        "r.src='https://static.hotjar.com/c/hotjar-'+id+'.js?sv='",
        "r.src='https://^/'+id+'.js?sv='",
    ),
    "a host alone": (
        "var f='edge.fullstory.com/s/fs.js';o.src='https://'+f",
        "var f='^/';o.src='https://'+f",
    ),
    "a host without a path": (
        "var b='bam.nr-data.net';(new Image).src='//'+b",
        "var b='^/';(new Image).src='//'+b",
    ),
    "a host in two literals": (
        "var h='counter'+'.yadro.ru';f.src='//'+h",
        "var h='^/';f.src='//'+h",
    ),
    "a host in three, on lines": (
        "f.src='https://coun'\n  + 'ter.yad' +\n 'ro.ru/hit'",
        "f.src='https://^/'",
    ),
    "the end of a host": (
        """s.src=("https:"==x.protocol?"https://ssl":"http://www")+".google-analytics.com/ga.js";d.head.append(s)""",
        """s.src=("https:"==x.protocol?"https://ssl":"http://www")+"^/";d.head.append(s)""",
    ),
    "the end of a host that is listed": (
        """s.src=(x?"https://sb":"http://b")+".scorecardresearch.com/beacon.js\"""",
        """s.src=(x?"https://sb":"http://b")+"^/\"""",
    ),
    "after a label with its dot": (
        """var h="https://secure.";s.src=h+"quantserve.com/quant.js",d.createElement('script')""",
        """var h="https://secure.";s.src=h+"^/",d.createElement('script')""",
    ),
    "escaped slashes": (
        r"fetch('https:\/\/mc.yandex.ru\/watch\/1')",
        "fetch('data:text/javascript,export default function(){return {}}//')",
    ),
    "twice escaped slashes": (
        r"""s.src=JSON.parse("{\"u\":\"https:\\\/\\\/hotjar.com\\\/a\"}").u""",
        r"""s.src=JSON.parse("{\"u\":\"https://^/\"}").u""",
    ),
    "hexadecimal escapes": (
        r"s.src='https:\x2f\x2fstatic\x2ehotjar\x2ecom/a'",
        "s.src='https://^/'",
    ),
    "unicode escapes": (r"s.src='\u0068ttps:\u002f\u002fstatic.hotjar.com'", "s.src='https://^/'"),
    "a template": (
        "s.src=`https://www.googletagmanager.com/gtag/js?id=${id}`",
        "s.src=`https://^/${id}`",
    ),
    "joined": (
        "s.src=['https:','','www.google-analytics.com','ga.js'].join('/')",
        "s.src=['https:','','^/','ga.js'].join('/')",
    ),
    "written": (
        """document.write("<script src='//hotjar.com/a.js'><\\/script>")""",
        """document.write("<script src='//^/'><\\/script>")""",
    ),
    "written without quotes": (
        "document.write('<img src=//hotjar.com/a.gif width=1>')",
        "document.write('<img src=//^/ width=1>')",
    ),
    "written escaped": (
        """document.write(unescape("%3Cscript src='http://mc.yandex.ru/w.js' async%3E%3C/script%3E"))""",
        """document.write(unescape("%3Cscript src='http://^/' async%3E%3C/script%3E"))""",
    ),
    "written escaped to the quotes": (
        "document.write(unescape('%3Cscript src=%22//mc.yandex.ru/w.js%22%3E%3C/script%3E'))",
        "document.write(unescape('%3Cscript src=%22//^/%22%3E%3C/script%3E'))",
    ),
    "the rest behind an expression": (
        "t.src='//connect.facebook.net/'+lang+'/fbevents.js'",
        "t.src='//^/'+lang+'/fbevents.js'",
    ),
    "the rest in a template": (
        "t.src=`//connect.facebook.net/${lang}/fbevents.js`",
        "t.src=`//^/${lang}/fbevents.js`",
    ),
    "sent as a beacon": (
        "navigator.sendBeacon('https://hotjar.com/b', d)",
        "navigator.sendBeacon('https://localhost:1/', d)",
    ),
    "asked for": (
        "x=new XMLHttpRequest;x.open('GET','//hotjar.com/b')",
        "x=new XMLHttpRequest;x.open('GET','//localhost:1/')",
    ),
    "a socket": ("new WebSocket('wss://ws.hotjar.com/b')", "new WebSocket('wss://localhost:1/')"),
    "an event source": (
        "new EventSource('https://hotjar.com/b')",
        "new EventSource('https://localhost:1/')",
    ),
    "the end of a host that is asked for": ("fetch(h+'.yadro.ru/hit')", "fetch(h+'.localhost:1/')"),
    "imported when needed": (
        "import('https://hotjar.com/m.js').then(f)",
        "import('data:text/javascript,export default function(){return {}}//').then(f)",
    ),
    "imported": (
        "import 'https://hotjar.com/m.js';go()",
        "import 'data:text/javascript,export default function(){return {}}';go()",
    ),
    "named imports": (
        "import {getAnalytics as g, logEvent} from 'https://www.gstatic.com/f/firebase-analytics.js';g()",
        (
            "import {getAnalytics as g, logEvent} from 'data:text/javascript,"
            "export function getAnalytics(){return {}};"
            "export function logEvent(){return {}};export default function(){return {}}';g()"
        ),
    ),
    "a default import by its name": (
        "import {default as g} from 'https://hotjar.com/m.js';g()",
        "import {default as g} from 'data:text/javascript,export default function(){return {}}';g()",
    ),
    "by the site's own loader": (
        "shop.loadScript('https://hotjar.com/a.js')",
        "shop.loadScript('https://^/')",
    ),
    "by a property's name": (
        "d['createElement']('script')['src']='https://hotjar.com/a.js'",
        "d['createElement']('script')['src']='https://^/'",
    ),
    "in upper case": ("s.src='HTTPS://Static.Hotjar.COM/a'; d.createElement('script')", None),
    "behind a comment that quotes": (
        "// don't\ns.src='https://hotjar.com/a'",
        "// don't\ns.src='https://^/'",
    ),
    "behind a pattern that quotes": (
        """if(/["']/.test(a))s.src='https://hotjar.com/a'""",
        """if(/["']/.test(a))s.src='https://^/'""",
    ),
}


@pytest.mark.parametrize("name", [name for name, (_, after) in FORMS.items() if after is not None])
def test_an_address_becomes_one_that_nobody_can_ask_for(name: str) -> None:
    before, after = FORMS[name]
    assert edited(before) == after


OWN = (
    "function menu(){ return document.getElementById('menu') }\n",
    "var price = {net: 4.5}; /* https://shop.example/ */\n",
    "window.addEventListener('load', function () { menu().hidden = false; gtag('event', 'a') });\n",
)


@pytest.mark.parametrize("own", OWN)
@pytest.mark.parametrize(
    "name",
    [name for name, (_, after) in FORMS.items() if after is not None and "import" not in name],
)
def test_the_pages_own_code_stays_to_the_byte(name: str, own: str) -> None:
    before, after = FORMS[name]
    if "export default" not in (after or "") and "^" in (after or ""):
        assert edited(own + before + "\n" + own) == f"{own}{after}\n{own}"


# What looks like a loader and is none.
KEPT = {
    "nothing": "",
    "data": r'window.STATE={"url":"https://hotjar.com/a.js","html":"<script src=\"https://hotjar.com/a.js\">"};',
    "data that speaks of code": (
        "window.STATE={\"text\":\"document.createElement('script').src='https://hotjar.com/a.js'; \"}"
    ),
    "text": "s=d.createElement('p');s.append('How we left https://hotjar.com/a.js behind')",
    "an unlisted address": "s=d.createElement('script');s.src='https://cdn.jsdelivr.net/npm/a.js'",
    "an unlisted path": "s=d.createElement('script');"
    "s.src='https://connect.facebook.net/en_US/sdk.js'",
    "a link": "a.href='https://www.facebook.com/tracks'; d.createElement('a')",
    "a way to leave": "d.createElement('p');location.href='https://hotjar.com/';window.open('https://hotjar.com/')",
    "a comment": "// s.src='https://hotjar.com/a.js'\nd.createElement('p')",
    "a long comment": "/* s.src='https://hotjar.com/a.js' */ d.createElement('p')",
    "a comment as in HTML": "<!-- s.src='https://hotjar.com/a.js'\nd.createElement('p')",
    "settings": "window.intercomSettings={api_base:'https://hotjar.com',app:'a'}",
    "a vendor's calls": "fbq('track','AddToCart',{value:9});ga('send','pageview')",
    "properties": "log(hotjar.com.length); d.createElement('p')",
    "a listed host inside another": "s=d.createElement('script');"
    "s.src='https://hotjar.com.shop.example/a.js'",
    "a listed host in a query": "s=d.createElement('script');"
    "s.src='https://shop.example/?u=https://hotjar.com/'",
    "a file": "s=d.createElement('script');s.src='jquery.min.js'",
    "too long": "s=d.createElement('script');s.src='https://hotjar.com/a.js';" + " " * LONGEST,
}


@pytest.mark.parametrize("name", KEPT)
def test_a_look_alike_is_kept(name: str) -> None:
    assert judge(KEPT[name].encode(), ask) is None


def test_a_host_in_upper_case_is_put_to_the_lists_as_written() -> None:
    asked: list[str] = []

    def note(url: str, kind: Kind) -> Match | None:
        asked.append(url)
        return None

    judge(FORMS["in upper case"][0].encode(), note)
    assert asked[0] == "HTTPS://Static.Hotjar.COM/a"


def test_what_stands_before_a_host_is_tried_with_it() -> None:
    asked: list[str] = []

    def note(url: str, kind: Kind) -> Match | None:
        asked.append(url)
        return None

    judge(
        b"""h=a?"https://ssl":"http://www.";s.src=h+".shop.example/a.js";d.createElement('script')""",
        note,
    )
    assert {
        "https://shop.example/a.js",
        "https://ssl.shop.example/a.js",
        "https://www.shop.example/a.js",
    } <= set(asked)


def test_the_kind_of_load_is_what_the_code_can_do() -> None:
    kinds: set[Kind] = set()

    def note(url: str, kind: Kind) -> Match | None:
        kinds.add(kind)
        return None

    judge(b"navigator.sendBeacon('https://hotjar.com/a')", note)
    assert kinds == {"ping"}
    judge(b"(new Image).x='https://hotjar.com/a'", note)
    assert kinds == {"ping", "image"}


def test_every_listed_address_of_a_script_is_edited_and_reported_once_for_each_host() -> None:
    script = b"s.src='//hotjar.com/1';t.src='//clarity.ms/2';u.src='//hotjar.com/3';v.src='//cdn.example/4'"
    loader = judge(script, ask)
    assert loader is not None
    assert [match.host for match in loader.matches] == ["hotjar.com", "clarity.ms"]
    assert loader.content.endswith(
        b"s.src='//^/';t.src='//^/';u.src='//^/';v.src='//cdn.example/4'"
    )


def test_a_pixel_needs_no_stand_in() -> None:
    loader = judge(b"new Image().src='https://www.google-analytics.com/collect?v=1'", ask)
    assert loader is not None
    assert loader.names == ()


# Beginnings that must stay first; the stand-in comes behind them, on their line.
BEGINNINGS = (
    "",
    "\n",
    '"use strict";',
    "  'use strict' ;",
    "/* shop */ 'use strict'",
    "<![CDATA[\n",
    '// a\n"use strict";',
)


@pytest.mark.parametrize("beginning", BEGINNINGS)
def test_stand_ins_come_first_but_for_a_directive_and_the_mark_of_cdata(beginning: str) -> None:
    script = beginning + "\n" + GA % "https://www.google-analytics.com/analytics.js"
    loader = judge(script.encode(), ask)
    assert loader is not None
    head, code, _ = loader.content.partition(stand_ins(loader.names))
    assert code
    assert head.rstrip(b";").strip() == beginning.encode().strip().rstrip(b";").strip()
    assert loader.content.count(b"\n") == script.count("\n"), "lines keep their numbers"


def test_the_judge_remembers_what_it_has_seen() -> None:
    asked: list[str] = []

    def note(url: str, kind: Kind) -> Match | None:
        asked.append(url)
        return ask(url, kind)

    remembering = Judge(note)
    first = remembering(b"s.src='//hotjar.com/a'")
    assert isinstance(first, Loader)
    assert remembering(b"s.src='//hotjar.com/a'") is first
    assert len(asked) == 1
    assert remembering(b"s.src='//shop.example/a'" + b" " * 9000) is None


def test_the_judge_forgets_before_it_grows() -> None:
    remembering = Judge(ask)
    for number in range(1000):
        remembering(b"%d" % number)
    assert len(remembering._remembered) <= 256


# -- Whatever the bytes

PIECES = st.sampled_from(
    [
        b"createElement", b".src=", b"'", b'"', b"`", b"//", b"/*", b"*/", b"\\", b"\n", b" + ", b"${", b"}",
        b"(", b"[", b"hotjar.com", b".com/a.js", b"https:", b"\\/\\/", b"\\x2f", b"import ", b" from ",
        b"{a as b}", b"=/[", b"<!--", b"%22", b"\xff", b"fetch(", b"'use strict'", b"<![CDATA[",
    ]
)  # fmt: skip
SCRIPTS = st.lists(PIECES | st.binary(max_size=6), max_size=40).map(b"".join)


@given(SCRIPTS)
@example(b"s.src='https://hotjar.com")
@example(b"s.src='https://hotjar.com'+")
@example(b"'hotjar.com'+'")
def test_no_script_is_ever_an_error(script: bytes) -> None:
    loader = judge(script, ask)
    if loader is not None:
        assert loader.content != script


@given(SCRIPTS)
def test_a_script_without_a_listed_host_is_never_changed(script: bytes) -> None:
    assert judge(script, lambda url, kind: None) is None


@given(SCRIPTS)
def test_a_script_that_was_edited_is_not_edited_again(script: bytes) -> None:
    loader = judge(script, ask)
    if loader is not None and b"\\" not in script:
        again = judge(loader.content, ask)
        assert again is None or again.content != script


@contextmanager
def limit_of_processor_time(seconds: float) -> Iterator[None]:
    def stop(*_: object) -> None:
        raise AssertionError("takes more than linear time")

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


ENDLESS = [
    b'"',
    b"'+'",
    b"a.",
    b"'a.",
    b"/*",
    b"=/[",
    b"=/",
    b"\\",
    b"\\/",
    b"//a",
    b"//a.b",
    b"`${",
    b"' + ",
    b"import ",
    b"/**/",
    b"<!--",
    b"'a'+x+",
    b"%22//a.b",
]


@pytest.mark.parametrize("piece", ENDLESS)
def test_time_grows_with_length_only(piece: bytes) -> None:
    """A pattern that is quadratic on 64 KB would take minutes of the processor's time."""
    head = b"createElement;s.src='//hotjar.com/a';"
    script = (head + piece * LONGEST)[:LONGEST]
    with limit_of_processor_time(5):
        judge(script, ask)
        judge(script[len(head) - 1 :], ask)


# -- Stand-ins: what they are


@pytest.mark.parametrize("name", NAMES)
def test_a_stand_in_is_one_short_line_that_is_text_in_xhtml_too(name: str) -> None:
    code = stand_ins([name])
    assert not set(b"<&\n") & set(code)
    assert b"</" not in code
    assert len(code) < 1800
    assert b"=>" not in code
    assert not re.search(rb"\b(?:let|const|class)\b", code), "ES5"


def test_a_typical_stand_in_is_short() -> None:
    sizes = sorted(len(stand_ins([name])) for name in NAMES)
    assert sizes[len(sizes) // 2] <= 600


HOSTS = [
    ("www.googletagmanager.com", "/gtm.js?id=GTM-1", ("dataLayer",)),
    ("www.googletagmanager.com", "/gtag/js?id=G-1", ("dataLayer", "gtag")),
    ("www.google-analytics.com", "/analytics.js", ("ga",)),
    ("ssl.google-analytics.com", "/ga.js", ("_gaq", "_gat")),
    ("google-analytics.com", "/ga.js", ("_gaq", "_gat")),
    ("stats.g.doubleclick.net", "/dc.js", ("_gaq", "_gat")),
    ("stats.g.doubleclick.net", "/pixel", ()),
    ("securepubads.g.doubleclick.net", "/tag/js/gpt.js", ("googletag",)),
    ("static.hotjar.com", "/c/hotjar-1.js", ("hj",)),
    ("nothotjar.com", "/", ()),
    ("tracker.example", "/a.js", ()),
    ("", "/", ()),
]


@pytest.mark.parametrize(("host", "path", "names"), HOSTS)
def test_a_hosts_scripts_define_the_names_they_are_known_for(
    host: str, path: str, names: tuple[str, ...]
) -> None:
    assert names_for(host, path) == names
    assert stand_in_for_host(host, path) == stand_ins(names)


# -- Stand-ins: what page code finds

# What defines them, what the page does, and what it wrote down in the end with `log(…)`.
USES: dict[str, tuple[str, str, list[object]]] = {
    "gtag": (
        "dataLayer gtag",
        (
            "gtag('js',new Date());gtag('config','G-1',{a:1});gtag('event','buy',"
            "{event_callback:function(){log('sent')}});"
            "gtag('get','G-1','client_id',function(){log('id')});log('after')"
        ),
        ["after", "sent", "id"],
    ),
    "gtag, the page's own": (
        "dataLayer gtag",
        (
            "function gtag(){dataLayer.push(arguments)}gtag('event','buy',"
            "{event_callback:function(){log('sent')}});log(dataLayer.length)"
        ),
        [1, "sent"],
    ),
    "dataLayer": (
        "dataLayer",
        (
            "window.dataLayer=window.dataLayer||[];log(dataLayer.push({event:'a',"
            "eventCallback:function(){log('sent')}}));"
            "dataLayer.push(function(){this.reset();log(typeof this.get)})"
        ),
        [1, "sent", "function"],
    ),
    "ga": (
        "ga",
        (
            "ga('create','UA-1','auto');ga('send','event',{hitCallback:function(){log('sent')}});"
            "ga('set','hitCallback',function(){log('set')});"
            "ga(function(t){t.set('a',1);log('ready')});ga('provide','x',"
            "function(){log('never')});log(ga.getAll().length);ga.getByName('t0').send('pageview')"
        ),
        [1, "sent", "set", "ready"],
    ),
    "_gaq": (
        "_gaq _gat",
        (
            "var _gaq=_gaq||[];_gaq.push(['_setAccount','UA-1'],['_trackPageview']);"
            "_gaq.push(function(){log('run')});"
            "_gaq.push(['_set','hitCallback',function(){log('sent')}]);"
            "_gat._getTracker('UA-1')._trackPageview();_gat._anonymizeIp();"
            "_gaq.push(['_link','/there']);log(location)"
        ),
        ["/there", "run", "sent"],
    ),
    "google_trackConversion": (
        "google_trackConversion",
        "google_trackConversion({google_conversion_id:1,onload_callback:function(){log('sent')}})",
        ["sent"],
    ),
    "googletag": (
        "googletag",
        (
            "googletag.cmd.push(function(){var s=googletag.defineSlot('/1',[1,1],"
            "'d').setTargeting('a','b').addService(googletag.pubads());"
            "googletag.pubads().addEventListener('slotRenderEnded',function(){log('never')});"
            "googletag.pubads().enableSingleRequest();"
            "googletag.sizeMapping().addSize([0,0],[]).build();googletag.enableServices();"
            "googletag.display('d');"
            "log(googletag.pubads().getTargeting('x').length)});log('after')"
        ),
        ["after", 0],
    ),
    "adsbygoogle": (
        "adsbygoogle",
        (
            "(adsbygoogle=window.adsbygoogle||[]).push({});adsbygoogle.push({type:'reward',"
            "adBreakDone:function(){log('done')}})"
        ),
        ["done"],
    ),
    "fbq": (
        "fbq",
        "fbq('init','1');fbq('track','AddToCart',{value:9});_fbq('track','a');log('after')",
        ["after"],
    ),
    "ttq": (
        "ttq",
        (
            "ttq.load('A');ttq.page();ttq.instance('A').track('Buy',{},function(){log('sent')});"
            "ttq.ready(function(){log('ready')});"
            "ttq.on('x',function(){log('never')})"
        ),
        ["sent", "ready"],
    ),
    "calls": (
        "twq snaptr rdt qp obApi hj clarity Intercom smartlook",
        (
            "twq('track','a');snaptr('track','a');rdt('track','a');qp('track','a');obApi('track',"
            "'a');hj('event','a');clarity('set','a','b');"
            "Intercom('onShow',function(){log('never')});Intercom('boot',{});smartlook('init',"
            "'a');log('after')"
        ),
        ["after"],
    ),
    "pintrk": (
        "pintrk lintrk",
        (
            "pintrk('track','a',{},function(){log('pin')});lintrk('track',{conversion_id:1,"
            "commandCallback:function(){log('lin')}})"
        ),
        ["pin", "lin"],
    ),
    "queues": (
        (
            "uetq _taboola _tfa criteo_q _tmr _mfq _hmt _czc _comscore _qevents VWO _hsq _learnq "
            "_elqQ __insp _uxa _kmq _hsp _vis_opt_queue"
        ),
        (
            "[uetq,_taboola,_tfa,criteo_q,_tmr,_mfq,_hmt,_czc,_comscore,_qevents,VWO,_hsq,_learnq,"
            "_elqQ,"
            "__insp,_uxa,_kmq,_hsp,_vis_opt_queue].forEach(function(q){q.push({a:1})});"
            "uetq.push('event','buy',{});log(criteo_q.length)"
        ),
        [1],
    ),
    "_paq": (
        "_paq Matomo",
        (
            "_paq.push(['trackPageView']);_paq.push([function(){this.getVisitorId();log('run')}]);"
            "Matomo.getTracker().getVisitorId();"
            "Piwik.getAsyncTracker();log('after')"
        ),
        ["after", "run"],
    ),
    "ym": (
        "ym",
        (
            "ym(1,'init',{});ym(1,'reachGoal','order',{price:1},function(){log('goal')});ym(1,"
            "'hit','/',{callback:function(){log('hit')}})"
        ),
        ["goal", "hit"],
    ),
    "ym, the page's own": (
        "ym",
        (
            "window.ym=window.ym||function(){(ym.a=ym.a||[]).push(arguments)};ym(1,'reachGoal',"
            "'a',function(){log('goal')})"
        ),
        ["goal"],
    ),
    "analytics": (
        "analytics",
        (
            "analytics.load('k');analytics.page();analytics.identify('u').track('a',{},"
            "function(){log('sent')});analytics.ready(function(){log('ready')});"
            "analytics.on('track',function(){log('never')});analytics.user();"
            "log(analytics.push(['a']))"
        ),
        [1, "sent", "ready"],
    ),
    "rudderanalytics": (
        "rudderanalytics",
        (
            "rudderanalytics.load('k','u');rudderanalytics.track('a',{},function(){log('sent')});"
            "rudderanalytics.ready(function(){log('ready')})"
        ),
        ["sent", "ready"],
    ),
    "mixpanel": (
        "mixpanel",
        (
            "mixpanel.init('t',{loaded:function(m){m.register({});log('loaded')}});"
            "mixpanel.track('a',{},function(){log('sent')});"
            "mixpanel.people.set({});mixpanel.people.increment('a').set('b');"
            "mixpanel.get_group('a','b').set({});log(String(mixpanel.get_distinct_id()))"
        ),
        ["undefined", "loaded", "sent"],
    ),
    "amplitude": (
        "amplitude",
        (
            "amplitude.getInstance().init('k',null,{},function(){log('init')});"
            "amplitude.track('a').promise.then(function(){log('then')});"
            "amplitude.identify(new amplitude.Identify().set('a',1).add('b',2));"
            "new amplitude.Revenue().setPrice(1).setQuantity(2);amplitude.logEvent('a',{},"
            "function(){log('sent')})"
        ),
        ["then", "init", "sent"],
    ),
    "heap": (
        "heap",
        (
            "heap.load('1');heap.track('a',{});heap.identify('u');heap.addUserProperties({});"
            "log('after')"
        ),
        ["after"],
    ),
    "FS": (
        "FS",
        (
            "FS('trackEvent',{name:'a'});FS.identify('u',{});FS.event('a',{});"
            "log(String(FS.getCurrentSessionURL()))"
        ),
        ["undefined"],
    ),
    "posthog": (
        "posthog",
        (
            "posthog.init('k',{api_host:'a',loaded:function(p){p.capture('x');log('loaded')}});"
            "posthog.capture('a');posthog.people.set({});"
            "posthog.onFeatureFlags(function(){log('flags')});log(!!posthog.isFeatureEnabled('a'))"
        ),
        [False, "loaded", "flags"],
    ),
    "plausible": ("plausible", "plausible('a',{callback:function(){log('sent')}})", ["sent"]),
    "plausible, the page's own": (
        "plausible",
        "window.plausible=window.plausible||function(){(plausible.q=plausible.q||[]).push(arguments)};plausible('a',{callback:function(){log('sent')}})",
        ["sent"],
    ),
    "others": (
        (
            "umami fathom mouseflow COMSCORE pSUPERFLY PARSELY LogRocket pendo DD_RUM utag "
            "_satellite _vwo_code Munchkin _cio klaviyo OBR VK adroll __adroll"
        ),
        (
            "umami.track('a');fathom.trackGoal('A',1);mouseflow.newPageView('a');"
            "COMSCORE.beacon({});pSUPERFLY.virtualPage('/');PARSELY.beacon.trackPageView({});"
            "LogRocket.identify('u');LogRocket.getSessionURL(function(){log('never')});"
            "pendo.initialize({});DD_RUM.init({});utag.link({},function(){log('linked')});"
            "_satellite.pageBottom();_satellite.track('a');_satellite.logger.log('a');"
            "_satellite.cookie.get('a');_vwo_code.finish();Munchkin.init('1');"
            "_cio.identify({});klaviyo.push(['a']);OBR.extern.reloadWidget();VK.Retargeting.Hit();"
            "VK.Goal('a');adroll.track('a');__adroll.record_user({});log('after')"
        ),
        ["after", "linked"],
    ),
    "newrelic": (
        "newrelic",
        (
            "newrelic.interaction().setName('a').save();newrelic.noticeError(new Error('a'));"
            "newrelic.setCustomAttribute('a',1);log('after')"
        ),
        ["after"],
    ),
    "apstag": (
        "apstag",
        (
            "apstag.init({});apstag.fetchBids({slots:[]},function(b){log(b.length)});"
            "apstag.setDisplayBids();log(apstag.targetingKeys().length)"
        ),
        [0, 0],
    ),
    "optimizely": (
        "optimizely",
        "window['optimizely'].push({type:'event'});optimizely.get('utils');log('after')",
        ["after"],
    ),
    "drift": (
        "drift",
        (
            "drift.load('a');drift.on('ready',function(a){log('never')});drift.track('a');"
            "drift.identify('u').page();drift.api.sidebar.open();drift.api.widget.hide();log('after')"
        ),
        ["after"],
    ),
}

RUNNER = """
const vm = require('vm'), cases = JSON.parse(require('fs').readFileSync(0)), logs = [];
for (const code of cases) {
  const log = [], note = e => log.push('error: ' + e.message);
  const later = (f, t) => setTimeout(() => { try { f() } catch (e) { note(e) } }, t);
  const world = vm.createContext({ log: x => log.push(x), setTimeout: later });
  try { vm.runInContext('var window = this;' + code, world) } catch (e) { note(e) }
  logs.push(log);
}
setTimeout(() => console.log(JSON.stringify(logs)), 60);
"""


def ran(*scripts: str) -> list[list[object]]:
    """Run each script as a page's, in node, and return what each wrote down."""
    node = shutil.which("node")
    need("node", node is not None, "apt-get install nodejs")
    done = subprocess.run(  # noqa: S603 - our own runner
        [str(node), "-e", RUNNER],
        input=json.dumps(scripts),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    logs: list[list[object]] = json.loads(done.stdout)
    return logs


@cache
def all_uses() -> dict[str, list[list[object]]]:
    """Run every use after its stand-ins, after them twice, and in strict code."""
    scripts = []
    for names, use, _ in USES.values():
        code = stand_ins(names.split()).decode()
        scripts += [code + use, code + code + use, f"'use strict';{code}{use}"]
    logs = iter(ran(*scripts))
    return {name: [next(logs), next(logs), next(logs)] for name in USES}


@pytest.mark.parametrize("name", USES)
def test_page_code_goes_on_and_its_callbacks_come(name: str) -> None:
    once, twice, strictly = all_uses()[name]
    assert once == USES[name][2]
    assert twice == once, "the second does nothing"
    if "the page's own" not in name and name != "_gaq":  # these declare globals as sloppy code does
        assert strictly == once


def test_every_stand_in_is_tried_by_page_code() -> None:
    tried = {name for names, _, _ in USES.values() for name in names.split()}
    assert tried == set(NAMES)


def test_what_the_page_defined_itself_is_left() -> None:
    names = [name for name in NAMES if name not in ("drift", "dataLayer")]
    own = "".join(f"var {name}={{mine:1}};" for name in names)
    check = "log(" + "+".join(f"{name}.mine" for name in names) + ")"
    code = stand_ins(NAMES).decode()
    primitive = "var ym='year',ga=2,hj=0.5,dataLayer='a';" + code + "log(ym+ga+hj+dataLayer)"
    assert ran(own + code + check, primitive, "'use strict';" + primitive) == [
        [len(names)],
        ["year20.5a"],
        ["year20.5a"],
    ]


def test_calls_from_before_are_looked_at_too() -> None:
    before = (
        "window.dataLayer=[{eventCallback:function(){log('layer')},page:'a'}];"
        "window.ga=function(){(ga.q=ga.q||[]).push(arguments)};ga('send',"
        "{hitCallback:function(){log('ga')}});"
    )
    after = "log(dataLayer[0].page+dataLayer.length);ga('send',{hitCallback:function(){log('ga')}})"
    code = stand_ins(["dataLayer", "ga"]).decode()
    assert ran(before + code + after) == [["a1", "layer", "ga", "ga"]]


def test_a_page_hidden_until_its_experiments_load_is_shown() -> None:
    before = "window.dataLayer=[];dataLayer.hide={end:function(){log('shown')}};"
    assert ran(before + stand_ins(["dataLayer"]).decode()) == [["shown"]]


def test_an_edited_snippet_runs_and_leaves_its_callbacks_to_the_stand_in() -> None:
    page = "var document={createElement:function(){return {}},head:{appendChild:function(e){log(e.src)}}};"
    loader = judge((GA % "https://www.google-analytics.com/analytics.js").encode(), ask)
    assert loader is not None
    after = ";ga('send',{hitCallback:function(){log('sent')}})"
    assert ran(page + loader.content.decode() + after) == [["https://^/", "sent"]]
