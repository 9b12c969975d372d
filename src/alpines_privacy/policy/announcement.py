"""The public notice file: what the site's pages say of a data breach, and until when (Cal. Civ. Code §1798.82(j)(3)).

`alpines-privacy breach announce` writes the file, and the layer around the app reads it. It holds texts that
everybody may read, and nothing of the ledger: the app needs neither its database nor its packages. So the
file's format lies here, below both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from alpines_privacy.atomic_file import Replacement
from alpines_privacy.policy.bounds import read_regular
from alpines_privacy.policy.catalogue import direction_of
from alpines_privacy.policy.errors import PolicyError
from alpines_privacy.policy.language_tag import LANGUAGE_TAG, looked_up
from alpines_privacy.policy.part import Part

__all__ = ["Announcement", "Announcements", "Passage", "Wording", "read_announcements"]

LARGEST = 1 << 20  # bytes of a file; a notice in ten languages is fifty thousand
_READABLE_BY_ALL = 0o644

_Line = Annotated[str, Meta(min_length=1, max_length=300)]
_Text = Annotated[str, Meta(min_length=1, max_length=20_000)]
_Name = Annotated[str, Meta(min_length=1, max_length=60)]
_LONGEST_TAG = 64


class Passage(Part, frozen=True, kw_only=True):
    """A heading of the whole notice, and the text below it; a blank line divides paragraphs."""

    heading: _Line
    text: _Text


class Wording(Part, frozen=True, kw_only=True):
    """A notice in one language: its title, what the banner says, the words of the link to the whole, and the whole.

    `dated` says the day of the notice in words; without it the page has the day as ISO 8601 writes it.
    """

    title: _Line
    summary: _Text
    link: _Line
    passages: Sequence[Passage]
    dated: Annotated[str, Meta(max_length=300)] = ""

    def check(self) -> None:
        """Check that what is read out and followed has words."""
        for key in ("title", "summary", "link"):
            if not getattr(self, key).strip():
                raise PolicyError("is blank; expected words", key=key)
        if not self.passages:
            raise PolicyError("is empty; expected at least one", key="passages")

    @property
    def direction(self) -> str:
        """Whether its letters run "ltr" or "rtl", by those of the title."""
        return direction_of(self.title)


class Announcement(Part, frozen=True, kw_only=True):
    """One incident's notice: when it was first shown, until when it is, and its wording by language tag.

    `language` is the one for pages and visitors whose own language has no wording.
    """

    incident: _Name
    since: datetime
    until: datetime
    language: str
    wordings: Annotated[Mapping[str, Wording], Meta(min_length=1, max_length=200)]

    def check(self) -> None:
        """Check that times have an offset, and that all languages are tags."""
        for key in ("since", "until"):
            if getattr(self, key).tzinfo is None:
                raise PolicyError("has no offset from UTC; expected 2026-12-28T23:59:59Z", key=key)
        for tag in self.wordings:
            if not LANGUAGE_TAG.fullmatch(tag):
                raise PolicyError(
                    f"{tag[:60]!r} is no language tag; expected one such as en or pt-BR",
                    key="wordings",
                )
        if self.language not in self.wordings:
            raise PolicyError(
                f"{self.language[:60]!r} has no wording; expected one of {', '.join(self.wordings)[:200]}",
                key="language",
            )

    def wording(self, *tags: str) -> tuple[str, Wording]:
        """Return the wording for the first of the language tags that has one (RFC 4647 §3.4)."""
        known = {tag.lower(): tag for tag in self.wordings}
        for asked in tags:
            if tag := looked_up(asked[:_LONGEST_TAG].strip().lower(), known):
                return tag, self.wordings[tag]
        return self.language, self.wordings[self.language]


class Announcements(Part, frozen=True, kw_only=True):
    """All that a public notice file says: an announcement for each incident, the latest first."""

    notices: Sequence[Announcement] = ()

    def at(self, moment: datetime) -> tuple[Announcement, ...]:
        """Return those that are shown at a moment."""
        return tuple(notice for notice in self.notices if moment < notice.until)

    def named(self, incident: str) -> Announcement | None:
        """Return an incident's announcement."""
        return next((notice for notice in self.notices if notice.incident == incident), None)

    def without(self, incident: str) -> Announcements:
        """Return the others that are still shown."""
        others = [notice for notice in self.at(datetime.now(UTC)) if notice.incident != incident]
        return Announcements(notices=others)

    def with_first(self, notice: Announcement) -> Announcements:
        """Return these with a notice, in the place of an earlier one of the same incident."""
        return Announcements(notices=[notice, *self.without(notice.incident).notices])

    def write(self, path: str) -> None:
        """Write the file in one step, readable by all: who reads it sees the old one or this; raises OSError."""
        data = msgspec.json.format(msgspec.json.encode(self), indent=2) + b"\n"
        with Replacement(Path(path).resolve()) as new:  # a link to a file stays one
            new.write(data)
            new.commit(mode=_READABLE_BY_ALL)  # not a secret; the app may be another user's


def read_announcements(path: str) -> Announcements:
    """Read a public notice file without ever waiting for a pipe.

    Raises `PolicyError` for one that cannot be used, OSError for one that cannot be read.
    """
    data = read_regular(path, LARGEST)
    try:
        return msgspec.json.decode(data, type=Announcements)
    except PolicyError as error:
        raise error.at(source=path) from None
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise PolicyError(
            f"is no notice file ({str(error)[:200]}); expected what `alpines-privacy breach announce` writes",
            source=path,
        ) from None
