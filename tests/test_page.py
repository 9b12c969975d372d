"""What goes from a page: tags and attributes, spellings of addresses, ads, and every way to cut it."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alpines_privacy import PrivacyPolicy, ThirdParty
from alpines_privacy.http.html import Decision, Rewriter, Selection, StartTag
from alpines_privacy.policy import PolicyError
from alpines_privacy.trackers import markup, shipped_rules
from alpines_privacy.trackers.page import Page, Pages

PAGE = "https://www.example.com/shop/list.html"
TRACKER = "https://c.statcounter.com/collect"
AD = "https://securepubads.g.doubleclick.net/tag/js/gpt.js"
OK = "https://cdn.jsdelivr.net/npm/a"

PAGES = Pages(PrivacyPolicy(), shipped_rules())


def begin(page: bytes, *, opted_out: bool = False, pages: Pages = PAGES) -> Page:
    return pages.begin(url=PAGE, opted_out=opted_out)


def filtered(page: str, *, opted_out: bool = False, pages: Pages = PAGES) -> str:
    data = page.encode("utf-8", "surrogateescape")
    rewrite = begin(data, opted_out=opted_out, pages=pages)
    return rewrite(data, last=True).decode("utf-8", "surrogateescape")


def streamed(page: bytes, cuts: list[int], *, opted_out: bool = False) -> bytes:
    rewrite = PAGES.begin(url=PAGE, opted_out=opted_out)
    places = [0, *sorted(cut % (len(page) + 1) for cut in cuts), len(page)]
    return b"".join(
        rewrite(page[start:end], last=False) for start, end in pairwise(places)
    ) + rewrite(b"", last=True)


# -- Elements and attributes: before, after; {} is an address

GONE = [
    '<script src="{}"></script>',
    "<SCRIPT async SRC={} ></SCRIPT >",
    '<script type="text/plain" data-src="{}"></script>',
    '<svg><script href="{}"></script></svg>|<svg></svg>',
    '<svg><script xlink:href="{}" /></svg>|<svg></svg>',
    '<iframe src="{}">your browser</iframe>',
    '<iframe data-src="{}"></iframe>',
    '<frameset><frame src="{}"></frameset>|<frameset></frameset>',
    '<img src="{}" alt>',
    '<img src="{}" srcset="/own.png 2x">',
    '<image src="{}">',
    '<input type="IMAGE" src="{}">',
    '<link rel="stylesheet" href="{}">',
    '<link rel="shortcut icon" href="{}">',
    '<link rel="preload" as="script" href="{}">',
    '<link rel="preload" as="image" href="{}">',
    '<link rel="modulepreload" href="{}">',
    '<link rel="prefetch" href="{}">',
    '<link rel="preconnect dns-prefetch" href="{}">',
    '<object data="{}"><p>fallback</p></object>',
    '<embed src="{}">',
    '<video src="{}"><p>fallback</p></video>',
    '<audio src="{}"></audio>',
    '<video><source src="{}"><track src="{}"></video>|<video></video>',
    '<svg><image href="{}"/><use xlink:href="{}"></use></svg>|<svg></svg>',
    '<svg><filter><feImage href="{}"/></filter></svg>|<svg><filter></filter></svg>',
    '<meta http-equiv="Refresh" content="5; URL=\'{}\'">',
    '<meta content="0;{}" http-equiv=refresh>',
    '<noscript><img src="{}"></noscript>|<noscript></noscript>',
    '<template><img src="{}"></template>|<template></template>',
    '<amp-pixel src="{}"></amp-pixel>',
    '<amp-analytics type="googleanalytics"><script type="application/json">{{}}</script></amp-analytics>',
    '<video poster="{}" loop>|<video loop>',
    '<form action="{}" method=post>|<form action="javascript:void(0)" method=post>',
    '<base href="{}">|<base>',
    '<button formaction="{}">|<button formaction="javascript:void(0)">',
    '<input type=submit formaction="{}">|<input type=submit formaction="javascript:void(0)">',
    '<img srcset="/a.png 1x, {} 2x, /b.png 3x">|<img srcset="/a.png 1x, /b.png 3x">',
    '<img srcset="{}" src="/a.png">|<img src="/a.png">',
    '<link rel=preload as=image imagesrcset="{} 1x, /a 2x">|<link rel=preload as=image imagesrcset="/a 2x">',
    '<picture><source srcset="{} 1x, /a 2x"></picture>|<picture><source srcset="/a 2x"></picture>',
    '<link rel="preconnect canonical" href="{}">|<link rel="canonical" href="{}">',
    '<a ping="{}" href="/">|<a href="/">',
    '<a ping="/own {} /other" href="/">|<a ping="/own /other" href="/">',
    '<table background="{}">|<table>',
    '<x-card background="{}">|<x-card>',
    '<x-card ping="{}">|<x-card>',
    '<x-card style="background: url({})">|<x-card style="background: url(data:,)">',
    '<svg><a style="fill:url({})"/></svg>|<svg><a style="fill:url(data:,)"/></svg>',
    '<svg><rect fill="url({})"/></svg>|<svg><rect fill="url(data:,)"/></svg>',
    "<svg><rect fill=\"url('{}#a') red\"/></svg>|<svg><rect fill=\"url('data:,') red\"/></svg>",
    "<svg><g STROKE = 'URL({})'></g></svg>|<svg><g STROKE = 'URL(data:,)'></g></svg>",
    '<svg mask="none, url({})"></svg>|<svg mask="none, url(data:,)"></svg>',
    '<svg><g filter="blur(2px) url({}#f)"/></svg>|<svg><g filter="blur(2px) url(data:,)"/></svg>',
    '<svg><g clip-path=url({}#c) /></svg>|<svg><g clip-path="url(data:,)" /></svg>',
    '<svg><path marker-start="url({})"/></svg>|<svg><path marker-start="url(data:,)"/></svg>',
    '<svg><path marker-mid="u&#x72;l({})"/></svg>|<svg><path marker-mid="url(data:,)"/></svg>',
    '<svg><path marker-end="/**/url({})"/></svg>|<svg><path marker-end="/**/url(data:,)"/></svg>',
    '<p style= background:url({}) >|<p style= "background:url(data:,)" >',
    '<p style = background:url({}) >|<p style = "background:url(data:,)" >',
    '<svg><g cursor="url({}), auto"/></svg>|<svg><g cursor="url(data:,), auto"/></svg>',
    '<img attributionsrc="{}" src="/a.png">|<img src="/a.png">',
    '<div style="background: url({})">|<div style="background: url(data:,)">',
    "<div style='background: url(\"{}\")'>|<div style='background: url(\"data:,\")'>",
    '<style>a{{background:url( "{}" )}}</style>|<style>a{{background:url( "data:," )}}</style>',
    '<style>@import "{}" print;</style>|<style>@import "data:," print;</style>',
    "<style>@import/**/url({});</style>|<style>@import/**/url(data:,);</style>",
    "<style>a{{background:image-set('{}' 1x)}}</style>|<style>a{{background:image-set('data:,' 1x)}}</style>",
    '<style>a{{background:\\75r\\6c ("{}")}}</style>|<style>a{{background:\\75r\\6c ("data:,")}}</style>',
    '<iframe srcdoc="<b>x</b><img src=\'{}\'>"></iframe>|<iframe srcdoc="<b>x</b>"></iframe>',
    (
        '<script type=importmap>{{"imports":{{"a":"/a.js","t":"{}"}}}}</script>'
        '|<script type=importmap>{{"imports": {{"a": "/a.js", '
        '"t": "data:text/javascript,export%20default%200"}}}}</script>'
    ),
    (
        '<script type=speculationrules>{{"prefetch":[{{"urls":["/a","{}"]}}]}}</script>'
        '|<script type=speculationrules>{{"prefetch": [{{"urls": ["/a"]}}]}}</script>'
    ),
]


def written(template: str, url: str) -> tuple[str, str]:
    before, _, after = template.partition("|")
    return (
        before.replace("{}", url).replace("{{", "{").replace("}}", "}"),
        after.replace("{}", url).replace("{{", "{").replace("}}", "}"),
    )


@pytest.mark.parametrize("template", GONE)
def test_what_would_load_a_tracker_goes_and_the_rest_stays(template: str) -> None:
    before, after = written(template, TRACKER)

    assert filtered(f"<p>a</p>{before}<p>b</p>") == f"<p>a</p>{after}<p>b</p>"


# Every ping that leaves the site is a tracker's, and so is every vendor's amp-analytics.
ALWAYS = ("<a ping", "<x-card ping", "<img attributionsrc", "<amp-analytics")


@pytest.mark.parametrize("template", [each for each in GONE if not each.startswith(ALWAYS)])
@pytest.mark.parametrize("url", [OK, "/js/statcounter.com/collect", "data:,x", "#x", ""])
def test_what_loads_anything_else_stays_as_it_is(template: str, url: str) -> None:
    page, _ = written(template, url)
    assert filtered(page) == page


@pytest.mark.parametrize(
    "page",
    [
        f'<a href="{TRACKER}">a link is no load</a>',
        f"<p>{TRACKER}</p><!-- <script src='{TRACKER}'></script> -->",
        f'<textarea><script src="{TRACKER}"></script></textarea>',
        f'<script type="application/json">{{"src":"{TRACKER}"}}</script>',
        f"<script type=\"text/template\"><img src='{TRACKER}'></script>",
        f'<style>a::after{{content:"{TRACKER}"}} /* url({TRACKER}) */</style>',
        f'<meta property="og:image" content="{TRACKER}">',
        f'<link rel="canonical" href="{TRACKER}">',
        f'<svg><rect fill="{TRACKER}" stroke="red" data-fill="url({TRACKER})"/></svg>',
        '<script type=importmap>{"imports":</script>',
        "<script type=speculationrules>" + "[" * 60000 + "</script>",
    ],
)
def test_what_only_mentions_a_tracker_stays(page: str) -> None:
    assert filtered(page) == page


# -- Addresses as browsers read them


@pytest.mark.parametrize(
    "url",
    [
        "//c.statcounter.com/collect",
        "HTTPS://C.StatCounter.COM/collect",
        r"https:\\c.statcounter.com\collect",
        r"\\c.statcounter.com/collect",
        "https&#58;//c.statcounter.com/collect",
        "https:&sol;&sol;c&period;statcounter.com/collect",
        "//c.statcounter.com/collect?a=1&amp;b=2",
        " \n https://c.stat\tcounter.com/collect ",
        "/\t/c.statcounter.com/collect",
        "https://c%2estatcounter%2Ecom/collect",
        "https://c.statcounter.com./collect",
        "https://www.example.com@c.statcounter.com/collect",
        "https://c.statcounter.com:443/collect",
        "https://\uff43.statcounter\u3002com/collect",
        "http:c.statcounter.com/collect",
        "https:////c.statcounter.com/collect",
    ],
)
def test_addresses_are_read_as_browsers_read_them(url: str) -> None:
    for page in (f'<img src="{url}">', f'<script src="{url}"></script>'):
        assert url not in filtered(page)
    assert filtered(f'<a ping="{url.strip()}">').count("ping") == any(map(str.isspace, url.strip()))


def test_the_first_base_counts_and_no_other() -> None:
    pixel = '<img src="collect">'

    assert pixel not in filtered(f'<base href="{TRACKER}">{pixel}')
    assert pixel in filtered(f'{pixel}<base href="{TRACKER}">')
    assert pixel in filtered(f'<base href="/x/"><base href="{TRACKER}">{pixel}')
    assert pixel not in filtered(f'<base target=_top><base href="{TRACKER}">{pixel}')


def test_a_base_rules_what_only_some_tags_carry() -> None:
    assert "url(data:,)" in filtered(f'<base href="{TRACKER}"><p style="background:url(collect)">')


# -- Scripts


def test_a_stand_in_takes_the_place_of_a_script_whose_functions_the_page_calls() -> None:
    page = (
        '<script async nonce="n1" src="https://www.googletagmanager.com/gtag/js?id=G-1"> </script>b'
    )

    edited = filtered(page)

    assert edited.startswith('<script nonce="n1">')
    assert '"gtag"' in edited
    assert edited.endswith("</script>b")
    assert "googletagmanager" not in edited


LOADER = (
    "<script>!function(d){var s=d.createElement('script');s.src='https://static.hotjar.com/c/hotjar-1.js';"
    "d.head.appendChild(s)}(document)</script>"
)


def test_an_inline_loader_loses_the_address_and_is_reported_each_time() -> None:
    for _ in range(2):
        page = begin(LOADER.encode())
        edited = page(LOADER.encode(), last=True)

        assert b"hotjar.com" not in edited
        assert [(removal.what, removal.match.company) for removal in page.removals] == [
            ("inline script", "Hotjar")
        ]


NOWHERE = "//^/"  # no browser can parse it
HANDLERS = [
    ("""<img src=/a onerror="this.src='//c.statcounter.com/t'">""", f"""this.src='{NOWHERE}'"""),
    ("""<p ONCLICK = 'new Image().src="//c.statcounter.com/t"'>""", f"""src="{NOWHERE}"'>"""),
    ("""<body onload="i=new Image;i.src=&quot;//c.statcounter.com/t&quot;">""", f"src=&#34;{NOWHERE}&#34;"),
    (r"""<p onload="i.src='\/\/c.statcounter.com/t'">""", f"i.src='{NOWHERE}'"),
    ("""<p onload="i.src='&#47;&sol;c.statcounter.com/t';a=b&amp;&amp;'&eacute'">""", f"'{NOWHERE}';a=b&amp;&amp;'é'"),
    ("""<p onclick="load('c.statcounter.com/t')">""", "load('^/')"),
    ("""<p onclick=i.src='//c.statcounter.com/t'>""", f"""onclick="i.src='{NOWHERE}'">"""),
    ("""<svg/onload="i.src='//c.statcounter.com/t'">""", f"i.src='{NOWHERE}'"),
    ("""<x-a title="a"onanything="fetch('//c.statcounter.com/t')">""", "fetch('data:"),
    ("""<iframe src="javascript:i.src='//c.statcounter.com/t'"></iframe>""", f"javascript:i.src='{NOWHERE}'"),
    ("""<iframe src=" java&#10;Script:i.\nsrc%3d%22%2f/c.statcounter.com/%22%23"></iframe>""", "#34;//^/&#34;%23"),
    ("""<iframe src=/a onload="i.src='//c.statcounter.com/t'"></iframe>""", f"i.src='{NOWHERE}'"),
]  # fmt: skip


@pytest.mark.parametrize(("markup", "inert"), HANDLERS)
@pytest.mark.parametrize("opted_out", [False, True])
def test_an_event_handler_loses_the_address_it_would_load(
    markup: str, inert: str, *, opted_out: bool
) -> None:
    for _ in range(2):  # judged, then remembered
        page = begin(b"", opted_out=opted_out)
        edited = page(f"<p>a</p>{markup}b".encode(), last=True).decode()

        assert "statcounter" not in edited
        assert inert in edited
        assert edited.startswith("<p>a</p><")
        assert edited.endswith("b")
        assert [removal.what for removal in page.removals] == ["event handler"]


@pytest.mark.parametrize(
    "markup",
    [
        """<a onclick="go('a.html'); return a &amp;&amp; b" href=/>""",
        """<a onclick="location.href='//c.statcounter.com/t'">""",
        """<p onclick="alert('see //c.statcounter.com/t')">""",
        """<p onclick="i.src='//cdn.jsdelivr.net/a&quot;' // \udcff">""",
        """<iframe src="javascript:parent.go('//cdn.jsdelivr.net/a')"></iframe>""",
        """<iframe src="javascript:'see //c.statcounter.com/t'"></iframe>""",
        """<p data-onclick="i.src='//c.statcounter.com/t'">""",
        """<p>onclick="i.src='//c.statcounter.com/t'"</p>""",
        """<!-- <p onclick="i.src='//c.statcounter.com/t'"> -->""",
    ],
)
def test_an_event_handler_that_loads_nothing_listed_stays_as_it_is(markup: str) -> None:
    assert filtered(markup) == markup


def test_a_removal_says_rule_list_and_company_and_no_query() -> None:
    data = f'<img src="{TRACKER}?uid=visitor-1">'.encode()
    for _ in range(2):  # decided, then remembered
        page = begin(data)
        page(data, last=True)

        (removal,) = page.removals
        assert removal.what == "img"
        assert (removal.match.list, removal.match.company) == ("EasyPrivacy", "StatCounter")
        assert "visitor" not in repr(removal)


def test_a_page_names_the_hosts_that_run_code_in_it() -> None:
    data = (
        b'<script src="//js.stripe.com/v3/"></script><iframe src="https://www.youtube.com/embed/1">'
        b"</iframe><script>import('https://esm.sh/x')</script><img src=https://images.example.org/a>"
        b'<link rel=modulepreload href="https://cdn.example.org:8443/m.js"><script src="/own.js"></script>'
        b"<script src=" + TRACKER.encode() + b"></script>"
    )
    for _ in range(2):
        page = begin(data)
        page(data, last=True)

        assert page.named == {"js.stripe.com", "www.youtube.com", "esm.sh", "cdn.example.org:8443"}


# -- For whom


def test_ads_go_under_a_signal_only() -> None:
    page = f'<script src="{AD}"></script>'

    assert filtered(page) == page
    assert AD not in filtered(page, opted_out=True)


SLOTS = [
    '<ins class="x adsbygoogle" data-ad-client="c"><b>ad</b></ins>',
    "<div id='div-gpt-ad-123-0'><div>ad</div></div>",
    '<amp-ad width=300 type="a"><div placeholder></div></amp-ad>',
    '<div class="OUTBRAIN" data-widget-id="AR_1"></div>',
    '<div id="taboola-below-article"></div>',
    '<div data-type="_mgwidget" data-widget-id="1"></div>',
    '<section class="own banner">ad</section>',
    '<p id="sidebar-ad">ad</p>',
]
WITH_SLOTS = Pages(PrivacyPolicy(ad_slots=[".banner", "#sidebar-ad"]), shipped_rules())


@pytest.mark.parametrize("slot", SLOTS)
def test_ad_slots_go_under_a_signal_only(slot: str) -> None:
    page = f"<main class=banners>a{slot}b</main>"

    assert filtered(page, pages=WITH_SLOTS) == page
    assert filtered(page, pages=WITH_SLOTS, opted_out=True) == "<main class=banners>ab</main>"


@pytest.mark.parametrize("slot", ["banner", ".a .b", "#", ".a,.b", "div.a", "[id=a]"])
def test_a_slot_that_is_no_class_or_id_is_refused(slot: str) -> None:
    with pytest.raises(PolicyError, match=r"ad_slots\[0\]"):
        PrivacyPolicy(ad_slots=[slot])


def test_a_declared_third_party_loads_while_there_is_no_signal() -> None:
    policy = PrivacyPolicy(third_parties=[ThirdParty("*.statcounter.com", "Counting visits")])
    pages = Pages(policy, shipped_rules())
    page = f'<img src="{TRACKER}">'

    assert filtered(page, pages=pages) == page
    assert filtered(page, pages=pages, opted_out=True) == ""


def test_the_sites_own_files_stay_whatever_they_are_called() -> None:
    page = '<script src="/matomo.js"></script><img src="https://static.example.com/ads/banner.gif?ad=1">'

    assert filtered(page, opted_out=True) == page


# -- Every way to cut, and every byte

PIECES = [
    *(written(template, TRACKER)[0] for template in GONE),
    *(written(template, OK)[0] for template in GONE),
    *(markup for markup, _ in HANDLERS),
    *SLOTS,
    LOADER,
    '<p title="a > b">',
    "text < and > 'quoted' \"text\" ",
    "<!-- <img> -->",
    "<a title='<b>' href=/>",
    '<div title="<i>" style="background:url(//c.statcounter.com/collect)">',
    "<script>if (a<b) x = ' ';</script>",
    "<base href=/x/>",
    "\x00<\x00",
    '<div style="',
    "</noscript>",
    "<select><option>",
]
pages_of_pieces = st.lists(st.sampled_from(PIECES), max_size=8).map("".join).map(str.encode)


@given(pages_of_pieces, st.lists(st.integers(0, 4000), max_size=6), st.booleans())
def test_every_cut_gives_the_same_bytes(page: bytes, cuts: list[int], opted_out: bool) -> None:
    whole = begin(page, opted_out=opted_out)(page, last=True)

    assert streamed(page, cuts, opted_out=opted_out) == whole


@pytest.mark.parametrize("piece", PIECES)
def test_every_single_cut_of_a_piece_gives_the_same_bytes(piece: str) -> None:
    page = b"a<p>" + piece.encode() + b"</p>b"
    whole = begin(page)(page, last=True)

    for cut in range(len(page)):
        assert streamed(page, [cut]) == whole


@given(
    st.binary(max_size=200)
    | st.text(alphabet="<>/=\"' ascriptylemg-!&;", max_size=80).map(str.encode)
)
def test_a_page_without_listed_hosts_is_untouched(page: bytes) -> None:
    assert begin(page, opted_out=True)(page, last=True) == page
    assert streamed(page, [len(page) // 2, len(page) // 3]) == page


@given(pages_of_pieces)
def test_filtering_twice_changes_nothing_more(page: bytes) -> None:
    once = begin(page)(page, last=True)

    assert begin(once)(once, last=True) == once


# What any tag may carry, in the spellings that may hide it from a search.
CARRIED = [
    'style="background:url({})"',
    "STYLE = 'background:URL({})'",
    "style=background:url({})",
    'style="background:url&#40;{})"',
    'style\n\n= "a:src({})"',
    'ping="{}"',
    "Ping={}",
    'background\t="{}"',
    "background  =\t'{}'",
    'attributionsrc="{}"',
    'class="a adsbygoogle"',
    "CLASS=AdsByGoogle",
    "id = div-gpt-ad-1",
    "id='taboola-x'",
    "data-ad-slot",
    "data-type=_mgwidget",
    'title="<img src=x style="',
    "title='a > b'",
    'title="style=(" /',
    'x=">" y',
]
TAGS = st.builds(
    lambda name, carried, url: f"<{name} {' '.join(carried)}>".replace("{}", url),
    st.sampled_from(["p", "DIV", "td", "ins", "svg", "svg a", "img", "x-y", "meta", "title", "b/"]),
    st.lists(st.sampled_from(CARRIED), max_size=3),
    st.sampled_from([TRACKER, AD, OK, "/a"]),
)
MARKUP = st.lists(TAGS | st.sampled_from(PIECES), max_size=8).map("".join).map(str.encode)
EVERY_NAME = Selection(
    {
        *markup.LOADING,
        *markup.AMP,
        "meta",
        "p",
        "div",
        "td",
        "ins",
        "svg",
        "x-y",
        "x-a",
        "x-card",
        "a",
        "g",
        "rect",
        "path",
        "body",
        "table",
        "title",
        "b",
    }
    | {"a", "table", "section", "main", "template", "noscript", "select", "option", "textarea"}
    | {"picture", "filter", "frameset"}
)


@given(MARKUP, st.booleans())
def test_what_is_searched_for_is_what_reading_every_tag_would_find(
    page: bytes, opted_out: bool
) -> None:
    elements = begin(page, opted_out=opted_out)._elements

    def decide(tag: StartTag) -> Decision:
        return elements.decide(StartTag(tag.raw, tag.name, tag.namespace, is_marked=True))

    every_tag = Rewriter(EVERY_NAME, decide)(page, last=True)
    assert begin(page, opted_out=opted_out)(page, last=True) == every_tag
    assert streamed(page, [*range(0, 4000, 7)], opted_out=opted_out) == every_tag


# -- Bad input


@pytest.mark.parametrize(
    "page",
    [
        b"x" * 10_000_000,
        b"<" * 10_000_000,
        b'<p style="' + b"x" * 3_000_000,
        b"<p onclick=" * 300_000,
        b"<p onclick='" * 300_000,
        b"<p onclick=\"f('" + b"/&'x" * 1_000_000,
        b" on" + b"x" * 3_000_000,
        b'<div a="' * 300_000,
        b"<noscript>" * 200_000,
        b"<template><select>" * 200_000,
        b"\x00\xff\xfe<p \x00='\xff'>" * 100_000,
        b"<style>" + b"url(" * 500_000,
        b"<img srcset='" + b", " * 20_000 + b"(" * 20_000 + b"'>",
    ],
    ids=[
        "text",
        "less-than",
        "quote",
        "handlers",
        "quoted",
        "handler",
        "on",
        "quotes",
        "noscript",
        "nested",
        "bytes",
        "css",
        "srcset",
    ],
)
def test_bad_pages_pass_as_they_are(page: bytes) -> None:
    assert begin(page)(page, last=True) == page
    rewrite = PAGES.begin(url=PAGE, opted_out=True)
    out = [rewrite(page[at : at + 65536], last=False) for at in range(0, len(page), 65536)]
    assert b"".join(out) + rewrite(b"", last=True) == page


def test_text_flows_at_once() -> None:
    rewrite = PAGES.begin(url=PAGE, opted_out=False)

    assert rewrite(b"<p class='x'>a < b and 'c' ", last=False) == b"<p class='x'>a < b and 'c' "
    assert rewrite(b"more <im", last=False) == b"more "
    assert rewrite(b"g src=/a>", last=False) == b"<img src=/a>"
