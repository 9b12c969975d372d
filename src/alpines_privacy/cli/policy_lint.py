"""`alpines-privacy policy lint FILE|-`: the defects of a policy text, each with its line and how to mend it."""

from __future__ import annotations

import json
import re
import sys
import textwrap
from collections import Counter
from typing import TYPE_CHECKING

import click

from alpines_privacy.cli.output import inert_json, printable, utf8
from alpines_privacy.policy.bounds import LONGEST_POLICY, read_bounded
from alpines_privacy.policy.errors import PolicyError

if TYPE_CHECKING:
    from alpines_privacy.policy.lint import Linted

__all__ = ["lint"]

_WIDTH = 80
_STANDARD_INPUT = "-"
_CONTROLS = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_NOT_ENGLISH = "The text is not in English: its structure was checked, its wording was not."


@click.command(
    short_help="Check a policy's text, and whether a policy file keeps it.",
    context_settings={"max_content_width": 80},
)
@click.argument("file", metavar="FILE|-")
@click.option(
    "--policy", metavar="FILE", help="The policy file (TOML) that is to keep what the text says."
)
@click.option(
    "--format",
    "style",
    type=click.Choice(["text", "json", "sarif"]),
    default="text",
    show_default=True,
    help="How findings are reported.",
)
def lint(file: str, policy: str | None, style: str) -> None:
    """Check the text of a privacy policy: plain text, Markdown or HTML, in UTF-8.

    Reported are lists and sections without content, text that stands twice, items that
    California's statute asks for and the text lacks, clauses that contradict each
    other, and with --policy what the text promises and the policy does not keep.

    \b
    Exit status:
      0  nothing found
      1  something found
      2  a file could not be read
    """  # noqa: D301 - click reads the backspace
    from alpines_privacy.policy import PrivacyPolicy  # noqa: PLC0415 - --help needs neither
    from alpines_privacy.policy.lint import lint as checked  # noqa: PLC0415

    keeps = None if policy is None else PrivacyPolicy.load(policy)
    found = checked(_text(file), keeps)
    _REPORTS[style](file, found)
    raise click.exceptions.Exit(1 if found.findings else 0)


def _text(file: str) -> str:
    """Return a file's text; raises `PolicyError` for what is no text that can be judged."""
    source = "standard input" if file == _STANDARD_INPUT else file
    data = _bytes(file, source)
    if data.startswith(_UTF_16):
        raise PolicyError("is UTF-16; expected UTF-8: save it so", source=source)
    if control := _CONTROLS.search(data):
        raise PolicyError(
            f"is no text: it holds a control character (byte {control.start()}); expected plain text, "
            "Markdown or HTML",
            source=source,
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise PolicyError(
            f"is not UTF-8 (byte {error.start}); expected UTF-8: save it so", source=source
        ) from None
    if not any(letter.isalpha() for letter in text):
        raise PolicyError("holds no words; expected the text of a policy", source=source)
    return text


def _bytes(file: str, source: str) -> bytes:
    if file != _STANDARD_INPUT:
        try:
            return read_bounded(file, LONGEST_POLICY, source=source)
        except OSError as error:
            raise PolicyError(f"cannot be read: {error.strerror}", source=source) from None
        except ValueError as error:
            if isinstance(error, PolicyError):
                raise
            raise PolicyError(f"cannot be read: {error}", source=printable(source)) from None
    data = sys.stdin.buffer.read(LONGEST_POLICY + 1)
    if len(data) > LONGEST_POLICY:
        raise PolicyError(
            f"is larger than {LONGEST_POLICY:,} bytes, which is the most that is read",
            source=source,
        )
    return data


def _write_text(file: str, found: Linted) -> None:
    """Write each finding as `FILE:LINE: message (rule)`, and how to mend it."""
    for finding in found.findings:
        click.echo(printable(f"{file}:{finding.line}: {finding.rule}"))
        click.echo(_wrapped(finding.message, "  "))
        click.echo(_wrapped(finding.mend, "  Mend: ", "        "))
    if not found.wording:
        click.echo(_NOT_ENGLISH, err=True)
    count = len(found.findings)
    click.echo(f"{count or 'no'} finding{'' if count == 1 else 's'}", err=True)


def _wrapped(text: str, first: str, after: str = "  ") -> str:
    lines = textwrap.wrap(
        printable(text),
        _WIDTH,
        initial_indent=first,
        subsequent_indent=after,
        break_on_hyphens=False,
    )
    return "\n".join(lines)


def _write_json(file: str, found: Linted) -> None:
    """Write one object; its shape is in docs/policy-lint.md and changes only with `version`."""
    from alpines_privacy.policy.lint import RULES  # noqa: PLC0415 - imported already

    sources = {rule.id: rule.source for rule in RULES}
    findings = [
        {"file": utf8(file), **finding._asdict(), "source": sources[finding.rule]}
        for finding in found.findings
    ]
    told = {"version": 1, "findings": findings, "wording": found.wording}
    click.echo(inert_json(json.dumps(told, indent=1)))


def _write_sarif(file: str, found: Linted) -> None:
    from alpines_privacy.cli.sarif import SARIFLog, location, notification  # noqa: PLC0415

    log = SARIFLog(_descriptors())
    counts: Counter[str] = (
        Counter()
    )  # what stays the same when lines move: the how-manieth of a rule
    for finding in found.findings:
        counts[finding.rule] += 1
        related = [
            {
                "physicalLocation": {
                    "artifactLocation": location(file),
                    "region": {"startLine": line},
                },
                "message": {"text": "the other side"},
            }
            for line in finding.related
        ]
        log.add(
            finding.rule,
            f"{finding.message}. {finding.mend}",
            file,
            {"startLine": finding.line, "endLine": finding.end_line},
            relatedLocations=related,
            partialFingerprints={"rule/v1": f"{finding.rule}:{counts[finding.rule]}"},
        )
    log.end([] if found.wording else [notification("note", file, _NOT_ENGLISH)], successful=True)


def _descriptors() -> list[dict[str, object]]:
    from alpines_privacy.policy.lint import RULES  # noqa: PLC0415 - imported already

    return [
        {
            "id": rule.id,
            "shortDescription": {"text": rule.summary},
            "fullDescription": {"text": f"{rule.source}: {rule.summary}"},
            "help": {"text": rule.mend},
            "defaultConfiguration": {"level": "error"},
        }
        for rule in RULES
    ]


_REPORTS = {"text": _write_text, "json": _write_json, "sarif": _write_sarif}
