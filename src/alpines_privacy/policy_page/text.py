"""The policy's text in one language: its fourteen sections in their order, contact, versions."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from alpines_privacy.policy import Operator, PrivacyPolicy
from alpines_privacy.policy.claims import NOTHING_KNOWN, Claims
from alpines_privacy.policy_page.document import Document, Section
from alpines_privacy.policy_page.language import Language, message
from alpines_privacy.policy_page.sections.children import children
from alpines_privacy.policy_page.sections.closing import contact, versions
from alpines_privacy.policy_page.sections.collected import at_signup, collected, when
from alpines_privacy.policy_page.sections.cookies import cookies
from alpines_privacy.policy_page.sections.fairness import fairness
from alpines_privacy.policy_page.sections.introduction import introduction, notice
from alpines_privacy.policy_page.sections.others import disclosed, loaded
from alpines_privacy.policy_page.sections.protected import protected
from alpines_privacy.policy_page.sections.rights import caloppa
from alpines_privacy.policy_page.sections.signals import signals
from alpines_privacy.policy_page.sections.tracking import tracking
from alpines_privacy.policy_page.sections.unkept import unkept, unkept_sections
from alpines_privacy.policy_page.sections.used import used, used_at_signup
from alpines_privacy.policy_page.writing import Today, Write, Writing

__all__ = ["SECTIONS", "text_of"]

SECTIONS: Mapping[str, tuple[str, Write]] = MappingProxyType(
    {
        "collected": (message("Which personal data do we collect?"), collected),
        "sign-up": (message("Which data do we collect when you sign up?"), at_signup),
        "when": (message("When do we collect data?"), when),
        "use": (message("What do we use your data for?"), used),
        "sign-up-use": (message("What is data used for when you sign up?"), used_at_signup),
        "protection": (message("How do we protect your data?"), protected),
        "cookies": (message("Do we use cookies?"), cookies),
        "disclosure": (message("Who else gets your data?"), disclosed),
        "third-parties": (message("Do pages load from other companies?"), loaded),
        "caloppa": (message("Your rights, and the law of California"), caloppa),
        "signals": (message("Do we honour Do Not Track?"), signals),
        "tracking": (message("Do others follow you over time and across sites?"), tracking),
        "children": (message("What about children?"), children),
        "fair-information": (message("What if something goes wrong?"), fairness),
    }
)
"""The policy's sections in its order: anchor, title, and what writes them."""

_CLOSING: Mapping[str, tuple[str, Write]] = MappingProxyType(
    {
        "contact": (message("How to reach us"), contact),
        "versions": (message("Versions of this policy"), versions),
    }
)


def text_of(
    policy: PrivacyPolicy,
    operator: Operator,
    language: Language,
    today: Today,
    claims: Claims = NOTHING_KNOWN,
) -> Document:
    """Return the text of a policy as it stands on a day."""
    page = Writing(policy, operator, language, today, claims)
    numbered = [
        Section(key, number, language.word(title), (*unkept(page, number), *write(page)))
        for number, (key, (title, write)) in enumerate(SECTIONS.items(), 1)
    ]
    closing = [
        Section(key, None, language.word(title), tuple(write(page)))
        for key, (title, write) in _CLOSING.items()
    ]
    return Document(
        language.word("Privacy policy"),
        language.tag,
        language.direction,
        language.word("Changes"),
        tuple(notice(page)),
        (*introduction(page), *unkept_sections(page)),
        (*numbered, *closing),
    )
