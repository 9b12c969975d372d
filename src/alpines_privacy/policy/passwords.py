"""`Passwords`: where people choose a password, and what makes one good (policy §6)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from msgspec import Meta

from alpines_privacy.policy.errors import PolicyError
from alpines_privacy.policy.part import Part
from alpines_privacy.policy.route_checks import check_path

__all__ = ["Passwords"]

# NIST SP 800-63B-4 §3.1.1.2: at least 15 characters where nothing else is asked for, 8 beside another factor.
ALONE, WITH_ANOTHER = 15, 8

Text = Annotated[str, Meta(min_length=1, max_length=500)]


class Passwords(Part, frozen=True, kw_only=True):
    """Advice about passwords as they are chosen, by length and by how easy they are to guess.

    No kinds of characters are asked for, and no password ends by the calendar (NIST SP 800-63B-4 §3.1.1.2).

    - `paths`: where a password is chosen (`/clubs/{club}/join` may hold parameters); without any, where the
      policy's `signups` are.
    - `fields`: the names of the fields, dotted for nested JSON (`user.password`).
    - `multi_factor`: whether signing in also takes another factor, so that shorter ones will do.
    - `minimum`: the fewest characters; 15, or 8 with another factor, and not below that.
    - `score`: how hard to guess one has to be, from 1 to 4 (zxcvbn's scale).
    - `refuse`: answer 422 in place of the app to a password that is too short or too easy to guess. Off: advice only.
    - `per_minute`: how often a network may ask for advice.
    - `label`, `levels`, `too_short`, `personal`, `refused_title`, `refused`, `back`: the texts. `levels` are
      the five scores, from the worst; `{minimum}` and `{missing}` in `too_short` become numbers.
    """

    paths: Sequence[str] = ()
    fields: Sequence[Text] = ("password", "password1", "new_password", "new_password1")
    multi_factor: bool = False
    minimum: Annotated[int, Meta(ge=WITH_ANOTHER, le=64)] | None = None
    score: Annotated[int, Meta(ge=1, le=4)] = 3
    refuse: bool = False
    per_minute: Annotated[int, Meta(ge=1, le=6000)] = 120
    label: Text = "Password strength"
    levels: Sequence[Text] = (
        "Very easy to guess",
        "Easy to guess",
        "Could be harder to guess",
        "Good",
        "Very good",
    )
    too_short: Text = "Use at least {minimum} characters: {missing} more."
    personal: Text = "It is made of what stands in this form."
    refused_title: Text = "Please choose another password"
    refused: Text = "Nothing was saved. Choose a longer password, or one that is harder to guess: a few unusual words."
    back: Text = "Back to the form"

    def check(self) -> None:
        """Check what the types cannot say."""
        for index, path in enumerate(self.paths):
            check_path(path, f"paths[{index}]", "/register or /account/password")
        if not self.fields:
            raise PolicyError("is empty; expected the name of a field", key="fields")
        if self.minimum is not None and self.minimum < ALONE and not self.multi_factor:
            raise PolicyError(
                f"is {self.minimum}; expected at least {ALONE}, or multi_factor = true (NIST SP 800-63B-4 §3.1.1.2)",
                key="minimum",
            )
        if len(self.levels) != 5:
            raise PolicyError(
                f"has {len(self.levels)} texts; expected five, one for each score from 0 to 4",
                key="levels",
            )

    @property
    def shortest(self) -> int:
        """The fewest characters (code points after NFC) that a password has."""
        return self.minimum or (WITH_ANOTHER if self.multi_factor else ALONE)
