"""The line before a key: what is looked up for it is what a search of it finds."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alpines_privacy.redaction.engine.lines import NO_LINE, Line

SIGNS = re.compile(r"\w\(|\bdef |\breturn |\bawait |\bself\.| = ")


@given(
    st.lists(st.sampled_from(["f(", " = ", "def ", "return", " ", "self.", "a", "\n", "é(", "("]))
)
def test_signs_looked_up_are_those_a_search_of_the_line_finds(words: list[str]) -> None:
    text = "".join(words)
    line = Line(text)
    for place in range(len(text) + 1):
        before = text[:place].rpartition("\n")[2]
        assert line.before(place).text == before
        is_indented = before[:1] == "\t" or (len(before) > 1 and before[:2].isspace())
        assert line.is_source() == (is_indented or SIGNS.search(before) is not None)


@pytest.mark.parametrize(("before", "is_source"), [(150, True), (250, False)])
def test_a_sign_counts_for_two_hundred_characters(before: int, is_source: bool) -> None:
    line = Line("f(" + "a" * before).before(before + 2)
    assert len(line.text) == min(200, before + 2)
    assert line.is_source() == is_source


def test_one_object_serves_all_lines_of_a_text() -> None:
    line = Line("x = 1\nuser: bob\n  pin: 1")
    assert line.before(4).is_source()
    assert not line.before(12).is_source()
    assert line.before(20).is_source()
    assert not NO_LINE.is_source()
