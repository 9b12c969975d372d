"""The report as one HTML file: no script, nothing loaded, readable on paper and in the dark.

People are in closed groups, by their keys, so that a browser lays out only what is opened. A page
has so many that a browser can open it; the report as JSON has everybody.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from importlib.resources import files
from itertools import islice
from typing import Any, NamedTuple

from jinja2 import Environment, StrictUndefined, Template

from alpines_privacy.breach.evidence.facts import Facts
from alpines_privacy.breach.evidence.people import Event, Person
from alpines_privacy.breach.evidence.withheld import status_of
from alpines_privacy.breach.incidents import Entry
from alpines_privacy.breach.ledger import RETRIED, people
from alpines_privacy.breach.reasons import reason_text

__all__ = ["html_report"]

_GROUP = 500  # people of one closed group
_ANSWERS = {"accepted", "deferred", "failed"}
_MOST = 100_000  # people of a section: with more, browsers need minutes to open the page


class _Group(NamedTuple):
    people: Sequence[Person]
    is_only: bool


def html_report(
    facts: Facts,
    another_way: Iterable[Person],
    others: Iterable[Person],
    *,
    with_addresses: bool,
) -> Iterator[str]:
    """Yield the parts of the page; those to be told another way come first."""
    unreached, reached = facts.another_way, facts.states.total - facts.another_way
    confirmed = facts.incident.texts.get("confirmed")
    return _template().generate(
        facts=facts,
        incident=facts.incident,
        zone=facts.incident.zone,
        confirmed=datetime.fromisoformat(confirmed) if confirmed else None,
        with_addresses=with_addresses,
        sections=[
            ("another-way", _groups(islice(another_way, _MOST)), max(0, unreached - _MOST)),
            ("others", _groups(islice(others, _MOST)), max(0, reached - _MOST)),
        ],
    )


def _template() -> Template:
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {
        "number": _number,
        "people": people,
        "moment": _moment,
        "lines": _lines,
        "said": _said,
        "attempts": _attempts,
        "between": _between,
        "words": _words,
        "shown": _shown,
        "reason": reason_text,
    }
    return environment.from_string(files(__package__).joinpath("report.html").read_text("utf-8"))


def _groups(people: Iterable[Person]) -> Iterator[_Group]:
    """Yield groups of people; the first knows whether it is the only one."""
    ahead = iter(people)
    group = list(islice(ahead, _GROUP))
    is_first = True
    while group:
        following = list(islice(ahead, _GROUP))
        yield _Group(group, is_first and not following)
        group, is_first = following, False


def _number(value: int) -> str:
    return f"{value:,}"


def _moment(value: datetime | None, zone: Any) -> str:
    """Write a moment on the clocks of a zone: `2026-11-30 23:59:59 PKT`."""
    return value.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S %Z") if value else "not yet"


def _between(earlier: datetime, later: datetime) -> str:
    """Write how much time lies between two moments."""
    minutes = int(abs((later - earlier).total_seconds()) // 60)
    days, rest = divmod(minutes, 24 * 60)
    words = [f"{days} day{'' if days == 1 else 's'}"] if days else []
    return " ".join([*words, f"{rest // 60} h {rest % 60} min"])


def _words(name: str) -> str:
    return name.replace("_", " ").replace("-", " ")


def _said(entry: Entry) -> list[tuple[str, str]]:
    """Return what an entry says as pairs of a name and a text."""
    said = {key: value for key, value in entry.body.items() if value not in (None, "")}
    return [(_words(key), _plain(value)) for key, value in said.items()]


def _plain(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(_plain, value))
    if isinstance(value, Mapping):
        return ", ".join(f"{_words(str(key))} {_plain(each)}" for key, each in value.items())
    return f"{value:,}" if type(value) is int else str(value)


def _lines(text: str) -> list[str]:
    return text.splitlines()


def _attempts(person: Person, zone: Any, *, with_addresses: bool) -> list[str]:
    """Return a line for each answer, and for each attempt whose answer was not written."""
    answered = {event.attempt for event in person.events if event.what in _ANSWERS}
    return [
        f"{_moment(event.at, zone)} {_answer(event, with_addresses=with_addresses)}"
        for event in person.events
        if event.what != "began" or event.attempt not in answered
    ]


def _answer(event: Event, *, with_addresses: bool) -> str:
    if event.what == RETRIED:
        return f"put back, to be told by mail after all: {reason_text(event.reply)}"
    what = "sent, no answer known" if event.what == "began" else event.what
    code = "" if event.code is None else str(event.code)
    reply = event.reply if with_addresses else status_of(event.reply) or ""
    said = reply if code and reply.startswith(code) else " ".join(filter(None, (code, reply)))
    return f"{what}, attempt {event.attempt}" + (f": {_shown(said)}" if said else "")


def _shown(text: str) -> str:
    """Replace controls and marks of direction, by which a server could disguise what it said."""
    return "".join(each if each.isprintable() else " " for each in text)
