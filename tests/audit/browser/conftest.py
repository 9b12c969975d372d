"""One tour of a browser for all tests of a folder, as a browser takes its time to start."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import pytest

from alpines_privacy.audit.browser import BrowserVisit, Scope, Tour, served, visit_pages
from alpines_privacy.audit.browser.chromium import BrowserMissing, find_chromium
from alpines_privacy.audit.model import Signal
from tests.audit.browser.site import COUNTERPARTS, HOME, PAGES, make
from tests.conftest import need

Visits = dict[str, list[BrowserVisit]]
TWO = (Signal.NONE, Signal.GPC)


def need_chromium() -> None:
    """Skip where no Chromium is, as all tests with a browser do."""
    try:
        find_chromium()
    except BrowserMissing:
        need("Chromium", False, "apt-get install chromium")


@pytest.fixture(scope="package")
def visits() -> Visits:
    """The pages without a signal and with one, their counterparts under all four, by the page's name."""
    need_chromium()
    app, made = make(), []
    with served(app, "https") as address:
        scope = Scope.of(HOME, address=address)
        for names, signals in ((PAGES, TWO), (COUNTERPARTS, tuple(Signal))):
            made += visit_pages(Tour([f"{HOME}/{name}" for name in names], scope, signals))
    assert app.config["POSTED"] == []  # nothing that was typed was sent to be kept
    return by_page(made)


def by_page(made: Sequence[BrowserVisit]) -> Visits:
    """Return the visits by the name of their page."""
    found: Visits = defaultdict(list)
    for visit in made:
        found[visit.page.rpartition("/")[2]].append(visit)
    return found
