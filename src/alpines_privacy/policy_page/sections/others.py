"""§8, §9: what other companies get, and what pages load from them."""

from __future__ import annotations

from collections.abc import Iterator

from alpines_privacy.policy_page.document import Block, Code, Table
from alpines_privacy.policy_page.sections.disclosure import disclosure
from alpines_privacy.policy_page.writing import Writing

__all__ = ["disclosed", "loaded"]


def disclosed(page: Writing) -> Iterator[Block]:
    """Write §8, what leaves to third parties."""
    yield page.paragraph(
        "We disclose personal data to courts and authorities where the law obliges us to."
    )
    if page.policy.third_parties:
        yield page.paragraph(
            "When a page loads from the third parties named in section 9, your browser sends them your IP address."
        )
    if page.enforces:
        yield page.paragraph(
            "Where a page does not say otherwise, your browser tells other sites only this site's name, "
            "not which of its pages you come from."
        )
    yield from disclosure(page)


def loaded(page: Writing) -> Iterator[Block]:
    """Write §9, the other companies that pages load from (Cal. Bus. & Prof. Code §22575(b)(1))."""
    say, policy = page.say, page.policy
    is_closed = page.enforces and policy.loads == "declared"
    if policy.third_parties:
        yield page.paragraph("Pages of this site load from these third parties:")
        rows = tuple(
            ((Code(party.host),), (say.own(party.purpose),)) for party in policy.third_parties
        )
        yield Table(say.word("Other companies"), (say.word("Host"), say.word("Purpose")), rows)
        if page.enforces:
            yield page.paragraph(
                "Those that lists of trackers and advertising name load only for visitors who have not opted "
                "out (section 11)."
            )
    else:
        yield page.paragraph("This policy declares no other companies that pages load from.")
    if is_closed and policy.third_parties:
        yield page.paragraph("Browsers are told to load from this site and these companies only.")
    elif is_closed:
        yield page.paragraph("Browsers are told to load from this site only.")
    elif page.enforces and policy.loads == "report":
        yield page.paragraph(
            "Pages may load from elsewhere too, unless lists name it as a tracker (section 12); browsers report "
            "to us from where."
        )
    elif page.enforces:
        yield page.paragraph(
            "Pages may load from elsewhere too, unless lists name it as a tracker (section 12)."
        )
    else:
        yield page.paragraph("Pages may load from elsewhere too.")
