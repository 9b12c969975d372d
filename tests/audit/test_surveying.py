"""How far a survey goes, whatever a site puts in its way."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import count
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import pytest

from alpines_privacy.audit import Options, surveying
from alpines_privacy.audit.fetching.exchange import Bounds
from alpines_privacy.audit.fetching.fetcher import Fetcher
from alpines_privacy.audit.fetching.in_process import transport_to
from alpines_privacy.audit.robots import Robots
from alpines_privacy.audit.surveying import Survey
from alpines_privacy.audit.visits import Page

HOME = "https://shop.example"


def site(answer: Callable[[str], bytes]) -> WSGIApplication:
    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "text/html")])
        return [answer(environ["PATH_INFO"])]

    return app


def surveyed(answer: Callable[[str], bytes], options: Options) -> list[Page]:
    """Survey an app as a URL, whose robots.txt counts."""
    fetcher = Fetcher(transport_to(site(answer)), HOME, Bounds(2_000_000, 15))
    survey = Survey(fetcher, options, lambda *_: None, in_process=False)
    try:
        return survey.pages()
    finally:
        survey.close()
        fetcher.close()


def links(most: int) -> bytes:
    return "".join(f"<a href=/{number:x}/x>{number}</a>" for number in range(most)).encode()


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses that robots.txt was asked about."""
    asked: list[str] = []

    def allows(self: Robots, url: str) -> bool:
        asked.append(url)
        return True

    monkeypatch.setattr(Robots, "allows", allows)
    return asked


def test_rules_are_asked_about_a_bounded_number_of_addresses(
    asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(surveying, "_MOST_ALLOWED", 20)
    pages = surveyed(lambda _: links(500), Options(pages=3))
    assert len(pages) == 3
    assert len(asked) <= 22  # the home page's and the sitemap's too


def test_an_address_is_asked_about_once(asked: list[str]) -> None:
    surveyed(lambda path: b"<a href=/b>b</a><a href=/a>a</a>", Options(pages=4))
    assert asked.count(f"{HOME}/a") == 1


def test_rules_are_asked_as_long_as_there_is_time(asked: list[str]) -> None:
    pages = surveyed(lambda _: links(500), Options(pages=3, seconds=0))
    assert len(pages) == 1
    assert len(asked) <= 3


def test_no_page_is_begun_when_many_bytes_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(surveying, "_MOST_KEPT", 20_000)
    number = count()
    differing = surveyed(lambda _: links(9) + b" " * 3000 + b"%d" % next(number), Options())
    assert len(differing) == 2
    assert len(surveyed(lambda _: links(9) + b" " * 3000, Options())) > 2


def test_visits_that_show_the_same_keep_it_once() -> None:
    (page,) = surveyed(lambda _: b"<p>the same" + b" " * 50, Options(pages=1))
    assert len({id(visit.last.body) for visit in page.visits.values()}) == 1
