"""Visitors' text wherever a template prints it: Chromium runs nothing filtered that it does not run bare.

`python -m tests.fuzz.test_visitors_text COUNT [SEED]` goes on for longer than the ordinary run.
"""

from __future__ import annotations

import html
import json
import random
import sys
from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet

import pytest
from playwright.sync_api import ConsoleMessage, Route
from playwright.sync_api import Page as Tab

from alpines_privacy import PrivacyPolicy
from alpines_privacy.trackers import shipped_rules
from alpines_privacy.trackers.page import Pages
from tests.support.chromium import chromium, wait_until

SITE = "https://www.example.com/a/"
T = "https://c.statcounter.com/t"
SHIELD = b'<script src="/_privacy/shield.js"></script>'
PAGES = Pages(PrivacyPolicy(ad_slots=[".slot"]), shipped_rules())


def escaped_for_script(text: str) -> str:
    """Write a JavaScript string as careful templates do."""
    return json.dumps(text).replace("<", "\\u003c")[1:-1]


def raw(text: str) -> str:
    return text


# Where a template prints, and how: escaped, as it should be, and not, as it happens.
CONTEXTS: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("<p>{}</p>", html.escape),
    ("<p>{}</p>", raw),
    ('<p title="{}">a</p>', html.escape),
    ("<p title='{}'>a</p>", html.escape),
    ('<img src=/a.png alt="{}">', html.escape),
    ("<input value={}>", lambda text: html.escape(text).replace(" ", "&#32;").replace("\n", "&#10;")),
    ('<a href="{}">a</a>', html.escape),
    ('<iframe srcdoc="{}"></iframe>', lambda text: html.escape(html.escape(text))),
    ('<iframe srcdoc="{}"></iframe>', html.escape),
    ('<iframe src="data:text/html,{}"></iframe>', lambda text: html.escape(text).replace("%", "%25").replace("#",
    "%23")),
    ('<script>own("{}")</script>', escaped_for_script),
    ("<script>own('{}')</script>", lambda text: escaped_for_script(text).replace("'", "\\'")),
    ("<script>own(`{}`)</script>", lambda text: escaped_for_script(text).replace("`", "\\`").replace("$", "\\$")),
    ("<script>own(/[{}]/)</script>", lambda text: "".join(f"\\u{ord(c):04x}" for c in text if ord(c) < 65536)),
    ("<script>/* {} */ own(1)</script>", lambda text: text.replace("*/", "* /").replace("<", "(")),
    ("<script>// {}\nown(1)</script>", lambda text: " ".join(text.replace("<", "(").split())),
    ('<script type="application/json">{}</script>', lambda text: json.dumps(text).replace("<", "\\u003c")),
    ('<script type="module">own("{}"); import "/own.js"</script>', escaped_for_script),
    ("<script type=module>import '/own.js'; own(`{}`)</script>", lambda text: escaped_for_script(text).replace("`",
    "\\`").replace("$", "\\$")),
    ("<p onclick=\"own('{}')\">a</p>", lambda text: html.escape(escaped_for_script(text).replace("'", "\\'"))),
    ('<style>p::after {{ content: "{}" }}</style>', lambda text: "".join(f"\\{ord(c):06x}" for c in text)),
    ("<style>/* {} */ p {{ color: red }}</style>", lambda text: text.replace("*/", "* /").replace("<", "(")),
    ('<p style="background: url(/a?{})">a</p>', lambda text: "".join(f"%{b:02x}" for b in text.encode())),
    ("<!-- {} --><p>", lambda text: text.replace("--", "- -").replace(">", "&gt;")),
    ("<textarea>{}</textarea>", html.escape),
    ("<title>{}</title>", html.escape),
    ("<noscript>{}</noscript>", html.escape),
    ("<svg><text>{}</text></svg>", html.escape),
    ("<svg><title>{}</title></svg>", raw),
    ("<svg><style>{}</style></svg>", html.escape),
    ("<math><mtext>{}</mtext></math>", raw),
    ("<div class=slot>{}</div>", html.escape),
    ("<div class=slot>{}</div>", raw),
    ("<select><option>{}</option></select>", raw),
    ("<table><tr><td>{}</td></tr></table>", raw),
    ("<template>{}</template>", raw),
)  # fmt: skip
PIECES = (
    f"<img src={T}>", f'<img src="{T}" alt="', f"<iframe src={T}>", f"<script src={T}>",
    f"<link rel=stylesheet href={T}>",
    f"<object data={T}>", f"<embed src={T}>", f'<a ping="{T}"', f"url({T})", f"import '{T}'", f'import "{T}"',
    f"import{{x}}from'{T}'",
    f'fetch("{T}")', T, f'src="{T}"', f" style='background:url({T})'", f'@import "{T}";', f"<base href={T}>",
    f"<video src={T} poster={T}>",
    f"<svg><script href={T}>", f"<use href={T} />", f"<image href={T}>",
    "ran(1)", "ran(2)//", "';ran(3);'", '";ran(4);"', "`;ran(5);`", "${ran(6)}", "*/ran(7)/*", "\nran(8)\n",
    "<script>ran(9)</script>",
    "<img src=x onerror=ran(10)>", "<svg onload=ran(11)>", " onerror=ran(12) ", "script>ran(13)</script>",
    "</script>", "</style>", "</title>",
    "-->", "<!--", "<script>", "<style>", "<svg>", "<math>", "<title>", "</svg>", "<desc>", "<", ">", '"', "'", "`",
    "\\", "/", "=", " ", "&quot;",
    "&#39;", "&lt;", "&gt;", "</p>", "<p>", "<b", "</td>", "<table>", "</select>", "<![CDATA[", "]]>", "</noscript>",
    "</textarea>", "</template>",
    "javascript:ran(14)", "\0", "\r", "<div class=slot>", "</div>",
)  # fmt: skip


def page_of(chance: random.Random) -> str:
    """Return a page of a few contexts with a visitor's text in each."""
    parts: list[str] = []
    for context, written in chance.choices(CONTEXTS, k=3):
        text = "".join(chance.choices(PIECES, k=chance.randint(1, 7)))
        before, _, after = context.partition("{}")
        parts += (
            before.replace("{{", "{").replace("}}", "}"),
            written(text),
            after.replace("}}", "}"),
        )
    return "<!doctype html>" + "".join(parts)


def filtered(page: str, chance: random.Random) -> str:
    shield = SHIELD if chance.random() < 0.5 else b""
    rewrite = PAGES.begin(url=SITE, opted_out=chance.random() < 0.5, shield=shield)
    return rewrite(page.encode("utf-8", "replace"), last=True).decode()


def what_runs(tab: Tab, page: str, expected: AbstractSet[int] = frozenset()) -> set[int]:
    """Return which of the calls in a page, and in the frames it holds, have run: all expected, and more."""

    def answer(route: Route) -> None:
        if route.request.url == SITE:
            route.fulfill(body=page, content_type="text/html; charset=utf-8")
        else:
            route.abort()

    ran: set[int] = set()

    def note(message: ConsoleMessage) -> None:
        if message.text.startswith("ran "):
            ran.add(int(message.text[4:]))

    tab.route("**/*", answer)
    tab.on("console", note)
    try:
        tab.goto(SITE, wait_until="load")
        tab.evaluate("() => new Promise(done => setTimeout(done, 5))")
        wait_until(tab, lambda: ran >= expected)
    finally:
        tab.remove_listener("console", note)
        tab.unroute("**/*")
    return ran


def ready(tab: Tab) -> Tab:
    """Let code say in every frame that it runs."""
    tab.add_init_script("window.ran = n => console.log('ran ' + n); window.own = () => 0")
    return tab


@pytest.fixture(scope="module")
def tab() -> Iterator[Tab]:
    """One tab for all pages."""
    with chromium() as browser:
        yield ready(browser.new_page())


def compare(tab: Tab, count: int, seed: int) -> int:
    """Compare pages bare and filtered; return in how many of them a visitor's code ran bare."""
    chance = random.Random(seed)  # noqa: S311 - not a secret
    ran = 0
    for _ in range(count):
        page = page_of(chance)
        after = filtered(page, chance)
        if after == page:
            continue
        found = what_runs(tab, after)
        tab.goto("about:blank")
        bare = what_runs(tab, page, found)
        ran += bool(bare)
        assert found <= bare, (page, after)
    return ran


def test_visitors_text_runs_no_more_than_it_does_bare(tab: Tab) -> None:
    assert compare(tab, 80, seed=1)


if __name__ == "__main__":
    with chromium() as browser:
        count, seed = int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 2
        sys.stdout.write(f"{compare(ready(browser.new_page()), count, seed)}\n")
