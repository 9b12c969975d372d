"""The notice in one language: rendered for a person, and rendered for invented people before anybody gets it."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Mapping
from os.path import commonprefix
from typing import Any, NamedTuple
from urllib.parse import quote

from markupsafe import Markup, escape

from alpines_privacy.breach.errors import BreachError
from alpines_privacy.breach.incident import Incident
from alpines_privacy.breach.notice.self_contained import links, loads
from alpines_privacy.breach.notice.templates import Part, Templates
from alpines_privacy.breach.notice.words import Words
from alpines_privacy.breach.translations import KINDS, LocalizedTexts
from alpines_privacy.policy.catalogue import direction_of

__all__ = ["LocalizedNotice", "Person", "Rendered"]

# Numbers in groups, as of telephones, which stand in the wrong order among letters that run to the left.
_NUMBER = re.compile(r"\+?\(?\d+\)?(?:[ ./-]?\(?\d+\)?)+", re.ASCII)
_LONGEST_SUBJECT = 200  # characters


class Person(NamedTuple):
    """What a notice knows of the person whom it is to."""

    name: str
    address: str


# People whom templates are tried with. No two have a letter in common that a link could hold.
_TRIED = (
    Person("Ayesha Khan", "ayesha.khan@example.net"),
    Person("Öztürk", "oe@example.org"),
    Person("", "x@example.com"),
)


class Rendered(NamedTuple):
    """A notice to one person, as text and as HTML."""

    text: str
    html: str


class LocalizedNotice:
    """The notice in one language. Raises `BreachError` at once for templates that cannot be used."""

    def __init__(
        self,
        incident: Incident,
        said: LocalizedTexts,
        words: Words,
        templates: Templates,
        sender: str,
    ) -> None:
        """Read the templates, and try them with people of several kinds of names."""
        self.language = said.language
        self._words, self._templates, self._zone = words, templates, incident.zone
        self._fixed = _fixed(incident, said, words, sender)
        self._dated: tuple[dt.date, Mapping[str, Any], Mapping[str, Any]] | None = None
        self._text, self._html = (templates.chosen(part, self.language) for part in _BODIES)
        self.subject = self._subject()
        self._fixed["subject"] = self.subject
        self._check(incident.discovered.date())

    def rendered(self, person: Person, day: dt.date) -> Rendered:
        """Return the notice to a person, dated on a day."""
        if self._dated is None or self._dated[0] != day:  # on one day they go out, seldom on two
            self._dated = (day, *self._on(day))
        _, text, html = self._dated
        name = Markup("<bdi>{}</bdi>").format(person.name)
        text = {**text, **person._asdict(), **self._greeting(person.name, person.name)}
        html = {**html, **person._asdict(), **self._greeting(person.name, name)}
        return Rendered(
            _lined(self._templates.rendered(self._text, text)),
            _lined(self._templates.rendered(self._html, html)),
        )

    @property
    def digest(self) -> str:
        """The SHA-256 of all that a notice is made of: templates and texts, without date and person."""
        hashed = hashlib.sha256(f"{self.language}\n{self.subject}\n".encode())
        for template in (self._text, self._html):
            hashed.update(f"{self._templates.digest(template)}\n".encode())
        rendered = self.rendered(_TRIED[0], dt.date(2000, 1, 1))
        hashed.update(f"{rendered.text}\n{rendered.html}".encode("utf-8", "replace"))
        return hashed.hexdigest()

    def _subject(self) -> str:
        template = self._templates.chosen("subject.txt", self.language)
        subject = " ".join(self._templates.rendered(template, self._fixed).split())
        if not subject or not subject.isprintable() or len(subject) > _LONGEST_SUBJECT:
            where = self._templates.line_of(template, "")
            raise BreachError(
                f"{where}: expected a subject of 1 to {_LONGEST_SUBJECT} characters, without controls"
            )
        return subject

    def _on(self, day: dt.date) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return what all people get on a day: for text, and for HTML."""
        text = self._fixed | {"date": day}
        if not self._words.exist:
            return text, text
        said, email = self._words.all, str(self._fixed["email"])
        dated = said.dated.format(date=self._words.day(day))
        text["date_lines"] = [*text["date_lines"], dated]
        link = Markup('<a href="mailto:{}"><bdi>{}</bdi></a>').format(quote(email, "@+"), email)
        return (
            text | {"write_to": said.write_to.format(address=email)},
            text | {"write_to": escape(said.write_to).format(address=link)},
        )

    def _greeting(self, name: str, written: str) -> dict[str, str]:
        """Return the greeting; in HTML it is markup, in which a name keeps its direction to itself."""
        if not self._words.exist:
            return {}
        said = self._words.all
        if not name:
            return {"greeting": said.greeting_without_name}
        escaped = escape(said.greeting) if isinstance(written, Markup) else said.greeting
        return {"greeting": escaped.format(name=written)}

    def _check(self, day: dt.date) -> None:
        """Render for several people, and refuse what tells one from the other, or tells on them."""
        tried = [self.rendered(person, day) for person in _TRIED]
        for each in tried:
            for found in loads(each.html):
                where = self._templates.line_of(self._html, found.text)
                raise BreachError(
                    f"{where}: holds {found.what}; a notice loads nothing, and runs nothing"
                )
        for part, chosen in (("text", self._text), ("html", self._html)):
            first, *others = (set(links(getattr(each, part))) for each in tried)
            for other in others:
                if own := sorted(first ^ other):
                    same = commonprefix(own)  # noqa: RUF071 - of addresses, letter by letter
                    where = self._templates.line_of(chosen, same)
                    raise BreachError(
                        f"{where}: a link differs from person to person; expected the same for all, "
                        "so that nobody is followed by it"
                    )


_BODIES: tuple[Part, Part] = ("notice.txt", "notice.html")


def _fixed(incident: Incident, said: LocalizedTexts, words: Words, sender: str) -> dict[str, Any]:
    """Return what is the same for all people who read a language."""
    direction = words.direction if words.exist else direction_of(said.what_happened)
    given = {key: value for key, value in said._asdict().items() if isinstance(value, str)}
    texts = {key: _lined(value).strip() for key, value in given.items()}
    if direction == "rtl":
        texts = {key: _NUMBER.sub(_isolated, value) for key, value in texts.items()}
    fixed: dict[str, Any] = {
        **dict.fromkeys(("occurred", "consequences"), ""),
        **texts,
        "direction": direction,
        "discovered": incident.discovered.date(),
        "email": incident.texts["email"],
        "sender": sender,
        "passwords_leaked": "PASSWORD" in incident.texts["kinds"],
    }
    if words.exist:
        occurred = texts.get("occurred")
        lines = [words.all.occurred.format(date=occurred)] if occurred else []
        found = words.all.discovered.format(date=words.day(incident.discovered.date()))
        named = {
            "words": words.all,
            "date_lines": [*lines, found],
            "kinds": words.kinds(said.kinds),
        }
        fixed |= named
    elif not KINDS.intersection(said.kinds):
        fixed["kinds"] = list(said.kinds)
    return fixed


def _lined(text: str) -> str:
    """Return a text whose lines end alike, whichever ends they had."""
    return "\n".join(text.splitlines())


def _isolated(match: re.Match[str]) -> str:
    """Return a long number between marks that keep it from left to right (UAX #9, X5b)."""
    digits = sum(map(str.isdecimal, match[0]))
    return f"\u2066{match[0]}\u2069" if digits >= 7 else match[0]
