"""What `breach send` would send: to how many, in which languages, how fast, and what it says."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select

from alpines_privacy.breach import tables
from alpines_privacy.breach.database import Database
from alpines_privacy.breach.delivery.connection import Endpoint
from alpines_privacy.breach.delivery.entries import pause_of, was_tested
from alpines_privacy.breach.incident import Incident
from alpines_privacy.breach.ledger import Ledger
from alpines_privacy.breach.local_time import shown
from alpines_privacy.breach.notice.notices import INVENTED, Notices
from alpines_privacy.cli.breach.open_incident import duration
from alpines_privacy.cli.output import printable
from alpines_privacy.policy.smtp import Smtp

__all__ = ["plan_lines"]

_EXCERPT = 12  # lines of the notice
_people = tables.recipient.c


def plan_lines(database: Database, incident: Incident, notices: Notices, smtp: Smtp) -> list[str]:
    """Return what would be sent, in lines of 80 columns."""
    counts = Ledger(database, incident.id).counts()
    deadline, now = incident.deadline, datetime.now(UTC)
    lines = [
        f"Incident {incident.name}: nothing is sent without --send.",
        f"  people      {counts.remaining:,} to be mailed, {counts.accepted:,} accepted before,",
        f"              {counts.failed + counts.bounced:,} to be told another way",
        f"  languages   {_languages(database, incident, notices)}",
        f"  from        {incident.texts['email']}",
        f"  server      {Endpoint(smtp).name} ({smtp.security}, {_user(smtp)})",
        f"  rate        {_rate(smtp)}",
        f"  deadline    {shown(deadline, incident.zone)}, {duration(deadline, now)}",
        *(f"              {line}" for line in _needed(counts.remaining, incident, smtp)),
        f"  test        {_test(database, incident, notices)}",
        *_pause(database, incident),
        "",
        *_excerpt(notices),
        "",
        "Whole: breach preview. The server: --check. To yourself: --test. To everybody:",
        f"  alpines-privacy breach send {incident.name} --send",
    ]
    return [_cut(line) for line in lines]


def _languages(database: Database, incident: Incident, notices: Notices) -> str:
    query = (
        select(_people.language, func.count())
        .where(_people.incident_id == incident.id, _people.due.is_not(None))
        .group_by(_people.language)
    )
    found: Counter[str] = Counter()
    with database.read() as connection:
        for language, number in connection.execute(query):
            found[notices.language_for(language)] += number
    return ", ".join(f"{tag} {number:,}" for tag, number in found.most_common()) or "none"


def _user(smtp: Smtp) -> str:
    return "a user signs in" if smtp.user else "nobody signs in"


def _rate(smtp: Smtp) -> str:
    whole = "as many as the server takes" if smtp.rate is None else f"{smtp.rate:g} a second"
    domain = "" if smtp.domain_rate is None else f", {smtp.domain_rate:g} to one domain"
    return f"{whole}{domain}, by {smtp.connections} connections"


def _needed(remaining: int, incident: Incident, smtp: Smtp) -> list[str]:
    now = datetime.now(UTC)
    left = (incident.deadline - now).total_seconds()
    lines = [f"needs {remaining / left:,.2f} a second" if left > 0 else "which is missed"]
    if smtp.rate is None:
        return lines
    end = now + timedelta(seconds=min(remaining / smtp.rate, 10 * 365 * 86400))
    late = ", TOO LATE" if end > incident.deadline else ""
    return [*lines, f"at the set rate done {shown(end, incident.zone)}{late}"]


def _test(database: Database, incident: Incident, notices: Notices) -> str:
    if was_tested(database, incident, notices.digest):
        return "a message of these texts was accepted"
    return "none of these texts was accepted yet: --test"


def _pause(database: Database, incident: Incident) -> list[str]:
    pause = pause_of(database, incident)
    return [f"  PAUSED      {printable(pause.reason)}"] if pause.is_paused else []


def _excerpt(notices: Notices) -> list[str]:
    language = notices.languages[0]
    text = notices.rendered(INVENTED, language).text.splitlines()
    lines = [notices.subject(language), "", *text[:_EXCERPT], *(["..."] if text[_EXCERPT:] else [])]
    return [f"  | {printable(line)}".rstrip() for line in lines]


def _cut(line: str) -> str:
    return line if len(line) <= 80 else f"{line[:77]}..."
