"""Where the report of an audit goes: standard output and files, each in its format; the record for the policy."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple, Self
from urllib.parse import urlsplit

from alpines_privacy.atomic_file import USUAL, Replacement
from alpines_privacy.audit.model import Report
from alpines_privacy.cli.errors import Refusal
from alpines_privacy.cli.output import inert_json
from alpines_privacy.policy import PolicyError
from alpines_privacy.policy.bounds import read_bounded
from alpines_privacy.policy.record import AuditRecord

__all__ = ["Outputs", "read_report", "replace", "sent", "write_record"]

_LONGEST = 64 << 20  # bytes of a report
_BY_ENDING = {
    ".txt": "text", ".html": "html", ".htm": "html", ".json": "json", ".xml": "junit", ".sarif": "sarif",
    ".har": "har",
}  # fmt: skip
_HAR = ".har"


class Outputs(NamedTuple):
    """The format of standard output, and each file with its own."""

    screen: str
    files: tuple[tuple[Path, str], ...]

    @classmethod
    def read(cls, style: str | None, files: Sequence[Path]) -> Self:
        """Return what the options ask for; raises `Refusal` for a file of no known ending or format."""
        if not files:
            return cls(style or "text", ())
        if style is not None and len(files) > 1:
            raise Refusal("--format: is for one --output; of several, each ending says the format")
        return cls("text", tuple((file, style or _format_of(file)) for file in files))

    def write(
        self, report: Report, *, folder: Path | None, known: Collection[str], policy: str | None
    ) -> None:
        """Write the report everywhere; raises `Refusal` for a file that cannot be written."""
        for file, style in self.files:
            replace(file, _written(style, report, folder, known, policy))
        if self.screen == "text":
            _print(report, known)
        else:
            sent(_written(self.screen, report, folder, known, policy))


def _format_of(file: Path) -> str:
    try:
        return _BY_ENDING[file.suffix.lower()]
    except KeyError:
        endings = ", ".join(ending for ending in _BY_ENDING if ending != ".htm")
        raise Refusal(
            f"--output {file}: expected --format, or a name that ends in {endings}"
        ) from None


def _written(
    style: str, report: Report, folder: Path | None, known: Collection[str], policy: str | None
) -> bytes:
    match style:
        case "html":
            from alpines_privacy.audit.formats.html import html  # noqa: PLC0415 - as asked for

            return html(report, folder=folder, known=known).encode()
        case "junit":
            from alpines_privacy.audit.formats.junit import junit  # noqa: PLC0415 - as asked for

            return junit(report, known=known)
        case "sarif":
            from alpines_privacy.cli.audit.sarif import sarif  # noqa: PLC0415 - as asked for

            return sarif(report, known=known, policy=policy)
        case "har":
            return _har(report, folder)
        case "text":
            from alpines_privacy.audit.formats.terminal import terminal  # noqa: PLC0415 - as asked for

            return terminal(report, known=known).encode()
    return report.to_json()


def _har(report: Report, folder: Path | None) -> bytes:
    """Return the archive of the browser's requests, which has no values of visitors'."""
    names = [name for name in report.files if name.endswith(_HAR)]
    if folder is None or not names:
        raise Refusal("--format har: only a browser's requests are archived; expected --browser")
    try:
        return (folder / names[0]).read_bytes()
    except OSError as error:
        raise Refusal(f"{names[0]} cannot be read: {error.strerror}") from None


def _print(report: Report, known: Collection[str]) -> None:
    """Print the table; in colour on a terminal, unless NO_COLOR asks for none (no-color.org)."""
    from alpines_privacy.audit.formats.terminal import WIDTH, terminal  # noqa: PLC0415 - as asked for

    colour = (
        sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    )
    width = min(WIDTH, shutil.get_terminal_size((WIDTH, 24)).columns)
    sent(terminal(report, width=width, colour=colour, known=known).encode())


def sent(data: bytes) -> None:
    """Write a text to standard output, in its encoding; what that lacks becomes question marks."""
    text = data.decode()
    if text.startswith("{"):
        text = inert_json(text)
    encoding = sys.stdout.encoding or "utf-8"
    sys.stdout.write(text.encode(encoding, "replace").decode(encoding))


def replace(path: Path, data: bytes) -> None:
    """Replace a file as a whole, so that nobody reads a half of it; raises `Refusal` if it cannot be."""
    try:
        if _is_open_elsewhere(path):
            path.write_bytes(data)
            return
        with Replacement(path, mode=USUAL) as new:
            new.write(data)
            new.commit()
    except OSError as error:
        raise Refusal(f"{path} cannot be written: {error.strerror}") from None


def _is_open_elsewhere(path: Path) -> bool:
    """Tell whether a name is that of a pipe, or leads to a file that the shell has opened: /dev/stdout."""
    return path.exists() and (not path.is_file() or path.absolute().is_relative_to("/dev"))


def read_report(path: Path) -> Report:
    """Read a report in JSON; raises `Refusal` for another file."""
    try:
        return Report.from_json(read_bounded(path, _LONGEST, source=str(path)))
    except OSError as error:
        raise Refusal(f"{path} cannot be read: {error.strerror}") from None
    except PolicyError:
        raise
    except (ValueError, RecursionError) as error:
        raise Refusal(f"{path} is no report of an audit in JSON ({error})") from None


def write_record(path: Path, report: Report) -> None:
    """Write the day, the target and a verdict for each requirement; raises `Refusal`."""
    began = datetime.fromisoformat(report.started)
    record = AuditRecord(
        audited=began if began.tzinfo else began.replace(tzinfo=UTC),
        target=_target(report.target),
        verdicts={each.requirement.id: each.state for each in report.verdicts},
    )
    replace(path, record.to_json())


def _target(target: str) -> str:
    """Return an import string, or of an address its origin: paths and queries may name people."""
    if "://" not in target:
        return target[:1000]
    parts = urlsplit(target)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"[:1000]
