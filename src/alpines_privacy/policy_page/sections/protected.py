"""§6: how data is protected."""

from __future__ import annotations

from collections.abc import Iterator

from alpines_privacy.policy import Evidence
from alpines_privacy.policy_page.document import Block, Bullets, Inline, Table
from alpines_privacy.policy_page.language import Language, message
from alpines_privacy.policy_page.sections.intrusion import intrusion
from alpines_privacy.policy_page.sections.logs import ways_in_force
from alpines_privacy.policy_page.sections.passwords import passwords
from alpines_privacy.policy_page.sections.payments import payments
from alpines_privacy.policy_page.sections.transport import transport
from alpines_privacy.policy_page.writing import Writing

__all__ = ["current", "protected"]

_KINDS = {
    "audit": message("Security audit"),
    "update": message("Update of software"),
    "access review": message("Review of who has access"),
}


def protected(page: Writing) -> Iterator[Block]:
    """Write §6: what the layer does, and the dated evidence of what people do."""
    if items := tuple(_measures(page)):
        yield page.paragraph("These measures protect your data:")
        yield Bullets(items)
    if evidence := [each for each in page.policy.evidence if current(page, each)]:
        yield _evidence(page.say, evidence)
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


def current(page: Writing, evidence: Evidence) -> bool:
    """Whether a piece of evidence counts today: neither to come nor older than it may be."""
    today = page.today
    return today.has_reached(evidence.date) and not today.has_reached(evidence.stale_from)


def _evidence(say: Language, evidence: list[Evidence]) -> Table:
    newest_first = sorted(evidence, key=lambda each: each.date, reverse=True)
    return Table(
        say.word("What was done for the security of data, and when"),
        (say.word("What"), say.word("When"), say.word("Note")),
        tuple(
            (
                (say.word(_KINDS[each.kind]),),
                (say.day(each.date),),
                (say.own(each.note),) if each.note else (),
            )
            for each in newest_first
        ),
    )
