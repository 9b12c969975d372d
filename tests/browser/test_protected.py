"""Protected, in a real browser: no request reaches a tracker, and the pages go on working.

Each test looks at one of a few tours; `test_bare.py` shows that without protection the same pages
reach every host named here.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.browser.embeds import CONTROLS, TRACKERS, Embed
from tests.browser.sites import DECLARED, Framework, Site
from tests.browser.tour import SIGNALS, Visit, World

Visits = dict[str, Visit]

# Whatever loads by itself; what a visitor does is left alone.
LOADED = tuple(embed for embed in TRACKERS if embed.way != "act")
STOPPED = tuple(embed for embed in LOADED if embed.stopped)
LEFT = tuple(embed for embed in LOADED if embed.left)
ACTS = tuple(embed for embed in TRACKERS if embed.way == "act")
FILTERED = tuple(embed for embed in LOADED if embed.way in {"markup", "inline"})
UNNAMED = tuple(embed for embed in LOADED if embed.way in {"markup", "element", "beacon"})
NOSCRIPT = tuple(embed for embed in TRACKERS if embed.noscript)
ADS = tuple(embed for embed in TRACKERS if embed.ads or embed.slots)
AD_PAGES = tuple(embed for embed in FILTERED if embed.ads)

ADSENSE = next(embed for embed in ADS if embed.name == "adsense")


def named(embeds: tuple[Embed, ...]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("embed", embeds, ids=lambda embed: embed.name)


# What a page's code and its console hear of a load that is refused, as they do of an ad blocker.
REFUSED = frozenset({"Failed to fetch"})
TOLD = ("Content Security Policy", "ERR_BLOCKED_BY_CSP", "ERR_UNSAFE_PORT", "ERR_INVALID_URL")


def assert_works(visit: Visit, bare: Visit) -> None:
    """The page's own code ran to its end without an error, and its content is what the app wrote."""
    assert set(visit.errors) <= REFUSED
    assert [text for text in visit.console if not _is_told(text) and text not in bare.console] == []
    assert set(visit.embed.ran) - set(visit.ran) == set()
    if visit.embed.leaves:  # bare, it shows the tracker's page
        assert "two weeks" in (visit.text or "")
    else:
        assert _words(visit) == _words(bare)


def _words(visit: Visit) -> list[str]:
    """What can be read; the white space around an element that is gone collapses otherwise."""
    return (visit.text or "").split()


def _is_told(text: str) -> bool:
    return any(sign in text for sign in TOLD)


# `loads = "listed"`: static, inline, injected and bundled embeds.


@pytest.fixture(scope="module")
def by_page(world: World) -> Visits:
    return world.tour(Site("flask", "listed"), TRACKERS)


@named(STOPPED)
def test_no_request_reaches_a_tracker(embed: Embed, by_page: Visits) -> None:
    assert by_page[embed.name].sent_to(embed.stopped) == []


@named(LEFT)
def test_what_stays_possible_is_what_the_documents_say(embed: Embed, by_page: Visits) -> None:
    """A dynamic `import()`, and what a style sheet loads: `loads = "declared"` stops these."""
    assert set(embed.left) <= by_page[embed.name].reached


@named(ACTS)
def test_what_a_visitor_sends_goes_where_the_page_says(embed: Embed, by_page: Visits) -> None:
    assert set(embed.always) <= by_page[embed.name].reached


@named(tuple(embed for embed in TRACKERS if embed.named))
def test_no_hint_names_a_tracker(embed: Embed, by_page: Visits) -> None:
    assert set(embed.named) & by_page[embed.name].named == set()


@named(TRACKERS)
def test_pages_work_without_their_trackers(embed: Embed, by_page: Visits, bare: Visits) -> None:
    assert_works(by_page[embed.name], bare[embed.name])


@named(tuple(embed for embed in TRACKERS if embed.called))
def test_callbacks_a_page_waits_for_come(embed: Embed, by_page: Visits) -> None:
    """Shops go on to the next page only once the tracker has said that it is done."""
    assert set(embed.called) - set(by_page[embed.name].called) == set()


@named(AD_PAGES)
def test_ads_that_a_page_names_stay_without_a_signal(embed: Embed, by_page: Visits) -> None:
    visit = by_page[embed.name]
    assert embed.ads[0] in visit.reached
    assert visit.slots > 0


# A page sent in small chunks.


@pytest.fixture(scope="module")
def streamed(world: World) -> Visits:
    plain = [embed for embed in FILTERED if not embed.fields]
    return world.tour(Site("fastapi", "listed"), plain, folder="streamed")


@named(tuple(embed for embed in FILTERED if not embed.fields))
def test_no_request_reaches_a_tracker_from_a_streamed_page(
    embed: Embed, streamed: Visits, bare: Visits
) -> None:
    assert streamed[embed.name].sent_to(embed.stopped) == []
    assert_works(streamed[embed.name], bare[embed.name])


# Without scripts.


@pytest.fixture(scope="module")
def without_scripts(world: World) -> Visits:
    return world.tour(Site("flask", "listed"), NOSCRIPT, scripts=False)


@named(NOSCRIPT)
def test_no_request_reaches_a_tracker_from_noscript(
    embed: Embed, without_scripts: Visits, bare_without_scripts: Visits
) -> None:
    visit = without_scripts[embed.name]
    assert visit.sent_to(embed.noscript) == []
    assert visit.text == bare_without_scripts[embed.name].text


# `loads = "declared"`: nothing at all from anybody else.


@pytest.fixture(scope="module")
def by_declaration(world: World) -> Visits:
    return world.tour(Site("fastapi", "declared"), UNNAMED)


@named(UNNAMED)
def test_no_request_leaves_the_site_when_nobody_is_declared(
    embed: Embed, by_declaration: Visits
) -> None:
    assert [
        f"{one.method} {one.host}{one.path}" for one in by_declaration[embed.name].arrivals
    ] == []


@named(UNNAMED)
def test_pages_work_when_nobody_is_declared(
    embed: Embed, by_declaration: Visits, bare: Visits
) -> None:
    assert_works(by_declaration[embed.name], bare[embed.name])


# Under a signal.


@pytest.fixture(scope="module")
def under_signals(world: World) -> dict[tuple[str, str], Visits]:
    frameworks: tuple[Framework, ...] = ("flask", "fastapi")
    return {
        (framework, signal): world.tour(Site(framework, "listed"), ADS, signal=fields)
        for framework, (signal, fields) in zip(frameworks, SIGNALS.items(), strict=True)
    }


@pytest.mark.parametrize("under", [("flask", "DNT"), ("fastapi", "Sec-GPC")], ids=" ".join)
@named(ADS)
def test_no_request_reaches_an_ad_under_a_signal(
    embed: Embed,
    under: tuple[str, str],
    under_signals: dict[tuple[str, str], Visits],
    bare: Visits,
) -> None:
    visit = under_signals[under][embed.name]
    assert visit.sent_to(embed.listed) == []
    assert visit.slots == 0
    assert_works(visit, bare[embed.name])


@pytest.mark.parametrize("framework", ["flask", "fastapi"])
@pytest.mark.parametrize("fresh", [0, 600], ids=["stale", "fresh"])
@pytest.mark.parametrize("signal", SIGNALS)
def test_a_page_cached_without_a_signal_is_not_shown_with_its_ads_under_one(
    signal: str, fresh: int, framework: Framework, world: World
) -> None:
    site, path = Site(framework, "listed"), f"/cached/adsense?fresh={fresh}&under={signal}"
    first = world.show(site, ADSENSE, path, {})
    assert first.slots == 1
    again = world.show(site, ADSENSE, path, {})
    assert again.slots == 1
    if not fresh:
        assert world.sites.asked(site)[-1] is not None, (
            "the page's ETag did not come back to the app"
        )
    under = world.show(site, ADSENSE, path, SIGNALS[signal])
    assert under.sent_to(ADSENSE.listed) == []
    assert under.slots == 0
    assert set(ADSENSE.ran) <= set(under.ran)
    back = world.show(site, ADSENSE, path, {})
    assert back.slots == 1


# What must go on working.


def controls(site: Site) -> tuple[Embed, ...]:
    """Return what the site can show: WSGI has no websockets, and "declared" allows no undeclared host."""
    absent = {"flask": {"control-own-websocket"}, "fastapi": set()}[site.framework]
    declared = {host for host, _ in DECLARED} | {"cdn.{domain}"}
    return tuple(
        embed
        for embed in CONTROLS
        if embed.name not in absent and (site.loads != "declared" or set(embed.reached) <= declared)
    )


GUARDED = (
    Site("flask", "listed", declares=True),
    Site("fastapi", "listed", declares=True),
    Site("fastapi", "declared", declares=True),
)


@pytest.fixture(scope="module")
def controlled(world: World) -> dict[Site, Visits]:
    return {site: world.tour(site, controls(site)) for site in GUARDED}


@pytest.mark.parametrize(
    ("site", "embed"),
    [
        pytest.param(site, embed, id=f"{embed.name}-{site.framework}-{site.loads}")
        for site in GUARDED
        for embed in controls(site)
    ],
)
def test_controls_keep_working(
    site: Site, embed: Embed, controlled: dict[Site, Visits], bare_controls: Visits
) -> None:
    visit = controlled[site][embed.name]
    assert_works(visit, bare_controls[embed.name])
    assert {host.format(domain=site.domain) for host in embed.reached} - visit.reached == set()
    known = {*(host for host, _ in DECLARED), f"cdn.{site.domain}", *embed.reached}
    assert visit.reached - known == set()


def test_a_declared_tracker_is_not_reached_under_a_signal(world: World) -> None:
    embed = next(one for one in CONTROLS if one.name == "control-declared-tracker")
    site = Site("flask", "listed", declares=True)
    visit = world.tour(site, [embed], signal=SIGNALS["Sec-GPC"])[embed.name]
    assert visit.sent_to(embed.reached) == []
    assert set(embed.ran) <= set(visit.ran)


def test_declared_loads_stop_hosts_that_a_page_names(world: World) -> None:
    named = next(one for one in CONTROLS if one.name == "control-named-host")
    embed = replace(named, ran=(), reached=())  # nobody waits for what must not happen
    visit = world.tour(Site("flask", "declared", declares=True), [embed])[embed.name]
    assert visit.arrivals == []
    assert "two weeks" in (visit.text or "")


# Cookies that scripts set.

COOKIES = next(one for one in CONTROLS if one.name == "control-cookies")
SET = {"DNT": "", "Sec-GPC": "csrftoken=1"}


@pytest.mark.parametrize("signal", SIGNALS)
def test_scripts_set_no_undeclared_cookie_under_a_signal(signal: str, world: World) -> None:
    """Under GPC alone a login's own stays, as it does from the server."""
    said = f"cookies: {SET[signal]}"
    page = replace(COOKIES, ran=(said,))
    visit = world.tour(Site("flask", "listed"), [page], signal=SIGNALS[signal])[page.name]
    assert said in visit.ran
    assert visit.errors == []
