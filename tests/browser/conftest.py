"""One browser for all tests of this folder; each kind of visit is made once and looked at by many."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.browser.embeds import CONTROLS, TRACKERS
from tests.browser.internet import internet
from tests.browser.sites import Site, serve
from tests.browser.tour import Visit, World, open_browser
from tests.support.certificate import make_certificate


@pytest.fixture(scope="package")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A browser that can reach the sites, and everybody else's servers."""
    made = make_certificate(tmp_path_factory.mktemp("tls"))
    with (
        internet(made.context) as others,
        serve(made.cert, made.key) as sites,
        open_browser(sites, others) as opened,
    ):
        yield opened


@pytest.fixture(scope="package")
def bare(world: World) -> dict[str, Visit]:
    """Every embed, with nothing between the app and the browser."""
    return world.tour(Site("flask"), TRACKERS)


@pytest.fixture(scope="package")
def bare_without_scripts(world: World) -> dict[str, Visit]:
    """The embeds that have something for browsers without scripts, in one of those."""
    return world.tour(Site("flask"), (one for one in TRACKERS if one.noscript), scripts=False)


@pytest.fixture(scope="package")
def bare_controls(world: World) -> dict[str, Visit]:
    """What must keep working, with nothing between the app and the browser."""
    return world.tour(Site("fastapi"), CONTROLS)
