"""`breach open`: an incident from options, a file, or answers on a terminal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import click

from alpines_privacy.breach import opening
from alpines_privacy.breach.deadline import other_clocks
from alpines_privacy.breach.errors import BreachError
from alpines_privacy.breach.incident import QUESTIONS, Incident, IncidentDraft, times_of
from alpines_privacy.breach.local_time import AmbiguousTimeError, shown, zone_named
from alpines_privacy.breach.notice.advice import translation_advice
from alpines_privacy.breach.opening import defaults_of
from alpines_privacy.cli.breach.preview import warned
from alpines_privacy.cli.breach.settings import (
    has_terminal,
    is_asked,
    ledger_options,
    settings_of,
)
from alpines_privacy.cli.breach.texts import located, said, text_options
from alpines_privacy.policy import PolicyError
from alpines_privacy.policy.loading import read_toml

__all__ = ["clock_lines", "duration", "open_incident"]


@click.command(
    "open", short_help="Write down an incident.", context_settings={"max_content_width": 80}
)
@click.argument("name", required=False)
@click.option(
    "--discovered", metavar="TIME", help='"2026-11-27 18:40", or with its offset from UTC.'
)
@click.option("--zone", metavar="ZONE", help="Your IANA time zone.  [default: that of the policy]")
@text_options
@click.option("--file", metavar="FILE", help="All of this as TOML; options come first.")
@click.option("-y", "--yes", is_flag=True, help="Ask nothing.")
@ledger_options
def open_incident(
    name: str | None,
    file: str | None,
    policy: str | None,
    ledger: str | None,
    *,
    yes: bool,
    **options: Any,
) -> None:
    """Write down an incident; its deadline counts from the moment of discovery.

    What no option says is read from --file, or asked on a terminal. Times, zone and name are
    final; `breach amend` adds to the rest.
    """
    settings = settings_of(policy)
    given = defaults_of(settings) | said({"name": name, **options})
    draft = _from_file(file, given) if file else _from_answers(given, yes=yes)
    incident = opening.open_incident(draft, ledger=ledger, policy=settings)
    click.echo("\n".join(_lines(incident)))
    warned(list(translation_advice(incident, ())))
    click.echo("\nNext: alpines-privacy breach import FILE")


def _from_file(path: str, given: Mapping[str, Any]) -> IncidentDraft:
    mapping, text = read_toml(path)
    try:
        return IncidentDraft.from_mapping({**given, **mapping} | _options(given, mapping))
    except PolicyError as error:
        raise located(error, path, mapping, text) from None


def _options(given: Mapping[str, Any], mapping: Mapping[str, Any]) -> dict[str, Any]:
    """Return the command line's values for keys of the file, without the policy's defaults."""
    context = click.get_current_context()
    return {
        key: given[key]
        for key in mapping
        if key in given and context.params.get(key) not in (None, ())
    }


def _from_answers(given: dict[str, Any], *, yes: bool) -> IncidentDraft:
    missing = [key for key in QUESTIONS if key not in given]
    if missing and (yes or not has_terminal()):
        wanted = ", ".join("NAME" if key == "name" else _option(key) for key in missing)
        raise BreachError(f"not said: {wanted}; expected them, or --file")
    for key in missing:
        given[key] = _asked(QUESTIONS[key], _ANSWERS.get(key, str), given)
    draft = IncidentDraft.from_mapping(given)
    if missing and not is_asked("Times are final. Open it?", yes=yes):
        raise BreachError("nothing is written")
    return draft


def _option(key: str) -> str:
    return "--kind" if key == "kinds" else f"--{key.replace('_', '-')}"


def _asked(question: str, read: Callable[..., Any], given: Mapping[str, Any]) -> Any:
    """Ask until the answer can be read."""
    while True:
        answer = click.prompt(question, err=True).strip()
        try:
            return read(answer, given) if read is not str else answer
        except BreachError as error:
            click.echo(f"  {error}", err=True)


def _read_discovered(answer: str, given: Mapping[str, Any]) -> str:
    """Return the time as it was written; one that came twice is asked about."""
    try:
        times_of(answer, None, str(given["zone"]))
    except AmbiguousTimeError as error:
        first, second = error.choices
        click.echo(f"  Clocks showed {answer} twice.", err=True)
        is_first = click.confirm(f"  Was it {first:%H:%M %Z}, before they were set back?", err=True)
        return (first if is_first else second).isoformat(sep=" ")
    return answer


def _read_zone(answer: str, _: Mapping[str, Any]) -> str:
    zone_named(answer)
    return answer


def _read_kinds(answer: str, _: Mapping[str, Any]) -> list[str]:
    return [kind.strip() for kind in answer.split(",") if kind.strip()]


_ANSWERS: dict[str, Callable[..., Any]] = {
    "zone": _read_zone,
    "discovered": _read_discovered,
    "kinds": _read_kinds,
}


def _lines(incident: Incident) -> list[str]:
    zone, now = incident.zone, datetime.now(UTC)
    return [
        f"Incident {incident.name} is open.",
        f"  discovered  {shown(incident.discovered, zone)}",
        f"  deadline    {shown(incident.deadline, zone)}, {duration(incident.deadline, now)}",
        f"  calendar    {incident.calendar}",
        "",
        *clock_lines(incident),
    ]


def clock_lines(incident: Incident) -> list[str]:
    """Return the duties under other laws, in words."""
    lines = ["Other laws may ask for more (for information, no legal advice):"]
    for clock in other_clocks(incident.discovered, incident.zone):
        until = shown(clock.until, incident.zone) if clock.until else "no fixed time"
        lines += [f"  {clock.law}, {clock.told}: {until}", f"      {clock.source}"]
    return lines


def duration(moment: datetime, now: datetime) -> str:
    """Return how far a moment is away: `2 days 5 h left`, or `3 h 10 min ago`."""
    minutes = int(abs((moment - now).total_seconds()) // 60)
    days, hours = divmod(minutes // 60, 24)
    parts = [f"{days} day{'' if days == 1 else 's'}" if days else "", f"{hours} h" if hours else ""]
    parts.append("" if days else f"{minutes % 60} min")
    return " ".join(filter(None, parts)) + (" left" if moment > now else " ago")
