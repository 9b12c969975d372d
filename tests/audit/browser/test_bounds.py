"""Pages that never let a visitor go: the audit goes on, and says what was not seen."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest

from alpines_privacy.audit.browser import BrowserVisit, Scope, Tour, served, visit_pages
from alpines_privacy.audit.browser.setting import Bounds
from alpines_privacy.audit.model import Signal
from tests.audit.browser.conftest import by_page, need_chromium
from tests.audit.browser.site import ENDLESS, HOME, make

_BOUNDS = Bounds(load=4.0, quiet=0.1, settle=0.5, step=2.0)
AFTER = "own-search"


@pytest.fixture(scope="module")
def endless() -> Mapping[str, list[BrowserVisit]]:
    """Each page, and after all of them one that is ordinary."""
    need_chromium()
    names = [*ENDLESS, "circle", AFTER]
    with served(make(), "https") as address:
        scope = Scope.of(HOME, address=address)
        pages = [f"{HOME}/{name}" for name in names]
        # One at a time: some use up a core, and others' visits would be out of bounds for that.
        tour = Tour(pages, scope, [Signal.NONE], bounds=_BOUNDS, at_once=1)
        return by_page(visit_pages(tour))


@pytest.mark.parametrize("name", [*ENDLESS, "circle"])
def test_every_visit_ends_and_says_what_was_out_of_bounds(
    name: str, endless: Mapping[str, list[BrowserVisit]]
) -> None:
    (visit,) = endless[name]
    # Chromium gives up a circle after 20 redirects, the visit after 30 documents: whichever comes first.
    circle = "ERR_TOO_MANY_REDIRECTS|again and again"
    said = ENDLESS[name][1] if name in ENDLESS else circle
    assert re.search(said, " ".join(visit.notes))
    assert visit.seconds < 120


def test_the_next_page_is_visited_as_ever(endless: Mapping[str, list[BrowserVisit]]) -> None:
    (visit,) = endless[AFTER]
    assert visit.status == 200
    assert visit.typed == 1


def test_requests_are_bounded(endless: Mapping[str, list[BrowserVisit]]) -> None:
    assert all(len(visit.requests) <= 1000 for (visit,) in endless.values())


def test_a_page_that_leaves_is_stayed_on(endless: Mapping[str, list[BrowserVisit]]) -> None:
    (visit,) = endless["away"]
    assert "elsewhere.example" in {request.host for request in visit.requests}
    assert visit.status == 200
