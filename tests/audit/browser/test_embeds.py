"""The embeds of `tests/browser`, unprotected: every tracker is named, and no control is accused."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from alpines_privacy import PrivacyPolicy
from alpines_privacy.audit.browser import BrowserVisit, Scope, Tour, served, visit_pages
from alpines_privacy.audit.checks.browser import verdicts_in_browser
from alpines_privacy.audit.checks.browser_seen import InBrowser
from alpines_privacy.audit.model import Signal
from alpines_privacy.audit.observations import Site as Audited
from tests.audit.browser.conftest import need_chromium
from tests.browser import fastapi_site, flask_site
from tests.browser.embeds import CONTROLS, TRACKERS, Embed
from tests.browser.sites import DECLARED, Site
from tests.browser.vendors import script_of, vendors

# What only a browser without scripts asks for, nobody is asked for here.
NAMED = tuple(embed for embed in TRACKERS if embed.always or embed.ads)
ACCUSING = (
    "11.requests",
    "12.requests",
    "12.service-workers",
    "12.fingerprints",
    "12.recorders",
    "12.keys",
)
BARE, CONTROL = Site("flask"), Site("fastapi", declares=True)


def tour(site: Site, embeds: tuple[Embed, ...], signal: Signal) -> Mapping[str, BrowserVisit]:
    need_chromium()
    app = {"flask": flask_site, "fastapi": fastapi_site}[site.framework].make(site.domain)
    pages = [f"{embed.scheme}://{site.host}/embed/{embed.name}" for embed in embeds]
    home = f"https://{site.host}"
    with served(app, "https") as address:
        made = visit_pages(Tour(pages, Scope.of(home, address=address), [signal], screenshots=0))
    return {embed.name: visit for embed, visit in zip(embeds, made, strict=True)}


@pytest.fixture(scope="module")
def with_trackers() -> Mapping[str, BrowserVisit]:
    """Under a signal, when advertisements count too: the site is bare, and does not care."""
    return tour(BARE, NAMED, Signal.GPC)


@pytest.fixture(scope="module")
def controls() -> Mapping[str, BrowserVisit]:
    return tour(CONTROL, CONTROLS, Signal.NONE)


def asked_by_the_page(embed: Embed) -> set[str]:
    """Return the hosts that a page asks itself: those that only a vendor's script asks, nobody asks here."""
    hosts = (*embed.always, *embed.ads)
    scripts = "".join(script_of(host, path) for host, path in vendors() if host in hosts)
    return {host for host in hosts if host == hosts[0] or f"//{host}/" not in scripts}


@pytest.mark.parametrize("embed", NAMED, ids=lambda embed: embed.name)
def test_every_tracker_is_named(embed: Embed, with_trackers: Mapping[str, BrowserVisit]) -> None:
    visit = with_trackers[embed.name]
    seen = InBrowser(Audited(f"https://{BARE.host}"), [visit])
    expected = asked_by_the_page(embed)
    assert expected - {each.host for _, each, _ in seen.stopped()} == set()


@pytest.mark.parametrize("embed", CONTROLS, ids=lambda embed: embed.name)
def test_no_control_is_accused(embed: Embed, controls: Mapping[str, BrowserVisit]) -> None:
    parties = [{"host": host, "purpose": purpose} for host, purpose in DECLARED]
    policy = PrivacyPolicy.from_mapping({"third_parties": parties})
    site = Audited(f"https://{CONTROL.host}", policy=policy)
    visit = controls[embed.name]
    verdicts = verdicts_in_browser(site, [visit])
    accused = {
        key: str(verdicts[key].evidence) for key in ACCUSING if verdicts[key].state != "kept"
    }
    assert visit.status == 200
    if embed.name == "control-large-app":  # it keeps working without the tracker that it does ask
        assert "www.google-analytics.com" in accused.pop("12.requests")
    assert accused == {}
