"""Rules about what a single clause says: promises that cannot be kept to everyone, outdated advice."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from alpines_privacy.policy.lint.contradictions import affirms
from alpines_privacy.policy.lint.document import Document
from alpines_privacy.policy.lint.rule import Finding, Rule, quoted
from alpines_privacy.policy.parts import PrivacyPolicy

__all__ = ["STATEMENTS"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Statement(Rule):
    """A sentence that says too much, unless its section says the rest too."""

    says: re.Pattern[str]
    completed: re.Pattern[str] | None = None

    def check(self, text: Document, policy: PrivacyPolicy | None) -> Iterator[Finding]:
        """Yield each such sentence."""
        del policy
        complete: dict[int, bool] = {}  # by section
        for sentence in text.sentences:
            if not affirms(sentence.said, self.says):
                continue
            at = sentence.section
            if at not in complete:
                complete[at] = bool(self.completed and self.completed.search(text.within(at)))
            if complete[at]:
                continue
            yield self.found(
                sentence.line, sentence.end_line, f"{quoted(sentence)}: {self.summary}"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Placeholder(Rule):
    """A gap of a template that nobody filled in: "[Company Name]", "INSERT DATE", "lorem ipsum"."""

    says: re.Pattern[str]

    def check(self, text: Document, policy: PrivacyPolicy | None) -> Iterator[Finding]:
        """Yield each gap."""
        del policy
        for block in text.blocks:
            for piece in block.pieces:
                if found := self.says.search(piece.text):
                    yield self.found(
                        piece.line, piece.line, f"{quoted(found[0])} is a gap of a template"
                    )


STATEMENTS: tuple[Rule, ...] = (
    _Statement(
        id="breach-by-email-alone",
        source="Policy \u00a714; Cal. Civ. Code \u00a71798.82(j)",
        summary="e-mail does not reach who has no address, or whose mailbox is what was breached",
        mend="Name a second way: a notice on the site, a letter, a call.",
        says=re.compile(
            r"\bbreach\b[^.;]{0,120}?\b(?:notif\w+|inform|tell|told|alert)\b[^.;]{0,80}?\be-?mail|"
            r"\b(?:notif\w+|inform|tell|alert)\b[^.;]{0,80}?\be-?mail[^.;]{0,80}?\bbreach"
        ),
        completed=re.compile(
            r"\b(?:on (?:this|our|the) (?:site|website|home ?page|page)|site notice|notice on|by (?:post|letter|"
            r"phone|telephone|text|sms)|letter|"
            r"in writing|phone|telephone|call|sms|other (?:means|ways?)|otherwise|no e-?mail|"
            r"without an? e-?mail|cannot (?:be )?reach|"
            r"publish|in your account)"
        ),
    ),
    _Statement(
        id="forced-rotation",
        source="NIST SP 800-63B-4 \u00a73.1.1.2; policy \u00a76",
        summary="passwords that are changed by the calendar become weaker",
        mend="Ask for long passwords, and for a change only when there is a sign that one is known.",
        says=re.compile(
            r"\b(?:update|change|rotate|renew|replace|reset)\b[^.;]{0,30}?\b(?:credentials?|passwords?|"
            r"passphrases?|pins?)\b[^.;]{0,40}?"
            r"\b(?:regularly|periodically|frequently|often|every|from time to time|monthly|quarterly|routinely)\b|"
            r"\b(?:regularly|periodically|frequently|routinely) (?:update|change|rotate|"
            r"renew)\b[^.;]{0,30}?\b(?:credentials?|passwords?)\b"
        ),
    ),
    _Placeholder(
        id="placeholder",
        source="Policy \u00a710",
        summary="a gap of a template is left",
        mend="Fill it in.",
        says=re.compile(
            r"(?i:\[(?:insert |your |enter |add )?(?:the )?(?:company|website|business|site|app|date|e-?mail|"
            r"address|name|phone|url|organi[sz]ation|"
            r"country|state)\b[^\[\]\n]{0,40}\])|\{\{[^{}\n]{1,60}\}\}|<(?:company|date|email|"
            r"website)[^<>\n]{0,20}>|\blorem ipsum\b|"
            r"\b(?:INSERT|TODO|TBD|XXX+)\b(?: [A-Z]+)?"
        ),
    ),
)
