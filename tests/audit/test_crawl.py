"""Which pages an audit visits, and what robots.txt and sitemaps say about them."""

from __future__ import annotations

import pytest

from alpines_privacy.audit.crawl import Frontier
from alpines_privacy.audit.fetching.exchange import Exchange
from alpines_privacy.audit.robots import Robots

HOME = "https://shop.example"
DAYS = [f"/day/{n}" for n in range(9)]


def visited(urls: list[str], most: int = 10) -> list[str]:
    frontier = Frontier(most, 5, lambda url: url.startswith(HOME))
    frontier.add((HOME + url if url.startswith("/") else url for url in urls), 1)
    return [waiting.url.removeprefix(HOME) for waiting in frontier]


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (["/b", "/a"], ["/b", "/a"]),
        (["/a", "/a#x", "/a"], ["/a"]),
        (["/a", "/signup", "/privacy"], ["/signup", "/privacy", "/a"]),
        (["https://other.example/", "ftp://x/", "/a"], ["/a"]),
        (["/a.pdf", "/b.PNG", "/c.css", "/a"], ["/a"]),
        (["/logout", "/x/sign_out", "/item/1/delete", "/a"], ["/a"]),
        ([*DAYS, "/about"], [*DAYS[:4], "/about", *DAYS[4:]]),
    ],
)  # fmt: skip
def test_pages_are_visited_in_order_each_once(found: list[str], expected: list[str]) -> None:
    assert visited(found) == expected


def test_no_more_pages_than_asked_for() -> None:
    assert len(visited([f"/p{n}" for n in range(100)], most=7)) == 7


def test_deep_pages_are_left_out() -> None:
    frontier = Frontier(10, 2, lambda _: True)
    frontier.add([f"{HOME}/deep"], 3)
    assert list(frontier) == []


def robots(text: str, status: int = 200) -> Robots:
    return Robots(Exchange(f"{HOME}/robots.txt", status, (), text.encode()))


@pytest.mark.parametrize(
    ("text", "path", "allowed"),
    [
        ("User-agent: *\nDisallow: /private", "/private/x", False),
        ("User-agent: *\nDisallow: /private", "/public", True),
        ("User-agent: *\nDisallow: /*.php$", "/a.php", False),
        ("User-agent: *\nDisallow: /*?sort=", "/list?sort=1", False),
        ("User-agent: *\nDisallow: /\nAllow: /open", "/open", True),
        ("User-agent: alpines-privacy-audit\nDisallow: /", "/", False),
        ("User-agent: alpines-privacy-audit\nAllow: /\n\nUser-agent: *\nDisallow: /", "/", True),
        ("User-agent: other\nDisallow: /", "/", True),
        ("", "/", True),
        ("\x00\xff<html>not robots", "/", True),
    ],
)
def test_robots_txt_is_kept(text: str, path: str, allowed: bool) -> None:
    assert robots(text).allows(HOME + path) is allowed


LARGE = "User-agent: *\nDisallow: /early\n" + "# \n" * 180_000


def test_of_a_large_robots_txt_as_much_is_read_as_crawlers_have_to() -> None:
    """500 KiB (RFC 9309 §2.5), and no half of a line."""
    cut = robots(LARGE[:511_987] + "\nDisallow: /late")
    assert not cut.allows(f"{HOME}/early")
    assert cut.allows(f"{HOME}/l")
    assert robots(LARGE + "\nDisallow: /late").allows(f"{HOME}/late")
    assert not robots("Disallow: /none\nUser-agent: *\nDisallow: /late").allows(f"{HOME}/late")


@pytest.mark.parametrize(
    ("status", "allowed"), [(404, True), (403, True), (500, False), (503, False), (0, False)]
)
def test_a_missing_robots_txt_allows_all_and_a_failing_one_nothing(
    status: int, allowed: bool
) -> None:
    """RFC 9309 §2.3.1.3, §2.3.1.4."""
    assert robots("", status).allows(HOME + "/") is allowed


def test_delays_are_kept_up_to_a_bound() -> None:
    assert robots("User-agent: *\nCrawl-delay: 2").delay == 2.0
    assert robots("User-agent: *\nCrawl-delay: 86400").delay == 10.0
    assert robots("").delay == 0.0


def test_an_app_in_this_process_is_asked_everything() -> None:
    assert Robots(None).allows(HOME + "/")
