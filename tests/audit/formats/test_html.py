"""The report's page: by itself, safe whatever a site sends, clear at a look."""

from __future__ import annotations

import importlib
import re
from base64 import b64decode, b64encode
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alpines_privacy.audit.formats.html import content_policy, html
from alpines_privacy.audit.formats.style import STYLE
from alpines_privacy.audit.model import Evidence
from tests.support.audit_reports import EVIDENCE, HOSTILE, KEPT_REPORT, REPORT, report_of

XHTML = "{http://www.w3.org/1999/xhtml}"
PIXEL = b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
WITH_HOSTILE = report_of({**EVIDENCE, "9.hosts": HOSTILE}, target="<script>alert(1)</script>\"'")


def parsed(page: str) -> Any:
    parser = importlib.import_module("html5lib").HTMLParser(
        strict=True
    )  # a page of ours has no mistake that browsers mend
    return parser.parse(page)


def names(tree: Any) -> set[str]:
    return {each.tag.rpartition("}")[2] for each in tree.iter() if isinstance(each.tag, str)}


def words(element: Any) -> str:
    return " ".join(" ".join(element.itertext()).split())


@pytest.mark.parametrize(
    "report", [REPORT, KEPT_REPORT, WITH_HOSTILE], ids=["broken", "kept", "hostile"]
)
def test_the_page_is_valid_and_loads_nothing(report: Any) -> None:
    page = html(report)
    tree = parsed(page)
    assert names(tree) & {"script", "link", "iframe", "img", "object", "form", "base"} == set()
    assert "http-equiv" in page
    assert "url(" not in page
    assert "@import" not in page
    addresses = [v for each in tree.iter() for k, v in each.items() if k in {"href", "src"}]
    assert all(address.startswith("#clause-") for address in addresses)
    assert [
        k for each in tree.iter() for k, _ in each.items() if k.startswith("on") or k == "style"
    ] == []


def test_its_policy_names_its_one_style() -> None:
    style = re.search("<style>(.*)</style>", html(REPORT), re.DOTALL)
    assert style
    assert style[1] == STYLE
    digest = b64encode(sha256(style[1].encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in content_policy()
    assert "default-src 'none'" in content_policy()
    assert "script" not in content_policy()


def test_the_summary_comes_first() -> None:
    tree = parsed(html(REPORT))
    assert words(tree.find(f".//{XHTML}h1")) == "3 of 65 requirements are broken"
    cards = [words(each) for each in tree.findall(f".//{XHTML}nav//{XHTML}li")]
    assert len(cards) == 14
    assert cards[5] == "§6 Protection ✗ broken 1 broken, 6 kept, 2 unknown"
    assert cards[9] == "§10 CalOPPA ✓ kept 10 kept"
    assert cards[12].startswith("§13 Children (COPPA) ✓ kept, as far as told")
    targets = {each.get("href") for each in tree.iter(f"{XHTML}a")}
    ids = {each.get("id") for each in tree.iter() if each.get("id")}
    assert {target.removeprefix("#") for target in targets} <= ids


HEADINGS: list[tuple[Any, str]] = [
    (report_of({"6.hsts": EVIDENCE["6.hsts"]}), "1 of 65 requirements is broken"),
    (KEPT_REPORT, "All that can be told is kept"),
    (
        msgspec.structs.replace(KEPT_REPORT, verdicts=KEPT_REPORT.verdicts[:3]),
        "All requirements are kept",
    ),
    (msgspec.structs.replace(KEPT_REPORT, verdicts=()), "Nothing can be told from here"),
]


@pytest.mark.parametrize(("report", "heading"), HEADINGS, ids=[row[1] for row in HEADINGS])
def test_the_heading_says_no_more_than_is_known(report: Any, heading: str) -> None:
    assert words(parsed(html(report)).find(f".//{XHTML}h1")) == heading


def test_evidence_is_in_details_and_open_only_where_it_is_new() -> None:
    tree = parsed(html(REPORT, known={"6.hsts"}))
    found = {
        words(each.find(f".//{XHTML}code")): each.get("open")
        for each in tree.iter(f"{XHTML}details")
    }
    assert found == {"6.hsts": None, "11.cookies-dnt": "", "12.trackers": ""}
    text = words(tree)
    assert "Rule ||googletagmanager.com^ Company Google Tag Manager" in text
    assert "How to mend it Take the tracker's element out of the page." in text


def test_what_a_site_sends_is_text() -> None:
    tree = parsed(html(WITH_HOSTILE))
    assert "</dl></details><img src=x onerror=alert(1)>" in words(tree)
    assert names(tree) & {"img", "script"} == set()


MARKUP = st.text(alphabet=st.sampled_from("<>\"'&;/= abcd!-[]script"), max_size=60) | st.text(
    max_size=40
)


@settings(max_examples=30)
@given(MARKUP, MARKUP, MARKUP)
def test_any_evidence_leaves_the_tree_as_it_is(request: str, excerpt: str, rule: str) -> None:
    plain = names_in_order(html(report_of({"9.hosts": (Evidence("a", "b", "c"),)})))
    page = html(report_of({"9.hosts": (Evidence(request, excerpt, rule or "c"),)}))
    assert names_in_order(page) == plain


def names_in_order(page: str) -> list[str]:
    return [each.tag for each in parsed(page).iter()]


def test_pictures_are_in_the_page(tmp_path: Path) -> None:
    (tmp_path / "shots").mkdir()
    (tmp_path / "shots" / "home-dnt.png").write_bytes(PIXEL)
    (tmp_path / "huge.png").write_bytes(PIXEL + bytes(5 << 20))
    (tmp_path.parent / "outside.png").write_bytes(PIXEL)
    files = ("shots/home-dnt.png", "huge.png", "../outside.png", "absent.png", "all.har")
    tree = parsed(html(report_of({}, files=files), folder=tmp_path))
    (picture,) = tree.iter(f"{XHTML}img")
    assert picture.get("src") == f"data:image/png;base64,{b64encode(PIXEL).decode()}"
    assert picture.get("alt") == "Screenshot: home dnt"
    captions = [words(each) for each in tree.iter(f"{XHTML}figcaption")]
    assert captions[0] == "home dnt"
    assert [caption.endswith("is not shown here") for caption in captions[1:]] == [True] * 3
    assert "img-src data:" in content_policy()
