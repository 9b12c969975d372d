"""The part of an amendment that differs from what the incident says already."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from alpines_privacy.breach.errors import BreachError
from alpines_privacy.breach.incident import Incident, plain
from alpines_privacy.breach.local_time import read_time

__all__ = ["what_differs"]


def what_differs(incident: Incident, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the given keys whose values differ; of translations only the texts that differ.

    So an incident's whole file can be read again, with what never changes in it.
    """
    found = {
        key: value for key, value in plain(given).items() if not _is_said(incident, key, value)
    }
    tables, known = found.get("translations"), incident.texts.get("translations", {})
    if isinstance(tables, Mapping):
        new = {tag: _new_texts(table, known.get(tag)) for tag, table in tables.items()}
        found["translations"] = {tag: table for tag, table in new.items() if table is not None}
        if not found["translations"]:
            del found["translations"]
    return found


def _is_said(incident: Incident, key: str, value: Any) -> bool:
    if key in {"discovered", "confirmed"}:
        return _is_time(incident, key, value)
    if key == "zone":
        return bool(value == str(incident.zone))
    return bool(value == (incident.name if key == "name" else incident.texts.get(key)))


def _is_time(incident: Incident, key: str, value: Any) -> bool:
    """Whether a time is the one that was said, however it is written."""
    known = incident.texts.get(key)
    try:
        times = [] if known is None else [read_time(each, incident.zone) for each in (value, known)]
        return len({each.timestamp() for each in times}) == 1
    except (AttributeError, BreachError):
        return False


def _new_texts(table: Any, known: Any) -> Any:
    """Return the texts of a translation that are new; None if none is, an empty table to take it back."""
    if not isinstance(table, Mapping) or not isinstance(known, Mapping):
        return None if table == {} else table
    if not table:
        return {}
    return {key: value for key, value in table.items() if known.get(key) != value} or None
