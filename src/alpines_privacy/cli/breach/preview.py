"""`breach preview`: the notice as a person gets it, and what may be missing in it."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path

import click

from alpines_privacy.breach.errors import BreachError
from alpines_privacy.breach.previewing import Preview
from alpines_privacy.breach.previewing import preview as noticed
from alpines_privacy.cli.breach.settings import ledger_options

__all__ = ["preview", "warned"]


@click.command(short_help="Show the notice.", context_settings={"max_content_width": 80})
@click.argument("name", required=False)
@click.option("--language", metavar="TAG", help="In this language.  [default: the incident's]")
@click.option("--format", "style", type=click.Choice(["text", "html", "eml"]), default="text")
@click.option("--output", metavar="FILE", help="Write it to FILE.")
@click.option("--templates", metavar="FOLDER", help="Your templates.  [default: the policy's]")
@ledger_options
def preview(  # noqa: PLR0913, PLR0917 - each option is a parameter
    name: str | None,
    language: str | None,
    style: str,
    output: str | None,
    templates: str | None,
    policy: str | None,
    ledger: str | None,
) -> None:
    """Show the notice as an invented person gets it: its text, its HTML, or the whole message.

    What may be missing in texts, languages and settings is told beside it. Nothing is sent.
    """
    shown = noticed(name, language=language, templates=templates, ledger=ledger, policy=policy)
    _write(_content(shown, style), output)
    warned(shown.warnings)


def _content(shown: Preview, style: str) -> bytes:
    if style == "eml":
        return shown.message
    if style == "html":
        return shown.html.encode("utf-8", "replace")
    head = f"From: {shown.sender}\nTo: {shown.recipient}\nSubject: {shown.subject}\n\n"
    return f"{head}{shown.text}".encode("utf-8", "replace")


def _write(content: bytes, output: str | None) -> None:
    if output is None:
        sys.stdout.flush()
        click.echo(content, nl=not content.endswith(b"\n"))
        return
    try:
        Path(output).write_bytes(content)
    except OSError as error:
        raise BreachError(f"{output} cannot be written: {error.strerror}") from None
    click.echo(f"The notice is in {output}.", err=True)


def warned(sentences: Sequence[str]) -> None:
    """Tell each sentence as a warning, in lines of a terminal."""
    for sentence in sentences:
        lines = textwrap.wrap(f"WARNING: {sentence}", 80, subsequent_indent="         ")
        click.echo("\n".join(lines), err=True)
