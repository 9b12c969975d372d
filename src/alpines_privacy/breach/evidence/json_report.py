"""The report as JSON: one object, whose last member is the list of people, written one by one."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from alpines_privacy.breach.evidence.facts import Facts
from alpines_privacy.breach.evidence.people import Event, Person
from alpines_privacy.breach.evidence.withheld import status_of
from alpines_privacy.breach.incidents import Entry, millis
from alpines_privacy.breach.ledger import RETRIED

__all__ = ["json_report"]

VERSION = 1


def json_report(facts: Facts, people: Iterable[Person], *, with_addresses: bool) -> Iterator[str]:
    """Yield the parts of the report; its shape is in docs/breach.md and changes only with `version`."""
    head = _head(facts, with_addresses=with_addresses)
    yield json.dumps(head, indent=1)[:-2] + ',\n "people": ['
    separator = "\n"
    for person in people:
        yield separator + json.dumps(_person(person, with_addresses=with_addresses))
        separator = ",\n"
    yield "\n ]\n}\n"


def _head(facts: Facts, *, with_addresses: bool) -> dict[str, Any]:
    return {
        "version": VERSION,
        "made": facts.made.isoformat(timespec="milliseconds"),
        "with_addresses": with_addresses,
        "incident": _incident(facts),
        "deadline": _deadline(facts),
        "states": facts.states._asdict(),
        "another_way": dict(facts.reasons),
        "messages": facts.messages._asdict() | {"unanswered": facts.messages.unanswered},
        "history_is_intact": facts.is_intact,
        "history": [_entry(entry) for entry in facts.entries],
        "notices": [{"at": _time(each.at), "sha256": each.sha256} for each in facts.notices],
        "lists": [
            each._asdict() | {"started": _time(each.started), "finished": _time(each.finished)}
            for each in facts.lists
        ],
        "recipients_sha256": facts.recipients_sha256,
        "reconciliation": [each._asdict() | {"adds_up": each.adds_up} for each in facts.sums],
    }


def _incident(facts: Facts) -> dict[str, Any]:
    incident = facts.incident
    return {
        "name": incident.name,
        "opened": _time(incident.opened),
        "discovered": _time(incident.discovered),
        "confirmed": incident.texts.get("confirmed"),
        "zone": str(incident.zone),
        "deadline": _time(incident.deadline),
        "calendar": incident.calendar,
        "message_ids": incident.message_id("KEY"),
        "texts": dict(incident.texts),
    }


def _deadline(facts: Facts) -> dict[str, Any]:
    told = facts.told
    return {
        "verdict": facts.verdict,
        "told": told.people,
        "first_acceptance": _time(told.first),
        "last_acceptance": _time(told.last),
        "told_late": told.late,
        "accepted_twice": told.twice,
        "remaining": facts.states.remaining,
        "another_way": facts.another_way,
    }


def _entry(entry: Entry) -> dict[str, Any]:
    return {
        "number": entry.number,
        "at": _time(entry.at),
        "at_ms": millis(entry.at),
        "what": entry.what,
        "body": entry.body,
        "digest": entry.digest,
        "is_intact": entry.is_intact,
    }


def _person(person: Person, *, with_addresses: bool) -> dict[str, Any]:
    data: dict[str, Any] = {
        "key": person.key,
        "message_id": person.message_id,
        "state": person.state,
        "reason": person.reason,
        "language": person.language,
    }
    if with_addresses:
        data["address"] = person.address
    events = [_event(event, with_addresses=with_addresses) for event in person.events]
    return data | {"evidence": events}


def _event(event: Event, *, with_addresses: bool) -> dict[str, Any]:
    data = event._asdict() | {"at": _time(event.at), "status": status_of(event.reply)}
    if not with_addresses and event.what != RETRIED:
        del data["reply"]
    return {name: value for name, value in data.items() if value not in (None, "")}


def _time(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="milliseconds") if moment else None
