"""What a report says of a person's address, and of texts that may hold one."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from alpines_privacy.breach import addresses
from alpines_privacy.breach.evidence.facts import Facts

__all__ = ["status_of", "withheld", "without_addresses"]

_STATUS = re.compile(r"\s*([245]\.\d{1,3}\.\d{1,3})(?![\d.])")


def status_of(reply: str) -> str | None:
    """Return the enhanced status code (RFC 3463) that a reply begins with, after its first code."""
    found = _STATUS.match(re.sub(r"^\s*[245]\d\d[ -]", "", reply))
    return found[1] if found else None


def withheld(facts: Facts) -> Facts:
    """Return the facts without addresses in the operator's texts, the history and names of lists."""
    texts = without_addresses(facts.incident.texts)
    bodies = [entry._replace(body=without_addresses(entry.body)) for entry in facts.entries]
    lists = [each._replace(name=without_addresses(each.name)) for each in facts.lists]
    return facts._replace(
        incident=facts.incident._replace(texts=texts), entries=bodies, lists=lists
    )


def without_addresses(value: Any) -> Any:
    """Return plain data with `[address]` for each mail address in its texts."""
    if isinstance(value, str):
        return addresses.without_addresses(value)
    if isinstance(value, Mapping):
        return {key: without_addresses(each) for key, each in value.items()}
    if isinstance(value, Sequence):
        return [without_addresses(each) for each in value]
    return value
