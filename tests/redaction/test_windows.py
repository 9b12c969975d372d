"""Texts too long to be read in one piece: nothing is lost where one window ends and the next begins."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alpines_privacy.redaction import Redactor
from alpines_privacy.redaction.engine import redactor, windows

REDACTOR = Redactor()

# What is secret in each, and a text that it stands in.
VALUES = {
    "mail": ("ayesha.khan@example.com", "to {} today"),
    "an address": ("203.0.113.7", "from {}:443 up"),
    "a card": ("4111 1111 1111 1111", "card {} ok"),
    "a password": ("hunter2hunter2", "password={} next=1"),
    "a quoted password": ("correct horse, battery", 'password="{}" next=1'),
    "a pair of JSON": ("correct horse, battery", '{{"a": "password=", "password": "{}", "b": [1]}}'),
    "a number of JSON": ("4111111111111111", '{{"card": {}, "b": [1]}}'),
    "encoded": ("ayesha%2540example.com", "q={}&x=1"),
    "a cookie": ("sid=abcdef; theme=dark", "Cookie: {}"),
}  # fmt: skip


@pytest.fixture
def small() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        _small(patch)
        yield


def _small(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(redactor, "LONGEST", 800)
    patch.setattr(windows, "LONGEST", 800)
    patch.setattr(windows, "BEFORE", 150)
    patch.setattr(windows, "AFTER", 300)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(("value", "text"), VALUES.values(), ids=VALUES)
def test_a_value_at_any_place_is_found(value: str, text: str) -> None:
    """Over all places that windows of this size begin, count from and end at."""
    written = text.format(value)
    alone = REDACTOR.redact(written)
    assert value not in alone
    for place in range(0, 1300, 13):
        before, after = "x " * (place // 2) + "\n", "\n" + "y " * (700 - place // 2)
        assert REDACTOR.redact(before + written + after) == before + alone + after


@given(st.lists(st.sampled_from([*VALUES.values()]), min_size=1, max_size=12), st.integers(1, 60))
def test_none_of_many_is_left(values: list[tuple[str, str]], gap: int) -> None:
    text = ("\n" + "z " * gap + "\n").join(text.format(value) for value, text in values * 5)
    with pytest.MonkeyPatch.context() as patch:
        _small(patch)
        redacted = REDACTOR.redact(text)
        assert REDACTOR.redact(redacted) == redacted
        spans = REDACTOR.findall(text)
    assert not [value for value, _ in values if value in redacted]
    assert all(a.end <= b.start for a, b in pairwise(spans))
    assert redacted == REDACTOR.redact(text)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(
    "text",
    [
        'password="{}" next',
        "{{'password': '{}', 'b': 1}}",
        '{{"password": "{}", "b": 1}}',
        "Cookie: {}",
    ],
)
def test_a_value_longer_than_a_window_is_hidden_whole(text: str) -> None:
    for size in range(250, 3000, 250):
        value = ("sid=secret; " if "Cookie" in text else "secret words ") * (size // 12)
        redacted = REDACTOR.redact("x\n" * 200 + text.format(value) + "\ny 1\n" * 300)
        assert "secret" not in redacted
        assert redacted.endswith("\ny 1\n" * 300)


@pytest.mark.usefixtures("small")
def test_a_document_longer_than_a_window_stays_one() -> None:
    people = [
        {"n": f"x{n}@y.compassword=", "email": "", "pin": 1000 + n, "card": [4111111111111111]}
        for n in range(80)
    ]
    redacted = json.loads(REDACTOR.redact(json.dumps(people)))
    assert [person.keys() for person in redacted] == [person.keys() for person in people]
    assert {person["pin"] for person in redacted} == {"[PASSWORD]"}
    assert {*map(str, (person["card"] for person in redacted))} == {"['[CARD]']"}


@given(st.integers(0, 5000))
def test_windows_count_each_place_once(size: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        _small(patch)
        found = [*windows.windows(size)]
    assert [place for window in found for place in window[1:3]] == sorted(
        place for window in found for place in window[1:3]
    )
    assert all(a.last == b.first for a, b in pairwise(found))
    assert all(w.start <= w.first <= w.last <= w.end <= w.start + 800 for w in found)
    assert not found or (found[0].first, found[-1].last) == (0, size)
