"""`alpines-privacy explain-log TEXT | -`: what is redacted in a line, by which rule, and how to keep it."""

from __future__ import annotations

import sys
import textwrap
import unicodedata
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from alpines_privacy.cli.errors import Refusal

if TYPE_CHECKING:
    from alpines_privacy.redaction.engine.explanation import Explanation, Finding

__all__ = ["explain_log"]

_LONGEST = 1 << 20  # bytes that are read
_MOST_LINES = 5  # that are explained
_COLUMNS = 80
_KEEP = "What keeps a value is for [logs] in the policy; any one of those given will do."
_NOTHING = """\
Nothing is redacted in it. Logs also hide what the visitor of the request
had sent, and what hide() was given."""


@click.command(
    name="explain-log",
    short_help="Tell why a line of a log is redacted, and what keeps it.",
    context_settings={"max_content_width": _COLUMNS, "ignore_unknown_options": True},
)
@click.argument("text", metavar="TEXT|-")
@click.option("--policy", metavar="FILE", help="The policy whose [logs] say how (TOML).")
def explain_log(text: str, policy: str | None) -> None:
    """Tell what is redacted in a line, by which rule, and what would keep it.

    The line is shown with a mark for each value, never with the value. Each advice has been tried:
    with those lines in [logs] of the policy, the value stays.

    TEXT stays in the history of a shell; "-" reads standard input instead.

    \b
    Examples:
      alpines-privacy explain-log 'sent 42 mails, session: 12 s'
      sed -n 17p app.log | alpines-privacy explain-log -
    """  # noqa: D301 - click reads the backspaces
    # Imported here, because `alpines-privacy explain-log --help` needs none of them.
    from alpines_privacy.cli.kinds import policy_for  # noqa: PLC0415
    from alpines_privacy.cli.reports import inert  # noqa: PLC0415
    from alpines_privacy.redaction.engine.explanation import explain  # noqa: PLC0415

    lines = (_read() if text == "-" else text).splitlines()
    logs = policy_for(policy, (), ())
    explained = 0
    for number, line in enumerate(lines, 1):
        explanation = explain(line, logs)
        if explanation.findings:
            explained += 1
            heading = [f"line {number}"] if len(lines) > 1 else []
            click.echo("\n".join(map(inert, [*heading, *_lines_of(explanation)])))
        if explained == _MOST_LINES and number < len(lines):
            click.echo(f"The lines after line {number} were not looked at.")
            break
    click.echo(_KEEP if explained else _NOTHING)


def _read() -> str:
    data = sys.stdin.buffer.read(_LONGEST + 1)
    if len(data) > _LONGEST:
        raise Refusal(f"more than {_LONGEST:,} bytes; give the line alone, as sed -n 17p does")
    return data.decode("utf-8", "surrogateescape")


def _lines_of(explanation: Explanation) -> Iterator[str]:
    marks = [finding.mark for finding in explanation.findings]
    last = 0
    for number, (row, carets) in enumerate(_rows(explanation.text, marks)):
        if "^" not in carets:
            continue
        if number > last + 1:
            yield "…"
        last = number
        yield from (row, carets.rstrip())
    for finding in explanation.findings:
        yield from _lines_about(finding)
    if explanation.more:
        yield f"and {explanation.more:,} more in this line"
    yield ""


def _lines_about(finding: Finding) -> Iterator[str]:
    yield f"column {finding.column:,}: {finding.kind}"
    yield from _indented("found by", finding.rule)
    heading = "kept by"
    for keep in finding.keep:
        for line in keep.splitlines():
            yield from _indented(heading, line)
            heading = "and"
        heading = "or"


def _indented(heading: str, text: str) -> list[str]:
    first = f"  {heading:<9}"
    from alpines_privacy.cli.reports import printable  # noqa: PLC0415 - as above

    return textwrap.wrap(
        printable(text),
        _COLUMNS,
        initial_indent=first,
        subsequent_indent=" " * len(first),
        break_on_hyphens=False,
    )


def _rows(text: str, marks: list[tuple[int, int]]) -> Iterator[tuple[str, str]]:
    """Yield a text in rows of 80 columns, each with carets for what is under a mark."""
    from alpines_privacy.cli.reports import printable  # noqa: PLC0415 - as above

    is_marked = bytearray(len(text))
    for start, end in marks:
        is_marked[start:end] = b"\1" * (end - start)
    row, carets = "", ""
    for character, marked in zip(text, is_marked, strict=True):
        shown = printable(character)
        width = sum(map(_width, shown))
        if len(carets) + width > _COLUMNS:
            yield row, carets
            row, carets = "", ""
        row += shown
        carets += ("^" if marked else " ") * width
    yield row, carets


def _width(character: str) -> int:
    """Return how many columns of a terminal a printable character takes."""
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1
