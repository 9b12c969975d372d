"""Payment data in the fields of a form, JSON or a query: card numbers and security codes.

A number counts under a name for cards, whatever its check digit: people mistype. In a text under
such a name (`Visa 4111 …`, a card's track) it counts with its check digit. Under a name that
tells nothing it counts as far as nearly all cards go (15 or 16 digits of the large networks, with
the check digit), or in groups as embossed. Under a name of another thing (`order_id`, `phone`,
`tracking`) it is that thing: one in ten random numbers has the check digit.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import accumulate, chain, groupby
from typing import NamedTuple

from alpines_privacy.http.body import Fields, unquoted
from alpines_privacy.http.card_numbers import (
    CARD_WORDS,
    NEUTRAL_WORDS,
    NUMBERED_THINGS,
    USUAL,
    is_card,
    is_issued,
)
from alpines_privacy.http.key_names import KeyNames, words_of

__all__ = ["Finding", "PaymentFields", "may_hold_payment_data"]

_LONGEST_NAME = 64  # characters of a name that are read, from its end
_LONGEST_VALUE = 80  # characters: 19 digits with separators
_MOST_NAMES = 200  # beside a code that may be a card's

# Digits are those of all scripts: an app's `int()` reads them, and so do people.
_SEPARATOR = r"[\s.\-\u00ad\u200b-\u200f\u2010-\u2015\u2060]{0,3}+"
_NUMBER = re.compile(rf"\d(?:{_SEPARATOR}\d){{12,18}}")
# Under a name for cards whatever stands between or around the digits.
_NAMED_NUMBER = re.compile(r"[\W_]*+(\d(?:[\W_]{0,3}+\d){12,18})[\W_]*+")
_WORD = re.compile(r"[^\W_]++")
_MAY_BE_CARD = re.compile(r"(?:\D*+\d){13}")
_PIECE = re.compile(r"\d{3,6}")
_GROUPS = re.compile(r"\d{4}([ -])\d{4}\1\d{4}\1\d{4}(?:\1\d{1,3})?|\d{4}([ -])\d{6}\2\d{4,5}")
_CODE = re.compile(r"\d{3,4}")
_STEP = re.compile(r"[.\[\]]+")
# Names of bank accounts are names of another thing here: they have as many digits.
_NEUTRAL = NEUTRAL_WORDS - {"account", "acct"}
# Names that mean a card's code beyond doubt; a "security code" may come by SMS.
_CODES_OF_CARDS = re.compile(r"cv[vcn]|card", re.IGNORECASE)

_FEWEST = 3  # digits: those of a code
_FEWEST_OF_CARD = 13  # as many stand in the escapes of any script's digits
_NO_DIGITS = bytes(byte for byte in range(256) if not 0x30 <= byte < 0x3A)
# Enough digits for a card's, with whatever may stand between those of one value, and names of codes.
_BETWEEN = r"""(?:[^\w"'&=:;,{}\[\]<>\\]|_|\\[bfnrt/]?)"""
_LONG_RUN = re.compile(rf"(?<!\d)\d(?:\d|{_BETWEEN}{{1,3}}+\d){{12,}}+")
_CODE_NAMES = re.compile(r"cv[vc]|csc|securit|card", re.IGNORECASE)
_LONGEST_NUMBER = 19  # digits
_MOST_GROUPS = 6  # of them: one of more than three digits, and others of three


class Finding(NamedTuple):
    """Payment data that was found: its kind in words, and the name of its field."""

    what: str
    name: str


class PaymentFields:
    """Finds payment data in fields, under one policy's names."""

    __slots__ = ("_names",)

    def __init__(self, names: KeyNames) -> None:
        self._names = names

    def find(self, fields: Fields) -> Finding | None:
        """Return the first payment data among the fields; None if there is none."""
        code: Finding | None = None
        names: list[str] = []
        pieces = ""  # of a number in several fields
        for name, value in fields:
            text = value.strip()
            if not text or len(text) > _LONGEST_VALUE:
                continue
            name = name[-_LONGEST_NAME:]  # noqa: PLW2901 - its end decides
            if self._is_card(name, text):
                return Finding("a card number", name)
            kind = self._kind(name) if _PIECE.fullmatch(text) else None
            if kind == "CARD" and len(pieces) <= _LONGEST_NUMBER:
                pieces += _digits(text)
                if _is_whole(pieces):
                    return Finding("a card number", name)
            if kind == "CVV" and _CODE.fullmatch(text):
                code = Finding("a card's security code", name)
                if _CODES_OF_CARDS.search(name):
                    return code
            if len(names) < _MOST_NAMES:
                names.append(name)
        return code if code and any(map(self._is_named, names)) else None

    def _is_card(self, name: str, text: str) -> bool:
        if not _MAY_BE_CARD.match(text):
            return False
        kind = self._kind(name)
        if kind == "CARD":
            return _is_named_card(text)
        digits = _digits(text)
        if kind is not None or not _NUMBER.fullmatch(text) or not is_card(digits):
            return False
        step, before = _words(name)
        if self._names.is_safe(name) or NUMBERED_THINGS & {*step, *before}:
            return False
        if self._is_named(name) or _GROUPS.fullmatch(text):
            return True
        return USUAL.fullmatch(digits) is not None and _tells_nothing(step)

    def _is_named(self, name: str) -> bool:
        """Whether a name speaks of cards or of payment, and names no other personal data."""
        kind = self._kind(name)
        if kind is not None:
            return kind == "CARD"
        step, before = _words(name)
        return CARD_WORDS.search(" ".join([*before, *step])) is not None

    def _kind(self, name: str) -> str | None:
        return self._names.kind(name)


def _is_named_card(text: str) -> bool:
    """Tell whether a value under a name for cards is a card's number, or a text that holds one."""
    if (named := _NAMED_NUMBER.fullmatch(text)) and is_issued(_digits(named[1])):
        return True
    words = _WORD.findall(text.replace("%B", "%"))  # a card's track begins with it
    runs = (list(map(_digits, run)) for is_group, run in groupby(words, _is_group) if is_group)
    return any(map(_hold_card, runs))


def _is_group(word: str) -> bool:
    """Tell whether a word may be a group of a card's digits: 16 alone, 4 and 6 and 5, at the end 3."""
    return len(word) >= _FEWEST and word.isdecimal()


def _hold_card(groups: list[str]) -> bool:
    """Tell whether some of these groups, one after the other, are a card's: `4111… 2512101`."""
    return any(map(_is_whole, chain.from_iterable(map(accumulate, _beginnings(groups)))))


def _beginnings(groups: list[str]) -> Iterator[list[str]]:
    for start, group in enumerate(groups):
        if len(group) > _FEWEST:
            yield groups[start : start + _MOST_GROUPS]


def _is_whole(digits: str) -> bool:
    return _FEWEST_OF_CARD <= len(digits) <= _LONGEST_NUMBER and is_card(digits)


def _words(name: str) -> tuple[list[str], list[str]]:
    """Return the words of a name's last step that is no number, and those of the step before it."""
    steps = [step for step in _STEP.split(name) if step and not step.isdecimal()]
    last, before = (steps[-1:] or [""])[0], "".join(steps[-2:-1])
    return words_of(last), words_of(before)


def _tells_nothing(words: Iterable[str]) -> bool:
    return all(len(word) == 1 or word in _NEUTRAL for word in words)


def may_hold_payment_data(body: bytes) -> bool:
    """Whether a body, or a query, may hold payment data: most hold none, and are read no further."""
    is_ascii, digits = body.isascii(), len(body.translate(None, _NO_DIGITS))
    if is_ascii and digits < _FEWEST:
        return False
    if b"\\u" in body or b"\0" in body:
        return True  # digits may be escaped, or two bytes long
    text = unquoted(body) if b"%" in body else body.decode(errors="replace")
    if (digits >= _FEWEST_OF_CARD or not is_ascii) and any(
        map(_is_issued, _LONG_RUN.finditer(text))
    ):
        return True
    if not text.isascii():  # a copy in small letters may be four times as long as the body
        return _CODE_NAMES.search(text) is not None
    lower = text.lower()
    return (
        "cvv" in lower or "cvc" in lower or "csc" in lower or "securit" in lower or "card" in lower
    )


def _is_issued(run: re.Match[str]) -> bool:
    """Whether a run of digits is as long as a card's and begins like one, or holds more than one value."""
    digits = _digits(run[0][: 7 * _LONGEST_NUMBER + 7])
    return len(digits) > _LONGEST_NUMBER or is_issued(digits)


def _digits(text: str) -> str:
    """Return the digits of a text as those of ASCII."""
    if text.isascii() and text.isdecimal():
        return text
    return "".join([str(int(char)) for char in text if char.isdecimal()])
