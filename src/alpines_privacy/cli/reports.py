"""The reports of `redact --check` on standard output: places and kinds of values, never a value.

The length of a value is not shown either: a region of SARIF covers its first character only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import NamedTuple, Protocol

import click

from alpines_privacy.cli.output import Entries, Limit, inert, printable, uri, utf8
from alpines_privacy.cli.sarif import SARIFLog, notification
from alpines_privacy.redaction.archives.blocks import Place

__all__ = [
    "FORMATS",
    "KIND_NAMES",
    "SCREEN",
    "Gone",
    "Outcome",
    "Report",
    "inert",
    "printable",
    "uri",
]

SCREEN = 20  # places that `text` names; a terminal has 24 lines
_SHOWN_BY_GITHUB = 10  # annotations of each level in one step; it drops the others

# A description of each kind.
KIND_NAMES = {
    "NAME": "Name of a person",
    "EMAIL": "E-mail address",
    "ADDRESS": "Postal address",
    "PHONE": "Telephone number",
    "CNIC": "CNIC (Pakistani identity card number)",
    "NTN": "NTN (Pakistani tax number)",
    "USERNAME": "User name",
    "PASSWORD": "Password",
    "SECRET": "Token, key, session or other credential",
    "IP": "IP address",
    "USER_AGENT": "User-Agent",
    "CARD": "Payment card number",
    "CVV": "Security code of a payment card",
    "IBAN": "IBAN (bank account number)",
    "SSN": "SSN (United States social security number)",
    "PASSPORT": "Passport number",
    "BIRTH_DATE": "Date of birth",
    "MAC": "MAC address",
    "COORDINATES": "Geographic coordinates",
}


class Gone(NamedTuple):
    """The number of values of a kind in a baseline that are no longer in a file."""

    file: str
    kind: str
    values: int


class Outcome(NamedTuple):
    """The outcome after all files: files that could not be read, and gone findings of the baseline."""

    files: int
    failures: Sequence[tuple[str, str]]  # name, reason
    gone: Sequence[Gone]


class Report(Protocol):
    """A report: takes each finding, and the outcome at the end."""

    def found(self, name: str, place: Place) -> None:
        """Take a finding in a file."""

    def end(self, outcome: Outcome) -> None:
        """Take the outcome."""


class TextReport:
    """`FILE:LINE:COLUMN: KIND` lines, one screen at most, and the number of further ones."""

    def __init__(self, limit: int | None) -> None:
        self._limit = Limit(SCREEN if limit is None else limit)

    def found(self, name: str, place: Place) -> None:
        """Write a line, up to the limit."""
        if self._limit.admits():
            click.echo(f"{printable(name)}:{place.line}:{place.column}: {place.kind}")

    def end(self, outcome: Outcome) -> None:
        """Write the number of findings left out."""
        del outcome
        if rest := self._limit.omitted:
            click.echo(f"and {rest:,} more; --limit 0 names all of them")


class GitHubReport:
    """Workflow commands, which GitHub shows at the lines of a pull request.

    https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
    """

    def __init__(self, limit: int | None) -> None:
        self._limit = Limit(_SHOWN_BY_GITHUB if limit is None else limit)

    def found(self, name: str, place: Place) -> None:
        """Write an annotation, up to the number that GitHub shows."""
        if self._limit.admits():
            what = {"file": PurePath(name).as_posix(), "line": place.line, "col": place.column}
            self._write("error", what, f"{KIND_NAMES[place.kind]} ({place.kind})")

    def end(self, outcome: Outcome) -> None:
        """Write failures, gone findings, and the number of findings left out."""
        for name, reason in outcome.failures:
            self._write("error", {"file": PurePath(name).as_posix()}, reason)
        for gone in outcome.gone:
            file = PurePath(gone.file).as_posix()
            self._write("notice", {"file": file}, f"gone from the baseline: {_counted(gone)}")
        if rest := self._limit.omitted:
            self._write("notice", {}, f"{rest:,} more places with personal data are not shown")

    @staticmethod
    def _write(level: str, properties: Mapping[str, object], message: str) -> None:
        pairs = {**properties, "title": "Personal data"}
        written = ",".join(f"{key}={_property(str(value))}" for key, value in pairs.items())
        click.echo(f"::{level} {written}::{_data(message)}")


class JSONReport:
    """One object; its shape is in docs/archives.md and changes only with `version`."""

    def __init__(self, limit: int | None) -> None:
        self._entries = Entries('{"version": 1, "findings": [', limit)

    def found(self, name: str, place: Place) -> None:
        """Write a finding."""
        self._entries.add({"file": utf8(name), **place._asdict()})

    def end(self, outcome: Outcome) -> None:
        """Write the outcome."""
        errors = [{"file": utf8(name), "message": why} for name, why in outcome.failures]
        self._entries.close(
            {
                "omitted": self._entries.omitted,
                "gone": [
                    {"file": utf8(gone.file), "kind": gone.kind, "count": gone.values}
                    for gone in outcome.gone
                ],
                "errors": errors,
                "files": outcome.files,
            }
        )


class SARIFReport:
    """SARIF 2.1.0, with the kinds as rules."""

    def __init__(self, limit: int | None) -> None:
        self._log = SARIFLog(_RULES, limit)

    def found(self, name: str, place: Place) -> None:
        """Write a result."""
        region = {"startLine": place.line, "startColumn": place.column}
        region |= {"endLine": place.line, "endColumn": place.column + 1}
        message = f"{KIND_NAMES[place.kind]} ({place.kind})"
        prints = {"context/v1": place.context}
        self._log.add(place.kind, message, name, region, partialFingerprints=prints)

    def end(self, outcome: Outcome) -> None:
        """Write the invocation: failures, and gone findings."""
        notifications = [notification("error", name, why) for name, why in outcome.failures]
        notifications += [
            notification("note", gone.file, f"gone from the baseline: {_counted(gone)}")
            for gone in outcome.gone
        ]
        self._log.end(notifications, successful=not outcome.failures)


FORMATS: dict[str, type[TextReport | JSONReport | SARIFReport | GitHubReport]] = {
    "text": TextReport,
    "json": JSONReport,
    "sarif": SARIFReport,
    "github": GitHubReport,
}


def _counted(gone: Gone) -> str:
    return f"{gone.values:,} {gone.kind}"


def _data(text: str) -> str:
    return printable(text).replace("%", "%25")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


_HELP = (
    "Take it out, or let it stand: `alpines-privacy explain-log` tells the rule that found it and "
    "the line of the policy that keeps it."
)
_RULES = [
    {
        "id": kind,
        "shortDescription": {"text": name},
        "fullDescription": {"text": f"{name}: personal data stands in a file."},
        "help": {"text": _HELP},
        "defaultConfiguration": {"level": "error"},
    }
    for kind, name in KIND_NAMES.items()
]
