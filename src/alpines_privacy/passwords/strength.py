"""The strength of a password: its length, and the guesses it takes (NIST SP 800-63B-4 §3.1.1.2; zxcvbn)."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from alpines_privacy.policy import Passwords, PolicyError

__all__ = ["LONGEST", "MOST_INPUTS", "Advice", "Strength"]

LONGEST = 1024  # characters of a password that is judged
_JUDGED = 64  # of which guesses are counted
# The time to count guesses grows with the square of the length, and with the ways in which signs may be
# read as letters: of ten signs in a hundred bytes a second. So a password is counted in pieces.
_LONGEST_PIECE = 32  # characters
_MOST_READINGS = 8
# Signs that zxcvbn reads as a letter, by letter.
_LETTERS = ("4@", "8", "({[<", "3", "69", "1!|", "1|7", "0", "$5", "+7", "%", "2")
# zxcvbn's thresholds, in powers of ten of guesses; each one that is exceeded is a point.
_SCORES = (3.0, 6.0, 8.0, 10.0)
MOST_INPUTS = 20  # texts of the form that count against it
_LONGEST_INPUT = 200  # characters of one
_SHORTEST_PIECE = 4  # characters of a word that counts as the visitor's own
_FEWEST_OTHERS = 8  # characters that a password has beside the visitor's own words
_PERSONAL_SCORE = 1  # at most, for one that has fewer
_WORD = re.compile(r"\w+")
_MISSING = "needs a library that counts guesses; run: pip install 'alpines-privacy[passwords]'"
# By the names that zxcvbn gives to what it has noticed.
_NOTICED = {
    "StraightRowsOfKeysAreEasyToGuess": "Rows of keys are easy to guess.",
    "ShortKeyboardPatternsAreEasyToGuess": "Short patterns of keys are easy to guess.",
    "RepeatsLikeAaaAreEasyToGuess": "Repeated characters are easy to guess.",
    "RepeatsLikeAbcAbcAreOnlySlightlyHarderToGuess": "Repeated words are easy to guess.",
    "ThisIsATop10Password": "It is one of the ten most common passwords.",
    "ThisIsATop100Password": "It is one of the hundred most common passwords.",
    "ThisIsACommonPassword": "It is a common password.",
    "ThisIsSimilarToACommonlyUsedPassword": "It is like a common password.",
    "SequencesLikeAbcAreEasyToGuess": "Sequences such as abc are easy to guess.",
    "RecentYearsAreEasyToGuess": "Recent years are easy to guess.",
    "AWordByItselfIsEasyToGuess": "A single word is easy to guess.",
    "DatesAreOftenEasyToGuess": "Dates are easy to guess.",
    "NamesAndSurnamesByThemselvesAreEasyToGuess": "Names are easy to guess.",
    "CommonNamesAndSurnamesAreEasyToGuess": "Common names are easy to guess.",
}


class Advice(NamedTuple):
    """Advice on a password: its score (0 to 4), the characters missing, whether it is good enough, in words."""

    score: int
    missing: int
    enough: bool
    text: str


class Strength:
    """Judges passwords by the policy's rule; keeps nothing."""

    def __init__(self, rule: Passwords) -> None:
        """Raise `PolicyError` if the library is not installed."""
        try:
            from zxcvbn_rs_py import zxcvbn  # noqa: PLC0415 - only a policy that asks for advice needs it
        except ImportError:
            raise PolicyError(_MISSING, key="passwords") from None
        self._count: Any = zxcvbn
        self._rule = rule

    def advise(self, password: str, inputs: Iterable[str] = ()) -> Advice:
        """Return the advice for a password; `inputs` are other texts that its owner gave, such as a name."""
        rule = self._rule
        password = unicodedata.normalize("NFC", password[:LONGEST])
        missing = max(0, rule.shortest - len(password))
        pieces = list(dict.fromkeys(_pieces(inputs)))
        found = [self._count(part, pieces) for part in _parts(password[:_JUDGED])]
        score = _score(found)
        if is_personal := _is_made_of(password, pieces):
            score = min(score, _PERSONAL_SCORE)
        enough = not missing and score >= rule.score
        if missing:
            text = rule.too_short.replace("{minimum}", str(rule.shortest))
            return Advice(score, missing, enough, text.replace("{missing}", str(missing)))
        level = rule.levels[score]
        said = "" if enough else rule.personal if is_personal else _noticed(found)
        return Advice(score, missing, enough, f"{level}. {said}" if said else level)


def _pieces(inputs: Iterable[str]) -> Iterator[str]:
    """Yield texts and their words in lower case, which a guesser would try first."""
    for _, text in zip(range(MOST_INPUTS), inputs, strict=False):
        folded = unicodedata.normalize("NFC", text[:_LONGEST_INPUT]).casefold()
        yield from (
            piece for piece in (folded, *_WORD.findall(folded)) if len(piece) >= _SHORTEST_PIECE
        )


def _is_made_of(password: str, pieces: list[str]) -> bool:
    """Whether little is left of a password without the words that its owner gave."""
    folded = left = password.casefold()
    for piece in sorted(pieces, key=len, reverse=True):
        left = left.replace(piece, "")
    return len(left) < min(_FEWEST_OTHERS, len(folded)) and left != folded


def _parts(password: str) -> list[str]:
    """Split a password into pieces that are counted in a bounded time, each once; nearly all are one piece."""
    parts, start, signs = [], 0, ""
    for at, char in enumerate(password):
        if at - start >= _LONGEST_PIECE or _readings(signs + char) > _MOST_READINGS:
            parts.append(password[start:at])
            start, signs = at, ""
        if char not in signs:
            signs += char
    return list(dict.fromkeys([*parts, password[start:]])) if password else []


def _readings(signs: str) -> int:
    """Return in how many ways signs may be read, each letter being written by one of its own."""
    return math.prod(max(1, sum(sign in signs for sign in letter)) for letter in _LETTERS)


def _score(found: Sequence[Any]) -> int:
    """Return the score of a password by its pieces: whoever guesses it guesses them all."""
    if len(found) == 1:
        return int(found[0].score)
    guesses = sum(each.guesses_log10 for each in found)
    return sum(guesses > least for least in _SCORES)


def _noticed(found: Sequence[Any]) -> str:
    weakest = min(found, key=lambda each: each.guesses_log10, default=None)
    feedback = weakest.feedback if weakest else None
    name = repr(feedback.warning).rpartition(".")[2] if feedback and feedback.warning else ""
    return _NOTICED.get(name, "")
