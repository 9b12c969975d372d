"""The judge itself: unprotected, every embed reaches its tracker, and every page works.

Without this, "no request arrived" could mean that the pages, the browser or the counter are broken.
"""

from __future__ import annotations

import pytest

from tests.browser.embeds import CONTROLS, TRACKERS, Embed
from tests.browser.embeds.embed import pages
from tests.browser.embeds.front_ends import FRONT_ENDS
from tests.browser.npm import BUILT
from tests.browser.sites import Framework, Site
from tests.browser.tour import SIGNALS, Visit, World
from tests.conftest import need


def named(embeds: tuple[Embed, ...]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("embed", embeds, ids=lambda embed: embed.name)


@named(TRACKERS)
def test_bare_pages_reach_every_tracker(embed: Embed, bare: dict[str, Visit]) -> None:
    visit = bare[embed.name]
    assert set(embed.always + embed.ads) - visit.reached == set()
    assert set(embed.named) - visit.named == set()


@named(tuple(embed for embed in TRACKERS if embed.noscript))
def test_bare_pages_reach_trackers_without_scripts(
    embed: Embed, bare_without_scripts: dict[str, Visit]
) -> None:
    assert set(embed.noscript) - bare_without_scripts[embed.name].reached == set()


@named(tuple(embed for embed in TRACKERS if not embed.leaves))
def test_bare_pages_work(embed: Embed, bare: dict[str, Visit]) -> None:
    visit = bare[embed.name]
    assert visit.errors == []
    assert set(embed.ran) - set(visit.ran) == set()
    assert set(embed.called) - set(visit.called) == set()
    assert "two weeks" in (visit.text or "")
    assert bool(visit.slots) == bool(embed.slots)


@named(CONTROLS)
def test_controls_work_bare(embed: Embed, bare_controls: dict[str, Visit]) -> None:
    visit = bare_controls[embed.name]
    reached = {host.format(domain=Site("fastapi").domain) for host in embed.reached}
    assert visit.errors == []
    assert set(embed.ran) - set(visit.ran) == set()
    assert reached - visit.reached == set()


def test_the_front_ends_are_built() -> None:
    need("Front ends from npm", BUILT, "python -m tests.browser.npm")
    assert {embed.name for embed in FRONT_ENDS} <= {embed.name for embed in CONTROLS}


def test_the_table_has_every_page() -> None:
    names = {embed.name for embed in TRACKERS + CONTROLS}
    assert pages() - names == set()
    assert {
        embed.name
        for embed in TRACKERS + CONTROLS
        if not (embed.fields or embed.body or pages() & {embed.name})
    } == set()
    assert len(names) == len(TRACKERS + CONTROLS)


def test_the_vendors_pages_name_no_tracker_by_accident() -> None:
    """A control that reached a listed host would prove nothing."""
    listed = {host for embed in TRACKERS for host in embed.listed}
    assert {host for embed in CONTROLS for host in embed.reached} & listed == {"widget.intercom.io"}


@pytest.mark.parametrize("framework", ["flask", "fastapi"])
def test_a_browser_revalidates_a_cached_page(framework: Framework, world: World) -> None:
    """Bare, a page cached without a signal comes back with its ads under one: what protection must stop."""
    site = Site(framework)
    adsense = next(embed for embed in TRACKERS if embed.name == "adsense")
    for signal in ({}, SIGNALS["DNT"]):
        visit = world.show(site, adsense, "/cached/adsense", signal)
        assert visit.slots == 1
    asked = world.sites.asked(site)
    assert asked[0] is None
    assert asked[-1] is not None
