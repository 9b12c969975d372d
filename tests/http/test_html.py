"""The streaming HTML tokenizer: exact, byte for byte, at every cut, bounded and linear."""

from __future__ import annotations

import importlib
import json
import random
import re
from collections.abc import Iterator
from functools import lru_cache
from importlib.util import find_spec
from itertools import pairwise
from typing import Any

import pytest
from benchmarks import corpus
from hypothesis import example, given, settings
from hypothesis import strategies as st

from alpines_privacy.http.html import (
    HELD,
    Decide,
    Edit,
    Rewriter,
    Selection,
    StartTag,
    lexing,
    references,
    rewriter,
)
from tests.conftest import need

NAMES = (
    "script style title textarea xmp iframe noembed noframes noscript svg math image use a b div p"
    " img link meta input ins template object"
)
EVERYTHING = Selection(NAMES.split())

Seen = tuple[str, str, dict[str, str | None]]


def seen_in(page: bytes, selection: Selection = EVERYTHING) -> list[Seen]:
    """Return the start tags of a page with their namespaces and attributes."""
    seen: list[Seen] = []
    assert Rewriter(selection, lambda tag: seen.append(described(tag)))(page, last=True) == page
    return seen


def described(tag: StartTag) -> Seen:
    return tag.name, tag.namespace.value, {a.name: tag.get(a.name) for a in tag.attributes}


def rewritten(page: bytes, decide: Decide, *cuts: int) -> bytes:
    """Return a page rewritten in pieces cut at these places."""
    rewrite = Rewriter(EVERYTHING, decide)
    edges = [0, *sorted(cuts), len(page)]
    pieces = [page[start:end] for start, end in pairwise(edges)]
    return b"".join(map(rewrite, pieces)) + rewrite(b"", last=True)


def names_in(page: bytes, *cuts: int) -> list[str]:
    names: list[str] = []
    assert rewritten(page, lambda tag: names.append(tag.name), *cuts) == page
    return names


# -- Which bytes are tags


@pytest.mark.parametrize(
    ("page", "names"),
    [
        (b"<IMG><img/><img\n><img/src=x>", ["img"] * 4),
        (b"<imgx>< img><img", []),
        (b"<\xc4\xb0mg><i\0mg>", []),
        # Quotes hide a tag only where a value begins.
        (b'<b x="<img>"><img>', ["b", "img"]),
        (b"<b x = '<img>'><img>", ["b", "img"]),
        (b'<b x="><img>', []),
        (b'<q x="> <img> ">', []),
        (b"<q x='> <img> '>", []),
        (b'<q x= "> <img> ">', []),
        (b"<q x=\n'> <img> '>", []),
        (b"<img x='>' y = '>' z ='>'><b>", ["img", "b"]),
        (b"<q x='\"'><img><q y='\"'>", ["img"]),
        (b'<q x=a"><img>">', ["img"]),
        (b'<q "><img>">', ["img"]),
        (b'<q ="><img>">', ["img"]),
        (b'<q x=""="><img>">', ["img"]),
        (b'<q/="><img>">', ["img"]),
        (b'<q="><img>">', ["img"]),
        (b'<q x y ="><img>">', []),
        (b'</q x="><img>"><b>', ["b"]),
        (b'text ="<img>"', ["img"]),
        (b"it's <q a='>'><img> isn't <b>", ["img", "b"]),
        (b"<q <img><b>", ["b"]),
        # Comments.
        (b"<!-- <img> --><b>", ["b"]),
        (b"<!--><img>--><b>", ["img", "b"]),
        (b"<!---><img>--><b>", ["img", "b"]),
        (b"<!----><img><!----!><img>", ["img", "img"]),
        (b"<!-- --!><img>", ["img"]),
        (b"<!-- -- > - -!> <img> --><b>", ["b"]),
        (b"<!-- <!--><img>", ["img"]),
        (b"<!-<img>><b>", ["b"]),
        (b"<!doctype html '<img>'><b>", ["b"]),
        (b"<?php <img> ?></ <img></1<img></><img>", ["img"]),
        (b"<![CDATA[ <img> ]]><b>", ["b"]),
        # Raw text.
        (b"<title><img></titlex></title x='>'><b>", ["title", "b"]),
        (b"<textarea><script></textarea/><b>", ["textarea", "b"]),
        (b"<xmp><img></xmp><iframe><img></iframe><noembed><img></noembed>", ["xmp", "iframe", "noembed"]),
        (b"<style></script><img></STYLE\n><b>", ["style", "b"]),
        (b"<plaintext></plaintext><img>", []),
        (b"<b x='<style>'><img>", ["b", "img"]),
        # Script data, escaped, double escaped.
        (b"<script>'<img>'</script><b>", ["script", "b"]),
        (b"<script><!-- <img> </script><b>", ["script", "b"]),
        (b"<script><!-- <script> </script> --></script><b>", ["script", "b"]),
        (b"<script><!-- <script> </script> <img> </script><b>", ["script", "b"]),
        (b"<script><!--><script> </script><b>", ["script", "b"]),
        (b"<script><!---><script> </script><b>", ["script", "b"]),
        (b"<script><!-- <scriptx> </script><b>", ["script", "b"]),
        (b"<script><!-- <script </script </script><b>", ["script", "b"]),
        # What a noscript opens ends with it.
        (b"<noscript><img></noscript><b>", ["noscript", "img", "b"]),
        (b"<noscript>a <</noscript><b>", ["noscript", "b"]),
        (b"<noscript><title>a</title><!-- b --></noscript><b>", ["noscript", "title", "b"]),
        # One in which something is unfinished ends elsewhere without scripts: nothing more is offered.
        (b"<noscript><!-- </noscript><b>", ["noscript"]),
        (b"<noscript><p x='</noscript><b>", ["noscript"]),
        (b"<noscript><style><img></noscript><b>", ["noscript", "style"]),
        (b"<noscript><im</noscript><b>", ["noscript"]),
        (b"<noscript><noscript><img></noscript><b>", ["noscript", "noscript", "img", "b"]),
        (b"<noscript><svg></noscript><p><style>a</style><img>", ["noscript", "svg", "p", "style", "img"]),
        # What may be text or markup is offered to nobody.
        (b"<noscript><svg></noscript><style><img></style><p>", ["noscript", "svg", "p"]),
        (b"<div><svg></div><style><img></style><p><img>", ["div", "svg", "p", "img"]),
        (b"<div><svg></div><style><!-- </style><p> -->", ["div", "svg"]),
        (b"<div><svg></div><script><!-- x --></script><p>", ["div", "svg"]),
        (b"<svg><desc><b></desc><![CDATA[a]]><p><![CDATA[>]]><p>", ["svg", "b", "p", "p"]),
        (b"<svg><desc><td><![CDATA[a]]><p><img>", ["svg", "p", "img"]),
        (b"<svg><desc><td><![CDATA[a>]]><p><img>", ["svg"]),
        (b"<frameset><script>a</script><noframes><img></noframes>", ["noframes"]),
        (b"<frameset><script><title></script><img>", []),
        (b"<frameset><svg><img>", []),
        # The content of these is markup.
        (b"<template><img></template><select><img></select>", ["template", "img", "img"]),
    ],
)  # fmt: skip
def test_tags_are_what_a_browser_takes_for_tags(page: bytes, names: list[str]) -> None:
    assert names_in(page) == names
    for cut in range(len(page)):
        assert names_in(page, cut) == names, cut
    assert names_in(page, *range(len(page))) == names


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        (b"<svg><image/><style><b/></svg>", "svg:svg image:svg style:svg b:html"),
        (b"<svg><script><use></script></svg><script><use></script>", "svg:svg script:svg use:svg script:html"),
        (b"<svg><title><script><use></script><use></title><use>", "svg:svg title:svg script:html use:html use:html"),
        (b"<svg><foreignObject><style><b></style></foreignObject><style><use>", "svg:svg style:html style:svg use:svg"),
        (b"<svg/><style><b></style>", "svg:svg style:html"),
        (b"<svg><svg></svg><use></svg><use>", "svg:svg svg:svg use:svg use:html"),
        (b"<svg><p><style><b></style>", "svg:svg p:html style:html"),
        (b"<svg><font><use><font size=1><use>", "svg:svg use:svg use:html"),
        (b"<div><svg></div><style><b></style><b>", "div:html svg:svg b:html"),
        (b"<svg></p><style><b></style>", "svg:svg style:html"),
        (b"<svg></path></svg><style><b></style>", "svg:svg style:html"),
        (b"<svg><style><title><img></title><b>", "svg:svg style:svg title:svg img:html b:html"),
        (b"<svg><title><p></title></svg><style><b></style>", "svg:svg title:svg p:html style:html"),
        (b"<svg><desc><a></a></desc><style><use>", "svg:svg a:html style:svg use:svg"),
        (b"<svg><a></a></svg><style><b></style>", "svg:svg a:svg style:html"),
        (b"<form><svg></form><style><use></style>", "svg:svg style:svg use:svg"),
        (b"<template><svg></template><style><b></style>", "template:html svg:svg style:html"),
        (b"<math><mi><mglyph><style><use>", "math:math style:math use:math"),
        (b"<math><mi><malignmark/><style><b></style>", "math:math style:html"),
        (b"<math><annotation-xml><svg><style><use>", "math:math svg:svg style:svg use:svg"),
        (b"<math><annotation-xml encoding=text&#47;html><style><b></style>", "math:math style:html"),
        (b"<svg><![CDATA[ > <img> ]]><use></svg>", "svg:svg use:svg"),
        (b"<math><mi><style><b></style></mi><style><use>", "math:math style:html style:math use:math"),
        (b"<math><annotation-xml encoding=Text/HTML><style><b></style>", "math:math style:html"),
        (b"<math><svg><title><style><use>", "math:math svg:math title:math style:math use:math"),
        (b"<svg><math><title><style><b></style>", "svg:svg math:svg title:svg style:html"),
        (b"<math><annotation-xml><style><use></style>", "math:math style:math use:math"),
    ],
)  # fmt: skip
def test_svg_and_math_have_rules_of_their_own(page: bytes, expected: str) -> None:
    seen = [f"{name}:{namespace}" for name, namespace, _ in seen_in(page)]
    assert seen == expected.split()


# -- Attributes


@pytest.mark.parametrize(
    ("raw", "attributes"),
    [
        (b"<img src=a SRC=b alt>", [("src", "a"), ("src", "a"), ("alt", "")]),
        (b"<img src = 'a b'c=\"d\">", [("src", "a b"), ("c", "d")]),
        (b"<img src=a/>", [("src", "a/")]),
        (b"<img src=>", [("src", "")]),
        (b"<img =a=b>", [("=a", "b")]),
        (b"<img/a/b=/c>", [("a", ""), ("b", "/c")]),
        (b"<img a=&amp;&lt&notit;&copy=1&copy;&#x26;&#38&#0;&#x80;&#xD800;&#x110000;>",
         [("a", "&<&notit;&copy=1\xa9&&\ufffd\u20ac\ufffd\ufffd")]),
        (b"<img a='&ampx &amp= &amp'>", [("a", "&ampx &amp= &")]),
        (b"<img a='x\r\ny\rz\0'>", [("a", "x\ny\nz\ufffd")]),
        (b"<img a=\xff\xc3\xa9>", [("a", "\udcff\xe9")]),
        (b"<img a=&#" + b"9" * 5000 + b";>", [("a", "\ufffd")]),
    ],
)  # fmt: skip
def test_attributes_are_read_as_browsers_read_them(
    raw: bytes, attributes: list[tuple[str, str]]
) -> None:
    tag = StartTag(raw, "img")
    assert [(a.name, tag.get(a.name)) for a in tag.attributes] == attributes
    assert tag.get("absent") is None


@pytest.mark.parametrize(
    ("raw", "edits", "expected"),
    [
        (b"<a href=x ping=y>", {"ping": None}, b"<a href=x>"),
        (b"<a  ping = 'y'\n href=x >", {"ping": None}, b"<a\n href=x >"),
        (b"<a PING=1 b ping=2>", {"ping": None}, b"<a b>"),
        (b"<img src=x alt='y'/>", {"alt": None}, b"<img src=x />"),
        (b'<a b="1"ping="2"c="3">', {"ping": None}, b'<a b="1"c="3">'),
        (b"<svg/id=x>", {"id": None}, b"<svg/ >"),
        (b"<svg / id>", {"id": None}, b"<svg / >"),
        (b'<a x b="1"="2">', {"b": None}, b'<a x /="2">'),
        (b'<a x b="1" ="2">', {"b": None}, b'<a x / ="2">'),
        (
            b"<a href=x>",
            {"href": "a \"b\" 'c' & <d>"},
            b"<a href=\"a &#34;b&#34; 'c' &amp; &lt;d>\">",
        ),
        (b"<a href='x' b>", {"href": 'it\'s "so"'}, b"<a href='it&#39;s \"so\"' b>"),
        (b"<a href/>", {"href": "x"}, b'<a href="x"/>'),
        (b"<a href= >", {"href": "x"}, b'<a href= "x">'),
        (b"<a/b>", {"c": "d", "b": None, "e": None}, b'<a c="d"/ >'),
    ],
)
def test_edits_leave_the_rest_of_a_tag_alone(
    raw: bytes, edits: dict[str, str | None], expected: bytes
) -> None:
    assert StartTag(raw, lexing.NAME(raw)[1].decode()).edited(edits) == expected  # type: ignore[index]


TAG_PARTS = st.lists(
    st.sampled_from(
        [b" ", b"\n", b"/", b"=", b'"', b"'", b"x", b"y", b"Z", b'"v"', b"'w'", b"&amp", b"\xff"]
    ),
    max_size=14,
)


@given(TAG_PARTS, st.dictionaries(st.sampled_from(["x", "y", "z"]), st.none() | st.text()))
@example([b"/", b"x"], {"x": None})
@settings(max_examples=400)
def test_an_edited_tag_reads_as_it_did_but_for_the_edits(
    parts: list[bytes], edits: dict[str, str | None]
) -> None:
    raw = b"<a" + b" " + b"".join(parts) + b">"
    match = lexing.TAG(raw)
    if match is None or match.end() != len(raw):
        return
    edits = {
        name: text and text.encode("utf-8", "replace").decode() for name, text in edits.items()
    }
    before, edited = StartTag(raw, "a"), StartTag(StartTag(raw, "a").edited(edits), "a")
    whole = lexing.TAG(edited.raw)
    assert whole is not None
    assert whole.end() == len(edited.raw)
    expected = {a.name: before.get(a.name) for a in before.attributes}
    expected |= {k: v.replace("\0", "\ufffd") if v else v for k, v in edits.items()}
    assert {a.name: edited.get(a.name) for a in edited.attributes} == {
        name: value for name, value in expected.items() if value is not None
    }
    assert edited.is_self_closing == before.is_self_closing


@given(st.text(), st.sampled_from([b'"', b"'"]))
def test_a_quoted_value_reads_as_what_was_written(text: str, quote: bytes) -> None:
    text = text.encode("utf-8", "replace").decode().replace("\0", "")
    assert references.value(references.quoted(text, quote)) == text


# -- Decisions


def on(name: str, decision: Any) -> Decide:
    return lambda tag: decision if tag.name == name else None


class Upper:
    """Puts a text into upper case, and marks its end."""

    def __call__(self, data: bytes, *, last: bool) -> bytes:
        return data.upper() + b"." * last


def reading(tag: StartTag) -> Edit | None:
    return Edit(tag.raw, Upper()) if tag.name in {"script", "style"} else None


def enclosing(tag: StartTag) -> Any:
    """Enclose each `ins`; mark the tags inside."""
    if tag.name == "ins" and not tag.place.is_enclosed:
        return Edit(tag.raw, encloses=True)
    return b"<!>" if tag.place.is_enclosed else None


def following(tag: StartTag) -> Any:
    return Edit(b"[link]", is_followed=True) if tag.name == "link" else b"[next]"


@pytest.mark.parametrize(
    ("page", "decide", "expected"),
    [
        (b"a<img src=x>b", on("img", b"<img>"), b"a<img>b"),
        (b"a<img src=x>b", on("img", Edit(b"<img>")), b"a<img>b"),
        (b"a<b>c</b>", on("b", b"<b x>"), b"a<b x>c</b>"),
        (b"a<b x='<img>'><!-- <img> --><img>", on("img", b"-"), b"a<b x='<img>'><!-- <img> -->-"),
        (b"<svg><![CDATA[ > <img> ]]><use/></svg>", on("img", b""), b"<svg><![CDATA[ > <img> ]]><use/></svg>"),
        # Text goes through a filter.
        (b"a<script>b</script y='>'>c", reading, b"a<script>B.</script y='>'>c"),
        (b"a<script></script>c", reading, b"a<script>.</script>c"),
        (b"a<script><!--<script></script>b</script>c", reading, b"a<script><!--<SCRIPT></SCRIPT>B.</script>c"),
        (b"a<script>b", reading, b"a<script>B."),
        (b"<noscript><style>a</style></noscript>b", reading, b"<noscript><style>A.</style></noscript>b"),
        (b"<noscript><style>a</noscript>b", reading, b"<noscript><style>A.</noscript>b"),
        # In SVG, without its references, up to the first tag.
        (b"<svg><style>a&amp;b</style></svg>c", reading, b"<svg><style>A&amp;B.</style></svg>c"),
        (b"<svg><style>a<![CDATA[b&lt;]]>c<!-- d --></style>", reading,
        b"<svg><style>A.<![CDATA[B&LT;.]]>C.<!-- d --></style>"),
        (b"<svg><style>a<g>b</g></style></svg>c", reading, b"<svg><style>A.<g>b</g></style></svg>c"),
        (b"<svg><style/>a</svg>", reading, b"<svg><style/>a</svg>"),
        (b"<math><style>a</style></math>", reading, b"<math><style>a</style></math>"),
        # What is in an element, to its end as a tree builder or a reader would take it.
        (b"a<ins><b>c</b></ins><b>d</b>", enclosing, b"a<ins><!>c</b></ins><b>d</b>"),
        (b"<ins>a<ins>b<i></i></ins><i></ins><b>", enclosing, b"<ins>a<!>b<!></i></ins><!></ins><b>"),
        (b"<ins><br><img>x<div/></div>y</ins><b>", enclosing, b"<ins><!><!>x<!></div>y</ins><b>"),
        (b"<ins><script></ins></script><b></ins><b>", enclosing, b"<ins><!></ins></script><!></ins><b>"),
        (b"<ins x='</ins>'><!-- </ins> --><b></ins><b>", enclosing, b"<ins x='</ins>'><!-- </ins> --><!></ins><b>"),
        (b"<ins><noscript></b></noscript><b></ins><b>", enclosing, b"<ins><!></b></noscript><b></ins><b>"),
        (b"<div>a<ins>b<b>c</div><b>", enclosing, b"<div>a<ins>b<!>c</div><b>"),
        (b"<svg><g><ins><b></b></ins><b>", enclosing, b"<svg><g><ins><!></b></ins><b>"),
        (b"<svg><ins/><b>", enclosing, b"<svg><ins/><b>"),
        # The next tag, whatever it is.
        (b"<link>a</b><q x='<i>'><b>", following, b"[link]a</b>[next][next]"),
        (b"<link><!-- <q> --><link></q><q>", following, b"[link]<!-- <q> -->[link]</q>[next]"),
    ],
)  # fmt: skip
def test_a_decision_is_carried_out_at_every_cut(
    page: bytes, decide: Decide, expected: bytes
) -> None:
    assert rewritten(page, decide) == expected
    for cut in range(len(page) + 1):
        assert rewritten(page, decide, cut) == expected, cut
    assert rewritten(page, decide, *range(len(page))) == expected


def test_a_filter_gets_text_as_it_comes() -> None:
    pieces: list[tuple[bytes, bool]] = []

    def keep(data: bytes, *, last: bool) -> bytes:
        pieces.append((data, last))
        return data

    rewritten(b"<script>a</scrip>b</script>", lambda tag: Edit(tag.raw, keep), 10, 15)
    assert b"".join(data for data, _ in pieces) == b"a</scrip>b"
    assert len(pieces) > 2
    assert [last for _, last in pieces] == [False] * (len(pieces) - 1) + [True]


def test_an_enclosure_that_is_never_closed_ends_after_64_kb() -> None:
    page = b"<ins>" + b"<i>x</i>" * 8193 + b"<b>"
    assert rewritten(page, enclosing).endswith(b"<!>x</i><b>")
    assert rewritten(b"<ins>" + b"<i>" * 600 + b"<b>", enclosing).endswith(
        b"<!><i>" + b"<i>" * 87 + b"<b>"
    )


@pytest.mark.parametrize("size", [HELD - 1, HELD, HELD + 1])
def test_a_tag_of_more_than_a_megabyte_passes_and_still_opens_its_content(size: int) -> None:
    page = b"<img><script a='" + b"x" * (size - 18) + b"'><img></script><img>"
    seen = names_in(page)
    assert seen == ["img", "script", "img"] if size <= HELD else ["img", "img"]
    assert names_in(page, *range(0, len(page), 65536)) == seen
    svg = b"<svg a='" + b"x" * size + b"'><style><img></style>"
    assert names_in(svg) == ["style", "img"]
    assert names_in(svg, 50, 100_000) == ["style", "img"]


def test_where_a_tag_stands() -> None:
    places: dict[str, tuple[str, bool, bool]] = {}

    def note(tag: StartTag) -> None:
        places[tag.get("id") or ""] = (
            tag.namespace.value,
            tag.place.is_inert,
            tag.place.is_foreign,
        )

    page = (
        b"<p id=a><svg id=b><use id=c><title><b id=d></b></title></svg><p id=e><template id=f><b id=g>"
        b"</template><b id=h></b><noscript><b id=i></b></noscript><svg><p id=j>"
    )
    rewritten(page, note)
    assert places == {
        "a": ("html", False, False), "b": ("svg", False, False), "c": ("svg", False, True), "d": ("html", False, True),
        "e": ("html", False, False), "f": ("html", False, False), "g": ("html", True, False), "h": ("html", False,
        False),
        "i": ("html", True, False), "j": ("html", False, True), "": places[""],
    }  # fmt: skip


def test_a_drawing_seen_before_is_not_read_again() -> None:
    class Kept(dict[bytes, None]):
        def keep(self, raw: bytes, value: None) -> None:
            self[raw] = value

    seen: list[str] = []
    kept = Kept()
    page = b"<svg><use/></svg><svg><use/><p></svg><svg><image/></svg><svg><title><use></svg>"
    for _ in range(2):
        rewrite = Rewriter(EVERYTHING, lambda tag: seen.append(tag.name))
        rewrite.interest.known = kept
        assert rewrite(page, last=True) == page
        seen.append("|")
    assert seen == [
        "svg",
        "use",
        "svg",
        "use",
        "p",
        "svg",
        "image",
        "svg",
        "title",
        "use",
        "|",
        "svg",
        "use",
        "p",
        "svg",
        "title",
        "use",
        "|",
    ]
    assert list(kept) == [b"<svg><use/></svg>", b"<svg><image/></svg>"]


# -- Fuzz

FRAGMENTS = [
    *(b"<%b>" % name.encode() for name in NAMES.split()),
    *(b"</%b>" % name.encode() for name in NAMES.split()),
    b"<!--", b"-->", b"--!>", b"<!", b"<?", b"</", b"<", b">", b"/>", b'"', b"'", b"=", b"='", b'="',
    b" ", b"\n", b"x", b"-", b"<script", b"<img src=", b"<div class=\"a\" title='b'>", b"</script",
    b"<svg><title>", b"<foreignObject>", b"<mi>", b"<![CDATA[", b"]]>", b"\0", b"\xff", b"&amp;",
    b"<font color=x>", b"<a", b"<plaintext>",
]  # fmt: skip
SOUP = st.lists(st.sampled_from(FRAGMENTS), max_size=24).map(b"".join)


@given(SOUP | st.binary())
@settings(max_examples=400)
def test_without_decisions_every_page_stays_as_it_is(page: bytes) -> None:
    assert seen_in(page) is not None
    assert rewritten(page, lambda _: None, *range(len(page))) == page


def meddling(tag: StartTag) -> Any:
    """Decide by the tag's bytes alone, all sorts of things."""
    raw = tag.raw
    choices = [
        None,
        None,
        None,
        b"[edited]",
        Edit(raw, Upper()),
        Edit(b"[tag]", Upper()),
        Edit(raw, encloses=True),
        Edit(raw, is_followed=True),
        b"[enclosed]" if tag.place.is_enclosed else None,
    ]
    return choices[sum(raw) % len(choices)]


@given(SOUP)
@settings(max_examples=600)
@example(b"<ins><ins x><b></script><noscript><b></noscript>")
def test_the_cuts_of_a_stream_do_not_show_in_its_bytes(page: bytes) -> None:
    whole = rewritten(page, meddling)
    for cut in range(len(page) + 1):
        assert rewritten(page, meddling, cut) == whole, cut
    assert rewritten(page, meddling, *range(len(page))) == whole


@given(SOUP)
@settings(max_examples=300)
def test_bytes_outside_edits_stay(page: bytes) -> None:
    """Each tag is replaced by a mark; what is left is the page without its tags."""
    raws: list[bytes] = []

    def mark(tag: StartTag) -> bytes:
        raws.append(tag.raw)
        return b"\x01"

    parts = rewritten(page, mark).split(b"\x01")
    assert page == b"".join(part + raw for part, raw in zip(parts, [*raws, b""], strict=True))


def test_seeded_soup_at_random_cuts() -> None:
    chance = random.Random(3)  # noqa: S311 - not a secret
    for _ in range(300):
        page = b"".join(chance.choices(FRAGMENTS, k=60))
        cuts = [chance.randrange(len(page)) for _ in range(5)]
        assert rewritten(page, meddling, *cuts) == rewritten(page, meddling), page


def test_text_leaves_at_once() -> None:
    rewrite = Rewriter(EVERYTHING, lambda _: None)
    for chunk in (
        b"text",
        b"<em class='",
        b"a>",
        b"'> it's",
        b"<!-- a",
        b" b-->",
        b"<script>a",
        b"b",
    ):
        assert rewrite(chunk) == chunk


# -- Bounded memory and linear work


def held_by(rewrite: Rewriter) -> int:
    sink = rewrite._sink
    held = len(rewrite._pending) + sum(map(len, sink._tag or ()))
    if rewrite._enclosure is not None:
        held += 8 * len(rewrite._enclosure._open)
    return held + 8 * sum(map(len, rewrite._namespaces._state.stacks))


LONG = 300_000  # bytes
HOSTILE = {
    "no tag": b"x" * LONG,
    "only <": b"<" * LONG,
    "only </": b"</" * (LONG // 2),
    "tags in svg": b"<svg>" + b"<g>" * (LONG // 3),
    "names in svg": b"<svg>" + b"".join(b"<g%d></g%d>" % (n, n) for n in range(LONG // 14)),
    "ends in svg": b"<svg><desc>" + b"</td><b></desc></svg>" * (LONG // 21),
    "doubt": b"<div><svg></div><script>" + b"<b></scrip>" * (LONG // 11),
    "a sheet in svg": b"<svg><style>" + b"a" * LONG,
    "sections in svg": b"<svg><style>" + b"<![CDATA[]]>" * (LONG // 12),
    "an endless name": b"<" + b"a" * LONG,
    "an endless value": b'<img src="' + b"a" * LONG,
    "an endless unquoted value": b"<img src=" + b"a" * LONG,
    "endless attributes": b"<script " + b"a " * (LONG // 2),
    "endless values": b"<script " + b"a='b' " * (LONG // 6),
    "endless equals": b"<script " + b"= " * (LONG // 2),
    "endless space": b"<script" + b" " * LONG,
    "tags in a tag": b"<a " * (LONG // 3),
    "quotes": b"<a x='>" + b'<b y=">' * (LONG // 7),
    "quotes in text": b"=\"<img> ='<img> " * (LONG // 16),
    "an endless comment": b"<!--" + b"-" * LONG,
    "half comments": b"<!-- -" * (LONG // 6),
    "empty comments": b"<!>" * (LONG // 3),
    "a script": b"<script>" + b"<!--<script>" * (LONG // 12),
    "half ends": b"<script>" + b"</scrip" * (LONG // 7),
    "dashes in a script": b"<script><!--" + b"-" * LONG,
    "a style": b"<style>" + b"<" * LONG,
    "NULs": b"\0<\0" * (LONG // 3),
    "no UTF-8": b"\xff<a \xfe='\xfd'>" * (LONG // 11),
    "noscripts": b"<noscript>" * (LONG // 10),
    "closed noscripts": b"<noscript><a ='</noscript>" * (LONG // 26),
    "a noscript": b"<noscript>" + b"</noscrip" * (LONG // 9),
    "templates": b"<template>" * (LONG // 10),
    "selects": b"<select><xmp>" * (LONG // 13),
    "roots": b"<svg><desc>" * (LONG // 11),
    "ends in roots": b"<svg>" + b"</g></svgx></desc>" * (LONG // 18),
    "elements in a container": b"<ins>" + b"<i>" * (LONG // 3),
    "ends in a container": b"<ins><i><u>" + b"</ins ></i>" * (LONG // 10),
    "containers": b"<ins>" * (LONG // 5),
}


def numbers(data: bytes) -> list[int]:
    """Find the attributes whose value is a number."""
    return [found.start() for found in re.finditer(rb"=(?=[0-9])", data)]


SOME = ("script", "img", "svg")
MARKED_SOUP = st.lists(
    st.sampled_from(
        [
            *FRAGMENTS,
            b"<b x=1>",
            b"<ins title='<img >' y=2>",
            b"<svg a=3>",
            b"<p =4",
            b"<textarea z=5>",
            b"</b x=6>",
            b"<font face=a>",
        ]
    ),
    max_size=24,
).map(b"".join)


@given(MARKED_SOUP)
@settings(max_examples=600)
def test_marks_find_the_tags_that_offering_all_of_them_would_find(page: bytes) -> None:
    names = {*NAMES.split(), "a", "div", "font", "foreignobject", "mi", "noscript", "textarea"}

    def decide(tag: StartTag) -> Any:
        matters = tag.name in SOME or bool(numbers(tag.raw))
        return meddling(tag) if matters and tag.name in names else None

    offered = Rewriter(Selection(names), decide)(page, last=True)

    def marked(*cuts: int) -> bytes:
        rewrite = Rewriter(Selection(SOME, numbers), decide)
        places = [0, *cuts, len(page)]
        pieces = [rewrite(page[start:end]) for start, end in pairwise(places)]
        return b"".join([*pieces, rewrite(b"", last=True)])

    assert marked() == offered
    assert marked(*range(len(page))) == offered
    assert marked(len(page) // 2) == offered


def test_a_tag_says_whether_it_is_marked() -> None:
    seen: list[tuple[str, bool]] = []
    rewrite = Rewriter(
        Selection(("img",), numbers), lambda tag: seen.append((tag.name, tag.is_marked))
    )
    for piece in (b"<img><p x=y><p x=1>a=2<!-- <i y=3> --><im", b"g a=4><b c", b"=5><b>", b"<u =6"):
        rewrite(piece)

    assert seen == [("img", False), ("p", True), ("img", True), ("b", True)]


HANDLED = frozenset({"script", "style", "ins"})


def passing(data: bytes, *, last: bool) -> bytes:
    del last
    return data


class Meter:
    """Counts the bytes that the patterns and searches went over."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.scanned = 0
        for module in (lexing, rewriter):
            for name in ("TAG", "NAME", "COMMENT", "_TEXT_AND_TAGS", "_ATTRIBUTES"):
                if hasattr(module, name):
                    patch.setattr(module, name, self.counted(getattr(module, name)))
        patch.setattr(lexing, "_RUN", tuple(map(self.counted, lexing._RUN)))

    def counted(self, match: Any) -> Any:
        def measured(buf: bytes, pos: int = 0, end: int | None = None) -> Any:
            end = len(buf) if end is None else end
            found = match(buf, pos, end)
            self.scanned += (found.end() if found else end) - pos + 1
            return found

        return measured

    def selection(self, marks: Any) -> Selection:
        selection = Selection(NAMES.split(), marks)
        for name in ("html", "templated"):
            setattr(selection, name, self.counted(getattr(selection, name)))
        return selection


@pytest.mark.parametrize("marks", [None, numbers], ids=["", "marked"])
@pytest.mark.parametrize("size", [1000, 10 * LONG])
@pytest.mark.parametrize("page", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_pages_pass_in_linear_work_and_bounded_memory(
    page: bytes, size: int, marks: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    meter = Meter(monkeypatch)
    rewrite = Rewriter(
        meter.selection(marks),
        lambda tag: Edit(tag.raw, passing, encloses=True) if tag.name in HANDLED else None,
    )
    length = 0
    for start in range(0, len(page), size):
        length += len(rewrite(page[start : start + size]))
        assert held_by(rewrite) <= HELD + min(size, len(page)) + 32
    length += len(rewrite(b"", last=True))
    assert length == len(page)
    assert meter.scanned < 8 * len(page)


# -- Against other tokenizers


def tokenizer_cases() -> Iterator[dict[str, Any]]:
    for path in corpus.tokenizer_tests():
        document = json.loads(path.read_text("utf-8"))
        yield from (case | {"file": path.name} for case in document.get("tests", ()))


STATES = {
    "Data state": rewriter.Rewriter._data,
    "PLAINTEXT state": rewriter.Rewriter._plaintext,
    "RCDATA state": rewriter.Rewriter._raw_text,
    "RAWTEXT state": rewriter.Rewriter._raw_text,
    "Script data state": rewriter.Rewriter._script_data,
    "CDATA section state": rewriter.Rewriter._cdata,
}
SWITCHING = {
    *[
        "script",
        "style",
        "textarea",
        "title",
        "xmp",
        "iframe",
        "noembed",
        "noframes",
        "plaintext",
        "noscript",
    ]
}


def unescaped(text: str) -> str:
    return re.sub(r"\\u([0-9a-fA-F]{4})", lambda match: chr(int(match[1], 16)), text)


def expected_tags(case: dict[str, Any]) -> list[tuple[str, dict[str, str]]]:
    fix = unescaped if case.get("doubleEscaped") else str
    tags = []
    for token in case["output"]:
        if token[0] == "StartTag":
            tags.append((fix(token[1]), {fix(k): fix(v) for k, v in token[2].items()}))
            if token[1] in SWITCHING:  # a tree builder would switch the tokenizer here
                break
    return tags


selection_of = lru_cache(Selection)


def tags_from_state(page: bytes, state: str, last: str) -> list[tuple[str, dict[str, str | None]]]:
    names = {
        name.lower().decode("ascii", "ignore")
        for name in re.findall(rb"<([a-zA-Z][^\t\n\f\r />]*)", page)
    }
    tags: list[tuple[str, dict[str, str | None]]] = []

    def decide(tag: StartTag) -> None:
        if not tags or tags[-1][0] not in SWITCHING:
            tags.append((tag.name.replace("\0", "\ufffd"), described(tag)[2]))

    rewrite = Rewriter(selection_of(frozenset(names)), decide)
    rewrite._state = STATES[state]
    rewrite._end = lexing.end_tag(last.encode())
    assert rewrite(page, last=True) == page
    return tags


def test_start_tags_agree_with_the_html5lib_tests() -> None:
    cases = list(tokenizer_cases())
    need("html5lib-tests", bool(cases), "python -m benchmarks.corpus")
    compared = 0
    for case in cases:
        text = unescaped(case["input"]) if case.get("doubleEscaped") else case["input"]
        expected = expected_tags(case)
        if any("\ud800" <= letter <= "\udfff" for letter in text):
            continue  # no bytes decode to these
        if not all(name.replace("\ufffd", "").isascii() for name, _ in expected):
            continue  # a selection's names are ASCII
        for state in case.get("initialStates", ["Data state"]):
            actual = tags_from_state(text.encode(), state, case.get("lastStartTag", "none"))
            assert actual == expected, (case["file"], case["description"], text, state)
            compared += 1
    assert compared > 6000


def real_pages() -> list[tuple[str, bytes]]:
    pages = list(corpus.pages())
    need("real pages", bool(pages), "python -m benchmarks.corpus")
    return pages


def names_outside_noscript(page: bytes) -> list[str]:
    names: list[str] = []

    def decide(tag: StartTag) -> None:
        if rewrite._outer_namespaces is None:
            names.append(tag.name)

    rewrite = Rewriter(EVERYTHING, decide)
    assert rewrite(page, last=True) == page
    return [*names, "lost"] if rewrite.is_ambiguous else names


def test_real_pages_have_the_tags_that_lol_html_finds() -> None:
    need("python-lolhtml", find_spec("lolhtml") is not None, "pip install python-lolhtml")
    compared = 0
    for path, page in real_pages():
        expected = lolhtml_names(page)
        if expected is not None:
            assert names_outside_noscript(page) == expected, path
            compared += 1
    assert compared > 300


def lolhtml_names(page: bytes) -> list[str] | None:
    """Return the start tags lol-html finds, None for a page it gives up."""
    lolhtml = importlib.import_module("lolhtml")
    names: list[str] = []

    class Handler:
        def element(self, element: Any) -> None:
            names.append(element.tag_name)

    rewrite = lolhtml.HTMLRewriter(lambda _: None)
    for name in NAMES.split():
        rewrite.on(name, Handler())
    try:
        rewrite.write(page)
        rewrite.end()
    except (RuntimeError, ValueError):  # "a tag that may change how the rest is read"
        return None
    return names


def html5lib_names(page: bytes) -> list[str]:
    """Return the start tags that a browser-like parser with scripting tokenises."""
    parsing = importlib.import_module("html5lib.html5parser")
    names: list[str] = []

    class Recording(parsing._tokenizer.HTMLTokenizer):  # type: ignore[misc, name-defined, unused-ignore]
        def __iter__(self) -> Iterator[Any]:
            for token in super().__iter__():
                if token["type"] in {3, 5}:  # StartTag, EmptyTag
                    names.append(token["name"])
                yield token

    class Parser(parsing.HTMLParser):  # type: ignore[misc, name-defined, unused-ignore]
        def reset(self) -> None:
            self.tokenizer.__class__ = Recording
            super().reset()

    Parser().parse(page.decode("utf-8", "replace"), scripting=True)
    return names


# No foreign content, whose stack is kept in part only.
_PLAIN = re.compile(rb"svg|math|CDATA|<m|foreign|font|\0|\xff")
PLAIN_SOUP = st.lists(
    st.sampled_from([fragment for fragment in FRAGMENTS if not _PLAIN.search(fragment)]),
    max_size=24,
)


@given(PLAIN_SOUP.map(b"".join))
@settings(max_examples=500)
def test_soup_has_the_tags_that_html5lib_finds(page: bytes) -> None:
    need("html5lib", find_spec("html5lib") is not None, "pip install html5lib")
    wanted = set(NAMES.split())
    expected = [name for name in html5lib_names(page) if name in wanted]
    names = names_outside_noscript(page)
    if names[-1:] == ["lost"]:
        names.pop()
        expected = expected[: len(names)]
    assert names == expected


def test_real_pages_stay_as_they_are_in_any_chunks() -> None:
    for path, page in real_pages():
        for size in (1009, 16384):
            rewrite = Rewriter(EVERYTHING, lambda _: None)
            pieces = [rewrite(page[at : at + size]) for at in range(0, len(page), size)]
            assert b"".join(pieces) + rewrite(b"", last=True) == page, path
