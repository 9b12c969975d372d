"""Where the body of a page begins: markup is put there, and nothing else of the tree changes."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alpines_privacy.http.html import BodyStart, Rewriter, Selection, StartTag
from tests.trackers.test_page_tree import PIECES, parsed

MARK = b'<div id=notice role=region><details open=""><summary><h2>N</h2></summary><p>x</p></details></div>'
MARKED = [
    "html div",
    {"id": "notice", "role": "region"},
    [
        [
            "html details",
            {"open": ""},
            [["html summary", {}, [["html h2", {}, ["N"]]]], ["html p", {}, ["x"]]],
        ]
    ],
]
SELECTION = Selection(["script", "img"])


def begun(page: bytes, *cuts: int, is_page: bool | None = True) -> bytes:
    """Return a page with the markup at the beginning of its body; it comes in pieces."""
    rewrite = Rewriter(SELECTION, lambda _: None, None, BodyStart(lambda _: MARK, is_page=is_page))
    edges = [0, *sorted(cuts), len(page)]
    pieces = [rewrite(page[start:end]) for start, end in pairwise(edges)]
    return b"".join(pieces) + rewrite(b"", last=True)


# Pages, with `|` where a body begins.
BEGINS = [
    "<!doctype html><html lang=en><head><title>T</title></head><body>|<p>x</p></body></html>",
    "<BODY class='a > b' onload=x()>|text",
    "<body>|",
    "<!doctype html><title>T</title>|<p>x",
    "<!doctype html>|<p>x<p>y",
    "<html><head><meta charset=utf-8><link rel=icon href=/i></head>|<main>x</main></html>",
    "<title>T</title><script>let a = '<body>'</script><style>b{}</style>|<textarea><body></textarea>",
    "<title><body></title><body>|x",
    "<!-- <body> --><body>|x",
    "<head><noscript><link rel=stylesheet href=/n></noscript></head><body>|x",
    "<head><template><body><p></template></head><body>|x",
    "<meta name='<body>' content='<p>'><body>|x",
    "|<svg><body/></svg>",
    "|<img src=a>",
    "|<iframe><body></iframe>",
    "<title>T</title>text alone|</body></html>",
    "<title>T</title>text alone|",
    "<html>|</html>",
    "|",
]
# What is no page, or has no body.
NEVER = [
    "<frameset><frame src=/a></frameset>",
    "<html><frameset rows=*><noframes><body>x</body></noframes></frameset></html>",
    "<title>T",
    "<title>T</title><!-- open",
    "<title>T</title><script>x",
]
PARTS = ["", "text", "<li>one</li>", "<p>x<body>", "<tr><td>x</td></tr>", "<script>x</script>"]


@pytest.mark.parametrize("case", BEGINS)
def test_the_markup_goes_to_the_beginning_of_the_body(case: str) -> None:
    before, after = (part.encode() for part in case.split("|"))
    page = before + after
    assert begun(page) == before + MARK + after
    for cut in range(len(page)):
        assert begun(page, cut) == before + MARK + after, cut


@pytest.mark.parametrize("case", NEVER)
def test_a_page_without_a_body_gets_none(case: str) -> None:
    assert begun(case.encode()) == case.encode()


@pytest.mark.parametrize("is_page", [None, False])
@pytest.mark.parametrize("case", PARTS)
def test_a_part_of_a_page_gets_none(case: str, is_page: bool | None) -> None:
    assert begun(case.encode(), is_page=is_page) == case.encode()


def test_what_is_a_page_its_own_tags_tell() -> None:
    assert begun(b"<title>T</title><p>x", is_page=None) == b"<title>T</title>" + MARK + b"<p>x"
    assert begun(b"<body><p>x", is_page=False) == b"<body>" + MARK + b"<p>x"
    named = b"<title>T</title><p>x"  # a front end takes the title out of a part of a page
    assert begun(named, is_page=False) == named


def test_the_markup_is_written_for_the_pages_own_tag() -> None:
    roots: list[StartTag | None] = []

    def write(root: StartTag | None) -> bytes:
        roots.append(root)
        return b""

    for page in (b"<html lang=ur><html lang=en><body>", b"<p>"):
        Rewriter(SELECTION, lambda _: None, None, BodyStart(write, is_page=True))(page, last=True)
    assert roots[0] is not None
    assert roots[0].get("lang") == "ur"
    assert roots[1] is None


HEADS = st.sampled_from(
    ["", "<!doctype html>", "<!doctype html><html><head><title>T</title></head>", "<title>T</title>",
     "<head><meta name=a>", "<script>a</script>", "<!-- <body> -->", "<noscript><link></noscript>"]
)  # fmt: skip
BODIES = st.lists(
    st.sampled_from(
        ["<body>", "<body class=a>", "<p>a", "<b>c</b>", "<table><tr><td>d</table>", "<svg><g/></svg>",
         "<select><option>o</select>", "<a href=/>l", "</p>", "<form>", "</form>", "<h1>t</h1>", "<button>"]
    ),
    min_size=1, max_size=6,
).map("".join)  # fmt: skip


@given(head=HEADS, body=BODIES, end=st.sampled_from(["</body></html>", "</body>", ""]))
@settings(max_examples=400, deadline=None)
def test_the_tree_of_a_page_gets_one_element_at_the_beginning_of_its_body(
    head: str, body: str, end: str
) -> None:
    page = f"{head}{body}{end}".encode()
    old = parsed(page, scripting=True)
    new = parsed(begun(page), scripting=True)
    first_child = new[2][-1][2][-1][2].pop(0)
    assert first_child == MARKED
    assert new == old


@given(
    page=st.lists(st.sampled_from([*PIECES, "<body>", "</body>", "<title>"]), max_size=14)
    .map("".join)
    .map(str.encode),
    cut=st.integers(0, 400),
    is_page=st.sampled_from([True, None, False]),
)
@settings(max_examples=400, deadline=None)
def test_nothing_else_of_a_page_changes_wherever_it_is_cut(
    page: bytes, cut: int, is_page: bool | None
) -> None:
    whole = begun(page, is_page=is_page)
    assert begun(page, min(cut, len(page)), is_page=is_page) == whole
    assert whole.count(MARK) <= 1
    assert whole.replace(MARK, b"") == page
