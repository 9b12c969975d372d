"""The strength of secret keys, estimated from their characters.

Keys typed by people hold repetitions, sequences, keyboard walks or words; generated keys hold none of
these for long. So a key is split into pieces, each with the bits that name it: few for a repetition,
sequence, walk or word of any length, those of its class for any other character. No list of passwords
is needed, and none could hold the words of all languages: words show in the frequencies of letters and
in alternating vowels and consonants.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from math import log2

__all__ = ["ENOUGH", "weakness"]

ENOUGH = 68  # bits; 122 random ones measure more, in base64, in hexadecimal or as a UUID
_SHORTEST = 16
_SHORTEST_OF_ONE_CLASS = 26  # of digits only, or of letters of one case only
_MEASURED = 256  # characters: what these do not hold, the rest need not
_MOSTLY = 0.75  # of a key in words: then a person wrote it

_LONG = 112  # bits: a key that measures more is no phrase, however its letters fall

_PIECE = 8.0  # bits that tell which repetition, sequence or walk it is, and how long
_WORD_BITS = 10.0  # one of a thousand
_SWITCH = 1.0  # another class than the character before

_PUBLISHED = (
    "django-insecure-",
)  # what `startproject` writes before a key that is in the repository
_WORD = re.compile(r"[A-Z]?[a-z]{3,}|[A-Z][a-z]{2}|[A-Z]{4,}")
_WORD_AND_SEPARATORS = re.compile(rf"(?:{_WORD.pattern}|\b[A-Za-z]\b)[ ._/:-]*")
_HEXADECIMAL = re.compile(r"[0-9a-f-]+|[0-9A-F-]+")
# Words of which a key is a placeholder, as they read once `0` is an o and `$` an s.
_PLACEHOLDER = re.compile(
    "password|passwort|passwd|secret|changeit|change|default|example|replace|insert|please|welcome"
    "|letmein|admin|root|master|token|login|qwerty|production|development|staging|test|dev|prod|key|pass|me"
)
_PLAIN = str.maketrans("0134578@$!", "oleastbasi")

_DIGIT_IN_WORD = re.compile(r"(?<=[A-Za-z])[0134578@$](?=[a-z])")

_ROWS = ("1234567890-=", "qwertyuiop[]", "asdfghjkl;'", "zxcvbnm,./")
_AT = {key: (row, column) for row, keys in enumerate(_ROWS) for column, key in enumerate(keys)}

# Bits of evidence that each letter gives for words of a European language; other letters give none.
_LETTERS = {
    **dict.fromkeys("eaionrts", 1.0), **dict.fromkeys("bfwyv", -1.0), **dict.fromkeys("jqxz", -4.0)
}  # fmt: skip
_VOWELS = frozenset("aeiou")
_TURN, _NO_TURN = 1.2, -1.3  # the same of a vowel beside a consonant, and of two alike
_PROSE = 0.5  # bits a letter, from which on it is words

_Reader = Callable[[str, int], int]


def weakness(key: str) -> str | None:
    """Return why a key is weak, without showing it; None for a strong key."""
    if len(key) < _SHORTEST:
        return f"has {len(key)} characters, of at least {_SHORTEST}"
    if key.startswith(_PUBLISHED):
        return "is marked as one from a repository (django-insecure-)"
    if not key.isascii():
        return "holds letters outside ASCII, which no generator writes"
    if len(key) < _SHORTEST_OF_ONE_CLASS and len({_class_of(character) for character in key}) == 1:
        return f"has {len(key)} characters all of one class, of at least {_SHORTEST_OF_ONE_CLASS}"
    return _guessed(key[:_MEASURED])


def _guessed(key: str) -> str | None:
    words = {} if _HEXADECIMAL.fullmatch(key) else _words(_spelled(key))
    bits = sum(_pieces(key, words))
    in_words = sum(end - start for start, end in words.items())
    if bits < _LONG and in_words > _MOSTLY * len(key):
        return "is made of words, not by a generator"
    if bits < ENOUGH:
        return f"can be guessed: it measures {bits:.0f} bits, of at least {ENOUGH}"
    return None


def _spelled(key: str) -> str:
    """Return a key with digits and signs in words replaced by the letters they mean: `S3cr3t`."""
    return _DIGIT_IN_WORD.sub(lambda match: match[0].translate(_PLAIN), key)


def _words(key: str) -> dict[int, int]:
    """Return the bounds of each word of a key, with its separator; none for a random key."""
    words = [match[0].lower() for match in _WORD.finditer(key)]
    if sum(map(_tells, words)) < _PROSE * sum(map(len, words)):
        return {}
    return {match.start(): match.end() for match in _WORD_AND_SEPARATORS.finditer(key)}


def _tells(word: str) -> float:
    """Return the bits of evidence that a run of letters is a word, not random."""
    turns = sum((one in _VOWELS) != (other in _VOWELS) for one, other in pairwise(word))
    letters = sum(_LETTERS.get(letter, 0.0) for letter in word)
    return letters + turns * _TURN + (len(word) - 1 - turns) * _NO_TURN


def _pieces(key: str, words: Mapping[int, int]) -> Iterator[float]:
    """Yield the bits of each piece of a key."""
    sizes = _sizes(key)
    at, last = 0, ""
    folded = key.lower().translate(_PLAIN)
    while at < len(key):
        end, bits = _foreseeable(key, folded, at, words)
        alone = [sizes[_class_of(character)] for character in key[at:end]]
        if sum(alone) <= bits:
            end, bits = at + 1, sizes[_class_of(key[at])] + _SWITCH * (_class_of(key[at]) != last)
        yield bits
        last = _class_of(key[end - 1])
        at = end


def _foreseeable(key: str, folded: str, at: int, words: Mapping[int, int]) -> tuple[int, float]:
    """Return the end of the longest piece at a position that follows a rule, and its bits."""
    placeholder = _PLACEHOLDER.match(folded, at)
    by_list = max(words.get(at, at), placeholder.end() if placeholder else at)
    by_rule = max(reader(key, at) for reader in _READERS)
    return (by_rule, _PIECE) if by_rule >= by_list else (by_list, _WORD_BITS)


def _repeated(key: str, at: int) -> int:
    """Return the end of a repetition of an earlier part of the key; three characters at least."""
    end = at + 3
    while end <= len(key) and key.find(key[at:end], 0, end - 1) >= 0:
        end += 1
    return end - 1 if end > at + 3 else at


def _counted(key: str, at: int, step: int) -> int:
    """Return the end of a sequence, each character next to the one `step` before: `aaa`, `123`, `a1b2c3`."""
    end = at + step
    while end < len(key) and abs(ord(key[end]) - ord(key[end - step])) <= 1:
        end += 1
    return end if end - at > 2 * step else at


def _walked(key: str, at: int) -> int:
    """Return the end of a walk from key to key of a QWERTY keyboard; four at least."""
    end = at + 1
    while end < len(key) and _are_neighbours(key[end - 1].lower(), key[end].lower()):
        end += 1
    return end if end - at > 3 else at


def _are_neighbours(one: str, other: str) -> bool:
    if one not in _AT or other not in _AT:
        return False
    (row, column), (row_of_other, column_of_other) = _AT[one], _AT[other]
    return abs(row - row_of_other) <= 1 and abs(column - column_of_other) <= 1


_READERS: tuple[_Reader, ...] = (
    _repeated,
    lambda key, at: _counted(key, at, 1),
    lambda key, at: _counted(key, at, 2),
    _walked,
)


def _class_of(character: str) -> str:
    if character.isdecimal():
        return "digit"
    if character.isalpha():
        return "upper" if character.isupper() else "lower"
    return "other"


def _sizes(key: str) -> dict[str, float]:
    """Return the bits of one character of each class; letters of a hexadecimal key are six."""
    letters = log2(6 if _HEXADECIMAL.fullmatch(key) else 26)
    return {"digit": log2(10), "lower": letters, "upper": letters, "other": log2(16)}
