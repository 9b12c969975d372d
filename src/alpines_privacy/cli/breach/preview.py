"""`breach preview`: the notice as a person gets it, and what may be missing in it."""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path
from typing import NamedTuple

import click

from alpines_privacy.breach.errors import BreachError
from alpines_privacy.breach.incident import Incident
from alpines_privacy.breach.incidents import Incidents
from alpines_privacy.breach.notice import Notices
from alpines_privacy.breach.notice.advice import advice
from alpines_privacy.breach.notice.notices import INVENTED
from alpines_privacy.breach.notice.wanted import wanted_languages
from alpines_privacy.breach.translations import lacking
from alpines_privacy.cli.breach.settings import kept_in, ledger_options, named_incident, opened

__all__ = ["preview", "warned"]


class _Shown(NamedTuple):
    notices: Notices
    language: str
    style: str


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
    settings = kept_in(policy)
    with opened(ledger, settings) as database:
        incidents = Incidents(database)
        incident = named_incident(incidents, name)
        notices = Notices(incident, settings, templates=templates)
        history = incidents.history(incident.name)
        wanted = wanted_languages(database, incident.id)
    shown = _Shown(notices, _language(language, notices, incident), style)
    _write(_content(shown), output)
    warned(advice(incident, notices, settings, history, wanted))


def _language(wanted: str | None, notices: Notices, incident: Incident) -> str:
    if wanted is None:
        return notices.languages[0]
    known = {tag.lower(): tag for tag in notices.languages}
    if found := known.get(wanted.lower()):
        return found
    missing = lacking(incident.texts).get(wanted, [])
    because = f" (missing: {', '.join(missing)})" if missing else ""
    raise BreachError(
        f'there is no notice in "{wanted[:40]}"{because}; expected one of {", ".join(notices.languages)}'
    )


def _content(shown: _Shown) -> bytes:
    notices, language, style = shown
    if style == "eml":
        return notices.test_letter(INVENTED.address, language).content
    rendered = notices.rendered(INVENTED, language)
    if style == "html":
        return rendered.html.encode("utf-8", "replace")
    head = (
        f"From: {notices.sender} <{notices.email}>\n"
        f"To: {INVENTED.name} <{INVENTED.address}>\n"
        f"Subject: {notices.subject(language)}\n\n"
    )
    return f"{head}{rendered.text}".encode("utf-8", "replace")


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


def warned(sentences: list[str]) -> None:
    """Tell each sentence as a warning, in lines of a terminal."""
    for sentence in sentences:
        lines = textwrap.wrap(f"WARNING: {sentence}", 80, subsequent_indent="         ")
        click.echo("\n".join(lines), err=True)
