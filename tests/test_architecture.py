"""The papers for whoever changes the code: every file they name exists, and their example runs."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from alpines_privacy import (
    Change,
    Disclosure,
    Hsts,
    Intrusion,
    LoginRoute,
    Operator,
    PrivacyPolicy,
    Signup,
    current,
)
from alpines_privacy.guard import Guard
from tests.support.secret_keys import KEY

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "alpines_privacy"
ARCHITECTURE = ROOT / "docs" / "architecture.md"
PAPERS = [
    ARCHITECTURE,
    ROOT / "CONTRIBUTING.md",
    *sorted((ROOT / "docs" / "decisions").glob("*.md")),
]
PAGES = sorted({*PAPERS, *ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")})

_CODE = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
_FILE = re.compile(r"`((?:[\w.-]+/)*[\w-]+\.(?:py|js|md|toml))`")
_LINK = re.compile(r"\]\((?![a-z]+:|#)([^)#\s]+)(?:#([^)\s]+))?\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
# Files of a site, and those that the layer serves: none of this repository's.
ELSEWHERE = {"alpines-privacy.toml", "nothing.js"}


def prose(page: Path) -> str:
    """Return a page without its blocks of code."""
    return _CODE.sub("", page.read_text("utf-8"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_each_file_that_the_docs_name_exists(page: Path) -> None:
    named = {name for name in _FILE.findall(prose(page)) if page in PAPERS or "/" in name}
    assert [name for name in sorted(named - ELSEWHERE) if not is_here(name)] == []


def is_here(name: str) -> bool:
    """Whether a file is this repository's: from its root, or from the package."""
    return any((root / name).is_file() for root in (ROOT, PACKAGE))


def test_files_are_named_in_the_module_map_alone() -> None:
    """Whoever moves a file edits one place."""
    text = ARCHITECTURE.read_text("utf-8")
    before, _, rest = text.partition("\n## Module map\n")
    map_, _, after = rest.partition("\n## ")
    assert len(_FILE.findall(map_)) > 30
    named = _FILE.findall(_CODE.sub("", before + after))
    assert [name for name in named if name not in ELSEWHERE] == []


def test_each_promise_of_the_guard_stands_in_the_module_map() -> None:
    policy = PrivacyPolicy(
        site_preference=True,
        signups=[Signup("/register", birth_date="dob")],
        loads="report",
        https="require",
        hsts=Hsts(),
        intrusion=Intrusion(logins=[LoginRoute(path="/login")]),
        disclosure=Disclosure(connections="off", urls="off"),
        operator=Operator(name="Alpines", contact="privacy@alpines.example"),
        changes=[Change(date(2026, 11, 1), "First version.")],
    )
    guard = Guard(policy, app_keys=[KEY])
    refusing = Guard(PrivacyPolicy(payments="refuse", strict=True))
    hooks = (
        *guard.on_request,
        *guard.on_response,
        *guard.on_fill,
        *guard.on_end,
        *guard.pages.values(),
        *refusing.on_request,
    )
    text = ARCHITECTURE.read_text("utf-8")
    for name, module in {(type(p).__name__, type(p).__module__) for p, _ in hooks}:
        path = module.removeprefix("alpines_privacy.").replace(".", "/") + ".py"
        assert any(name in line and path in line for line in text.splitlines()), (name, path)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_each_link_of_the_docs_leads_somewhere(page: Path) -> None:
    lost = []
    for path, anchor in _LINK.findall(prose(page)):
        target = page.parent / path
        if not target.exists():
            lost.append(path)
        elif anchor and anchor not in anchors_of(target):
            lost.append(f"{path}#{anchor}")
    assert lost == []


def anchors_of(page: Path) -> set[str]:
    """Return the anchors that GitHub gives a page's headings."""
    headings = _HEADING.findall(prose(page))
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def example() -> Callable[[Any], Any]:
    """Return `protected` of the page's example promise."""
    (code,) = re.findall(
        r"^```python\n(.*?)^```", ARCHITECTURE.read_text("utf-8"), re.DOTALL | re.MULTILINE
    )
    names: dict[str, Any] = {}
    exec(compile(code, str(ARCHITECTURE), "exec", dont_inherit=True), names)  # noqa: S102 - the page's own example
    protected: Callable[[Any], Any] = names["protected"]
    return protected


# What the app answers with, over which scheme, and whether the example's field is to leave.
ANSWERS: dict[str, tuple[str, str, bool, bool]] = {
    "a page over https": ("text/html", "https", False, True),
    "a page over http": ("text/html", "http", False, False),
    "no page": ("application/json", "https", False, False),
    "an exempted page": ("text/html", "https", True, False),
}


@pytest.mark.parametrize("answer", ANSWERS)
def test_the_example_promise_is_kept(answer: str) -> None:
    media_type, scheme, exempts, kept = ANSWERS[answer]
    left: list[tuple[str, str]] = []

    def app(environ: Any, start_response: Any) -> list[bytes]:
        if exempts:
            current().exempt("transport")
        start_response("200 OK", [("Content-Type", media_type)])
        return [b"<p>Welcome"]

    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "wsgi.url_scheme": scheme}
    body = example()(app)(environ, lambda status, head, *_: left.extend(head))
    assert b"".join(body) == b"<p>Welcome"
    assert ("strict-transport-security" in {name for name, _ in left}) is kept
