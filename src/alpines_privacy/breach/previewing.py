"""The notice as an invented person gets it, and what may be missing in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from alpines_privacy.breach.errors import BreachError
from alpines_privacy.breach.incident import Incident
from alpines_privacy.breach.incidents import Incidents
from alpines_privacy.breach.notice import Notices
from alpines_privacy.breach.notice.advice import advice
from alpines_privacy.breach.notice.notices import INVENTED
from alpines_privacy.breach.notice.wanted import wanted_languages
from alpines_privacy.breach.opening import Policy, ledger_and_incident, settings_of
from alpines_privacy.breach.translations import lacking

__all__ = ["Preview", "preview"]


class Preview(NamedTuple):
    """A notice in one of its languages: as text and HTML, and the whole message (RFC 5322).

    `warnings` are sentences about texts, languages and settings, none of which stops anything.
    """

    language: str
    sender: str
    recipient: str
    subject: str
    text: str
    html: str
    message: bytes
    digest: str
    warnings: Sequence[str]


def preview(
    name: str | None = None,
    *,
    language: str | None = None,
    templates: str | None = None,
    ledger: str | None = None,
    policy: Policy = None,
) -> Preview:
    """Return the notice of an incident; nothing is sent. Raises `BreachError`.

    Without `language` it is the incident's own; `templates` is a folder instead of the policy's.
    """
    settings = settings_of(policy)
    with ledger_and_incident(name, ledger, settings) as (database, incident):
        notices = Notices(incident, settings, templates=templates)
        history = Incidents(database).history(incident.name)
        wanted = wanted_languages(database, incident.id)
    tag = _language(language, notices, incident)
    rendered = notices.rendered(INVENTED, tag)
    return Preview(
        language=tag,
        sender=f"{notices.sender} <{notices.email}>",
        recipient=f"{INVENTED.name} <{INVENTED.address}>",
        subject=notices.subject(tag),
        text=rendered.text,
        html=rendered.html,
        message=notices.test_letter(INVENTED.address, tag).content,
        digest=notices.digest,
        warnings=list(advice(incident, notices, settings, history, wanted)),
    )


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
