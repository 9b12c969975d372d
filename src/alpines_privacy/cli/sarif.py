"""SARIF 2.1.0 (OASIS) on standard output: one run, as code scanning takes it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from alpines_privacy import __version__
from alpines_privacy.cli.output import Entries, printable, uri

__all__ = ["SARIFLog", "location", "notification"]

_OF_ADDRESSES = "%:/?#[]@!$&'()*+,;=~"  # characters that RFC 3986 gives a meaning


class SARIFLog:
    """A log with the results of one run, written one by one; `rules` are its `reportingDescriptor`s (§3.49)."""

    def __init__(self, rules: Sequence[Mapping[str, Any]], limit: int | None = None) -> None:
        driver = {"name": "alpines-privacy", "version": __version__, "rules": rules}
        begin = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints"}
        self._index = {rule["id"]: index for index, rule in enumerate(rules)}
        self._entries = Entries(
            '{"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", '
            f'"runs": [{json.dumps(begin)[:-1]}, "results": [',
            limit,
            "]}",
        )

    def add(
        self,
        rule: str,
        message: str,
        name: str,
        region: Mapping[str, int],
        **more: Any,
    ) -> None:
        """Write a result in a file; `more` are further members of it (§3.27)."""
        where = {"artifactLocation": location(name), "region": region}
        self._entries.add(
            {
                "ruleId": rule,
                "ruleIndex": self._index[rule],
                "level": "error",
                "message": {"text": _plain(message)},
                "locations": [{"physicalLocation": where}],
                **more,
            }
        )

    def end(self, notifications: Sequence[Mapping[str, Any]], *, successful: bool) -> None:
        """Write the invocation, with what there is to tell beside the results."""
        told = [*notifications]
        if rest := self._entries.omitted:
            told.append({"level": "note", "message": {"text": f"{rest:,} more results left out"}})
        invocation = {"executionSuccessful": successful, "toolExecutionNotifications": told}
        self._entries.close({"invocations": [invocation]})


def _plain(text: str) -> str:
    """Return a text without links: in a message `[text](address)` is one (§3.11.6)."""
    return text.replace("](", "] (")


def location(name: str) -> dict[str, str]:
    """Return where a file is (§3.4): relative to the root of the sources, if its name is; of an address, itself."""
    if "://" in name:
        return {"uri": quote(name, safe=_OF_ADDRESSES)}
    if PurePath(name).is_absolute():
        return {"uri": uri(name)}
    return {"uri": uri(name), "uriBaseId": "%SRCROOT%"}


def notification(level: str, name: str, text: str) -> dict[str, Any]:
    """Return a notification about a file (§3.58)."""
    where = [{"physicalLocation": {"artifactLocation": location(name)}}]
    return {"level": level, "message": {"text": _plain(printable(text))}, "locations": where}
