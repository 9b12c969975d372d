"""The input of the sections: the policy, the language, the day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import TypeAlias

from alpines_privacy.policy import Operator, PrivacyPolicy
from alpines_privacy.policy.claims import NOTHING_KNOWN, Claims
from alpines_privacy.policy_page.document import Block, Code, Inline, Link, Paragraph
from alpines_privacy.policy_page.language import Language

__all__ = ["Today", "Write", "Writing"]


class Today:
    """A day, which notes the next day on which the text it was asked for may be another."""

    def __init__(self, day: dt.date) -> None:
        self.day = day
        self.next: dt.date | None = None

    def has_reached(self, day: dt.date) -> bool:
        """Whether a day is today or past."""
        if day <= self.day:
            return True
        self.next = min(day, self.next or day)
        return False


class Writing:
    """One policy in one language on one day. `enforces` is whether the layer acts on it.

    `claims` has the sections that are known not to be kept.
    """

    def __init__(
        self,
        policy: PrivacyPolicy,
        operator: Operator,
        say: Language,
        today: Today,
        claims: Claims = NOTHING_KNOWN,
    ) -> None:
        self.policy = policy
        self.operator = operator
        self.say = say
        self.today = today
        self.claims = claims
        self.enforces = policy.mode == "enforce"

    def paragraph(self, text: str, **places: str) -> Paragraph:
        """Return a paragraph of one sentence without pieces."""
        return Paragraph(self.say(text, **places))

    @property
    def mailbox(self) -> Link:
        """The operator's e-mail address."""
        return Link(f"mailto:{self.operator.contact}", self.operator.contact)

    def codes(self, names: list[str]) -> Inline:
        """Return names that are the same in every language, in a row."""
        return self.say.listed([(Code(name),) for name in names])


Write: TypeAlias = "Callable[[Writing], Iterator[Block]]"
