"""The tree that leaves is the tree that came: html5lib and Chromium read both, on markup meant to deceive.

Allowed are attributes that were taken or are the layer's own, refused scripts' and edited sheets'
texts, and the shield's one element.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from importlib.util import find_spec
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from playwright.sync_api import Page as Tab

from alpines_privacy import PrivacyPolicy
from alpines_privacy.trackers import shipped_rules
from alpines_privacy.trackers.page import Pages
from tests.chromium import chromium
from tests.conftest import need

PAGES = Pages(PrivacyPolicy(ad_slots=[".slot"]), shipped_rules())
TRACKER = "https://c.statcounter.com/t"
SHIELD = b'<script src="/_privacy/shield.js" data-shield></script>'

# -- What is compared: a tree as nested lists, without what may differ

OURS = frozenset({"hidden", "style", "data-alpines-refused"})
TAKEN = frozenset(
    "src href xlink:href data data-src srcset imagesrcset poster ping background attributionsrc content rel"
    " integrity to from by values config type srcdoc fill filter".split()
)
TEXTS = frozenset({"script", "style"})

Node = list[Any]


def merged(children: list[Any]) -> list[Any]:
    """Join neighbouring texts: a shield's element between two is taken out before."""
    out: list[Any] = []
    for child in children:
        if isinstance(child, str) and out and isinstance(out[-1], str):
            out[-1] += child
        else:
            out.append(child)
    return out


def neutral(node: Node) -> Node:
    """Return a node without what the filter may change, its shields taken out."""
    name, attributes, children = node
    kept = {k: v for k, v in attributes.items() if k not in OURS | TAKEN}
    children = [c for c in children if not (isinstance(c, list) and "data-shield" in c[1])]
    if name.rpartition(" ")[2] in TEXTS:
        children = [c for c in children if isinstance(c, list)]
    inner = [neutral(c) if isinstance(c, list) else c for c in children]
    return [name, kept, merged(inner)]


def shields(node: Node) -> int:
    return ("data-shield" in node[1]) + sum(shields(c) for c in node[2] if isinstance(c, list))


def filtered(page: bytes, *cuts: int, opted_out: bool, shield: bytes = b"") -> bytes:
    rewrite = PAGES.begin(url="https://www.example.com/a/", opted_out=opted_out, shield=shield)
    edges = [0, *sorted(cuts), len(page)]
    pieces = [rewrite(page[start:end], last=False) for start, end in pairwise(edges)]
    return b"".join(pieces) + rewrite(b"", last=True)


# -- html5lib's trees

_NAMESPACES = {
    "http://www.w3.org/1999/xhtml": "html",
    "http://www.w3.org/2000/svg": "svg",
    "http://www.w3.org/1998/Math/MathML": "math",
}


def parsed(page: bytes, *, scripting: bool) -> Node:
    html5lib = importlib.import_module("html5lib")
    parser = html5lib.HTMLParser(tree=html5lib.getTreeBuilder("dom"), namespaceHTMLElements=True)
    document = parser.parse(page.decode("utf-8", "replace"), scripting=scripting)
    return ["#document", {}, [described(child) for child in document.childNodes]]


def described(node: Any) -> Any:
    if node.nodeType in {3, 4}:
        return str(node.data)
    if node.nodeType != 1:
        return ["#" + str(node.nodeType), {"data": str(getattr(node, "data", node.nodeName))}, []]
    name = f"{_NAMESPACES.get(node.namespaceURI, node.namespaceURI)} {node.tagName}"
    attributes = {str(k): str(v) for k, v in node.attributes.items()}
    return [name, attributes, merged([described(child) for child in node.childNodes])]


def without_noscript_text(node: Node) -> Node:
    """Leave out what a browser that runs scripts never shows, and which loses addresses all the same."""
    name, attributes, children = node
    if name == "html noscript":
        children = []
    return [name, attributes, [without_noscript_text(c) if isinstance(c, list) else c for c in children]]


def same_tree(before: bytes, after: bytes, *, scripting: bool) -> None:
    old, new = (neutral(parsed(page, scripting=scripting)) for page in (before, after))
    if scripting:
        old, new = without_noscript_text(old), without_noscript_text(new)
    assert new == old, (before, after)


# -- Markup meant to deceive

T = TRACKER
PIECES = [
    f"<img src={T}>", f"<img src='{T}' srcset=\"{T} 2x\">", f'<iframe src="{T}">', "</iframe>",
    f"<script src={T}>", f'<script src="{T}">alert(1)</script>', "<script>", "</script>", f"<script type=module>import '{T}'</script>",
    f'<style>a{{background:url("{T}")}}</style>', "<style>", "</style>", f"<p style='background:url({T})'>",
    f"<link rel=stylesheet href={T}>", f"<a ping={T} href=/>", "</a>", f"<object data={T}>", "</object>", f"<embed src={T}/>",
    f"<video src={T} poster={T}>", "</video>", f'<svg><script href="{T}">x</script>', f"<image href={T} src={T} />",
    f"<use xlink:href='{T}'/>", f"<set attributeName=href to={T} />", f"<meta http-equiv=refresh content='0;{T}'>",
    f"<table background={T}>", f"<td background={T}>", f"<base href={T}>", f"<input type=image src={T}>",
    f"<iframe srcdoc=\"<img src='{T}'>\">", f"<form action={T}>", "</form>", f"<font color=a style=background:url({T})>",
    "<div class=slot>", "<div>", "</div>", "<p>", "</p>", "<b>", "</b>", "<br>", "</br>", "text", " ", "\n", "\r\n", "\0", "\xe9", "&lt;", "&amp;",
    "<", "<<", "</", "<!", "<!--", "-->", "--!>", "<!-->", "<![CDATA[", "]]>", "<?x ", ">", "'", '"', "=", "/",
    "<svg>", "</svg>", "<svg/>", "<g>", "</g>", "<path/>", "<desc>", "</desc>", "<title>", "</title>", "<foreignObject>", "</foreignObject>",
    "<math>", "</math>", "<mi>", "</mi>", "<mglyph>", "<malignmark>", "<annotation-xml encoding=text&#47;html>", "<annotation-xml>", "</annotation-xml>",
    "<table>", "</table>", "<tr>", "</tr>", "<td>", "</td>", "<caption>", "<col>", "<tbody>",
    "<template>", "</template>", "<noscript>", "</noscript>", "<textarea>", "</textarea>",
    "<xmp>", "</xmp>", "<noembed>", "</noembed>", "<plaintext>", "<frameset>", "<frame src=/>", "<noframes>", "</noframes>",
    "<html>", "<head>", "</head>", "<body onload=x()>", "</body>", "</html>", "<!doctype html>", "<p onclick=x>", "<li>", "<ul>", "</ul>", "<h1>", "</h2>",
    "<button>", "</button>", "<a href=/>", "<nobr>", "<font>", "<font size=1>", "</font>", "<i>", "</i>", "<dd>", "<rb>", "<ruby>", "<hr>",
    "<custom-x a=1>", "</custom-x>", f"<x title='<img src={T}>'>", "<y a=\"</noscript>\">", "<z a='",
]  # fmt: skip
SOUP = st.lists(st.sampled_from(PIECES), max_size=14).map("".join).map(str.encode)
KNOWN = [
    f"<<img src={T}>script>alert(1)</script>",
    f"<svg><img src={T}><style><img src=x onerror=alert(1)></style>",
    f"<svg><style><title><img src={T}></title></style></svg>",
    f"<math><mi><mglyph><style><img src={T}></style>",
    f"<svg></p><style><a title='</style><img src={T}>'>",
    f"<svg><desc><td></svg><style><img src={T}></style>",
    f"<noscript><p title='</noscript><img src={T}>'>",
    f"<table><div class=slot><tr><td><img src={T}></div><img src=/a>",
    f"<div class=slot><table><td></div><img src=/a></table><img src=/b>",
    f"<a><svg><desc><a></svg><style><img src={T}></style>",
    f"<form><svg></form><style><img src={T}></style>",
]


@pytest.mark.parametrize("scripting", [True, False])
@given(page=SOUP, cut=st.integers(0, 400), opted_out=st.booleans(), has_shield=st.booleans())
@settings(max_examples=600, deadline=None)
def test_the_tree_stays(
    page: bytes, cut: int, opted_out: bool, has_shield: bool, scripting: bool
) -> None:
    need("html5lib", find_spec("html5lib") is not None, "pip install html5lib")
    shield = SHIELD if has_shield else b""
    whole = filtered(page, opted_out=opted_out, shield=shield)
    assert filtered(page, min(cut, len(page)), opted_out=opted_out, shield=shield) == whole
    same_tree(page, whole, scripting=scripting)
