"""The shield in Chromium: every way a script loads, with listed and other addresses, bare and shielded.

Bare, each host but the site's refuses the connection, as one would that an ad blocker stops. So what
the page's code sees of a refused load is compared with what it sees of that.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from itertools import count
from operator import and_
from typing import Any

import pytest
from benchmarks import corpus
from hypothesis import given, settings
from hypothesis import strategies as st
from playwright.sync_api import Browser, Error

from alpines_privacy import Cookie, PrivacyPolicy, ThirdParty
from alpines_privacy.http.site import registrable_domain
from alpines_privacy.http.url import parse
from alpines_privacy.policy.parts import Trackers
from alpines_privacy.shield.script import source
from alpines_privacy.trackers import LoadKind, rules_for
from alpines_privacy.trackers.blocking import Blocker
from alpines_privacy.trackers.known import Known, known
from tests.conftest import need
from tests.support.chromium import chromium, wait_until
from tests.support.shielded import Site, sites

LISTED = "https://px.ads.linkedin.com/collect?v=2"
UNLISTED = "https://api.partner.example/x?v=2"
ADDRESSES = (UNLISTED, "/x.png?v=2", "x.png?v=2", "")
SPELLINGS = {
    "upper case": "HTTPS://Bat.BING.com/a",
    "without a scheme": "//bat.bing.com/a",
    "blanks around": " \t\n https://bat.bing.com/a \n",
    "a tab inside": "https://bat.b\ting.com/a",
    "a new line in the slashes": "https:/\n/bat.bing.com/a",
    "backslashes": "https:\\\\bat.bing.com\\a",
    "one slash, of another scheme": "http:/bat.bing.com/a",
    "a port": "https://bat.bing.com:8443/a",
    "somebody's name": "https://user:pass@bat.bing.com/a",
    "another host as a name": "https://api.partner.example@bat.bing.com/a",
    "a dot at the end": "https://bat.bing.com./a",
    "percent signs": "https://b%61t.bing.com/a",
    "wide letters": "https://\uff42at.bing.com/a",
    "no path": "https://bat.bing.com",
    "a query at once": "https://bat.bing.com?x",
    "a subdomain": "https://a.b-c.bat.bing.com/a",
}
OTHERS = {
    "relative": "x.png",
    "of the site": "/x.png",
    "of a sister": "https://img.shop.example/x.png",
    "a name that ends alike": "https://notbat.bing.com.example/a",
    "a listed host as a name": "https://bat.bing.com@api.partner.example/a",
    "a listed host in the path": "/r?to=https://bat.bing.com/a",
    "data": "data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw==",
    "a path that is not listed": "https://www.facebook.com/people",
    "empty": "",
    "no address": "https://",
    "one slash, of the page's scheme": "https:/bat.bing.com/a",  # a path: the page's host is asked
}

# Each is a function of an address that returns, or promises, what the page's code sees.
EVENTS = """
  const seen = (made, insert = true, events = ["load", "error", "loadedmetadata"]) => new Promise((done) => {
    for (const type of events) made.addEventListener(type, (e) => done([type, e.constructor.name, e.target === made]));
    if (insert) document.body.append(made);
    setTimeout(() => done("nothing"), patience);
  });
  const made = (name, set = {}) => Object.assign(document.createElement(name), set);
  const told = (made_, name) => [made_[name], made_.getAttribute(name)];
"""
WAYS: dict[str, str] = {
    "fetch": "fetch(u).then((r) => r.status, (e) => [e.constructor.name, e.message])",
    "fetch, no CORS": "fetch(u, {mode: 'no-cors'}).then((r) => r.type, (e) => [e.constructor.name, e.message])",
    "fetch of a Request": "fetch(new Request(u)).then((r) => r.status, (e) => [e.constructor.name, e.message])",
    "fetch of a URL": "fetch(new URL(u, location)).then((r) => r.status, (e) => [e.constructor.name, e.message])",
    "fetchLater": "(() => { const r = fetchLater(u, {activateAfter: 0}); return [r.activated, Object.keys(fetchLater(u))] })()",
    "XHR": """new Promise((done) => {
        const x = new XMLHttpRequest(), log = [];
        for (const t of ["load", "error", "abort", "loadend"]) x.addEventListener(t, () => log.push(t, x.readyState, x.status));
        x.onloadend = () => done([log, x.responseText.length > 0]);
        x.open("GET", u); x.send();
    })""",
    "XHR, at once": """(() => { const x = new XMLHttpRequest(); x.open("POST", u, false);
        try { x.send("a"); return x.status } catch (e) { return [e.constructor.name, e.name] } })()""",
    "sendBeacon": "navigator.sendBeacon(u, 'a=1')",
    "Image": "(async () => { const i = new Image(); i.src = u; return [await seen(i, false), i.src, i.complete, i.naturalWidth] })()",
    "img, set as an attribute": "(async () => { const i = made('img'); i.setAttribute('SRC', u); return [await seen(i), told(i, 'src')] })()",
    "img, with a namespace": "(async () => { const i = made('img'); i.setAttributeNS(null, 'src', u); return [await seen(i), told(i, 'src')] })()",
    "img, by an attribute's node": """(async () => { const i = made('img'), a = document.createAttribute('src');
        a.value = u; i.setAttributeNode(a); return [await seen(i), told(i, 'src'), a.value] })()""",
    "img, by a map": """(async () => { const i = made('img'), a = document.createAttribute('src');
        a.value = u; i.attributes.setNamedItem(a); return [await seen(i), told(i, 'src')] })()""",
    "img, its attribute changed": """(async () => { const i = made('img'); i.setAttribute('src', ''); i.attributes.src.value = u;
        return [await seen(i), told(i, 'src'), i.attributes.src.value] })()""",
    "img, srcset": "(async () => { const i = made('img'); i.srcset = u + ' 2x'; return [await seen(i), i.srcset, i.getAttribute('srcset')] })()",
    "script": "(async () => { const s = made('script', {src: u}); return [await seen(s), told(s, 'src')] })()",
    "script, in order": "(async () => { const s = made('script', {async: false}); s.setAttribute('src', u); return await seen(s) })()",
    "script, its text": "(async () => { window.ran = 0; const s = made('script', {src: u, text: 'window.ran = 1'}); return [await seen(s), window.ran] })()",
    "script, not inserted": "(async () => [await seen(made('script', {src: u}), false)])()",
    "module": "(async () => await seen(made('script', {type: 'module', src: u})))()",
    "iframe": "(async () => { const f = made('iframe', {src: u}); return [(await seen(f))[0], told(f, 'src')] })()",
    "link to a style sheet": "(async () => { const l = made('link', {rel: 'stylesheet', href: u}); return [await seen(l), l.getAttribute('href'), l.href] })()",
    "link, href first": "(async () => { const l = made('link'); l.href = u; l.rel = 'stylesheet'; return [await seen(l), l.getAttribute('href')] })()",
    "video": "(async () => { const v = made('video'); v.src = u; return [await seen(v, false), told(v, 'src'), v.error && v.error.code] })()",
    "Audio": "(async () => { const a = new Audio(u); return [await seen(a, false), told(a, 'src'), a instanceof Audio] })()",
    "source": "(async () => { const s = made('source', {src: u}), v = made('video'); v.append(s); return [await seen(s, false), told(s, 'src')] })()",
    "poster": "(async () => { const v = made('video', {poster: u}); document.body.append(v); return told(v, 'poster') })()",
    "track": "(async () => { const t = made('track', {src: u}), v = made('video'); v.append(t); t.track.mode = 'showing'; return told(t, 'src') })()",
    "input": "(async () => { const i = made('input', {type: 'image', src: u}); return [await seen(i), told(i, 'src')] })()",
    "object": "(async () => { const o = made('object', {data: u}); return [await seen(o), told(o, 'data')] })()",
    "background": "(async () => { const t = made('table'); t.setAttribute('background', u); document.body.append(t); return t.getAttribute('background') })()",
    "SVG image": """(async () => { const i = document.createElementNS('http://www.w3.org/2000/svg', 'image');
        i.href.baseVal = u; const s = document.createElementNS('http://www.w3.org/2000/svg', 'svg'); s.append(i); document.body.append(s);
        return [i.href.baseVal, i.getAttribute('href')] })()""",
    "innerHTML": """(async () => { const d = made('div'); document.body.append(d); d.innerHTML = '<img src="' + u + '">';
        return [await seen(d.firstChild, false), d.children.length] })()""",
    "outerHTML": """(async () => { const d = made('div'), p = made('p'); document.body.append(d); d.append(p);
        p.outerHTML = "<img alt='<p>' src='" + u + "'>"; return [await seen(d.firstChild, false), d.firstChild.alt] })()""",
    "insertAdjacentHTML": """(async () => { const d = made('div'); document.body.append(d);
        d.insertAdjacentHTML('afterbegin', '<b>x</b><img src=' + (u || '""') + '>'); return await seen(d.lastChild, false) })()""",
    "a shadow root": """(async () => { const d = made('div'); document.body.append(d); const r = d.attachShadow({mode: 'open'});
        r.innerHTML = '<img src="' + u + '">'; return await seen(r.firstChild, false) })()""",
    "setHTMLUnsafe": """(async () => { const d = made('div'); document.body.append(d); d.setHTMLUnsafe('<img src="' + u + '">');
        return await seen(d.firstChild, false) })()""",
    "a fragment of a Range": """(async () => { const f = document.createRange().createContextualFragment('<script src="' + u + '"></' + 'script>');
        const s = f.firstChild; return [await seen(s), s.getAttribute('src')] })()""",
    "DOMParser": """(async () => { const d = new DOMParser().parseFromString('<img src="' + u + '">', 'text/html');
        const i = document.adoptNode(d.querySelector('img')); return [await seen(i), i.getAttribute('src')] })()""",
    "a template": """(async () => { const t = made('template'); t.innerHTML = '<img src="' + u + '">';
        const i = document.importNode(t.content, true).firstChild; return [await seen(i), i.getAttribute('src')] })()""",
    "a clone": "(async () => { const i = made('img', {src: u}).cloneNode(); return [await seen(i), told(i, 'src')] })()",
    "a frame's fetch": """(async () => { const f = made('iframe'); document.body.append(f);
        return f.contentWindow.fetch(new URL(u, location).href, {mode: 'no-cors'}).then((r) => r.type, (e) => [e.name, e.message]) })()""",
    "a frame's fetch, by its place": """(async () => { const f = made('iframe'); document.body.append(f); const w = window[window.length - 1];
        return w.fetch(new URL(u, location).href, {mode: 'no-cors'}).then((r) => r.type, (e) => [e.name, e.message]) })()""",
    "a frame's image": """(async () => { const f = made('iframe'); document.body.append(f); const i = new f.contentWindow.Image();
        i.src = new URL(u, location).href; return await seen(i, false) })()""",
    "a frame written": """(async () => { const f = made('iframe'); document.body.append(f); const d = f.contentDocument;
        d.open(); d.write('<img id=i src="' + u + '">'); d.close();
        return await seen(d.getElementById('i'), false) })()""",
    "a frame's srcdoc": """(async () => { const f = made('iframe'); window.heard = new Promise((d) => window.hear = d);
        f.srcdoc = '<p>a<script>fetch(' + JSON.stringify(u) + ', {mode: "no-cors"}).then((r) => parent.hear(r.type), (e) => parent.hear([e.name, e.message]))</' + 'script>';
        document.body.append(f); return await window.heard })()""",
    "a frame's srcdoc, in markup": """(async () => { const d = made('div'); document.body.append(d);
        window.heard = new Promise((d) => window.hear = d);
        const code = 'fetch(' + JSON.stringify(u) + ', {mode: "no-cors"}).then((r) => parent.hear(r.type), (e) => parent.hear([e.name, e.message]))';
        d.innerHTML = "<b>x</b><iframe title='a' srcdoc='<p>a<script>" + code + "</" + "script>'></iframe>";
        return [await window.heard, d.children.length, d.lastChild.title, d.lastChild.contentDocument.body.innerText] })()""",
    "a worker of a blob": """new Promise((done) => {
        const w = new Worker(URL.createObjectURL(new Blob(['fetch(' + JSON.stringify(new URL(u, location).href) + ', {mode: "no-cors"})' +
            '.then((r) => postMessage(r.type), (e) => postMessage([e.name, e.message]))'])));
        w.onmessage = (e) => done(e.data); w.onerror = (e) => done(e.message) })""",
    "a worker of a blob, a module": """new Promise((done) => {
        const w = new Worker(URL.createObjectURL(new Blob(['fetch(' + JSON.stringify(new URL(u, location).href) + ', {mode: "no-cors"})' +
            '.then((r) => postMessage(r.type), (e) => postMessage([e.name, e.message]))'], {type: 'text/javascript'})), {type: 'module'});
        w.onmessage = (e) => done(e.data); w.onerror = (e) => done(e.message) })""",
    "a worker's importScripts": """new Promise((done) => {
        const w = new Worker(URL.createObjectURL(new Blob(['try { importScripts(' + JSON.stringify(new URL(u, location).href) + '); postMessage("ran") }' +
            'catch (e) { postMessage([e.constructor.name, e.name]) }'])));
        w.onmessage = (e) => done(e.data); w.onerror = (e) => done(e.message) })""",
    "a worker of data": """new Promise((done) => {
        const w = new Worker('data:text/javascript,' + encodeURIComponent('fetch(' + JSON.stringify(new URL(u, location).href) + ', {mode: "no-cors"})' +
            '.then((r) => postMessage(r.type), (e) => postMessage([e.name, e.message]))'));
        w.onmessage = (e) => done(e.data); w.onerror = (e) => done(e.message) })""",
    "a worker of the site's": "worker('/worker.js', u)",
    "a module worker of the site's": "worker('/worker.js', u, {type: 'module'})",
    "ping": "(() => { const a = made('a', {href: '#', ping: '/own ' + u}); document.body.append(a); a.click(); return [a.ping, a.getAttribute('ping')] })()",
    "a link": "(() => { const a = made('a', {href: u}); return [a.href, a.getAttribute('href')] })()",
    "a form": "(() => { const f = made('form', {action: u}); return [f.action, f.getAttribute('action')] })()",
    "WebSocket": """new Promise((done) => { let w; try { w = new WebSocket(u.replace('http', 'ws')) } catch (e) { return done([e.constructor.name, e.name]) }
        const log = [w instanceof WebSocket, w.readyState, w.constructor === WebSocket]; w.onerror = (e) => log.push(e.type, w.readyState);
        w.addEventListener('close', (e) => done([...log, e.code, e.wasClean, e.constructor.name, w.readyState, w.url])) })""",
    "a subclass of WebSocket": """new Promise((done) => { class My extends WebSocket { constructor(u) { super(u); this.mine = 1 } more() { return 2 } }
        let w; try { w = new My(u.replace('http', 'ws')) } catch (e) { return done([e.constructor.name, e.name]) }
        w.onclose = () => done([w.mine, w.more(), w instanceof My, w instanceof WebSocket]) })""",
}  # fmt: skip
NEVER_ASKS = {"a link", "a form"}
WORKER = """\
const from = self.location.pathname;
onmessage = (e) => fetch(e.data, {mode: "no-cors"}).then(
  (r) => postMessage([from, r.status, r.url]), (error) => postMessage([from, error.name, error.message]));
"""
ASK_WORKER = """
  const worker = (path, u, options) => new Promise((done) => {
    const w = new Worker(path, options);
    w.onmessage = (e) => done(e.data); w.onerror = (e) => done(e.message); w.postMessage(u);
  });
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="module")
def site(browser: Browser) -> Iterator[Site]:
    with sites(browser) as opened:
        opened.files["/worker.js"] = (WORKER, "text/javascript")
        yield opened


# What fires no event in any browser: these are given a moment, all others all the time they want.
SILENT = {
    ("link to a style sheet", ""),
    ("link, href first", ""),
    ("object", ""),
    *(("script, not inserted", address) for address in (LISTED, *ADDRESSES)),
}
numbers = count(1000)  # of one length: none is the beginning of another


def seen(site: Site, way: str, address: str, number: int) -> Any:
    """Return what the page's code sees of one load, in which `v=2` is another number."""
    patience = 400 if (way, address) in SILENT else 30_000
    code = f"""async ([u, patience]) => {{ {EVENTS} {ASK_WORKER} return await ({WAYS[way]}) }}"""
    try:
        told = site.page.evaluate(code, [address.replace("v=2", f"v={number}"), patience])
    except Error as error:  # what the page's code throws
        told = str(error).partition("\n")[0]
    return json.loads(json.dumps(told).replace(f"v={number}", "v=2"))


def compared(
    site: Site, way: str, addresses: Sequence[str], listed: str
) -> tuple[dict[str, Any], dict[str, Any], list[str], list[str]]:
    """Return what is seen bare and shielded by address, and which of them were asked of a host.

    Each load has its own number.
    """
    told: list[dict[str, Any]] = [{}, {}]
    asked: list[list[str]] = [[], []]
    for at, bare in enumerate((True, False)):
        site.open(bare=bare)
        for address in addresses:
            number = next(numbers)
            parts = (listed, f"v={number}")
            told[at][address] = seen(site, way, address, number)
            if way in LATE and listed in address and (bare or address != LISTED):
                site.wait_for(*parts)  # the next page would take this one's late loads along
            elif way in LATE:
                site.page.wait_for_timeout(50)
            found = [url for url in site.ever_asked if all(part in url for part in parts)]
            asked[at] += [address] * len(found)
    return told[0], told[1], asked[0], asked[1]


# What the page's code does not wait for, and what Playwright does not show as a request (`TestNetwork` proves it).
LATE = {"poster", "background", "SVG image"}
UNSEEN = {
    "sendBeacon",
    "fetchLater",
    "WebSocket",
    "a subclass of WebSocket",
    "ping",
    "script, not inserted",
    "a link",
    "a form",
    "track",
}


@pytest.mark.parametrize("way", WAYS)
class TestWays:
    def test_a_listed_address_is_not_asked_and_looks_stopped(self, site: Site, way: str) -> None:
        bare, shielded, asked_bare, asked = compared(site, way, [LISTED], "linkedin.com")
        assert shielded == bare
        assert asked == []
        assert asked_bare or way in UNSEEN
        assert site.errors == []

    def test_any_other_address_is_as_bare(self, site: Site, way: str) -> None:
        bare, shielded, asked_bare, asked = compared(site, way, ADDRESSES, "partner.example")
        assert shielded == bare
        assert way in UNSEEN or set(asked) == set(asked_bare) != set()


# Playwright does not show what is sent after the page, so the browser's own function is watched.
WATCHED = """<script>
  window.queued = [];
  const native = window.fetchLater;
  window.fetchLater = (url, ...more) => { window.queued.push(`${url}`); return native(url, ...more) };
</script>"""


def test_a_fetch_for_later_is_not_queued(site: Site) -> None:
    page = site.open(head=WATCHED + site.tag())
    for url in (LISTED, UNLISTED):
        page.evaluate("url => { fetchLater(url); fetchLater(new URL(url)) }", url)
    assert page.evaluate("window.queued") == [UNLISTED, UNLISTED]


def test_a_page_in_a_frame_before_the_first_script_has_its_own_shield(site: Site) -> None:
    gone = (
        '<script data-alpines-refused="https://www.googletagmanager.com/gtag/js?id=G-1"></script>'
    )
    inner = f"{site.tag()}{gone}<script>window.kind = typeof gtag</script>"
    site.files["/inner"] = (inner, "text/html; charset=utf-8")
    frames = (
        f"<iframe src='/inner'></iframe><iframe srcdoc='{inner.replace('&', '&amp;')}'></iframe>"
    )
    page = site.open(frames + site.tag(), head="")
    kinds = [frame.evaluate("window.kind") for frame in page.frames[1:]]
    assert kinds == ["function", "function"]


def test_frames_before_the_first_script_have_the_shield(site: Site) -> None:
    page = site.open(
        "<iframe></iframe><iframe srcdoc='<p>a'></iframe>"
        + site.tag()
        + f"<script>asked = frames[0].fetch('{LISTED}', {{mode: 'no-cors'}}).then(() => 1, (e) => e.message)</script>",
        head="",
    )
    assert page.evaluate("asked") == "Failed to fetch"
    assert site.asked == []


# Detached elements that load nothing, so that a verdict is all there is to see.
VERDICT = """
  const marked = (name, attribute, value, rel) => {
    const made = document.createElement(name);
    if (rel) made.rel = rel;
    made.setAttribute(attribute, value);
    return made.outerHTML.includes("//:#") || made.outerHTML.includes(".js#");
  };
  const KINDS = {
    script: ["script", "src"], image: ["input", "src"], object: ["embed", "src"], subdocument: ["iframe", "src"],
    media: ["track", "src"], stylesheet: ["link", "href", "stylesheet"], other: ["link", "href", "preconnect"],
  };
  const stops = (url, kind) => {
    const [name, attribute, rel] = KINDS[kind];
    return marked(name, attribute, url, rel);
  };
"""


def verdicts(site: Site, addresses: list[str], kind: str = "object") -> list[bool]:
    found: list[bool] = site.page.evaluate(
        f"([all, kind]) => {{ {VERDICT} return all.map((u) => stops(u, kind)) }}", [addresses, kind]
    )
    return found


class TestAddresses:
    def test_a_listed_host_is_known_however_it_is_written(self, site: Site) -> None:
        site.open()
        assert dict(
            zip(SPELLINGS, verdicts(site, list(SPELLINGS.values())), strict=True)
        ) == dict.fromkeys(SPELLINGS, True)

    def test_others_are_left_alone(self, site: Site) -> None:
        site.open()
        assert dict(
            zip(OTHERS, verdicts(site, list(OTHERS.values())), strict=True)
        ) == dict.fromkeys(OTHERS, False)

    def test_relative_addresses_follow_a_base(self, site: Site) -> None:
        site.open('<base href="https://bat.bing.com/">')
        assert verdicts(site, ["a.js", "/a.js", "//www.shop.example/a.js"]) == [True, True, False]

    @settings(max_examples=60)
    @given(st.lists(st.lists(st.sampled_from([
        "https:", "HTTP:", "wss:", "//", "/", "\\", "\t", "\n", " ", "bat.bing.com", "BAT.bing.com", "b%61t.bing.com", "x.",
        "hotjar.com", "a", "@", ":443", ":", ".", "..", "?", "#", "\u3002", "\uff42", "\xad", "%2e", "[::1]", "127.1", "data:", "",
    ]), max_size=7).map("".join), max_size=60))  # fmt: skip
    def test_hosts_are_read_as_the_browser_reads_them(
        self, site: Site, addresses: list[str]
    ) -> None:
        if site.page.url == "about:blank" or not site.page.evaluate(
            "document.querySelector('script') !== null"
        ):
            site.open()
        site.open() if site.page.evaluate("document.querySelector('base') !== null") else None
        expected = site.page.evaluate(
            """(all) => all.map((u) => {
            let url; try { url = new URL(u, document.baseURI) } catch { return false }
            if (!/^(https?|wss?):$/.test(url.protocol)) return false;
            const host = url.hostname.replace(/\\.$/, "");
            return /(^|\\.)(bat\\.bing\\.com|hotjar\\.com)$/.test(host);
        })""",
            addresses,
        )
        assert verdicts(site, addresses) == expected


class TestRecordedLoads:
    """The loads of real pages: what the shield stops, the server's own verdict stops too."""

    @pytest.mark.parametrize("opted_out", [False, True])
    def test_never_a_load_that_the_server_lets_pass(self, site: Site, opted_out: bool) -> None:
        for module, package in (("ada_url", "ada-url"), ("lxml", "lxml")):
            need(package, find_spec(module) is not None, f"pip install {package}")
        from tests.support.real_requests import loads  # noqa: PLC0415 - its parsers may be absent

        pages = list(corpus.pages())
        need("real pages", bool(pages), "python -m benchmarks.corpus")
        by_host: dict[str, list[tuple[str, LoadKind]]] = {}
        for url, host, kind in loads(pages):
            by_host.setdefault(host, []).append((url, kind))
        policy = PrivacyPolicy()
        rules = rules_for(policy.trackers)
        server = Blocker(rules, policy, opted_out)
        told = known(rules, policy, opted_out=opted_out)
        site.open(bare=True)
        wrong, stopped, right = [], 0, 0
        for host, asked in by_host.items():
            page = parse(f"https://{host}/")
            assert page is not None
            expected = [server.match(url, page, (kind,)) is not None for url, kind in asked]
            found = _verdicts_on(site, told, host, asked)
            stopped += sum(expected)
            right += sum(map(and_, expected, found))
            wrong += [
                load for load, f, e in zip(asked, found, expected, strict=True) if f and not e
            ]
        assert wrong == []
        assert right / stopped >= (0.78 if opted_out else 0.8)  # the rest is stopped in markup only


def _verdicts_on(
    site: Site, told: Known, host: str, asked: list[tuple[str, LoadKind]]
) -> list[bool]:
    """Return the shield's verdicts on a page of a host: in a frame that is told to be one."""
    tables = json.dumps({**told.tables, "signal": False, "cookies": [], "logins": []})
    page = json.dumps({"page": host, "site": registrable_domain(host) or host, "pass": told.exceptions_on(host),
                       "src": "https://www.shop.example/_privacy/shield.js"})  # fmt: skip
    found: list[bool] = site.page.evaluate("""([shield, asked, verdict]) => {
        const frame = document.createElement("iframe");
        document.body.append(frame);
        const window = frame.contentWindow;
        window.eval("XMLHttpRequest.prototype.open = function (m, u) { window.opened = u }");
        window.eval(shield);
        const stops = window.eval(verdict);
        const found = asked.map(([url, kind]) => stops(url, kind));
        frame.remove();
        return found;
    }""", [f"{source()}({tables},{page})", asked, f"((window) => {{ {VERDICT} {MORE_KINDS} }})(window)"])  # fmt: skip
    return found


MORE_KINDS = """
  return (url, kind) => {
    if (KINDS[kind]) return stops(url, kind);
    if (kind === "xmlhttprequest") { new XMLHttpRequest().open("GET", url); return window.opened.startsWith("data:#") }
    if (kind === "font") {
      const link = document.createElement("link"); link.rel = "preload"; link.as = "font"; link.href = url;
      return link.outerHTML.includes("//:#");
    }
    return false;
  };
"""


class TestSurrogates:
    """What pages call of a script that was refused does nothing, and calls back."""

    GTM = "https://www.googletagmanager.com/gtm.js?id=GTM-1"

    def run(self, site: Site, code: str, body: str = "", **options: Any) -> Any:
        site.open(body, **options)
        return site.page.evaluate(f"async () => {{ {LOADING} {code} }}")

    def test_nothing_stands_in_where_nothing_was_refused(self, site: Site) -> None:
        assert (
            self.run(site, "return [typeof gtag, typeof ga, typeof dataLayer, typeof Sentry]")
            == ["undefined"] * 4
        )

    def test_an_injected_loader_loads_and_calls_back(self, site: Site) -> None:
        told = self.run(
            site,
            f"""
            window.dataLayer = [{{event: "early", eventCallback: (...given) => log.push("early", given[0])}}];
            log.push(await load("{self.GTM}"));
            dataLayer.push({{event: "late", eventCallback: (id) => log.push("late", id)}});
            dataLayer.push(function () {{ log.push("function", this.get("x")) }});
            (function () {{ dataLayer.push(arguments) }})("event", "buy", {{event_callback: (id) => log.push("gtag", id)}});
            log.push("at once");
            await pause(10); return log;
        """,
        )
        assert sorted(map(str, told)) == sorted(
            map(
                str,
                [
                    "load",
                    "early",
                    "GTM-1",
                    "at once",
                    "late",
                    "GTM-1",
                    "function",
                    None,
                    "gtag",
                    "GTM-1",
                ],
            )
        )
        assert told.index("at once") < told.index("late")

    def test_the_data_layer_may_have_any_name(self, site: Site) -> None:
        told = self.run(
            site,
            f"""
            window.layer = []; await load("{self.GTM}&l=layer");
            layer.push({{eventCallback: () => log.push("called")}}); await pause(1);
            return [log, typeof dataLayer];
        """,
        )
        assert told == [["called"], "undefined"]

    @pytest.mark.parametrize(("address", "code", "expected"), [
        ("https://www.google-analytics.com/analytics.js", """ga("create", "UA-1"); ga("send", "event", {hitCallback: () => log.push("hit")});
            ga((t) => log.push(typeof t.get, t.get("clientId"))); log.push(ga.getAll().length)""", [0, "hit", "function", None]),
        ("https://www.google-analytics.com/ga.js", "_gaq.push(['_trackPageview'], () => log.push('ran'))", ["ran"]),
        ("https://connect.facebook.net/en_US/fbevents.js", "fbq('track', 'PageView', {}); log.push(typeof _fbq)", ["function"]),
        ("https://cdn.mxpnl.com/libs/mixpanel-2-latest.min.js", """mixpanel.init("t", {loaded: (m) => m.track("x")});
            mixpanel.people.set({a: 1}); mixpanel.track("x", {}, () => log.push("sent")); log.push(mixpanel.get_distinct_id())""", [None, "sent"]),
        ("https://us-assets.i.posthog.com/static/array.js", """posthog.onFeatureFlags((flags) => log.push(flags.length));
            log.push(posthog.isFeatureEnabled("x"), posthog.capture("x") === posthog)""", [None, True, 0]),
        ("https://cdn.segment.com/analytics.js/v1/k/analytics.min.js", """analytics.ready(() => log.push("ready"));
            analytics.on("track", () => log.push("never")); analytics.page().track("x").identify("y")""", ["ready"]),
        ("https://js.sentry-cdn.com/k.min.js", """Sentry.init({dsn: "x"}); Sentry.withScope((s) => { s.setTag("a", "b"); log.push("scope") });
            log.push(Sentry.startSpan({}, () => 7)); Sentry.onLoad(() => log.push("loaded")); Sentry.captureException(Error())""",
            ["scope", 7, "loaded"]),
        ("https://cdn.rollbar.com/rollbarjs/refs/tags/v2/rollbar.min.js", """Rollbar.error("x"); log.push(Rollbar.wrap(() => 3)())""", [3]),
        ("https://www.datadoghq-browser-agent.com/eu1/v6/datadog-rum.js", """DD_RUM.onReady(() => log.push("rum"));
            DD_LOGS.logger.info("x")""", ["rum"]),
        ("https://embed.tawk.to/x/default", "Tawk_API.maximize(); log.push(typeof Tawk_API.hideWidget)", ["function"]),
        ("https://gc.zgo.at/count.js", "goatcounter.count({path: '/'}); log.push(goatcounter.url({}) === goatcounter)", [True]),
        ("https://static.hotjar.com/c/hotjar-1.js?sv=6", "hj('event', 'x', () => log.push('never'))", []),
        ("https://www.clarity.ms/tag/abc", "clarity('set', 'a', 'b')", []),
        ("https://cdn.amplitude.com/libs/analytics-browser-2.x-min.js.gz", """const i = new amplitude.Identify().set("a", 1);
            await amplitude.init("k").promise; amplitude.track("x"); log.push(typeof i)""", ["object"]),
        ("https://bat.bing.com/bat.js", "uetq.push('event', 'x'); log.push(uetq.length)", [2]),
        ("https://snap.licdn.com/li.lms-analytics/insight.min.js", "lintrk('track', {conversion_id: 1}); log.push(typeof lintrk)", ["function"]),
        ("https://mc.yandex.ru/metrika/tag.js", "ym(1, 'getClientID', () => log.push('id'))", ["id"]),
        ("https://c.amazon-adsystem.com/aax2/apstag.js", "apstag.fetchBids({}, (bids) => log.push(bids.length))", [0]),
        ("https://widget.intercom.io/widget/x", "Intercom('boot', {})", []),
        ("https://js.driftt.com/include/1/x.js", "drift.on('ready', () => log.push('never')); drift.api.widget.show(); log.push(1)", [1]),
    ])  # fmt: skip
    def test_each_vendor(self, site: Site, address: str, code: str, expected: list[Any]) -> None:
        refused = (
            f'<script data-alpines-refused="{address}" onload="how = 1" onerror="how = 0"></script>'
        )
        wait = f"await pause({len(expected)})"
        told = self.run(site, f"{code}; {wait}; return [how, log]", body=refused)
        assert told == [1, expected]
        assert site.asked == []
        assert site.errors == []

    def test_ads_only_under_a_signal(self, site: Site) -> None:
        gpt = "https://securepubads.g.doubleclick.net/tag/js/gpt.js"
        code = f"""window.googletag = {{cmd: []}}; googletag.cmd.push(() => {{
            const slot = googletag.defineSlot("/1/a", [1, 1], "x").addService(googletag.pubads());
            googletag.pubads().enableSingleRequest(); googletag.enableServices(); log.push(googletag.pubads().getSlots().length);
            googletag.display("x") }}); log.push(await load("{gpt}")); await pause(least); return log"""
        assert sorted(map(str, self.run(site, f"const least = 2; {code}", signal="gpc"))) == [
            "0",
            "load",
        ]
        assert self.run(site, f"const least = 1; {code}") == ["error"]
        assert site.asked == [gpt]

    def test_a_snippet_of_the_page_stays_its_own(self, site: Site) -> None:
        told = self.run(
            site,
            """
            !function(f,b,e,v,n,t,s){if(f.fbq)return;n=f.fbq=function(){n.callMethod?n.callMethod.apply(n,arguments):n.queue.push(arguments)};
            if(!f._fbq)f._fbq=n;n.push=n;n.loaded=!0;n.version='2.0';n.queue=[];t=b.createElement(e);t.async=!0;t.src=v;
            document.head.append(t)}(window,document,'script','https://connect.facebook.net/en_US/fbevents.js');
            const mine = fbq; fbq('init', '1'); while (!fbq.callMethod) await moment(5); fbq('track', 'PageView'); return [mine === fbq, fbq.queue.length];
        """,
        )
        assert told == [True, 1]

    def test_the_server_tells_which_script_it_refused(self, site: Site) -> None:
        page = site.open("""
            <script>var log = []</script>
            <script data-alpines-refused="https://www.google-analytics.com/analytics.js" onload="log.push('load')" onerror="log.push('error')"></script>
            <script>log.push(typeof ga); ga('send', {hitCallback: function () { log.push('hit') }})</script>
            <script data-alpines-refused="https://px.ads.linkedin.com/x.js" async onload="log.push('load')" onerror="log.push('error')"></script>
            """)
        page.wait_for_function("log.length >= 4")
        assert sorted(page.evaluate("log")) == ["error", "function", "hit", "load"]
        assert page.evaluate("log.slice(0, 2)") == ["load", "function"]

    def test_a_script_that_a_page_writes(self, site: Site) -> None:
        page = site.open("""<script>document.write('<script src="https://www.google-analytics.com/ga.js"></scr' + 'ipt>')</script>
            <script>_gaq.push(function () { window.ran = 1 }); window.known = typeof _gaq.push</script>""")
        page.wait_for_function("window.ran")
        assert page.evaluate("[known, ran]") == ["function", 1]
        assert site.asked == []


LOADING = """
  const log = [];
  const moment = (length) => new Promise((done) => setTimeout(done, length));
  const pause = async (least = 0) => { const start = performance.now();
    while (log.length < least && performance.now() - start < 30000) await moment(5);
    await moment(60) };
  const load = (url) => new Promise((done) => {
    const script = document.createElement("script");
    script.async = true; script.src = url;
    script.onload = () => done("load"); script.onerror = () => done("error");
    document.head.append(script);
  });
"""

COOKIES = PrivacyPolicy(cookies=[
    Cookie("cart", purpose="The basket", necessary=True, lifetime=3600),
    Cookie("tab", purpose="The open tab", necessary=True, lifetime="session"),
    Cookie("lock_*", purpose="One form at a time", necessary=True),
    Cookie("theme", purpose="The colours", lifetime=60),
])  # fmt: skip
YEAR = 31536000
SET = """async ([lines, where, year]) => {
  const start = Date.now(), end = start + year * 1000, date = new Date(end).toUTCString();
  for (const line of lines.map((each) => each.replace("{date}", date).replace("{ms}", end)))
    if (where === "document") document.cookie = line; else await cookieStore.set(JSON.parse(line));
  return start / 1000;
}"""


@pytest.fixture(scope="module")
def shop(browser: Browser) -> Iterator[Site]:
    with sites(browser, COOKIES) as opened:
        yield opened


class TestCookies:
    """The server's own verdict over what scripts set."""

    def set(
        self, shop: Site, signal: str, *lines: str, store: bool = False
    ) -> dict[str, float | None]:
        """Return the cookies that scripts have set, and for how many seconds each stays.

        In a line `{date}` stands for a year from now as the browser's clock has it, `{ms}` for the same.
        """
        shop.page.context.clear_cookies()
        shop.open(signal=signal)
        start: float = shop.page.evaluate(
            SET, [list(lines), "cookieStore" if store else "document", YEAR]
        )
        jar: list[Any] = shop.page.context.cookies()
        return {
            c["name"]: None if c["expires"] == -1 else round((c["expires"] - start) / 10) * 10
            for c in jar
        }

    @pytest.mark.parametrize(("signal", "expected"), [
        ("", {"cart": 3600, "tab": None, "lock_1": YEAR, "theme": 60, "_ga": YEAR, "sessionid": YEAR}),
        ("gpc", {"cart": 3600, "tab": None, "lock_1": YEAR, "sessionid": None}),
        ("dnt", {"cart": 3600, "tab": None, "lock_1": YEAR}),
    ])  # fmt: skip
    @pytest.mark.parametrize(
        "how",
        [
            "; Max-Age=31536000",
            "; expires={date}",
            ";MAX-AGE=31536000;Expires=Thu, 01 Jan 1970 00:00:00 GMT",
        ],
    )
    def test_only_what_the_policy_says(
        self, shop: Site, signal: str, expected: dict[str, float], how: str
    ) -> None:
        names = ("cart", "tab", "lock_1", "theme", "_ga", "sessionid")
        assert self.set(shop, signal, *(f"{n}=1{how}" for n in names)) == expected

    def test_deletions_always(self, shop: Site) -> None:
        shop.page.context.clear_cookies()
        shop.open()
        shop.page.evaluate("document.cookie = '_ga=1'")
        shop.open(signal="dnt")
        shop.page.evaluate("document.cookie = '_ga=; expires=Thu, 01 Jan 1970 00:00:00 GMT'")
        assert shop.page.evaluate("document.cookie") == ""

    def test_a_shorter_life_stays(self, shop: Site) -> None:
        assert self.set(shop, "", "cart=1; max-age=600; path=/", "theme=1") == {
            "cart": 600,
            "theme": None,
        }

    def test_the_cookie_store(self, shop: Site) -> None:
        line = [
            f'{{"name": "{n}", "value": "1", "expires": {{ms}}}}' for n in ("cart", "tab", "_ga")
        ]
        assert self.set(shop, "gpc", *line, store=True) == {"cart": 3600, "tab": None}
        assert self.set(shop, "", *line, store=True) == {"cart": 3600, "tab": None, "_ga": YEAR}

    def test_in_frames_too(self, shop: Site) -> None:
        shop.page.context.clear_cookies()
        shop.open(signal="dnt")
        shop.page.evaluate(
            "const f = document.createElement('iframe'); document.body.append(f); f.contentDocument.cookie = '_ga=1'"
        )
        assert shop.page.evaluate("document.cookie") == ""

    @pytest.mark.parametrize(("signal", "expected"), [("", None), ("gpc", True), ("dnt", True)])
    def test_the_signal_is_stated(self, shop: Site, signal: str, expected: bool | None) -> None:
        shop.open(signal=signal)
        assert shop.page.evaluate("navigator.globalPrivacyControl ?? null") is expected


class TestPolicies:
    """Under an app's own Content-Security-Policy, and with Trusted Types."""

    def test_the_nonce_goes_into_frames(self, browser: Browser) -> None:
        with sites(browser) as site:
            site.fields = {"Content-Security-Policy": "script-src 'nonce-abc' 'strict-dynamic'"}
            page = site.open()
            assert 'nonce="abc"' in site.tag(
                "", [("content-security-policy", site.fields["Content-Security-Policy"])]
            )
            told = page.evaluate("""() => new Promise((done) => { window.hear = done; const f = document.createElement('iframe');
                f.srcdoc = '<script nonce=abc>fetch("https://bat.bing.com/").catch((e) => parent.hear(e.message))</' + 'script>';
                document.body.append(f) })""")
            assert told == "Failed to fetch"
            assert site.asked == []

    def test_stand_ins_run_where_only_the_site_may(self, browser: Browser) -> None:
        with sites(browser) as site:
            site.fields = {
                "Content-Security-Policy": "script-src 'self' https://www.googletagmanager.com"
            }
            site.open()
            told = site.page.evaluate(
                f"async () => {{ {LOADING} return [await load('{TestSurrogates.GTM}'), typeof dataLayer] }}"
            )
            assert told == ["load", "object"]

    def test_trusted_objects_pass_as_they_are(self, browser: Browser) -> None:
        with sites(browser) as site:
            site.fields = {
                "Content-Security-Policy": "require-trusted-types-for 'script'; trusted-types mine"
            }
            site.open()
            told = site.page.evaluate(f"""async () => {{ {LOADING}
                const mine = trustedTypes.createPolicy("mine", {{createHTML: (s) => s, createScriptURL: (s) => s}});
                document.body.innerHTML = mine.createHTML("<b>bold</b>");
                log.push(document.body.firstChild.localName);
                log.push(await load(mine.createScriptURL("{TestSurrogates.GTM}")), typeof dataLayer);
                log.push(await load(mine.createScriptURL("https://px.ads.linkedin.com/x.js")));
                log.push(await load(mine.createScriptURL("https://api.partner.example/x.js")));
                try {{ document.body.innerHTML = "<b>text</b>" }} catch (error) {{ log.push(error.constructor.name) }}
                return log }}""")
            assert told == ["b", "load", "object", "error", "error", "TypeError"]
            assert site.asked == ["https://api.partner.example/x.js"]

    def test_a_policy_of_the_sites_own(self, browser: Browser) -> None:
        policy = PrivacyPolicy(
            third_parties=[
                ThirdParty("bat.bing.com", purpose="Advertising"),
                ThirdParty("*.hotjar.com", purpose="Heat maps"),
            ],
            trackers=Trackers(
                add=["||partner.example^", "/own-pixel.gif$image"], allow=["||clarity.ms^"]
            ),
        )
        asked = ["https://bat.bing.com/a", "https://a.bat.bing.com/a", "https://static.hotjar.com/a", "https://hotjar.com/a",
                 UNLISTED, "https://www.clarity.ms/tag/x"]  # fmt: skip
        with sites(browser, policy) as site:
            site.open()
            assert verdicts(site, asked) == [False, True, False, True, True, False]
            assert verdicts(site, ["/img/own-pixel.gif?x", "/img/other.gif"], "image") == [
                True,
                False,
            ]
            site.open(signal="gpc")
            assert verdicts(site, asked) == [True, True, True, True, True, False]


HOSTILE = {
    "prototypes with traps": """
        for (const key of ["get", "set", "value", "then", "toString", "host", "next", "pattern", "kinds"])
          Object.defineProperty(Object.prototype, key, {configurable: true, get() { throw Error("trap " + key) }, set() { throw Error("trap " + key) }});""",
    "built-ins replaced": """
        for (const [holder, names] of [[String.prototype, ["slice", "indexOf", "split", "startsWith", "toLowerCase", "charCodeAt", "replace", "trim"]],
            [Array.prototype, ["push", "map", "forEach", "join", Symbol.iterator]], [RegExp.prototype, ["exec", "test"]],
            [Map.prototype, ["get", "set", "has"]], [Function.prototype, ["call", "apply", "bind", "toString"]]])
          for (const name of names) holder[name] = function () { throw Error("replaced " + String.name) };
        URL = Promise = undefined; Reflect.apply = JSON.stringify = Object.create = null;""",
    "nothing may be added": "Object.freeze(Object.prototype); Object.freeze(Array.prototype); Object.freeze(Function.prototype); Object.freeze(window.dataLayer = []);",
}  # fmt: skip
PROBES = """
  const results = [], note = (name, act) => { try { results[results.length] = [name, typeof act()] } catch (e) { results[results.length] = [name, "" + e] } };
  const u = "https://px.ads.linkedin.com/x", v = "https://api.partner.example/x";
  for (let i = 0; i < 2; i++) { const a = i ? u : v;
    note("fetch", () => { fetch(a).catch(() => 0) });
    note("xhr", () => new XMLHttpRequest().open("GET", a));
    note("beacon", () => navigator.sendBeacon(a));
    note("img", () => { new Image().src = a });
    note("attribute", () => document.createElement("img").setAttribute("src", a));
    note("srcset", () => { document.createElement("img").srcset = a + " 2x," });
    note("html", () => { document.createElement("div").innerHTML = "<img src=" + a + ">" });
    note("cookie", () => { document.cookie = "a=1" });
    note("socket", () => new WebSocket(a.replace ? "wss://api.partner.example/" : a));
    note("frame", () => { const f = document.createElement("iframe"); document.body.appendChild(f); return f.contentWindow });
  }
  return results;
"""
ODD = """
  const odd = {
    throwing: {toString() { throw RangeError("mine") }}, once: {n: 0, toString() { return this.n++ ? "https://bat.bing.com/" : "/x" }},
    symbol: Symbol("s"), nothing: null, missing: undefined, number: 5, list: ["https://bat.bing.com/a"], bare: Object.create(null),
    proxy: new Proxy({}, {get() { throw Error("proxy") }}), url: new URL("https://api.partner.example/"), big: 10n,
  };
  const ways = {
    fetch: (v) => { fetch(v).catch(() => 0) }, request: (v) => { fetch(new Request("/x"), v).catch(() => 0) },
    xhr: (v) => new XMLHttpRequest().open("GET", v), beacon: (v) => navigator.sendBeacon(v),
    src: (v) => { document.createElement("embed").src = v }, set: (v) => document.createElement("embed").setAttribute("src", v),
    name: (v) => document.createElement("embed").setAttribute(v, "x"), few: () => document.createElement("embed").setAttribute("src"),
    ns: (v) => document.createElement("embed").setAttributeNS(v, "src", "x"), node: (v) => document.createElement("embed").setAttributeNode(v),
    map: (v) => document.createElement("embed").attributes.setNamedItem(v), html: (v) => { document.createElement("div").innerHTML = v },
    adjacent: (v) => document.createElement("div").insertAdjacentHTML(v, v), fragment: (v) => document.createRange().createContextualFragment(v),
    parser: (v) => new DOMParser().parseFromString(v, "text/html"), kind: (v) => new DOMParser().parseFromString("", v),
    cookie: (v) => { document.cookie = v }, socket: (v) => { new WebSocket(v) }, source: (v) => { new EventSource(v) },
    worker: (v) => { new Worker(v) }, audio: (v) => { new Audio(v) }, uncalled: () => WebSocket("wss://bat.bing.com/"),
    borrowed: () => Element.prototype.setAttribute.call({}, "src", "https://bat.bing.com/"),
    got: () => Object.getOwnPropertyDescriptor(HTMLImageElement.prototype, "src").get.call({}),
    put: () => Object.getOwnPropertyDescriptor(HTMLImageElement.prototype, "src").set.call({}, "https://bat.bing.com/"),
    window: () => Object.getOwnPropertyDescriptor(HTMLIFrameElement.prototype, "contentWindow").get.call(document.body),
    fetched: () => { fetch.call(1, "/x") }, nothing: () => { fetch().catch(() => 0) }, made: () => new fetch("/x"),
    store: (v) => { cookieStore.set(v).catch(() => 0) }, sync: (v) => Attr.prototype.cloneNode.call(v),
    names: () => [fetch, XMLHttpRequest.prototype.open, Element.prototype.setAttribute, Worker, EventSource, Audio, document.write]
      .map((f) => [f.name, f.length, f.toString(), typeof f.prototype, Object.keys(f)].join()).join(";"),
    descriptors: () => ["src", "srcset"].map((n) => { const d = Object.getOwnPropertyDescriptor(HTMLImageElement.prototype, n);
      return [d.get.name, d.set.name, d.get.toString(), d.enumerable, d.configurable, d.set.length].join() }).join(";"),
  };
  return Object.entries(ways).flatMap(([way, act]) => Object.entries(odd).map(([what, value]) => {
    try { return [way, what, String(act(value))] } catch (e) { return [way, what, e.constructor.name + ": " + e.message] }
  }));
"""


class TestHostilePages:
    """Nothing throws that does not throw bare, whatever the page's scripts have done."""

    @pytest.mark.parametrize("hostile", HOSTILE.values(), ids=HOSTILE)
    def test_a_page_that_has_changed_the_built_ins(self, site: Site, hostile: str) -> None:
        results = []
        for bare in (True, False):
            page = site.open(bare=bare)
            code = f"""const write = JSON.stringify, root = document.documentElement, set = Element.prototype.setAttribute.bind(root);
                set("data-results", write((() => {{ {hostile} {PROBES} }})()))"""
            page.evaluate(
                "(code) => { const s = document.createElement('script'); s.textContent = code; document.head.append(s) }",
                code,
            )
            results.append(page.locator("html").get_attribute("data-results"))
            site.ever_asked.clear() if bare else None
        assert results[1] == results[0]
        assert not [url for url in site.asked if "linkedin" in url]

    def test_odd_values_are_judged_by_the_browser(self, site: Site) -> None:
        site.open(bare=True)
        bare = site.page.evaluate(f"() => {{ {ODD} }}")
        site.open()
        assert site.page.evaluate(f"() => {{ {ODD} }}") == bare

    def test_a_value_that_changes_is_read_once(self, site: Site) -> None:
        site.ever_asked.clear()
        site.open()
        told = site.page.evaluate("""() => { const value = () => ({n: 0, toString() { return this.n++ ? "https://px.ads.linkedin.com/" : "/x" }});
            const e = document.createElement("embed"); e.src = value(); fetch(value()).catch(() => 0); return e.getAttribute("src") }""")
        site.page.wait_for_timeout(50)
        assert told == "/x"
        assert not [url for url in site.ever_asked if "linkedin" in url]

    @pytest.mark.parametrize("made", [
        "'/'.repeat(n)", "'//'.repeat(n)", "'a.'.repeat(n)", "'https://'.repeat(n)", "'<'.repeat(n)", "'<img src='.repeat(n)", "'<a b=\"'.repeat(n)",
        "\"<a b='\".repeat(n)", "'&#'.repeat(n)", "'<img srcset=\"' + 'a 1x,'.repeat(n)", "', '.repeat(n)", "'//bat.bing.com '.repeat(n)",
        "'<img src=//bat.bing.com>'.repeat(n)", "'=;'.repeat(n)", "'//:#'.repeat(n)", "'-'.repeat(n)", "'\\\\'.repeat(n)",
    ])  # fmt: skip
    def test_long_texts_take_time_in_proportion(self, site: Site, made: str) -> None:
        site.open()
        small, large = site.page.evaluate(f"""() => [8000, 64000].map((n) => {{
            const text = {made}; let best = Infinity;
            for (let i = 0; i < 4; i++) {{
              const start = performance.now();
              document.createElement("track").setAttribute("src", text);
              document.createElement("source").setAttribute("srcset", text);
              document.createElement("iframe").setAttribute("srcdoc", text);
              best = Math.min(best, performance.now() - start) }}
            return best }})""")
        assert large < 24 * (small + 5)  # eight times the text; squared it would be 64


class TestNetwork:
    """A real server behind every host: what Playwright does not show is shown by who was asked."""

    PAGE = """<!doctype html>{tag}<a id=a href="#">x</a><script>
      document.getElementById("a").ping = "{own}/own {listed}/ping {other}/ping";
      navigator.sendBeacon("{listed}/beacon", "a"); navigator.sendBeacon("{other}/beacon", "a");
      for (const host of ["{listed}", "{other}"]) {{
        new EventSource(host + "/events").onerror = (e) => e.target.close();
        new WebSocket(host.replace("http", "ws") + "/socket");
        const shared = new SharedWorker("/shared.js?" + encodeURIComponent(host));
        document.body.append(Object.assign(document.createElement("video"), {{poster: host + "/poster"}}));
      }}
      document.getElementById("a").click();
    </script>"""
    SHARED = "fetch(decodeURIComponent(self.location.search.slice(1)) + '/shared', {mode: 'no-cors'}); fetch('relative')"

    WAYS = frozenset({"beacon", "ping", "events", "socket", "shared", "poster"})
    OWN = frozenset(f"www.shop.example/{path}" for path in ("", "own", "shared.js", "relative"))
    LISTED = frozenset(f"px.ads.linkedin.com/{way}" for way in WAYS)
    OTHERS = frozenset(f"api.partner.example/{way}" for way in WAYS)

    def test_what_leaves(self, browser: Browser) -> None:
        bare = self.asked_of_a_page(browser, self.LISTED | self.OTHERS | self.OWN, bare=True)
        shielded = self.asked_of_a_page(browser, self.OTHERS | self.OWN, bare=False)
        assert bare >= self.LISTED | self.OTHERS | self.OWN
        assert {each for each in shielded if each.startswith("px.ads")} == set()
        assert shielded >= self.OTHERS | self.OWN

    def asked_of_a_page(
        self, browser: Browser, expected: AbstractSet[str], *, bare: bool
    ) -> set[str]:
        """Return what a page asked for, by host and path: all that is expected, and what comes soon after."""
        with (
            sites(browser) as opened,
            self.serve(opened, "" if bare else opened.tag()) as (port, asked),
        ):
            context = browser.new_context()
            page = context.new_page()
            page.goto(f"http://www.shop.example:{port}/")
            wait_until(page, lambda: expected <= asked)
            page.wait_for_timeout(300)
            context.close()
            return asked

    @contextmanager
    def serve(self, site: Site, element: str) -> Iterator[tuple[int, set[str]]]:
        asked: set[str] = set()

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                host, _, port = self.headers.get("host", "").partition(":")
                path = self.path.partition("?")[0]
                asked.add(host + path)
                kind, body = "text/plain", b""
                if host == "www.shop.example" and path == "/shared.js":
                    kind, body = "text/javascript", TestNetwork.SHARED.encode()
                elif host == "www.shop.example" and path.startswith("/_privacy/"):
                    kind, body = "text/javascript", site.answered(path).body
                elif host == "www.shop.example" and path == "/":
                    hosts = {
                        "listed": "px.ads.linkedin.com",
                        "other": "api.partner.example",
                        "own": host,
                    }
                    urls = {name: f"http://{each}:{port}" for name, each in hosts.items()}
                    kind, body = "text/html", TestNetwork.PAGE.format(tag=element, **urls).encode()
                self.send_response(200)
                self.send_header("content-type", kind)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_POST = do_GET  # noqa: N815 - the name that http.server calls

            def log_message(self, *args: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server.server_address[1], asked
        finally:
            server.shutdown()
            server.server_close()
