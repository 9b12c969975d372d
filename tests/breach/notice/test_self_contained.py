"""What a notice may not hold: whatever tells somebody that, when and where it is read."""

from __future__ import annotations

import pytest

from alpines_privacy.breach.notice.self_contained import links, loads

REFUSED = [
    '<img src="https://e.example/p.gif">', "<img src=//e.example/p.gif>", '<IMG SRC="logo.png">',
    '<img src="cid:logo">', '<img srcset="https://e.example/p.gif 2x">', '<img\nsrc\n=\n"http://e.example">',
    '<img src="data:text/html,x">', '<table background="https://e.example">', '<video poster="//e.example">',
    '<p style="background:url(https://e.example)">', "<p style=\"background:URL( 'https://e.example' )\">",
    '<p style="background:u\\72l(//e.example)">', '<p style="background:ur/**/l(//e.example)">',
    "<style>@import 'https://e.example';</style>", "<style>p { background: url(//e.example) }</style>",
    "<style>p { background: image-set('//e.example' 1x) }", '<link rel="stylesheet" href="https://e.example">',
    "<script>1</script>", '<iframe srcdoc="x"></iframe>', '<object data="x"></object>', '<embed src="x">',
    '<form action="https://e.example"><input></form>', '<base href="https://e.example">', '<p onclick="x()">',
    '<meta http-equiv="refresh" content="0;url=https://e.example">', '<svg><image xlink:href="//e.example"/></svg>',
    '<svg><use href="//e.example#a"/></svg>', '<a href="javascript:x()">', '<a href="jav\tascript:x()">',
    '<a href="/account">', '<a ping="https://e.example" href="https://shop.example">',
    '<svg fill="url(https://e.example#a)"></svg>', '<input formaction="https://e.example">',
]  # fmt: skip
ALLOWED = [
    "<p>Plain words with https://e.example in them</p>", '<a href="https://shop.example/help">Help</a>',
    '<a href="mailto:privacy@example.com">', '<a href="tel:+9221111222">', '<a href="#more">',
    '<img alt="" src="data:image/png;base64,AAAA">', '<p style="color: red">', "<style>p { color: red }</style>",
    '<p style="background:url(data:image/png;base64,AA)">', "<p>url(https://e.example)</p>", "<!-- <script> -->",
    '<meta charset="utf-8">', '<html lang="ur" dir="rtl">',
]  # fmt: skip


@pytest.mark.parametrize("html", REFUSED)
def test_what_loads_or_runs_is_found(html: str) -> None:
    assert loads(html)


@pytest.mark.parametrize("html", ALLOWED)
def test_words_links_and_what_is_inside_is_left(html: str) -> None:
    assert loads(html) == []


def test_links_are_found_in_text_and_html() -> None:
    html = '<a href="https://a.example/?p=1&amp;q=2">x</a> http://b.example/'
    assert set(links(html)) >= {"https://a.example/?p=1&q=2", "http://b.example/"}
    text = "See www.c.example/x or tel:+92211 or https://d.example."
    assert sorted(links(text)) == ["https://d.example.", "tel:+92211", "www.c.example/x"]
