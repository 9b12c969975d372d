"""`debug = true`: a developer sees what was removed, in the page's head and in the log."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from alpines_privacy import PrivacyPolicy, protect
from alpines_privacy.testing import visitor

PAGE = b'<p>a</p><img src="https://www.google-analytics.com/collect?uid=made-up">'
NAMED = "img www.google-analytics.com (Google; ||google-analytics.com^$third-party)"
HEADER = "alpines-privacy-removed"


def page_of(*chunks: bytes) -> Any:
    def app(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [("Content-Type", "text/html")])
        return list(chunks)

    return app


@pytest.mark.parametrize("debug", [True, False])
def test_the_head_of_a_page_tells_what_was_removed(debug: bool) -> None:
    app = protect(page_of(PAGE), PrivacyPolicy(debug=debug))
    response = visitor(app).get("/")
    assert response.content == b'<p>a</p><img hidden="" style="display:none!important">'
    assert response.headers.get(HEADER) == (NAMED if debug else None)


def test_a_page_of_which_nothing_was_removed_says_nothing() -> None:
    response = visitor(protect(page_of(b"<p>a</p>"), PrivacyPolicy(debug=True))).get("/")
    assert HEADER not in response.headers


def test_the_log_tells_of_streamed_pages_too(caplog: pytest.LogCaptureFixture) -> None:
    app = protect(page_of(PAGE[:30], PAGE[30:]), PrivacyPolicy(debug=True))
    with caplog.at_level(logging.INFO, "alpines_privacy"):
        response = visitor(app).get("/")
    assert HEADER not in response.headers
    ours = (record for record in caplog.records if record.name == "alpines_privacy")
    told = [record.getMessage() for record in ours if record.levelname == "INFO"]
    assert told == [f"Removed from a response: {NAMED}"]
    assert "made-up" not in caplog.text
