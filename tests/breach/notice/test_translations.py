"""An incident's texts in several languages: which are whole, which are old, and what is new."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from alpines_privacy.breach.amendment import what_differs
from alpines_privacy.breach.database import Database
from alpines_privacy.breach.errors import BreachError
from alpines_privacy.breach.incidents import Incidents
from alpines_privacy.breach.translations import lacking, stale, texts_by_language
from alpines_privacy.policy import PolicyError
from tests.breach.notice.support import UR, incident
from tests.breach.support import DRAFT, draft, fast_folder

WITHOUT: dict[str, tuple[dict[str, Any], dict[str, Any], list[str]]] = {
    "all is there": ({}, UR, []),
    "no table": ({}, {}, []),
    "a text": ({}, UR | {"what_we_do": None}, ["what_we_do"]),
    "all": ({}, {"occurred": "کل"}, ["kinds", "what_happened", "what_we_do", "what_you_can_do", "contact"]),
    "consequences": ({"consequences": "Mail in our name."}, UR, ["consequences"]),
    "a date in words": ({"occurred": "last week"}, UR, ["occurred"]),
    "a date in digits": ({"occurred": "2026-11-20"}, UR, []),
    "a contact in digits": ({"contact": "+92 21 111 222"}, UR | {"contact": None}, []),
    "kinds by name alone": ({"kinds": ["EMAIL"]}, UR | {"kinds": None}, []),
    "kinds in words": ({}, UR | {"kinds": None}, ["kinds"]),
    "too few kinds": ({}, UR | {"kinds": ["EMAIL"]}, ["kinds"]),
    "another kind": ({}, UR | {"kinds": ["NAME", "اسکول"]}, ["kinds"]),
    "a kind that is new": ({"kinds": ["EMAIL", "PASSWORD", "schools"]}, UR, ["kinds"]),
}  # fmt: skip


@pytest.mark.parametrize("case", WITHOUT)
def test_a_language_is_used_once_nothing_is_missing_in_it(case: str) -> None:
    changes, table, missing = WITHOUT[case]
    given = {key: each for key, each in table.items() if each is not None}
    texts = incident(**changes, translations={"ur": given}).texts
    assert lacking(texts) == ({"ur": missing} if missing else {})
    assert list(texts_by_language(texts)) == ["en", "ur"][: 1 if missing or not given else 2]


def test_what_is_of_no_language_is_taken_from_the_incident() -> None:
    table = {key: UR[key] for key in UR if key != "contact"}
    said = texts_by_language(
        incident(contact="111 222", occurred="2026-11-20", translations={"ur": table}).texts
    )
    assert (said["ur"].contact, said["ur"].occurred) == ("111 222", "2026-11-20")
    assert said["ur"].kinds == UR["kinds"]
    assert said["ur"].consequences is None
    assert said["en"].kinds == DRAFT["kinds"]


def test_an_incident_in_another_language_has_that_first() -> None:
    english = {key: DRAFT[key] for key in UR}
    texts = incident(**UR, language="ur", translations={"en": english}).texts
    assert list(texts_by_language(texts)) == ["ur", "en"]


def test_an_incident_that_was_opened_before_languages_were_is_in_english() -> None:
    texts = {key: each for key, each in incident().texts.items() if key in DRAFT}
    assert list(texts_by_language(texts)) == ["en"]


WRONG: dict[str, tuple[dict[str, Any], str, str]] = {
    "a language in words": ({"language": "Urdu!"}, "language", "no language tag"),
    "a tag in words": ({"translations": {"in Urdu": UR}}, "translations", "no language tag"),
    "no table": ({"translations": {"ur": "text"}}, "translations.ur", "expected a Translation"),
    "a key misspelt": ({"translations": {"ur": {"what_hapened": "x"}}}, "translations.ur.what_hapened", "did you mean"),
    "a blank": ({"translations": {"ur": {"contact": " "}}}, "translations.ur.contact", "is blank"),
    "two lines": ({"translations": {"ur": {"occurred": "a\nb"}}}, "translations.ur.occurred", "second line"),
    "a control": ({"translations": {"ur": {"contact": "a\0"}}}, "translations.ur.contact", "control character"),
    "a forged kind": ({"translations": {"ur": {"kinds": ["a\r\nb"]}}}, "translations.ur.kinds", "second line"),
    "its own language": ({"translations": {"EN": UR}}, "translations.EN", "own language"),
    "a language twice": ({"translations": {"ur": UR, "UR": UR}}, "translations.UR", "there twice"),
    "no texts": ({"translations": []}, "translations", "expected"),
    "a sender of two lines": ({"sender": "A\r\nBcc: b"}, "sender", "second line"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_translation_is_one_error_with_its_key(case: str) -> None:
    changes, key, problem = WRONG[case]
    with pytest.raises(PolicyError) as raised:
        draft(**changes)
    assert raised.value.key == key
    assert problem in raised.value.problem


@pytest.fixture
def incidents() -> Iterator[Incidents]:
    with fast_folder() as folder:
        database = Database(f"sqlite:///{folder / 'ledger.db'}", create=True)
        yield Incidents(database)
        database.close()


NAME = str(DRAFT["name"])


def test_translations_are_amended_text_by_text(incidents: Incidents) -> None:
    incidents.open(draft(translations={"ur": UR}))
    changed = incidents.amend(NAME, {"translations": {"ur": {"what_we_do": "سب"}}})
    assert changed.texts["translations"]["ur"] == UR | {"what_we_do": "سب"}
    more = incidents.amend(NAME, {"translations": {"de": {"contact": "wir"}}})
    assert set(more.texts["translations"]) == {"ur", "de"}
    taken_back = incidents.amend(NAME, {"translations": {"ur": {}}})
    assert taken_back.texts["translations"] == {"de": {"contact": "wir"}}
    bodies = [entry.body for entry in incidents.history(NAME)]
    assert bodies[1:] == [
        {"translations": {"ur": {"what_we_do": "سب"}}},
        {"translations": {"de": {"contact": "wir"}}},
        {"translations": {"ur": {}}},
    ]
    with pytest.raises(PolicyError, match=r"translations\.ur\.contact"):
        incidents.amend(NAME, {"translations": {"ur": {"contact": " "}}})


def test_a_translation_is_old_once_its_text_changes(incidents: Incidents) -> None:
    incidents.open(draft(translations={"ur": UR}))
    assert stale(incidents.history(NAME)) == {}
    incidents.amend(NAME, {"what_we_do": "More.", "kinds": ["EMAIL", "schools"]})
    assert stale(incidents.history(NAME)) == {"ur": ["kinds", "what_we_do"]}
    incidents.amend(NAME, {"translations": {"ur": {"what_we_do": "سب", "kinds": UR["kinds"]}}})
    assert stale(incidents.history(NAME)) == {}
    incidents.amend(NAME, {"what_we_do": "Most."})
    incidents.amend(NAME, {"translations": {"ur": {}}})
    assert stale(incidents.history(NAME)) == {}


def test_only_what_differs_is_new(incidents: Incidents) -> None:
    whole = DRAFT | {"translations": {"ur": UR}, "leaked_mailboxes": []}
    opened = incidents.open(draft(**whole, confirmed="2026-11-27 20:00"))
    same = whole | {"confirmed": "2026-11-27 20:00+05:00", "discovered": "2026-11-27T13:40Z"}
    assert what_differs(opened, same) == {}
    changed = same | {"what_we_do": "x", "translations": {"ur": UR | {"contact": "y"}, "de": {}}}
    assert what_differs(opened, changed) == {
        "what_we_do": "x",
        "translations": {"ur": {"contact": "y"}},
    }
    assert what_differs(opened, {"translations": {"ur": {}}}) == {"translations": {"ur": {}}}
    for key, value in (("discovered", "2026-11-27 18:41"), ("name", "other"), ("zone", "UTC")):
        assert what_differs(opened, {key: value}) == {key: value}
        with pytest.raises(BreachError, match=f"{key}: never changes"):
            incidents.amend(NAME, what_differs(opened, {key: value}))
    nonsense: Any
    for nonsense in ("a", [], {"ur": 1}, {"ur": []}):
        with pytest.raises(PolicyError, match="translations"):
            incidents.amend(NAME, what_differs(opened, {"translations": nonsense}))
