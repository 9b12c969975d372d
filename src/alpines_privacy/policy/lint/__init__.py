"""Lint of a policy text: what it leaves empty, says twice, leaves out, contradicts, or promises in vain.

No I/O: a text goes in, findings come out. Any text will do: plain, Markdown or HTML.
"""

from __future__ import annotations

from typing import NamedTuple

from alpines_privacy.policy.lint.contradictions import CONTRADICTIONS
from alpines_privacy.policy.lint.document import Document
from alpines_privacy.policy.lint.kept import KEPT
from alpines_privacy.policy.lint.markup import is_markup, read_markup
from alpines_privacy.policy.lint.plain import links_in, read_plain
from alpines_privacy.policy.lint.rule import Finding, Rule
from alpines_privacy.policy.lint.statements import STATEMENTS
from alpines_privacy.policy.lint.statute import STATUTE
from alpines_privacy.policy.lint.structure import STRUCTURE
from alpines_privacy.policy.parts import PrivacyPolicy

__all__ = ["RULES", "Finding", "Linted", "Rule", "lint", "read"]

RULES: tuple[Rule, ...] = (*STRUCTURE, *STATUTE, *CONTRADICTIONS, *STATEMENTS, *KEPT)


class Linted(NamedTuple):
    """The findings by line; `wording` is false where only the structure could be judged (no English)."""

    findings: tuple[Finding, ...]
    wording: bool


def read(text: str) -> Document:
    """Return the structure of a policy text, in HTML, Markdown or plain text."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if is_markup(text):
        blocks, links, title = read_markup(text)
        return Document(blocks, links=links, title=title)
    return Document(read_plain(text), links=links_in(text))


def lint(text: str, policy: PrivacyPolicy | None = None) -> Linted:
    """Check a policy text, and with a policy whether that keeps what the text promises.

    Rules about wording read English; of a text in another language the structure is checked.
    """
    document = read(text)
    rules = RULES if document.is_english else STRUCTURE
    found = {f: None for rule in rules for f in rule.check(document, policy)}
    ordered = sorted(found, key=lambda finding: (finding.line, finding.rule))
    return Linted(tuple(ordered), rules is RULES)
