"""§6: how data is protected."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import NamedTuple

from alpines_privacy.policy_page.document import Block, Bullets, Inline, Table
from alpines_privacy.policy_page.language import Language, message
from alpines_privacy.policy_page.sections.intrusion import intrusion
from alpines_privacy.policy_page.sections.logs import ways_in_force
from alpines_privacy.policy_page.sections.passwords import passwords
from alpines_privacy.policy_page.sections.payments import payments
from alpines_privacy.policy_page.sections.transport import transport
from alpines_privacy.policy_page.writing import Writing

__all__ = ["protected"]

_KINDS = {
    "audit": message("Security audit"),
    "update": message("Update of software"),
    "access review": message("Review of who has access"),
}
_CHECK = message("Check of what this policy says")  # by `alpines-privacy audit`


class _Done(NamedTuple):
    """Something that was done: what, when, and a note of the operator's."""

    what: str
    date: dt.date
    note: str | None


def protected(page: Writing) -> Iterator[Block]:
    """Write §6: what the layer does, and the dated evidence of what people do."""
    if items := tuple(_measures(page)):
        yield page.paragraph("These measures protect your data:")
        yield Bullets(items)
    if evidence := [*_current(page)]:
        yield _table(page.say, evidence)
    yield page.paragraph(
        "No way of sending or storing data is completely secure, and we do not promise that ours is."
    )


def _measures(page: Writing) -> Iterator[Inline]:
    say = page.say
    yield from transport(page)
    if page.enforces and any(not cookie.readable_by_scripts for cookie in page.policy.cookies):
        yield say("cookies of section 7 are hidden from scripts that do not need them;")
    ways = ways_in_force(page)
    if ways is not None and ways.password == "mark":  # noqa: S105 - the way, no password
        yield say("passwords that are recognised in the application's logs are replaced by a mark;")
    if ways is not None and ways.card != "keep":
        yield say("card numbers that are recognised in the application's logs are not written out;")
    yield from payments(page)
    yield from intrusion(page)
    yield from passwords(page)


def _current(page: Writing) -> Iterator[_Done]:
    """Yield the evidence that counts today: neither to come nor older than it may be."""
    today = page.today
    for evidence in page.policy.evidence:
        date = page.claims.date_of(evidence)
        if date is None or not today.has_reached(date):
            continue
        if not today.has_reached(evidence.stale_after(date)):
            what = _CHECK if evidence.file is not None else _KINDS[evidence.kind]
            yield _Done(what, date, evidence.note)


def _table(say: Language, evidence: list[_Done]) -> Table:
    newest_first = sorted(evidence, key=lambda each: each.date, reverse=True)
    return Table(
        say.word("What was done for the security of data, and when"),
        (say.word("What"), say.word("When"), say.word("Note")),
        tuple(
            (
                (say.word(each.what),),
                (say.day(each.date),),
                (say.own(each.note),) if each.note else (),
            )
            for each in newest_first
        ),
    )
