"""Fields about somebody else: a parent's children, a teacher's students, an owner's pets.

Their names say so: by a word before the birth date (`child_dob`, `studentBirthDate`,
`children-0-dob`) or by the object that holds the date (`children[0][dob]`, `pets.0.birthday`).
"""

from __future__ import annotations

import re

__all__ = ["without_others", "words_of"]

# People in a visitor's care, relatives, companions, pets: they do not sign up themselves.
_OTHERS = frozenset(
    {
        "child", "children", "kid", "baby", "babies", "infant", "toddler", "minor", "son", "daughter", "sibling",
        "brother", "sister", "twin", "grandchild", "grandchildren", "nephew", "niece", "spouse", "husband", "wife",
        "wives", "partner", "family", "families", "dependent", "dependant", "student", "pupil", "patient", "camper",
        "participant", "passenger", "traveler", "traveller", "beneficiary", "beneficiaries",
        "pet", "dog", "puppy", "puppies", "cat", "kitten", "horse", "animal",
    }
)  # fmt: skip
# The words of a name: `studentBirthDate`, `CHILD_DOB2`, `children-0-dob`.
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W_A-Za-z0-9]+")
_MOST = 64  # words of a name


def without_others(step: str) -> str:
    """Return a part of a name with words for other people replaced by dots: `child_dob` -> `.dob`.

    Numbers are removed.
    """
    return "".join("." if _is_other(word) else word for word in words_of(step))


def words_of(name: str) -> list[str]:
    """Return the words of a name, without case and numbers: `userBirthDate` -> user, birth, date."""
    return [word.casefold() for word in _WORD.findall(name)[:_MOST]]


def _is_other(word: str) -> bool:
    return word in _OTHERS or (word.endswith("s") and word[:-1] in _OTHERS)
