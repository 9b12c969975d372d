"""What the browser tells of a visit: bounded, whatever the page's scripts call themselves."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from alpines_privacy.audit.browser.record import LONGEST_URL, Record
from alpines_privacy.audit.browser.watch import Watch

OWN = "/_privacy/"


def watch() -> Watch:
    return Watch(Record(), OWN)


def asks(url: str, by: str = "https://h.example/a.js") -> dict[str, Any]:
    return {"request": {"url": url}, "type": "Script", "initiator": {"url": by}}


@pytest.mark.parametrize(
    ("script", "text", "is_ours"),
    [
        ("https://h.example/_privacy/a.js", "Error", True),
        ("https://h.example/a.js", "Error in /_privacy/a.js", True),
        ("https://h.example/a.js", "Error", False),
        ("", "Error", False),
        ("http://[x/_privacy/", "Error", False),
        ("http://a\u2100b/", "Error", False),
    ],
)
def test_an_error_is_ours_by_its_scripts_address(script: str, text: str, is_ours: bool) -> None:
    seen = watch()
    message = SimpleNamespace(type="error", text=text, location={"url": script})
    seen.console(cast("Any", message))
    (found,) = seen.messages
    assert found.is_ours is is_ours


def test_who_asks_is_remembered_for_what_is_sent_alone() -> None:
    seen = watch()
    for url in ("data:text/javascript,1", "blob:https://h.example/1", "about:blank"):
        seen.initiated(asks(url))
        assert seen.asker(url) == ("", "")


def test_who_asks_for_a_long_address_is_known() -> None:
    seen, url = watch(), "https://h.example/?" + "x" * 2 * LONGEST_URL
    seen.initiated(asks(url, by=url))
    assert seen.asker(url[:LONGEST_URL]) == ("script", url[:LONGEST_URL])


def test_who_asks_again_and_again_is_remembered_a_bounded_number_of_times() -> None:
    seen, url = watch(), "https://h.example/"
    for _ in range(1000):
        seen.initiated(asks(url))
    answers = [seen.asker(url) for _ in range(1000)]
    assert 0 < sum(answer != ("", "") for answer in answers) < 1000
