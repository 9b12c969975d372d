"""What scripts do, in a real Chromium: each page breaks what it is made to break, and its counterparts nothing."""

from __future__ import annotations

import msgspec
import pytest

from alpines_privacy import PrivacyPolicy
from alpines_privacy.audit.checks.browser import verdicts_in_browser
from alpines_privacy.audit.model import Signal
from alpines_privacy.audit.observations import Site
from tests.audit.browser.conftest import TWO, Visits
from tests.audit.browser.site import COUNTERPARTS, HOME, PAGES

SITE = Site(HOME, policy=PrivacyPolicy())
# A page that breaks one thing breaks what it needs for that too: it loads from others, or sets a cookie.
_OTHERS = frozenset({"9.requests"})
BESIDE = {
    "11.script-cookies": {"7.script-cookies"},
    "8.requests": {"9.requests", "12.keys"},
    "11.requests": _OTHERS,
    "12.requests": _OTHERS,
    "12.beacons": _OTHERS,
    "12.service-workers": _OTHERS,
    "12.keys": _OTHERS,
    "12.recorders": _OTHERS,
}


def broken(visits: Visits, name: str) -> dict[str, str]:
    verdicts = verdicts_in_browser(SITE, visits[name])
    return {
        key: "\n".join(each.excerpt for each in verdict.evidence)
        for key, verdict in verdicts.items()
        if verdict.state == "broken"
    }


@pytest.mark.parametrize("name", PAGES)
def test_each_is_found_and_named(name: str, visits: Visits) -> None:
    page = PAGES[name]
    found = broken(visits, name)
    assert page.names in found.get(page.breaks, "")
    assert set(found) == {page.breaks} | BESIDE.get(page.breaks, set())


@pytest.mark.parametrize("name", COUNTERPARTS)
def test_ordinary_pages_are_not_accused(name: str, visits: Visits) -> None:
    allowed = {"own-storage": {"7.script-cookies"}}.get(name, set())
    assert set(broken(visits, name)) == allowed


@pytest.mark.parametrize("name", [*PAGES, *COUNTERPARTS])
def test_pages_are_opened_and_visits_whole(name: str, visits: Visits) -> None:
    assert [visit.signal for visit in visits[name]] == list(TWO if name in PAGES else Signal)
    assert {visit.status for visit in visits[name]} == {200}
    assert [note for visit in visits[name] for note in visit.notes] == []


def test_a_visit_finds_nothing_of_the_one_before(visits: Visits) -> None:
    """`own-beacon` stores nothing, and comes after all that store something."""
    for visit in visits["own-beacon"]:
        assert list(visit.cookies) == []
        assert list(visit.stored) == []


def test_no_value_is_kept(visits: Visits) -> None:
    kept = [msgspec.json.encode(each) for visit in visits["cookie"] for each in visit.cookies]
    assert len(kept) == 2
    assert all(b"42" not in each.replace(b"lifetime", b"").split(b"86")[0] for each in kept)


def test_scripts_see_the_signal_that_the_server_sees(visits: Visits) -> None:
    """`own-storage` stores something unless it is told not to."""
    stored = {
        visit.signal: {each.where for each in visit.stored} for visit in visits["own-storage"]
    }
    assert {signal for signal, where in stored.items() if "localStorage" in where} == {Signal.NONE}
    assert all("sessionStorage" in where for where in stored.values())


def test_screenshots_are_small_pictures(visits: Visits) -> None:
    first = visits[next(iter(PAGES))]
    pictured = {visit.signal: visit.screenshot for visit in first if visit.screenshot}
    assert set(pictured) == {Signal.NONE}
    assert all(png.startswith(b"\x89PNG") and len(png) < 100_000 for png in pictured.values())
