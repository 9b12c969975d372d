"""The words of a notice: complete in every shipped language, and as the law has them in English."""

from __future__ import annotations

import gettext
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from string import Formatter
from typing import Any, get_args

import pytest

from alpines_privacy.breach.notice.words import KIND_WORDS, WORDS, Words
from alpines_privacy.policy import PolicyError
from alpines_privacy.policy.kinds import Kind
from tests.support.catalogues import NOTICE, compiled, read, written

in_each = pytest.mark.parametrize("path", NOTICE.languages(), ids=lambda path: path.parts[-3])


def entries(catalog: Any) -> Iterator[tuple[str, str]]:
    yield from ((entry.id, entry.string) for entry in catalog if entry.id)


def test_the_template_holds_what_the_code_says() -> None:
    """`python -m tests.support.catalogues` brings it up to date."""
    assert NOTICE.template.read_bytes() == written(NOTICE.extracted())


def test_the_shipped_languages_are_these() -> None:
    assert [path.parts[-3] for path in NOTICE.languages()] == ["ar", "de", "es", "fr", "ur"]


@in_each
def test_every_word_is_translated_with_its_places(path: Path) -> None:
    translated = dict(entries(read(path)))
    assert set(translated) == {text for text, _ in entries(NOTICE.extracted())}
    for text, said in translated.items():
        assert said.strip(), text
        places = [[name for _, name, _, _ in Formatter().parse(each)] for each in (text, said)]
        assert sorted(map(str, places[0])) == sorted(map(str, places[1])), text


@in_each
def test_the_compiled_catalogue_is_that_of_the_source(path: Path) -> None:
    with path.with_suffix(".mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    assert all(compiled.gettext(text) == said for text, said in entries(read(path)))


@in_each
def test_no_word_is_left_in_english(path: Path) -> None:
    """The code says no word that is in no catalogue, or reading it would raise."""
    words = Words(path.parts[-3])
    assert words.exist
    assert not set(words.kinds(get_args(Kind))) & set(get_args(Kind))


def test_every_kind_of_data_has_a_word() -> None:
    assert set(KIND_WORDS) == set(get_args(Kind))
    assert Words("en").kinds(["EMAIL", "names of schools"]) == [
        "E-mail address",
        "names of schools",
    ]


def test_the_title_and_the_headings_are_california_s() -> None:
    """Cal. Civ. Code §1798.82(d)(1)."""
    keys = "title what_happened what_information what_we_do what_you_can_do more"
    assert [WORDS[key] for key in keys.split()] == [
        "Notice of Data Breach", "What Happened", "What Information Was Involved",
        "What We Are Doing", "What You Can Do", "For More Information",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("tag", "direction", "day"),
    [
        ("en", "ltr", "3 May 2026"), ("en-GB", "ltr", "3 May 2026"), ("de", "ltr", "3. Mai 2026"),
        ("es", "ltr", "3 de mayo de 2026"), ("fr-CA", "ltr", "3 mai 2026"), ("ar", "rtl", "3 مايو 2026"),
        ("ur-PK", "rtl", "3 مئی، 2026"),
    ],
)  # fmt: skip
def test_directions_and_dates(tag: str, direction: str, day: str) -> None:
    words = Words(tag)
    assert (words.direction, words.day(date(2026, 5, 3))) == (direction, day)


def test_an_unknown_language_has_none() -> None:
    assert not Words("sd").exist


def catalogue_in(folder: Path, tag: str, data: bytes) -> None:
    (folder / tag / "LC_MESSAGES").mkdir(parents=True)
    (folder / tag / "LC_MESSAGES" / "alpines_privacy_notice.mo").write_bytes(data)


def test_a_catalogue_of_the_operator_s_goes_first(tmp_path: Path) -> None:
    more = NOTICE.extracted()
    more["Hello,"].string = "Moin,"
    catalogue_in(tmp_path, "de", compiled(more))
    words = Words("de", tmp_path).all
    assert (words.greeting_without_name, words.what_we_do) == ("Moin,", "Was wir unternehmen")


def test_a_catalogue_makes_a_language(tmp_path: Path) -> None:
    whole = NOTICE.extracted()
    for entry in whole:
        entry.string = f"{entry.id}!" if entry.id else entry.string
    catalogue_in(tmp_path, "sd", compiled(whole))
    assert Words("sd", tmp_path).exist
    assert Words("sd-PK", tmp_path).all.title == "Notice of Data Breach!"


WRONG: dict[str, tuple[dict[str, str] | None, str]] = {
    "no catalogue": (None, "is no gettext catalogue"),
    "a word alone": ({"What Happened": "ڇا ٿيو"}, r'"sd" lacks \d+ of its words, such as "Notice of Data Breach"'),
    "a place misspelt": ({"Dear {name},": "{naem}"}, 'has other places in 1 of its words, such as "Dear {name},"'),
    "a brace": ({"Discovered: {date}": "{date"}, "has other places in 1 of its words"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_catalogue_is_told(case: str, tmp_path: Path) -> None:
    changes, problem = WRONG[case]
    made = NOTICE.extracted()
    for entry in made:
        if entry.id and case != "a word alone":
            entry.string = f"{entry.id}!"
    for text, said in (changes or {}).items():
        made[text].string = said
    catalogue_in(tmp_path, "sd", b"nothing" if changes is None else compiled(made))
    with pytest.raises(PolicyError, match=problem) as raised:
        Words("sd", tmp_path)
    assert raised.value.key == "breach.templates"
