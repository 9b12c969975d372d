"""The catalogues of the policy's page: complete, compiled, and right in their forms."""

from __future__ import annotations

import gettext
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from string import Formatter
from typing import Any

import pytest

from alpines_privacy.policy_page.language import Language
from alpines_privacy.policy_page.text import text_of
from alpines_privacy.policy_page.writing import Today
from tests.policy_page.test_sentences import SWITCHES
from tests.support.catalogues import PAGE, read, written
from tests.support.operators import TODAY

in_each = pytest.mark.parametrize("path", PAGE.languages(), ids=lambda path: path.parts[-3])


def entries(catalog: Any) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    for entry in catalog:
        if entry.id:
            texts = (entry.id,) if isinstance(entry.id, str) else tuple(entry.id)
            said = (entry.string,) if isinstance(entry.string, str) else tuple(entry.string or ())
            yield texts, said


def test_the_template_holds_what_the_code_says() -> None:
    """`python -m tests.support.catalogues` brings it up to date."""
    assert PAGE.template.read_bytes() == written(PAGE.extracted())


def test_english_and_urdu_are_shipped() -> None:
    assert {path.parts[-3] for path in PAGE.languages()} >= {"ur"}
    assert Language("en").untranslated == []


@in_each
def test_every_sentence_is_translated(path: Path) -> None:
    ours = {texts for texts, _ in entries(PAGE.extracted())}
    translated = dict(entries(read(path)))
    assert set(translated) == ours
    assert [texts for texts, said in translated.items() if not all(map(str.strip, said))] == []


@in_each
def test_every_translation_has_the_places_of_its_sentence(path: Path) -> None:
    for texts, said in entries(read(path)):
        places = [{name for _, name, _, _ in Formatter().parse(text)} for text in (*texts, *said)]
        assert all(found == places[0] for found in places), texts


@in_each
def test_the_compiled_catalogue_is_that_of_the_source(path: Path) -> None:
    with path.with_suffix(".mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    for texts, said in entries(read(path)):
        if len(texts) == 1:
            assert compiled.gettext(texts[0]) == said[0]
        else:
            one, many = texts
            assert [compiled.ngettext(one, many, n) for n in (1, 2)] == list(said)


@in_each
def test_no_policy_says_a_sentence_in_english(path: Path) -> None:
    """The code says no sentence that is in no catalogue, whatever the policy."""
    language = Language(path.parts[-3])
    for policy, _, _ in SWITCHES.values():
        assert policy.operator
        text_of(policy, policy.operator, language, Today(TODAY))
    assert language.untranslated == []


@pytest.mark.parametrize(
    ("tag", "direction", "day", "one", "many"),
    [
        ("en", "ltr", "3 May 2026", "1 hour", "2 hours"),
        ("en-GB", "ltr", "3 May 2026", "1 hour", "2 hours"),
        ("ur", "rtl", "3 مئی، 2026", "1 گھنٹہ", "2 گھنٹے"),
        ("ur-PK", "rtl", "3 مئی، 2026", "1 گھنٹہ", "2 گھنٹے"),
    ],
)
def test_direction_dates_and_plurals(
    tag: str, direction: str, day: str, one: str, many: str
) -> None:
    language = Language(tag)
    assert language.direction == direction
    assert language.day(date(2026, 5, 3)).text == day
    for count, text in ((1, one), (2, many)):
        assert "".join(map(str, language.plural("{count} hour", "{count} hours", count))) == text
