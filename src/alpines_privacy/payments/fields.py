"""Which fields of a form, JSON or a query hold a card's number or its security code.

A number counts under a name for cards, whatever its check digit: people mistype. Under a name that
tells nothing it counts as far as nearly all cards go (15 or 16 digits of the large networks, with
the check digit), or in groups as embossed. Under a name of another thing (`order_id`, `phone`,
`tracking`) it is that thing: one in ten random numbers has the check digit.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import islice
from typing import NamedTuple

from alpines_privacy.http.body import Fields
from alpines_privacy.http.card_numbers import (
    CARD_WORDS,
    NEUTRAL_WORDS,
    NUMBERED_THINGS,
    STARTS,
    USUAL,
    is_card,
    is_issued,
)
from alpines_privacy.http.key_names import KeyNames, words_of

__all__ = ["Finding", "PaymentFields", "may_hold_payment_data"]

_MOST_FIELDS = 5000  # of one body
_LONGEST_NAME = 64  # characters of a name that are read, from its end
_LONGEST_VALUE = 80  # characters: 19 digits with separators

_SEPARATOR = r"[ .\-\u00a0\u2009\u2013]{0,3}"
_NUMBER = re.compile(rf"[0-9](?:{_SEPARATOR}[0-9]){{12,18}}")
_GROUPS = re.compile(
    r"[0-9]{4}([ -])[0-9]{4}\1[0-9]{4}\1[0-9]{4}(?:\1[0-9]{1,3})?|[0-9]{4}([ -])[0-9]{6}\2[0-9]{4,5}"
)
_CODE = re.compile(r"\s*[0-9]{3,4}\s*")
_NO_DIGIT = re.compile(r"[^0-9]+")
_STEP = re.compile(r"[.\[\]]+")
# Names of bank accounts are names of another thing here: they have as many digits.
_NEUTRAL = NEUTRAL_WORDS - {"account", "acct"}
# Names that mean a card's code beyond doubt; a "security code" may come by SMS.
_CODES_OF_CARDS = re.compile(r"cv[vcn]|card", re.IGNORECASE)

# In the bytes of a body: 13 digits in a row, separators left out, as one table lookup a byte finds them.
_FEWEST = 3  # digits: those of a code
_NO_DIGITS = bytes(byte for byte in range(256) if not 0x30 <= byte < 0x3A)
_SHAPES = bytes(0x30 if 0x30 <= byte < 0x3A else 0x78 for byte in range(256))
_SEPARATORS = b" .+-\xc2\xa0"
_ROW = b"0" * 13
# A number that begins like one of a network, text that hides digits, and parts of names of codes.
_GAP = rb"(?:[ .+\-]|%20|%2[dDeE]|\xc2\xa0|%[cC]2%[aA]0)"
_RUN = re.compile(rb"[0-9](?:%b{0,3}+[0-9]){12,}+" % _GAP)
_STARTS = frozenset(start.encode() for start in STARTS)
_ESCAPE = re.compile(rb"%(?:20|2[dDeE]|[cC]2|[aA]0)")


class Finding(NamedTuple):
    """What was found, and the name of its field."""

    what: str
    name: str


class PaymentFields:
    """The reader of fields under one policy's names."""

    __slots__ = ("_names",)

    def __init__(self, names: KeyNames) -> None:
        self._names = names

    def find(self, fields: Fields) -> Finding | None:
        """Return the first payment data among the fields; None if there is none."""
        code: Finding | None = None
        has_card_names = False
        for name, value in islice(fields, _MOST_FIELDS):
            if not value or len(value) > _LONGEST_VALUE:
                continue
            name = name[-_LONGEST_NAME:]  # noqa: PLW2901 - its end decides
            if self._is_card(name, value):
                return Finding("a card number", name)
            if _CODE.fullmatch(value) and self._kind(name) == "CVV":
                if _CODES_OF_CARDS.search(name):
                    return Finding("a card's security code", name)
                code = Finding("a card's security code", name)
            has_card_names = has_card_names or self._is_named(name)
        return code if has_card_names else None

    def _is_card(self, name: str, value: str) -> bool:
        text = value.strip()
        if not _NUMBER.fullmatch(text):
            return False
        digits = _NO_DIGIT.sub("", text)
        kind = self._kind(name)
        if kind == "CARD":
            return is_issued(digits)
        if kind is not None or self._names.is_safe(name) or not is_card(digits):
            return False
        step, before = _words(name)
        if NUMBERED_THINGS & {*step, *before}:
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


def _words(name: str) -> tuple[list[str], list[str]]:
    """Return the words of a name's last step that is no number, and those of the step before it."""
    steps = [step for step in _STEP.split(name) if step and not step.isdecimal()]
    last, before = (steps[-1:] or [""])[0], "".join(steps[-2:-1])
    return words_of(last), words_of(before)


def _tells_nothing(words: Iterable[str]) -> bool:
    return all(len(word) == 1 or word in _NEUTRAL for word in words)


def may_hold_payment_data(body: bytes) -> bool:
    """Whether a body, or a query, may hold payment data: most hold none, and are read no further."""
    if len(body.translate(None, _NO_DIGITS)) < _FEWEST:
        return False
    if b"%3" in body or rb"\u00" in body or b"\0" in body:
        return True  # digits may be escaped, or two bytes long
    row = _ROW in body.translate(_SHAPES, _SEPARATORS) or b"%2" in body or b"%C2" in body.upper()
    if row and any(_is_issued(match[0]) for match in _RUN.finditer(body)):
        return True
    lower = body.lower()
    if b"cvv" in lower or b"cvc" in lower or b"csc" in lower or b"securit" in lower:
        return True
    return b"card" in lower and (b"code" in lower or b"verification" in lower)


def _is_issued(run: bytes) -> bool:
    """Whether a run of digits and separators is as long as a card's, and begins like one."""
    if run[:2].isdigit() and run[:2] not in _STARTS:
        return False
    plain = _ESCAPE.sub(b"", run) if b"%" in run else run
    return is_issued(_NO_DIGIT.sub("", plain.decode("latin-1")))
