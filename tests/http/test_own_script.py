"""Scripts of the layer's own, and the responses whose pages may load one."""

from __future__ import annotations

import pytest

from alpines_privacy.http.own_script import asks_for_page, script_file
from tests.support.sent import Sent

DESTINATIONS = [
    ((), True),
    (("document",), True),
    ((" IFrame",), True),
    (("object",), True),
    (("empty",), False),
    (("image",), False),
    (("document", "empty"), False),
    (("",), False),
]


@pytest.mark.parametrize(("sent", "expected"), DESTINATIONS)
def test_a_page_is_what_a_browser_shows_as_one(sent: tuple[str, ...], expected: bool) -> None:
    request = Sent(*(("sec-fetch-dest", value) for value in sent))
    assert asks_for_page(request) is expected


def test_a_script_is_for_pages_of_this_origin_alone() -> None:
    answer = script_file(b"1", ("cache-control", "no-store"))
    assert dict(answer.fields) == {
        "content-type": "text/javascript; charset=utf-8",
        "x-content-type-options": "nosniff",
        "cross-origin-resource-policy": "same-origin",
        "cache-control": "no-store",
        "content-length": "1",
    }
