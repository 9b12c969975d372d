"""What an incident says on the site's own pages: the public notice file, made of its texts in all its languages.

The app's layer reads the file (`policy/announcement.py` holds its format); the ledger stays closed to it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime
from pathlib import Path

import msgspec
from sqlalchemy import Connection, func, select

from alpines_privacy.breach.database import Database
from alpines_privacy.breach.errors import BreachError
from alpines_privacy.breach.incident import Incident
from alpines_privacy.breach.incidents import append_entry
from alpines_privacy.breach.local_time import end_of_day
from alpines_privacy.breach.notice.words import Words
from alpines_privacy.breach.translations import LocalizedTexts, texts_by_language
from alpines_privacy.policy import PolicyError
from alpines_privacy.policy.announcement import (
    Announcement,
    Announcements,
    Passage,
    Wording,
    read_announcements,
)
from alpines_privacy.policy.breach import Breach

__all__ = ["ANNOUNCED", "ENDED", "SHORTEST", "announce", "end_announcement"]

ANNOUNCED, ENDED = "announced", "announcement ended"
"""Entries of an incident's history."""
SHORTEST = 30  # days: Cal. Civ. Code §1798.82(j)(3)(B)
_LOCK = select(func.pg_advisory_xact_lock(0x616C71))  # PostgreSQL's, while the file is written
_LONGEST_SUMMARY = 400  # characters


def announce(
    database: Database,
    incident: Incident,
    settings: Breach | None,
    *,
    until: date | None = None,
    text: str | None = None,
) -> Announcement:
    """Show an incident's notice on the site's pages, to the end of a day; its texts are as they are now.

    Without `until` it is shown for 30 days more. `text` is what the banner says in the incident's own
    language, in place of the first paragraph of what happened. Raises `BreachError` for a day that is over
    and for a file that cannot be written, and changes nothing.
    """
    path = _path(settings)
    now = datetime.now(UTC).astimezone(incident.zone)
    end = _end(incident, until, now)
    with _alone(database) as connection:
        before = _announced(path)
        earlier = before.named(incident.name)
        since = earlier.since if earlier and earlier.until > now else now.replace(microsecond=0)
        wordings = _wordings(incident, settings, text, since.date())
        try:
            notice = Announcement(
                incident=incident.name,
                since=since,
                until=end,
                language=next(iter(wordings)),
                wordings=wordings,
            )
        except PolicyError as error:
            raise BreachError(str(error)) from None
        body = {
            "until": end.isoformat(),
            "languages": list(wordings),
            "digest": hashlib.sha256(msgspec.json.encode(notice)).hexdigest(),
        }
        append_entry(connection, incident.id, ANNOUNCED, body)
        _write(before.with_first(notice), path)
    return notice


def end_announcement(database: Database, incident: Incident, settings: Breach | None) -> None:
    """Take an incident's notice from the site's pages; raises `BreachError` if it is not there."""
    path = _path(settings)
    with _alone(database) as connection:
        before = _announced(path)
        if before.named(incident.name) is None:
            raise BreachError(f"{incident.name} is not announced; nothing is to be ended")
        append_entry(connection, incident.id, ENDED, {})
        _write(before.without(incident.name), path)


@contextmanager
def _alone(database: Database) -> Iterator[Connection]:
    """Begin a transaction in which nobody else writes the file, about another incident either."""
    with database.write() as connection:
        if not database.is_sqlite:  # SQLite has one writer
            connection.execute(_LOCK)
        yield connection


def _path(settings: Breach | None) -> str:
    if settings is None or settings.announcement is None:
        raise BreachError(
            "there is no file to announce in; expected announcement under [breach] in the policy of the site"
        )
    return settings.announcement


def _end(incident: Incident, until: date | None, now: datetime) -> datetime:
    if until is None:
        return end_of_day(now, SHORTEST, incident.zone)
    end = end_of_day(
        datetime(until.year, until.month, until.day, 12, tzinfo=incident.zone), 0, incident.zone
    )
    if end <= now:
        raise BreachError(f"until: {until} is over; expected a day to come")
    return end


def _announced(path: str) -> Announcements:
    """Return what the file says; a file that cannot be used announces nothing, and is written anew."""
    with suppress(PolicyError, OSError):
        return read_announcements(path)
    return Announcements()


def _write(announcements: Announcements, path: str) -> None:
    """Write the file, last in a transaction: a file that cannot be written undoes the entry."""
    try:
        announcements.write(path)
    except OSError as error:
        raise BreachError(
            f"{Path(path)} cannot be written: {error.strerror}; expected a folder that is there and yours"
        ) from None


def _wordings(
    incident: Incident, settings: Breach | None, text: str | None, day: date
) -> dict[str, Wording]:
    """Return the notice in each language that the incident is told in, its own first."""
    folder = Path(settings.templates) if settings and settings.templates else None
    said = texts_by_language(incident.texts)
    own = next(iter(said))
    try:
        words = {tag: Words(tag, folder) for tag in said}
        return {
            tag: _wording(incident, each, words[tag], text if tag == own else None, day)
            for tag, each in said.items()
            if words[tag].exist
            or tag == own  # without headings of its own, the own has English ones
        }
    except PolicyError as error:
        raise BreachError(str(error)) from None


def _wording(
    incident: Incident, said: LocalizedTexts, words: Words, text: str | None, day: date
) -> Wording:
    headings = words.all
    found = headings.discovered.format(date=words.day(incident.discovered.date()))
    occurred = headings.occurred.format(date=said.occurred) if said.occurred else ""
    kinds = "\n".join(f"• {kind}" for kind in words.kinds(said.kinds))
    advice = headings.change_passwords if "PASSWORD" in incident.texts["kinds"] else ""
    write_to = headings.write_to.format(address=incident.texts["email"])
    passages = (
        (headings.what_happened, _joined(said.what_happened, f"{occurred}\n{found}")),
        (headings.what_information, _joined(headings.kinds, kinds)),
        (headings.consequences, said.consequences),
        (headings.what_we_do, said.what_we_do),
        (headings.what_you_can_do, _joined(advice, said.what_you_can_do)),
        (headings.more, f"{said.contact}\n{write_to}"),
    )
    return Wording(
        title=headings.title,
        summary=_summary(said.what_happened) if text is None else text,
        link=headings.more,
        passages=[
            Passage(heading=heading, text=written) for heading, written in passages if written
        ],
        dated=headings.dated.format(date=words.day(day)),
    )


def _joined(*paragraphs: str) -> str:
    return "\n\n".join(part.strip() for part in paragraphs if part.strip())


def _summary(text: str) -> str:
    """Return what the banner says: the first paragraph of a text, cut after a word if it is long."""
    first = next(part.strip() for part in text.split("\n\n") if part.strip())
    if len(first) <= _LONGEST_SUMMARY:
        return first
    return f"{first[:_LONGEST_SUMMARY].rsplit(None, 1)[0]} …"
