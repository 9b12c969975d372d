"""What an incident says, in each language that it says all of it in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol, get_args

import msgspec

from alpines_privacy.breach.wording import Line, Text, check_words, has_words
from alpines_privacy.policy.errors import PolicyError
from alpines_privacy.policy.explain import explain
from alpines_privacy.policy.kinds import Kind
from alpines_privacy.policy.language_tag import LANGUAGE_TAG
from alpines_privacy.policy.part import Part

__all__ = [
    "KINDS",
    "LocalizedTexts",
    "Translation",
    "check_tag",
    "check_translations",
    "lacking",
    "merged",
    "stale",
    "texts_by_language",
]

KINDS = frozenset(get_args(Kind))
_KEYS = ("what_happened", "consequences", "what_we_do", "what_you_can_do", "occurred", "contact")


class Translation(Part, frozen=True, kw_only=True):
    """The texts of an incident in another language, by the same keys.

    `kinds` has the same members as the incident's: names (`EMAIL`) as they are, words translated.
    """

    kinds: Sequence[Line] = ()
    what_happened: Text | None = None
    consequences: Text | None = None
    what_we_do: Text | None = None
    what_you_can_do: Text | None = None
    occurred: Line | None = None
    contact: Text | None = None

    def check(self) -> None:
        """Check that no text holds controls that a message could be broken by."""
        check_words(self)


class LocalizedTexts(NamedTuple):
    """All texts of an incident in one language. `kinds` are names (`EMAIL`) or words."""

    language: str
    kinds: Sequence[str]
    occurred: str | None
    what_happened: str
    consequences: str | None
    what_we_do: str
    what_you_can_do: str
    contact: str


class _Entry(Protocol):
    @property
    def what(self) -> str: ...
    @property
    def body(self) -> Mapping[str, Any]: ...


def check_tag(tag: str, key: str) -> None:
    """Raise `PolicyError` for what is no language tag (RFC 5646)."""
    if len(tag) > 35 or not LANGUAGE_TAG.fullmatch(tag):
        raise PolicyError(
            f"{tag[:60]!r} is no language tag; expected one such as ur or pt-BR", key=key
        )


def check_translations(tables: Mapping[str, Any], language: str) -> None:
    """Raise `PolicyError` with the key of what is wrong in `[translations.ur]`; an empty table is none."""
    seen = {language.lower()}
    for tag, table in tables.items():
        key = f"translations.{tag}"
        check_tag(tag, "translations")
        if tag.lower() in seen:
            raise PolicyError("is the incident's own language, or there twice", key=key)
        seen.add(tag.lower())
        try:
            msgspec.convert(table, Translation)
        except msgspec.ValidationError as error:
            raise explain(error, table, Translation).at(key=key) from None


def merged(said: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is said once more is: translations text by text, an empty table takes one back."""
    together = {**said, **more}
    before, after = said.get("translations"), more.get("translations")
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        tables = dict(before)
        for tag, table in after.items():
            kept = tables.get(tag)
            both = table and isinstance(kept, Mapping) and isinstance(table, Mapping)
            tables[tag] = {**dict(kept or {}), **table} if both else table
        together["translations"] = {tag: table for tag, table in tables.items() if table != {}}
    return together


def texts_by_language(texts: Mapping[str, Any]) -> dict[str, LocalizedTexts]:
    """Return the texts of an incident by language tag, its own first; others if nothing is missing in them."""
    own = _own_language(texts)
    values: dict[str, Any] = {key: texts.get(key) for key in _KEYS}
    said = {own: LocalizedTexts(language=own, kinds=texts["kinds"], **values)}
    for tag, table in texts.get("translations", {}).items():
        if table and not _missing(texts, table):
            values = {key: table.get(key) or texts.get(key) for key in _KEYS}
            kinds = table.get("kinds") or texts["kinds"]
            said[tag] = LocalizedTexts(language=tag, kinds=kinds, **values)
    return said


def lacking(texts: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return the keys that are missing in a language, which is not used until they are there."""
    tables = texts.get("translations", {}).items()
    found = {tag: _missing(texts, table) for tag, table in tables if table}
    return {tag: keys for tag, keys in found.items() if keys}


def _own_language(texts: Mapping[str, Any]) -> str:
    return str(texts.get("language") or "en")


def _missing(texts: Mapping[str, Any], table: Mapping[str, Any]) -> list[str]:
    missing = [key for key in _KEYS if has_words(texts.get(key) or "") and not table.get(key)]
    return missing if _same_kinds(texts["kinds"], table.get("kinds") or ()) else ["kinds", *missing]


def _same_kinds(own: Sequence[str], translated: Sequence[str]) -> bool:
    if not translated:
        return KINDS.issuperset(own)
    return len(own) == len(translated) and all(
        mine == theirs for mine, theirs in zip(own, translated, strict=True) if mine in KINDS
    )


def stale(history: Iterable[_Entry]) -> dict[str, list[str]]:
    """Return the keys of translations that were said before the text that they translate was changed."""
    said: dict[str, Any] = {}
    own: dict[str, int] = {}
    translated: dict[tuple[str, str], int] = {}
    for number, entry in enumerate(history):
        if entry.what in {"opened", "amended"}:
            own |= dict.fromkeys((key for key in entry.body if key in {*_KEYS, "kinds"}), number)
            for tag, table in entry.body.get("translations", {}).items():
                translated |= dict.fromkeys(((tag, key) for key in table), number)
            said = merged(said, entry.body)
    found: dict[str, list[str]] = {}
    for tag, table in said.get("translations", {}).items():
        for key in table:
            if translated[tag, key] < own.get(key, 0):
                found.setdefault(tag, []).append(key)
    return found
