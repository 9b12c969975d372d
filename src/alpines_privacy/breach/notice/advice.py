"""What an operator should know about a notice before it is sent: each a sentence, none stops anything."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from alpines_privacy.breach.incident import Incident
from alpines_privacy.breach.incidents import Entry
from alpines_privacy.breach.notice.notices import INVENTED, Notices
from alpines_privacy.breach.translations import lacking, stale
from alpines_privacy.policy.breach import Breach

__all__ = ["advice", "translation_advice"]

_AGENCIES = ("Equifax", "Experian", "TransUnion")
# As Cal. Civ. Code §1798.82(d)(2)(F) names them.
_IDENTITY = re.compile(
    r"social security|driver.s licen[cs]e|driving licen[cs]e|identification card", re.IGNORECASE
)
_CUT = 102_000  # bytes of HTML, of which Gmail shows no more


def advice(
    incident: Incident,
    notices: Notices,
    settings: Breach | None,
    history: Iterable[Entry],
    wanted: Mapping[str, int],
) -> list[str]:
    """Return what may be missing in texts, languages and settings; `wanted` counts people by language."""
    return [
        *translation_advice(incident, history),
        *_unheaded(incident, notices),
        *_unserved(notices, wanted),
        *_laws(incident),
        *_size(notices),
        *_mail(incident, notices, settings),
    ]


def translation_advice(incident: Incident, history: Iterable[Entry]) -> Iterator[str]:
    """Yield which translations are not used, and which say what the incident no longer says."""
    missing = lacking(incident.texts)
    for tag, keys in missing.items():
        yield f'The texts in "{tag}" are not used; missing: {", ".join(keys)}.'
    for tag, keys in stale(history).items():
        yield f'The texts in "{tag}" are older than those they translate: {", ".join(keys)}.'


def _unheaded(incident: Incident, notices: Notices) -> Iterator[str]:
    used = {*notices.languages, *lacking(incident.texts)}
    for tag, table in incident.texts.get("translations", {}).items():
        if table and tag not in used:
            yield (
                f'The texts in "{tag}" are not used: there are no headings in it; expected '
                f"notice.{tag}.txt, notice.{tag}.html and subject.{tag}.txt among the templates."
            )


def _unserved(notices: Notices, wanted: Mapping[str, int]) -> Iterator[str]:
    people = Counter[str]()
    for tag, number in wanted.items():
        people[tag.lower()] += number
    for tag, number in people.most_common():
        given = notices.language_for(tag or None)
        if tag and _primary(tag) != _primary(given):
            who = "person wants" if number == 1 else "people want"
            yield f'{number:,} {who} "{tag}", and get "{given}".'


def _primary(tag: str) -> str:
    return tag.lower().partition("-")[0]


def _laws(incident: Incident) -> Iterator[str]:
    texts = incident.texts
    if not texts.get("occurred"):
        yield (
            "No date of the breach (occurred): California asks for it, or an estimate or a range, if it "
            "can be determined (Civ. Code 1798.82(d)(2)(C))."
        )
    if not texts.get("consequences"):
        yield "No likely consequences: the GDPR asks for them (Art. 34(2), 33(3)(c))."
    kinds = texts["kinds"]
    if "SSN" in kinds or any(map(_IDENTITY.search, kinds)):
        said = " ".join(value for value in texts.values() if isinstance(value, str)).lower()
        if absent := [name for name in _AGENCIES if name.lower() not in said]:
            yield (
                "Social security numbers or licences: California asks for the toll-free numbers and "
                f"addresses of the credit agencies ({', '.join(absent)} not named), and for twelve months "
                "of identity theft prevention if you were the source (Civ. Code 1798.82(d)(2)(F), (G))."
            )


def _size(notices: Notices) -> Iterator[str]:
    for tag in notices.languages:
        size = len(notices.rendered(INVENTED, tag).html.encode("utf-8", "replace"))
        if size > _CUT:
            yield f'The HTML in "{tag}" has {size:,} bytes; Gmail cuts it after {_CUT:,}.'


def _mail(incident: Incident, notices: Notices, settings: Breach | None) -> Iterator[str]:
    domain = notices.email.rpartition("@")[2]
    if not notices.sender:
        yield "No name of the sender: people see an address alone (sender, or [operator] name)."
    if settings is None or settings.dkim is None:
        yield (
            "No signature ([breach.dkim] is not set): unless your mail server signs (DKIM), others may "
            "refuse notices or take them for spam."
        )
    elif not f".{domain}".endswith(f".{settings.dkim.domain}"):
        yield (
            f"The signature is of {settings.dkim.domain}, and notices come from {domain}: DMARC counts a "
            "signature of the same domain only."
        )
    if settings is None or settings.bounces is None:
        yield (
            f"Refused notices come back to {incident.texts['email']} (bounces is not set): nobody tells "
            "from them by machine whom they were to."
        )
    if not str(incident.texts["email"]).rpartition("@")[0].isascii():
        yield "The sender's address is not ASCII: only servers with SMTPUTF8 take the notices."
