"""What elements and attributes load in Chromium: bare, it is asked for; filtered, nothing of it is.

Every element is given every attribute that may hold an address. What Chromium asks for is its own to
say, so an element or attribute that begins to load is found here.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Route

from alpines_privacy import PrivacyPolicy
from alpines_privacy.trackers import shipped_rules
from alpines_privacy.trackers.page import Pages
from tests.support.chromium import chromium, wait_until

SITE = "https://www.shop.example/"
TRACKER = "https://c.statcounter.com/"
PAGES = Pages(PrivacyPolicy(), shipped_rules())

HTML = [
    "a",
    "abbr",
    "address",
    "amp-img",
    "applet",
    "area",
    "article",
    "aside",
    "audio",
    "b",
    "base",
    "bgsound",
    "blockquote",
    "br",
    "button",
    "canvas",
    "cite",
    "code",
    "data",
    "dd",
    "details",
    "dialog",
    "div",
    "dl",
    "dt",
    "em",
    "embed",
    "fencedframe",
    "fieldset",
    "figure",
    "font",
    "footer",
    "form",
    "h1",
    "header",
    "hr",
    "i",
    "iframe",
    "image",
    "img",
    "input",
    "ins",
    "kbd",
    "label",
    "layer",
    "li",
    "link",
    "main",
    "map",
    "mark",
    "marquee",
    "menu",
    "meta",
    "meter",
    "nav",
    "noembed",
    "object",
    "ol",
    "optgroup",
    "option",
    "output",
    "p",
    "param",
    "picture",
    "portal",
    "pre",
    "progress",
    "q",
    "script",
    "search",
    "section",
    "select",
    "slot",
    "small",
    "source",
    "span",
    "strong",
    "style",
    "sub",
    "summary",
    "table",
    "tbody",
    "td",
    "textarea",
    "tfoot",
    "th",
    "thead",
    "time",
    "title",
    "tr",
    "track",
    "u",
    "ul",
    "video",
    "wbr",
    "webview",
    "xmp",
    "x-card",
]
INSIDE = {
    "source": "<video>{}</video>", "track": "<video>{}</video>", "param": "<object>{}</object>",
    "option": "<select>{}</select>",
    "tr": "<table>{}</table>", "td": "<table><tr>{}</table>", "th": "<table><tr>{}</table>",
    "tbody": "<table>{}</table>",
    "thead": "<table>{}</table>", "tfoot": "<table>{}</table>",
}  # fmt: skip
SVG = [
    "a",
    "animate",
    "circle",
    "clipPath",
    "cursor",
    "defs",
    "desc",
    "ellipse",
    "feImage",
    "filter",
    "foreignObject",
    "g",
    "image",
    "line",
    "linearGradient",
    "marker",
    "mask",
    "mpath",
    "path",
    "pattern",
    "polygon",
    "rect",
    "script",
    "set",
    "stop",
    "style",
    "svg",
    "switch",
    "symbol",
    "text",
    "textPath",
    "tspan",
    "use",
    "view",
    "video",
    "iframe",
]
ATTRIBUTES = [
    "src",
    "href",
    "xlink:href",
    "srcset",
    "imagesrcset",
    "data",
    "poster",
    "ping",
    "background",
    "action",
    "formaction",
    "cite",
    "longdesc",
    "usemap",
    "profile",
    "manifest",
    "icon",
    "archive",
    "code",
    "codebase",
    "classid",
    "dynsrc",
    "lowsrc",
    "value",
    "content",
    "attributionsrc",
    "data-src",
    "srcdoc",
    "style",
    "fill",
    "stroke",
    "mask",
    "filter",
    "clip-path",
    "marker-start",
    "marker-mid",
    "marker-end",
    "cursor",
    "to",
    "from",
    "values",
]
MORE = {
    "link": ("rel=stylesheet", "rel=preload as=image", "rel=modulepreload", "rel=prefetch", "rel=icon", "rel=manifest",
             "rel=preconnect", "rel='alternate stylesheet' title=a", "rel=preload as=script",
             "rel=compression-dictionary"),
    "input": ("type=image", ""), "meta": ("http-equiv=set-cookie", "name=x"), "set": ("attributeName=href",),
    "animate": ("attributeName=href dur=1s",), "script": ("", "type=module"), "object": ("", "type=image/png",
    "type=text/html"),
}  # fmt: skip


def value(attribute: str, url: str) -> str:
    if attribute == "srcdoc":
        return f"<img src='{url}'>"
    if attribute == "values":
        return f"/a;{url}"
    if attribute in {
        "style",
        "fill",
        "stroke",
        "mask",
        "filter",
        "clip-path",
        "cursor",
    } or attribute.startswith("marker"):
        css = f"url({url}#a)" if attribute != "cursor" else f"url({url}), auto"
        return f"background:{css}" if attribute == "style" else css
    return url


def markup(attribute: str) -> str:
    """Return every element with this attribute, each with an address of its own."""
    parts = []
    for name in HTML:
        for more in MORE.get(name, ("",)):
            url = f"{TRACKER}html/{name}/{attribute}/{more.replace(' ', '+')}"
            element = (
                f'<{name} {more} {attribute}="{value(attribute, url)}" loading=eager></{name}>'
            )
            parts.append("<div>" + INSIDE.get(name, "{}").replace("{}", element) + "</div>")
    for name in SVG:
        for more in MORE.get(name, ("",)):
            url = f"{TRACKER}svg/{name}/{attribute}/{more}"
            shape = f'd="M0 0L9 9L99 99" width=99 height=99 {more} {attribute}="{value(attribute, url)}"'
            inside = f"<{name} {shape}></{name}>"
            if name in {"set", "animate"}:
                inside = f"<image width=9 height=9>{inside}</image>"
            elif name == "feImage":
                own = "f" + attribute.replace(":", "")
                used = f"<rect width=9 height=9 filter='url(#{own})'/>"
                inside = f"<filter id={own}>{inside}</filter>{used}"
            parts.append(f"<svg width=99 height=99>{inside}</svg>")
    return "".join(parts)


@pytest.fixture(scope="module")
def tab() -> Iterator[Page]:
    """One tab for all pages."""
    with chromium() as browser:
        yield browser.new_page()


# Styles, first frames and animations have asked for theirs once two frames were drawn; what is asked
# for afterwards comes behind them.
SETTLED = """async () => {
  const frame = () => new Promise(done => requestAnimationFrame(done));
  const asked = () => fetch("/last").catch(() => 0);
  for (let round = 0; round < 2; round++) { await frame(); await frame(); await asked() }
}"""


def asked(tab: Page, html: str, *expected: str) -> set[str]:
    """Return which of the tracker's paths a page asks for, with the mouse over it: all expected, and more."""
    paths: set[str] = set()

    def answer(route: Route) -> None:
        url = route.request.url
        if url == SITE:
            route.fulfill(body=html, content_type="text/html; charset=utf-8")
        else:
            paths.update([urlsplit(url).path[1:]] if url.startswith(TRACKER) else [])
            route.abort()

    tab.route("**/*", answer)
    try:
        tab.goto(SITE)
        tab.mouse.move(40, 180)
        tab.mouse.move(50, 200)
        tab.evaluate(SETTLED)
        wait_until(tab, lambda: paths.issuperset(expected))
        tab.goto("about:blank")
    finally:
        tab.unroute("**/*")
    return paths


def filtered(html: str, *, opted_out: bool = False) -> str:
    page = PAGES.begin(url=SITE, opted_out=opted_out)
    return page(html.encode(), last=True).decode()


# What is known to load: if Chromium asks for none of it, the test sees nothing.
KNOWN = {
    "src": {"html/img/src/", "html/iframe/src/", "html/script/src/", "html/embed/src/", "html/video/src/",
    "html/input/src/type=image"},
    "href": {"html/link/href/rel=stylesheet", "html/link/href/rel=preload+as=image", "svg/image/href/",
    "svg/script/href/"},
    "xlink:href": {"svg/image/xlink:href/", "svg/feImage/xlink:href/"},
    "srcset": {"html/img/srcset/"}, "imagesrcset": {"html/link/imagesrcset/rel=preload+as=image"},
    "data": {"html/object/data/"},
    "poster": {"html/video/poster/"}, "background": {"html/table/background/", "html/td/background/"},
    "srcdoc": {"html/iframe/srcdoc/"},
    "style": {"html/p/style/", "svg/rect/style/"}, "fill": {"svg/rect/fill/"}, "to": {"svg/set/to/attributeName=href"},
}  # fmt: skip


@pytest.mark.parametrize("attribute", ATTRIBUTES)
def test_what_an_attribute_loads_is_not_asked_for(tab: Page, attribute: str) -> None:
    html = f"<!doctype html><title>a</title><body style=margin:0>{markup(attribute)}"

    known = KNOWN.get(attribute, set())
    assert known - asked(tab, html, *known) == set()
    errors: list[str] = []
    tab.on("pageerror", lambda error: errors.append(str(error)))
    assert asked(tab, filtered(html)) == set()
    assert not errors


# What a filter may read otherwise than a browser does, each with an image that loads.
DECEIVING = [
    "<svg><style><title><img src={}></title></style></svg>",
    "<svg><title><img src={}></title></svg>",
    "<math><mi><img src={}></mi></math>",
    "<math><mi><mglyph><style><img src={}></style>",
    "<math><annotation-xml encoding='text&#47;html'><img src={}></annotation-xml></math>",
    "<svg></p><style></style><img src={}>",
    "<div><svg></div><style></style><p><img src={}>",
    "<svg><style>rect{{fill:url(&quot;{}#a&quot;)}}</style><rect width=9 height=9 /></svg>",
    "<svg><style><![CDATA[rect{{fill:url({}#a)}}]]></style><rect width=9 height=9 /></svg>",
    "<svg><image width=9 height=9><set attributeName=href to={} /></image></svg>",
    "<svg><script href={}></script></svg>",
    "<svg><rect width=9 height=9><set attributeName=mask to='url({}#a)'/></rect></svg>",
    "<iframe src=\"data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg'><image href='{}'/></svg>\"></iframe>",
    "<iframe src=\"data:text/xml,<html xmlns='http://www.w3.org/1999/xhtml'><title/><img src='{}'/></html>\"></iframe>",
    "<template><base href=//cdn.jsdelivr.net/></template><img src={}>",
    "<base href=https://c.statcounter.com/><img src='img'>",
    "<p style=\"background:im\\61ge-set('{}' 1x)\">a",
    "<style>p{{background:\\69mage\\2dset('{}' 1x)}}</style><p>a",
    "<style>p{{background:u\\72l({})}}</style><p>a",
    "<style>@im\\70ort '{}';</style>",
    '<iframe src="data:text/html,<img src={}>"></iframe>',
    '<iframe src="data:text/html;base64,PGltZyBzcmM9aHR0cHM6Ly9jLnN0YXRjb3VudGVyLmNvbS9pbWc+"></iframe>',
    '<object data="data:text/html,<img src={}>"></object>',
    "<img title='{long}' src={}>",
    "<select><img src={}></select>",
    "<table><img src={}></table>",
    "<img/src={}/>",
    "<img\x0csrc\n=\r'{}'>",
    "<image src={}>",
    "<img src=&#104;ttps:&sol;&sol;c.statcounter.com/img>",
    "<img srcset='/a 2x, {} 1x'>",
    "<script type=module>import '{}'</script>",
    "<script type=module>/* ' */import a, {{b as c}} from \"{}\";c(a)</script>",
    "<script type=importmap>{{\"imports\":{{\"x\":\"{}\"}}}}</script><script type=module>import 'x'</script>",
]  # fmt: skip


@pytest.mark.parametrize("template", DECEIVING)
def test_markup_read_as_a_browser_reads_it(tab: Page, template: str) -> None:
    body = (
        template.replace("{long}", "x" * 100_000)
        .replace("{{", "{")
        .replace("}}", "}")
        .replace("{}", TRACKER + "img")
    )
    html = f"<!doctype html><title>a</title><body>{body}"

    path = "img/" if "{}/>" in template else "img"  # a slash there is part of the value
    assert path in asked(tab, html, path)
    assert asked(tab, filtered(html)) == set()
    assert asked(tab, filtered(html, opted_out=True)) == set()
