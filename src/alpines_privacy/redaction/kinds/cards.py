"""Payment cards: the digits of ISO/IEC 7812, a network that issues such numbers, and Luhn's sum."""

from __future__ import annotations

import re
from collections.abc import Iterator

from alpines_privacy.redaction.kinds.shape import Bounds, Shape

__all__ = ["SHAPES", "is_card"]

_ANY = frozenset(range(12, 20))
_LONG = frozenset({16, 17, 18, 19})

# First and last prefix of a network and the lengths of its numbers, from the networks' own tables.
_NETWORKS = (
    ("0604", "0604", _ANY),  # Maestro in the United Kingdom
    ("2014", "2014", frozenset({15})),  # enRoute, which test data still has
    ("2149", "2149", frozenset({15})),
    ("1800", "1800", frozenset({15})),  # JCB's first numbers
    ("2131", "2131", frozenset({15})),
    ("2200", "2205", _LONG),  # Mir, Borica
    ("2221", "2720", frozenset({16})),  # Mastercard
    ("30", "30", frozenset({14, 16, 17, 18, 19})),  # Diners Club
    ("34", "34", frozenset({15})),  # American Express
    ("35", "35", _LONG),  # JCB from 3528 to 3589; generators of test data take all of 35
    ("36", "36", frozenset({14, 15, 16, 17, 18, 19})),  # Diners Club
    ("37", "37", frozenset({15})),
    ("38", "39", frozenset({14, 16, 17, 18, 19})),
    ("4", "4", frozenset({13, 16, 18, 19})),  # Visa
    ("50", "50", _ANY),  # Maestro, Elo, Verve, RuPay
    ("51", "55", frozenset({16})),  # Mastercard
    ("56", "61", _ANY),  # Maestro, Discover, RuPay, Hipercard
    ("62", "62", _ANY),  # UnionPay
    ("63", "69", _ANY),  # Maestro, Discover, Elo, InstaPayment, Troy
    ("81", "82", _LONG),  # UnionPay, RuPay
    ("9792", "9792", frozenset({16})),  # Troy
)


def is_card(digits: str) -> bool:
    """Whether 12 to 19 digits are a card number a network issues."""
    networks = _BY_START.get(digits[:2], ())
    return any(
        low <= digits[: len(low)] <= high and len(digits) in lengths
        for low, high, lengths in networks
    ) and _passes_luhn(digits)


def _passes_luhn(digits: str) -> bool:
    """Whether the check digit fits (ISO/IEC 7812-1, annex B)."""
    codes = digits.encode()
    return (sum(codes[::-2]) + sum(codes[-2::-2].translate(_DOUBLED)) - 48 * len(codes)) % 10 == 0


_DOUBLED = bytes(
    48 + sum(divmod(2 * (code - 48), 10)) if 48 <= code < 58 else code for code in range(256)
)
_BY_START = {
    start: tuple(
        network for network in _NETWORKS if network[0][:2] <= start <= (network[1] + "9")[:2]
    )
    for start in map("{:02}".format, range(100))
}


def _find_run(text: str, start: int, end: int) -> Iterator[Bounds]:
    """Give a card written as one number: no fraction, no part of a longer word."""
    if _stands_alone(text, start, end) and is_card(text[start:end]):
        yield start, end


# How cards are embossed: 4-4-4-4 (-3), 4-6-5 and 4-6-4, 4-4-5, and the 6-13 of long UnionPay numbers.
_GROUPED = re.compile(
    r"[0-9]{4}([ -])(?:[0-9]{6}\1[0-9]{4,5}"
    r"|[0-9]{4}\1[0-9]{4}\1[0-9]{4}\1[0-9]{1,3}"
    r"|[0-9]{4}\1[0-9]{4}\1[0-9]{1,7}"
    r"|[0-9]{4}\1[0-9]{4,5})(?![0-9])",
)
_SHORTER = re.compile(r"[0-9]{4}([ -])[0-9]{4}\1[0-9]{4}(?:\1[0-9]{4})?(?![0-9])")
_NO_SEPARATORS = str.maketrans("", "", " -")


def _find_grouped(text: str, start: int, end: int) -> Iterator[Bounds]:
    """Give the cards that begin with one of the match's groups: a year or a count may stand before one."""
    first = start
    while 0 <= first < end:
        for form in (_GROUPED, _SHORTER):
            match = form.match(text, first)
            if (
                match is not None
                and _stands_alone(text, *match.span())
                and is_card(match[0].translate(_NO_SEPARATORS))
            ):
                yield match.span()
                return
        first = _next_group(text, first, end)


def _next_group(text: str, first: int, end: int) -> int:
    """Return where the group after the one at `first` begins, -1 after the last."""
    match = _GROUP.match(text, first, end)
    return match.end() if match else -1


_GROUP = re.compile(r"[0-9]+[ -](?=[0-9])")


def _find_halves(text: str, start: int, end: int) -> Iterator[Bounds]:
    if _stands_alone(text, start, end) and is_card(text[start:end].translate(_NO_SEPARATORS)):
        yield start, end


def _stands_alone(text: str, start: int, end: int) -> bool:
    before, after = text[max(0, start - 2) : start], text[end : end + 2]
    if before[-1:].isalnum() or after[:1].isalnum() or before[-1:] == "_" or after[:1] == "_":
        return False
    return not (before[-1:] in {".", ","} and before[:1].isdigit()) and not (
        after[:1] == "." and after[1:].isdigit()
    )


SHAPES = (
    Shape("CARD", r"[0-9]{12,19}", _find_run, ("0" * 12,)),
    Shape(
        "CARD",
        r"[0-9]{4}[ -][0-9]{4,6}[ -][0-9]{4,5}",
        _find_grouped,
        tuple(f"0000{a}{b}{a}0000" for a in " -" for b in ("0000", "00000", "000000")),
    ),
    Shape(
        "CARD", r"[0-9]{6}[ -][0-9]{13}", _find_halves, ("000000 " + "0" * 13, "000000-" + "0" * 13)
    ),
)
