"""All notices of an incident: who gets which language, and the message that carries it to them.

The message is put together by hand rather than by `email.message`: that takes ten times as long,
and writes the same names differently from one version of Python to the next.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Callable
from datetime import datetime
from email.utils import format_datetime

from alpines_privacy.breach.addresses import Address, read_address
from alpines_privacy.breach.errors import BreachError
from alpines_privacy.breach.incident import Incident
from alpines_privacy.breach.ledger import Claim
from alpines_privacy.breach.notice.content import (
    CONTENT_TYPE,
    Encoding,
    alternatives,
    encoding_of,
)
from alpines_privacy.breach.notice.header_text import field, mailbox, name_of, unstructured
from alpines_privacy.breach.notice.letter import Letter
from alpines_privacy.breach.notice.localized_notice import LocalizedNotice, Person, Rendered
from alpines_privacy.breach.notice.templates import Templates
from alpines_privacy.breach.notice.words import Words
from alpines_privacy.breach.translations import texts_by_language
from alpines_privacy.policy.breach import Breach
from alpines_privacy.policy.errors import PolicyError
from alpines_privacy.policy.language_tag import looked_up

__all__ = ["INVENTED", "Notices"]

INVENTED = Person("Ayesha Khan", "ayesha.khan@example.net")
"""The person whom a preview is for."""


class Notices:
    """The notices of an incident, composed for one person after the other.

    Everything that can be wrong with templates, catalogues and keys is told when it is made, before
    anything is sent: `BreachError` with the file and the line.
    """

    def __init__(
        self,
        incident: Incident,
        settings: Breach | None = None,
        *,
        templates: str | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Read the settings; `templates` is a folder instead of theirs, `clock` gives seconds since 1970."""
        self._incident, self._clock = incident, clock
        self.email = _sender_of(incident).written
        self._bounces = settings.bounces if settings and settings.bounces else self.email
        self.sender = name_of(incident.texts.get("sender") or (settings and settings.sender) or "")
        self._from = field("From", mailbox(self.sender, self.email))
        folder = templates or (settings.templates if settings else None)
        try:
            self._by_language = _localized_notices(incident, folder, self.sender)
        except PolicyError as error:
            raise BreachError(str(error)) from None
        self.languages = tuple(self._by_language)
        """The languages that notices are in, the incident's own first."""
        self._known = {tag.lower(): tag for tag in self.languages}
        self._shapes = {tag: _Shape(each) for tag, each in self._by_language.items()}
        self._signer = None
        if settings and settings.dkim:
            from alpines_privacy.breach.notice.signing import Signer  # noqa: PLC0415 - brings OpenSSL

            self._signer = Signer(settings.dkim)

    @property
    def digest(self) -> str:
        """The SHA-256 of all templates and texts: what people are told, without their names."""
        digests = (f"{tag}\n{each.digest}\n" for tag, each in sorted(self._by_language.items()))
        return hashlib.sha256("".join(digests).encode()).hexdigest()

    def language_for(self, wanted: str | None) -> str:
        """Return the language of the notice to somebody who wants one (RFC 4647 §3.4), else the incident's."""
        return (looked_up(wanted.lower(), self._known) if wanted else None) or self.languages[0]

    def subject(self, language: str) -> str:
        """Return the subject in one of `languages`."""
        return self._by_language[language].subject

    def rendered(self, person: Person, language: str) -> Rendered:
        """Return text and HTML for a person in one of `languages`, dated today."""
        return self._by_language[language].rendered(person, self._now().date())

    def letter(self, claim: Claim) -> Letter:
        """Return the message to a person; its Message-ID is the same each time.

        Raises `BreachError`, which says nothing about the person, where none can be made for them.
        """
        language = self.language_for(claim.language)
        return self._letter(claim.address, claim.name, language, claim.key)

    def test_letter(self, address: str, language: str | None = None) -> Letter:
        """Return the message as people get it, to an address of the operator's; each has its own Message-ID."""
        chosen = self.language_for(language)
        return self._letter(address, INVENTED.name, chosen, f"test-{secrets.token_hex(8)}")

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock(), self._incident.zone)

    def _letter(self, address: str, name: str | None, language: str, key: str) -> Letter:
        to = read_address(address)
        if to is None:
            raise BreachError("the address is none that a message can be sent to")
        person, now = Person(name_of(name or ""), to.written), self._now()
        shape = self._shapes[language]
        rendered = self._by_language[language].rendered(person, now.date())
        head = "\r\n".join(
            (
                self._from,
                field("To", mailbox(person.name, person.address)),
                shape.subject,
                f"Date: {format_datetime(now.replace(microsecond=0))}",
                f"Message-ID: {self._incident.message_id(key)}",
                shape.rest,
            )
        ).encode()
        body = alternatives(rendered.text, rendered.html, shape.encodings)
        signature = self._signer.signature(head, body) if self._signer else b""
        content = b"%b%b\r\n%b" % (signature, head, body)
        is_international = not (to.written.isascii() and self.email.isascii())
        return Letter(self._bounces.replace("{key}", key), to.written, content, is_international)


class _Shape:
    """What the messages of a language have in common."""

    def __init__(self, notice: LocalizedNotice) -> None:
        rendered = notice.rendered(INVENTED, datetime.fromtimestamp(0).astimezone().date())
        self.encodings: tuple[Encoding, Encoding] = (
            encoding_of(rendered.text),
            encoding_of(rendered.html),
        )
        self.subject = field("Subject", unstructured(notice.subject))
        self.rest = (
            "Auto-Submitted: auto-generated\r\n"  # RFC 3834 §5: no answer of a machine is wanted
            f"Content-Language: {notice.language}\r\n"
            "MIME-Version: 1.0\r\n"
            f"Content-Type: {CONTENT_TYPE}\r\n"
        )


def _sender_of(incident: Incident) -> Address:
    sender = read_address(incident.texts["email"])
    if sender is None:
        raise BreachError("email: is no mail address; expected one that notices come from")
    return sender


def _localized_notices(
    incident: Incident, folder: str | None, sender: str
) -> dict[str, LocalizedNotice]:
    """Return the notice in each language with all texts, and headings of a catalogue or of templates."""
    said = texts_by_language(incident.texts)
    own = next(iter(said))
    templates = Templates(folder, own)
    words = {tag: Words(tag, templates.folder) for tag in said}
    headed = [tag for tag in said if words[tag].exist or templates.is_whole(tag)]
    if own not in headed:
        raise BreachError(
            f'language: there are no headings in "{own}"; expected notice.{own}.txt, notice.{own}.html and '
            f"subject.{own}.txt among the templates, or a catalogue"
        )
    return {
        tag: LocalizedNotice(incident, said[tag], words[tag], templates, sender) for tag in headed
    }
